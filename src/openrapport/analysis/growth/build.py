"""From a table and two formulas to a design: rows with something missing left out, groups counted, columns checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.columns import Values, learn_coding, needed_columns
from openrapport.analysis.growth.design import Codes, Design, Floats, Grouping
from openrapport.analysis.growth.formula import Formula, read_formula
from openrapport.analysis.growth.two_levels import first_collinear

# The part of a column's length that is its own: below the first, squares are too coarse to tell and the rows are asked;
# below the second it has none (the tolerance of R's qr).
_SUSPICIOUS = 1e-9
_OWN_PART = 1e-7
# Whole numbers spread over this many times as many values as there are rows are counted in a table, else sorted.
_SPREAD = 8

Table = Mapping[str, NDArray[Any] | Sequence[Any]]


def build_design(
    table: Table,
    *,
    outcome: str,
    client: str,
    fixed: str,
    random: str,
    therapist: str | None = None,
    crossed: Sequence[str] = (),
) -> Design:
    """The design of a growth model; `table` maps column names to arrays of one length.

    Missing is NaN in numbers, None or "" in text; rows that miss something needed are left out and counted. Raises
    ValueError on an unknown or collinear column, and when no row is left.

    >>> table = {"y": [3, None, 4, 6], "who": ["a", "a", "b", "b"], "t": [0, 1, 0, 1]}
    >>> design = build_design(table, outcome="y", client="who", fixed="t", random="1")
    >>> design.fixed_names, design.client.labels, design.dropped
    (('(Intercept)', 't'), ('a', 'b'), 1)
    """
    formulas = read_formula(fixed), read_formula(random)
    groups = [client, *([] if therapist is None else [therapist]), *crossed]
    columns = list(dict.fromkeys([outcome, *needed_columns(formulas[0]), *needed_columns(formulas[1])]))
    _refuse_unknown(table, [*columns, *groups])
    values = {name: read_values(name, table[name]) for name in columns}
    if values[outcome].dtype.kind != "f":
        raise ValueError(f"The outcome {outcome} holds text, not numbers.")
    kept = _kept_rows([*values.values(), *(np.asarray(table[name]) for name in groups)])
    rows = int(kept.sum())
    if not rows:
        raise ValueError(f"No row has everything that is needed: {', '.join([*columns, *groups])}.")
    everything = rows == len(kept)
    if not everything:
        values = {name: column[kept] for name, column in values.items()}
    groupings = {
        name: group_by(name, np.asarray(table[name]) if everything else np.asarray(table[name])[kept])
        for name in groups
    }
    codings = learn_coding(formulas[0], values), learn_coding(formulas[1], values)
    x = codings[0].matrix(values, rows)
    _refuse_empty_or_collinear(x, codings[0].names, "fixed", formulas[0])
    z = _columns_of(x, codings[0].names, codings[1].names)
    if z is None:
        z = codings[1].matrix(values, rows)
        _refuse_empty_or_collinear(z, codings[1].names, "random", formulas[1])
    return Design(
        outcome=outcome,
        y=np.asarray(values[outcome], dtype=float),
        x=x,
        z=z,
        fixed_names=codings[0].names,
        random_names=codings[1].names,
        client=groupings[client],
        therapist=None if therapist is None else groupings[therapist],
        crossed={name: groupings[name] for name in crossed},
        dropped=len(kept) - rows,
        fixed_coding=codings[0],
        random_coding=codings[1],
    )


def _columns_of(x: Floats, names: tuple[str, ...], wanted: tuple[str, ...]) -> Floats | None:
    """The random columns out of the fixed ones, without copying where they come first; None when one is not there."""
    if not wanted or not set(wanted) <= set(names):
        return None
    if names[: len(wanted)] == wanted:
        return x[:, : len(wanted)]
    return np.asfortranarray(x[:, [names.index(name) for name in wanted]])


def _refuse_unknown(table: Table, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ValueError(f"There is no column {', '.join(unknown)}; the table has {', '.join(table)}.")
    lengths = {len(table[name]) for name in names}
    if len(lengths) > 1:
        raise ValueError("The columns of the table differ in length.")


def read_values(name: str, column: NDArray[Any] | Sequence[Any]) -> Values:
    """A column as numbers (NaN where missing) or text ("" where missing). Raises ValueError on an infinite number."""
    array = np.asarray(column)
    if array.dtype.kind == "O":
        array = _from_objects(array)
    if array.dtype.kind == "b":
        return np.where(array, "TRUE", "FALSE")
    if array.dtype.kind in "iuf":
        numbers = array.astype(float, copy=False)
        if np.isinf(numbers).any():
            raise ValueError(
                f"The column {name} holds an infinite number in row {int(np.argmax(np.isinf(numbers))) + 1}."
            )
        return numbers
    if array.dtype.kind == "U":
        return array
    raise ValueError(f"The column {name} holds neither numbers nor text.")


def _from_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Numbers where everything given is one, else text."""
    given = np.array([value is not None and value == value for value in array], dtype=bool)
    texts = any(isinstance(value, str) for value in array[given])
    if not texts:
        if given.any() and all(isinstance(value, bool | np.bool_) for value in array[given]):
            return np.array(
                [("TRUE" if value else "FALSE") if there else "" for value, there in zip(array, given, strict=True)]
            )
        return np.array([float(value) if there else np.nan for value, there in zip(array, given, strict=True)])
    return np.array([str(value) if there else "" for value, there in zip(array, given, strict=True)])


