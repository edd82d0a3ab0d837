"""Parquet in and out, by DuckDB, which is only loaded here and only when a Parquet file is named."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.commands.table_parts import Cell, Columns, Kind, TableError, listed

_WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_NUMBER_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


def read_parquet_columns(path: Path, wanted: Mapping[str, Kind], may_be_empty: Collection[str]) -> Columns:
    """The wanted columns of a Parquet file. Raises `TableError`."""
    duckdb = _duckdb()
    with _connect(duckdb) as connection:
        types = _types(connection, duckdb, path)
        for name, kind in wanted.items():
            if name not in types:
                raise TableError(f"{path}: no column {name!r}; there are: {listed(list(types))}")
            if kind == "number" and not _holds_numbers(types[name]):
                raise TableError(f"{path}: column {name}: holds {types[name]}, numbers are needed")
        quoted = (
            f"{_quoted(name)}::{_read_as(kind, types[name])} AS c{place}"
            for place, (name, kind) in enumerate(wanted.items())
        )
        query = f"SELECT {', '.join(quoted)} FROM read_parquet($1)"  # noqa: S608 - quoted names
        try:
            found = connection.execute(query, [_literally(path)]).fetchnumpy()
        except duckdb.Error as problem:
            raise TableError(f"{path}: not readable as Parquet ({_first_line(problem)})") from problem
    checked = {
        name: _checked(found[f"c{place}"], path, name, _read_as(kind, types[name]), name in may_be_empty)
        for place, (name, kind) in enumerate(wanted.items())
    }
    count = len(next(iter(checked.values()))) if checked else 0
    return Columns(str(path), checked, np.arange(1, count + 1))


def parquet_column_names(path: Path) -> list[str]:
    duckdb = _duckdb()
    with _connect(duckdb) as connection:
        return list(_types(connection, duckdb, path))


def _types(connection: Any, duckdb: Any, path: Path) -> dict[str, str]:
    try:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [_literally(path)]).fetchall()
    except duckdb.Error as problem:
        raise TableError(f"{path}: not readable as Parquet ({_first_line(problem)})") from problem
    return {name: str(kind) for name, kind, *_ in described}


def _holds_numbers(kind: str) -> bool:
    return kind.removeprefix("U").startswith(_NUMBER_TYPES) and not kind.endswith("]")


def _read_as(kind: Kind, held: str) -> str:
    """The SQL type to read a column as. Names of groups stay whole numbers: text would be slow to make and to sort."""
    if kind == "group" and held in _WHOLE_TYPES:
        return "BIGINT"
    return "DOUBLE" if kind == "number" or (kind == "value" and _holds_numbers(held)) else "VARCHAR"


def _literally(path: Path) -> str:
    """The path with the signs in brackets that DuckDB would take as a pattern for several files."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def _checked(found: Any, path: Path, name: str, read_as: str, may_be_empty: bool) -> np.ndarray:
    absent = np.ma.getmaskarray(np.ma.asarray(found))
    if read_as == "BIGINT" and not absent.any():
        return np.asarray(np.ma.getdata(found))
    if read_as != "DOUBLE":
        cells = np.ma.getdata(found)
        texts = ["" if gone or cell is None else str(cell).strip() for cell, gone in zip(cells, absent, strict=True)]
        if not may_be_empty and "" in texts:
            raise TableError(f"{path}: row {texts.index('') + 1}, column {name}: empty")
        return np.array(texts, dtype=object)
    numbers = np.ma.filled(np.ma.asarray(found).astype(float), np.nan)
    wrong = np.flatnonzero(np.isinf(numbers) if may_be_empty else ~np.isfinite(numbers))
    if len(wrong):
        raise TableError(f"{path}: row {wrong[0] + 1}, column {name}: empty or not a finite number")
    return np.asarray(numbers)


def write_parquet(part: Path, header: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Write rows under `header`; `types` are SQL types. Raises `TableError`."""
    duckdb = _duckdb()
    columns, selected = {}, []
    for place, (name, kind) in enumerate(zip(header, types, strict=True)):
        cells = [row[place] for row in rows]
        filled = [_blank(kind) if cell is None else cell for cell in cells]
        columns[f"c{place}"] = np.array(filled, dtype=_array_type(kind))
        # Not a masked array: a column of text that is empty throughout would have no type.
        columns[f"empty{place}"] = np.array([cell is None for cell in cells], dtype=bool)
        selected.append(f"CASE WHEN NOT empty{place} THEN c{place}::{kind} END AS {_quoted(name)}")
    target = str(part).replace("'", "''")
    with _connect(duckdb) as connection:
        connection.register("result", columns)
        try:
            connection.execute(f"COPY (SELECT {', '.join(selected)} FROM result) TO '{target}' (FORMAT parquet)")  # noqa: S608 - quoted
        except duckdb.Error as problem:
            raise TableError(f"{part.parent}: cannot be written ({_first_line(problem)})") from problem


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise TableError("Parquet needs DuckDB: install it with pip install 'openrapport[population]'") from None
    return duckdb


def _connect(duckdb: Any) -> Any:
    # Nothing is fetched from outside: Parquet is built in.
    return duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0] if str(problem) else type(problem).__name__


def _array_type(kind: str) -> Any:
    return {"VARCHAR": object, "BOOLEAN": bool, "INTEGER": np.int32}.get(kind, np.float64)


def _blank(kind: str) -> Cell:
    """What stands in the array for a cell that is not there."""
    return "" if kind == "VARCHAR" else 0
