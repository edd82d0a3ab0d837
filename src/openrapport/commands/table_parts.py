"""What reading and writing tables share: the error, the kinds of column, the read columns themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.commands import CommandError

Floats = NDArray[np.float64]
# "group" names who or what a row belongs to; "value" is a number column or, where words stand in it, a text column.
Kind: TypeAlias = Literal["text", "number", "group", "value"]
Cell: TypeAlias = str | float | int | bool | None

# What R writes where nothing was observed; read as empty in a column whose cells may be.
EMPTY_WORDS = ("", "NA")


class TableError(CommandError):
    """A table that cannot be used. The message is one line for standard error."""


@dataclass(frozen=True, slots=True)
class Columns(Mapping[str, NDArray[Any]]):
    """Columns of a table by name: "number" columns are float64, "text" columns arrays of str (dtype object).

    A "group" column is text, or whole numbers where a Parquet file holds them so; a "value" column is float64 or
    text. `rows` are the row numbers of the file, for messages; an empty cell, where allowed, is NaN or "".
    """

    file: str
    arrays: Mapping[str, NDArray[Any]]
    rows: NDArray[np.int64]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def where(self, place: int, name: str) -> str:
        """ "file: row 3, column age", for the message about the cell at `place` of column `name`."""
        return f"{self.file}: row {self.rows[place]}, column {name}"


def listed(names: Sequence[str]) -> str:
    """The first names, without what would disturb a terminal."""
    return ", ".join("".join(letter for letter in name.strip()[:40] if letter.isprintable()) for name in names[:20])
