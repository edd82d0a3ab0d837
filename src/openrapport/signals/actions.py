"""Raising, updating and moving signals. Every change is appended as an event, with an audit line beside it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.notices.actions import queue_notice
from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.queries import feedback_missing_after, rules_of
from openrapport.relationships.actions import lock_relationship
from openrapport.relationships.grants import Action
from openrapport.relationships.models import WORKING_STATES, Relationship
from openrapport.relationships.policy import can
from openrapport.relationships.queries import supervisors_of
from openrapport.shared.prepared import Prepared
from openrapport.signals.course import Course
from openrapport.signals.models import OPEN, Kind, Signal, SignalDeed, SignalEvent, SignalState
from openrapport.signals.moves import NEEDS_REASON, may_move
from openrapport.signals.queries import course_of
from openrapport.signals.rates import stated_rate
from openrapport.signals.rules import RULES, Finding, find_feedback_missing, instruments_behind


class MoveNotAllowed(Exception):
    """The signal's state does not allow this move; perhaps somebody else moved it first."""


class ReasonMissing(Exception):
    """Closing or reopening a signal takes a reason."""


def review_signals(relationship: Relationship, *, actor: Actor, now: datetime, is_locked: bool = False) -> None:
    """Ask every rule about one relationship: raise, update, or note the recovery."""
    if is_locked:  # by the transaction this is part of
        _review(relationship, actor=actor, now=now)
        return
    with transaction.atomic():  # two people who answer at once must not both raise the same signal
        lock_relationship(relationship.pk)
        _review(relationship, actor=actor, now=now)


def _review(relationship: Relationship, *, actor: Actor, now: datetime) -> None:
    course = course_of(relationship, at=now)
    found: dict[str, Finding | None] = {kind: rule(course) for kind, rule in RULES.items()}
    found[Kind.FEEDBACK_MISSING] = find_feedback_missing(
        course, after_sessions=feedback_missing_after(relationship.practice_id)
    )
    newest = {signal.kind: signal for signal in _SIGNALS.rows(relationship=relationship.pk)}
    for kind, finding in found.items():
        last = newest.get(kind)
        if last is not None and last.is_open:
            _keep_up(last, finding, course=course, actor=actor, now=now)
        elif finding is not None and (last is None or finding.session > last.session_number):
            _raise(relationship, finding, course=course, actor=actor, now=now)


def _signals(*, relationship: UUID) -> QuerySet[Signal]:
    return Signal.objects.select_for_update().filter(relationship=relationship).order_by("raised_at", "pk")


_SIGNALS = Prepared(_signals, relationship=UUID)


def _raise(relationship: Relationship, finding: Finding, *, course: Course, actor: Actor, now: datetime) -> Signal:
    signal = Signal.objects.create(
        relationship=relationship,
        kind=finding.kind,
        raised_at=now,
        state_since=now,
        rule=finding.rule,
        rule_version=finding.version,
        parameters=dict(finding.parameters),
        evidence=[dict(numbers) for numbers in finding.evidence],
        instruments=list(instruments_behind(finding.kind, course)),
        session_number=finding.session,
        **_rate_as_stated(finding.kind, course.alliance.ref),
    )
    _append(signal, SignalDeed.RAISED, actor=actor, now=now)
    _tell("signal_raised", signal, [relationship.therapist], about=relationship, now=now)
    return signal


def _rate_as_stated(kind: str, alliance: str) -> dict[str, float | None]:
    """As fields of a signal: what it says of its rule stays what was true when it was raised."""
    share = stated_rate(kind, alliance)
    if share is None:
        return dict.fromkeys(_RATE_FIELDS)
    return dict(zip(_RATE_FIELDS, (share.rate, share.low, share.high), strict=True))


_RATE_FIELDS = ("false_alarm_rate", "false_alarm_low", "false_alarm_high")


