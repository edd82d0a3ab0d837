"""CSV into columns, from a file or from standard input. In messages the header is row 1, as a spreadsheet shows it."""

from __future__ import annotations

import csv
import math
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from openrapport.commands.table_parts import EMPTY_WORDS, Columns, Kind, TableError, listed

_DELIMITERS = (",", ";", "\t")
_PARQUET_BEGINS = b"PAR1"
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
STANDARD_INPUT = "standard input"


def read_csv_columns(path: Path | None, wanted: Mapping[str, Kind], may_be_empty: Collection[str]) -> Columns:
    """The wanted columns of a CSV file, or of standard input when `path` is None. Raises `TableError`."""
    file = STANDARD_INPUT if path is None else str(path)
    cells: dict[str, list[str]] = {name: [] for name in wanted}
    rows: list[int] = []
    for row, picked in _csv_cells(file, path, list(wanted)):
        for name, text in zip(wanted, picked, strict=True):
            cells[name].append(text)
        rows.append(row)
    numbers = np.array(rows, dtype=np.int64)
    empty = {name: name in may_be_empty for name in wanted}
    readers = {"text": _texts, "group": _texts, "number": _numbers, "value": _values}
    found = {name: readers[kind](cells[name], file, name, rows, empty[name]) for name, kind in wanted.items()}
    return Columns(file, found, numbers)


def csv_column_names(path: Path | None) -> list[str]:
    """The names in the first row."""
    file = STANDARD_INPUT if path is None else str(path)
    header_line = _header_line(_text_lines(file, path), file)
    return [name.strip() for name in _header(header_line, _delimiter_of(header_line, ()), file)]


def _texts(cells: Sequence[str], file: str, name: str, rows: Sequence[int], may_be_empty: bool) -> np.ndarray:
    texts = [text.strip() for text in cells]
    if may_be_empty:
        texts = ["" if text in EMPTY_WORDS else text for text in texts]
    elif "" in texts:
        raise TableError(f"{file}: row {rows[texts.index('')]}, column {name}: empty")
    return np.array(texts, dtype=object)


def _numbers(cells: Sequence[str], file: str, name: str, rows: Sequence[int], may_be_empty: bool) -> np.ndarray:
    values = np.empty(len(cells))
    for place, text in enumerate(cells):
        if may_be_empty and text.strip() in EMPTY_WORDS:
            values[place] = math.nan
        else:
            values[place] = _number(text, file, rows[place], name)
    return values


def _values(cells: Sequence[str], file: str, name: str, rows: Sequence[int], may_be_empty: bool) -> np.ndarray:
    """Numbers, or text when most of what is there is no number: a few words among numbers are mistakes."""
    given = [text for text in map(str.strip, cells) if text not in EMPTY_WORDS]
    if sum(map(_is_number, given)) * 2 < len(given):
        return _texts(cells, file, name, rows, may_be_empty)
    return _numbers(cells, file, name, rows, may_be_empty)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False


def _number(text: str, file: str, row: int, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value) and "_" not in text:
        return value
    where = f"{file}: row {row}, column {name}"
    if not text.strip():
        raise TableError(f"{where}: empty, a number is needed")
    hint = "; write decimals with a point" if _DECIMAL_COMMA.fullmatch(text.strip()) else ""
    raise TableError(f"{where}: {text.strip()[:40]!r} is not a number{hint}")


def _csv_cells(file: str, path: Path | None, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    lines = _text_lines(file, path)
    header_line = _header_line(lines, file)
    delimiter = _delimiter_of(header_line, names)
    header = _header(header_line, delimiter, file)
    places = [_place(file, header, name) for name in names]
    try:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for cells in reader:
            row = reader.line_num + 1
            if not cells:
                continue
            if len(cells) != len(header):
                raise TableError(f"{file}: row {row}: {len(cells)} cells under {len(header)} column names")
            yield row, [cells[place] for place in places]
    except csv.Error as problem:
        raise TableError(f"{file}: row {reader.line_num + 1}: {_said(problem)}") from problem


def _said(problem: csv.Error) -> str:
    """What the reader of CSV says, in words for whoever made the file."""
    said = str(problem)
    if "new-line character" in said:
        return "lines end in a bare carriage return; save the file again as CSV (UTF-8)"
    if "unexpected end" in said:
        return "a quotation mark is opened and never closed"
    return f"not readable as CSV: {said}"


def _text_lines(file: str, path: Path | None) -> Iterator[str]:
    """Decoded lines; a byte order mark is dropped. What is not text is refused with its row."""
    try:
        with nullcontext(sys.stdin.buffer) if path is None else path.open("rb") as opened:
            yield from _decoded(opened, file)
    except OSError as problem:
        raise TableError(f"{file}: cannot be read ({problem.strerror})") from problem


def _decoded(lines: Iterable[bytes], file: str) -> Iterator[str]:
    for row, line in enumerate(lines, start=1):
        if row == 1 and line.startswith(_PARQUET_BEGINS):
            raise TableError(f"{file}: holds Parquet, not CSV; name a file that ends in .parquet")
        if b"\0" in line:
            raise TableError(f"{file}: row {row}: holds a NUL byte; not a text file, or in UTF-16")
        try:
            yield line.decode("utf-8-sig" if row == 1 else "utf-8")
        except UnicodeDecodeError as problem:
            raise TableError(f"{file}: row {row}: not UTF-8 text (byte {problem.start + 1})") from problem


def _header_line(lines: Iterator[str], file: str) -> str:
    try:
        return next(lines)
    except StopIteration:
        raise TableError(f"{file}: empty file, no header row") from None


def _header(line: str, delimiter: str, file: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as problem:
        raise TableError(f"{file}: row 1: {_said(problem)}") from problem


def _delimiter_of(header_line: str, names: Collection[str]) -> str:
    """The delimiter that makes the wanted columns appear; when none does, or none is named, the most frequent one."""
    for delimiter in _DELIMITERS:
        titles = {name.strip().strip('"') for name in header_line.strip().split(delimiter)}
        if names and titles.issuperset(names):
            return delimiter
    return max(_DELIMITERS, key=header_line.count)


def _place(file: str, header: Sequence[str], name: str) -> int:
    places = [place for place, title in enumerate(header) if title.strip() == name]
    if not places:
        raise TableError(f"{file}: row 1: no column {name!r}; there are: {listed(header)}")
    if len(places) > 1:
        raise TableError(f"{file}: row 1: column {name!r} is there {len(places)} times")
    return places[0]
