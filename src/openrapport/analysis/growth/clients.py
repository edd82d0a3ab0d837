"""What is known of each client: their deviation from the fixed effects, drawn towards zero while scores are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.covariances import covariance_of
from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.moments import t_b_and_log_det
from openrapport.analysis.growth.result import GrowthFit
from openrapport.analysis.growth.small_matrices import Floats, constant, product
from openrapport.analysis.growth.sums import ClientSums, sum_by_client


@dataclass(frozen=True, slots=True, eq=False)
class ClientEstimates:
    """`estimates` (clients, q) in outcome units per unit of each random column; `variances` (clients, q, q).

    Variances are conditional: fixed effects and variance components count as known.
    """

    names: tuple[str, ...]
    clients: tuple[str, ...]
    estimates: Floats
    variances: Floats


def client_estimates(design: Design, fit: GrowthFit) -> ClientEstimates:
    """Best linear unbiased predictions D Z'W^-1 (y - X beta), variances sigma^2 D T (Henderson 1975), of all clients.

    Raises ValueError when the fit has random effects by anything but the client.

    >>> from openrapport.analysis.growth.build import build_design
    >>> from openrapport.analysis.growth.fit import fit_design
    >>> table = {"c": np.repeat(np.arange(3), 2), "y": np.array([1.0, 3, 11, 13, 6, 8])}
    >>> design = build_design(table, outcome="y", client="c", fixed="1", random="1")
    >>> found = client_estimates(design, fit_design(design, method="reml"))
    >>> found.estimates.round(3).ravel().tolist()  # means -5, 5 and 0 from 7, shrunken by 24 / (24 + 2 / 2)
    [-4.8, 4.8, 0.0]
    """
    refuse_other_groups(fit)
    beta = np.array([fit.fixed[name].estimate for name in design.fixed_names])
    sums = sum_by_client(design.client.codes, len(design.client.labels), design.z, design.y - design.x @ beta)
    estimates, variances = _shrunken(sums.s, sums.u, fit, design.client.column)
    return ClientEstimates(design.random_names, design.client.labels, estimates, variances)


def client_estimate(
    sums: ClientSums, fit: GrowthFit, *, expected: Sequence[float] | Floats, group: str = "client"
) -> tuple[Floats, Floats]:
    """The same for one client from their running sums: estimates (q,) and their variances (q, q).

    `expected` (q,) are the fixed effects of the random columns for this client, in the outcome's units, what covariates
    add to each included.
    """
    refuse_other_groups(fit)
    course = np.asarray(expected, dtype=float)
    if course.shape != sums.u.shape:
        raise ValueError(f"The expected course has {len(sums.u)} coefficients, one for each random column.")
    if sums.centre:
        names = fit.random[group].names if group in fit.random else ()
        if "(Intercept)" not in names:
            raise ValueError("Scores counted from a centre need a random intercept.")
        course = course.copy()
        course[names.index("(Intercept)")] -= sums.centre
    left = sums.u - sums.s @ course
    estimates, variances = _shrunken(sums.s[:, :, None], left[:, None], fit, group)
    return estimates[0], variances[0]


def _shrunken(s: Floats, u: Floats, fit: GrowthFit, group: str) -> tuple[Floats, Floats]:
    sigma2 = fit.residual_sd**2
    d = covariance_of(fit, group) / sigma2
    t = t_b_and_log_det(s, d)[0]
    dt = product(constant(d), t)
    estimates = product(dt, u[:, None, :])[:, 0]
    return np.ascontiguousarray(estimates.T), sigma2 * np.ascontiguousarray(np.moveaxis(dt, 2, 0))


def refuse_other_groups(fit: GrowthFit) -> None:
    """Raises ValueError unless clients are the only group."""
    if len(fit.random) != 1:
        raise ValueError(f"This takes a fit with clients as the only group; this one has {', '.join(fit.random)}.")
