"""One occurrence of a session: enough for a check-in to belong to it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openrapport.relationships.models import Relationship
from openrapport.shared.models import Record


class Status(models.TextChoices):
    PLANNED = "planned", _("Planned")
    HELD = "held", _("Held")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")


class Format(models.TextChoices):
    IN_PERSON = "in_person", _("In person")
    VIDEO = "video", _("Video")


class TherapySession(Record):
    relationship = models.ForeignKey(Relationship, on_delete=models.PROTECT, related_name="therapy_sessions")
    number = models.PositiveIntegerField(help_text="1 for the first session held or planned in this relationship")
    starts_at = models.DateTimeField()
    format = models.CharField(max_length=12, choices=Format.choices, default=Format.IN_PERSON)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PLANNED)

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["relationship", "number"], name="sessions_are_numbered_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="session_numbers_begin_at_1"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="session_status_is_known"),
        ]
