"""Fixtures for every test: the fixed cast and a clock."""

import sys
from datetime import datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tests.cast import NOON, Cast, gather_cast  # noqa: E402 - the path comes first


@pytest.fixture
def now() -> datetime:
    return NOON


@pytest.fixture
def cast(db: None) -> Cast:
    return gather_cast()
