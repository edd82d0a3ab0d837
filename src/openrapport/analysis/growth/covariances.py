"""Between a covariance matrix and the standard deviations and correlations that a result holds."""

from __future__ import annotations

import math

import numpy as np

from openrapport.analysis.growth.result import GrowthFit, RandomEffects
from openrapport.analysis.growth.small_matrices import Floats

# A correlation closer to 1 than this is 1 but for rounding.
_ONE = 1 - 1e-12


def effects_of(names: tuple[str, ...], covariance: Floats) -> RandomEffects:
    """`covariance` (q, q) as standard deviations and correlations."""
    sd = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    return RandomEffects(
        names=names,
        sd={name: float(value) for name, value in zip(names, sd, strict=True)},
        corr=tuple(tuple(_correlation(covariance, sd, i, j) for j in range(len(names))) for i in range(len(names))),
    )


def _correlation(covariance: Floats, sd: Floats, i: int, j: int) -> float | None:
    if sd[i] == 0 or sd[j] == 0:
        return None
    correlation = 1.0 if i == j else float(covariance[i, j] / (sd[i] * sd[j]))
    return math.copysign(1.0, correlation) if abs(correlation) > _ONE else correlation


def covariance_of(fit: GrowthFit, group: str) -> Floats:
    """The covariance matrix of a group's random effects, (q, q), in outcome units squared.

    Raises ValueError when the fit has no such group.
    """
    if group not in fit.random:
        raise ValueError(f"The fit has no random effects by {group}; it has them by {', '.join(fit.random)}.")
    effects = fit.random[group]
    sd = np.array([effects.sd[name] for name in effects.names])
    corr = np.array([[0.0 if value is None else value for value in row] for row in effects.corr])
    return np.asarray(corr * np.outer(sd, sd))
