"""Reading signals (the viewer first), and the course of a relationship the rules look at."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, JSONField, OuterRef, Prefetch, QuerySet, Subquery, TextField
from django.db.models.functions import JSONArray
from django.db.models.sql.compiler import SQLCompiler

from openrapport.analysis.instrument import Instrument, Item
from openrapport.checkins.instruments import instrument_of, instruments_for
from openrapport.checkins.models import Answer, Disclosure, RespondentRole, Score
from openrapport.checkins.queries import shared_with_therapist
from openrapport.people.viewer import Viewer
from openrapport.relationships.grants import Tie
from openrapport.relationships.models import Relationship
from openrapport.relationships.policy import PreparedScope, relationships_by_tie, scope
from openrapport.sessions.models import Status, TherapySession
from openrapport.shared.prepared import Prepared
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
    """What the rules may look at: exactly what the therapist may read at this moment.

    A course belongs to one version of each questionnaire, that of the newest answers: numbers of others are left out.
    """
    readable, held = _numbers_shared(relationship, at=at)
    references: Sequence[str] = instruments_for(role=RespondentRole.CLIENT, audience=relationship.audience)
    from_client = [c for c in readable if c.role == RespondentRole.CLIENT]
    if from_client:
        references = from_client[-1].instruments
    shared = tuple(c.session for c in from_client)
    asked = {instrument.kind: instrument for instrument in map(instrument_of, references)}
    alliance, wellbeing = asked["alliance"], asked.get("wellbeing")
    # A signal is read by supervisors too: what a therapist keeps to themselves is not in its numbers.
    mirrored = [c for c in readable if c.role == RespondentRole.THERAPIST and c.disclosure == Disclosure.NOW]
    asked_now = instruments_for(role=RespondentRole.THERAPIST, audience=relationship.audience)
    mirrors: Sequence[str] = mirrored[-1].instruments if mirrored else asked_now
    mirror = instrument_of(mirrors[0]) if mirrors else None
    return Course(
        held=held,
        alliance=alliance,
        client=_all_seen(from_client, alliance),
        mirror=mirror,
        therapist={
            check_in.session: value
            for check_in in mirrored
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


def _numbers_shared(relationship: Relationship, *, at: datetime) -> tuple[list[_Shared], tuple[int, ...]]:
    """What was shared, and the sessions that took place.

    Numbers only: words are neither read nor deciphered, and no rows are built that nobody looks at.
    """
    rows = _SHARED.rows(Viewer(user=relationship.therapist, at=at), relationship=relationship.pk)
    scores: dict[UUID, list[tuple[str, str, float | None, bool]]] = {pk: [] for pk, *_ in rows}
    for pk, ref, scale, total, at_top in _COMPUTED.rows(relationship=relationship.pk) if rows else ():
        if pk in scores:  # what belongs to check-ins that were not shared is passed over
            scores[pk].append((ref, scale, total, at_top))
    held = json.loads(rows[0][-1] or "[]") if rows else [one for (one,) in _HELD.rows(relationship=relationship.pk)]
    return [
        _Shared(role, disclosure, instruments, session, answers or (), scores[pk])
        for pk, role, disclosure, instruments, session, answers, _ in rows
    ], tuple(sorted(held))


def _shared_check_ins(viewer: Viewer, *, relationship: UUID) -> QuerySet[Any, Any]:
    of_the_viewer = Relationship(pk=relationship, therapist=viewer.user)
    shared = shared_with_therapist(of_the_viewer, at=viewer.at).select_related(None).prefetch_related(None)
    given = Answer.objects.filter(check_in=OuterRef("pk"), value__isnull=False).order_by().values("check_in")
    answers = given.annotate(all=_Gathered(JSONArray("instrument", "item", "value"))).values("all")
    # The same in every row, and read once: text is not taken apart before somebody asks.
    gathered = _Gathered("number", output_field=TextField())
    held = _held(relationship=relationship).values("relationship").annotate(all=gathered).values("all")
    numbers = ("pk", "role", "disclosure", "instruments", "session__number")
    return shared.values_list(*numbers, Subquery(answers), Subquery(held))


def _held(*, relationship: UUID) -> QuerySet[TherapySession]:
    return TherapySession.objects.filter(relationship=relationship, status=Status.HELD).order_by()


class _Gathered(Aggregate):
    """All of a group as one list: the database writes it, and it is read in one go. Exact for whole numbers only."""

    function = "JSON_GROUP_ARRAY"
    output_field = JSONField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSONB_AGG", **extra)


_Answers: TypeAlias = list[tuple[str, str, int]]
_SHARED: PreparedScope[tuple[UUID, str, str, list[str], int, _Answers | None, str | None]] = PreparedScope(
    _shared_check_ins, relationship=UUID
)
_HELD: Prepared[tuple[int]] = Prepared(
    lambda relationship: _held(relationship=relationship).values_list("number"), relationship=UUID
)
_COMPUTED: Prepared[tuple[UUID, str, str, float | None, bool]] = Prepared(
    lambda relationship: Score.objects.filter(check_in__relationship=relationship).values_list(
        "check_in_id", "instrument", "scale", "value", "at_ceiling"
    ),
    relationship=UUID,
)


def _all_seen(from_client: Sequence[_Shared], alliance: Instrument) -> tuple[Seen, ...]:
    reference, items = alliance.ref, {item.code: item for item in alliance.items}
    return tuple(_seen(check_in, reference, items) for check_in in from_client if check_in.has(reference))


def _seen(check_in: _Shared, reference: str, items: Mapping[str, Item]) -> Seen:
    components = {}
    for answered, code, value in check_in.answers:
        if answered != reference:
            continue
        item = items[code]
        points = item.points(value)
        if item.component is not None and points is not None:
            components[item.component] = points
    total, at_ceiling = check_in.main_score(reference)
    return Seen(session=check_in.session, total=total, components=components, at_ceiling=at_ceiling)
