"""Variances between studies, from effects `y` with known sampling variances `v`: two levels and three levels.

The effects may be on any scale (Fisher's z, d, log odds). Everything here is maximum likelihood or moments; nothing
is drawn at random.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# A variance below this share of the typical sampling variance cannot be told from zero in double precision.
NEGLIGIBLE = 1e-9

# The restricted likelihood can have two tops: so many starting points, spread evenly on a log scale.
STARTING_POINTS = 60


@dataclass(frozen=True, slots=True)
class Pooled:
    """The weighted mean effect and its variance when studies differ by `tau2`."""

    mean: float
    variance: float


def pool(y: Floats, v: Floats, tau2: float) -> Pooled:
    """Inverse-variance mean of `y` with variances v + tau2."""
    weights = 1 / (v + tau2)
    total = float(weights.sum())
    return Pooled(mean=float((weights * y).sum()) / total, variance=1 / total)


def q_at(y: Floats, v: Floats, tau2: float) -> float:
    """Cochran's Q with variances v + tau2; falls as tau2 grows."""
    weights = 1 / (v + tau2)
    mean = (weights * y).sum() / weights.sum()
    return float((weights * (y - mean) ** 2).sum())


def two_sided(statistic: float, df: int | None) -> float:
    """Chance of a statistic at least this far from zero: t with `df` degrees of freedom, normal when None."""
    from scipy.special import ndtr, stdtr

    return float(2 * (ndtr(-abs(statistic)) if df is None else stdtr(df, -abs(statistic))))


def chi2_above(value: float, df: int) -> float:
    """Chance of a chi-square at least this large."""
    from scipy.special import chdtrc

    return float(chdtrc(df, value))


def typical_variance(v: Floats) -> float:
    """The sampling variance of a typical study (Higgins & Thompson 2002)."""
    weights = 1 / v
    return float((len(v) - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum()))


def tau2_moments(y: Floats, v: Floats) -> float:
    """DerSimonian & Laird 1986. Zero where Q is smaller than its degrees of freedom."""
    weights = 1 / v
    surplus = q_at(y, v, 0.0) - (len(y) - 1)
    return max(0.0, surplus / float(weights.sum() - (weights**2).sum() / weights.sum()))


def restricted_deviance(y: Floats, v: Floats, tau2: float) -> float:
    """-2 log restricted likelihood without its constant."""
    weights = 1 / (v + tau2)
    return float(np.log(v + tau2).sum() + math.log(weights.sum()) + q_at(y, v, tau2))


def _slope(y: Floats, v: Floats, tau2: float) -> float:
    """Derivative of the restricted deviance by tau2."""
    weights = 1 / (v + tau2)
    total = weights.sum()
    mean = (weights * y).sum() / total
    return float(total - (weights**2).sum() / total - (weights**2 * (y - mean) ** 2).sum())


def tau2_restricted(y: Floats, v: Floats) -> float:
    """REML (Viechtbauer 2005): the lowest restricted deviance over tau2 >= 0, wherever it lies."""
    from scipy.optimize import brentq

    most = 4 * (float(y.max() - y.min()) ** 2 + float(v.max()))
    grid = np.concatenate([[0.0], np.geomspace(NEGLIGIBLE * float(v.min()), most, STARTING_POINTS)])
    slopes = [_slope(y, v, tau2) for tau2 in grid]
    lows = [0.0] if slopes[0] >= 0 else []
    for left, right, before, after in zip(grid, grid[1:], slopes, slopes[1:], strict=False):
        if before < 0 <= after:
            lows.append(float(brentq(lambda tau2: _slope(y, v, tau2), left, right, xtol=1e-15, rtol=1e-14)))
    return min(lows, key=lambda tau2: restricted_deviance(y, v, tau2))


def tau2_interval(y: Floats, v: Floats, level: float) -> tuple[float, float]:
    """Q-profile interval (Viechtbauer 2007): every tau2 at which Q is neither surprisingly large nor small."""
    from scipy.optimize import brentq
    from scipy.stats import chi2

    def reaches(quantile: float) -> float:
        target = float(chi2.ppf(quantile, len(y) - 1))
        if q_at(y, v, 0.0) <= target:
            return 0.0
        high = float(v.max())
        while q_at(y, v, high) > target:
            high *= 2
        return float(brentq(lambda tau2: q_at(y, v, tau2) - target, 0.0, high, xtol=1e-15, rtol=1e-14))

    return reaches((1 + level) / 2), reaches((1 - level) / 2)


