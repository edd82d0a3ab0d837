"""From an estimate in standard columns to a `GrowthFit` in the units of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from openrapport.analysis.growth.covariances import effects_of
from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.profiled_deviance import Profile
from openrapport.analysis.growth.result import Coefficient, GrowthFit, Method, RandomEffects
from openrapport.analysis.growth.standard_columns import StandardColumns
from openrapport.analysis.growth.variance_search import Estimate

INTERCEPT = "(Intercept)"


def report_fit(
    design: Design, columns: StandardColumns, estimate: Estimate, found: Profile, factors: Sequence[str], method: Method
) -> GrowthFit:
    """The fit with groups named by their columns: the client first, then `factors` in the estimate's order."""
    beta = columns.fixed_back @ (columns.ordinary + found.beta)
    covariance = found.sigma2 * columns.fixed_back @ found.c @ columns.fixed_back.T
    client = found.sigma2 * columns.random_back @ estimate.d @ columns.random_back.T
    random = {design.client.column: effects_of(design.random_names, client)}
    for name, variance in zip(factors, estimate.factors, strict=True):
        random[name] = effects_of((INTERCEPT,), np.array([[found.sigma2 * variance]]))
    names = (design.client.column, *factors)
    boundary = tuple(name for name, singular in zip(names, estimate.singular, strict=True) if singular)
    return GrowthFit(
        method=method,
        n_rows=len(design.y),
        n_clients=int(np.count_nonzero(np.bincount(design.client.codes))),
        fixed={
            name: Coefficient(float(b), math.sqrt(v))
            for name, b, v in zip(design.fixed_names, beta, np.diagonal(covariance), strict=True)
        },
        fixed_covariance=tuple(tuple(float(value) for value in row) for row in covariance),
        random=random,
        residual_sd=math.sqrt(found.sigma2),
        deviance=found.deviance,
        converged=estimate.certified,
        message=_message(estimate, boundary, random),
        boundary=boundary,
    )


def _message(estimate: Estimate, boundary: tuple[str, ...], random: dict[str, RandomEffects]) -> str:
    if not estimate.certified:
        return (
            f"Not at a minimum for certain: the search stopped after {estimate.evaluations} steps, and going on could "
            f"lower the deviance by about {max(estimate.gain, 1e-10):.1g}."
        )
    if not boundary:
        return "Converged."
    reasons = [
        f"{name} shows no spread of its own"
        if all(value == 0 for value in random[name].sd.values())
        else f"the effects of {name} are perfectly related, or one of them has no spread"
        for name in boundary
    ]
    return f"Converged on the boundary: {'; '.join(reasons)}."
