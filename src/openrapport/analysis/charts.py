"""Control charts: where the limits lie and what a series of standardised scores adds up to. Shewhart, EWMA, CUSUM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Expected range of two independent normal values, in standard deviations (d2 for n = 2): 1.128.
RANGE_OF_TWO = 2 / math.sqrt(math.pi)


@dataclass(frozen=True, slots=True)
class IndividualsChart:
    """Centre and limits of a chart of single values (XmR), in score units."""

    centre: float
    mean_moving_range: float
    sigma: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class EwmaChart:
    """Exponentially weighted moving average of standardised values, with exact (widening) limits for each."""

    values: Floats
    limits: Floats
    low: NDArray[np.bool_]
    high: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CusumChart:
    """Two one-sided cumulative sums of standardised values; each signals above `decision`."""

    downward: Floats
    upward: Floats
    decision: float
    low: NDArray[np.bool_]
    high: NDArray[np.bool_]


def individuals_chart(values: Sequence[float] | Floats, *, sigmas: float) -> IndividualsChart:
    """Limits `sigmas` away from the mean, sigma being the mean moving range over d2 (Shewhart 1931; Wheeler 1993).

    Raises ValueError with fewer than two values, or one that is missing.
    """
    numbers = _numbers(values)
    if len(numbers) < 2:
        raise ValueError("An individuals chart takes at least two values.")
    moving_range = float(np.abs(np.diff(numbers)).mean())
    sigma = moving_range / RANGE_OF_TWO
    centre = float(numbers.mean())
    return IndividualsChart(centre, moving_range, sigma, centre - sigmas * sigma, centre + sigmas * sigma)


def _numbers(values: Sequence[float] | Floats) -> Floats:
    """A chart has no place for a missing value: with one it would stay silent, or say nothing true."""
    numbers = np.asarray(values, dtype=float)
    if not np.isfinite(numbers).all():
        raise ValueError("A chart takes numbers only: leave missing values out first.")
    return numbers


def ewma_limit(count: Floats | float, *, weight: float, width: float) -> Floats:
    """Half width of the limits after `count` values of unit variance (Roberts 1959)."""
    return np.asarray(width * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * np.asarray(count)))))


def ewma_chart(z: Sequence[float] | Floats, *, weight: float, width: float) -> EwmaChart:
    """`z` are standardised (mean 0, SD 1 in control); `weight` is lambda, `width` is L."""
    if not 0 < weight <= 1:
        raise ValueError("The weight of an EWMA lies above 0 and is at most 1.")
    values = np.empty(len(z))
    average = 0.0
    for index, value in enumerate(_numbers(z)):
        average = weight * float(value) + (1 - weight) * average
        values[index] = average
    limits = ewma_limit(np.arange(1.0, len(z) + 1), weight=weight, width=width)
    return EwmaChart(values=values, limits=limits, low=values < -limits, high=values > limits)


def cusum_chart(z: Sequence[float] | Floats, *, allowance: float, decision: float) -> CusumChart:
    """`allowance` is k, `decision` is h, both in standard deviations (Page 1954)."""
    downward, upward = np.empty(len(z)), np.empty(len(z))
    down = up = 0.0
    for index, value in enumerate(_numbers(z)):
        down = max(0.0, down - float(value) - allowance)
        up = max(0.0, up + float(value) - allowance)
        downward[index], upward[index] = down, up
    return CusumChart(downward, upward, decision, low=downward > decision, high=upward > decision)
