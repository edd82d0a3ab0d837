"""A running practice is copied and put back into an empty place: every count and hash is the same."""

import hashlib
import json
import os
import sqlite3
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.audit.queries import broken_chains
from openrapport.checkins.models import RespondentRole
from openrapport.commands import CommandError, restore
from openrapport.commands.backup import make_backup
from openrapport.commands.backups.archive import FORMAT, LEFT_OUT, MANIFEST, Manifest, sha256_of, unpack
from openrapport.commands.restore import put_back
from openrapport.commands.tests.running import openrapport
from openrapport.people.models import User
from openrapport.sessions.actions import add_session
from openrapport.sessions.models import TherapySession
from tests.browsing import browser_of
from tests.cast import NOON, SETUP, Cast, gather_cast
from tests.check_ins import answer, hold_session, live_through, of

pytestmark = pytest.mark.usefixtures("real_database")
Contents = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Place:
    """An empty machine: a folder, and a database of the kind the tests run on."""

    folder: Path
    url: str

    def run(self, *words: str, **more: str) -> tuple[int, str]:
        environment = {
            "OPENRAPPORT_SECRET_KEY": settings.SECRET_KEY,
            "OPENRAPPORT_ENCRYPTION_KEYS": ",".join(settings.ENCRYPTION_KEYS),
            "OPENRAPPORT_DATABASE_URL": self.url,
            "OPENRAPPORT_DATA": str(self.folder),
        }
        ran = openrapport(*words, cwd=self.folder.parent, **{**environment, **more})
        return ran.returncode, ran.stdout + ran.stderr

    def contents(self) -> Contents:
        if self.url.startswith("sqlite"):
            with sqlite3.connect(self.url.removeprefix("sqlite:///")) as database:
                return contents_of(lambda question: database.execute(question).fetchall(), "sqlite")
        with psycopg.connect(self.url) as database:
            return contents_of(lambda question: database.execute(question.encode()).fetchall(), "postgresql")


def contents_of(ask: Callable[[str], list[tuple[object, ...]]], vendor: str) -> Contents:
    """Counts and hashes by another way than the program's own: plain SELECTs, sorted here."""
    tables = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
    }[vendor]
    found = {}
    for (table,) in ask(tables):
        if table not in LEFT_OUT:
            row = "*" if vendor == "sqlite" else "t::text"
            rows = sorted(repr(one) for one in ask(f'SELECT {row} FROM "{table}" t'))
            found[str(table)] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    return found


def live_contents() -> Contents:
    if connection.vendor == "sqlite":
        return Place(Path(), f"sqlite:///{connection.settings_dict['NAME']}").contents()

    def ask(question: str) -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return list(cursor.fetchall())

    return contents_of(ask, connection.vendor)


@pytest.fixture
def place(tmp_path: Path, real_database: None) -> Iterator[Place]:
    folder = tmp_path / "elsewhere"
    if connection.vendor == "sqlite":
        yield Place(folder, f"sqlite:///{folder / 'openrapport.sqlite3'}")
        return
    name = f"elsewhere_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    base, _, query = os.environ["OPENRAPPORT_DATABASE_URL"].partition("?")
    yield Place(folder, f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else ""))
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def practice(real_database: None) -> Cast:
    cast = gather_cast()
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 4))
    answer(
        of(hold_session(cast.sam_with_maya, at=NOON), RespondentRole.CLIENT),
        at=NOON,
        words="Später anfangen?\n\tLinie \\ zwei",
    )
    browser_of(cast.sam).get("/account/devices/")
    return cast


