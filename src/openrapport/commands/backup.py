"""`backup`: the running practice in one file, without its keys."""

import argparse
import tempfile
from datetime import datetime
from pathlib import Path

from openrapport.commands import CommandError
from openrapport.commands.backups.archive import Manifest
from openrapport.commands.configuration import (
    add_data_argument,
    load_environment,
    require_database,
    settings_file,
    start_django,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes everything in the database of a running practice to FILE, of one moment, with a manifest of counts "
        "and hashes. The keys are not in it: keep openrapport.env elsewhere. Nor is who is signed in."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write it; what is there is never replaced")
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    folder = load_environment(arguments.data)
    start_django()
    require_database()
    from django.utils import timezone

    from openrapport.commands.readiness import require_ready

    require_ready()
    manifest = make_backup(arguments.file, now=timezone.now())
    size = arguments.file.stat().st_size
    print(f"{arguments.file}: {manifest.rows} rows of {len(manifest.tables)} tables, {size} bytes.")
    print(f"The keys are not in it. Without a copy of {settings_file(folder)} nobody can read what people wrote.")
    return 0


def make_backup(to: Path, *, now: datetime) -> Manifest:
    """Raises CommandError when FILE cannot be written, or what was written cannot be read back."""
    from django.db import connection

    from openrapport import __version__
    from openrapport.commands.backups import of_postgresql, of_sqlite
    from openrapport.commands.backups.archive import new_manifest, unpack, write_archive

    if to.exists():
        raise CommandError(f"{to} is there already; a backup never replaces another. Choose a new name.")
    if not to.parent.is_dir():
        raise CommandError(f"{to.parent} is no folder.")
    _note(now=now)
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=to.parent) as name:
            room = Path(name)
            if connection.vendor == "sqlite":
                files, tables = of_sqlite.take(Path(str(connection.settings_dict["NAME"])), room)
            else:
                files, tables = of_postgresql.take(room)
            manifest = new_manifest(
                database=connection.vendor,
                migrations=applied_migrations(),
                tables=tables,
                files=files,
                version=__version__,
                now=now,
            )
            write_archive(to, manifest, files)
            unpack(to, room / "again")  # a backup that cannot be read is found today, not on the day it is needed
    except OSError as problem:
        raise CommandError(f"{to} cannot be written: {problem.strerror}.") from None
    return manifest


def applied_migrations() -> list[str]:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _note(*, now: datetime) -> None:
    """Written before the copy is made, so that the copy knows of itself."""
    from django.db import transaction

    from openrapport.audit.actions import record
    from openrapport.audit.actor import Actor
    from openrapport.practices.models import Practice

    with transaction.atomic():
        for practice in Practice.objects.order_by("pk"):
            record(actor=Actor.system("backup"), deed="make_backup", about=practice.pk, at=now, obj=practice)
