"""Pooling correlations over studies: random effects in two or three levels, through Fisher's z, given back as r."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from openrapport.analysis.meta_fit import (
    NEGLIGIBLE,
    Floats,
    Integers,
    chi2_above,
    pool,
    q_at,
    tau2_interval,
    tau2_moments,
    tau2_restricted,
    three_levels,
    two_sided,
    typical_variance,
)

Method: TypeAlias = Literal["dl", "reml"]

# A prediction interval takes the t distribution with k - 2 degrees of freedom (Higgins, Thompson & Spiegelhalter 2009).
FEWEST_STUDIES_TO_PREDICT = 3


@dataclass(frozen=True, slots=True)
class MetaAnalysis:
    """A pooled correlation. `estimate`, `low`, `high` and the prediction interval are r; `z`, `se`, `tau2` Fisher's z.

    `i2` is the percentage of the spread between studies that sampling does not explain. The prediction interval is
    where the true correlation of one further study would lie; None with two studies. `boundary` says that `tau2` came
    out as zero; `message` says what that and other peculiarities mean. `df` is None for the normal distribution.
    """

    method: Method
    knapp_hartung: bool
    k: int
    n: float
    estimate: float
    low: float
    high: float
    level: float
    z: float
    se: float
    statistic: float
    df: int | None
    p: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    q: float
    q_df: int
    q_p: float
    prediction_low: float | None
    prediction_high: float | None
    boundary: bool
    message: str


@dataclass(frozen=True, slots=True)
class NestedMetaAnalysis:
    """A pooled correlation where studies bring several effects. Fields as in `MetaAnalysis`.

    `tau2_between` is the variance of studies, `tau2_within` that of true effects inside one study, both on Fisher's z;
    `i2_between` and `i2_within` split the percentage of spread that sampling does not explain (Cheung 2014).
    `deviance` is -2 log restricted likelihood without its constant. `boundary` names the variances that are zero.
    """

    k: int
    studies: int
    n: float
    estimate: float
    low: float
    high: float
    level: float
    z: float
    se: float
    statistic: float
    p: float
    tau2_between: float
    tau2_within: float
    i2_between: float
    i2_within: float
    q: float
    q_df: int
    q_p: float
    prediction_low: float
    prediction_high: float
    deviance: float
    boundary: tuple[str, ...]
    converged: bool
    message: str


def meta(
    r: Sequence[float] | Floats,
    n: Sequence[float] | Floats,
    method: Method,
    *,
    knapp_hartung: bool = False,
    level: float = 0.95,
) -> MetaAnalysis:
    """Random-effects mean of independent correlations `r` from studies of `n` people each.

    Each r becomes z = atanh(r) with variance 1 / (n - 3). `method` estimates the variance between studies: "dl"
    (DerSimonian & Laird 1986) or "reml" (restricted maximum likelihood, Viechtbauer 2005). With `knapp_hartung` the
    mean's variance is estimated from the spread of the studies and its interval takes t with k - 1 degrees of freedom
    (Hartung & Knapp 2001; Sidik & Jonkman 2002). Raises ValueError for fewer than two studies, lengths that differ, r
    outside -1..1, n of 3 or less, or anything missing.

    >>> found = meta([0.25, 0.31, 0.18, 0.40], [80, 120, 60, 150], "reml", knapp_hartung=True)
    >>> round(found.estimate, 3), round(found.tau2, 4), found.q_df
    (0.314, 0.0005, 3)
    """
    y, v, sizes = _fisher(r, n)
    if method not in get_args(Method):
        raise ValueError(f"{method!r} is not a method: use 'dl' or 'reml', and knapp_hartung=True for Hartung-Knapp.")
    tau2 = tau2_moments(y, v) if method == "dl" else tau2_restricted(y, v)
    k = len(y)
    pooled = pool(y, v, tau2)
    df = k - 1 if knapp_hartung else None
    factor = q_at(y, v, tau2) / (k - 1) if knapp_hartung else 1.0
    se = math.sqrt(factor * pooled.variance)
    if se == 0:
        raise ValueError("Every study has the same r, so Hartung-Knapp has no spread to estimate from.")
    q, tau2_ends = q_at(y, v, 0.0), tau2_interval(y, v, _checked(level))
    ends = _around(pooled.mean, se, level, df)
    ahead = _prediction(pooled.mean, se, tau2, k, level)
    usual = _around(pooled.mean, math.sqrt(pooled.variance), level, None)
    boundary = tau2 <= NEGLIGIBLE * float(v.min())
    return MetaAnalysis(
        method=method,
        knapp_hartung=knapp_hartung,
        k=k,
        n=float(sizes.sum()),
        estimate=math.tanh(pooled.mean),
        low=ends[0],
        high=ends[1],
        level=level,
        z=pooled.mean,
        se=se,
        statistic=pooled.mean / se,
        df=df,
        p=two_sided(pooled.mean / se, df),
        tau2=tau2,
        tau2_low=tau2_ends[0],
        tau2_high=tau2_ends[1],
        i2=100 * tau2 / (tau2 + typical_variance(v)),
        q=q,
        q_df=k - 1,
        q_p=chi2_above(q, k - 1),
        prediction_low=ahead[0],
        prediction_high=ahead[1],
        boundary=boundary,
        message=_say(k, boundary=boundary, narrower=ends[0] > usual[0]),
    )


def meta3(
    r: Sequence[float] | Floats, n: Sequence[float] | Floats, study: Sequence[Hashable], *, level: float = 0.95
) -> NestedMetaAnalysis:
    """Mean of correlations of which some come from the same study: effects in studies, three levels, REML.

    `study` names the study of each effect. Effects of one study may share more than chance (`tau2_between`) and still
    differ (`tau2_within`); their sampling errors count as independent. Source: Konstantopoulos 2011. The interval is
    the normal one, too narrow with few studies. Raises ValueError as `meta` does, and when no study has two effects.

    >>> found = meta3([0.2, 0.3, 0.25, 0.4, 0.1, 0.35], [80] * 6, ["a", "a", "b", "b", "c", "c"])
    >>> round(found.estimate, 3), found.studies, found.boundary
    (0.269, 3, ('between',))
    """
    y, v, sizes = _fisher(r, n)
    numbers = _numbered(study, len(y))
    fit = three_levels(y, v, numbers)
    se = math.sqrt(fit.variance)
    spread = fit.between + fit.within
    ends = _around(fit.mean, se, _checked(level), None)
    ahead = _around(fit.mean, math.sqrt(fit.variance + spread), level, None)
    everything = spread + typical_variance(v)
    q = q_at(y, v, 0.0)
    boundary = tuple(name for name in ("between", "within") if getattr(fit, name) == 0)
    return NestedMetaAnalysis(
        k=len(y),
        studies=int(numbers.max()) + 1,
        n=float(sizes.sum()),
        estimate=math.tanh(fit.mean),
        low=ends[0],
        high=ends[1],
        level=level,
        z=fit.mean,
        se=se,
        statistic=fit.mean / se,
        p=two_sided(fit.mean / se, None),
        tau2_between=fit.between,
        tau2_within=fit.within,
        i2_between=100 * fit.between / everything,
        i2_within=100 * fit.within / everything,
        q=q,
        q_df=len(y) - 1,
        q_p=chi2_above(q, len(y) - 1),
        prediction_low=ahead[0],
        prediction_high=ahead[1],
        deviance=fit.deviance,
        boundary=boundary,
        converged=fit.converged,
        message=_say_nested(boundary, fit.converged),
    )


def r_to_d(r: float) -> float:
    """The standardised difference of two equal groups that a correlation amounts to: d = 2 r / sqrt(1 - r^2).

    Raises ValueError unless -1 < r < 1. Source: Cohen 1988.

    >>> round(r_to_d(0.278), 3)
    0.579
    """
    if not -1 < r < 1:
        raise ValueError("A correlation lies between -1 and 1, both excluded.")
    return 2 * r / math.sqrt(1 - r * r)


def d_to_r(d: float) -> float:
    """The correlation that a standardised difference of two equal groups amounts to: r = d / sqrt(d^2 + 4).

    >>> round(d_to_r(0.5788), 3)
    0.278
    """
    if not math.isfinite(d):
        raise ValueError("A standardised difference is a finite number.")
    return d / math.hypot(d, 2)


def _fisher(r: Sequence[float] | Floats, n: Sequence[float] | Floats) -> tuple[Floats, Floats, Floats]:
    correlations, sizes = np.asarray(r, dtype=float), np.asarray(n, dtype=float)
    if correlations.ndim != 1 or correlations.shape != sizes.shape:
        raise ValueError(f"Give one n for each r: there are {correlations.size} correlations and {sizes.size} sizes.")
    if len(correlations) < 2:
        raise ValueError("Pooling needs at least two studies.")
    for number, (correlation, size) in enumerate(zip(correlations, sizes, strict=True), start=1):
        if not -1 < correlation < 1:
            raise ValueError(f"Study {number}: r is {correlation:g}; it must lie between -1 and 1, both excluded.")
        if not 3 < size < math.inf:
            raise ValueError(f"Study {number}: n is {size:g}; Fisher's z needs more than 3 people.")
    return np.arctanh(correlations), 1 / (sizes - 3), sizes


def _numbered(study: Sequence[Hashable], effects: int) -> Integers:
    """Studies numbered 0, 1, ... in the order they first come."""
    if len(study) != effects:
        raise ValueError(f"Give the study of each effect: there are {effects} effects and {len(study)} studies.")
    order: dict[Hashable, int] = {}
    numbers = [order.setdefault(name, len(order)) for name in study]
    if any(name is None or name != name for name in order):
        raise ValueError("An effect names no study. Give every effect the study it comes from.")
    if not 1 < len(order) < effects:
        raise ValueError("Three levels need at least two studies, one of them with two effects. Otherwise use `meta`.")
    return np.array(numbers, dtype=np.int64)


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError("The level of an interval lies between 0 and 1, such as 0.95.")
    return level


def _around(mean: float, se: float, level: float, df: int | None) -> tuple[float, float]:
    """Ends of an interval, as correlations."""
    from scipy.special import ndtri, stdtrit

    quantile = (1 + level) / 2
    reach = se * float(ndtri(quantile) if df is None else stdtrit(df, quantile))
    return math.tanh(mean - reach), math.tanh(mean + reach)


def _prediction(mean: float, se: float, tau2: float, k: int, level: float) -> tuple[float | None, float | None]:
    if k < FEWEST_STUDIES_TO_PREDICT:
        return None, None
    return _around(mean, math.sqrt(tau2 + se * se), level, k - 2)


def _say(k: int, *, boundary: bool, narrower: bool) -> str:
    said = []
    if boundary:
        said.append("The studies differ no more than sampling explains, so the variance between them is set to zero.")
        said.append("With few studies that does not show that they agree; see tau2_high.")
    if narrower:
        said.append("The Hartung-Knapp interval is narrower than the usual one here: report both.")
    if k < FEWEST_STUDIES_TO_PREDICT:
        said.append("Two studies are too few for a prediction interval.")
    return " ".join(said)


def _say_nested(boundary: tuple[str, ...], converged: bool) -> str:
    said = [f"The variance {name} studies is zero, the lowest it can be." for name in boundary]
    if not converged:
        said.append("The search did not settle on one lowest point; treat the variances with caution.")
    return " ".join(said)
