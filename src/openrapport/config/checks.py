"""What the database must promise before anything is acknowledged: a commit that was answered "Saved" is on the disk."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

SQLITE_SYNCHRONOUS_FULL = 2
POSTGRES_PROMISES = {
    # setting: values under which an acknowledged commit survives a crash of the machine
    "fsync": {"on"},
    "synchronous_commit": {"on", "remote_apply"},
    "full_page_writes": {"on"},
}


@register(Tags.database)
def check_durability(databases: Sequence[str] | None = None, **_: object) -> list[CheckMessage]:
    return [problem for using in databases or [] for problem in durability_problems(connections[using])]


def durability_problems(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    if connection.vendor == "postgresql":
        yield from _postgresql(connection)
    elif connection.vendor == "sqlite":
        yield from _sqlite(connection)


def _postgresql(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    for name, safe in POSTGRES_PROMISES.items():
        value = _ask(connection, f"SHOW {name}")
        if value not in safe:
            yield Error(
                f"PostgreSQL runs with {name}={value}: what was saved can be lost when the machine stops.",
                hint=f"Set {name} = on in postgresql.conf (and for this role and database), then reload PostgreSQL.",
                id="or.E002",
            )


def _sqlite(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    journal = _ask(connection, "PRAGMA journal_mode").upper()
    # Databases in memory have no journal on disk; only tests use them.
    if journal not in {settings.SQLITE_JOURNAL, "MEMORY"} or (journal == "MEMORY" and not _in_memory(connection)):
        yield Error(
            f"SQLite keeps its journal as {journal} instead of {settings.SQLITE_JOURNAL}.",
            hint="Stop every other program that has the database open, then start again.",
            id="or.E003",
        )
    if int(_ask(connection, "PRAGMA synchronous")) < SQLITE_SYNCHRONOUS_FULL:
        yield Error(
            "SQLite does not wait for the disk (synchronous is below FULL).",
            hint="Remove whatever changes the database's init_command.",
            id="or.E004",
        )


def _in_memory(connection: BaseDatabaseWrapper) -> bool:
    name = str(connection.settings_dict["NAME"])
    return ":memory:" in name or "mode=memory" in name


def _ask(connection: BaseDatabaseWrapper, question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return str(cursor.fetchone()[0])
