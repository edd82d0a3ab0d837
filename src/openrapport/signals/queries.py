"""Reading signals (the viewer first), and the course of a relationship the rules look at."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet

from openrapport.checkins.instruments import instrument_of, instruments_for
from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole, Score
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


def course_of(relationship: Relationship, *, at: datetime) -> Course:
    """What the rules may look at: exactly what the therapist may read at this moment."""
    readable = list(shared_with_therapist(relationship, at=at))
    references = instruments_for(role=RespondentRole.CLIENT, audience=relationship.audience)
    from_client = [c for c in readable if c.role == RespondentRole.CLIENT]
    if from_client:
        references = from_client[-1].instruments
    asked = {instrument.kind: instrument for instrument in map(instrument_of, references)}
    alliance, wellbeing = asked["alliance"], asked.get("wellbeing")
    mirrors = instruments_for(role=RespondentRole.THERAPIST, audience=relationship.audience)
    mirror = instrument_of(mirrors[0]) if mirrors else None
    held = TherapySession.objects.filter(relationship=relationship, status=Status.HELD)
    return Course(
        held=tuple(held.order_by("number").values_list("number", flat=True)),
        alliance=alliance,
        client=tuple(_seen(check_in, alliance.ref) for check_in in from_client if _has(check_in, alliance.ref)),
        mirror=mirror,
        therapist={
            check_in.session.number: value
            for check_in in readable
            # A signal is read by supervisors too: what a therapist keeps to themselves is not in its numbers.
            if check_in.role == RespondentRole.THERAPIST and check_in.disclosure == Disclosure.NOW
            if mirror is not None
            if (value := _total(check_in, mirror.ref)) is not None
        },
        wellbeing=wellbeing,
        wellbeing_scores=tuple(
            (check_in.session.number, value)
            for check_in in from_client
            if wellbeing is not None and (value := _total(check_in, wellbeing.ref)) is not None
        ),
    )


def _has(check_in: CheckIn, reference: str) -> bool:
    return any(answer.instrument == reference and answer.value is not None for answer in check_in.answers.all())


def _seen(check_in: CheckIn, reference: str) -> Seen:
    instrument = instrument_of(reference)
    components = {}
    for answer in check_in.answers.all():
        if answer.instrument != reference or answer.value is None:
            continue
        item = instrument.item(answer.item)
        points = item.points(answer.value)
        if item.component is not None and points is not None:
            components[item.component] = points
    main = _main_score(check_in, reference)
    return Seen(
        session=check_in.session.number,
        total=main.value if main is not None else None,
        components=components,
        at_ceiling=main is not None and main.at_ceiling,
    )


def _main_score(check_in: CheckIn, reference: str) -> Score | None:
    main = instrument_of(reference).total.code
    return next((s for s in check_in.scores.all() if s.instrument == reference and s.scale == main), None)


def _total(check_in: CheckIn, reference: str) -> float | None:
    main = _main_score(check_in, reference)
    return main.value if main is not None else None
