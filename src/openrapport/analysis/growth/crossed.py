"""Growth curves with crossed factors: random effects per client, and a random intercept per level of each factor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.covariances import covariance_of
from openrapport.analysis.growth.crossed_moments import Reduced, crossed_slopes, reduce_clients
from openrapport.analysis.growth.crossed_sums import CrossedSums, sum_crossed, used_codes
from openrapport.analysis.growth.design import Codes, Design, Grouping
from openrapport.analysis.growth.profiled_deviance import Profile, profile
from openrapport.analysis.growth.reporting import INTERCEPT, report_fit
from openrapport.analysis.growth.result import GrowthFit, Method
from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.growth.standard_columns import StandardColumns, standardise
from openrapport.analysis.growth.variance_search import (
    Estimate,
    Slopes,
    Spot,
    find_lowest,
    find_lowest_of,
    starts,
)

__all__ = ["LevelEstimate", "crossed_estimates", "fit_crossed"]

# Up to this many clients and levels the search begins from several places and checks second derivatives.
_FEW_CLIENTS, _FEW_LEVELS = 2_000, 150
# From this many levels of one factor on, the rows at some of them show where to begin.
_MANY_LEVELS, _SAMPLE_LEVELS = 500, 120


@dataclass(frozen=True, slots=True, eq=False)
class CrossedSpot:
    """What is known at one D and one set of the factors' variances."""

    deviance: float
    factors: Floats
    found: Profile
    reduced: Reduced


@dataclass(frozen=True, slots=True, eq=False)
class CrossedCriterion:
    """The profiled deviance of crossed factors, for `find_lowest`."""

    columns: StandardColumns
    sums: CrossedSums
    method: Method

    @property
    def n_random(self) -> int:
        return self.sums.n_random

    @property
    def n_levels(self) -> tuple[int, ...]:
        return self.sums.n_clients, *self.sums.levels_of

    def spot(self, d: Floats, factors: Floats) -> CrossedSpot | None:
        with np.errstate(all="ignore"):  # far out, a determinant may round to zero: `profile` then finds no deviance
            there = reduce_clients(self.sums, d, factors)
        if there is None:
            return None
        found = profile(there.products, there.log_det, self.columns, self.method, self.sums.n_rows)
        return None if found is None else CrossedSpot(found.deviance, factors, found, there)

    def slopes(self, spot: Spot) -> Slopes:
        assert isinstance(spot, CrossedSpot)
        residual = spot.found.residual / math.sqrt(spot.found.sigma2)
        return crossed_slopes(self.sums, spot.factors, spot.reduced, residual, spot.found.spread)


def fit_crossed(design: Design, *, method: Method) -> GrowthFit:
    """Fit y = X beta + Z b(client) + u(level) of each factor + e by restricted ("reml") or full ("ml") likelihood.

    The factors are `design.crossed` and, where given, `design.therapist`: neither clients nor levels need to lie within
    one another, so a client may change therapist. The deviance is -2 log (restricted) likelihood, constants included.
    Clients are eliminated exactly, levels by dense blocks of those that share clients, and the gradient is exact.

    Raises ValueError without any factor, when two groupings put the rows into the same groups, when a grouping has one
    level or as many as there are rows, when a fixed column follows from the others, or when memory would not do.

    >>> import numpy as np
    >>> rng = np.random.default_rng(2)
    >>> client, room = np.repeat(np.arange(40), 8), np.tile(np.arange(8), 40)
    >>> ones = np.ones((320, 1))
    >>> y = 50 + rng.normal(0, 4, 40)[client] + rng.normal(0, 3, 8)[room] + rng.normal(0, 5, 320)
    >>> group = lambda name, codes: Grouping(name, codes, tuple(str(code) for code in range(codes.max() + 1)))
    >>> design = Design("score", y, ones, ones, ("(Intercept)",), ("(Intercept)",), group("client", client),
    ...                 crossed={"room": group("room", room)})
    >>> fit = fit_crossed(design, method="reml")
    >>> fit.converged, sorted(fit.random), round(fit.residual_sd, 1)
    (True, ['client', 'room'], 5.2)
    """
    factors = factors_of(design)
    larger = _larger_than_clients(design, factors)
    if larger is not None:
        return _fit_with_roles_changed(design, larger, method)
    columns = standardise(design)
    criterion = CrossedCriterion(columns, _sum_up(design, columns, factors), method)
    estimate = _search(design, criterion, factors)
    if estimate is None:
        raise ValueError(f"The deviance of {design.outcome!r} cannot be computed: look for numbers far out of range.")
    assert isinstance(estimate.spot, CrossedSpot)
    return report_fit(design, columns, estimate, estimate.spot.found, list(factors), method)


