"""The page on relations shows what its examples really give."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[4] / "docs" / "analysis" / "relations.md"


def test_the_examples_of_the_page_run():
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted > 20
    assert found.failed == 0
