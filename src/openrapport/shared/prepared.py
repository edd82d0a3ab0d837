"""Queries that are put together once in each process; afterwards only their values change.

Building a query of the access policy takes Django milliseconds, and the database runs it in microseconds. What is
prepared is written as any other query. It is compiled twice, with different stand-ins for its values, and refused when
anything but those values differs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from threading import RLock
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from openrapport.shared.cursors import run_kept
from openrapport.shared.reading_rows import Read, building_models, converting
from openrapport.shared.writing import Write

Row = TypeVar("Row")
Given = Mapping[str, Any]
Made = Mapping[str, tuple[type, Callable[[Given], Any]]]

# As many of each kind as are asked for, that are met nowhere else.
_STAND_INS: dict[type, Callable[[int], Any]] = {
    UUID: lambda number: UUID(int=0x5E1F_C0DE_4000_8000 << 64 | number),
    str: lambda number: f"stand-in {number}",
    int: lambda number: 1_900_000_000 + number,
    date: lambda number: date(1901 + number, 3, 7),
    datetime: lambda number: datetime(1901 + number, 9, 23, 1, 2, 3, 456, UTC),
}
_ADAPT: dict[type, Callable[[Any, BaseDatabaseWrapper], Any]] = {
    UUID: lambda value, connection: value if connection.features.has_native_uuid_field else value.hex,
    datetime: lambda value, connection: connection.ops.adapt_datetimefield_value(value),
    date: lambda value, connection: connection.ops.adapt_datefield_value(value),
}

_ONE_AT_A_TIME = RLock()
_editions = count(1)
_edition = 0


class NotPreparable(Exception):
    """The SQL depends on a value otherwise than by holding it, so it cannot be kept for other values."""


def forget_prepared() -> None:
    """What queries are built from has changed: they are built anew."""
    global _edition
    _edition = next(_editions)


@dataclass(frozen=True)
class _Slot:
    """Where a value goes."""

    name: str


@dataclass(frozen=True)
class _Statement:
    """SQL and its parameters, which are constants or slots. Without SQL nothing can be found, and nobody is asked."""

    sql: str
    parameters: tuple[Any, ...]
    locks: bool
    read: Read

    def fill(self, values: Given) -> list[Any]:
        return [values[one.name] if type(one) is _Slot else one for one in self.parameters]


class _Kept:
    """One statement, kept until it is forgotten or another kind of database is asked."""

    def __init__(self, build: Callable[..., Any], kinds: Mapping[str, type], made: Made) -> None:
        self._build, self._given, self._made = build, kinds, made
        self._kinds: Mapping[str, type] = {**kinds, **{name: kind for name, (kind, _) in made.items()}}
        self._adapt = [(name, _ADAPT.get(kind)) for name, kind in self._kinds.items()]
        self._kept: tuple[tuple[str, int], _Statement] | None = None

    def _statement(self, connection: BaseDatabaseWrapper) -> _Statement:
        kept, key = self._kept, (connection.vendor, _edition)
        if kept is None or kept[0] != key:
            with _ONE_AT_A_TIME:  # when many ask at once for the first time, one builds it for all
                if (kept := self._kept) is None or kept[0] != key:
                    kept = self._kept = (key, self._compile(connection))
        return kept[1]

    def _adapted(self, given: Given, connection: BaseDatabaseWrapper) -> Given:
        values = given if not self._made else {**given, **{name: make(given) for name, (_, make) in self._made.items()}}
        return {
            name: values[name] if adapt is None or values[name] is None else adapt(values[name], connection)
            for name, adapt in self._adapt
        }

    def _compile(self, connection: BaseDatabaseWrapper) -> _Statement:
        first, second = _stand_ins(self._given, begin=0), _stand_ins(self._given, begin=len(self._given))
        compiler, other = (self._compiler(**values) for values in (first, second))
        (sql, parameters), (other_sql, others) = _sql(compiler), _sql(other)
        if sql != other_sql or len(parameters) != len(others):
            raise NotPreparable(f"another value makes other SQL: {sql} / {other_sql}")
        if "%%" in sql or sql.count("%s") != len(parameters):
            raise NotPreparable(f"placeholders cannot be told apart: {sql}")
        ones, twos = self._adapted(first, connection), self._adapted(second, connection)
        both = {(ones[name], twos[name]): name for name in self._kinds}
        slots = tuple(self._slot(one, two, both) for one, two in zip(parameters, others, strict=True))
        locks = compiler.query.select_for_update and connection.features.has_select_for_update
        return _Statement(sql, slots, locks, self._reading(compiler) if sql else tuple)

    def _slot(self, one: Any, two: Any, both: Mapping[tuple[Any, Any], str]) -> Any:
        name = both.get((one, two)) if isinstance(one, (str, int, date, UUID)) else None
        if name is not None:
            return _Slot(name)
        if one != two:
            raise NotPreparable(f"{one!r} is made from a value: pass it as a value of its own")
        return one

    def _compiler(self, **values: Any) -> SQLCompiler:
        raise NotImplementedError

    def _reading(self, compiler: SQLCompiler) -> Read:
        return tuple


class Prepared(_Kept, Generic[Row]):
    """A query set. `build` takes its values by name, and `kinds` says what each of them is.

    `made` names those that the building makes out of others before they are in the SQL.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Row]], *, made: Made | None = None, **kinds: type) -> None:
        super().__init__(build, kinds, made or {})

    def rows(self, **given: Any) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._statement(connection)
        if statement.locks and not connection.in_atomic_block:
            raise TransactionManagementError("A row is locked inside a transaction, or not at all.")
        if not statement.sql:
            return []
        cursor = run_kept(connection, statement.sql, statement.fill(self._adapted(given, connection)))
        return [statement.read(row) for row in cursor.fetchall()]

    def first(self, **given: Any) -> Row | None:
        return next(iter(self.rows(**given)), None)

    def _compiler(self, **values: Any) -> SQLCompiler:
        queryset = self._build(**values)
        self._iterable = queryset._iterable_class
        compiler: SQLCompiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        return compiler

    def _reading(self, compiler: SQLCompiler) -> Read:
        convert = converting(compiler)
        if self._iterable is ModelIterable:
            return building_models(compiler, convert)
        if self._iterable is not ValuesListIterable:
            raise NotPreparable("rows are read as models or as tuples")
        return lambda row: tuple(convert(row))


