"""Fixtures for every test: the fixed cast and a clock."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tests.cast import NOON, Cast, gather_cast


@pytest.fixture
def now() -> datetime:
    return NOON


@pytest.fixture
def cast(db: None) -> Cast:
    return gather_cast()


@pytest.fixture
def real_database(transactional_db: None) -> Iterator[None]:
    """Commits are real. The flush afterwards may empty append-only tables; it also puts their guards up again."""
    from django.core.cache import cache
    from django.db import connection

    from openrapport.shared.append_only import missing_guards

    assert missing_guards() == [], "an earlier test left append-only tables without their triggers"
    cache.clear()  # counters of throttles live outside the tables that are flushed
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests use a file: in memory, a live server's threads would share one connection and its transaction."""
    from django.db import connections

    database = connections["default"]
    if database.vendor == "sqlite":
        database.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The access matrix counts: its tests may have run in several processes."""
    told = [
        dict(report.user_properties)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
    ]
    cells = sum(one.get("access_cells", 0) for one in told)
    if cells:
        leaks = sum(one.get("access_leaks", 0) for one in told)
        terminalreporter.write_line(f"access matrix: {cells:,}".replace(",", " ") + f" cells, {leaks} leaks")
