"""Reading growth fits (the viewer first), and the shared scores they are made from."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from openrapport.analysis.expected_response import Course, courses_of
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import RespondentRole, Score
from openrapport.checkins.queries import check_ins_visible_to
from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Membership, Practice, Role
from openrapport.relationships.models import Relationship
from openrapport.reports.models import StoredGrowthFit

Measure: TypeAlias = tuple[str, str]  # instrument with its version, and score
FIRST_SESSION = 1  # where a course begins: its score is what the later ones are expected from


def growth_fits_visible_to(viewer: Viewer) -> QuerySet[StoredGrowthFit]:
    """Fits of the practices where the viewer sees or supervises clients, or is one. They name nobody."""
    if not viewer.is_somebody:
        return StoredGrowthFit.objects.none()
    works = Membership.objects.filter(
        practice=OuterRef("practice"), user=viewer.user, role__in=(Role.THERAPIST, Role.SUPERVISOR), until=None
    )
    in_therapy = Relationship.objects.filter(practice=OuterRef("practice"), client=viewer.user)
    return StoredGrowthFit.objects.filter(Exists(works) | Exists(in_therapy))


def fits_of(viewer: Viewer, practice: UUID) -> Mapping[Measure, StoredGrowthFit]:
    """Those of one practice, by instrument and score."""
    fits = growth_fits_visible_to(viewer).filter(practice=practice)
    return {(fit.instrument, fit.score): fit for fit in fits}


def courses_shared_in(practice: Practice, *, at: datetime) -> dict[Measure, tuple[Course, ...]]:
    """The clients' main scores in this practice, by what was asked; each course begins with its first session's score.

    Counted is exactly what a relationship's own therapist may read at this moment, by the policy. What is private, for
    the supervisor only, not released yet, past its retention, or of a therapist who left is in no number.
    """
    rows: dict[Measure, list[tuple[str, int, float]]] = {}
    therapists = User.objects.filter(as_therapist__practice=practice).distinct()
    for therapist in therapists.order_by("pk"):
        for relationship, session, instrument, scale, value in _scores_shared_with(therapist, practice, at=at):
            if value is not None and scale == instrument_of(instrument).total.code:
                rows.setdefault((instrument, scale), []).append((str(relationship), session, value))
    return {measure: _courses(found) for measure, found in sorted(rows.items())}


def _scores_shared_with(
    therapist: User, practice: Practice, *, at: datetime
) -> list[tuple[UUID, int, str, str, float | None]]:
    """Fetched at once: while rows are still being read, nobody may write to a small database."""
    from_clients = check_ins_visible_to(Viewer(user=therapist, at=at)).filter(
        relationship__practice=practice, relationship__therapist=therapist, role=RespondentRole.CLIENT
    )
    scores = Score.objects.filter(check_in__in=from_clients.values("pk"))
    return list(
        scores.values_list("check_in__relationship", "check_in__session__number", "instrument", "scale", "value")
    )


def _courses(rows: Iterable[tuple[str, int, float]]) -> tuple[Course, ...]:
    """The first score is where a course starts, and none of those that are expected from it."""
    ordered = sorted(rows)
    start = {who: value for who, session, value in ordered if session == FIRST_SESSION}
    later = [(who, session, value) for who, session, value in ordered if who in start and session > FIRST_SESSION]
    if not later:
        return ()
    clients, sessions, scores = zip(*later, strict=True)
    return courses_of(clients, sessions, scores, [start[who] for who in clients])