def _larger_than_clients(design: Design, factors: Mapping[str, Grouping]) -> str | None:
    """The factor with most levels where it may take the clients' place: more levels, and random intercepts on both."""
    counts = {column: len(used_codes(grouping)[1]) for column, grouping in factors.items()}
    name = max(counts, key=lambda column: counts[column])
    larger = counts[name] > len(used_codes(design.client)[1])
    return name if larger and design.random_names == (INTERCEPT,) and bool((design.z == 1).all()) else None


def _fit_with_roles_changed(design: Design, name: str, method: Method) -> GrowthFit:
    """The same model with the largest grouping eliminated, told in the order and by the names of `design`."""
    factors = factors_of(design)
    others = {column: grouping for column, grouping in factors.items() if column != name}
    others[design.client.column] = design.client
    fit = fit_crossed(replace(design, client=factors[name], therapist=None, crossed=others), method=method)
    order = (design.client.column, *factors)
    return replace(
        fit,
        n_clients=int(np.count_nonzero(np.bincount(design.client.codes))),
        random={column: fit.random[column] for column in order},
        boundary=tuple(column for column in order if column in fit.boundary),
    )


def _search(design: Design, criterion: CrossedCriterion, factors: Mapping[str, Grouping]) -> Estimate | None:
    sums = criterion.sums
    places = starts(sums.n_random, sums.n_factors)
    if sums.n_clients < _FEW_CLIENTS and sums.blocks.levels < _FEW_LEVELS:
        return find_lowest_of(criterion, places)
    if max(sums.levels_of) < _MANY_LEVELS:
        return find_lowest(criterion, places[0], thorough=False)
    sample = _sample(design, list(factors.values())[int(np.argmax(sums.levels_of))])
    try:
        columns = standardise(sample)
        few = CrossedCriterion(columns, _sum_up(sample, columns, factors_of(sample)), criterion.method)
    except ValueError:  # what can be told apart in the whole need not be in a part of it
        return find_lowest(criterion, places[0], thorough=False)
    found = find_lowest(few, places[0], thorough=False)
    if found is None or any(found.singular):
        return find_lowest(criterion, places[0], thorough=False)
    inverse = found.inverse * (len(sample.y) / sums.n_rows)
    return find_lowest(criterion, found.place, inverse=inverse, thorough=False)


def _at(rows: NDArray[np.bool_], grouping: Grouping) -> Grouping:
    return replace(grouping, codes=grouping.codes[rows])


