"""One grouping factor, one random intercept: ML and REML through a single number, the intraclass correlation.

`analysis.growth` fits larger models. Here the whole likelihood is a curve over the ICC, which is what an interval by
profile needs: y = X b + u_group + e, icc = tau2 / (tau2 + sigma2), theta = tau2 / sigma2 = icc / (1 - icc).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import refuse_redundant

Floats = NDArray[np.float64]
Method: TypeAlias = Literal["reml", "ml"]

# The curve is looked at here first, so that a second hump does not mislead the search between neighbours.
LOOK_AT = np.concatenate([[0.0], np.geomspace(1e-5, 0.5, 40), 1 - np.geomspace(0.4, 1e-6, 40)])
CLOSE_TO_ONE = 1 - 1e-9
# Share of the outcome's squares below which what is left within groups is rounding.
NOTHING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """All the likelihood needs: per group n (g,), sum x (g, p), sum y (g,); overall X'X, X'y, y'y."""

    n: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: float
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class RandomIntercept:
    """`coefficients` (p,), `covariance` (p, p), variances; `effects` (g,) shrunken, `errors` (g,) of their prediction.

    `bread` is (X'V^-1 X)^-1 without sigma2; `shrinkage` (g,) is n theta / (1 + n theta); `deviance` -2 log likelihood.
    """

    coefficients: Floats
    covariance: Floats
    between_variance: float
    within_variance: float
    icc: float
    deviance: float
    effects: Floats
    errors: Floats
    shrinkage: Floats
    bread: Floats
    method: Method


def sums_of(design: Floats, y: Floats, codes: NDArray[np.int64]) -> Sums:
    """One pass. `y` should be centred before (rounding)."""
    groups = int(codes.max()) + 1
    return Sums(
        n=np.bincount(codes, minlength=groups).astype(float),
        x=np.stack([np.bincount(codes, column, minlength=groups) for column in design.T], axis=1),
        y=np.bincount(codes, y, minlength=groups).astype(float),
        xx=design.T @ design,
        xy=design.T @ y,
        yy=float(y @ y),
        rows=len(y),
    )


def deviance_at(icc: float, sums: Sums, method: Method) -> float:
    """-2 log (restricted) likelihood with everything but the ICC at its best."""
    coefficients, inner, squares = _at(icc, sums)
    p = len(coefficients)
    freedom = sums.rows - p if method == "reml" else sums.rows
    found = float(np.log1p(sums.n * icc / (1 - icc)).sum()) + freedom * (1 + math.log(2 * math.pi * squares / freedom))
    return found + float(np.linalg.slogdet(inner)[1]) if method == "reml" else found


def fit_random_intercept(
    design: Floats, y: Floats, codes: NDArray[np.int64], names: tuple[str, ...], *, method: Method
) -> tuple[RandomIntercept, Callable[[float], float]]:
    """The fit, and its deviance as a function of the ICC. `codes` (n,) are groups 0, 1, ...; `design` has an intercept.

    Raises ValueError: fewer than two groups, nobody with two rows, too few rows, a redundant column, no residual left.
    """
    _check(design, y, codes, names)
    middle = float(y.mean())
    sums = sums_of(design, y - middle, codes)

    def deviance(icc: float) -> float:
        return deviance_at(icc, sums, method)

    icc = _lowest(deviance)
    theta = icc / (1 - icc)
    coefficients, inner, squares = _at(icc, sums)
    within = squares / (sums.rows - len(names) if method == "reml" else sums.rows)
    bread = np.asarray(np.linalg.inv(inner), dtype=float)
    pull = theta / (1 + sums.n * theta)
    effects = pull * (sums.y - sums.x @ coefficients)
    known = within * pull
    lever = pull[:, None] * sums.x
    unknown = within * np.einsum("gp,pq,gq->g", lever, bread, lever)
    shift = np.linalg.lstsq(design, np.full(len(y), middle), rcond=None)[0]
    fit = RandomIntercept(
        coefficients=coefficients + shift,
        covariance=np.asarray(within * bread, dtype=float),
        between_variance=theta * within,
        within_variance=within,
        icc=icc,
        deviance=deviance(icc),
        effects=effects,
        errors=np.sqrt(known + unknown),
        shrinkage=sums.n * pull,
        bread=bread,
        method=method,
    )
    return fit, deviance


def profile_interval(deviance: Callable[[float], float], best: float, level: float) -> tuple[float, float]:
    """Where the deviance has risen by the chi-square point with one degree of freedom; 0 or 1 where it never does."""
    from scipy.optimize import brentq
    from scipy.special import ndtri

    if not 0 < level < 1:
        raise ValueError("The level of an interval lies between 0 and 1, such as 0.95.")
    bar = deviance(best) + float(ndtri(0.5 + level / 2)) ** 2

    def above(icc: float) -> float:
        return deviance(icc) - bar

    low = 0.0 if best == 0 or above(0.0) <= 0 else float(brentq(above, 0.0, best, xtol=1e-12))
    high = 1.0 if above(CLOSE_TO_ONE) <= 0 else float(brentq(above, best, CLOSE_TO_ONE, xtol=1e-12))
    return low, high


def _at(icc: float, sums: Sums) -> tuple[Floats, Floats, float]:
    """Generalised least squares at one ICC: coefficients, X'W^-1 X, residual squares; W = V / sigma2."""
    theta = icc / (1 - icc)
    pull = theta / (1 + sums.n * theta)
    inner = sums.xx - (sums.x * pull[:, None]).T @ sums.x
    right = sums.xy - (sums.x * pull[:, None]).T @ sums.y
    coefficients = np.asarray(np.linalg.solve(inner, right), dtype=float)
    squares = sums.yy - float(pull @ sums.y**2) - float(coefficients @ right)
    return coefficients, inner, max(squares, 1e-300)


def _lowest(deviance: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    seen = np.array([deviance(float(icc)) for icc in LOOK_AT])
    best = int(seen.argmin())
    low, high = LOOK_AT[max(0, best - 1)], LOOK_AT[min(len(LOOK_AT) - 1, best + 1)]
    found = minimize_scalar(deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-11 * max(high, 1e-4)})
    return 0.0 if seen[0] <= float(found.fun) else float(found.x)


def _check(design: Floats, y: Floats, codes: NDArray[np.int64], names: tuple[str, ...]) -> None:
    if not len(codes) or int(codes.max()) < 1:
        raise ValueError("Dividing variation between and within takes at least two groups.")
    if np.bincount(codes).max() < 2:
        raise ValueError("Nobody has two rows: what lies between and what within cannot be told apart.")
    if len(design) <= len(names) + 1:
        raise ValueError(f"{len(names)} coefficients and two variances need more than {len(design)} complete rows.")
    refuse_redundant(design, names)
    sizes = np.bincount(codes)
    own = np.column_stack([y, design])
    own -= np.stack([np.bincount(codes, column) / sizes for column in own.T], axis=1)[codes]
    rest = own[:, 0] - own[:, 1:] @ np.linalg.lstsq(own[:, 1:], own[:, 0], rcond=None)[0]
    if float(rest @ rest) <= NOTHING * float(((y - y.mean()) ** 2).sum()):
        raise ValueError("Within groups the columns explain the outcome without rest: there is no variation to divide.")
