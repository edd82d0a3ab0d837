"""Truth and bias over many dyads at once: the average bias and tracking, and how far dyads differ in them.

judge_it - mean_i(truth) = (bias + u0_i) + (tracking + u1_i) (truth_it - mean_i(truth)) + e_it (West & Kenny 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.congruence import Concordance, View, concordance, refuse_unknown_judge
from openrapport.analysis.growth.result import Method
from openrapport.analysis.least_squares import (
    Estimate,
    NotEstimable,
    codes_of,
    complete,
    interval_of,
    numbers,
    same_length,
)

Floats = NDArray[np.float64]

# A deviation from a person's mean below this share of the scores is what is left of rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Dyad:
    """One dyad by itself: `tracking` is None where the truth never moves. Short series swing widely."""

    dyad: Any
    n: int
    bias: float
    tracking: float | None


@dataclass(frozen=True, slots=True)
class DyadsCongruence:
    """`bias` and `tracking` of the average dyad; `bias_sd`, `tracking_sd` how dyads differ, beyond chance.

    `correlation`: do dyads in which the judge rates higher track more closely (None: one of them does not differ).
    `concordance_of_means` compares dyads' mean ratings, one pair for each dyad.
    """

    bias: Estimate
    tracking: Estimate
    bias_sd: float
    tracking_sd: float
    correlation: float | None
    residual_sd: float
    concordance_of_means: Concordance | NotEstimable
    dyads: tuple[Dyad, ...]
    judge: View
    method: Method
    n: int
    n_dyads: int
    dropped: int
    converged: bool
    message: str
    level: float


def congruence_of_dyads(
    client: Sequence[float | None] | Floats,
    therapist: Sequence[float | None] | Floats,
    dyad: Sequence[Any],
    *,
    judge: View = "therapist",
    method: Method = "reml",
    level: float = 0.95,
) -> DyadsCongruence:
    """One row for each session of each dyad; rows lacking a rating are left out and counted.

    Mixed model with random bias and tracking for each dyad; intervals by t with n_dyads - 1 degrees of freedom. A
    therapist with several clients appears in several dyads: if therapists differ much, the errors are too small.

    Raises ValueError: lengths differ, fewer than two dyads, a truth that moves in nobody, and as `growth`.

    >>> found = congruence_of_dyads([1, 2, 3, 2, 3, 5, 4, 5, 6], [0, 1, 1, 3, 3, 4, 3, 4, 4], list("aaabbbccc"))
    >>> round(found.bias.estimate, 3), found.n_dyads
    (-0.889, 3)
    """
    from openrapport.analysis.growth.fit import growth

    refuse_unknown_judge(judge)
    rows = same_length(client=client, therapist=therapist, dyad=dyad)
    both = np.stack([numbers(client, "client"), numbers(therapist, "therapist")])
    whole = complete(both)
    codes, labels = codes_of([label for label, kept in zip(dyad, whole, strict=True) if kept])
    if len(labels) < 2:
        raise ValueError("For a single dyad use congruence: differences between dyads take at least two.")
    truth, judged = both[:, whole] if judge == "therapist" else both[::-1, whole]
    usual = np.bincount(codes, truth) / np.bincount(codes)
    moves, apart = truth - usual[codes], judged - usual[codes]
    moves[np.abs(moves) <= ROUNDING * np.abs(truth).max()] = 0.0
    if not moves.any():
        raise ValueError("The ratings compared with never move within a dyad: there is nothing to track.")
    fit = growth(
        {"dyad": codes, "moves": moves, "apart": apart},
        outcome="apart",
        client="dyad",
        fixed="moves",
        random="1 + moves",
        method=method,
    )
    spread, df = fit.random["dyad"], float(len(labels) - 1)
    bias, tracking = (
        interval_of(one.estimate, one.se, df, level) for one in (fit.fixed["(Intercept)"], fit.fixed["moves"])
    )
    return DyadsCongruence(
        bias=bias,
        tracking=tracking,
        bias_sd=spread.sd["(Intercept)"],
        tracking_sd=spread.sd["moves"],
        correlation=spread.corr[0][1],
        residual_sd=fit.residual_sd,
        concordance_of_means=_concordance_of_means(codes, both[:, whole], level),
        dyads=tuple(_alone(label, moves[codes == one], apart[codes == one]) for one, label in enumerate(labels)),
        judge=judge,
        method=method,
        n=len(truth),
        n_dyads=len(labels),
        dropped=rows - len(truth),
        converged=fit.converged,
        message=fit.message,
        level=level,
    )


def _alone(dyad: Any, moves: Floats, apart: Floats) -> Dyad:
    squares = float(moves @ moves)
    return Dyad(dyad, len(moves), float(apart.mean()), float(moves @ apart) / squares if squares > 0 else None)


def _concordance_of_means(codes: NDArray[np.int64], both: Floats, level: float) -> Concordance | NotEstimable:
    sizes = np.bincount(codes)
    try:
        return concordance(np.bincount(codes, both[0]) / sizes, np.bincount(codes, both[1]) / sizes, level=level)
    except ValueError as reason:
        return NotEstimable(str(reason))