def _sample(design: Design, factor: Grouping) -> Design:
    """The rows at some of the levels of one factor: enough of them to show where to begin."""
    there = used_codes(factor)[1]
    kept = np.zeros(len(factor.labels), dtype=bool)
    kept[there[:: max(1, len(there) // _SAMPLE_LEVELS)]] = True
    rows = kept[factor.codes]
    return replace(
        design,
        y=design.y[rows],
        x=design.x[rows],
        z=design.z[rows],
        client=_at(rows, design.client),
        therapist=None if design.therapist is None else _at(rows, design.therapist),
        crossed={name: _at(rows, grouping) for name, grouping in design.crossed.items()},
    )


def factors_of(design: Design) -> dict[str, Grouping]:
    """The groupings with a random intercept each, beside the clients. Raises ValueError when there is none."""
    factors = {} if design.therapist is None else {design.therapist.column: design.therapist}
    for grouping in design.crossed.values():
        factors[grouping.column] = grouping
    if not factors:
        raise ValueError("Crossed factors need at least one factor beside the client.")
    return factors


def _sum_up(design: Design, columns: StandardColumns, factors: Mapping[str, Grouping]) -> CrossedSums:
    clients = used_codes(design.client)[0]
    codes = [used_codes(grouping)[0] for grouping in factors.values()]
    _refuse_inseparable(design, clients, codes, list(factors))
    return sum_crossed(columns, columns.n_random, clients, codes)


def _refuse_inseparable(design: Design, clients: Codes, codes: Sequence[Codes], names: Sequence[str]) -> None:
    groupings = [(design.client.column, clients), *zip(names, codes, strict=True)]
    for index, (name, mine) in enumerate(groupings):
        levels = int(mine.max()) + 1
        if levels < 2:
            raise ValueError(f"{name!r} has one level only: leave it out.")
        if levels == len(mine):
            raise ValueError(f"Every row is a level of {name!r} of its own: its spread cannot be told from noise.")
        for other_name, other in groupings[:index]:
            if int(other.max()) + 1 == levels and _same_groups(mine, other):
                raise ValueError(f"{other_name!r} and {name!r} put the rows into the same groups: leave one out.")


def _same_groups(one: Codes, other: Codes) -> bool:
    partner = np.empty(int(one.max()) + 1, dtype=np.int64)
    partner[one] = other
    return bool((partner[one] == other).all()) and len(np.unique(partner)) == len(partner)


@dataclass(frozen=True, slots=True)
class LevelEstimate:
    """A level's shrunken effect and its conditional variance, in (squared) outcome units.

    The variance is that of the effect given the scores, the fixed effects and variances taken as known.
    """

    level: str
    estimate: float
    variance: float
    n_rows: int


def crossed_estimates(design: Design, fit: GrowthFit, column: str) -> tuple[LevelEstimate, ...]:
    """What the fit predicts of every level with rows of the factor named `column`, in the order of its labels.

    u = R (I + R N R)^-1 R U'W^-1 (y - X beta), and sigma^2 times the diagonal of R (I + R N R)^-1 R (Robinson 1991).
    Raises ValueError when the design or the fit has no such factor.
    """
    factors = factors_of(design)
    if column not in factors or column not in fit.random:
        raise ValueError(f"{column!r} is not a factor of this fit.")
    columns = standardise(design)
    sums = _sum_up(design, columns, factors)
    sigma2 = fit.residual_sd**2
    here = np.linalg.inv(columns.random_back)
    d = here @ covariance_of(fit, design.client.column) @ here.T / sigma2
    variances = np.array([fit.random[name].sd[INTERCEPT] ** 2 for name in factors]) / sigma2
    reduced = reduce_clients(sums, d, variances)
    if reduced is None:
        raise ValueError("The fit does not go with this design.")
    beta = np.array([fit.fixed[name].estimate for name in design.fixed_names])
    residual = np.zeros(len(columns.columns))
    residual[-1] = 1
    residual[list(columns.fixed)] -= np.linalg.solve(columns.fixed_back, beta) - columns.ordinary
    effects = reduced.scale * (reduced.root.back_solve(reduced.half) @ residual)
    spread = sigma2 * reduced.scale**2 * reduced.root.inverse()[sums.blocks.diagonal()]
    index = list(factors).index(column)
    labels = [factors[column].labels[position] for position in used_codes(factors[column])[1]]
    return tuple(
        LevelEstimate(label, float(effects[k]), float(spread[k]), int(sums.rows_at[k]))
        for label, k in zip(labels, sums.place_of[index], strict=True)
    )
