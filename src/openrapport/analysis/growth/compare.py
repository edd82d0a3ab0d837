"""Which of two nested fits: the likelihood-ratio test, and where its reference distribution is a mixture."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import chdtrc

from openrapport.analysis.growth.result import GrowthFit, Method

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """`statistic` is the deviances' difference. `reference` names the distribution that `p` comes from."""

    statistic: float
    df: int
    p: float
    reference: str
    method: Method
    added_fixed: tuple[str, ...]
    added_random: tuple[str, ...]


def likelihood_ratio(smaller: GrowthFit, larger: GrowthFit) -> LikelihoodRatio:
    """Tests whether the effects `larger` has more than `smaller` are zero.

    A variance that is zero lies on the boundary: with one random effect more beside k others (k covariances), half of
    the reference is chi-squared with the df of k and half with k + 1 (Self & Liang 1987, case 6; Stram & Lee 1994).

    >>> from openrapport.analysis.growth.fit import growth
    >>> table = {"c": [0, 0, 0, 1, 1, 1, 2, 2, 2], "t": [0, 1, 2] * 3, "y": [1, 3, 4, 11, 13, 16, 6, 8, 9]}
    >>> flat, rising = (
    ...     growth(table, outcome="y", client="c", fixed=fixed, random="1", method="ml") for fixed in ("1", "t")
    ... )
    >>> test = likelihood_ratio(flat, rising)
    >>> test.df, round(test.statistic, 2), test.reference, test.p < 0.001
    (1, 14.91, 'chi-squared (1 df)', True)

    Raises ValueError when the fits are not of the same data, not nested or not converged, when restricted likelihoods
    differ in their fixed part, and when several random effects are added at once (no simple mixture).
    """
    _refuse_if_not_comparable(smaller, larger)
    fixed = tuple(name for name in larger.fixed if name not in smaller.fixed)
    random, covariances = _added_random(smaller, larger)
    if smaller.method == "reml" and fixed:
        raise ValueError("Restricted likelihoods compare only fits with the same fixed effects: fit both by ML.")
    if not fixed and not random:
        raise ValueError("Both fits have the same effects: there is nothing to test.")
    if len(random) > 1:
        raise ValueError(f"Add random effects one at a time: {', '.join(random)} together have no simple reference.")
    statistic = smaller.deviance - larger.deviance
    if statistic < -_ROUNDING:
        raise ValueError("The larger fit has the larger deviance, so the two are not nested or not of the same data.")
    statistic = max(statistic, 0.0)
    low = len(fixed) + covariances
    if not random:
        p, reference = _beyond(statistic, low), f"chi-squared ({low} df)"
        return LikelihoodRatio(statistic, low, p, reference, smaller.method, fixed, random)
    p = (_beyond(statistic, low) + _beyond(statistic, low + 1)) / 2
    reference = f"half chi-squared ({low} df), half chi-squared ({low + 1} df): Self & Liang 1987"
    return LikelihoodRatio(statistic, low + 1, p, reference, smaller.method, fixed, random)


def _beyond(statistic: float, df: int) -> float:
    """P(chi-squared >= statistic); with no degree of freedom all of it lies at zero."""
    if df == 0:
        return float(statistic == 0)
    return float(chdtrc(df, statistic))


def _refuse_if_not_comparable(smaller: GrowthFit, larger: GrowthFit) -> None:
    if smaller.method != larger.method:
        raise ValueError("Fit both by the same method.")
    if (smaller.n_rows, smaller.n_clients) != (larger.n_rows, larger.n_clients):
        raise ValueError("The fits are of different rows: leave rows with something missing out of both.")
    if not (smaller.converged and larger.converged):
        raise ValueError("One of the fits did not converge: its deviance is not the smallest.")
    missing = [name for name in smaller.fixed if name not in larger.fixed]
    for group, effects in smaller.random.items():
        there = larger.random[group].names if group in larger.random else ()
        missing += [f"{name} by {group}" for name in effects.names if name not in there]
    if missing:
        raise ValueError(f"The fits are not nested: {', '.join(missing)} is only in the smaller one.")


def _added_random(smaller: GrowthFit, larger: GrowthFit) -> tuple[tuple[str, ...], int]:
    """The random effects only in the larger fit, and how many covariances come with them."""
    added: list[str] = []
    covariances = 0
    for group, effects in larger.random.items():
        before = smaller.random[group].names if group in smaller.random else ()
        new = [name for name in effects.names if name not in before]
        added += [f"{name} by {group}" for name in new]
        covariances += len(new) * len(before) + len(new) * (len(new) - 1) // 2
    return tuple(added), covariances
