"""Backup and restore of PostgreSQL by COPY, table by table in one snapshot; no other program is needed.

Restored is into tables that the migrations made, in one transaction that is only committed when every hash fits.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from openrapport.commands import CommandError
from openrapport.commands.backups.archive import LEFT_OUT, Table


def take(folder: Path) -> tuple[dict[str, Path], dict[str, Table]]:
    """One file for each table, all of one moment. Nobody waits."""
    files, tables = {}, {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table in _tables(cursor):
            name = f"tables/{table}.copy"
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            tables[table] = _copy_out(cursor, table, path)
            files[name] = path
    return files, tables


def put(folder: Path, expected: Mapping[str, Table]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        known = set(_tables(cursor))
        if known != set(expected):
            differ = ", ".join(sorted(known ^ set(expected)))
            raise CommandError(f"The backup has other tables than this version makes ({differ}). Nothing was changed.")
        everything = ", ".join(f'"{name}"' for name in (*sorted(known), *_present(cursor, LEFT_OUT)))
        cursor.execute(f"TRUNCATE {everything}")
        for table in sorted(known):
            _copy_in(cursor, table, folder / f"tables/{table}.copy")
        _count_on(cursor, sorted(known))
        if content_of(cursor) != dict(expected):
            raise CommandError("What was restored is not what the manifest says. Nothing was changed.")


def content_of(cursor: Any) -> dict[str, Table]:
    return {table: _copy_out(cursor, table, None) for table in _tables(cursor)}


def _tables(cursor: Any) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
    return [name for (name,) in cursor.fetchall() if name not in LEFT_OUT]


def _present(cursor: Any, names: Iterable[str]) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return sorted({name for (name,) in cursor.fetchall()} & set(names))


def _columns(cursor: Any, table: str) -> str:
    """By name: the same whatever migrations did to their order."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s",
        [table],
    )
    return ", ".join(f'"{name}"' for name in sorted(name for (name,) in cursor.fetchall()))


def _keys(cursor: Any, table: str) -> str:
    cursor.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
        "WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int[], a.attnum::int)",
        [f'"{table}"'],
    )
    return ", ".join(f'"{name}"' for (name,) in cursor.fetchall())


def _copy_out(cursor: Any, table: str, path: Path | None) -> Table:
    """To a file, or only to be counted and hashed."""
    digest, rows = hashlib.sha256(), 0
    columns, keys = _columns(cursor, table), _keys(cursor, table)
    order = f" ORDER BY {keys}" if keys else ""
    question = f'COPY (SELECT {columns} FROM "{table}"{order}) TO STDOUT'  # noqa: S608 - the catalogue's names
    file = path.open("wb") if path is not None else None
    try:
        with cursor.copy(question) as copy:
            for piece in copy:
                digest.update(piece)
                rows += bytes(piece).count(b"\n")  # in COPY's own text a line break inside a value is written \n
                if file is not None:
                    file.write(piece)
    finally:
        if file is not None:
            file.close()
    return Table(rows, digest.hexdigest())


def _copy_in(cursor: Any, table: str, path: Path) -> None:
    with path.open("rb") as file, cursor.copy(f'COPY "{table}" ({_columns(cursor, table)}) FROM STDIN') as copy:
        while piece := file.read(1 << 20):
            copy.write(piece)


def _count_on(cursor: Any, tables: Iterable[str]) -> None:
    """Numbers that the database gives out go on after the highest one restored."""
    for table in tables:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name = %s AND (is_identity = 'YES' OR column_default LIKE 'nextval%%')",
            [table],
        )
        for (column,) in cursor.fetchall():
            highest = f'SELECT MAX("{column}") FROM "{table}"'  # noqa: S608 - the catalogue's names
            cursor.execute(highest)
            (last,) = cursor.fetchone()
            sequence = [f'"{table}"', column, last or 1, last is not None]
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)", sequence)
