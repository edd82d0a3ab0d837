"""The course to expect with its band, over the courses it was learnt from; and how scores spread over their scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.expected_response import ExpectedPoint
from openrapport.analysis.growth.bands import CourseBand
from openrapport.analysis.plots import style
from openrapport.analysis.plots.style import counted, spoken
from openrapport.analysis.scan import Courses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

# More lines than this are a grey cloud.
MOST_COURSES = 24
_BINS, _MOST_BARS = 30, 70


def draw_expected(
    points: Sequence[ExpectedPoint],
    *,
    score: str,
    coverage: float,
    session: str = "Session",
    courses: Courses | None = None,
    scale: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """The expected course of one intake score. `courses`: up to 24 of them, evenly chosen, are drawn faintly below.
    `scale`: the ends of the scale, beyond which nothing is drawn.
    """
    at = np.array([float(point.session) for point in points])
    ends = ([point.low for point in points], [point.high for point in points])
    return _draw(at, [point.expected for point in points], ends, score, session, coverage, courses, scale, title)


def draw_course_band(
    band: CourseBand,
    at: Sequence[float] | Floats,
    *,
    score: str,
    session: str = "Session",
    courses: Courses | None = None,
    scale: tuple[float, float] | None = None,
    title: str | None = None,
) -> Figure:
    """The expected course of a new client from a growth fit; `at` are the sessions or days of the band's points."""
    when = np.asarray(at, dtype=float)
    if len(when) != len(band.expected):
        raise ValueError(f"The band has {len(band.expected)} points; `at` has {len(when)}.")
    ends = (band.score_low.tolist(), band.score_high.tolist())
    return _draw(when, band.expected.tolist(), ends, score, session, band.level, courses, scale, title)


def _draw(
    at: Floats,
    expected: list[float],
    ends: tuple[list[float], list[float]],
    score: str,
    session: str,
    coverage: float,
    courses: Courses | None,
    scale: tuple[float, float] | None,
    title: str | None,
) -> Figure:
    figure, axes = style.blank(title=title)
    label = f"{coverage:.0%} of single scores"
    axes.fill_between(at, ends[0], ends[1], color=style.BAND, linewidth=0, zorder=0.5, label=label)
    if courses is not None:
        for number, person in enumerate(_chosen(courses)):
            begin = courses.first[person]
            rows = slice(begin, begin + courses.lengths[person])
            axes.plot(
                courses.sessions[rows],
                courses.scores[rows],
                color=style.MANY,
                linewidth=0.8,
                zorder=1,
                label=None if number else "Some of the clients",
            )
    axes.plot(at, expected, color=style.SCORE, linewidth=style.LINE + 0.6, label="Expected", zorder=3)
    if len(at) > 1:
        axes.set_xlim(at.min() - 0.01 * np.ptp(at), at.max() + 0.01 * np.ptp(at))
    style.hold_within(axes, scale)
    style.whole_numbers_below(axes)
    style.name_axes(axes, x=session, y=score)
    style.key_above(axes)
    return figure


def _chosen(courses: Courses) -> list[int]:
    """People evenly spread over the table, so that the choice owes nothing to their scores."""
    people = len(courses.clients)
    if people <= MOST_COURSES:
        return list(range(people))
    return [int(place) for place in np.linspace(0, people - 1, MOST_COURSES)]


def describe_expected(points: Sequence[ExpectedPoint], *, coverage: float) -> str:
    """
    >>> ends = [ExpectedPoint(1, 20.0, 12.0, 28.0, 6.2, False), ExpectedPoint(9, 14.0, 5.5, 22.5, 6.6, False)]
    >>> describe_expected(ends, coverage=0.8)
    'Expected course from 20 at 1 (80% of scores from 12 to 28) to 14 at 9 (80% of scores from 5.5 to 22.5).'
    """
    first, last = points[0], points[-1]
    said = [
        f"{spoken(one.expected)} at {one.session} "
        f"({coverage:.0%} of scores from {spoken(one.low)} to {spoken(one.high)})"
        for one in (first, last)
    ]
    return f"Expected course from {said[0]} to {said[1]}."


def describe_course_band(band: CourseBand, at: Sequence[float] | Floats) -> str:
    said = [
        f"{spoken(band.expected[i])} at {spoken(float(at[i]))} ({band.level:.0%} of scores from "
        f"{spoken(band.score_low[i])} to {spoken(band.score_high[i])})"
        for i in (0, -1)
    ]
    return f"Expected course from {said[0]} to {said[1]}."


def draw_spread(
    scores: Sequence[float] | Floats, *, score: str, best: float | None = None, title: str | None = None
) -> Figure:
    """How many scores lie where. The bar at the best end, when there is one, stands out and has a pattern.

    Whole scores get a bar each, up to 70 of them. Raises ValueError without scores.
    """
    numbers = np.asarray(scores, dtype=float)
    if not len(numbers):
        raise ValueError("There are no scores to draw.")
    counts, edges = np.histogram(numbers, bins=_edges(numbers))
    figure, axes = style.blank(height=3.4, title=title)
    bars = axes.bar(
        edges[:-1], counts, np.diff(edges), align="edge", color=style.SCORE, edgecolor=style.PAPER, linewidth=0.8
    )
    place = None if best is None else int(np.clip(np.searchsorted(edges, best, side="right") - 1, 0, len(counts) - 1))
    if place is not None and best is not None and edges[0] <= best <= edges[-1] and counts[place]:
        alone = bool((numbers[(numbers >= edges[place]) & (numbers <= edges[place + 1])] == best).all())
        bars[place].set(
            facecolor=style.ALERT, hatch="//", label=f"{'At' if alone else 'Near'} the best end ({spoken(best)})"
        )
    style.name_axes(axes, x=score, y="Number of scores")
    style.key_above(axes)
    return figure


def _edges(numbers: Floats) -> Floats:
    low, high = float(numbers.min()), float(numbers.max())
    if (numbers == np.round(numbers)).all():
        width = 1 if high - low < _MOST_BARS else int(np.ceil((high - low + 1) / _BINS))
        return np.arange(low - 0.5, high + width + 0.5, width)
    return np.linspace(low, high, _BINS + 1)


def describe_spread(scores: Sequence[float] | Floats, *, best: float | None = None) -> str:
    """
    >>> describe_spread([7, 8, 10, 10], best=10)
    'Spread of 4 scores: middle half from 7.75 to 10, median 9; 50.0% at the best end.'
    """
    numbers = np.asarray(scores, dtype=float)
    low, middle, high = (spoken(float(q)) for q in np.quantile(numbers, [0.25, 0.5, 0.75]))
    end = "" if best is None else f"; {float((numbers == best).mean()):.1%} at the best end"
    total = counted(len(numbers), "score", "scores")
    return f"Spread of {total}: middle half from {low} to {high}, median {middle}{end}."
