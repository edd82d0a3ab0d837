"""Newton's method with exact second derivatives: eigenvalues made positive, steps halved until they help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.criterion import Point
from openrapport.analysis.growth.factor import FactorProblem
from openrapport.analysis.growth.small_matrices import Floats

# Half the squared Newton step's length in the Hessian's own measure: what a further step could still gain, in deviance.
DECREMENT = 1e-9
STEPS = 100
_SHORTEST = 1e-9
_ARMIJO = 1e-4
# Deviances of this relative difference are the same but for rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """Where the search ended. `settled` says that the decrement fell below `DECREMENT`."""

    free: Floats
    point: Point
    decrement: float
    evaluations: int
    settled: bool


def minimise(problem: FactorProblem, start: Floats) -> Minimum | None:
    """The minimum downhill from `start`; None when the deviance cannot be computed at `start`."""
    free, point = np.asarray(start, dtype=float), problem.point(np.asarray(start, dtype=float))
    if point is None:
        return None
    evaluations, decrement = 1, np.inf
    for _ in range(STEPS):
        gradient, hessian = problem.derivatives(free, point)
        step, decrement = newton_step(gradient, hessian)
        if decrement < DECREMENT:
            return Minimum(free, point, decrement, evaluations, settled=True)
        moved = _backtrack(problem, free, point, step, decrement)
        if moved is None:
            break
        free, point, tried = moved
        evaluations += tried
    return Minimum(free, point, float(decrement), evaluations, settled=False)


def newton_step(gradient: Floats, hessian: Floats) -> tuple[Floats, float]:
    """The step and its decrement g'H^-1 g, H with the absolute values of its eigenvalues."""
    if not gradient.size:
        return gradient, 0.0
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    sizes = np.abs(values)
    sizes = np.maximum(sizes, max(1e-12 * float(sizes.max()), 1e-300))
    along = vectors.T @ gradient
    return -vectors @ (along / sizes), float((along**2 / sizes).sum())


def _backtrack(
    problem: FactorProblem, free: Floats, point: Point, step: Floats, decrement: float
) -> tuple[Floats, Point, int] | None:
    """The longest of the halved steps that lowers the deviance enough; None when none does."""
    length, tried = 1.0, 0
    slack = _ROUNDING * abs(point.deviance)
    while length > _SHORTEST:
        there = free + length * step
        new = problem.point(there)
        tried += 1
        if new is not None and new.deviance <= point.deviance - _ARMIJO * length * decrement + slack:
            return there, new, tried
        length /= 2
    return None