def _tell(kind: str, signal: Signal, people: Iterable[User], *, about: Relationship, now: datetime) -> None:
    """Only people who may open it: whoever left the practice hears nothing more from here."""
    for person in people:
        if can(Viewer(user=person, at=now), Action.READ, signal):
            queue_notice(
                kind=kind,
                to=person,
                payload={"link": f"{settings.BASE_URL}/signals/{signal.pk}/"},
                about=about.pk,
                once_key=f"{kind}:{signal.pk}:{person.pk}",
                now=now,
            )


def _keep_up(signal: Signal, finding: Finding | None, *, course: Course, actor: Actor, now: datetime) -> None:
    """New evidence, a recovery, or the note that newer answers cannot be compared with those that raised it."""
    behind = list(instruments_behind(signal.kind, course))
    if finding is not None:
        if finding.session > signal.session_number:
            _renew(signal, finding, instruments=behind, alliance=course.alliance.ref, actor=actor, now=now)
        return
    newest = course.last_shared if signal.kind == Kind.FEEDBACK_MISSING else course.newest_session
    if signal.recovered_at is not None or newest <= _last_shared_in(signal):
        return
    if behind == signal.instruments:
        signal.recovered_at = now
        signal.save(update_fields=["recovered_at"])
        _append(signal, SignalDeed.RECOVERED, actor=actor, now=now, evidence={"session": newest})
    elif signal.questions_changed_at is None:
        # A course on other questions starts empty, which is no recovery. The signal waits to be talked about.
        signal.questions_changed_at = now
        signal.save(update_fields=["questions_changed_at"])
        _append(signal, SignalDeed.QUESTIONS_CHANGED, actor=actor, now=now, evidence={"session": newest})


def _renew(
    signal: Signal, finding: Finding, *, instruments: list[str], alliance: str, actor: Actor, now: datetime
) -> None:
    signal.evidence = [dict(numbers) for numbers in finding.evidence]
    signal.parameters = dict(finding.parameters)
    signal.session_number = finding.session
    signal.instruments = instruments
    for name, value in _rate_as_stated(finding.kind, alliance).items():
        setattr(signal, name, value)
    signal.questions_changed_at = None
    fields = [
        *("evidence", "parameters", "session_number"),
        *("instruments", "questions_changed_at", *_RATE_FIELDS),
    ]
    came_back = signal.recovered_at is not None
    if came_back:
        signal.recovered_at = None
        signal.state, signal.state_since = SignalState.RAISED, now
        fields += ["recovered_at", "state", "state_since"]
    signal.save(update_fields=fields)
    deed = SignalDeed.RETURNED if came_back else SignalDeed.UPDATED
    _append(signal, deed, actor=actor, now=now, evidence={"session": finding.session})


def _last_shared_in(signal: Signal) -> int:
    """Missing feedback recovers with any shared check-in, the others only with one newer than their evidence."""
    if signal.kind == Kind.FEEDBACK_MISSING:
        return int(signal.evidence[0]["last_shared"] or 0)
    return signal.session_number


def _append(
    signal: Signal,
    deed: SignalDeed,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    evidence: dict[str, object] | None = None,
) -> None:
    SignalEvent.objects.create(
        signal=signal,
        deed=deed,
        at=now,
        actor=actor.label,
        # Answers raise signals by themselves: who answered is no news, and the mover is named only when they moved it.
        actor_user=actor.user if deed in _BY_HAND else None,
        reason=reason,
        evidence=evidence or {},
    )
    record(
        actor=actor,
        deed=f"signal_{deed}",
        about=signal.relationship_id,
        at=now,
        obj=signal,
        subject=signal.relationship.client,
        facts={"kind": signal.kind, "state": signal.state},
    )


_BY_HAND = frozenset(
    {SignalDeed.SEEN, SignalDeed.TALKED_ABOUT, SignalDeed.RESOLVED, SignalDeed.DISMISSED, SignalDeed.REOPENED}
)


