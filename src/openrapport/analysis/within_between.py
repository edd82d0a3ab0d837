"""Does a score go with another within a person over sessions, or only between people? Person-mean centring.

y = b0 + within (x - person's mean) + between (person's mean) + u_person + e. The two answer different questions:
within: when this client's alliance is above their own usual; between: clients whose alliance is usually higher.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import (
    Errors,
    Estimate,
    clustered_covariance,
    codes_of,
    complete,
    interval_of,
    numbers,
    same_length,
)
from openrapport.analysis.random_intercept import Method, RandomIntercept, fit_random_intercept

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

BIASED_IN_SHORT_SERIES = (
    "Biased in short series (Nickell 1981): a person's own mean contains the outcome it is meant to predict. "
    "Read the sign and the order of size; this is not a cross-lagged panel model with random intercepts."
)


NEARLY_ONE = 0.995


@dataclass(frozen=True, slots=True)
class WithinBetween:
    """Effects in units of y for one unit of x; `contextual` is between - within.

    `reliability_of_means`: how well people's mean x is known (1 - MSW / MSB, not under 0); low values pull `between`
    towards `within`. `icc` is the share of y's remaining variation that lies between people.
    """

    within: Estimate
    between: Estimate
    contextual: Estimate
    intercept: Estimate
    between_sd: float
    within_sd: float
    icc: float
    reliability_of_means: float
    errors: Errors
    method: Method
    n_rows: int
    n_people: int
    dropped: int
    level: float


@dataclass(frozen=True, slots=True)
class LaggedWithinBetween:
    """x of the session before. `carry_over`: of y itself from the session before, None where it was not asked for.

    `expected_bias` is how far `carry_over` lies from the true value that would give it in series this long, by
    Nickell's formula (None without carry-over, or where the formula does not reach). `label` is to be shown with it.
    """

    effects: WithinBetween
    carry_over: Estimate | None
    expected_bias: float | None
    sessions_per_person: float
    label: str


def within_between(
    y: Sequence[float | None] | Floats,
    x: Sequence[float | None] | Floats,
    person: Sequence[Any],
    *,
    errors: Errors = "model",
    method: Method = "reml",
    level: float = 0.95,
) -> WithinBetween:
    """`y`, `x`, `person`: one row for each session; rows lacking y or x are left out and counted.

    Random intercept for each person. `errors` "model": standard errors of that model, t with n_rows - n_people - 1
    degrees of freedom for within and n_people - 2 for between (between-within rule, Schluchter & Elashoff 1990);
    "clustered": sandwich by person, t on n_people - 1, for when the model's equal residuals are in doubt.

    Raises ValueError: lengths differ, fewer than three people, x never varying within or between people.
    Raudenbush & Bryk 2002; Curran & Bauer 2011.

    >>> found = within_between([4, 5.1, 6, 1, 2, 2.9, 7, 7.9, 9], [1, 2, 3, 2, 3, 4, 3, 4, 5], list("aaabbbccc"))
    >>> round(found.within.estimate, 3), round(found.between.estimate, 3)
    (0.983, 1.467)
    """
    rows = same_length(y=y, x=x, person=person)
    table = np.stack([numbers(y, "y"), numbers(x, "x")])
    whole = complete(table)
    codes = _codes([label for label, kept in zip(person, whole, strict=True) if kept])
    outcome, predictor = table[:, whole]
    return _effects(
        outcome, predictor, codes, {}, errors=errors, method=method, level=level, dropped=rows - len(outcome)
    )[0]


def within_between_lagged(
    y: Sequence[float | None] | Floats,
    x: Sequence[float | None] | Floats,
    person: Sequence[Any],
    session: Sequence[int],
    *,
    carry_over: bool,
    errors: Errors = "model",
    method: Method = "reml",
    level: float = 0.95,
) -> LaggedWithinBetween:
    """The same with x (and with `carry_over` also y) of the session before: rows are pairs of neighbouring sessions.

    Only session numbers one apart make a pair; `effects.dropped` counts rows of the table that predict nothing new.
    Centring around a person's own mean biases carry-over downward by about (1 + rho) / (T - 1) in T pairs a person,
    and drags the effect of x along where x depends on earlier y: the result is labelled.

    Raises ValueError: as `within_between`, and when somebody has the same session twice.

    >>> y, x = [5, 6, 6.5, 4, 3, 3.2, 7, 8, 8.4], [2, 3, 3, 2, 1, 2, 4, 4, 5]
    >>> found = within_between_lagged(y, x, list("aaabbbccc"), [1, 2, 3] * 3, carry_over=False)
    >>> found.effects.n_rows, found.sessions_per_person, found.label[:6]
    (6, 2.0, 'Biased')
    """
    rows = same_length(y=y, x=x, person=person, session=session)
    codes, when = codes_of(person)[0], numbers(session, "session")
    outcome, predictor = numbers(y, "y"), numbers(x, "x")
    now, before = _pairs(codes, when)
    usable = ~np.isnan(outcome[now]) & ~np.isnan(predictor[before])
    if carry_over:
        usable &= ~np.isnan(outcome[before])
    now, before = now[usable], before[usable]
    people = _codes(list(codes[now]))
    extra = {"carry_over": _within(outcome[before], people)} if carry_over else {}
    effects, added = _effects(
        outcome[now],
        predictor[before],
        people,
        extra,
        errors=errors,
        method=method,
        level=level,
        dropped=rows - len(now),
    )
    length = len(now) / effects.n_people
    found = added.get("carry_over")
    return LaggedWithinBetween(
        effects=effects,
        carry_over=found,
        expected_bias=None if found is None else _expected_bias(found.estimate, length),
        sessions_per_person=length,
        label=BIASED_IN_SHORT_SERIES,
    )


def nickell_bias(carry_over: float, length: float) -> float:
    """How far the within-person estimate of a carry-over falls from its true value in `length` pairs per person.

    The limit for many people (Nickell 1981, equation 18), no other predictors; about -(1 + rho) / (T - 1).
    Raises ValueError: a carry-over not between -1 and 1, fewer than two pairs.

    >>> round(nickell_bias(0.5, 10), 3)
    -0.162
    """
    rho, t = float(carry_over), round(length)
    if not -1 < rho < 1 or t < 2:
        raise ValueError("The bias is known for a carry-over between -1 and 1 and at least two pairs per person.")
    known = 1 - (1 - math.pow(rho, t)) / (t * (1 - rho))
    return -(1 + rho) / (t - 1) * known / (1 - 2 * rho / ((1 - rho) * (t - 1)) * known)


def _expected_bias(carry_over: float, length: float) -> float | None:
    """The bias at that true value which would give this estimate; None where there is none."""
    from scipy.optimize import brentq

    def gap(rho: float) -> float:
        return rho + nickell_bias(rho, length) - carry_over

    if length < 2 or gap(-NEARLY_ONE) * gap(NEARLY_ONE) > 0:
        return None
    return carry_over - float(brentq(gap, -NEARLY_ONE, NEARLY_ONE))


def _effects(
    y: Floats,
    x: Floats,
    codes: Codes,
    extra: Mapping[str, Floats],
    *,
    errors: Errors,
    method: Method,
    level: float,
    dropped: int,
) -> tuple[WithinBetween, dict[str, Estimate]]:
    if errors not in get_args(Errors):
        raise ValueError(f'Errors are "model" or "clustered", not {errors!r}.')
    people = int(codes.max()) + 1
    means = (np.bincount(codes, x) / np.bincount(codes))[codes]
    deviation = x - means
    if not np.abs(deviation).max() > 1e-12 * max(1.0, float(np.abs(x).max())):
        raise ValueError("x never varies within a person: there is no within effect to estimate.")
    names = ("intercept", "within", "between", *extra)
    # The means enter around the middle of x: a scale far from 0 (thousands, dates) then costs no digits.
    middle = float(x.mean())
    design = np.column_stack([np.ones(len(y)), deviation, means - middle, *extra.values()])
    fit, _ = fit_random_intercept(design, y, codes, names, method=method)
    covariance = fit.covariance if errors == "model" else _sandwich(design, y, codes, fit)
    within_df = float(people - 1) if errors == "clustered" else float(len(y) - people - 1 - len(extra))
    between_df = float(people - 1) if errors == "clustered" else float(people - 2)

    def estimate(weights: tuple[float, ...], df: float) -> Estimate:
        w = np.zeros(len(names))
        w[: len(weights)] = weights
        return interval_of(float(w @ fit.coefficients), math.sqrt(float(w @ covariance @ w)), max(df, 1.0), level)

    effects = WithinBetween(
        within=estimate((0, 1), within_df),
        between=estimate((0, 0, 1), between_df),
        contextual=estimate((0, -1, 1), between_df),
        intercept=estimate((1, 0, -middle), between_df),
        between_sd=math.sqrt(fit.between_variance),
        within_sd=math.sqrt(fit.within_variance),
        icc=fit.icc,
        reliability_of_means=_reliability_of_means(x, codes),
        errors=errors,
        method=method,
        n_rows=len(y),
        n_people=people,
        dropped=dropped,
        level=level,
    )
    return effects, {name: estimate((0.0,) * (3 + i) + (1.0,), within_df) for i, name in enumerate(extra)}


def _sandwich(design: Floats, y: Floats, codes: Codes, fit: RandomIntercept) -> Floats:
    """Scores X' W^-1 r by person, W^-1 r = r - theta / (1 + n theta) sum r."""
    rest = y - design @ fit.coefficients
    sizes = np.bincount(codes)
    weighed = rest - (fit.shrinkage / sizes * np.bincount(codes, rest))[codes]
    return clustered_covariance(design * weighed[:, None], codes, fit.bread)


