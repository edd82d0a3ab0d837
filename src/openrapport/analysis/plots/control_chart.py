"""Control charts: single scores between their limits, and moving averages of surprises between theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.charts import EwmaChart, IndividualsChart
from openrapport.analysis.plots import style
from openrapport.analysis.plots.style import counted, spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


def draw_individuals(
    chart: IndividualsChart,
    values: Sequence[float] | Floats,
    *,
    score: str,
    session: str = "Session",
    sessions: Sequence[float] | None = None,
    title: str | None = None,
) -> Figure:
    """The scores the chart was made of, its centre and its limits. `sessions` default to 1, 2, 3, ...

    Raises ValueError when values and sessions differ in number.
    """
    numbers = np.asarray(values, dtype=float)
    at = _sessions(sessions, len(numbers))
    figure, axes = style.blank(title=title)
    axes.axhspan(chart.lower, chart.upper, color=style.BAND, linewidth=0, zorder=0.5)
    axes.axhline(chart.centre, color=style.QUIET, linewidth=style.THIN, linestyle="--")
    for limit in (chart.lower, chart.upper):
        axes.axhline(limit, color=style.ALERT, linewidth=style.THIN)
    _plot(axes, at, numbers, outside=_outside(chart, numbers), label="Score")
    _name_lines(axes, {"upper limit": chart.upper, "centre": chart.centre, "lower limit": chart.lower})
    style.whole_numbers_below(axes)
    style.name_axes(axes, x=session, y=score)
    style.key_above(axes)
    return figure


def describe_individuals(chart: IndividualsChart, values: Sequence[float] | Floats) -> str:
    """
    >>> from openrapport.analysis.charts import individuals_chart
    >>> describe_individuals(individuals_chart([5, 6, 5, 6], sigmas=3), [5, 6, 5, 6])
    'Individuals chart of 4 scores around 5.5, limits 2.84 and 8.16: no score lies beyond them.'
    """
    numbers = np.asarray(values, dtype=float)
    beyond = int(_outside(chart, numbers).sum())
    return (
        f"Individuals chart of {counted(len(numbers), 'score', 'scores')} around {spoken(chart.centre)}, limits "
        f"{spoken(chart.lower)} and {spoken(chart.upper)}: {_beyond(beyond, 'score', 'scores')}."
    )


def draw_ewma(
    chart: EwmaChart, *, session: str = "Session", sessions: Sequence[float] | None = None, title: str | None = None
) -> Figure:
    """Moving averages of standardised scores between limits that widen until they are constant."""
    at = _sessions(sessions, len(chart.values))
    figure, axes = style.blank(title=title)
    axes.fill_between(at, -chart.limits, chart.limits, color=style.BAND, linewidth=0, zorder=0.5, step="mid")
    axes.axhline(0, color=style.QUIET, linewidth=style.THIN, linestyle="--")
    for sign in (-1, 1):
        axes.step(at, sign * chart.limits, where="mid", color=style.ALERT, linewidth=style.THIN)
    _plot(axes, at, chart.values, outside=chart.low | chart.high, label="Moving average")
    if len(at):
        last = float(chart.limits[-1])
        _name_lines(axes, {"upper limit": last, "as expected": 0.0, "lower limit": -last})
    style.whole_numbers_below(axes)
    style.name_axes(axes, x=session, y="Weighted average of surprises (SDs)")
    style.key_above(axes)
    return figure


def describe_ewma(chart: EwmaChart) -> str:
    """
    >>> from openrapport.analysis.charts import ewma_chart
    >>> describe_ewma(ewma_chart([0.0, 0.5, -6.0], weight=0.2, width=2.859))
    'EWMA chart of 3 moving averages, limits 0.82 SDs either way at the end: 1 average lies beyond them.'
    """
    beyond = int((chart.low | chart.high).sum())
    last = spoken(float(chart.limits[-1])) if len(chart.limits) else "0"
    return (
        f"EWMA chart of {counted(len(chart.values), 'moving average', 'moving averages')}, limits {last} SDs either "
        f"way at the end: {_beyond(beyond, 'average', 'averages')}."
    )


def _outside(chart: IndividualsChart, values: Floats) -> NDArray[np.bool_]:
    return (values < chart.lower) | (values > chart.upper)


def _beyond(count: int, one: str, many: str) -> str:
    if not count:
        return f"no {one} lies beyond them"
    return f"{counted(count, one, many)} {'lies' if count == 1 else 'lie'} beyond them"


def _sessions(sessions: Sequence[float] | None, count: int) -> Floats:
    at = np.arange(1.0, count + 1) if sessions is None else np.asarray(sessions, dtype=float)
    if len(at) != count:
        raise ValueError(f"Give one session for each value: there are {len(at)} sessions and {count} values.")
    return at


def _plot(axes: Axes, at: Floats, values: Floats, *, outside: NDArray[np.bool_], label: str) -> None:
    axes.plot(
        at,
        values,
        color=style.SCORE,
        linewidth=style.LINE,
        marker="o",
        markersize=style.MARKER,
        markeredgecolor=style.PAPER,
        label=label,
        zorder=3,
    )
    if outside.any():
        axes.plot(
            at[outside],
            values[outside],
            color=style.ALERT,
            linestyle="none",
            marker="D",
            markersize=style.MARKER + 1,
            markeredgecolor=style.PAPER,
            label="Beyond a limit",
            zorder=4,
        )


def _name_lines(axes: Axes, lines: dict[str, float]) -> None:
    """Each line's name and height at its right end."""
    for name, height in lines.items():
        axes.annotate(
            f"{name} {style.written(height)}",
            (1.0, height),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.INK,
            annotation_clip=False,
        )
