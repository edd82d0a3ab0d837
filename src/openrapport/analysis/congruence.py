"""How two people see the same alliance: who rates higher, whether they move together, and who stands apart.

One dyad, in the truth-and-bias model (West & Kenny 2011), the therapist's rating judging the client's:
therapist_t - mean(client) = bias + tracking (client_t - mean(client)) + e_t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import (
    Estimate,
    NotEstimable,
    complete,
    interval_of,
    least_squares,
    numbers,
    same_length,
)

Floats = NDArray[np.float64]
View: TypeAlias = Literal["client", "therapist"]

# Two coefficients and one row to spare; below that nothing is left to judge the error by.
FEWEST_PAIRS = 3
FEWEST_FOR_CONCORDANCE = 4


@dataclass(frozen=True, slots=True)
class Concordance:
    """Lin's coefficient = `correlation` (moving together) x `accuracy` (same level and spread), with its interval."""

    estimate: float
    low: float
    high: float
    correlation: float
    accuracy: float
    n: int
    level: float


@dataclass(frozen=True, slots=True)
class Congruence:
    """One dyad. `bias`: judge minus truth, in score units. `tracking`: how far the judge moves when the truth moves 1.

    `judge` says who is compared with whom. `n` sessions had both ratings, `dropped` lacked one.
    """

    bias: Estimate
    tracking: Estimate | NotEstimable
    concordance: Concordance | NotEstimable
    judge: View
    judge_mean: float
    truth_mean: float
    residual_sd: float
    n: int
    dropped: int
    level: float


@dataclass(frozen=True, slots=True)
class SplitAlliance:
    """Members of one family with the same therapist at the same session.

    `low`: those `threshold` or more below the top. `sd` has n - 1 below; `missing` gave no score, count neither way.
    """

    scores: Mapping[str, float]
    missing: tuple[str, ...]
    mean: float
    range: float
    sd: float
    threshold: float
    is_split: bool
    lowest: tuple[str, ...]
    low: tuple[str, ...]


def congruence(
    client: Sequence[float | None] | Floats,
    therapist: Sequence[float | None] | Floats,
    *,
    judge: View = "therapist",
    level: float = 0.95,
) -> Congruence:
    """Directional bias and temporal tracking of one dyad over its sessions, both series in the same units.

    Sessions lacking a rating (None, NaN) are left out and counted. Tracking is NotEstimable where the truth never
    moves. Standard errors take sessions as independent: neighbouring ones seldom are, so with few sessions read the
    estimates, not the p values. For many dyads use `congruence_of_dyads`.

    Raises ValueError: series of different length, fewer than three sessions with both ratings. West & Kenny 2011.

    >>> found = congruence([30, 34, 32, 36], [29, 31, 30, 32])
    >>> round(found.bias.estimate, 6), round(found.tracking.estimate, 6)
    (-2.5, 0.5)
    """
    refuse_unknown_judge(judge)
    rows = same_length(client=client, therapist=therapist)
    both = np.stack([numbers(client, "client"), numbers(therapist, "therapist")])
    both = both[:, complete(both)]
    truth, judged = (both[0], both[1]) if judge == "therapist" else (both[1], both[0])
    n = len(truth)
    if n < FEWEST_PAIRS:
        raise ValueError(f"Congruence takes at least {FEWEST_PAIRS} sessions with both ratings; there are {n}.")
    deviation, outcome = truth - truth.mean(), judged - truth.mean()
    moves = bool(np.ptp(truth) > 0)
    design = np.stack([np.ones(n), deviation], axis=1) if moves else np.ones((n, 1))
    fit = least_squares(design, outcome, ("bias", "tracking")[: design.shape[1]])
    found = fit.each(level)
    return Congruence(
        bias=found["bias"],
        tracking=found.get("tracking", NotEstimable(f"The {_other(judge)}'s rating is the same at every session.")),
        concordance=_concordance_or_reason(both[0], both[1], level),
        judge=judge,
        judge_mean=float(judged.mean()),
        truth_mean=float(truth.mean()),
        residual_sd=fit.residual_sd,
        n=n,
        dropped=rows - n,
        level=level,
    )


