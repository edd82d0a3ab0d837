"""Intervals: Wald's for fixed effects, profiles of the likelihood for standard deviations and correlations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtri, stdtrit

from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.profile import Profiler
from openrapport.analysis.growth.result import GrowthFit

Kind = Literal["fixed", "sd", "correlation", "residual_sd"]
Reference = Literal["z", "t"]


@dataclass(frozen=True, slots=True)
class Interval:
    """`names`: the effect, or the two of a correlation; empty for the residual. `how` says by what method."""

    kind: Kind
    names: tuple[str, ...]
    estimate: float
    low: float
    high: float
    level: float
    how: str


def wald_intervals(fit: GrowthFit, *, level: float, reference: Reference) -> tuple[Interval, ...]:
    """estimate -/+ quantile x standard error for every fixed effect.

    "z" takes the normal quantile. "t" takes Student's with clients minus fixed effects degrees of freedom, the number
    that holds for what varies between clients and is cautious for the rest. Raises ValueError when none are left.

    >>> from openrapport.analysis.growth.fit import growth
    >>> table = {"c": [0, 0, 1, 1, 2, 2], "y": [1.0, 3, 11, 13, 6, 8]}
    >>> fit = growth(table, outcome="y", client="c", fixed="1", random="1", method="reml")
    >>> mean = wald_intervals(fit, level=0.95, reference="t")[0]
    >>> round(mean.low, 2), round(mean.high, 2), mean.how  # 7 -/+ 4.303 x 5 / sqrt(3)
    (-5.42, 19.42, 'Wald, t (2 df)')
    """
    _refuse_level(level)
    upper, how = (1 + level) / 2, "Wald, normal"
    if reference == "z":
        width = float(ndtri(upper))
    elif reference == "t":
        df = fit.n_clients - len(fit.fixed)
        if df < 1:
            raise ValueError(f"A t interval takes more clients than the {len(fit.fixed)} fixed effects.")
        width, how = float(stdtrit(df, upper)), f"Wald, t ({df} df)"
    else:
        raise ValueError(f'The reference is "z" or "t", not {reference!r}.')
    return tuple(
        Interval(
            "fixed", (name,), one.estimate, one.estimate - width * one.se, one.estimate + width * one.se, level, how
        )
        for name, one in fit.fixed.items()
    )


def profile_intervals(design: Design, fit: GrowthFit, *, level: float) -> tuple[Interval, ...]:
    """Profile-likelihood intervals of every standard deviation, correlation and the residual's (Bates et al. 2015).

    An end is where the deviance, minimised over all else, lies the chi-squared (1 df) quantile above its minimum; where
    it does not rise so far before 0 (or a correlation of -1 or 1), the interval ends there. Uses the fit's own
    likelihood, restricted or not. A correlation with an effect of no variance has none.

    Raises ValueError unless clients are the fit's only group, and when it did not converge.
    """
    _refuse_level(level)
    if not fit.converged:
        raise ValueError("The fit did not converge, so there is no minimum to measure from.")
    profiler = Profiler.of(design, fit, rise=float(ndtri((1 + level) / 2)) ** 2)
    effects = fit.random[design.client.column]
    how = "profile of the restricted likelihood" if fit.method == "reml" else "profile of the likelihood"
    found: list[Interval] = []
    for k, name in enumerate(effects.names):
        low, high = profiler.sd(k)
        found.append(Interval("sd", (name,), effects.sd[name], low, high, level, how))
    for i in range(len(effects.names)):
        for j in range(i):
            estimate = effects.corr[i][j]
            if estimate is not None:
                low, high = profiler.correlation(i, j, estimate)
                names = (effects.names[j], effects.names[i])
                found.append(Interval("correlation", names, estimate, low, high, level, how))
    low, high = profiler.residual()
    found.append(Interval("residual_sd", (), fit.residual_sd, low, high, level, how))
    return tuple(found)


def _refuse_level(level: float) -> None:
    if not (math.isfinite(level) and 0 < level < 1):
        raise ValueError("The level of an interval lies between 0 and 1.")
