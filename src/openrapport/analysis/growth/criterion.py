"""The profiled (restricted) likelihood of a multilevel model and its exact first and second derivatives in D.

deviance = sum log |W| + log |X'W^-1 X| + df log(2 pi sigma^2) + r^2 / sigma^2, df = N - p; maximum likelihood has no
second term, and df = N (Lindstrom & Bates 1988). Profiled, sigma^2 = r^2 / df.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.moments import MomentSums, Units
from openrapport.analysis.growth.small_matrices import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One D (in units of sigma^2): deviance, best beta there, and C = (X'W^-1 X)^-1; `r2` is the residual sum."""

    d: Floats
    deviance: float
    beta: Floats
    c: Floats
    r2: float
    sigma2: float
    df: int


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Derivatives of the deviance at a point. `gradient` (q, q) is for D as a matrix of free entries.

    `hessian` and `residual` are for the entries of D on and under its diagonal, in the order of `np.tril_indices`;
    `residual` is the mixed derivative with log sigma^2 where that is free, `information` the expected Hessian of the
    determinant's part, sum tr(B E_h B E_k). `b` sums B: the scale of the gradient.
    """

    gradient: Floats
    hessian: Floats
    residual: Floats
    information: Floats
    b: Floats


def value_at(units: Units, d: Floats, *, restricted: bool, sigma2: float | None = None) -> Point | None:
    """The deviance at `d`, sigma^2 at its best or as given; None where it cannot be computed."""
    with np.errstate(all="ignore"):  # a step too far gives no number, and None
        sums = units.value_sums(d)
    solved = _solve(sums.xx, sums.xy)
    if solved is None:
        return None
    c, beta, log_det_xx = solved
    df = units.n_rows - (units.n_fixed if restricted else 0)
    r2 = sums.yy - float(beta @ sums.xy)
    scale = r2 / df if sigma2 is None else sigma2
    if not (r2 > 0 and scale > 0 and math.isfinite(sums.log_det) and math.isfinite(scale)):
        return None
    deviance = sums.log_det + df * math.log(2 * math.pi * scale) + r2 / scale
    if restricted:
        deviance += log_det_xx
    return Point(d=d, deviance=deviance, beta=beta, c=c, r2=r2, sigma2=scale, df=df)


def _solve(xx: Floats, xy: Floats) -> tuple[Floats, Floats, float] | None:
    """(X'W^-1 X)^-1, beta and the log determinant, columns brought to one scale first."""
    diagonal = np.diagonal(xx)
    if not (np.isfinite(xx).all() and (diagonal > 0).all()):
        return None
    scale = 1 / np.sqrt(diagonal)
    try:
        factor = np.linalg.cholesky(xx * np.outer(scale, scale))
        inverse = np.linalg.inv(factor)
    except np.linalg.LinAlgError:
        return None
    c = (inverse.T @ inverse) * np.outer(scale, scale)
    log_det = 2 * float(np.log(np.diagonal(factor)).sum() - np.log(scale).sum())
    return c, c @ xy, log_det


def directions(size: int) -> Floats:
    """(entries, q, q): how a symmetric matrix moves with each entry on or under its diagonal."""
    rows, columns = np.tril_indices(size)
    moves = np.zeros((len(rows), size, size))
    for index, (i, j) in enumerate(zip(rows, columns, strict=True)):
        moves[index, i, j] = moves[index, j, i] = 1
    return moves


def slopes_at(units: Units, point: Point, *, restricted: bool, profiled: bool) -> Slopes:
    """Exact gradient and Hessian; `profiled` says that sigma^2 follows D instead of being free or given."""
    sums = units.moment_sums(point.d, point.beta, point.c, restricted=restricted)
    e = directions(units.n_random)
    ge = e.reshape(len(e), -1) @ sums.gg.ravel()
    information = _by_directions(e, sums.bb, (3, 0, 1, 2))
    hessian = _hessian_of_residual(sums, e, point) - information
    gradient = sums.b - sums.gg / point.sigma2
    if profiled:
        hessian -= np.outer(ge, ge) / (point.sigma2 * point.r2)
    if restricted:
        gradient -= sums.kck
        hessian += _hessian_of_restriction(sums, e, point.c)
    return Slopes(gradient=gradient, hessian=hessian, residual=ge / point.sigma2, information=information, b=sums.b)


def _by_directions(e: Floats, sums: Floats, axes: tuple[int, ...]) -> Floats:
    """Sums (q, q, q, q), axes brought into the order a b c d, as sum E_h[a, b] E_k[c, d] sums[a, b, c, d]."""
    flat = e.reshape(len(e), -1)
    return np.asarray(flat @ sums.transpose(axes).reshape(flat.shape[1], -1) @ flat.T)


def _hessian_of_residual(sums: MomentSums, e: Floats, point: Point) -> Floats:
    """[2 sum g'E_h B E_k g - 2 (sum K'E_h g)' C (sum K'E_k g)] / sigma^2."""
    moved = e.reshape(len(e), -1) @ sums.kg.transpose(0, 2, 1).reshape(-1, len(point.beta))
    inner = _by_directions(e, sums.ggb, (1, 2, 3, 0))
    return np.asarray(2 * (inner - moved @ point.c @ moved.T) / point.sigma2)


def _hessian_of_restriction(sums: MomentSums, e: Floats, c: Floats) -> Floats:
    """2 sum tr(K C K' E_h B E_k) - tr(C P_h C P_k), P_h = sum K'E_h K."""
    count, p = len(e), len(c)
    each = sums.kk.transpose(0, 2, 1, 3).reshape(-1, p * p)
    cp = c @ (e.reshape(count, -1) @ each).reshape(count, p, p)
    traces = cp.reshape(count, -1) @ cp.transpose(0, 2, 1).reshape(count, -1).T
    return np.asarray(2 * _by_directions(e, sums.kckb, (1, 2, 3, 0)) - traces)
