"""The practice, who works in it, and its rules as versioned data."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openrapport.people.models import User
from openrapport.shared.append_only import append_only
from openrapport.shared.models import Record


class Practice(Record):
    name = models.CharField(max_length=160)
    country = models.CharField(max_length=2)
    time_zone = models.CharField(max_length=64)
    language = models.CharField(max_length=8, default="en")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


@append_only
class PracticeRules(Record):
    """One version of what a practice decided; the newest in force counts, the older ones stay."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="rules")
    version = models.PositiveIntegerField()
    in_force_since = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    link_valid_hours = models.PositiveIntegerField(default=72)
    kiosk_code_minutes = models.PositiveIntegerField(default=10)
    invitation_valid_days = models.PositiveIntegerField(default=14)
    escalate_unseen_after_hours = models.PositiveIntegerField(default=72)
    feedback_missing_after_sessions = models.PositiveIntegerField(default=3)
    retain_after_end_days = models.PositiveIntegerField(default=3650)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "version"], name="one_rules_version_per_practice"),
            models.CheckConstraint(condition=Q(link_valid_hours__range=(1, 720)), name="link_lives_1_to_720_hours"),
            models.CheckConstraint(condition=Q(kiosk_code_minutes__range=(2, 60)), name="kiosk_code_lives_2_to_60_min"),
        ]


class Role(models.TextChoices):
    THERAPIST = "therapist", _("Therapist")
    SUPERVISOR = "supervisor", _("Supervisor")
    ADMIN = "admin", _("Practice administrator")


class Membership(Record):
    """A person's role in a practice, from one moment to another. One person may hold several."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "user", "role"], condition=Q(until=None), name="a_role_is_held_once_at_a_time"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_is_known"),
        ]


class Supervision(Record):
    """A supervisor accompanies a therapist's work."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="supervisions")
    supervisor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="supervises")
    therapist = models.ForeignKey(User, on_delete=models.PROTECT, related_name="supervised_by")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "supervisor", "therapist"],
                condition=Q(until=None),
                name="a_supervision_stands_once_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(supervisor=models.F("therapist")), name="nobody_supervises_themselves"),
        ]


class InvitedAs(models.TextChoices):
    THERAPIST = "therapist", _("Therapist")
    SUPERVISOR = "supervisor", _("Supervisor")
    ADMIN = "admin", _("Practice administrator")
    CLIENT = "client", _("Client")
    GUARDIAN = "guardian", _("Parent or guardian")


class Invitation(Record):
    """An invitation by mail: it expires, can be sent again (the older link dies) and taken back."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="invitations")
    invited_as = models.CharField(max_length=20, choices=InvitedAs.choices)
    name = models.CharField(max_length=120)
    email = models.EmailField()
    language = models.CharField(max_length=8, default="en")
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    therapist = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    birth_date = models.DateField(null=True, blank=True)
    has_legal_custody = models.BooleanField(null=True, help_text="of a guardian, as the therapist recorded it")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    times_sent = models.PositiveIntegerField(default=1)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(invited_as="client") | Q(therapist__isnull=False), name="client_is_invited_to_a_therapist"
            ),
            models.CheckConstraint(
                condition=~Q(invited_as="guardian") | Q(client__isnull=False), name="guardian_is_invited_for_a_client"
            ),
            models.CheckConstraint(
                condition=~Q(invited_as="guardian") | Q(has_legal_custody__isnull=False),
                name="custody_of_an_invited_guardian_is_known",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="accepted_or_revoked_not_both"
            ),
        ]
