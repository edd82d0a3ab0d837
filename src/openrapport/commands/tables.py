"""Reading tables (CSV, Parquet, standard input) and writing them. Every refusal is one line: file, row, column,
what is wrong. Rows are counted as a spreadsheet shows them: in a CSV file the header is row 1."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from openrapport.commands.csv_reading import csv_column_names, read_csv_columns
from openrapport.commands.parquet_tables import parquet_column_names, read_parquet_columns, write_parquet
from openrapport.commands.table_parts import Cell, Columns, Kind, TableError

__all__ = ["Cell", "Columns", "Kind", "TableError", "column_names", "read_columns", "write_csv", "write_table"]

# Instead of a file name: CSV from standard input.
DASH = "-"
WRITABLE = (".csv", ".parquet")
# Where a cell that begins like this is opened in a spreadsheet, it is run as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def read_columns(source: Path | str, wanted: Mapping[str, Kind], *, may_be_empty: Collection[str] = ()) -> Columns:
    """The wanted columns, row by row: a .parquet file, any other file as CSV, or "-" for CSV from standard input.

    A cell of a column in `may_be_empty` may be empty (or NA, as R writes): NaN in a number column, "" in a text
    column. Any other empty cell, a missing or doubled column, text where a number is wanted, an infinite number and a
    table without rows raise `TableError`.
    """
    path = _path_of(source)
    if path is not None and path.suffix.lower() == ".parquet":
        columns = read_parquet_columns(path, wanted, may_be_empty)
    else:
        columns = read_csv_columns(path, wanted, may_be_empty)
    if not len(columns.rows):
        raise TableError(f"{columns.file}: no rows of data")
    return columns


def column_names(source: Path | str) -> list[str]:
    """The names of all columns of a file. Not for standard input, which can be read only once."""
    path = _path_of(source)
    if path is None:
        raise TableError("The columns of standard input have to be named")
    return parquet_column_names(path) if path.suffix.lower() == ".parquet" else csv_column_names(path)


def _path_of(source: Path | str) -> Path | None:
    if str(source) == DASH:
        return None
    path = Path(source)
    if not path.exists():
        raise TableError(f"{path}: no such file")
    if path.is_dir():
        raise TableError(f"{path}: is a folder, not a file")
    return path


def write_csv(file: Any, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Write rows as CSV to an open text file. A text that a spreadsheet would run as a formula gets a leading '."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_safe(cell) for cell in row] for row in rows)


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        try:
            float(cell)
        except ValueError:
            return "'" + cell
    return cell


def refuse_output(out: str | None, source: Path | str | None) -> None:
    """Refuse an --out that is no table, has no folder, or would overwrite the table read. Raises `TableError`."""
    if out is None or out == DASH:
        return
    if source is not None and str(source) != DASH and Path(out).resolve() == Path(source).resolve():
        raise TableError(f"{out}: --out would overwrite the table it reads")
    if Path(out).suffix.lower() not in WRITABLE:
        raise TableError(f"{out}: the file to write must end in .csv or .parquet")
    if Path(out).is_dir():
        raise TableError(f"{out}: is a folder, not a file")
    if not Path(out).absolute().parent.is_dir():
        raise TableError(f"{out}: there is no folder {Path(out).parent}; make it first")


def write_table(path: Path, header: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Write a .csv or .parquet file whole or not at all. `types` are SQL types, for Parquet. Raises `TableError`."""
    if path.suffix.lower() not in WRITABLE:
        raise TableError(f"{path}: the file to write must end in .csv or .parquet")
    part = path.with_name(f".{path.name}.part")
    try:
        if path.suffix.lower() == ".csv":
            with part.open("w", encoding="utf-8", newline="") as file:
                write_csv(file, header, rows)
        else:
            write_parquet(part, header, types, rows)
        os.replace(part, path)  # noqa: PTH105 - one rename, not a copy
    except OSError as problem:
        raise TableError(f"{path}: cannot be written ({problem.strerror})") from problem
    finally:
        part.unlink(missing_ok=True)
