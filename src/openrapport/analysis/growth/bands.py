"""The expected course with its bands, for a new client and for one whose scores so far are known.

Bands are normal quantiles around the expectation; fixed effects count as estimated, variance components as known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from openrapport.analysis.growth.build import Table, read_values
from openrapport.analysis.growth.clients import refuse_other_groups
from openrapport.analysis.growth.columns import needed_columns
from openrapport.analysis.growth.covariances import covariance_of
from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.result import GrowthFit
from openrapport.analysis.growth.small_matrices import Floats


@dataclass(frozen=True, slots=True, eq=False)
class CourseBand:
    """One number for each point, in outcome units. `expected` and `expected_se`: the mean of such clients.

    `line_low` and `line_high` hold a client's own mean line, `score_low` and `score_high` one single score, each with
    probability `level`.
    """

    expected: Floats
    expected_se: Floats
    line_low: Floats
    line_high: Floats
    score_low: Floats
    score_high: Floats
    level: float


def expected_course(design: Design, fit: GrowthFit, at: Table, *, level: float) -> CourseBand:
    """What to expect of a new client at the rows of `at`, which holds the columns both formulas need.

    Raises ValueError when a column is not there, misses a number, or has a level that the fit does not know.

    >>> from openrapport.analysis.growth.build import build_design
    >>> from openrapport.analysis.growth.fit import fit_design
    >>> table = {"c": np.repeat(np.arange(3), 2), "y": np.array([1.0, 3, 11, 13, 6, 8])}
    >>> design = build_design(table, outcome="y", client="c", fixed="1", random="1")
    >>> band = expected_course(design, fit_design(design, method="reml"), {}, level=0.95)
    >>> band.expected.round(2).tolist(), band.score_high.round(2).tolist()  # 7 + 1.96 sqrt(25/3 + 24 + 2)
    ([7.0], [18.48])
    """
    x, z = columns_at(design, at)
    return band_of_new_client(fit, x, z, group=design.client.column, level=level)


def expected_course_of(design: Design, fit: GrowthFit, so_far: Table, at: Table, *, level: float) -> CourseBand:
    """The same for one client with the scores `so_far` (the formulas' columns and the outcome), in the fit or not."""
    x, z = columns_at(design, at)
    own_x, own_z = columns_at(design, so_far)
    if design.outcome not in so_far:
        raise ValueError(f"The client's scores so far need the column {design.outcome}.")
    own_y = np.asarray(read_values(design.outcome, so_far[design.outcome]), dtype=float)
    return band_of_client(fit, x, z, own_x, own_z, own_y, group=design.client.column, level=level)


def columns_at(design: Design, table: Table) -> tuple[Floats, Floats]:
    """Fixed (rows, p) and random (rows, q) columns of further rows. Raises ValueError where something is missing."""
    if design.fixed_coding is None or design.random_coding is None:
        raise ValueError("This design was made without formulas: give its columns as arrays.")
    formulas = design.fixed_coding.formula, design.random_coding.formula
    needed = list(dict.fromkeys([*needed_columns(formulas[0]), *needed_columns(formulas[1])]))
    unknown = [name for name in needed if name not in table]
    if unknown:
        raise ValueError(f"There is no column {', '.join(unknown)}; the table has {', '.join(table)}.")
    values = {name: read_values(name, table[name]) for name in needed}
    rows = len(next(iter(table.values()))) if table else 1
    for name, column in values.items():
        if column.dtype.kind == "f" and np.isnan(column).any():
            raise ValueError(f"The column {name} misses a number.")
    return design.fixed_coding.matrix(values, rows), design.random_coding.matrix(values, rows)


def band_of_new_client(fit: GrowthFit, x: Floats, z: Floats, *, group: str, level: float) -> CourseBand:
    """`x` (points, p) in the order of `fit.fixed`, `z` (points, q); groups besides the client add their variance."""
    others = [covariance_of(fit, name)[0, 0] for name in fit.random if name != group]
    spread = np.einsum("na,ab,nb->n", z, covariance_of(fit, group), z) + sum(others)
    mean, uncertain = _mean(fit, x)
    return _band(mean, uncertain, spread + uncertain, fit.residual_sd**2, level)


def band_of_client(
    fit: GrowthFit,
    x: Floats,
    z: Floats,
    own_x: Floats,
    own_z: Floats,
    own_y: Floats,
    *,
    group: str,
    level: float,
) -> CourseBand:
    """The same after the scores `own_y` (n,) at `own_x` (n, p) and `own_z` (n, q); none at all is allowed.

    The line's variance is z'(sigma^2 D T) z + a'cov(beta) a with a = x - X'W^-1 Z D z (Henderson 1975).
    """
    refuse_other_groups(fit)
    if not np.isfinite(own_y).all():
        raise ValueError("Leave out the rows of a client in which the score is missing.")
    sigma2 = fit.residual_sd**2
    d = covariance_of(fit, group) / sigma2
    t = np.linalg.inv(np.eye(len(d)) + own_z.T @ own_z @ d)
    beta = np.array([coefficient.estimate for coefficient in fit.fixed.values()])
    estimates = d @ t @ own_z.T @ (own_y - own_x @ beta)
    apart = x - z @ d @ t @ own_z.T @ own_x
    uncertain = np.einsum("na,ab,nb->n", apart, np.array(fit.fixed_covariance), apart)
    spread = sigma2 * np.einsum("na,ab,nb->n", z, d @ t, z) + uncertain
    return _band(x @ beta + z @ estimates, spread, spread, sigma2, level)


def _mean(fit: GrowthFit, x: Floats) -> tuple[Floats, Floats]:
    beta = np.array([coefficient.estimate for coefficient in fit.fixed.values()])
    return x @ beta, np.einsum("na,ab,nb->n", x, np.array(fit.fixed_covariance), x)


def _band(mean: Floats, uncertain: Floats, line: Floats, sigma2: float, level: float) -> CourseBand:
    if not 0 < level < 1:
        raise ValueError("The level of a band lies between 0 and 1.")
    width = float(ndtri((1 + level) / 2))
    to_line, to_score = width * np.sqrt(line), width * np.sqrt(line + sigma2)
    return CourseBand(
        expected=mean,
        expected_se=np.sqrt(uncertain),
        line_low=mean - to_line,
        line_high=mean + to_line,
        score_low=mean - to_score,
        score_high=mean + to_score,
        level=level,
    )
