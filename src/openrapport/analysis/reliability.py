"""How well the items of a score hang together: Cronbach's alpha, McDonald's omega, item-rest correlations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from openrapport.analysis.bootstrap import Bootstrap, percentile_bootstrap
from openrapport.analysis.one_factor import Floats, fit_one_factor, information

Items: TypeAlias = Sequence[Sequence[float | None]] | Floats
Missing: TypeAlias = Literal["refuse", "leave_out"]


@dataclass(frozen=True, slots=True)
class Alpha:
    """`estimate` is of the sum of the items as they are, `standardized` of the sum of items of equal variance.

    `item_rest` is the correlation of each item with the sum of the others, `without_item` alpha of the others alone
    (None with two items). `n` people went in, `left_out` had an answer missing.
    """

    estimate: float
    low: float
    high: float
    level: float
    interval: str
    standardized: float
    mean_correlation: float
    item_rest: tuple[float, ...]
    without_item: tuple[float, ...] | None
    n: int
    left_out: int
    items: int
    bootstrap: Bootstrap | None
    message: str


@dataclass(frozen=True, slots=True)
class Omega:
    """Omega total under one factor. `loadings` and `uniquenesses` are of standardised items.

    `low` and `high` are None in a Heywood case, where the formula behind them does not hold; `heywood` are the item
    numbers, from 1. `chi_square` (Bartlett's correction) tests that one factor is enough; None with three items, which
    one factor always fits.
    """

    estimate: float
    se: float | None
    low: float | None
    high: float | None
    level: float
    interval: str
    standardized: float
    loadings: tuple[float, ...]
    uniquenesses: tuple[float, ...]
    chi_square: float | None
    df: int
    p: float | None
    heywood: tuple[int, ...]
    item_rest: tuple[float, ...]
    n: int
    left_out: int
    items: int
    bootstrap: Bootstrap | None
    converged: bool
    message: str


def alpha(
    items: Items,
    *,
    level: float = 0.95,
    missing: Missing = "refuse",
    samples: int | None = None,
    seed: int | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Alpha:
    """Cronbach's alpha of `items` (people in rows, items in columns), with the exact interval of Feldt 1965.

    alpha = k / (k - 1) (1 - sum of item variances / variance of the sum) (Cronbach 1951). Feldt's interval assumes
    normal, equally good items; with `samples` and `seed` a percentile bootstrap stands beside it (`tell` hears how far
    it is). A missing answer is
    refused, or its person left out. Raises ValueError for fewer than two items or three people, an item that never
    varies, or a bootstrap without a seed.

    >>> found = alpha([[1, 2, 2], [2, 2, 3], [3, 4, 3], [4, 4, 5], [5, 4, 5]])
    >>> round(found.estimate, 3), round(found.low, 3), found.interval
    (0.939, 0.691, 'Feldt 1965')
    """
    table, left_out = _table(items, missing, fewest_items=2)
    n, k = table.shape
    covariance = np.cov(table, rowvar=False)
    estimate = _alpha_of(covariance)
    mean_correlation = float((_correlations(table).sum() - k) / (k * (k - 1)))
    low, high = _feldt(estimate, n, k, level)
    rest = item_rest(table)
    without = tuple(_alpha_of(np.delete(np.delete(covariance, i, 0), i, 1)) for i in range(k)) if k > 2 else None
    return Alpha(
        estimate=estimate,
        low=low,
        high=high,
        level=level,
        interval="Feldt 1965",
        standardized=k * mean_correlation / (1 + (k - 1) * mean_correlation),
        mean_correlation=mean_correlation,
        item_rest=rest,
        without_item=without,
        n=n,
        left_out=left_out,
        items=k,
        bootstrap=percentile_bootstrap(
            table, lambda drawn: _alpha_of(np.cov(drawn, rowvar=False)), level, samples, seed, tell
        ),
        message=_say_turned(rest),
    )


def omega(
    items: Items,
    *,
    level: float = 0.95,
    missing: Missing = "refuse",
    samples: int | None = None,
    seed: int | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Omega:
    """McDonald's omega total of `items` (people in rows, items in columns), from a one-factor fit by ML.

    omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of uniquenesses), of the items as they are (McDonald 1999).
    The interval is by the delta method on log(omega / (1 - omega)) and assumes normal items (Raykov 2002); with
    `samples` and `seed` a percentile bootstrap stands beside it. Raises ValueError for fewer than three items, people
    not more than items, an item that never varies or repeats others, a missing answer, or a bootstrap without a seed.

    >>> from openrapport.analysis.simulate_measures import one_factor_answers
    >>> answers = one_factor_answers([0.8, 0.7, 0.6, 0.7], people=400, seed=1)
    >>> found = omega(answers)
    >>> round(found.estimate, 2), found.df, found.heywood
    (0.77, 2, ())
    """
    _checked(level)
    table, left_out = _table(items, missing, fewest_items=3)
    n, k = table.shape
    correlations, sd = _correlations(table), table.std(axis=0, ddof=1)
    fit = fit_one_factor(correlations)
    loadings, own = sd * fit.loadings, sd**2 * fit.uniquenesses
    estimate = _omega_of(loadings, own)
    se, low, high = (None, None, None) if fit.heywood else _delta(loadings, own, n, level)
    df = k * (k - 3) // 2
    chi_square = (n - 1 - (2 * k + 5) / 6 - 2 / 3) * fit.discrepancy if df else None

    def again(drawn: Floats) -> float:
        spread = drawn.std(axis=0, ddof=1)
        refit = fit_one_factor(_correlations(drawn), start=fit.uniquenesses)
        return _omega_of(spread * refit.loadings, spread**2 * refit.uniquenesses)

    heywood = tuple(item + 1 for item in fit.heywood)
    rest = item_rest(table)
    return Omega(
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        level=level,
        interval="delta method, logit (Raykov 2002)",
        standardized=_omega_of(fit.loadings, fit.uniquenesses),
        loadings=tuple(fit.loadings.tolist()),
        uniquenesses=tuple(fit.uniquenesses.tolist()),
        chi_square=chi_square,
        df=df,
        p=None if chi_square is None else _chi2_above(chi_square, df),
        heywood=heywood,
        item_rest=rest,
        n=n,
        left_out=left_out,
        items=k,
        bootstrap=percentile_bootstrap(table, again, level, samples, seed, tell),
        converged=fit.converged,
        message=" ".join(filter(None, [_say_fit(heywood, fit.converged), _say_turned(rest)])),
    )


def item_rest(items: Items) -> tuple[float, ...]:
    """Correlation of each item with the sum of all others. A negative one is often an item that was not turned round.

    >>> [round(value, 2) for value in item_rest([[1, 2, 2], [2, 2, 3], [3, 4, 3], [4, 4, 5], [5, 4, 5]])]
    [0.97, 0.82, 0.89]
    """
    table, _ = _table(items, "refuse", fewest_items=2)
    total = table.sum(axis=1)
    found = []
    for item in range(table.shape[1]):
        rest = total - table[:, item]
        if np.ptp(rest) == 0:
            raise ValueError(f"Item {item + 1}: the sum of the other items never varies.")
        found.append(float(np.corrcoef(table[:, item], rest)[0, 1]))
    return tuple(found)


def _table(items: Items, missing: Missing, *, fewest_items: int) -> tuple[Floats, int]:
    """People with every answer, and how many were left out."""
    if missing not in get_args(Missing):
        raise ValueError(f"People with a missing answer are 'refuse'd or 'leave_out', not {missing!r}.")
    try:
        table = np.array(items, dtype=float)
    except (TypeError, ValueError) as problem:
        raise ValueError("Items are a table of numbers: people in rows, items in columns.") from problem
    if table.ndim != 2 or table.shape[1] < fewest_items:
        raise ValueError(f"Give a table of people in rows and at least {fewest_items} items in columns.")
    if np.isinf(table).any():
        raise ValueError("An answer is infinite.")
    incomplete = np.isnan(table).any(axis=1)
    if incomplete.any() and missing == "refuse":
        row, column = (int(index) + 1 for index in np.argwhere(np.isnan(table))[0])
        raise ValueError(f"Row {row}, item {column} has no answer. Use missing='leave_out' to leave such people out.")
    table = table[~incomplete]
    if len(table) < 3:
        raise ValueError(f"Reliability needs at least three people with every answer; there are {len(table)}.")
    constant = np.flatnonzero(np.ptp(table, axis=0) == 0)
    if len(constant):
        raise ValueError(f"Item {constant[0] + 1} has the same answer from everybody. Leave it out.")
    return table, int(incomplete.sum())


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError("The level of an interval lies between 0 and 1, such as 0.95.")
    return level


def _correlations(table: Floats) -> Floats:
    return np.asarray(np.corrcoef(table, rowvar=False))


def _alpha_of(covariance: Floats) -> float:
    k, total = len(covariance), float(covariance.sum())
    if total <= 1e-12 * float(np.trace(covariance)):
        raise ValueError("The sum of the items never varies: some items are others turned round.")
    return k / (k - 1) * (1 - float(np.trace(covariance)) / total)


def _feldt(estimate: float, n: int, k: int, level: float) -> tuple[float, float]:
    """(1 - alpha) / (1 - estimate) is F with n - 1 and (n - 1)(k - 1) degrees of freedom."""
    from scipy.special import fdtri

    tail, df = (1 - _checked(level)) / 2, (n - 1, (n - 1) * (k - 1))
    return (
        1 - (1 - estimate) * float(fdtri(*df, 1 - tail)),
        1 - (1 - estimate) * float(fdtri(*df, tail)),
    )


def _omega_of(loadings: Floats, own: Floats) -> float:
    common = float(loadings.sum()) ** 2
    return common / (common + float(own.sum()))


def _delta(loadings: Floats, own: Floats, n: int, level: float) -> tuple[float, float, float]:
    """SE of omega, and an interval that stays between 0 and 1. logit(omega) = 2 log(sum loadings) - log(sum own)."""
    from scipy.special import expit, ndtri

    slope = np.concatenate([np.full(len(own), 2 / loadings.sum()), np.full(len(own), -1 / own.sum())])
    se = math.sqrt(float(slope @ np.linalg.solve(information(loadings, own), slope)) / (n - 1))
    estimate = _omega_of(loadings, own)
    middle, reach = math.log(estimate / (1 - estimate)), float(ndtri((1 + level) / 2)) * se
    return estimate * (1 - estimate) * se, float(expit(middle - reach)), float(expit(middle + reach))


def _chi2_above(value: float, df: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(df, value))


def _say_turned(rest: tuple[float, ...]) -> str:
    turned = ", ".join(str(number) for number, value in enumerate(rest, start=1) if value < 0)
    return f"These items go against the others: {turned}. Were they turned round?" if turned else ""


def _say_fit(heywood: tuple[int, ...], converged: bool) -> str:
    said = []
    if heywood:
        numbers = ", ".join(map(str, heywood))
        said.append(
            f"Heywood case: the fit leaves these items nothing of their own ({numbers}); their own variance is held at "
            "0.5 % of the whole. Too few people, or not one factor. There is no interval by formula; use a bootstrap."
        )
    if not converged:
        said.append("The search did not settle; do not use these numbers.")
    return " ".join(said)