@dataclass(frozen=True, slots=True)
class ThreeLevels:
    """`between` is the variance of studies, `within` of true effects inside one study, on the scale of the effects."""

    mean: float
    variance: float
    between: float
    within: float
    deviance: float
    converged: bool


def _nested(y: Floats, v: Floats, study: Integers, between: float, within: float) -> tuple[float, Floats, float, float]:
    """Restricted deviance, its gradient by (between, within), the mean and its variance.

    A study's covariance matrix is diag(v + within) + between 11'; with a = sum of 1 / (v + within) its inverse takes
    out between / (1 + between a) of the products of sums, so that sums by study are all that is needed.
    """
    d = 1 / (v + within)
    a, b, c = (np.bincount(study, weights=x) for x in (d, d * y, d * d))
    shrink = 1 / (1 + between * a)
    weight = float((a * shrink).sum())
    mean = float((b * shrink).sum()) / weight
    residual = y - mean
    r = np.bincount(study, weights=d * residual)
    deviance = float(-np.log(d).sum() - np.log(shrink).sum() + math.log(weight))
    deviance += float((d * residual**2).sum() - between * (r**2 * shrink).sum())
    # By each variance: trace(V^-1 dV), less the share of the mean, less white' dV white with white = V^-1 (y - mean).
    white = d * (residual - (between * shrink * r)[study])
    by_between = (a * shrink).sum() - ((a * shrink) ** 2).sum() / weight - ((r * shrink) ** 2).sum()
    inverse_trace = d.sum() - between * (c * shrink).sum()
    by_within = inverse_trace - float((c * shrink**2).sum()) / weight - (white**2).sum()
    return deviance, np.array([by_between, by_within], dtype=float), mean, 1 / weight


def three_levels(y: Floats, v: Floats, study: Integers) -> ThreeLevels:
    """REML with effects nested in studies (Konstantopoulos 2011). `study` numbers the studies 0, 1, ... without gaps.

    Minimises over between, within >= 0 from several starting points, and keeps the lowest.
    """
    from scipy.optimize import minimize

    scale = float(np.var(y)) + float(np.median(v))

    def objective(x: Floats) -> tuple[float, Floats]:
        deviance, gradient, _, _ = _nested(y, v, study, float(x[0]) * scale, float(x[1]) * scale)
        return deviance, gradient * scale

    found = [
        minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * 2, options=_EXACT)
        for start in ((0.5, 0.5), (0.05, 0.5), (0.5, 0.05), (0.01, 0.01))
    ]
    x, settled = _polish(min(found, key=lambda one: float(one.fun)).x, objective)
    between, within = float(x[0]) * scale, float(x[1]) * scale
    deviance, _, mean, variance = _nested(y, v, study, between, within)
    return ThreeLevels(mean, variance, between, within, deviance, settled)


_EXACT = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000, "maxls": 60}


def _polish(x: Floats, objective: Callable[[Floats], tuple[float, Floats]]) -> tuple[Floats, bool]:
    """Newton steps on the variances that are not zero; True when the slope ends flat, or inward at zero."""
    for _ in range(20):
        free = np.flatnonzero(x > NEGLIGIBLE)
        value, gradient = objective(x)
        if not len(free) or np.abs(gradient[free]).max() < 1e-9:
            break
        steps = 1e-5 * x[free]
        columns = []
        for index, step in zip(free, steps, strict=True):
            ahead, behind = x.copy(), x.copy()
            ahead[index] += step
            behind[index] -= step
            columns.append((objective(ahead)[1][free] - objective(behind)[1][free]) / (2 * step))
        hessian = (np.array(columns) + np.array(columns).T) / 2
        if np.linalg.eigvalsh(hessian)[0] <= 0:
            break
        moved = x.copy()
        moved[free] = np.maximum(x[free] - np.linalg.solve(hessian, gradient[free]), 0.0)
        if objective(moved)[0] > value + 1e-10:
            break
        x = moved
    x = np.where(x > NEGLIGIBLE, x, 0.0)
    gradient = objective(x)[1]
    flat = np.where(x > 0, np.abs(gradient), np.maximum(-gradient, 0.0))
    return x, bool(flat.max() < 1e-5)
