"""Backup and restore of SQLite by its own online copy: one consistent moment, whatever is being written meanwhile."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from openrapport.commands import CommandError
from openrapport.commands.backups.archive import LEFT_OUT, Table

FILE = "database.sqlite3"
WAITS = 20.0  # seconds for somebody who is writing


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, timeout=WAITS, isolation_level=None)) as database:
        yield database


def take(source: Path, folder: Path) -> tuple[dict[str, Path], dict[str, Table]]:
    """The copy and what is in it. Writers wait while it is made: about a second for each gigabyte."""
    copy = folder / FILE
    with _opened(source) as live, _opened(copy) as target:
        live.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        for table in sorted(set(LEFT_OUT) & set(_tables(target))):
            target.execute(f'DELETE FROM "{table}"')  # noqa: S608 - one of ours
        target.execute("VACUUM")  # what was deleted is gone from the file as well
        return {FILE: copy}, content_of(target)


def put(folder: Path, expected: Mapping[str, Table], target: Path) -> None:
    """Compared before and after; SQLite puts all pages into place in one transaction."""
    with _opened(folder / FILE) as copy:
        if copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise CommandError("The database in the backup is damaged (integrity check). Nothing was changed.")
        if content_of(copy) != expected:
            raise CommandError("The rows in the backup are not those of its manifest. Nothing was changed.")
        with _opened(target) as place:
            copy.backup(place)
    target.chmod(0o600)
    with _opened(target) as place:
        if content_of(place) != expected:
            raise CommandError("What was restored is not what the manifest says. Do not use it; restore again.")


def content_of(database: sqlite3.Connection) -> dict[str, Table]:
    return {name: _content(database, name) for name in _tables(database) if name not in LEFT_OUT}


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return [name for (name,) in found if not name.startswith("sqlite_")]


def _content(database: sqlite3.Connection, table: str) -> Table:
    columns = database.execute(f'PRAGMA table_info("{table}")').fetchall()
    keys = [f'"{column[1]}"' for column in sorted(columns, key=lambda one: one[5]) if column[5]]
    digest, rows = hashlib.sha256(), 0
    order = ", ".join(keys) or "rowid"
    question = f'SELECT * FROM "{table}" ORDER BY {order}'  # noqa: S608 - the catalogue's names
    for row in database.execute(question):
        digest.update(json.dumps(row, default=lambda value: value.hex()).encode() + b"\n")
        rows += 1
    return Table(rows, digest.hexdigest())
