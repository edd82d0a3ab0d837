"""Sessions within clients: a random intercept and slopes for each client, by restricted or full maximum likelihood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openrapport.analysis.growth.boundary import SINGULAR, find_minimum
from openrapport.analysis.growth.cells import CellTable
from openrapport.analysis.growth.covariances import effects_of
from openrapport.analysis.growth.criterion import Point
from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.model import Model, model_of, model_of_cells
from openrapport.analysis.growth.newton import Minimum
from openrapport.analysis.growth.result import Coefficient, GrowthFit, Method
from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.growth.starting import starting_d

# Shares of y'y (from its mean) and of a fixed column's squares that are rounding.
_NOTHING_LEFT = 1e-12
# A variance that adds less than this share of the residual variance to a typical score is none.
_NO_VARIANCE = 1e-9


def fit_two_levels(design: Design, *, method: Method) -> GrowthFit:
    """Fits y = X beta + Z b + e with b ~ N(0, Sigma) by client (Laird & Ware 1982), any Sigma, singular ones too.

    Raises ValueError when the data cannot tell the effects apart: the message says what to change.

    >>> from openrapport.analysis.growth.build import build_design
    >>> table = {"c": np.repeat(np.arange(3), 2), "y": np.array([1.0, 3, 11, 13, 6, 8])}
    >>> design = build_design(table, outcome="y", client="c", fixed="1", random="1")
    >>> fit = fit_two_levels(design, method="reml")  # balanced: variance of the means 25, less 2 / 2
    >>> round(fit.random["c"].sd["(Intercept)"] ** 2, 4), round(fit.residual_sd**2, 4)
    (24.0, 2.0)
    """
    return fit_model(model_of(design), method=method)


def fit_cells(
    cells: CellTable, *, method: Method, fixed: Sequence[str] | None = None, client: str = "client"
) -> GrowthFit:
    """The same from a table of cells. `fixed` chooses among the random columns, covariates and their products.

    Their names are those of the columns, and "time:age" for a product; None takes all. Raises ValueError on an unknown
    name, and where `fit_two_levels` does.

    >>> from openrapport.analysis.growth.sums import sum_by_client
    >>> scores = np.array([1.0, 3, 11, 13, 6, 8])
    >>> sums = sum_by_client(np.repeat(np.arange(3), 2), 3, np.ones((6, 1)), scores - 7, centre=7)
    >>> fit = fit_cells(CellTable.of(sums, random_names=["(Intercept)"]), method="reml")
    >>> round(fit.fixed["(Intercept)"].estimate, 4), round(fit.residual_sd**2, 4)
    (7.0, 2.0)
    """
    offered = column_places(cells)
    chosen = list(offered) if fixed is None else list(fixed)
    unknown = [name for name in chosen if name not in offered]
    if unknown or not chosen:
        raise ValueError(f"No fixed column {', '.join(unknown)!r} in these cells; there are {', '.join(offered)}.")
    model = model_of_cells(cells, [offered[name] for name in chosen], names=tuple(chosen), group=client)
    if cells.centre and model.constant_at is None:
        raise ValueError("Scores counted from a centre need the fixed intercept.")
    return fit_model(model, method=method)


def column_places(cells: CellTable) -> dict[str, tuple[int, int]]:
    """The fixed columns a table of cells can hold, by name: (random column, covariate)."""
    places: dict[str, tuple[int, int]] = {}
    for j, covariate in enumerate(cells.covariate_names):
        for k, random in enumerate(cells.random_names):
            parts = [part for part in (random, covariate) if part != "(Intercept)"]
            places[":".join(parts) or "(Intercept)"] = (k, j)
    return dict(sorted(places.items(), key=lambda item: (item[0].count(":"), item[1][::-1])))


def fit_model(model: Model, *, method: Method) -> GrowthFit:
    """The fit of a prepared model."""
    if method not in ("reml", "ml"):
        raise ValueError(f'The method is "reml" or "ml", not {method!r}.')
    refuse_if_not_estimable(model)
    start = starting_d(model.units, model.rank)
    found = find_minimum(model.units, restricted=True, start=start)
    if method == "ml":
        found = _lower_of_two_valleys(model, start, found)
    if found is None:
        raise ValueError("The deviance cannot be computed for these data: look for extreme values in the columns.")
    return _as_result(model, found[0], method=method, certified=found[1])


def _lower_of_two_valleys(
    model: Model, start: Floats, restricted: tuple[Minimum, bool] | None
) -> tuple[Minimum, bool] | None:
    """The full likelihood can have two valleys, one of them at a singular D, where a few clients have most of the
    scores; the restricted one hardly ever does. So the search also starts from the restricted minimum."""
    begin = [start, np.eye(len(start)), *([] if restricted is None else [restricted[0].point.d])]
    found = [one for d in begin if (one := find_minimum(model.units, restricted=False, start=d)) is not None]
    return min(found, key=lambda one: one[0].point.deviance, default=None)


def refuse_if_not_estimable(model: Model) -> None:
    """Raises ValueError, with a sentence that says what to do, where no estimate would mean anything."""
    units, q = model.units, model.units.n_random
    if model.n_clients < max(2, q):
        raise ValueError(f"{q} random effects take at least {max(2, q)} clients; here there are {model.n_clients}.")
    if units.n_rows <= model.rank:
        raise ValueError(
            "Every client has as few scores as random effects, so none are left to tell sessions from clients: "
            "take fewer random effects, or clients with more sessions."
        )
    if units.n_rows <= units.n_fixed:
        raise ValueError(f"{units.n_fixed} fixed effects take more than {units.n_rows} scores.")
    start = units.value_sums(np.zeros((q, q)))
    collinear = first_collinear(start.xx, _NOTHING_LEFT)
    if collinear is not None:
        raise ValueError(f"The fixed column {model.fixed_names[collinear]} follows from the others: leave it out.")
    if not start.yy > 0 or start.yy - _explained(start.xx, start.xy) <= _NOTHING_LEFT * model.squares:
        raise ValueError("The fixed effects reproduce every score: there is nothing left that varies.")
    if units.within <= _NOTHING_LEFT * model.squares:
        raise ValueError("The residual variance is zero: fixed effects and clients' own courses reproduce every score.")


def first_collinear(xx: Floats, tolerance: float) -> int | None:
    """The first column that those before it explain but for `tolerance` of its squares; None when there is none."""
    diagonal = np.diagonal(xx)
    if not (diagonal > 0).all():
        return int(np.argmin(diagonal))
    scaled = xx / np.sqrt(np.outer(diagonal, diagonal))
    factor = np.zeros_like(scaled)
    for column in range(len(scaled)):
        left = scaled[column, column] - float(factor[column, :column] @ factor[column, :column])
        if left <= tolerance:
            return column
        factor[column, column] = np.sqrt(left)
        below = slice(column + 1, None)
        factor[below, column] = (scaled[below, column] - factor[below, :column] @ factor[column, :column]) / np.sqrt(
            left
        )
    return None


def _explained(xx: Floats, xy: Floats) -> float:
    return float(xy @ np.linalg.lstsq(xx, xy, rcond=None)[0])


def _as_result(model: Model, found: Minimum, *, method: Method, certified: bool) -> GrowthFit:
    point = found.point
    beta, covariance = fixed_effects(model, point)
    d = d_of_columns(model, point.d)
    effects = effects_of(model.random_names, point.sigma2 * d)
    singular = bool(np.linalg.eigvalsh(point.d)[0] <= SINGULAR)
    return GrowthFit(
        method=method,
        n_rows=model.units.n_rows,
        n_clients=model.n_clients,
        fixed={
            name: Coefficient(float(estimate), float(np.sqrt(variance)))
            for name, estimate, variance in zip(model.fixed_names, beta, np.diagonal(covariance), strict=True)
        },
        fixed_covariance=tuple(tuple(float(value) for value in row) for row in covariance),
        random={model.group: effects},
        residual_sd=float(np.sqrt(point.sigma2)),
        deviance=point.deviance,
        converged=certified,
        message=_message(found, certified, [name for name, sd in effects.sd.items() if sd == 0], singular),
        boundary=(model.group,) if singular else (),
    )


def fixed_effects(model: Model, point: Point) -> tuple[Floats, Floats]:
    """Estimates and their covariance matrix, sigma^2 C, in the outcome's units."""
    beta = model.back @ point.beta
    if model.constant_at is not None:
        beta[model.constant_at] += model.centre
    return beta, point.sigma2 * model.back @ point.c @ model.back.T


def d_of_columns(model: Model, d: Floats) -> Floats:
    """D in the scale of the random columns; variances that are rounding are zero."""
    back = np.linalg.inv(model.turning)
    own = back @ d @ back.T
    weight = (model.turning**2).sum(axis=0)
    none = np.diagonal(own) * weight < _NO_VARIANCE
    own[none] = 0
    own[:, none] = 0
    return np.asarray((own + own.T) / 2)


def _message(found: Minimum, certified: bool, without: list[str], singular: bool) -> str:
    if not certified:
        left = f"a further step could still lower the deviance by about {found.decrement:.2g}"
        return f"Not converged after {found.evaluations} evaluations: {left}."
    if without:
        return f"Converged on the boundary: clients do not differ in {', '.join(without)} beyond chance."
    if singular:
        return "Converged on the boundary: clients differ in fewer ways than random effects (a correlation of 1 or -1)."
    return f"Converged after {found.evaluations} evaluations."
