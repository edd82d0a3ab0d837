"""Is a minimum at a singular D a real one? The deviance must not fall in any direction in which D could still grow."""

from __future__ import annotations

import numpy as np

from openrapport.analysis.growth.criterion import Slopes, directions, slopes_at, value_at
from openrapport.analysis.growth.factor import FactorProblem, lower_triangle
from openrapport.analysis.growth.moments import Units
from openrapport.analysis.growth.newton import Minimum, minimise
from openrapport.analysis.growth.small_matrices import Floats

# Smallest eigenvalue of the gradient in D, scaled by sum B, that still counts as not falling.
CERTIFICATE = -1e-6
# Eigenvalues of D (columns scaled to one): below the first it is looked at as singular, below the second it is.
_NEARLY_SINGULAR = 1e-5
SINGULAR = 1e-8
_RESTARTS = 20
_SAME_DEVIANCE = 1e-9


def find_minimum(units: Units, *, restricted: bool, start: Floats) -> tuple[Minimum, bool] | None:
    """The minimum over all D, and whether it holds its certificate; None where no deviance could be computed.

    `start` is a first guess of D.
    """
    q = units.n_random
    problem = FactorProblem(units, restricted, np.zeros((q, q)), lower_triangle(q), "profiled")
    lower = np.tril_indices(q)
    found = minimise(problem, factor_of(start)[lower])
    for _ in range(_RESTARTS):
        if found is None or not found.settled:
            break
        if np.linalg.eigvalsh(found.point.d)[0] > _NEARLY_SINGULAR:
            return found, True
        slopes = slopes_at(units, found.point, restricted=restricted, profiled=True)
        smallest, direction = steepest(slopes)
        if smallest >= CERTIFICATE:
            return made_singular(problem, found), True
        begin = _step_off(problem, found, slopes, direction)
        if begin is None:
            break
        found = minimise(problem, begin)
    return None if found is None else (found, False)


def steepest(slopes: Slopes) -> tuple[float, Floats]:
    """The smallest eigenvalue of the scaled gradient and its direction in the columns' own scale."""
    scale = 1 / np.sqrt(np.maximum(np.diagonal(slopes.b), 1e-300))
    values, vectors = np.linalg.eigh(slopes.gradient * np.outer(scale, scale))
    return float(values[0]), np.asarray(vectors[:, 0] * scale)


def _step_off(problem: FactorProblem, found: Minimum, slopes: Slopes, direction: Floats) -> Floats | None:
    """A factor of D + x d d' with a lower deviance, x by Newton's step along that line and then halves of it."""
    grown = np.outer(direction, direction)
    entries = np.einsum("hab,ab->h", directions(len(grown)), grown) / np.einsum("hab->h", directions(len(grown)))
    slope = float((slopes.gradient * grown).sum())
    bend = float(entries @ slopes.hessian @ entries)
    length = -slope / bend if bend > 0 else 1 / max(float((slopes.b * grown).sum()), 1e-300)
    for _ in range(60):
        d = found.point.d + length * grown
        there = value_at(problem.units, d, restricted=problem.restricted)
        if there is not None and there.deviance < found.point.deviance:
            return factor_of(d)[np.tril_indices(len(d))]
        length /= 2
    return None


def factor_of(d: Floats) -> Floats:
    """Lower triangular L with L L' = D, singular or not."""
    values, vectors = np.linalg.eigh(d)
    upper: Floats = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0))).T)[1]
    return upper.T


def made_singular(problem: FactorProblem, found: Minimum) -> Minimum:
    """The same minimum with eigenvalues that are zero but for the search's last step set to zero."""
    values, vectors = np.linalg.eigh(found.point.d)
    if values[0] > SINGULAR:
        return found
    kept = np.where(values > SINGULAR, values, 0.0)
    d = (vectors * kept) @ vectors.T
    point = value_at(problem.units, (d + d.T) / 2, restricted=problem.restricted)
    if point is None or point.deviance > found.point.deviance + _SAME_DEVIANCE:
        return found
    free = factor_of(point.d)[np.tril_indices(len(d))]
    return Minimum(free, point, found.decrement, found.evaluations + 1, found.settled)
