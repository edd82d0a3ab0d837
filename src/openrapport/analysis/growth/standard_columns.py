"""Columns brought to one scale before anything is summed, and the way back to the units they came in.

Sums of squares of raw dates or scores lose digits, and a search finds its way faster where all columns are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.least_squares import refuse_redundant

# Correlations among columns whose smallest eigenvalue is below this are looked at one by one for the column to name.
_SUSPECT = 1e-9
# Residuals of ordinary least squares below this share of the outcome's own spread are rounding.
_EXACT_FIT = 1e-20


@dataclass(frozen=True, slots=True, eq=False)
class StandardColumns:
    """`columns` (c, rows): the q random columns, further fixed columns, a one where none is constant, the outcome.

    `fixed` (p,) are the positions of the fixed columns among them, `one` that of the constant column; the outcome is
    last and stands as its residual from ordinary least squares, `ordinary` (p,) being that fit. A column in the design
    is `columns[fixed].T @ inv(fixed_back)`: coefficients go back by `fixed_back` (p, p), random ones by `random_back`.
    """

    columns: Floats
    n_random: int
    fixed: tuple[int, ...]
    one: int
    ordinary: Floats
    fixed_back: Floats
    random_back: Floats

    @property
    def n_rows(self) -> int:
        return int(self.columns.shape[1])

    @property
    def log_scale(self) -> float:
        """log |X'X| in the design's columns is that of the columns here minus twice this."""
        return float(np.linalg.slogdet(self.fixed_back)[1])


def standardise(design: Design) -> StandardColumns:
    """Distinct columns of a design, centred where a constant column takes up the centre, scaled to spread one.

    Raises ValueError when there are too few rows, when a fixed column follows from the others (its name is in the
    message), when random columns do, or when the fixed columns leave nothing of the outcome to explain.
    """
    rows, p = design.x.shape
    q = design.z.shape[1]
    if rows <= p:
        raise ValueError(f"{p} fixed effects need more than {p} complete rows; there are {rows}.")
    # One row per column, each contiguous: the columns are read many times.
    random = np.ascontiguousarray(design.z.T)
    further, fixed = _further_columns(random, np.ascontiguousarray(design.x.T))
    raw = [*random, *further]
    constants = [index for index, column in enumerate(raw) if column[0] != 0 and bool((column == column[0]).all())]
    one = constants[0] if constants else len(raw)
    columns = np.empty((len(raw) + (not constants) + 1, rows))
    centres, scales = np.zeros(len(raw)), np.ones(len(raw))
    for index, column in enumerate(raw):
        free = one in fixed if index >= q else one < q and (index not in fixed or one in fixed)
        centres[index], scales[index] = _bring_to_scale(column, index in constants, free, columns[index])
    if not constants:
        columns[one] = 1
    _refuse_collinear(columns[:q], design.random_names)
    random_back = _way_back(list(range(q)), one, centres, scales)
    fixed_back = _way_back(fixed, one, centres, scales)
    ordinary = _take_out(columns, fixed, design)
    return StandardColumns(columns, q, tuple(fixed), one, ordinary, fixed_back, random_back)


def _further_columns(random: Floats, fixed: Floats) -> tuple[list[Floats], list[int]]:
    """The fixed columns that are not random ones too, and where each fixed column stands."""
    further: list[Floats] = []
    places: list[int] = []
    for column in fixed:
        same = [k for k, other in enumerate(random) if np.array_equal(column[:100], other[:100])]
        found = next((k for k in same if np.array_equal(column, random[k])), None)
        if found is None:
            further.append(column)
            found = len(random) + len(further) - 1
        places.append(found)
    return further, places


def _refuse_collinear(random: Floats, names: Sequence[str]) -> None:
    products = random @ random.T
    size = np.sqrt(np.diagonal(products))
    if not (size > 0).all():
        raise ValueError(f"The random column {names[int(np.argmin(size))]!r} is zero in every row: leave it out.")
    if float(np.linalg.eigvalsh(products / np.outer(size, size))[0]) < _SUSPECT:
        raise ValueError(f"The random columns {', '.join(names)} follow from one another: leave one out.")


def _bring_to_scale(column: Floats, constant: bool, centred: bool, out: Floats) -> tuple[float, float]:
    """Writes the column minus its centre over its scale to `out`; gives centre and scale."""
    if constant:
        out[:] = 1
        return 0.0, float(column[0])
    centre = float(column.mean()) if centred else 0.0
    np.subtract(column, centre, out=out)
    scale = float(np.sqrt(out @ out / len(out)))
    if scale == 0:
        return centre, 1.0
    out /= scale
    return centre, scale


def _way_back(places: Sequence[int], one: int, centres: Floats, scales: Floats) -> Floats:
    """A with design coefficients = A @ coefficients here."""
    back = np.diag(1 / scales[list(places)])
    if one in places:
        first = list(places).index(one)
        for position, place in enumerate(places):
            if place != one:
                back[first, position] = -centres[place] / scales[place] / scales[one]
    return back


def _take_out(columns: Floats, fixed: Sequence[int], design: Design) -> Floats:
    """Puts the outcome's least-squares residual into the last row; gives the coefficients taken out."""
    x = columns[list(fixed)]
    outcome = columns[-1]
    np.subtract(design.y, design.y.mean() if len(fixed) else 0.0, out=outcome)
    spread = float(outcome @ outcome)
    products = x @ x.T
    size = np.sqrt(np.maximum(np.diagonal(products), 1e-300))
    if len(fixed) and float(np.linalg.eigvalsh(products / np.outer(size, size))[0]) < _SUSPECT:
        refuse_redundant(design.x, design.fixed_names)
    outcome[:] = design.y
    ordinary = np.linalg.solve(products, x @ outcome)
    outcome -= ordinary @ x
    again = np.linalg.solve(products, x @ outcome)  # the second pass mends what rounding left over
    outcome -= again @ x
    if float(outcome @ outcome) <= _EXACT_FIT * spread:
        raise ValueError(f"The fixed columns leave nothing of {design.outcome!r} to explain.")
    return np.asarray(ordinary + again)
