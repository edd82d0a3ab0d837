"""How long a control chart runs, on average, until it signals: in control (a false alarm) or after a lasting shift.

For independent normal values of known mean and SD on an endless scale; for real scores see `calibration`. EWMA and
CUSUM by their integral equation (Page 1954; Crowder 1987), solved at Gauss-Legendre points (Nystrom), which agrees
with the Markov chain of Brook & Evans 1972 as its states grow many.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.charts import ewma_limit

Floats = NDArray[np.float64]
# "one" watches the lower side only (a drop), "two" both.
Sides: TypeAlias = Literal["one", "two"]
# "fixed": the EWMA's limits are those of a chart that has run for long, from the first value on. "widening": exact
# limits, narrow at first, as the variance of the average grows.
Limits: TypeAlias = Literal["fixed", "widening"]

# Integration points for each SD of the kernel: more do not change the ninth digit.
_POINTS_PER_SD = 6
_FEWEST_POINTS, _MOST_POINTS = 48, 800
# A one-sided EWMA has no end upward; beyond this many SDs it practically never is.
_ENDLESS = 9.0
# Widening limits count as settled when this share of their variance is still to come.
_SETTLED = 1e-13
# Run lengths above this cannot be told from never: the equations are too near singular.
LONGEST = 1e11
LONGEST_SOLVED = 1e8


@dataclass(frozen=True, slots=True)
class Shewhart:
    """Signals at a value `sigmas` SDs or more from the centre."""

    sigmas: float
    sides: Sides

    def __post_init__(self) -> None:
        _positive("sigmas", self.sigmas)
        _known_sides(self.sides)


@dataclass(frozen=True, slots=True)
class Ewma:
    """`weight` is lambda, `width` L in SDs of the average. Starts at the centre (zero state)."""

    weight: float
    width: float
    sides: Sides
    limits: Limits

    def __post_init__(self) -> None:
        _positive("width", self.width)
        _known_sides(self.sides)
        if not 0.01 <= self.weight <= 1:
            raise ValueError("An EWMA's weight is at least 0.01 and at most 1.")
        if self.limits not in ("fixed", "widening"):
            raise ValueError("An EWMA's limits are 'fixed' or 'widening'.")


@dataclass(frozen=True, slots=True)
class Cusum:
    """`allowance` is k, `decision` h, in SDs. Starts at 0; "two" is one sum for each side."""

    allowance: float
    decision: float
    sides: Sides

    def __post_init__(self) -> None:
        _positive("decision", self.decision)
        _known_sides(self.sides)
        if not (math.isfinite(self.allowance) and self.allowance >= 0):
            raise ValueError("A CUSUM's allowance is 0 or more.")


Chart: TypeAlias = Shewhart | Ewma | Cusum


@dataclass(frozen=True, slots=True)
class RunLength:
    """`average` is the mean number of values up to and with the one that signals; `shift` in SDs, downward."""

    average: float
    shift: float
    chart: Chart

    def __float__(self) -> float:
        return self.average


def run_length(chart: Chart, *, shift: float = 0.0) -> RunLength:
    """Average run length of a chart over values from N(-shift, 1), the shift there from the first value on.

    A positive `shift` (in SDs) is a drop, towards the side a one-sided chart watches. Zero state: the chart has just
    been started. Raises ValueError for a shift that is not finite.

    >>> round(run_length(Shewhart(sigmas=3, sides="two")).average, 2)
    370.4
    >>> round(run_length(Cusum(allowance=0.5, decision=4, sides="one")).average, 2)
    335.37
    >>> round(run_length(Cusum(allowance=0.5, decision=4, sides="two"), shift=1).average, 2)
    8.38
    """
    if not math.isfinite(shift):
        raise ValueError("A shift is a finite number of SDs.")
    average = _average(chart, shift)
    if not average < LONGEST:
        raise ValueError(f"This chart runs longer than {LONGEST:g} values on average: in practice it never signals.")
    return RunLength(average=average, shift=shift, chart=chart)


def _average(chart: Chart, shift: float = 0.0) -> float:
    if isinstance(chart, Shewhart):
        return _shewhart(chart, shift)
    if isinstance(chart, Cusum):
        return _cusum(chart, shift)
    if chart.weight == 1:  # every value its own average
        return _shewhart(Shewhart(chart.width, chart.sides), shift)
    return _ewma(chart, shift)


def decision_for(*, run_length: float, allowance: float, sides: Sides = "one") -> float:
    """The decision h that gives a CUSUM this average run length in control.

    >>> round(decision_for(run_length=370, allowance=0.5), 3)
    4.095
    """
    return _solved(lambda decision: Cusum(allowance, decision, sides), run_length)


def width_for(*, run_length: float, weight: float, sides: Sides, limits: Limits) -> float:
    """The width L that gives an EWMA this average run length in control.

    >>> round(width_for(run_length=370, weight=0.2, sides="two", limits="fixed"), 3)
    2.859
    """

    return _solved(lambda width: Ewma(weight, width, sides, limits), run_length)


def sigmas_for(*, run_length: float, sides: Sides) -> float:
    """The limits of a Shewhart chart with this average run length in control.

    >>> round(sigmas_for(run_length=370.398, sides="two"), 4)
    3.0
    """
    return _solved(lambda sigmas: Shewhart(sigmas, sides), run_length)


def _shewhart(chart: Shewhart, shift: float) -> float:
    beyond = _cdf(shift - chart.sigmas)
    if chart.sides == "two":
        beyond += _cdf(-shift - chart.sigmas)
    return 1 / float(beyond) if beyond > 0 else math.inf


def _cusum(chart: Cusum, shift: float) -> float:
    downward = _one_sided_cusum(chart.allowance, chart.decision, shift)
    if chart.sides == "one":
        return downward
    # When one sum signals the other stands at 0, so their rates add up (van Dobben de Bruyn 1968).
    return 1 / (1 / downward + 1 / _one_sided_cusum(chart.allowance, chart.decision, -shift))


def _one_sided_cusum(allowance: float, decision: float, shift: float) -> float:
    """L(u) = 1 + L(0) Phi(k - u - shift) + integral over 0..h of L(y) phi(y + k - u - shift) dy; here L(0)."""
    points, weights = _gauss_legendre(0.0, decision, kernel_sd=1.0)
    states = np.append(0.0, points)
    step = np.empty((len(states), len(states)))
    step[:, 0] = _cdf(allowance - states - shift)
    step[:, 1:] = weights * _density(points[None, :] + allowance - states[:, None] - shift)
    return float(_solve(np.eye(len(states)) - step)[0])


def _ewma(chart: Ewma, shift: float) -> float:
    """L(u) = 1 + integral within the limits of L(y) phi((y - (1 - w)u)/w + shift)/w dy, the average u starting at 0.

    With widening limits L depends on the count as well: solved backward from where the limits no longer grow.
    """
    weight, width = chart.weight, chart.width
    limit = float(ewma_limit(np.inf, weight=weight, width=width))
    # Where the average stays after long, nearly always; beyond it a one-sided chart need not look.
    upper = limit if chart.sides == "two" else max(0.0, -shift) + _ENDLESS * limit / width

    def expected(states: Floats, points: Floats, weights: Floats, later: Floats) -> Floats:
        return np.asarray(1 + _ewma_step(states, points, weights, weight, shift) @ later)

    points, weights = _gauss_legendre(-limit, upper, kernel_sd=weight)
    step = _ewma_step(points, points, weights, weight, shift)
    later = _solve(np.eye(len(points)) - step)
    if np.isinf(later[0]):
        return math.inf
    counts = range(math.ceil(math.log(_SETTLED) / (2 * math.log1p(-weight))), 0, -1)
    for count in counts if chart.limits == "widening" else ():
        narrower = float(ewma_limit(float(count), weight=weight, width=width))
        ends = (-narrower, narrower if chart.sides == "two" else upper)
        inside, inside_weights = _gauss_legendre(*ends, kernel_sd=weight, count=len(points))
        later = expected(inside, points, weights, later)
        points, weights = inside, inside_weights
    return float(expected(np.zeros(1), points, weights, later)[0])


def _ewma_step(states: Floats, points: Floats, weights: Floats, weight: float, shift: float) -> Floats:
    moved = (points[None, :] - (1 - weight) * states[:, None]) / weight + shift
    return np.asarray(weights * _density(moved) / weight)


def _solve(matrix: Floats) -> Floats:
    """x of `matrix` x = 1; infinite where the chart practically never signals and no digit would be right."""
    try:
        found = np.linalg.solve(matrix, np.ones(len(matrix)))
    except np.linalg.LinAlgError:
        return np.full(len(matrix), np.inf)
    never = found.min() <= 0 or found.max() >= LONGEST
    return np.full(len(matrix), np.inf) if never else np.asarray(found, dtype=float)


def _gauss_legendre(low: float, high: float, *, kernel_sd: float, count: int | None = None) -> tuple[Floats, Floats]:
    wanted = math.ceil(_POINTS_PER_SD * (high - low) / kernel_sd) if count is None else count
    points, weights = _on_unit(min(max(wanted, _FEWEST_POINTS), _MOST_POINTS))
    half = (high - low) / 2
    return low + half * (points + 1), half * weights


@cache
def _on_unit(count: int) -> tuple[Floats, Floats]:
    points, weights = np.polynomial.legendre.leggauss(count)
    return points, weights


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))


def _cdf(z: Floats | float) -> Floats:
    from scipy.special import ndtr  # here, so that importing the library stays quick

    return np.asarray(ndtr(z))


def _solved(chart_of: Callable[[float], Chart], run_length: float) -> float:
    """The parameter of the chart that runs `run_length` values on average in control; it grows with the parameter."""
    from scipy.optimize import brentq

    if not 1 < run_length <= LONGEST_SOLVED:
        raise ValueError(f"A run length to solve for lies above 1 and at most {LONGEST_SOLVED:g}.")
    low, high = 1e-6, 1.0
    if _average(chart_of(low)) >= run_length:
        raise ValueError(f"Even the narrowest such chart runs longer than {run_length:g} values on average.")
    while _average(chart_of(high)) < run_length:
        high *= 1.1
    return float(brentq(lambda value: math.log(_average(chart_of(value)) / run_length), low, high, xtol=1e-10))


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"A chart needs {name} above 0.")


def _known_sides(sides: str) -> None:
    if sides not in ("one", "two"):
        raise ValueError("A chart watches 'one' side or 'two'.")
