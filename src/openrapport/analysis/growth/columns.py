"""From formulas and a table to columns of numbers: text becomes one column a level, coded and named as in R."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.formula import Call, Column, Expression, Formula, Number, columns_in, written
from openrapport.analysis.growth.small_matrices import Floats

# Numbers with NaN for missing, or text with "" for missing.
Values: TypeAlias = "Floats | NDArray[np.str_]"

_FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "abs": np.abs,
    "I": lambda values: values,
    "": lambda values: values,
}
_OPERATIONS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}


@dataclass(frozen=True, slots=True)
class Coding:
    """A formula with the levels its text columns had where it was learnt, so that new rows are coded alike.

    The first level (in the order of code points) is the reference. `pieces` say for each text column of each term
    whether all its levels are written out; that is so where the term without it is not in the model, as in R.
    """

    formula: Formula
    levels: Mapping[str, tuple[str, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, as R writes them."""
        names = ["(Intercept)"] if self.formula.intercept else []
        for term in self.formula.terms:
            pieces = [self._labels(term, factor) for factor in term]
            names += [":".join(reversed(labels)) for labels in product(*reversed(pieces))]
        return tuple(names)

    def matrix(self, table: Mapping[str, Values], rows: int) -> Floats:
        """(rows, columns), one column after the other in memory. Raises ValueError on an unknown level."""
        out = np.empty((rows, len(self.names)), order="F")
        if self.formula.intercept:
            out[:, 0] = 1
        at = int(self.formula.intercept)
        for term in self.formula.terms:
            pieces = [self._columns(term, factor, table, rows) for factor in term]
            for combination in product(*reversed(pieces)):
                out[:, at] = combination[-1]
                for piece in combination[-2::-1]:
                    out[:, at] *= piece
                at += 1
        return out

    def _is_text(self, factor: Expression) -> bool:
        return isinstance(factor, Column) and factor.name in self.levels

    def _coded(self, term: tuple[Expression, ...], factor: Expression) -> tuple[str, ...]:
        """The levels of `factor` that get a column in this term."""
        assert isinstance(factor, Column)
        levels = self.levels[factor.name]
        rest = {other for other in term if other != factor}
        margin = self.formula.intercept if not rest else any(set(other) == rest for other in self.formula.terms)
        return levels[1:] if margin else levels

    def _labels(self, term: tuple[Expression, ...], factor: Expression) -> list[str]:
        if not self._is_text(factor):
            return [written(factor)]
        return [written(factor) + level for level in self._coded(term, factor)]

    def _columns(
        self, term: tuple[Expression, ...], factor: Expression, table: Mapping[str, Values], rows: int
    ) -> list[Floats]:
        if not self._is_text(factor):
            return [np.broadcast_to(evaluate(factor, table), (rows,))]
        assert isinstance(factor, Column)
        text = table[factor.name]
        if text.dtype.kind == "f":
            raise ValueError(f"{factor.name} holds numbers here, and text where the model was fitted.")
        unknown = sorted(set(np.unique(text).tolist()) - set(self.levels[factor.name]))
        if unknown:
            raise ValueError(f"{factor.name} has levels the model does not know: {', '.join(map(repr, unknown))}.")
        return [(text == level).astype(float) for level in self._coded(term, factor)]


def learn_coding(formula: Formula, table: Mapping[str, Values]) -> Coding:
    """The coding of a formula on this table (rows with something missing already left out).

    Raises ValueError when a text column has only one level, or stands inside a function.
    """
    levels: dict[str, tuple[str, ...]] = {}
    for term in formula.terms:
        for factor in term:
            for name in columns_in(factor):
                if table[name].dtype.kind != "f" and name not in levels:
                    if not isinstance(factor, Column):
                        raise ValueError(f"{name} is text and cannot stand in {written(factor)}.")
                    levels[name] = _levels_of(name, table[name])
    return Coding(formula, levels)


def _levels_of(name: str, text: Values) -> tuple[str, ...]:
    found = tuple(str(level) for level in np.unique(text))
    if len(found) < 2:
        raise ValueError(f"The text column {name} is {found[0]!r} in every row: leave it out.")
    return found


def needed_columns(formula: Formula) -> list[str]:
    """The table's columns a formula needs, each once."""
    return list(dict.fromkeys(name for term in formula.terms for factor in term for name in columns_in(factor)))


def evaluate(expression: Expression, table: Mapping[str, Values]) -> Floats:
    """The numbers of an expression. Raises ValueError where the result is none, such as log(0)."""
    with np.errstate(all="ignore"):
        values = _evaluate(expression, table)
    wrong = np.flatnonzero(~np.isfinite(np.atleast_1d(values)))
    if len(wrong):
        raise ValueError(
            f"{written(expression)} is not a number in {len(wrong)} rows: shift the column, or leave them out."
        )
    return values


def _evaluate(expression: Expression, table: Mapping[str, Values]) -> Floats:
    match expression:
        case Number():
            return np.array(expression.value)
        case Column():
            if table[expression.name].dtype.kind != "f":
                raise ValueError(f"{expression.name} holds text here, and numbers where the model was fitted.")
            return np.asarray(table[expression.name], dtype=float)
        case Call():
            return _FUNCTIONS[expression.function](_evaluate(expression.argument, table))
    left = np.array(0.0) if expression.left is None else _evaluate(expression.left, table)
    return _OPERATIONS[expression.sign](left, _evaluate(expression.right, table))
