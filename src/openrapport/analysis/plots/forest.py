"""A forest plot: each study's correlation with its interval, and the pooled one below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.meta import MetaAnalysis
from openrapport.analysis.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StudyLine:
    """One study as drawn. `weight` is its share of the pooled estimate, 0 to 1."""

    name: str
    r: float
    low: float
    high: float
    n: float
    weight: float


def study_lines(
    found: MetaAnalysis, r: Sequence[float] | Floats, n: Sequence[float] | Floats, studies: Sequence[str]
) -> tuple[StudyLine, ...]:
    """Each study's interval through Fisher's z at the level of the pooled one, and its weight 1 / (v + tau2).

    Raises ValueError when the studies are not those that were pooled.

    >>> from openrapport.analysis.meta import meta
    >>> lines = study_lines(meta([0.2, 0.4], [53, 53], "dl"), [0.2, 0.4], [53, 53], ["A", "B"])
    >>> round(lines[0].low, 3), round(lines[0].high, 3), lines[0].weight
    (-0.074, 0.446, 0.5)
    """
    from scipy.special import ndtri

    if not len(r) == len(n) == len(studies) == found.k or float(np.sum(n)) != found.n:
        raise ValueError(f"Give r, n and a name for each of the {found.k} studies that were pooled.")
    variance = 1 / (np.asarray(n, dtype=float) - 3)
    weights = 1 / (variance + found.tau2)
    reach = float(ndtri((1 + found.level) / 2)) * np.sqrt(variance)
    z = np.arctanh(np.asarray(r, dtype=float))
    return tuple(
        StudyLine(str(name), math.tanh(z[i]), math.tanh(z[i] - reach[i]), math.tanh(z[i] + reach[i]), float(n[i]), w)
        for i, (name, w) in enumerate(zip(studies, (weights / weights.sum()).tolist(), strict=True))
    )


def draw_forest(
    found: MetaAnalysis,
    r: Sequence[float] | Floats,
    n: Sequence[float] | Floats,
    studies: Sequence[str],
    *,
    x: str = "Correlation (r)",
    title: str | None = None,
) -> Figure:
    """A square for each study, its area its weight; a diamond for the pooled correlation; a bar for a further study."""
    lines = study_lines(found, r, n, studies)
    figure, axes = style.blank(7.6, 1.9 + 0.34 * (len(lines) + 2), title=title)
    axes.grid(visible=False)
    axes.axvline(0, color=style.QUIET, linewidth=style.THIN)
    axes.axvline(found.estimate, color=style.SCORE, linewidth=style.THIN, linestyle=(0, (3, 3)))
    _numbers(axes, -1, "r", "from", "to")
    largest = max(line.weight for line in lines)
    for row, line in enumerate(lines):
        axes.plot([line.low, line.high], [row, row], color=style.INK, linewidth=style.LINE - 0.4, solid_capstyle="butt")
        size = 4 + 7 * math.sqrt(line.weight / largest)
        axes.plot([line.r], [row], marker="s", linestyle="none", markersize=size, color=style.INK)
        _numbers(axes, row, _written(line.r), _written(line.low), _written(line.high))
    pooled = len(lines) + 0.5
    _diamond(axes, found, pooled)
    _numbers(axes, pooled, _written(found.estimate), _written(found.low), _written(found.high), bold=True)
    names = [f"{line.name}  (n = {line.n:g})" for line in lines] + [f"Pooled  ({found.k} studies, n = {found.n:g})"]
    places = [*map(float, range(len(lines))), pooled]
    if found.prediction_low is not None and found.prediction_high is not None:
        axes.plot(
            [found.prediction_low, found.prediction_high],
            [pooled + 1] * 2,
            color=style.OTHER,
            linewidth=4.5,
            solid_capstyle="butt",
        )
        _numbers(axes, pooled + 1, "", _written(found.prediction_low), _written(found.prediction_high))
        names.append("One further study")
        places.append(pooled + 1)
    axes.axhline(len(lines) - 0.25, color=style.GRID, linewidth=1)
    axes.set_yticks(places, names, fontsize=style.SMALL, parse_math=False)
    axes.set_ylim(places[-1] + 0.7, -1.4)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    style.name_axes(axes, x=f"{x}, with {found.level:.0%} intervals", y="")
    return figure


def _diamond(axes: Axes, found: MetaAnalysis, row: float) -> None:
    axes.fill(
        [found.low, found.estimate, found.high, found.estimate], [row, row - 0.32, row, row + 0.32], color=style.SCORE
    )


def _numbers(axes: Axes, row: float, r: str, low: str, high: str, *, bold: bool = False) -> None:
    """The numbers of a row in columns at the right."""
    for words, right in ((r, 34), (low, 72), (high, 106)):
        axes.annotate(
            words,
            (1.0, row),
            xycoords=("axes fraction", "data"),
            xytext=(right, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=style.SMALL,
            fontweight="bold" if bold else "normal",
            color=style.INK,
            annotation_clip=False,
        )


def _signed(r: float) -> str:
    """A correlation without the zero in front: .28, -.05."""
    return f"{r:.2f}".replace("0.", ".", 1)


def _written(r: float) -> str:
    return _signed(r).replace("-", "\u2212")


def describe_forest(found: MetaAnalysis) -> str:
    """
    >>> from openrapport.analysis.meta import meta
    >>> describe_forest(meta([0.2, 0.3, 0.4], [80, 90, 100], "dl"))[:75]
    'Forest plot of 3 studies with 270 people: pooled r = .31 (95% interval .19 '
    """
    ahead = (
        ""
        if found.prediction_low is None or found.prediction_high is None
        else f"; a further study would lie from {_signed(found.prediction_low)} to {_signed(found.prediction_high)}"
    )
    return (
        f"Forest plot of {found.k} studies with {found.n:,.0f} people: pooled r = {_signed(found.estimate)} "
        f"({found.level:.0%} interval {_signed(found.low)} to {_signed(found.high)}), I squared {found.i2:.0f}%{ahead}."
    )
