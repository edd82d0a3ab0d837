"""The file of a backup: written beside its place and moved there when it is whole; read without trusting it."""

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from openrapport.commands import CommandError

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 5_000_000
PIECE = 1 << 20
# Who is signed in, and counters of tries: nobody is signed in at the place a backup is put back.
LEFT_OUT = ("cache", "django_session", "usersessions_usersession")


@dataclass(frozen=True)
class Table:
    """How many rows, and the SHA-256 of all of them in the order of their keys."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """`files` holds the SHA-256 of each file in the archive; `migrations` say which shape the tables have."""

    format: int
    made_at: str
    openrapport: str
    database: str
    migrations: list[str]
    left_out: list[str]
    tables: dict[str, Table]
    files: dict[str, str]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def new_manifest(
    *,
    database: str,
    migrations: list[str],
    tables: Mapping[str, Table],
    files: Mapping[str, Path],
    version: str,
    now: datetime,
) -> Manifest:
    return Manifest(
        format=FORMAT,
        made_at=now.isoformat(timespec="seconds"),
        openrapport=version,
        database=database,
        migrations=migrations,
        left_out=sorted(LEFT_OUT),
        tables=dict(tables),
        files={name: sha256_of(path) for name, path in files.items()},
    )


def write_archive(to: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Whole or not at all, readable by its owner only, and on the disk before this returns."""
    unfinished = to.with_name(f"{to.name}.part")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
                head = unfinished.with_name(f"{to.name}.manifest")
                try:
                    head.write_text(json.dumps(asdict(manifest), indent=1, sort_keys=True), encoding="utf-8")
                    archive.add(head, arcname=MANIFEST, filter=_nobodys)
                finally:
                    head.unlink(missing_ok=True)
                for name, path in files.items():
                    archive.add(path, arcname=name, filter=_nobodys)
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(to)
        _sync_folder(to.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unpack(archive: Path, into: Path) -> Manifest:
    """The manifest, with every file it names unpacked and its hash compared. Raises CommandError in one line."""
    try:
        with tarfile.open(archive, mode="r:gz") as opened:
            manifest = _read_manifest(opened, archive)
            for name, sha256 in manifest.files.items():
                _unpack_one(opened, name, into / name, archive)
                if sha256_of(into / name) != sha256:
                    raise CommandError(f"{archive}: {name} is damaged; its hash is not the one in the manifest.")
    except FileNotFoundError:
        raise CommandError(f"{archive} is not there.") from None
    except (OSError, EOFError, tarfile.TarError) as problem:
        raise CommandError(f"{archive} cannot be read as a backup ({type(problem).__name__}).") from None
    return manifest


def _read_manifest(opened: tarfile.TarFile, archive: Path) -> Manifest:
    member = _member(opened, MANIFEST, archive)
    if member.size > LARGEST_MANIFEST:
        raise CommandError(f"{archive}: {MANIFEST} is too large to be one.")
    found = opened.extractfile(member)
    assert found is not None
    try:
        said: dict[str, Any] = json.loads(found.read())
        if said["format"] != FORMAT:
            raise CommandError(f"{archive} has format {said['format']}; this version reads format {FORMAT}.")
        tables = {str(name): Table(int(one["rows"]), str(one["sha256"])) for name, one in said.pop("tables").items()}
        manifest = Manifest(tables=tables, **said)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CommandError(f"{archive}: {MANIFEST} is not one of OpenRapport's.") from None
    if not all(_is_plain_name(name) for name in manifest.files):
        raise CommandError(f"{archive}: {MANIFEST} names a file that cannot be in a backup.")
    return manifest


def _is_plain_name(name: object) -> bool:
    """At most one folder deep, and never a way out of it."""
    parts = str(name).split("/")
    return len(parts) <= 2 and all(
        part[:1] != "." and part.replace("_", "a").replace(".", "a").isalnum() for part in parts
    )


def _member(opened: tarfile.TarFile, name: str, archive: Path) -> tarfile.TarInfo:
    try:
        member = opened.getmember(name)
    except KeyError:
        raise CommandError(f"{archive}: {name} is missing, so this is no whole backup.") from None
    if not member.isreg():
        raise CommandError(f"{archive}: {name} is no ordinary file.")
    return member


def _unpack_one(opened: tarfile.TarFile, name: str, to: Path, archive: Path) -> None:
    found = opened.extractfile(_member(opened, name, archive))
    assert found is not None
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as file:
        while piece := found.read(PIECE):
            file.write(piece)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
