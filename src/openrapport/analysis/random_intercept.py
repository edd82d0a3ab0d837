"""One grouping factor, one random intercept: ML and REML through a single number, the intraclass correlation.

`analysis.growth` fits larger models. Here the whole likelihood is a curve over the ICC, which is what an interval by
profile needs: y = X b + u_group + e, icc = tau2 / (tau2 + sigma2), theta = tau2 / sigma2 = icc / (1 - icc).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import refuse_redundant

Floats = NDArray[np.float64]
Method: TypeAlias = Literal["reml", "ml"]

# The curve is looked at here first, so that a second hump does not mislead the search between neighbours.
LOOK_AT = np.concatenate([[0.0], np.geomspace(1e-5, 0.5, 40), 1 - np.geomspace(0.4, 1e-9, 60)])
CLOSE_TO_ONE = 1 - 1e-9
# A lower deviance than at 0 by less than this share of it is rounding; so is an ICC below the second.
SAME_DEVIANCE, CLOSE_TO_ZERO = 1e-12, 1e-9
# Share of the outcome's squares below which what is left within groups is rounding.
NOTHING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """All the likelihood needs: per group n (g,), sum x (g, p), sum y (g,); within groups X'X, X'y, y'y.

    `log_det` is log|R'R| where the columns here are those of the design times R^-1.
    """

    n: Floats
    x: Floats
    y: Floats
    xx: Floats
    xy: Floats
    yy: float
    rows: int
    log_det: float


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


def sums_of(design: Floats, y: Floats, codes: NDArray[np.int64], log_det: float = 0.0) -> Sums:
    """Products are taken about the groups' means: however large the differences between groups, nothing cancels."""
    n = np.bincount(codes).astype(float)
    x = np.stack([np.bincount(codes, column) for column in design.T], axis=1).astype(float)
    total = np.bincount(codes, y).astype(float)
    own_x, own_y = design - (x / n[:, None])[codes], y - (total / n)[codes]
    return Sums(
        n=n,
        x=x,
        y=total,
        xx=own_x.T @ own_x,
        xy=own_x.T @ own_y,
        yy=float(own_y @ own_y),
        rows=len(y),
        log_det=log_det,
    )


def deviance_at(icc: float, sums: Sums, method: Method) -> float:
    """-2 log (restricted) likelihood with everything but the ICC at its best."""
    coefficients, inner, squares = _at(icc, sums)
    p = len(coefficients)
    freedom = sums.rows - p if method == "reml" else sums.rows
    found = float(np.log1p(sums.n * icc / (1 - icc)).sum()) + freedom * (1 + math.log(2 * math.pi * squares / freedom))
    return found + float(np.linalg.slogdet(inner)[1]) + sums.log_det if method == "reml" else found


def fit_random_intercept(
    design: Floats, y: Floats, codes: NDArray[np.int64], names: tuple[str, ...], *, method: Method
) -> tuple[RandomIntercept, Callable[[float], float]]:
    """The fit, and its deviance as a function of the ICC. `codes` (n,) are groups 0, 1, ...; `design` has an intercept.

    Raises ValueError: fewer than two groups, nobody with two rows, too few rows, a redundant column, no residual left.
    """
    if method not in get_args(Method):
        raise ValueError(f'The method is "reml" or "ml", not {method!r}.')
    _check(design, y, codes, names)
    # Orthogonal columns and what least squares leaves of y: no digit is lost to columns far from 0 or a close fit.
    q, r = np.linalg.qr(design)
    ordinary = q.T @ y
    rest = y - q @ ordinary
    sums = sums_of(q, rest - q @ (q.T @ rest), codes, 2 * float(np.log(np.abs(np.diag(r))).sum()))

    def deviance(icc: float) -> float:
        return deviance_at(icc, sums, method)

    icc = _lowest(deviance)
    theta = icc / (1 - icc)
    coefficients, inner, squares = _at(icc, sums)
    within = squares / (sums.rows - len(names) if method == "reml" else sums.rows)
    inverse = np.linalg.inv(inner)
    back = np.linalg.inv(r)
    bread = np.asarray(back @ inverse @ back.T, dtype=float)
    pull = theta / (1 + sums.n * theta)
    effects = pull * (sums.y - sums.x @ coefficients)
    known = within * pull
    lever = pull[:, None] * sums.x
    unknown = within * np.einsum("gp,pq,gq->g", lever, inverse, lever)
    fit = RandomIntercept(
        coefficients=np.asarray(back @ (ordinary + q.T @ rest + coefficients), dtype=float),
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
    weight = 1 / (sums.n * (1 + sums.n * theta))
    inner = sums.xx + (sums.x * weight[:, None]).T @ sums.x
    right = sums.xy + (sums.x * weight[:, None]).T @ sums.y
    coefficients = np.asarray(np.linalg.solve(inner, right), dtype=float)
    squares = sums.yy + float(weight @ sums.y**2) - float(coefficients @ right)
    return coefficients, inner, max(squares, 1e-300)


def _lowest(deviance: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    def at(log_odds: float) -> float:
        return deviance(1 / (1 + math.exp(-log_odds)))

    seen = np.array([deviance(float(icc)) for icc in LOOK_AT])
    best = int(seen.argmin())
    if best == len(LOOK_AT) - 1:
        raise ValueError("Nearly all variation lies between groups and next to none within: nothing can be divided.")
    # On the log odds, the digits that count are kept near 0 and near 1.
    ends = [math.log(icc / (1 - icc)) for icc in (max(LOOK_AT[max(0, best - 1)], CLOSE_TO_ZERO), LOOK_AT[best + 1])]
    found = minimize_scalar(at, bounds=ends, method="bounded", options={"xatol": 1e-10})
    if seen[0] - float(found.fun) <= SAME_DEVIANCE * max(1.0, abs(seen[0])):
        return 0.0
    return 1 / (1 + math.exp(-float(found.x)))


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