def concordance(
    first: Sequence[float | None] | Floats, second: Sequence[float | None] | Floats, *, level: float = 0.95
) -> Concordance:
    """Lin's concordance correlation: 2 s12 / (s1^2 + s2^2 + (m1 - m2)^2), variances with n below.

    Interval through Fisher's z with the variance of Lin 1989 as corrected in Lin 2000; rows are independent pairs.
    Raises ValueError: different lengths, fewer than four pairs, a constant column, no correlation at all (the interval
    does not exist), or identical columns up to rounding.

    >>> round(concordance([1, 2, 3, 4, 5], [2, 3, 4, 5, 7]).estimate, 4)
    0.75
    """
    same_length(first=first, second=second)
    pairs = np.stack([numbers(first, "first"), numbers(second, "second")])
    whole = pairs[:, complete(pairs)]
    found = _concordance_or_reason(whole[0], whole[1], level)
    if isinstance(found, NotEstimable):
        raise ValueError(found.reason)
    return found


def _concordance_or_reason(first: Floats, second: Floats, level: float) -> Concordance | NotEstimable:
    n = len(first)
    if n < FEWEST_FOR_CONCORDANCE:
        return NotEstimable(f"A concordance takes at least {FEWEST_FOR_CONCORDANCE} pairs; there are {n}.")
    s1, s2 = float(first.std()), float(second.std())
    if min(s1, s2) <= 0:
        return NotEstimable("A concordance needs both columns to vary.")
    shared = float(((first - first.mean()) * (second - second.mean())).mean())
    apart = float(first.mean() - second.mean())
    estimate, r = 2 * shared / (s1 * s1 + s2 * s2 + apart * apart), shared / (s1 * s2)
    if abs(r) < 1e-12:
        return NotEstimable("The columns are uncorrelated: the concordance is 0 and has no interval of this kind.")
    if 1 - abs(estimate) < 1e-12:
        return NotEstimable("The columns are identical: the concordance is 1 and has no interval of this kind.")
    spread = math.sqrt(_variance_of_z(estimate, r, apart / math.sqrt(s1 * s2), n))
    z = interval_of(math.atanh(estimate), spread, math.inf, level)
    return Concordance(
        estimate=estimate,
        low=math.tanh(z.low),
        high=math.tanh(z.high),
        correlation=r,
        accuracy=estimate / r,
        n=n,
        level=level,
    )


def _variance_of_z(c: float, r: float, u: float, n: int) -> float:
    """Of atanh(c); u is the difference of means over the geometric mean of the standard deviations."""
    rest = 1 - c * c
    first = (1 - r * r) * c * c / (rest * r * r)
    second = 2 * c**3 * (1 - c) * u * u / (r * rest * rest)
    third = c**4 * u**4 / (2 * r * r * rest * rest)
    return max(0.0, (first + second - third) / (n - 2))


def split_alliance(members: Mapping[str, float | None], *, threshold: float) -> SplitAlliance | NotEstimable:
    """Do members of one family stand far apart with the same therapist at the same session?

    `members`: name -> alliance score, None where that member gave none; all on one scale, higher is better. Split:
    range >= `threshold`, which is a clinical choice in score units and has no default. NotEstimable with fewer than two
    scores. The idea of a split alliance: Friedlander, Escudero and others (2006); meta-analysis Friedlander 2018.

    Raises ValueError: a threshold not above 0, an infinite score.

    >>> split_alliance({"mother": 34, "father": 22, "Lea": 33, "Tom": None}, threshold=8).low
    ('father',)
    """
    if not (math.isfinite(threshold) and threshold > 0):
        raise ValueError("The threshold of a split is a number above 0, in score units.")
    values = dict(zip(members, numbers(list(members.values()), "members"), strict=True))
    scores = {name: float(value) for name, value in values.items() if not math.isnan(value)}
    if len(scores) < 2:
        return NotEstimable(f"A split takes scores of at least two members; there are {len(scores)}.")
    given = np.array(list(scores.values()))
    top, bottom = float(given.max()), float(given.min())
    return SplitAlliance(
        scores=scores,
        missing=tuple(name for name in members if name not in scores),
        mean=float(given.mean()),
        range=top - bottom,
        sd=float(given.std(ddof=1)),
        threshold=float(threshold),
        is_split=top - bottom >= threshold,
        lowest=tuple(name for name, score in scores.items() if score == bottom),
        low=tuple(name for name, score in scores.items() if top - score >= threshold),
    )


def refuse_unknown_judge(judge: View) -> None:
    if judge not in get_args(View):
        raise ValueError(f'The judge is "client" or "therapist", not {judge!r}.')


def _other(view: View) -> View:
    return "client" if view == "therapist" else "therapist"
