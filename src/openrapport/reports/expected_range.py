"""The range to expect at each session: from the practice's own fit where there is one, else from the instrument."""

from collections.abc import Sequence
from dataclasses import dataclass

from openrapport.analysis.detector import BAND_COVERAGE, BandPoint, expected_band
from openrapport.analysis.expected_response import ExpectedPoint, expected_course
from openrapport.analysis.instrument import Instrument, Scale
from openrapport.reports.growth_fits import from_row
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.queries import FIRST_SESSION


@dataclass(frozen=True)
class ExpectedRange:
    """Where `coverage` of single scores are expected, and what that rests on.

    `relationships`: so many in this practice; None: the instrument's norms, assumed as long as they are `provisional`.
    `is_extended`: this course began outside what was seen in them. `lacks_start`: there is a fit, but no score of the
    first session to begin from.
    """

    points: tuple[BandPoint, ...]
    coverage: float
    provisional: bool
    relationships: int | None = None
    is_extended: bool = False
    lacks_start: bool = False


def expected_range(
    instrument: Instrument, sessions: Sequence[int], *, fit: StoredGrowthFit | None, start: float | None
) -> ExpectedRange | None:
    """For the instrument's main score. `start` is the score of the first session, None where none may be read.

    A fitted range begins after the first session and ends with the last one that at least five relationships reached.
    """
    if fit is not None and start is not None:
        return _from_fit(instrument.total, sessions, fit, start)
    band = expected_band(instrument, sessions, score=instrument.total.code)
    if band is None:
        return None
    return ExpectedRange(band.points, band.coverage, band.provisional, lacks_start=fit is not None)


def _from_fit(scale: Scale, sessions: Sequence[int], fit: StoredGrowthFit, start: float) -> ExpectedRange:
    points = points_of_fit(fit, sessions, start)
    return ExpectedRange(
        points=tuple(held_within(scale, one.session, one.expected, one.low, one.high) for one in points),
        coverage=BAND_COVERAGE,
        provisional=False,
        relationships=fit.n_relationships,
        is_extended=any(one.extrapolated for one in points),
    )


def points_of_fit(fit: StoredGrowthFit, sessions: Sequence[int], start: float) -> tuple[ExpectedPoint, ...]:
    """What the fit expects of one relationship at those of the sessions that it can speak about."""
    seen = [session for session in sessions if FIRST_SESSION < session <= fit.last_session]
    return expected_course(from_row(fit), start, coverage=BAND_COVERAGE, sessions=seen)


def held_within(scale: Scale, session: int, mean: float, low: float, high: float) -> BandPoint:
    """No range leaves the scale people answer on."""
    mean, low, high = (min(max(value, scale.minimum), scale.maximum) for value in (mean, low, high))
    return BandPoint(session, mean, low, high)
