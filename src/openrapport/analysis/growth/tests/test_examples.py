"""The worked examples in the documentation of the two-level estimator are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name", ["bands", "build", "cells", "clients", "compare", "fit", "formula", "intervals", "sums", "two_levels"]
)
def test_examples_run(name):
    module = importlib.import_module(f"openrapport.analysis.growth.{name}")
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
