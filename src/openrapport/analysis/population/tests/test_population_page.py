"""The page on populations shows what its examples really give."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[5]


def test_the_examples_of_the_page_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    found = doctest.testfile(str(ROOT / "docs" / "analysis" / "population.md"), module_relative=False)
    assert found.attempted > 20
    assert found.failed == 0
