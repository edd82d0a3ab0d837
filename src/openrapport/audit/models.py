"""The audit log: append-only, chained by hash, and without content.

Each record it is about (a relationship, a practice, a person) has a chain of its own, so that two clients who answer
at the same moment do not wait for each other. The head of a chain remembers how long it is: a cut tail shows.
"""

from django.db import models

from openrapport.people.models import User
from openrapport.shared.append_only import append_only
from openrapport.shared.models import Record


class Chain(models.Model):
    """The head of one chain; its row is locked while a line is added."""

    about = models.UUIDField(primary_key=True)
    length = models.PositiveIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="")


@append_only
class AuditLine(Record):
    about = models.UUIDField()
    position = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    actor_user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="audit_lines")
    via = models.CharField(max_length=20)
    deed = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField(null=True)
    subject = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", help_text="whose record was read or written"
    )
    facts = models.JSONField(default=dict, help_text="counts and states only, never words or answers")
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["about", "position"], name="one_line_per_position")]
        indexes = [models.Index(fields=["subject", "-at"]), models.Index(fields=["actor_user", "-at"])]
