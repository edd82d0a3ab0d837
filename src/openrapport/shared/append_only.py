"""Database triggers that refuse to change or delete rows of an append-only table, on both databases.

Some SQLite migrations rebuild a table and silently drop its triggers, so they are put back after every migrate and a
system check asks whether they stand.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

_guarded: list[type[Model]] = []
PATIENCE = "500ms"  # shorter than what PostgreSQL waits before it looks for a deadlock

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$ LANGUAGE plpgsql
"""


def append_only(model: type[Model]) -> type[Model]:
    """Class decorator: rows of this model are written once."""
    _guarded.append(model)
    return model


def _names(table: str) -> dict[str, str]:
    return {deed: f"{table}_is_append_only_{deed.lower()}" for deed in ("UPDATE", "DELETE")}


def put_up_guards(*, using: str = "default", **_: object) -> None:
    connection = connections[using]
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
        for model in _guarded:
            table = model._meta.db_table
            if table not in present:
                continue
            for deed, name in _names(table).items():
                cursor.execute(_trigger(connection, table, deed, name))


def _trigger(connection: BaseDatabaseWrapper, table: str, deed: str, name: str) -> str:
    if connection.vendor == "postgresql":
        return (
            f'CREATE OR REPLACE TRIGGER "{name}" BEFORE {deed} ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    return (
        f'CREATE TRIGGER IF NOT EXISTS "{name}" BEFORE {deed} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
    )


@contextmanager
def updates_allowed(model: type[Model]) -> Iterator[None]:
    """The rows of this table may be changed until the block ends, inside the caller's transaction: for key rotation.

    Nobody else ever sees the table without its guard: the trigger is away in this transaction only.
    """
    connection = connections["default"]
    if not connection.in_atomic_block:
        raise RuntimeError("guards are only lifted inside a transaction")
    if model not in _guarded:
        yield
        return
    table = model._meta.db_table
    name = _names(table)["UPDATE"]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Whoever writes goes first: answers never wait for this, and are never the one that is sent away.
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table whose keys are still to be checked stays as it is
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"')
        else:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        if connection.vendor == "postgresql":
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER "{name}"')
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
        else:
            cursor.execute(_trigger(connection, table, "UPDATE", name))


def missing_guards(using: str = "default") -> list[str]:
    connection = connections[using]
    catalogue = (
        "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        standing = {row[0] for row in cursor.fetchall()}
    wanted = [name for m in _guarded if m._meta.db_table in present for name in _names(m._meta.db_table).values()]
    return [name for name in wanted if name not in standing]


@register(Tags.database)
def check_guards(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **_: Any
) -> Sequence[CheckMessage]:
    return [
        Error(f"The trigger {name} is missing.", hint="Run `./openrapport setup` again: it puts it back.", id="or.E001")
        for using in databases or []
        for name in missing_guards(using)
    ]
