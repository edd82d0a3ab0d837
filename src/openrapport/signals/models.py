"""Signals: something to look at in a relationship, with its numbers, and what was done about it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openrapport.checkins.models import CheckIn
from openrapport.people.models import User
from openrapport.relationships.models import Relationship
from openrapport.shared.append_only import append_only
from openrapport.shared.encrypted import EncryptedTextField
from openrapport.shared.models import Record


class Kind(models.TextChoices):
    RUPTURE = "rupture", _("Possible rupture")
    COMPONENT_LOW = "component_low", _("One part of the alliance is low")
    LOW_START = "low_start", _("Low in the first sessions")
    DIFFERENT_VIEWS = "different_views", _("Client and therapist see it differently")
    FLAT_TOP = "flat_top", _("Perfect scores every time")
    FEEDBACK_MISSING = "feedback_missing", _("No shared feedback lately")
    GETTING_WORSE = "getting_worse", _("Wellbeing is getting worse")


class SignalState(models.TextChoices):
    RAISED = "raised", _("New")
    SEEN = "seen", _("Seen")
    TALKED_ABOUT = "talked_about", _("Talked about")
    RESOLVED = "resolved", _("Resolved")
    DISMISSED = "dismissed", _("Dismissed")


OPEN = (SignalState.RAISED, SignalState.SEEN, SignalState.TALKED_ABOUT)


class Signal(Record):
    relationship = models.ForeignKey(Relationship, on_delete=models.PROTECT, related_name="signals")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    state = models.CharField(max_length=20, choices=SignalState.choices, default=SignalState.RAISED)
    raised_at = models.DateTimeField()
    state_since = models.DateTimeField()
    rule = models.CharField(max_length=60)
    rule_version = models.PositiveSmallIntegerField()
    parameters = models.JSONField(help_text="the thresholds it was raised under")
    evidence = models.JSONField(help_text="the numbers it saw, latest first; never words")
    instruments = models.JSONField(
        default=list,
        help_text="the versions of the questionnaires the evidence rests on; empty where nothing is measured",
    )
    false_alarm_rate = models.FloatField(
        null=True, blank=True, help_text="share of relationships that never change in which this rule would fire"
    )
    false_alarm_low = models.FloatField(null=True, blank=True, help_text="its 95 % interval, of the simulation alone")
    false_alarm_high = models.FloatField(null=True, blank=True)
    session_number = models.PositiveIntegerField(help_text="the session of the newest evidence")
    check_in = models.ForeignKey(CheckIn, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recovered_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    questions_changed_at = models.DateTimeField(
        null=True, blank=True, help_text="since then other questions are asked: newer answers say nothing about this"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["relationship", "kind"],
                condition=Q(state__in=("raised", "seen", "talked_about")),
                name="one_open_signal_of_a_kind",
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="signal_kind_is_known"),
            models.CheckConstraint(condition=Q(state__in=SignalState.values), name="signal_state_is_known"),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


class SignalDeed(models.TextChoices):
    RAISED = "raised", _("Raised")
    UPDATED = "updated", _("New evidence")
    RECOVERED = "recovered", _("Recovered")
    RETURNED = "returned", _("Not recovered after all")
    QUESTIONS_CHANGED = "questions_changed", _("Other questions are asked now")
    ESCALATED = "escalated", _("Passed on to the supervisor")
    SEEN = "seen", _("Seen")
    TALKED_ABOUT = "talked_about", _("Talked about")
    RESOLVED = "resolved", _("Resolved")
    DISMISSED = "dismissed", _("Dismissed")
    REOPENED = "reopened", _("Opened again")


@append_only
class SignalEvent(Record):
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="events")
    deed = models.CharField(max_length=20, choices=SignalDeed.choices)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    actor_user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = EncryptedTextField(blank=True, default="")
    evidence = models.JSONField(default=dict)