@transaction.atomic
def _move(signal: Signal, *, to_state: SignalState, deed: SignalDeed, actor: Actor, now: datetime, reason: str) -> None:
    if deed in NEEDS_REASON and not reason.strip():
        raise ReasonMissing(deed)
    lock_relationship(signal.relationship_id)  # first, as everywhere: answers lock it before the log and the signals
    current = Signal.objects.select_for_update().get(pk=signal.pk)
    if not may_move(from_state=current.state, to_state=to_state):
        raise MoveNotAllowed(f"{current.state} to {to_state}")
    signal.state, signal.state_since = to_state, now
    signal.save(update_fields=["state", "state_since"])
    _append(signal, deed, actor=actor, now=now, reason=reason.strip())


def mark_seen(signal: Signal, *, actor: Actor, now: datetime) -> None:
    _move(signal, to_state=SignalState.SEEN, deed=SignalDeed.SEEN, actor=actor, now=now, reason="")


def mark_talked_about(signal: Signal, *, actor: Actor, now: datetime, note: str = "") -> None:
    _move(signal, to_state=SignalState.TALKED_ABOUT, deed=SignalDeed.TALKED_ABOUT, actor=actor, now=now, reason=note)


def resolve(signal: Signal, *, actor: Actor, now: datetime, reason: str) -> None:
    _move(signal, to_state=SignalState.RESOLVED, deed=SignalDeed.RESOLVED, actor=actor, now=now, reason=reason)


def dismiss(signal: Signal, *, actor: Actor, now: datetime, reason: str) -> None:
    _move(signal, to_state=SignalState.DISMISSED, deed=SignalDeed.DISMISSED, actor=actor, now=now, reason=reason)


@transaction.atomic
def reopen(signal: Signal, *, actor: Actor, now: datetime, reason: str) -> None:
    """Raises MoveNotAllowed when a newer signal of this kind is open already."""
    lock_relationship(signal.relationship_id)  # a check-in that raises the next one waits, or was first
    if Signal.objects.filter(relationship=signal.relationship_id, kind=signal.kind, state__in=OPEN).exists():
        raise MoveNotAllowed("a newer signal of this kind is open")
    _move(signal, to_state=SignalState.SEEN, deed=SignalDeed.REOPENED, actor=actor, now=now, reason=reason)


def escalate_unseen(*, actor: Actor, now: datetime) -> int:
    """Signals nobody looked at in the practice's set time go to the supervisor; without one, the therapist is told."""
    unseen = Signal.objects.filter(
        state=SignalState.RAISED, escalated_at=None, relationship__state__in=WORKING_STATES
    ).order_by("pk")
    found = list(unseen.values_list("pk", "relationship_id"))
    return sum(_escalate(pk, relationship, actor=actor, now=now) for pk, relationship in found)


@transaction.atomic
def _escalate(pk: UUID, relationship_pk: UUID, *, actor: Actor, now: datetime) -> bool:
    """One signal in one short transaction, and the relationship locked first: nobody who answers waits crosswise."""
    relationship = lock_relationship(relationship_pk)
    signal = Signal.objects.select_for_update().filter(pk=pk, state=SignalState.RAISED, escalated_at=None).first()
    patience = timedelta(hours=rules_of(relationship.practice).escalate_unseen_after_hours)
    if signal is None or not relationship.is_working or signal.state_since + patience > now:
        return False
    signal.relationship = relationship
    signal.escalated_at = now
    signal.save(update_fields=["escalated_at"])
    _append(signal, SignalDeed.ESCALATED, actor=actor, now=now)
    may_read = [one for one in supervisors_of(relationship) if can(Viewer(user=one, at=now), Action.READ, signal)]
    _tell("signal_escalated", signal, may_read or [relationship.therapist], about=relationship, now=now)
    return True


def review_all(*, actor: Actor, now: datetime) -> int:
    """Look at every working relationship: for what appears with time alone, such as missing feedback."""
    working = Relationship.objects.filter(state__in=WORKING_STATES).select_related("practice", "therapist", "client")
    reviewed = 0
    for relationship in working.iterator():
        review_signals(relationship, actor=actor, now=now)
        reviewed += 1
    return reviewed
