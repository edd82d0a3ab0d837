"""Percentile intervals by drawing people again and again, with a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A bootstrap with more useless draws than this share (an item constant by chance) is refused.
MOST_USELESS = 0.05
FEWEST_SAMPLES = 100


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Ends of a percentile interval over `samples` draws of people; `useless` draws had an item without spread."""

    low: float
    high: float
    samples: int
    useless: int
    seed: int


def percentile_bootstrap(
    table: Floats,
    statistic: Callable[[Floats], float],
    level: float,
    samples: int | None,
    seed: int | None,
    tell: Callable[[int, int], None] | None = None,
) -> Bootstrap | None:
    """Draw rows of `table` with replacement (Efron & Tibshirani 1993); None when no samples are asked for.

    A draw with a column that never varies, or for which `statistic` raises ValueError, is useless and left out. `tell`
    hears how many of how many draws are done.
    Raises ValueError without a seed, with too few samples, or when too many draws are useless.
    """
    if samples is None:
        return None
    if seed is None or samples < FEWEST_SAMPLES:
        raise ValueError(f"A bootstrap needs a seed, and at least {FEWEST_SAMPLES} samples.")
    rng = np.random.default_rng(seed)
    found = []
    for done in range(samples):
        if tell is not None:
            tell(done, samples)
        drawn = table[rng.integers(0, len(table), len(table))]
        if np.ptp(drawn, axis=0).all():
            try:
                found.append(statistic(drawn))
            except ValueError:
                continue
    useless = samples - len(found)
    if useless > MOST_USELESS * samples:
        raise ValueError(f"{useless} of {samples} bootstrap draws had items without spread: too few people for it.")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Bootstrap(float(low), float(high), samples, useless, seed)
