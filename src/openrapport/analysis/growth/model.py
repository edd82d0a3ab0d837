"""From a design or a table of cells to what the optimiser works on: random columns of one scale, uncorrelated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from openrapport.analysis.growth.cell_units import CellUnits
from openrapport.analysis.growth.cells import CellTable, count_together, same_design
from openrapport.analysis.growth.client_constant import Split, selection_of, split
from openrapport.analysis.growth.client_units import ClientUnits
from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.moments import Units, symmetric
from openrapport.analysis.growth.small_matrices import Floats, constant, product, pseudo_inverse_and_rank
from openrapport.analysis.growth.sums import ManySums, add_up, sum_by_client

# A column whose mean lies this many standard deviations from zero is shifted before its squares are summed.
_FAR = 8.0
# Sums of v v' hold (c + q)^2 numbers a cell, single clients q (p + 1): cells must save at least this much work.
_WORTHWHILE = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A two-level model ready to fit. Random columns are Z = (Z of the units) `turning`, so D of the units is R D R'.

    Fixed effects in the outcome's units are `back` times those of the units, `centre` added at column `constant_at`.
    `rank` adds up the ranks of all S; `squares` is y'y about `centre`.
    """

    units: Units
    turning: Floats
    back: Floats
    centre: float
    constant_at: int | None
    group: str
    fixed_names: tuple[str, ...]
    random_names: tuple[str, ...]
    n_clients: int
    rank: int
    squares: float


def model_of(design: Design) -> Model:
    """The quickest exact form: cells where many clients share a design, else clients one by one."""
    constant_at = ones_column(design.x)
    centre = 0.0 if constant_at is None else float(design.y.mean())
    shift = _shift(design.z)
    z, y = design.z - shift if shift.any() else design.z, design.y - centre
    sums = sum_by_client(design.client.codes, len(design.client.labels), z, y, centre=centre)
    divided = split(design)
    if divided is None:
        return _by_client(design, sums, _fixed_by_rows(design, sums, z, y), shift)
    groups = same_design(sums.s)
    q, c, p = z.shape[1], len(divided.covariates), design.x.shape[1]
    if len(groups[1]) * (c + q) ** 2 > _WORTHWHILE * len(sums.sessions) * q * (q + p + 1):
        return _by_client(design, sums, _fixed_by_sums(sums, divided, shift, design.z), shift)
    cells = count_together(sums, divided.covariates, groups, design.random_names, ("(Intercept)",) * c)
    model = model_of_cells(
        cells,
        divided.places,
        names=design.fixed_names,
        group=design.client.column,
        shift=(shift, ones_column(design.z)),
    )
    return replace(model, constant_at=constant_at)


def model_of_cells(
    cells: CellTable,
    places: Sequence[tuple[int, int]],
    *,
    names: tuple[str, ...],
    group: str,
    shift: tuple[Floats, int | None] | None = None,
) -> Model:
    """`places` give (random column, covariate) of each fixed column, `names` what they are called.

    `shift` (q,) has already been taken off the random columns, by the column of ones at the place that goes with it.
    """
    q, c = len(cells.random_names), len(cells.covariate_names)
    moved, ones = (np.zeros(q), None) if shift is None else shift
    whitening = _whitening(cells.s @ cells.clients / cells.n_rows, cells.random_names)
    selection, back = selection_of(places, c, moved, ones or 0)
    s, inverse, ranks = _whitened(cells.s, whitening)
    unscaled = _inverse(whitening)
    uu = _both_sides(cells.vv[c:, c:], unscaled)
    uq = product(uu, inverse)
    squares = float(cells.squares.sum())
    units = CellUnits(
        n_rows=cells.n_rows,
        selection=np.kron(whitening, np.eye(c)) @ selection,
        s=s,
        clients=cells.clients,
        ww=np.ascontiguousarray(cells.vv[:c, :c]),
        wu=product(cells.vv[:c, c:], constant(unscaled)),
        uu=uu,
        uq=uq,
        rest=squares - float(np.einsum("aau->", uq)),
    )
    return Model(
        units=units,
        turning=whitening @ _turned_by(moved, ones),
        back=back,
        centre=cells.centre,
        constant_at=places.index((0, 0)) if (0, 0) in places and cells.random_names[0] == "(Intercept)" else None,
        group=group,
        fixed_names=names,
        random_names=cells.random_names,
        n_clients=cells.n_clients,
        rank=round(float(ranks @ cells.clients)),
        squares=squares,
    )


def ones_column(columns: Floats) -> int | None:
    """The first column that is 1 in every row."""
    for index in range(columns.shape[1]):
        if (columns[:, index] == 1).all():
            return index
    return None


