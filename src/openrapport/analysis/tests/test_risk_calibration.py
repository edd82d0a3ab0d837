"""Calibration against R's glm and by hand."""

import csv
import doctest
import json
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import risk_calibration as module
from openrapport.analysis.least_squares import NotEstimable
from openrapport.analysis.risk_calibration import risk_calibration

# Both iterate to machine precision; the reference is written with 14 digits.
AS_IN_R = 1e-8
REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FROM_R = json.loads((REFERENCE / "dropout.json").read_text())["calibration"]


def test_slope_intercept_and_brier_are_those_of_glm():
    with (REFERENCE / "dropout.csv").open() as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    odds = np.array([-1 - 0.8 * np.log(row["session"]) + 0.7 * row["distress"] for row in rows])
    found = risk_calibration(1 / (1 + np.exp(-odds)), [row["dropped_out"] for row in rows], reference=0.15)
    assert (found.slope.estimate, found.slope.se) == pytest.approx((FROM_R["slope"], FROM_R["slope_se"]), rel=1e-6)
    assert (found.intercept.estimate, found.intercept.se) == pytest.approx(
        (FROM_R["intercept"], FROM_R["intercept_se"]), rel=1e-6
    )
    assert found.brier == pytest.approx(FROM_R["brier"], rel=AS_IN_R)
    assert found.brier_reference == pytest.approx(FROM_R["brier_reference"], rel=AS_IN_R)


def test_the_curve_groups_rows_of_similar_prediction():
    found = risk_calibration([0.9, 0.1, 0.2, 0.8], [1, 0, 1, 1], reference=0.5, groups=2)
    low, high = found.curve
    assert (low.n, low.predicted, low.observed) == (2, pytest.approx(0.15), 0.5)
    assert (high.n, high.predicted, high.observed) == (2, pytest.approx(0.85), 1)


def test_brier_and_skill_by_hand():
    # (.1^2 + .1^2 + .8^2 + .2^2) / 4 = .175; reference .25; skill 1 - .7
    found = risk_calibration([0.9, 0.1, 0.2, 0.8], [1, 0, 1, 1], reference=0.5)
    assert (found.brier, found.brier_reference, found.skill) == pytest.approx((0.175, 0.25, 0.3))


def test_predictions_too_extreme_have_a_slope_under_one():
    rng = np.random.default_rng(2)
    odds = rng.normal(size=20_000)
    event = rng.random(20_000) < 1 / (1 + np.exp(-odds))
    found = risk_calibration(1 / (1 + np.exp(-2 * odds)), event, reference=0.5)
    assert found.slope.estimate == pytest.approx(0.5, abs=0.03)
    shifted = risk_calibration(1 / (1 + np.exp(-(odds + 1))), event, reference=0.5)
    assert shifted.intercept.estimate == pytest.approx(-1, abs=0.06)


def test_without_events_slope_and_intercept_cannot_be_had():
    found = risk_calibration([0.1, 0.2], [0, 0], reference=0.1)
    assert isinstance(found.slope, NotEstimable)
    assert isinstance(found.intercept, NotEstimable)
    assert found.brier == pytest.approx(0.025)


def test_one_prediction_for_all_has_no_slope():
    found = risk_calibration([0.3] * 4, [0, 1, 0, 0], reference=0.3)
    assert isinstance(found.slope, NotEstimable)
    assert found.intercept.estimate == pytest.approx(np.log(0.25 / 0.75) - np.log(0.3 / 0.7))


@pytest.mark.parametrize(
    ("predicted", "event", "message"),
    [
        ([1.2], [1], "from 0 to 1"),
        ([None], [1], "from 0 to 1"),
        ([0.5], [2], "An event is 1"),
        ([0.5], [1, 0], "different length"),
        ([], [], "at least one row"),
    ],
)
def test_senseless_input_is_refused(predicted, event, message):
    with pytest.raises(ValueError, match=message):
        risk_calibration(predicted, event, reference=0.5)


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0


def test_predictions_that_differ_by_rounding_only_have_no_slope():
    found = risk_calibration([0.1, 0.1 + 1e-11, 0.1, 0.1], [0, 1, 0, 1], reference=0.1)
    assert isinstance(found.slope, NotEstimable)
    assert found.intercept.estimate == pytest.approx(np.log(9), rel=1e-6)