class PreparedUpdate(_Kept):
    """A change of rows. `build` gives the rows, and what becomes of them."""

    def __init__(self, build: Callable[..., tuple[QuerySet[Any], Mapping[str, Any]]], **kinds: type) -> None:
        super().__init__(build, kinds, {})

    def __call__(self, **given: Any) -> int:
        """Done at once; how many rows were changed."""
        part = self.as_part(**given)
        return int(run_kept(connections[DEFAULT_DB_ALIAS], part.sql, part.values).rowcount)

    def as_part(self, **given: Any) -> Write:
        """To be written together with other rows."""
        connection = connections[DEFAULT_DB_ALIAS]
        statement = self._statement(connection)
        return Write(statement.sql, statement.fill(self._adapted(given, connection)))

    def _compiler(self, **values: Any) -> SQLCompiler:
        queryset, changes = self._build(**values)
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        compiler: SQLCompiler = query.get_compiler(DEFAULT_DB_ALIAS)
        return compiler


def _sql(compiler: SQLCompiler) -> tuple[str, Sequence[Any]]:
    try:
        return compiler.as_sql()
    except EmptyResultSet:
        return "", ()


def _stand_ins(kinds: Mapping[str, type], *, begin: int) -> Given:
    return {name: _STAND_INS[kind](number) for number, (name, kind) in enumerate(kinds.items(), start=begin)}
