"""Reading typed values out of a TOML table, so that every mistake is named by file and key path in one line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from openrapport.analysis.instrument import InstrumentError

Word = TypeVar("Word", bound=str)


class Table:
    """One TOML table and where it stands. Each read is checked; `close` refuses keys nobody asked for."""

    def __init__(self, data: Mapping[str, Any], *, file: str, path: str = "") -> None:
        self._data, self._file, self._path = data, file, path
        self._asked: set[str] = set()

    def error(self, key: str, problem: str) -> InstrumentError:
        where = ".".join(part for part in (self._path, key) if part)
        return InstrumentError(f"{self._file}: {where}: {problem}" if where else f"{self._file}: {problem}")

    def has(self, key: str) -> bool:
        return key in self._data

    def get(self, key: str) -> Any:
        self._asked.add(key)
        if key not in self._data:
            raise self.error(key, "missing")
        return self._data[key]

    def text(self, key: str) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "must be a text that is not empty")
        return value.strip()

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if self.has(key) else None

    def word(self, key: str, allowed: tuple[Word, ...]) -> Word:
        value = self.text(key)
        for candidate in allowed:
            if candidate == value:
                return candidate
        raise self.error(key, f"{value!r} is not one of {', '.join(allowed)}")

    def yes_or_no(self, key: str, *, default: bool) -> bool:
        value = self.get(key) if self.has(key) else default
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def integer(self, key: str, *, minimum: int | None = None) -> int:
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(key, "must be a whole number")
        if minimum is not None and value < minimum:
            raise self.error(key, f"must be at least {minimum}")
        return value

    def number(self, key: str, *, minimum: float | None = None) -> float:
        value = self.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            raise self.error(key, "must be a number")
        if minimum is not None and value < minimum:
            raise self.error(key, f"must be at least {minimum:g}")
        return float(value)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.get(key)
        if not isinstance(values, list) or not values or not all(isinstance(v, str) and v.strip() for v in values):
            raise self.error(key, "must be a list of texts that is not empty")
        if len(set(values)) != len(values):
            raise self.error(key, "names something twice")
        return tuple(values)

    def table(self, key: str) -> Table:
        value = self.get(key)
        if not isinstance(value, dict):
            raise self.error(key, "must be a table")
        return Table(value, file=self._file, path=".".join(part for part in (self._path, key) if part))

    def tables(self, key: str, *, at_least: int = 0) -> Iterator[Table]:
        values = self.get(key) if self.has(key) or at_least else []
        if not isinstance(values, list) or len(values) < at_least or not all(isinstance(v, dict) for v in values):
            raise self.error(key, f"must be a list of at least {at_least} tables" if at_least else "must be tables")
        for number, value in enumerate(values):
            yield Table(value, file=self._file, path=f"{self._path}{'.' if self._path else ''}{key}[{number}]")

    def translated(self, key: str, languages: tuple[str, ...]) -> dict[str, str]:
        inner = self.table(key)
        texts = {language: inner.text(language) for language in languages}
        inner.close()
        return texts

    def close(self) -> None:
        for key in self._data:
            if key not in self._asked:
                raise self.error(key, "is not a key this file may have")


def words_of(literal: Any) -> tuple[Any, ...]:
    """The allowed words of a `Literal` type, so that they are written once."""
    return get_args(literal)
