"""Rows that are written together: in one statement where the database can, and without building it anew each time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    CharField,
    Field,
    FloatField,
    ForeignKey,
    IntegerField,
    Model,
    PositiveIntegerField,
    PositiveSmallIntegerField,
    SmallIntegerField,
    UUIDField,
)

from openrapport.shared.cursors import run_kept

Prepare = Callable[[Any, BaseDatabaseWrapper], Any]


@dataclass(frozen=True)
class Write:
    """One statement that changes rows, with its values as the driver takes them. Without SQL there is nothing to do."""

    sql: str
    values: Sequence[Any]


def write(*parts: Write) -> None:
    """All of it, or an error. No part may depend on another: PostgreSQL carries them out side by side."""
    connection = connections[DEFAULT_DB_ALIAS]
    statements = [(part.sql, part.values) for part in parts if part.sql]
    if connection.vendor == "postgresql" and len(statements) > 1:
        beside = ", ".join(f"part_{number} AS ({sql})" for number, (sql, _) in enumerate(statements[:-1]))
        values = [value for _, some in statements for value in some]
        statements = [(f"WITH {beside} {statements[-1][0]}", values)]
    for sql, some in statements:
        run_kept(connection, sql, some)


def new_rows(model: type[Model], names: tuple[str, ...], rows: Sequence[Sequence[Any]]) -> Write:
    """Each row has a value for every one of `names`, its key among them; the database fills in nothing."""
    if not rows:
        return Write("", ())
    connection = connections[DEFAULT_DB_ALIAS]
    begin, one, prepare = _parts(model, names, connection.vendor)
    values = [
        value if make is None or value is None else make(value, connection)
        for row in rows
        for value, make in zip(row, prepare, strict=True)
    ]
    return Write(begin + ", ".join([one] * len(rows)), values)


@cache
def _parts(model: type[Model], names: tuple[str, ...], vendor: str) -> tuple[str, str, tuple[Prepare | None, ...]]:
    quoted = connections[DEFAULT_DB_ALIAS].ops.quote_name
    known = {field.attname: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    begin = f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608 - names of our own tables
    return begin, f"({', '.join(['%s'] * len(fields))})", tuple(_preparing(field) for field in fields)


def _preparing(field: "Field[Any, Any]") -> Prepare | None:
    """None for what the driver takes as it is."""
    kept = field.target_field if isinstance(field, ForeignKey) else field
    if type(kept) is UUIDField:
        return lambda value, connection: value if connection.features.has_native_uuid_field else value.hex
    return None if type(kept) in _AS_IT_IS else field.get_db_prep_save


_SMALLER = (PositiveIntegerField, PositiveSmallIntegerField, SmallIntegerField)
_AS_IT_IS = (BooleanField, CharField, FloatField, IntegerField, *_SMALLER)
