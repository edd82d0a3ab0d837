"""Somebody reads what a client or a guardian shared: the reading is on record, once a day for each thing read."""

from collections.abc import Iterable
from datetime import UTC, datetime

from openrapport.audit.actions import Entry, record_many
from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.checkins.models import CheckIn, Drawing
from openrapport.relationships.models import Relationship
from openrapport.reports.shared import SharedCheckIn
from openrapport.signals.models import Signal

READ_CHECK_IN = "read_check_in"
READ_SCORES = "read_scores"
READ_SIGNAL = "read_signal"


def record_reading_of_check_ins(
    check_ins: Iterable[SharedCheckIn], *, relationship: Relationship, actor: Actor, now: datetime
) -> None:
    """Answers, words or scores of these check-ins are on the page; reading one's own needs no line."""
    _once_a_day(
        [
            Entry(
                about=relationship.pk,
                deed=READ_CHECK_IN,
                object_type=CheckIn._meta.label,
                object_id=one.pk,
                subject_id=one.respondent,
            )
            for one in check_ins
        ],
        actor=actor,
        now=now,
    )


def record_reading_of_drawing(drawing: Drawing, *, actor: Actor, now: datetime) -> None:
    """The image has an address of its own. It is a part of its check-in, and looked at with it or by itself."""
    check_in = drawing.check_in
    entry = Entry(
        about=check_in.relationship_id,
        deed=READ_CHECK_IN,
        object_type=CheckIn._meta.label,
        object_id=check_in.pk,
        subject_id=check_in.respondent_id,
    )
    _once_a_day([entry], actor=actor, now=now)


def record_glance_at_scores(relationships: Iterable[Relationship], *, actor: Actor, now: datetime) -> None:
    """A list of people showed a few scores of each: one line for each relationship."""
    _once_a_day(
        [
            Entry(
                about=one.pk,
                deed=READ_SCORES,
                object_type=Relationship._meta.label,
                object_id=one.pk,
                subject_id=one.client_id,
            )
            for one in relationships
        ],
        actor=actor,
        now=now,
    )


def record_reading_of_signal(signal: Signal, *, actor: Actor, now: datetime) -> None:
    entry = Entry(
        about=signal.relationship_id,
        deed=READ_SIGNAL,
        object_type=Signal._meta.label,
        object_id=signal.pk,
        subject_id=signal.relationship.client_id,
        facts={"kind": signal.kind},
    )
    _once_a_day([entry], actor=actor, now=now)


def _once_a_day(entries: list[Entry], *, actor: Actor, now: datetime) -> None:
    """Looks before it locks: from the second reading of a day on, nothing is written."""
    assert actor.user is not None
    begin = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    deeds = {entry.deed for entry in entries}
    known = AuditLine.objects.filter(actor_user=actor.user, at__gte=begin, at__lte=now, deed__in=deeds)
    noted = set(known.values_list("deed", "object_id"))
    fresh = [
        entry for entry in entries if entry.subject_id != actor.user.pk and (entry.deed, entry.object_id) not in noted
    ]
    record_many(fresh, actor=actor, at=now)
