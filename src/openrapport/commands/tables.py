"""Reading tables of session scores (CSV, Parquet) and writing tables of results. Every refusal is one line:
file, row, column, what is wrong. Rows are counted as a spreadsheet shows them: in a CSV file the header is row 1."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrapport.commands import CommandError

Floats = NDArray[np.float64]
Cell = str | float | int | bool | None

# Where a cell that begins like this is opened in a spreadsheet, it is run as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SAME_SESSION = ("refuse", "in-order", "mean")
_DELIMITERS = (",", ";", "\t")
_NUMBER_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


class TableError(CommandError):
    """A table that cannot be used. The message is one line for standard error."""


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    client: str
    session: str
    score: str

    def names(self) -> tuple[str, str, str]:
        return self.client, self.session, self.score


@dataclass(frozen=True, slots=True)
class ScoreRows:
    """The three columns, row by row. `rows` are the row numbers of the file, for messages."""

    file: str
    columns: ScoreColumns
    clients: list[str]
    sessions: Floats
    scores: Floats
    rows: list[int]


def read_scores(path: Path, columns: ScoreColumns, *, same_session: str = "refuse") -> ScoreRows:
    """Read a table by its suffix (.parquet, otherwise CSV). Raises `TableError`.

    `same_session` says what to do when a client has a session twice: one of `SAME_SESSION`.
    """
    if not path.exists():
        raise TableError(f"{path}: no such file")
    if path.is_dir():
        raise TableError(f"{path}: is a folder, not a file")
    if len(set(columns.names())) < 3:
        raise TableError(f"{path}: client, session and score must be three different columns")
    is_parquet = path.suffix.lower() == ".parquet"
    table = _read_parquet(path, columns) if is_parquet else _read_csv(path, columns)
    if not table.rows:
        raise TableError(f"{path}: no rows of data")
    return _with_same_sessions(table, same_session)


def _read_csv(path: Path, columns: ScoreColumns) -> ScoreRows:
    clients: list[str] = []
    sessions: list[float] = []
    scores: list[float] = []
    rows: list[int] = []
    for row, (client, session, score) in _csv_cells(path, columns):
        if not client.strip():
            raise TableError(f"{path}: row {row}, column {columns.client}: empty")
        clients.append(client.strip())
        sessions.append(_number(session, f"{path}: row {row}, column {columns.session}"))
        scores.append(_number(score, f"{path}: row {row}, column {columns.score}"))
        rows.append(row)
    return ScoreRows(str(path), columns, clients, np.array(sessions), np.array(scores), rows)


def _csv_cells(path: Path, columns: ScoreColumns) -> Iterator[tuple[int, tuple[str, str, str]]]:
    lines = _text_lines(path)
    try:
        header_line = next(lines)
    except StopIteration:
        raise TableError(f"{path}: empty file, no header row") from None
    delimiter = _delimiter_of(header_line, columns)
    try:
        header = next(csv.reader([header_line], delimiter=delimiter, strict=True))
        places = [_place(path, header, name) for name in columns.names()]
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for cells in reader:
            row = reader.line_num + 1
            if not cells:
                continue
            if len(cells) != len(header):
                raise TableError(f"{path}: row {row}: {len(cells)} cells under {len(header)} column names")
            yield row, (cells[places[0]], cells[places[1]], cells[places[2]])
    except csv.Error as problem:
        raise TableError(f"{path}: not readable as CSV: {problem}") from problem


def _text_lines(path: Path) -> Iterator[str]:
    """Decoded lines; a byte order mark is dropped. What is not text is refused with its row."""
    try:
        with path.open("rb") as file:
            for row, line in enumerate(file, start=1):
                if b"\0" in line:
                    raise TableError(f"{path}: row {row}: holds a NUL byte; not a text file, or in UTF-16")
                try:
                    yield line.decode("utf-8-sig" if row == 1 else "utf-8")
                except UnicodeDecodeError as problem:
                    raise TableError(f"{path}: row {row}: not UTF-8 text (byte {problem.start + 1})") from problem
    except OSError as problem:
        raise TableError(f"{path}: cannot be read ({problem.strerror})") from problem


def _delimiter_of(header_line: str, columns: ScoreColumns) -> str:
    """The delimiter that makes the wanted columns appear; a comma when none does."""
    for delimiter in _DELIMITERS:
        names = {name.strip().strip('"') for name in header_line.strip().split(delimiter)}
        if names.issuperset(columns.names()):
            return delimiter
    return ","


def _place(path: Path, header: Sequence[str], name: str) -> int:
    places = [place for place, title in enumerate(header) if title.strip() == name]
    if not places:
        raise TableError(f"{path}: row 1: no column {name!r}; there are: {_listed(header)}")
    if len(places) > 1:
        raise TableError(f"{path}: row 1: column {name!r} is there {len(places)} times")
    return places[0]


def _listed(names: Sequence[str]) -> str:
    """The first names, without what would disturb a terminal."""
    return ", ".join("".join(letter for letter in name.strip()[:40] if letter.isprintable()) for name in names[:20])


def _number(text: str, where: str) -> float:
    if not text.strip():
        raise TableError(f"{where}: empty, a number is needed")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise TableError(f"{where}: {text.strip()[:40]!r} is not a number")
    return value


def _with_same_sessions(table: ScoreRows, same_session: str) -> ScoreRows:
    if same_session == "in-order":
        return table  # sorting by session is stable: rows of one session stay in the order of the file
    kept: dict[tuple[str, float], list[int]] = {}
    for place, key in enumerate(zip(table.clients, table.sessions.tolist(), strict=True)):
        places = kept.setdefault(key, [])
        places.append(place)
        if len(places) > 1 and same_session == "refuse":
            where = f"{table.file}: row {table.rows[place]}, column {table.columns.session}"
            before = table.rows[places[0]]
            raise TableError(
                f"{where}: client {key[0][:40]!r} has session {key[1]:g} already in row {before} (see --same-session)"
            )
    first = [places[0] for places in kept.values()]
    return ScoreRows(
        file=table.file,
        columns=table.columns,
        clients=[table.clients[place] for place in first],
        sessions=table.sessions[first],
        scores=np.array([table.scores[places].mean() for places in kept.values()]),
        rows=[table.rows[place] for place in first],
    )


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise TableError("Parquet needs DuckDB: install it with pip install 'openrapport[population]'") from None
    return duckdb


def _connect(duckdb: Any) -> Any:
    # Nothing is fetched from outside: Parquet is built in.
    return duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})


def _read_parquet(path: Path, columns: ScoreColumns) -> ScoreRows:
    duckdb = _duckdb()
    with _connect(duckdb) as connection:
        try:
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet($1)", [str(path)]).fetchall()
        except duckdb.Error as problem:
            raise TableError(f"{path}: not readable as Parquet ({_first_line(problem)})") from problem
        types = {name: str(kind) for name, kind, *_ in described}
        for name in columns.names():
            if name not in types:
                raise TableError(f"{path}: no column {name!r}; there are: {_listed(list(types))}")
        for name in (columns.session, columns.score):
            if not types[name].lstrip("U").startswith(_NUMBER_TYPES):
                raise TableError(f"{path}: column {name}: holds {types[name]}, numbers are needed")
        client, session, score = (name.replace('"', '""') for name in columns.names())
        query = (
            f'SELECT "{client}"::VARCHAR AS client, "{session}"::DOUBLE AS session, "{score}"::DOUBLE AS score '  # noqa: S608 - quoted names
            "FROM read_parquet($1)"
        )
        try:
            found = connection.execute(query, [str(path)]).fetchnumpy()
        except duckdb.Error as problem:
            raise TableError(f"{path}: not readable as Parquet ({_first_line(problem)})") from problem
    return _checked_parquet(path, columns, found)


def _checked_parquet(path: Path, columns: ScoreColumns, found: dict[str, Any]) -> ScoreRows:
    absent = np.ma.getmaskarray(np.ma.asarray(found["client"]))
    names = [
        None if gone or name is None else str(name).strip()
        for name, gone in zip(np.ma.getdata(found["client"]), absent, strict=True)
    ]
    for row, name in enumerate(names, start=1):
        if not name:
            raise TableError(f"{path}: row {row}, column {columns.client}: empty")
    numbers = {}
    for key, column in (("session", columns.session), ("score", columns.score)):
        numbers[key] = np.ma.filled(np.ma.asarray(found[key]).astype(float), np.nan)
        wrong = np.flatnonzero(~np.isfinite(numbers[key]))
        if len(wrong):
            raise TableError(f"{path}: row {wrong[0] + 1}, column {column}: empty or not a finite number")
    rows = list(range(1, len(names) + 1))
    return ScoreRows(str(path), columns, [name or "" for name in names], numbers["session"], numbers["score"], rows)


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0] if str(problem) else type(problem).__name__


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


def write_table(path: Path, header: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Write a .csv or .parquet file whole or not at all. `types` are SQL types, for Parquet. Raises `TableError`."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise TableError(f"{path}: the file to write must end in .csv or .parquet")
    part = path.with_name(f".{path.name}.part")
    try:
        if path.suffix.lower() == ".csv":
            with part.open("w", encoding="utf-8", newline="") as file:
                write_csv(file, header, rows)
        else:
            _write_parquet(part, header, types, rows)
        os.replace(part, path)  # noqa: PTH105 - one rename, not a copy
    except OSError as problem:
        raise TableError(f"{path}: cannot be written ({problem.strerror})") from problem
    finally:
        part.unlink(missing_ok=True)


def _write_parquet(part: Path, header: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    duckdb = _duckdb()
    columns = {
        name: np.ma.array(
            np.array([_blank(kind) if row[place] is None else row[place] for row in rows], dtype=_array_type(kind)),
            mask=np.array([row[place] is None for row in rows], dtype=bool),
        )
        for place, (name, kind) in enumerate(zip(header, types, strict=True))
    }
    cast = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in zip(header, types, strict=True))
    target = str(part).replace("'", "''")
    with _connect(duckdb) as connection:
        connection.register("result", columns)
        try:
            connection.execute(f"COPY (SELECT {cast} FROM result) TO '{target}' (FORMAT parquet)")  # noqa: S608 - our names
        except duckdb.Error as problem:
            raise TableError(f"{part.parent}: cannot be written ({_first_line(problem)})") from problem


def _array_type(kind: str) -> Any:
    return {"VARCHAR": object, "BOOLEAN": bool, "INTEGER": np.int32}.get(kind, np.float64)


def _blank(kind: str) -> Cell:
    """What stands under the mask of a cell that is not there."""
    return "" if kind == "VARCHAR" else 0