def _kept_rows(columns: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    kept = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        match column.dtype.kind:
            case "f":
                kept &= ~np.isnan(column)
            case "U":
                kept &= column != ""
            case "O":
                kept &= np.array([value is not None and value == value and value != "" for value in column], dtype=bool)
    return kept


def group_by(name: str, column: NDArray[Any]) -> Grouping:
    """Codes in the order of the sorted labels; whole numbers within a narrow range are counted instead of sorted."""
    if column.dtype.kind == "O":
        column = np.array([str(value) for value in column])
    if column.dtype.kind == "f" and (column == np.floor(column)).all() and np.abs(column).max() < 2**53:
        column = column.astype(np.int64)
    if column.dtype.kind in "iu":
        low, high = int(column.min()), int(column.max())
        if high - low < _SPREAD * len(column):
            return _counted(name, column, low, high)
    labels, codes = np.unique(column, return_inverse=True)
    return Grouping(name, codes.astype(np.int64, copy=False), tuple(map(str, labels.tolist())))


def _counted(name: str, column: NDArray[Any], low: int, high: int) -> Grouping:
    offsets: Codes = column.astype(np.int64, copy=False)
    if low:
        offsets = offsets - low
    present = np.bincount(offsets, minlength=high - low + 1) > 0
    labels = np.flatnonzero(present) + low
    if len(labels) == len(present):
        return Grouping(name, offsets, tuple(map(str, labels.tolist())))
    codes: Codes = np.cumsum(present, dtype=np.int64) - 1
    return Grouping(name, codes[offsets], tuple(map(str, labels.tolist())))


def _refuse_empty_or_collinear(columns: Floats, names: tuple[str, ...], kind: str, formula: Formula) -> None:
    if not names:
        raise ValueError(f"The {kind} formula {formula.text!r} leaves nothing: write at least 1.")
    if first_collinear(columns.T @ columns, _SUSPICIOUS) is None:
        return
    moved = _about_their_means(columns) if formula.intercept else columns
    lengths = np.sqrt((moved**2).sum(axis=0))
    if (lengths == 0).any():
        raise _collinear(names[int(np.argmin(lengths))], kind)
    own = np.abs(np.diagonal(np.linalg.qr(moved / lengths, mode="r")))
    if (own < _OWN_PART).any():
        raise _collinear(names[int(np.argmax(own < _OWN_PART))], kind)


def _about_their_means(columns: Floats) -> Floats:
    means = columns.mean(axis=0)
    means[0] = 0
    return np.asarray(columns - means)


def _collinear(name: str, kind: str) -> ValueError:
    return ValueError(f"The {kind} column {name} follows from the columns before it (collinear): leave it out.")
