"""The deviance minimised over everything but one number: where it has risen by a given amount, an interval ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from openrapport.analysis.growth.boundary import factor_of
from openrapport.analysis.growth.clients import refuse_other_groups
from openrapport.analysis.growth.covariances import covariance_of
from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.factor import FactorProblem, lower_triangle
from openrapport.analysis.growth.model import Model, model_of
from openrapport.analysis.growth.newton import minimise
from openrapport.analysis.growth.result import GrowthFit
from openrapport.analysis.growth.small_matrices import Floats

# Ends are found to this share of the estimate's scale.
_PRECISION = 1e-6
_TRIES = 60
# A second start, in case the first ends where a part of the factor is zero and no slope shows a way out.
_NUDGE = 0.1

Deviance = Callable[[float], float]


@dataclass(frozen=True, slots=True, eq=False)
class Profiler:
    """Profiles of one fit. The covariance matrix is L L' with the number in question in the corner of L.

    `covariance` is the estimate; an effect's typical share of a score is of the size `scales` (q,) per unit of its SD.
    """

    model: Model
    restricted: bool
    covariance: Floats
    sigma2: float
    minimum: float
    rise: float

    @classmethod
    def of(cls, design: Design, fit: GrowthFit, *, rise: float) -> Profiler:
        refuse_other_groups(fit)
        return cls(
            model=model_of(design),
            restricted=fit.method == "reml",
            covariance=covariance_of(fit, design.client.column),
            sigma2=fit.residual_sd**2,
            minimum=fit.deviance,
            rise=rise,
        )

    def sd(self, effect: int) -> tuple[float, float]:
        """The ends for the standard deviation of one random effect; the lower is 0 where that is not refuted."""
        order = [effect, *(k for k in range(len(self.covariance)) if k != effect)]
        lower = lower_triangle(len(order))
        near: list[Floats] = []

        @cache
        def deviance(value: float) -> float:
            base = np.zeros_like(self.covariance)
            base[0, 0] = value
            # With no variance there are no covariances either.
            free = [move for move in lower[1:] if value or not move[:, 0].any()]
            return self._lowest(order, base, np.array(free).reshape(-1, *base.shape), "free", near)

        estimate = math.sqrt(self.covariance[effect, effect])
        unit = math.sqrt(self.sigma2 / float((self.model.turning[:, effect] ** 2).sum()))
        low = 0.0 if estimate == 0 or self._within(deviance(0.0)) else self._end(deviance, estimate, 0.0)
        step = max(estimate, 0.1 * unit) / 2
        above = self._outside(deviance, [estimate + step * 2**k for k in range(_TRIES)])
        return low, self._end(deviance, estimate, above)

    def correlation(self, i: int, j: int, estimate: float) -> tuple[float, float]:
        """The ends for a correlation, -1 or 1 where those are not refuted."""
        order = [j, i, *(k for k in range(len(self.covariance)) if k not in (i, j))]
        lower = lower_triangle(len(order))
        rest = [m for m in lower if not m[1].any()]
        near: list[Floats] = []

        @cache
        def deviance(value: float) -> float:
            row = np.zeros_like(self.covariance)
            row[1, 0], row[1, 1] = value, math.sqrt(max(1 - value**2, 0.0))
            return self._lowest(order, np.zeros_like(row), np.array([*rest, row]), "free", near, row)

        ends = []
        for limit in (-1.0, 1.0):
            reached = estimate == limit or self._within(deviance(limit))
            ends.append(limit if reached else self._end(deviance, estimate, limit))
        return ends[0], ends[1]

    def residual(self) -> tuple[float, float]:
        """The ends for the residual standard deviation."""
        order = list(range(len(self.covariance)))
        lower = lower_triangle(len(order))
        near: list[Floats] = []

        @cache
        def deviance(value: float) -> float:
            return self._lowest(order, np.zeros_like(self.covariance), lower, value**2, near)

        estimate = math.sqrt(self.sigma2)
        below = self._outside(deviance, [estimate / 1.25**k for k in range(1, _TRIES)])
        above = self._outside(deviance, [estimate * 1.25**k for k in range(1, _TRIES)])
        return self._end(deviance, estimate, below), self._end(deviance, estimate, above)

    def _within(self, deviance: float) -> bool:
        return deviance - self.minimum <= self.rise

    def _outside(self, deviance: Deviance, numbers: list[float]) -> float:
        """The first of the numbers whose deviance has risen far enough."""
        for number in numbers:
            if not self._within(deviance(number)):
                return number
        raise ValueError("The deviance does not rise far enough: these data leave an end of the interval open.")

    def _end(self, deviance: Deviance, inside: float, outside: float) -> float:
        """Where the root of the rise reaches its limit; the root is nearly straight. `inside` is the estimate."""
        from scipy.optimize import brentq  # slow to import, and only needed here

        def over(value: float) -> float:
            risen = 0.0 if value == inside else max(deviance(value) - self.minimum, 0.0)
            return math.sqrt(risen) - math.sqrt(self.rise)

        return float(brentq(over, inside, outside, xtol=_PRECISION * abs(outside - inside), rtol=1e-12))

    def _lowest(
        self,
        order: list[int],
        base: Floats,
        moves: Floats,
        residual: float | str,
        near: list[Floats],
        row: Floats | None = None,
    ) -> float:
        """The lowest deviance over the moves of the factor, whose rows are in `order`, and the residual if free.

        Begins at the last of `near` that has as many free numbers, and adds where it ends. `row` is the direction of
        the factor's second row where that is fixed: its length may not turn negative, which would turn it round.
        """
        back = np.zeros_like(base)
        back[order, range(len(order))] = 1
        to_units = self.model.turning @ back
        problem = FactorProblem(
            self.model.units, self.restricted, to_units @ base, np.matmul(to_units, moves), residual
        )
        starts = [self._start(order, moves, residual, nudge, row) for nudge in (0.0, _NUDGE)]
        known = [free for free in near[-1:] if len(free) == len(starts[0])]
        lowest = math.inf
        for start in (*known, *starts):
            found = minimise(problem, start)
            if found is not None and found.settled and not (row is not None and _is_turned_round(found.free, moves)):
                lowest = min(lowest, found.point.deviance)
                if not self._is_stuck(found.free, moves):
                    near.append(found.free)
                    break
        return lowest

    def _start(
        self, order: list[int], moves: Floats, residual: float | str, nudge: float, row: Floats | None
    ) -> Floats:
        """The estimate's factor as far as the moves can make it, its diagonal `nudge` residual deviations larger."""
        factor = factor_of(self.covariance[np.ix_(order, order)])
        sizes = np.sqrt(self.sigma2 / (self.model.turning**2).sum(axis=0))[order]
        factor = factor * np.where(np.diagonal(factor) < 0, -1, 1) + np.diag(nudge * sizes)
        if row is not None:
            factor[1] = row[1] * np.linalg.norm(factor[1])
        free = np.einsum("hab,ab->h", moves, factor) / np.maximum((moves**2).sum(axis=(1, 2)), 1e-300)
        return np.append(free, math.log(self.sigma2)) if residual == "free" else free

    def _is_stuck(self, free: Floats, moves: Floats) -> bool:
        """Whether a column of the factor that may move is zero."""
        moved = (moves != 0).any(axis=0)
        factor = np.tensordot(free[: len(moves)], moves, 1)
        return any(moved[k, k] and abs(factor[k, k]) < 1e-4 * math.sqrt(self.sigma2) for k in range(len(factor)))


def _is_turned_round(free: Floats, moves: Floats) -> bool:
    """Whether the first row of the factor and the length of the second, the last move, differ in sign."""
    first = float(np.tensordot(free[: len(moves)], moves, 1)[0, 0])
    return first * float(free[len(moves) - 1]) < 0
