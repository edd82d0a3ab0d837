"""Logistic regression by iteratively reweighted least squares, and a plain word when no finite answer exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import refuse_redundant

Floats = NDArray[np.float64]

# Newton's method doubles its digits each step: what has not settled by then runs away to infinity.
MOST_STEPS = 30
# Half the expected gain in log likelihood left.
SETTLED = 1e-12
# A log odds this large means a fitted probability of 3 in 10 000 000 or its opposite: look for separation.
SUSPICIOUS = 15.0


class SeparationError(ValueError):
    """Some columns tell events from non-events without fault, so their estimates are infinite. `columns` names them."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        super().__init__(
            f"Separation: {', '.join(repr(name) for name in columns)} tells every event from every other row, "
            "so the estimate is infinite. Leave it out, join categories, or ask for a ridge on covariates."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """`coefficients` (p,) in log odds, `covariance` (p, p) the inverse information, `deviance` -2 log likelihood."""

    coefficients: Floats
    covariance: Floats
    deviance: float
    n_iterations: int


def logistic(
    design: Floats, event: Floats, names: Sequence[str], *, penalty: Floats | None = None, offset: Floats | None = None
) -> Logistic:
    """Maximise sum(y eta - log(1 + e^eta)) - sum(penalty b^2) / 2, eta = design b + offset.

    `design` (n, p), `event` (n,) of 0 and 1, `penalty` (p,). Raises ValueError on a redundant column and
    SeparationError when the likelihood has no maximum (Albert & Anderson 1984; found as in Konis 2007).
    """
    ridge = np.zeros(design.shape[1]) if penalty is None else penalty
    shift = np.zeros(len(event)) if offset is None else offset
    refuse_redundant(design, names)
    weights: Floats = np.zeros(design.shape[1])
    value = _objective(design, event, weights, ridge, shift)
    for step in range(1, MOST_STEPS + 1):
        chance = probability(design @ weights + shift)
        information = design.T @ (design * (chance * (1 - chance))[:, None]) + np.diag(ridge)
        gradient = design.T @ (event - chance) - ridge * weights
        try:
            move = np.asarray(np.linalg.solve(information, gradient), dtype=float)
        except np.linalg.LinAlgError:
            break
        gain = float(gradient @ move) / 2
        weights, value = _advance(design, event, weights, move, value, ridge, shift)
        if gain < SETTLED:
            _refuse_separation_if_suspicious(design, event, names, ridge, weights)
            deviance = -2 * _objective(design, event, weights, np.zeros_like(ridge), shift)
            return Logistic(weights, np.asarray(np.linalg.inv(information), dtype=float), deviance, step)
    _refuse_separation(design, event, names, ridge)
    raise ValueError("The logistic regression did not settle; columns of very different size are the usual reason.")


def probability(log_odds: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0.0, -log_odds)))


def _objective(design: Floats, event: Floats, weights: Floats, ridge: Floats, shift: Floats) -> float:
    eta = design @ weights + shift
    return float(event @ eta - np.logaddexp(0.0, eta).sum() - (ridge * weights**2).sum() / 2)


def _advance(
    design: Floats, event: Floats, weights: Floats, move: Floats, value: float, ridge: Floats, shift: Floats
) -> tuple[Floats, float]:
    """A full Newton step, halved while it makes things worse."""
    size = 1.0
    for _ in range(20):
        tried = weights + size * move
        reached = _objective(design, event, tried, ridge, shift)
        if reached >= value - 1e-12 * abs(value):
            return tried, reached
        size /= 2
    return weights, value


def _refuse_separation_if_suspicious(
    design: Floats, event: Floats, names: Sequence[str], ridge: Floats, weights: Floats
) -> None:
    if np.abs(design @ weights).max() > SUSPICIOUS:
        _refuse_separation(design, event, names, ridge)


def _refuse_separation(design: Floats, event: Floats, names: Sequence[str], ridge: Floats) -> None:
    """A direction along which no row's fit gets worse and some row's gets better: a linear programme finds one."""
    from scipy.optimize import linprog

    free = ridge == 0
    if not free.any():
        return
    scale = np.maximum(np.abs(design[:, free]).max(axis=0), 1e-300)
    signed = np.unique((2 * event - 1)[:, None] * design[:, free] / scale, axis=0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs")
    if found.success and -found.fun > 1e-7:
        implicated = np.flatnonzero(free)[np.abs(found.x) > 1e-7]
        raise SeparationError([names[column] for column in implicated])
