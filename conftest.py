"""Fixtures for every test: the fixed cast and a clock."""

import sys
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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests use a file: in memory, a live server's threads would share one connection and its transaction."""
    from django.db import connections

    database = connections["default"]
    if database.vendor == "sqlite":
        database.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
