"""Growth curves of clients who lie within therapists: random effects per client, a random intercept per therapist."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.covariances import covariance_of
from openrapport.analysis.growth.design import Design, Grouping
from openrapport.analysis.growth.profiled_deviance import Profile, profile
from openrapport.analysis.growth.reporting import INTERCEPT, report_fit
from openrapport.analysis.growth.result import GrowthFit, Method
from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.growth.standard_columns import StandardColumns, standardise
from openrapport.analysis.growth.three_level_moments import Eliminated, eliminate, three_level_slopes
from openrapport.analysis.growth.three_level_sums import NotNested, ThreeLevelSums, sum_three_levels
from openrapport.analysis.growth.variance_search import (
    Estimate,
    Slopes,
    Spot,
    find_lowest,
    find_lowest_of,
    lower_place,
    starts,
)

__all__ = ["NotNested", "TherapistEstimate", "fit_three_levels", "therapist_estimates"]

# From this many clients and therapists on, a sample of the therapists shows where to begin.
_MANY_CLIENTS, _MANY_THERAPISTS = 20_000, 400
_SAMPLE_CLIENTS, _SAMPLE_THERAPISTS = 6_000, 150
# Up to this many clients the search begins from several places; second derivatives are checked while it costs little.
_FEW_CLIENTS = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class NestedSpot:
    """What is known at one D and one therapist variance."""

    deviance: float
    therapist: float
    found: Profile
    eliminated: Eliminated


@dataclass(frozen=True, slots=True, eq=False)
class NestedCriterion:
    """The profiled deviance of three levels, for `find_lowest`."""

    columns: StandardColumns
    sums: ThreeLevelSums
    method: Method

    @property
    def n_random(self) -> int:
        return self.sums.n_random

    @property
    def n_levels(self) -> tuple[int, ...]:
        return self.sums.n_clients, self.sums.n_therapists

    def spot(self, d: Floats, factors: Floats) -> NestedSpot | None:
        therapist = float(factors[0])
        with np.errstate(all="ignore"):  # far out, a determinant may round to zero: `profile` then finds no deviance
            there = eliminate(self.sums, self.columns.one, d, therapist)
        found = profile(there.products, there.log_det, self.columns, self.method, self.sums.n_rows)
        return None if found is None else NestedSpot(found.deviance, therapist, found, there)

    def slopes(self, spot: Spot) -> Slopes:
        assert isinstance(spot, NestedSpot)
        residual = spot.found.residual / math.sqrt(spot.found.sigma2)
        return three_level_slopes(
            self.sums, self.columns.one, spot.therapist, spot.eliminated, residual, spot.found.spread
        )


def fit_three_levels(design: Design, *, method: Method) -> GrowthFit:
    """Fit y = X beta + Z b(client) + u(therapist) + e by restricted ("reml") or full ("ml") maximum likelihood.

    `design.therapist` must be given and every client have one therapist. The deviance is -2 log (restricted)
    likelihood with all its constants; at the boundary (no therapist variance, perfectly related client effects) the
    estimate is exact and named in `boundary`. Estimator of Laird & Ware (1982); sums by client and therapist, so a
    step costs the same however many sessions a client has.

    Raises `NotNested` when a client has two therapists, ValueError when the levels cannot be told apart (one
    therapist; one client per therapist; one row per client), when there are too few rows, or when a fixed column
    follows from the others.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> client = np.repeat(np.arange(60), 6)
    >>> ones = np.ones((360, 1))
    >>> y = 50 + rng.normal(0, 3, 10)[client // 6] + rng.normal(0, 4, 60)[client] + rng.normal(0, 5, 360)
    >>> group = lambda name, codes: Grouping(name, codes, tuple(str(code) for code in range(codes.max() + 1)))
    >>> design = Design("score", y, ones, ones, ("(Intercept)",), ("(Intercept)",),
    ...                 group("client", client), group("therapist", client // 6))
    >>> fit = fit_three_levels(design, method="reml")
    >>> fit.converged, sorted(fit.random), round(fit.residual_sd, 1)
    (True, ['client', 'therapist'], 4.8)
    """
    therapist = _therapist_of(design)
    columns = standardise(design)
    sums = sum_three_levels(columns, design.client, therapist)
    _refuse_inseparable(design, sums)
    criterion = NestedCriterion(columns, sums, method)
    estimate = _search(criterion)
    if estimate is None:
        raise ValueError(f"The deviance of {design.outcome!r} cannot be computed: look for numbers far out of range.")
    assert isinstance(estimate.spot, NestedSpot)
    return report_fit(design, columns, estimate, estimate.spot.found, (therapist.column,), method)


def _therapist_of(design: Design) -> Grouping:
    if design.therapist is None:
        raise ValueError("Three levels need a therapist column.")
    return design.therapist


def _refuse_inseparable(design: Design, sums: ThreeLevelSums) -> None:
    if sums.n_therapists < 2:
        raise ValueError("There is one therapist only: leave the therapist level out.")
    if len(design.y) == sums.n_clients:
        raise ValueError("Every client has one row only: what differs between clients cannot be told from noise.")
    if sums.n_clients == sums.n_therapists and sums.ones is None:
        raise ValueError("Every therapist has one client only: leave the therapist level out.")


def _search(criterion: NestedCriterion) -> Estimate | None:
    sums = criterion.sums
    places = starts(sums.n_random, 1)
    if sums.n_clients < _FEW_CLIENTS:
        if criterion.method == "ml":
            # The full likelihood can have a second valley; the restricted one shows where the lower one lies.
            restricted = find_lowest_of(NestedCriterion(criterion.columns, sums, "reml"), places)
            places = places if restricted is None else (*places, restricted.place)
        return find_lowest_of(criterion, places)
    if sums.n_clients < _MANY_CLIENTS or sums.n_therapists < _MANY_THERAPISTS:
        return find_lowest(criterion, places[0], thorough=sums.n_clients < _MANY_CLIENTS)
    step = max(1, min(sums.n_clients // _SAMPLE_CLIENTS, sums.n_therapists // _SAMPLE_THERAPISTS))
    sample = sums.every(step)
    found = find_lowest(NestedCriterion(criterion.columns, sample, criterion.method), places[0])
    if found is None:
        return find_lowest(criterion, places[0], thorough=False)
    if any(found.singular):
        # The sample's boundary is not the whole's, and the search cannot leave one by itself.
        wider = np.asarray(np.linalg.cholesky(found.d + 0.05 * np.eye(len(found.d))), dtype=float)
        return find_lowest(criterion, lower_place(wider, np.sqrt(found.factors + 0.01)), thorough=False)
    inverse = found.inverse * (sample.n_rows / sums.n_rows)
    return find_lowest(criterion, found.place, inverse=inverse, thorough=False)


@dataclass(frozen=True, slots=True)
class TherapistEstimate:
    """A therapist's shrunken effect and its conditional variance, in (squared) outcome units.

    The variance is that of the effect given the scores, the fixed effects and variances taken as known.
    """

    therapist: str
    estimate: float
    variance: float
    n_clients: int
    n_rows: int


def therapist_estimates(design: Design, fit: GrowthFit) -> tuple[TherapistEstimate, ...]:
    """What the fit predicts of every therapist who has rows, in the order of `design.therapist.labels`.

    u = d 1'W^-1 (y - X beta) / (1 + d h) with variance sigma^2 d / (1 + d h), W without the therapists (Robinson 1991).
    Raises `NotNested` as `fit_three_levels` does, and ValueError when `fit` has no such therapist column.
    """
    therapist = _therapist_of(design)
    if therapist.column not in fit.random:
        raise ValueError(f"The fit has no effects of {therapist.column!r}.")
    columns = standardise(design)
    sums = sum_three_levels(columns, design.client, therapist)
    sigma2 = fit.residual_sd**2
    here = np.linalg.inv(columns.random_back)
    d = here @ covariance_of(fit, design.client.column) @ here.T / sigma2
    variance = fit.random[therapist.column].sd[INTERCEPT] ** 2 / sigma2
    r = eliminate(sums, columns.one, d, variance).r
    beta = np.array([fit.fixed[name].estimate for name in design.fixed_names])
    residual = np.zeros(len(r))
    residual[-1] = 1
    residual[list(columns.fixed)] -= np.linalg.solve(columns.fixed_back, beta) - columns.ordinary
    shrinking = variance / (1 + variance * r[columns.one])
    order = np.argsort(sums.therapists)
    return tuple(
        TherapistEstimate(therapist.labels[sums.therapists[k]], float(u), float(v), int(clients), int(rows))
        for k, u, v, clients, rows in zip(
            order,
            (shrinking * (residual @ r))[order],
            (sigma2 * shrinking)[order],
            sums.clients_of[order],
            sums.rows_of[order],
            strict=True,
        )
    )