@pytest.mark.long
def test_a_backup_put_back_into_an_empty_place_has_the_same_counts_and_hashes(
    practice: Cast, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "willow.orbackup"
    manifest = make_backup(file, now=timezone.now())
    before = live_contents()
    status, said = place.run("restore", str(file))
    assert status == 0, said
    after = place.contents()
    assert after == before
    assert {name: table.rows for name, table in manifest.tables.items()} == {name: n for name, (n, _) in after.items()}
    assert after["people_user"][0] == User.objects.count()
    assert "Everybody signs in again" in said
    status, said = place.run("doctor")
    assert "PROBLEM  jobs" in said, "no worker has run there"
    assert "PROBLEM  mail waiting" in said, "it is months old"
    assert said.count("PROBLEM") == 2, said
    status, said = place.run("setup", "--admin-name", "X")
    assert "exists already" in said, "numbers the database gives out go on, and migrations have nothing to do"


@pytest.mark.long
def test_what_is_written_while_the_backup_is_made_leaves_it_whole(practice: Cast, place: Place, tmp_path: Path) -> None:
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        try:
            while not stop.is_set():
                add_session(actor=SETUP, relationship=practice.lena_with_tom, starts_at=NOON, now=NOON)
                written.set()
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    manifest = make_backup(tmp_path / "busy.orbackup", now=timezone.now())
    at_the_moment = manifest.tables["therapy_sessions_therapysession"].rows
    stop.set()
    writer.join(20)
    assert 7 < at_the_moment <= TherapySession.objects.count()
    assert broken_chains() == []
    status, said = place.run("restore", str(tmp_path / "busy.orbackup"))
    assert status == 0, said
    assert "every chain holds" in place.run("doctor")[1]


def test_keys_and_sign_ins_are_not_in_it_and_only_its_owner_reads_it(practice: Cast, tmp_path: Path) -> None:
    file = tmp_path / "willow.orbackup"
    make_backup(file, now=timezone.now())
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["willow.orbackup"], "nothing half-made stays"
    unpack(file, tmp_path / "out")
    whole = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key FROM django_session")
        keys = [key.encode() for (key,) in cursor.fetchall()]
    assert keys
    secrets = [*keys, settings.SECRET_KEY.encode(), *(key.encode() for key in settings.ENCRYPTION_KEYS)]
    assert [secret for secret in secrets if secret in whole] == []
    assert "Später".encode() not in whole


def test_making_one_is_logged_in_the_practice_and_in_the_copy(practice: Cast, tmp_path: Path) -> None:
    make_backup(tmp_path / "a.orbackup", now=timezone.now())
    line = AuditLine.objects.get(deed="make_backup", about=practice.willow.pk)
    assert (line.actor, line.facts) == (Actor.system("backup").label, {})


def test_a_backup_never_replaces_a_file(practice: Cast, tmp_path: Path) -> None:
    file = tmp_path / "willow.orbackup"
    file.write_text("mine")
    with pytest.raises(CommandError, match="there already"):
        make_backup(file, now=timezone.now())
    assert file.read_text() == "mine"


def test_a_practice_is_not_overwritten_unless_that_is_said(practice: Cast, tmp_path: Path) -> None:
    file = tmp_path / "willow.orbackup"
    make_backup(file, now=timezone.now())
    before = live_contents()
    User.objects.filter(pk=practice.sam.pk).update(display_name="Somebody Else")
    with pytest.raises(CommandError, match="--replace"):
        put_back(file)
    assert User.objects.get(pk=practice.sam.pk).display_name == "Somebody Else"
    put_back(file, replace=True)
    assert live_contents() == before
    practice.sam_with_maya.refresh_from_db()
    add_session(actor=SETUP, relationship=practice.sam_with_maya, starts_at=NOON, now=NOON)  # and work goes on


def _damage(file: Path, how: str) -> None:
    content = file.read_bytes()
    if how == "cut off":
        file.write_bytes(content[: len(content) // 2])
    elif how == "no backup":
        file.write_bytes(b"not a backup at all")
    elif how == "without a manifest":
        with tarfile.open(file, "w:gz") as archive:
            archive.add(Path(__file__), arcname="database.sqlite3")
    elif how == "a byte changed":
        with tarfile.open(file) as archive:
            members = {one.name: archive.extractfile(one).read() for one in archive.getmembers()}  # type: ignore[union-attr]
        with tarfile.open(file, "w:gz") as archive:
            for name, data in members.items():
                path = file.with_name("part")
                path.write_bytes(data if name == "manifest.json" else data[:-1] + b"?")
                archive.add(path, arcname=name)
                path.unlink()


@pytest.mark.parametrize("how", ["cut off", "no backup", "without a manifest", "a byte changed", "not there"])
def test_a_damaged_backup_is_refused_in_one_line_and_changes_nothing(practice: Cast, tmp_path: Path, how: str) -> None:
    file = tmp_path / "willow.orbackup"
    make_backup(file, now=timezone.now())
    before = live_contents()
    if how == "not there":
        file.unlink()
    else:
        _damage(file, how)
    with pytest.raises(CommandError) as refused:
        put_back(file, replace=True)
    assert "\n" not in str(refused.value)
    assert live_contents() == before


@pytest.mark.parametrize("name", ["../taken-over", "..", ".hidden", "tables/..", "/etc/x", "a/b/c"])
def test_a_backup_that_names_a_place_outside_is_refused(tmp_path: Path, name: str) -> None:
    file, room, here = tmp_path / "evil.orbackup", tmp_path / "room", Path(__file__)
    room.mkdir()
    manifest = Manifest(FORMAT, "", "", "sqlite", [], [], {}, {name: sha256_of(here)})
    head = tmp_path / "head"
    head.write_text(json.dumps(asdict(manifest)))
    with tarfile.open(file, "w:gz") as archive:
        archive.add(head, arcname=MANIFEST)
        archive.add(here, arcname=name)
    with pytest.raises(CommandError, match="cannot be in a backup"):
        unpack(file, room)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["evil.orbackup", "head", "room"]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"migrations": ["people.0001_initial"]}, "Restore it with that version"),
        ({"database": "another"}, "was made of another"),
        ({"tables": {}}, "Nothing was changed"),
    ],
)
def test_a_backup_of_another_shape_is_refused(
    practice: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any], sentence: str
) -> None:
    file = tmp_path / "willow.orbackup"
    make_backup(file, now=timezone.now())
    before = live_contents()
    monkeypatch.setattr(restore, "unpack", lambda file, room: replace(unpack(file, room), **other))
    with pytest.raises(CommandError, match=sentence):
        put_back(file, replace=True)
    assert live_contents() == before


@pytest.mark.long
def test_with_other_keys_it_says_so_and_waiting_mail_can_be_dropped(
    practice: Cast, place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "willow.orbackup"
    make_backup(file, now=timezone.now())
    other = "Zm9yIGFub3RoZXIgcGxhY2UgMDEyMzQ1Njc4OWFiY2Q="
    status, said = place.run("restore", str(file), "--drop-waiting-mail", OPENRAPPORT_ENCRYPTION_KEYS=other)
    assert (status, "do not open the stored texts" in said, "were dropped" in said) == (1, True, True), said
