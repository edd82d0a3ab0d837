"""What a supervisor's open relationships look like together: counts and averages, never one therapist beside another.

Everything rests on what the viewer may read. What a client kept back is neither shown nor counted, and nothing is told
of fewer than five people.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, pvariance
from uuid import UUID

from openrapport.analysis.detector import BAND_COVERAGE, BandPoint
from openrapport.analysis.instrument import Instrument
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import RespondentRole
from openrapport.checkins.queries import check_ins_visible_to
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Relationship
from openrapport.relationships.queries import supervised_by
from openrapport.reports.expected_range import ExpectedRange, expected_range, held_within, points_of_fit
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.queries import FIRST_SESSION, growth_fits_visible_to
from openrapport.reports.suppression import FEWEST_PEOPLE, suppress
from openrapport.sessions.models import Status
from openrapport.sessions.queries import sessions_visible_to
from openrapport.signals.queries import open_for_supervisor


@dataclass(frozen=True)
class AverageCourse:
    """The mean score at each session, None where fewer than five people rated; and what was to be expected of them.

    `expected.points` hold the expected mean of these relationships and the range for single ratings.
    """

    practice: UUID
    instrument: Instrument
    relationships: int
    means: tuple[tuple[int, float | None], ...]
    expected: ExpectedRange | None


@dataclass(frozen=True)
class SupervisionFigures:
    """`open_signals` counts people by kind. None anywhere: fewer than five people."""

    relationships: int
    open_signals: Mapping[str, int | None]
    held: int | None
    shared: int | None
    averages: tuple[AverageCourse, ...]


@dataclass(frozen=True)
class _Course:
    """One relationship's main scores by session, on one version of one questionnaire."""

    client: UUID
    scores: Mapping[int, float]

    @property
    def start(self) -> float | None:
        return self.scores.get(FIRST_SESSION)


def supervision_figures(viewer: Viewer) -> SupervisionFigures:
    """All relationships the viewer supervises now, together. The number of queries does not grow."""
    told = list(supervised_by(viewer))
    are_enough = _people(one.client_id for one in told) >= FEWEST_PEOPLE
    from_clients = check_ins_visible_to(viewer).filter(relationship__in=told, role=RespondentRole.CLIENT)
    held = sessions_visible_to(viewer).filter(relationship__in=told, status=Status.HELD)
    return SupervisionFigures(
        relationships=len(told),
        open_signals=suppress(_open_signals(viewer)),
        held=held.count() if are_enough else None,
        shared=from_clients.filter(session__status=Status.HELD).count() if are_enough else None,
        averages=tuple(_averages(viewer, told)) if are_enough else (),
    )


def _people(clients: Iterable[UUID]) -> int:
    return len(set(clients))


def _open_signals(viewer: Viewer) -> dict[str, int]:
    found: dict[str, set[UUID]] = defaultdict(set)
    signals = open_for_supervisor(viewer).prefetch_related(None).values_list("kind", "relationship__client")
    for kind, client in signals:
        found[kind].add(client)
    return {kind: len(clients) for kind, clients in found.items()}


def _averages(viewer: Viewer, told: Sequence[Relationship]) -> Iterable[AverageCourse]:
    """One for each practice and questionnaire that five people answered."""
    fits = {(fit.practice_id, fit.instrument, fit.score): fit for fit in growth_fits_visible_to(viewer)}
    for (practice, reference), courses in sorted(_courses(viewer, told).items()):
        instrument = instrument_of(reference)
        fit = fits.get((practice, reference, instrument.total.code))
        started = [course for course in courses if course.start is not None]
        if fit is not None and _people(course.client for course in started) >= FEWEST_PEOPLE:
            yield _average(practice, instrument, started, fit)
        elif _people(course.client for course in courses) >= FEWEST_PEOPLE:
            yield _average(practice, instrument, courses, None)


def _courses(viewer: Viewer, told: Sequence[Relationship]) -> dict[tuple[UUID, str], list[_Course]]:
    clients = {one.pk: one.client_id for one in told}
    scores: dict[tuple[UUID, str, UUID], dict[int, float]] = defaultdict(dict)
    from_clients = check_ins_visible_to(viewer).filter(relationship__in=told, role=RespondentRole.CLIENT)
    rows = from_clients.order_by("session__number").values_list(
        "relationship__practice",
        "relationship",
        "session__number",
        "scores__instrument",
        "scores__scale",
        "scores__value",
    )
    for practice, relationship, session, reference, scale, value in rows:
        if value is None:
            continue
        instrument = instrument_of(reference)
        if instrument.kind == "alliance" and scale == instrument.total.code:
            scores[practice, reference, relationship][session] = value
    found: dict[tuple[UUID, str], list[_Course]] = defaultdict(list)
    for (practice, reference, relationship), given in scores.items():
        found[practice, reference].append(_Course(clients[relationship], given))
    return found


def _average(
    practice: UUID, instrument: Instrument, courses: Sequence[_Course], fit: StoredGrowthFit | None
) -> AverageCourse:
    last = max(session for course in courses for session in course.scores)
    means = [(session, _mean(courses, session)) for session in range(FIRST_SESSION, last + 1)]
    while means and means[-1][1] is None:
        means.pop()
    sessions = [session for session, _ in means]
    return AverageCourse(
        practice=practice,
        instrument=instrument,
        relationships=len(courses),
        means=tuple(means),
        expected=_expected(instrument, courses, sessions, fit),
    )


def _mean(courses: Sequence[_Course], session: int) -> float | None:
    rated = [course for course in courses if session in course.scores]
    if _people(course.client for course in rated) < FEWEST_PEOPLE:
        return None
    return fmean(course.scores[session] for course in rated)


def _expected(
    instrument: Instrument, courses: Sequence[_Course], sessions: Sequence[int], fit: StoredGrowthFit | None
) -> ExpectedRange | None:
    """Of a group whose members began differently: the mean of what is expected of each, and a range for any of them.

    Its variance is that within each expectation, on average, and that between them (law of total variance).
    """
    if fit is None:
        return expected_range(instrument, sessions, fit=None, start=None)
    starts = [course.start for course in courses if course.start is not None]
    single = [points_of_fit(fit, sessions, start) for start in starts]
    width = NormalDist().inv_cdf(0.5 + BAND_COVERAGE / 2)
    points: list[BandPoint] = []
    for at_session in zip(*single, strict=True):
        mean = fmean(point.expected for point in at_session)
        within = fmean(point.sd**2 for point in at_session)
        sd = math.sqrt(within + pvariance([point.expected for point in at_session], mean))
        points.append(held_within(instrument.total, at_session[0].session, mean, mean - width * sd, mean + width * sd))
    return ExpectedRange(tuple(points), BAND_COVERAGE, provisional=False, relationships=fit.n_relationships)
