"""Who works with whom, in which state, since when. Access follows these rows, read anew on every request."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openrapport.people.models import User
from openrapport.practices.models import Practice
from openrapport.shared.append_only import append_only
from openrapport.shared.encrypted import EncryptedTextField
from openrapport.shared.models import Record


class State(models.TextChoices):
    INVITED = "invited", _("Invited")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    ENDING = "ending", _("Ending")
    ENDED = "ended", _("Ended")
    CHANGED = "changed", _("Continued with another therapist")
    RETURNED = "returned", _("Returned")


OPEN_STATES = (State.INVITED, State.ACTIVE, State.PAUSED, State.ENDING, State.RETURNED)
WORKING_STATES = (State.ACTIVE, State.ENDING, State.RETURNED)
CLOSED_STATES = (State.ENDED, State.CHANGED)


class Audience(models.TextChoices):
    ADULT = "adult", _("Adult")
    TEEN = "teen", _("Teen")
    CHILD = "child", _("Child")


class Relationship(Record):
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="relationships")
    client = models.ForeignKey(User, on_delete=models.PROTECT, related_name="as_client")
    therapist = models.ForeignKey(User, on_delete=models.PROTECT, related_name="as_therapist")
    audience = models.CharField(max_length=10, choices=Audience.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    state_since = models.DateTimeField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    retained_until = models.DateTimeField(null=True, blank=True)
    supervision_told_at = models.DateTimeField(
        null=True, blank=True, help_text="when the client was told that a supervisor may read shared answers"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "client", "therapist"],
                condition=~Q(state__in=("ended", "changed")),
                name="one_open_relationship_per_pair",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="relationship_state_is_known"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="audience_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=("ended", "changed"), ended_at__isnull=False)
                | (~Q(state__in=("ended", "changed")) & Q(ended_at=None)),
                name="a_closed_relationship_has_an_end",
            ),
            models.CheckConstraint(condition=~Q(client=models.F("therapist")), name="nobody_is_their_own_therapist"),
        ]

    @property
    def is_working(self) -> bool:
        return self.state in WORKING_STATES


@append_only
class StateChange(Record):
    relationship = models.ForeignKey(Relationship, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10, choices=State.choices)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    reason = EncryptedTextField(blank=True, default="")


class Guardianship(Record):
    """A guardian of one client, with what custody allows. Two guardians are two people."""

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="guardianships")
    client = models.ForeignKey(User, on_delete=models.PROTECT, related_name="guardians")
    guardian = models.ForeignKey(User, on_delete=models.PROTECT, related_name="guardian_of")
    has_legal_custody = models.BooleanField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "client", "guardian"],
                condition=Q(until=None),
                name="a_guardianship_stands_once_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(client=models.F("guardian")), name="nobody_is_their_own_guardian"),
        ]
