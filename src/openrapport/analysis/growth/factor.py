"""The deviance as a smooth function of free numbers: D = F F' with F linear in them, valid where D is singular too."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.criterion import Point, slopes_at, value_at
from openrapport.analysis.growth.moments import Units
from openrapport.analysis.growth.small_matrices import Floats


@dataclass(frozen=True, slots=True, eq=False)
class FactorProblem:
    """F = `base` + sum of each free number times its (q, q) matrix in `moves`.

    `residual` says how sigma^2 goes: "profiled" follows D, and F F' is D itself; "free" puts log sigma^2 behind the
    other numbers, and a number fixes it: F F' is then sigma^2 D, the covariance matrix in the outcome's units.
    """

    units: Units
    restricted: bool
    base: Floats
    moves: Floats
    residual: float | str

    def factor(self, free: Floats) -> Floats:
        return np.asarray(self.base + np.tensordot(free[: len(self.moves)], self.moves, 1))

    def _sigma2(self, free: Floats) -> float | None:
        if self.residual == "profiled":
            return None
        if self.residual == "free":
            return math.exp(min(float(free[-1]), 700.0))
        return float(self.residual)

    def point(self, free: Floats) -> Point | None:
        """The deviance there; None where it cannot be computed."""
        f = self.factor(free)
        sigma2 = self._sigma2(free)
        d = f @ f.T
        if not np.isfinite(d).all() or sigma2 == 0:
            return None
        scaled = d if sigma2 is None else d / sigma2
        return value_at(self.units, scaled, restricted=self.restricted, sigma2=sigma2)

    def derivatives(self, free: Floats, point: Point) -> tuple[Floats, Floats]:
        """Gradient and Hessian in the free numbers, by the chain rule through D (and log sigma^2)."""
        slopes = slopes_at(self.units, point, restricted=self.restricted, profiled=self.residual == "profiled")
        divisor = 1.0 if self.residual == "profiled" else point.sigma2
        f = self.factor(free)
        half = np.einsum("hab,cb->hac", self.moves, f) / divisor
        d_moves = half + half.transpose(0, 2, 1)
        lower = np.tril_indices(len(f))
        entries = d_moves[:, lower[0], lower[1]]
        gradient = np.einsum("ab,hab->h", slopes.gradient, d_moves)
        turned = np.einsum("ab,hbc->hac", slopes.gradient, self.moves)
        hessian = entries @ slopes.hessian @ entries.T + 2 * np.einsum("hac,kac->hk", turned, self.moves) / divisor
        if self.residual != "free":
            return gradient, hessian
        return self._with_residual(point, slopes.gradient, slopes.hessian, slopes.residual, gradient, hessian, entries)

    def _with_residual(
        self,
        point: Point,
        by_d: Floats,
        by_d_twice: Floats,
        mixed: Floats,
        gradient: Floats,
        hessian: Floats,
        entries: Floats,
    ) -> tuple[Floats, Floats]:
        """The same with log sigma^2 as last number: D shrinks as sigma^2 grows, F F' staying what it is."""
        lower = np.tril_indices(len(point.d))
        d = point.d[lower]
        through_d = float((by_d * point.d).sum())
        share = point.r2 / point.sigma2
        last = point.df - share - through_d
        cross = entries @ (mixed - by_d_twice @ d) - gradient
        corner = share - 2 * float(mixed @ d) + float(d @ by_d_twice @ d) + through_d
        whole = np.block([[hessian, cross[:, None]], [cross[None], np.array([[corner]])]])
        return np.append(gradient, last), whole


def lower_triangle(size: int) -> Floats:
    """The moves of a Cholesky factor: one for each entry on or under the diagonal."""
    rows, columns = np.tril_indices(size)
    moves = np.zeros((len(rows), size, size))
    moves[np.arange(len(rows)), rows, columns] = 1
    return moves