def _reliability_of_means(x: Floats, codes: Codes) -> float:
    sizes = np.bincount(codes)
    means = np.bincount(codes, x) / sizes
    within = float(((x - means[codes]) ** 2).sum()) / max(len(x) - len(sizes), 1)
    between = float((sizes * (means - x.mean()) ** 2).sum()) / (len(sizes) - 1)
    return max(0.0, 1 - within / between) if between > 0 else 0.0


def _pairs(codes: Codes, when: Floats) -> tuple[Codes, Codes]:
    """Rows of a session and of the one before it, of the same person."""
    if np.isnan(when).any():
        raise ValueError("Every row needs its session number.")
    order = np.lexsort((when, codes))
    same, step = codes[order][1:] == codes[order][:-1], np.diff(when[order])
    if (same & (step == 0)).any():
        raise ValueError("Somebody has the same session twice.")
    follows = same & (step == 1)
    return order[1:][follows], order[:-1][follows]


def _codes(labels: Sequence[Any]) -> Codes:
    codes, people = codes_of(labels)
    if len(people) < 3:
        raise ValueError(f"Telling within from between takes at least three people; there are {len(people)}.")
    return codes


def _within(values: Floats, codes: Codes) -> Floats:
    return np.asarray(values - (np.bincount(codes, values) / np.bincount(codes))[codes])