def _shift(columns: Floats) -> Floats:
    """How far to move each column towards zero, by round numbers: whole days stay whole. Needs a column of ones."""
    rows, count = columns.shape
    shift = np.zeros(count)
    if ones_column(columns) is None:
        return shift
    for index in range(count):
        column = columns[:, index]
        mean, square = float(column.sum()) / rows, float(column @ column) / rows
        if mean**2 * (1 + 1 / _FAR**2) < square:
            continue
        sd = float(column.std())
        if sd > 0:
            step = 2.0 ** np.floor(np.log2(sd))
            shift[index] = np.round(mean / step) * step
    return shift


def _whitening(mean_s: Floats, names: tuple[str, ...]) -> Floats:
    """Upper triangular R with R'R the mean of z z'."""
    scale = np.sqrt(np.diagonal(mean_s))
    if not (scale > 0).all():
        raise ValueError(f"The random column {names[int(np.argmin(scale))]} is zero in every row.")
    try:
        factor = np.linalg.cholesky(mean_s / np.outer(scale, scale)).T
    except np.linalg.LinAlgError:
        factor = np.zeros((1, 1))
    if np.abs(np.diagonal(factor)).min() < 1e-7:
        raise ValueError(f"The random columns {', '.join(names)} are collinear: leave one out.")
    return np.asarray(factor * scale)


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=float)


def _turned_by(shift: Floats, ones: int | None) -> Floats:
    """R with Z = (Z - shift) R."""
    turning = np.eye(len(shift))
    turning[ones or 0] += shift
    return turning


def _whitened(s: Floats, whitening: Floats) -> tuple[Floats, Floats, Floats]:
    turned = _both_sides(s, _inverse(whitening))
    inverse, ranks = pseudo_inverse_and_rank(turned)
    return turned, inverse, ranks.astype(float)


def _both_sides(s: Floats, back: Floats) -> Floats:
    """R^-T S R^-1 for each unit."""
    return product(product(constant(back.T), s), constant(back))


@dataclass(frozen=True, slots=True, eq=False)
class _Fixed:
    """Z'(X, y) by client, (X, y)'(X, y) in all, or None where clients' random columns span X; and how to turn back."""

    zx: Floats
    products: Floats | None
    squares: float
    back: Floats


def _fixed_by_rows(design: Design, sums: ManySums, z: Floats, y: Floats) -> _Fixed:
    """Fixed columns that change within clients in ways of their own."""
    q, p = z.shape[1], design.x.shape[1]
    shift = _shift(design.x)
    x = design.x - shift if shift.any() else design.x
    back = np.eye(p)
    back[ones_column(design.x) or 0] -= shift
    zx = np.empty((q, p + 1, len(sums.sessions)))
    for a in range(q):
        zx[a, p] = sums.u[a]
        for column in range(p):
            zx[a, column] = add_up(design.client.codes, len(sums.sessions), z[:, a] * x[:, column])
    products = np.empty((p + 1, p + 1))
    products[:p, :p], products[p, p] = x.T @ x, y @ y
    products[:p, p] = products[p, :p] = x.T @ y
    return _Fixed(zx, products, float(y @ y), back)


def _fixed_by_sums(sums: ManySums, divided: Split, shift: Floats, z: Floats) -> _Fixed:
    """Fixed columns that are random ones times a number of the client's own: their sums are known already."""
    covariates = len(divided.covariates)
    selection, back = selection_of(divided.places, covariates, shift, ones_column(z) or 0)
    zx = np.zeros((len(shift), len(back) + 1, len(sums.sessions)))
    zx[:, -1] = sums.u
    for place, column in zip(*np.nonzero(selection), strict=True):
        random, covariate = divmod(int(place), covariates)
        zx[:, column] += selection[place, column] * sums.s[:, random] * divided.covariates[covariate]
    return _Fixed(zx, None, float(sums.squares.sum()), back)


def _by_client(design: Design, sums: ManySums, fixed: _Fixed, shift: Floats) -> Model:
    whitening = _whitening(sums.s.sum(axis=2) / len(design.y), design.random_names)
    s, inverse, ranks = _whitened(sums.s, whitening)
    zx = product(constant(_inverse(whitening).T), fixed.zx)
    qx = product(inverse, zx)
    explained = sum(row @ known.T for row, known in zip(zx, qx, strict=True))
    rest = np.zeros_like(explained)
    if fixed.products is None:
        rest[-1, -1] = fixed.squares - explained[-1, -1]
    else:
        rest = fixed.products - explained
    return Model(
        units=ClientUnits(n_rows=len(design.y), s=s, zx=zx, qx=qx, rest=symmetric(rest)),
        turning=whitening @ _turned_by(shift, ones_column(design.z)),
        back=fixed.back,
        centre=sums.centre,
        constant_at=ones_column(design.x),
        group=design.client.column,
        fixed_names=design.fixed_names,
        random_names=design.random_names,
        n_clients=len(sums.sessions),
        rank=round(float(ranks.sum())),
        squares=fixed.squares,
    )
