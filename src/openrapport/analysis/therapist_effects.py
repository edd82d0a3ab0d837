"""How much of clients' outcomes goes with who their therapist is, and what is known of each therapist.

outcome = covariates + u_therapist + e; ICC = var(u) / (var(u) + var(e)). A therapist's own estimate is drawn towards
everybody's mean, the more the fewer clients they have: raw differences between small caseloads are mostly chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import Estimate, codes_of, complete, interval_of, numbers, same_length
from openrapport.analysis.random_intercept import Method, fit_random_intercept, profile_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TherapistEffect:
    """One therapist, in outcome units from the expected. `raw`: mean of what covariates leave; `estimate`: shrunken.

    `shrinkage` is between 0 (knows only everybody) and 1 (knows only this therapist). `se` covers the therapist's own
    clients and the uncertain mean, not that of the variances.
    """

    therapist: Any
    n_clients: int
    raw: float
    shrinkage: float
    estimate: float
    se: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TherapistEffects:
    """`icc` with its profile interval; `p_no_effect` from the likelihood ratio at its boundary (half chi-square)."""

    icc: float
    icc_low: float
    icc_high: float
    between_sd: float
    within_sd: float
    fixed: Mapping[str, Estimate]
    therapists: tuple[TherapistEffect, ...]
    likelihood_ratio: float
    p_no_effect: float
    deviance: float
    boundary: bool
    method: Method
    n_clients: int
    n_therapists: int
    dropped: int
    level: float


def therapist_effects(
    outcome: Sequence[float | None] | Floats,
    therapist: Sequence[Any],
    covariates: Mapping[str, Sequence[float | None] | Floats] | None = None,
    *,
    method: Method = "reml",
    level: float = 0.95,
) -> TherapistEffects:
    """One row for each client: `outcome` (final score or change), their `therapist`, `covariates` such as intake.

    Case mix belongs in `covariates`: without it, whoever takes the hardest clients looks worst. Covariates are entered
    around their means, so that `fixed["intercept"]` is the outcome of an average client with an average therapist.
    Rows with something missing are left out and counted. At an ICC of 0 `boundary` is True and every estimate 0.

    Raises ValueError: columns of different length, fewer than two therapists, none with two clients, a covariate
    that does not vary. Random intercept by REML or ML; interval by profile of that likelihood over the ICC.

    >>> found = therapist_effects([5, 6, 7, 9, 10, 11, 1, 2, 3], ["Ana"] * 3 + ["Ben"] * 3 + ["Cy"] * 3)
    >>> round(found.icc, 4), [round(one.estimate, 3) + 0.0 for one in found.therapists]
    (0.94, [0.0, 3.917, -3.917])
    """
    columns = dict(covariates or {})
    if "intercept" in columns:
        raise ValueError("A covariate cannot be called intercept: rename it.")
    named = {f"covariate {name}": column for name, column in columns.items()}
    rows = same_length(outcome=outcome, therapist=therapist, **named)
    table = np.array([numbers(outcome, "outcome"), *(numbers(column, name) for name, column in columns.items())])
    whole = complete(table)
    if not whole.any():
        raise ValueError("No row is complete.")
    codes, labels = codes_of([label for label, kept in zip(therapist, whole, strict=True) if kept])
    y, x = table[0, whole], table[1:, whole].T
    names = ("intercept", *columns)
    design = np.column_stack([np.ones(len(y)), x - x.mean(axis=0)])
    fit, deviance = fit_random_intercept(design, y, codes, names, method=method)
    low, high = profile_interval(deviance, fit.icc, level)
    ratio = max(0.0, deviance(0.0) - fit.deviance)
    errors = np.sqrt(np.diag(fit.covariance))
    rest = y - design @ fit.coefficients
    raw = np.bincount(codes, rest) / np.bincount(codes)
    return TherapistEffects(
        icc=fit.icc,
        icc_low=low,
        icc_high=high,
        between_sd=math.sqrt(fit.between_variance),
        within_sd=math.sqrt(fit.within_variance),
        fixed={
            name: interval_of(float(b), float(se), math.inf, level)
            for name, b, se in zip(names, fit.coefficients, errors, strict=True)
        },
        therapists=tuple(
            _one(label, int(n), *(float(number) for number in row), level=level)
            for label, n, *row in zip(
                labels, np.bincount(codes), raw, fit.shrinkage, fit.effects, fit.errors, strict=True
            )
        ),
        likelihood_ratio=ratio,
        p_no_effect=_half_chi_square(ratio),
        deviance=fit.deviance,
        boundary=fit.icc == 0,
        method=method,
        n_clients=len(y),
        n_therapists=len(labels),
        dropped=rows - len(y),
        level=level,
    )


def _one(
    therapist: Any, n: int, raw: float, shrinkage: float, estimate: float, se: float, *, level: float
) -> TherapistEffect:
    interval = interval_of(estimate, se, math.inf, level)
    return TherapistEffect(therapist, n, raw, shrinkage, estimate, se, interval.low, interval.high)


def _half_chi_square(ratio: float) -> float:
    """A variance cannot be negative: half of the null distribution sits at 0 (Self & Liang 1987)."""
    from scipy.special import ndtr

    return 1.0 if ratio <= 0 else float(ndtr(-math.sqrt(ratio)))
