"""`restore`: a backup put into an empty place, compared row by row with its manifest."""

import argparse
import sqlite3
import tempfile
from datetime import datetime
from pathlib import Path

from openrapport.commands import CommandError
from openrapport.commands.backups.archive import Manifest, unpack
from openrapport.commands.configuration import (
    add_data_argument,
    load_environment,
    require_database,
    settings_file,
    start_django,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Puts a backup into an empty database and compares every count and hash. Put openrapport.env with the keys "
        "back into the data folder first: they are not in the backup. Stop the server before."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="what `./openrapport backup` wrote")
    parser.add_argument("--replace", action="store_true", help="give up what is in the database now")
    parser.add_argument(
        "--drop-waiting-mail",
        action="store_true",
        help="do not send the mail that waited when the backup was made: it may have left since",
    )
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when all is back, 1 when it is back and the keys of this place do not open it."""
    folder = load_environment(arguments.data)
    start_django()
    folder.mkdir(parents=True, exist_ok=True)
    require_database()
    from django.utils import timezone

    manifest = put_back(arguments.file, replace=arguments.replace)
    print(f"{manifest.rows} rows of {len(manifest.tables)} tables are back, as they were on {manifest.made_at}.")
    print("Every count and every hash is that of the manifest. Everybody signs in again.")
    waiting = _waiting_mail(drop=arguments.drop_waiting_mail, now=timezone.now())
    if waiting and arguments.drop_waiting_mail:
        print(f"{waiting} mails that waited were dropped.")
    elif waiting:
        print(f"{waiting} mails wait and leave when the worker starts; --drop-waiting-mail would drop them.")
    if not _keys_fit():
        print(f"The keys of this place do not open the stored texts. Put the right ones into {settings_file(folder)}.")
        return 1
    print("Next: ./openrapport doctor, then ./openrapport serve")
    return 0


def put_back(file: Path, *, replace: bool = False) -> Manifest:
    """Raises CommandError, and then the database is as it was before."""
    from django.core.management import call_command
    from django.db import DatabaseError, connection

    from openrapport.commands.backups import of_postgresql, of_sqlite

    with tempfile.TemporaryDirectory(prefix="openrapport-restore-") as name:
        room = Path(name)
        manifest = unpack(file, room)
        _require_fit(manifest, file)
        if not replace and not _is_empty():
            raise CommandError("There is a practice in this database already. To give it up: --replace")
        try:
            if connection.vendor == "sqlite":
                path = Path(str(connection.settings_dict["NAME"]))
                connection.close()
                of_sqlite.put(room, manifest.tables, path)
            else:
                call_command("migrate", verbosity=0, interactive=False)
                of_postgresql.put(room, manifest.tables)
        except (OSError, sqlite3.DatabaseError, DatabaseError) as problem:
            raise CommandError(f"{file} could not be put back ({type(problem).__name__}).") from None
        call_command("createcachetable", verbosity=0)
    return manifest


def _require_fit(manifest: Manifest, file: Path) -> None:
    """The tables must have the shape this version makes; updating comes afterwards."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    if manifest.database != connection.vendor:
        raise CommandError(f"{file} was made of {manifest.database}, and this place uses {connection.vendor}.")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    if set(manifest.migrations) != known:
        raise CommandError(
            f"{file} was made by version {manifest.openrapport} with other tables than this version makes. "
            "Restore it with that version, then update."
        )


def _is_empty() -> bool:
    """Without tables, or with tables in which nobody is."""
    from django.db import connection

    from openrapport.people.models import User
    from openrapport.practices.models import Practice

    present = set(connection.introspection.table_names())
    return not any(model._meta.db_table in present and model._default_manager.exists() for model in (User, Practice))


def _waiting_mail(*, drop: bool, now: datetime) -> int:
    from openrapport.notices.models import Notice

    waiting = Notice.objects.filter(sent_at=None, cancelled_at=None)
    return waiting.update(cancelled_at=now) if drop else waiting.count()


def _keys_fit() -> bool:
    from openrapport.commands.examinations import keys

    return all(finding.is_well for finding in keys())
