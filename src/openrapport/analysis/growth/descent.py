"""Minimising a smooth function with an exact gradient: quasi-Newton steps, then Newton steps where they cost little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.small_matrices import Floats

# What a further step could still gain, in deviance, when the search may stop.
DECREMENT = 1e-10
STEPS = 300
_ARMIJO, _WOLFE = 1e-4, 0.9
_TRIALS = 40
# Deviances of this relative difference are the same but for rounding.
_ROUNDING = 2e-14
# Relative step of the differences that make second derivatives out of gradients.
_DIFFERENCE = 1e-5

# The value at a point and a way to its gradient; None where the value cannot be computed.
Function = Callable[[Floats], "tuple[float, Callable[[], Floats]] | None"]


@dataclass(frozen=True, slots=True, eq=False)
class Low:
    """Where a search ended, with the inverse Hessian it believes in; `settled`: the decrement is below the limit."""

    at: Floats
    value: float
    gradient: Floats
    inverse: Floats
    settled: bool
    evaluations: int


def descend(function: Function, start: Floats, inverse: Floats | None = None) -> Low | None:
    """Broyden, Fletcher, Goldfarb & Shanno's method (1970); None when the function has no value at `start`."""
    begun = function(start)
    if begun is None:
        return None
    at, (value, slope) = start, begun
    gradient, evaluations = slope(), 1
    first = inverse is None
    h = np.eye(len(at)) / max(1.0, 2 * float(np.linalg.norm(gradient))) if inverse is None else inverse
    for _ in range(STEPS):
        step = -h @ gradient
        decrement = -float(gradient @ step)
        if decrement < DECREMENT:
            return Low(at, value, gradient, h, True, evaluations)
        moved = _line_search(function, at, value, gradient, _short(step, at))
        evaluations += moved.evaluations
        change, turn = moved.at - at, moved.gradient - gradient
        stuck = not value - moved.value > _ROUNDING * abs(value)
        at, value, gradient = moved.at, moved.value, moved.gradient
        curvature = float(change @ turn)
        if curvature > 1e-14 * float(np.linalg.norm(change) * np.linalg.norm(turn)):
            if first:
                h, first = np.eye(len(at)) * curvature / float(turn @ turn), False
            h = _updated(h, change, turn, curvature)
        if stuck:
            return Low(at, value, gradient, h, float(gradient @ h @ gradient) < 1e3 * DECREMENT, evaluations)
    return Low(at, value, gradient, h, False, evaluations)


def _updated(h: Floats, change: Floats, turn: Floats, curvature: float) -> Floats:
    left = np.eye(len(h)) - np.outer(change, turn) / curvature
    return np.asarray(left @ h @ left.T + np.outer(change, change) / curvature)


def _short(step: Floats, at: Floats) -> Floats:
    """The step, no longer than twice what has been walked so far: beyond lies where sums lose their digits."""
    longest = 2 * (1 + float(np.linalg.norm(at)))
    return step * min(1.0, longest / max(float(np.linalg.norm(step)), 1e-300))


def _line_search(function: Function, at: Floats, value: float, gradient: Floats, step: Floats) -> Low:
    """A step that lowers the value enough and flattens the slope, by halving and doubling (Lewis & Overton 2013)."""
    slope0, low, high, length = float(gradient @ step), 0.0, np.inf, 1.0
    best = Low(at, value, gradient, np.empty(0), False, 0)
    slack = _ROUNDING * abs(value)
    for trial in range(1, _TRIALS):
        there = at + length * step
        found = function(there)
        if found is None or found[0] > value + _ARMIJO * length * slope0 + slack:
            high = length
        else:
            slope = found[1]()
            if found[0] <= best.value or not best.evaluations:
                best = Low(there, found[0], slope, np.empty(0), False, trial)
            if float(slope @ step) >= _WOLFE * slope0:
                return Low(there, found[0], slope, np.empty(0), False, trial)
            low = length
        length = (low + high) / 2 if np.isfinite(high) else 2 * low
    return Low(best.at, best.value, best.gradient, np.empty(0), False, _TRIALS)


def polish(function: Function, low: Low) -> Low:
    """Newton steps from where a descent ended, with Hessians from differences of the gradient.

    Eigenvalues of the Hessian are made positive, so that a saddle is left on its downward side.
    """
    evaluations = low.evaluations
    for _ in range(STEPS):
        hessian = hessian_by_differences(function, low.at)
        evaluations += 2 * len(low.at)
        if hessian is None:
            break
        values, vectors = np.linalg.eigh(hessian)
        sizes = np.maximum(np.abs(values), max(1e-10 * float(np.abs(values).max()), 1e-300))
        inverse = np.asarray((vectors / sizes) @ vectors.T)
        step = -inverse @ low.gradient
        decrement = -float(low.gradient @ step)
        if decrement < DECREMENT:
            return Low(low.at, low.value, low.gradient, inverse, True, evaluations)
        moved = _line_search(function, low.at, low.value, low.gradient, _short(step, low.at))
        evaluations += moved.evaluations
        stuck = not low.value - moved.value > _ROUNDING * abs(low.value)
        low = Low(moved.at, moved.value, moved.gradient, inverse, False, evaluations)
        if stuck:
            return Low(low.at, low.value, low.gradient, inverse, decrement < 1e3 * DECREMENT, evaluations)
    return low


def hessian_by_differences(function: Function, at: Floats) -> Floats | None:
    """Central differences of the gradient; None where the function has no value beside `at`."""
    rows = []
    for index in range(len(at)):
        width = _DIFFERENCE * max(1.0, abs(float(at[index])))
        move = np.zeros(len(at))
        move[index] = width
        above, below = function(at + move), function(at - move)
        if above is None or below is None:
            return None
        rows.append((above[1]() - below[1]()) / (2 * width))
    hessian = np.array(rows).reshape(len(at), len(at))
    return np.asarray((hessian + hessian.T) / 2)
