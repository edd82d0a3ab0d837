"""Reading signals (the viewer first), and the course of a relationship the rules look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from openrapport.checkins.instruments import instrument_of, instruments_for
from openrapport.checkins.models import Answer, Disclosure, RespondentRole, Score
from openrapport.checkins.queries import shared_with_therapist
from openrapport.people.viewer import Viewer
from openrapport.relationships.grants import Tie
from openrapport.relationships.models import Relationship
from openrapport.relationships.policy import relationships_by_tie, scope
from openrapport.sessions.models import Status, TherapySession
from openrapport.signals.course import Course, Seen
from openrapport.signals.models import OPEN, Signal, SignalEvent


def signals_visible_to(viewer: Viewer) -> QuerySet[Signal]:
    events = SignalEvent.objects.select_related("actor_user").order_by("at", "pk")
    return (
        scope(viewer, Signal)
        .select_related("relationship__client", "relationship__therapist", "relationship__practice")
        .prefetch_related(Prefetch("events", queryset=events))
        .order_by("-raised_at")
    )


def open_for(viewer: Viewer) -> QuerySet[Signal]:
    """Open signals of the viewer's own clients."""
    return _open_by_tie(viewer, Tie.THERAPIST)


def open_for_supervisor(viewer: Viewer) -> QuerySet[Signal]:
    """Open signals of supervised therapists, where the client was told; what nobody looked at comes first."""
    return _open_by_tie(viewer, Tie.SUPERVISOR).order_by("escalated_at", "-raised_at")


def _open_by_tie(viewer: Viewer, tie: Tie) -> QuerySet[Signal]:
    if not viewer.is_somebody:
        return Signal.objects.none()
    tied = relationships_by_tie(viewer, tie).values("pk")
    return signals_visible_to(viewer).filter(relationship__in=tied, state__in=OPEN)


@dataclass(frozen=True)
class _Shared:
    """The numbers of one check-in: `answers` and `scores` are (instrument, item or scale, ...)."""

    role: str
    disclosure: str
    instruments: Sequence[str]
    session: int
    answers: Sequence[tuple[str, str, int]]
    scores: Sequence[tuple[str, str, float | None, bool]]

    def has(self, reference: str) -> bool:
        return any(instrument == reference for instrument, _, _ in self.answers)

    def main_score(self, reference: str) -> tuple[float | None, bool]:
        """The total and whether it is the highest possible."""
        main = instrument_of(reference).total.code
        found = (s for s in self.scores if s[0] == reference and s[1] == main)
        _, _, value, at_ceiling = next(found, (reference, main, None, False))
        return value, at_ceiling

    def total(self, reference: str) -> float | None:
        return self.main_score(reference)[0]


def course_of(relationship: Relationship, *, at: datetime) -> Course:
    """What the rules may look at: exactly what the therapist may read at this moment."""
    readable = _numbers_shared(relationship, at=at)
    references: Sequence[str] = instruments_for(role=RespondentRole.CLIENT, audience=relationship.audience)
    from_client = [c for c in readable if c.role == RespondentRole.CLIENT]
    if from_client:
        references = from_client[-1].instruments
    shared = tuple(c.session for c in from_client)
    asked = {instrument.kind: instrument for instrument in map(instrument_of, references)}
    alliance, wellbeing = asked["alliance"], asked.get("wellbeing")
    mirrors = instruments_for(role=RespondentRole.THERAPIST, audience=relationship.audience)
    mirror = instrument_of(mirrors[0]) if mirrors else None
    held = TherapySession.objects.filter(relationship=relationship, status=Status.HELD)
    return Course(
        held=tuple(held.order_by("number").values_list("number", flat=True)),
        alliance=alliance,
        client=tuple(_seen(check_in, alliance.ref) for check_in in from_client if check_in.has(alliance.ref)),
        mirror=mirror,
        therapist={
            check_in.session: value
            for check_in in readable
            # A signal is read by supervisors too: what a therapist keeps to themselves is not in its numbers.
            if check_in.role == RespondentRole.THERAPIST and check_in.disclosure == Disclosure.NOW
            if mirror is not None
            if (value := check_in.total(mirror.ref)) is not None
        },
        wellbeing=wellbeing,
        wellbeing_scores=tuple(
            (check_in.session, value)
            for check_in in from_client
            if wellbeing is not None and (value := check_in.total(wellbeing.ref)) is not None
        ),
        shared=shared,
    )


def _numbers_shared(relationship: Relationship, *, at: datetime) -> list[_Shared]:
    """Numbers only: words are neither read nor deciphered, and no rows are built that nobody looks at."""
    shared = shared_with_therapist(relationship, at=at).select_related(None).prefetch_related(None)
    rows = list(shared.values_list("pk", "role", "disclosure", "instruments", "session__number"))
    known = [pk for pk, *_ in rows]
    answers: dict[UUID, list[tuple[str, str, int]]] = {pk: [] for pk in known}
    scores: dict[UUID, list[tuple[str, str, float | None, bool]]] = {pk: [] for pk in known}
    given = Answer.objects.filter(check_in__in=known, value__isnull=False).order_by("pk")
    for pk, instrument, item, value in given.values_list("check_in_id", "instrument", "item", "value"):
        if value is not None:
            answers[pk].append((instrument, item, value))
    computed = Score.objects.filter(check_in__in=known).order_by("pk")
    for pk, ref, scale, total, at_top in computed.values_list(
        "check_in_id", "instrument", "scale", "value", "at_ceiling"
    ):
        scores[pk].append((ref, scale, total, at_top))
    return [
        _Shared(role, disclosure, instruments, session, answers[pk], scores[pk])
        for pk, role, disclosure, instruments, session in rows
    ]


def _seen(check_in: _Shared, reference: str) -> Seen:
    instrument = instrument_of(reference)
    components = {}
    for answered, code, value in check_in.answers:
        if answered != reference:
            continue
        item = instrument.item(code)
        points = item.points(value)
        if item.component is not None and points is not None:
            components[item.component] = points
    total, at_ceiling = check_in.main_score(reference)
    return Seen(session=check_in.session, total=total, components=components, at_ceiling=at_ceiling)
