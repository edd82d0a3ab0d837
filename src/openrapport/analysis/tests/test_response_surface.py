"""Polynomial regression against R's lm, with clustered errors by formula, and against surfaces known exactly."""

import csv
import doctest
import json
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import response_surface as module
from openrapport.analysis.least_squares import NotEstimable
from openrapport.analysis.response_surface import NAMES, response_surface

# Both sides work in double precision; the reference is written with 14 digits.
AS_IN_R = 1e-9
EXACT = 1e-8

REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FROM_R = json.loads((REFERENCE / "relations.json").read_text())["response_surface"]


@pytest.fixture(scope="module")
def data():
    with (REFERENCE / "relations.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def surface(data, **changed):
    return response_surface(data["client"], data["therapist"], data["outcome"], centre=(30, 30), **changed)


def column(estimates, what):
    return [getattr(estimate, what) for estimate in estimates.values()]


def test_coefficients_and_surface_values_are_those_of_lm(data):
    found = surface(data)
    assert column(found.coefficients, "estimate") == pytest.approx(FROM_R["b"], rel=AS_IN_R)
    assert column(found.coefficients, "se") == pytest.approx(FROM_R["se"], rel=AS_IN_R)
    assert column(found.surface, "estimate") == pytest.approx(FROM_R["a"], rel=AS_IN_R)
    assert column(found.surface, "se") == pytest.approx(FROM_R["a_se"], rel=AS_IN_R)
    assert column(found.surface, "low") == pytest.approx(FROM_R["a_low"], rel=AS_IN_R)
    assert found.surface["a1"].p == pytest.approx(FROM_R["a1_p"], rel=AS_IN_R)
    assert (found.r_squared, found.residual_sd) == pytest.approx((FROM_R["r_squared"], FROM_R["residual_sd"]))
    assert tuple(found.coefficients) == NAMES


def test_errors_by_person_are_those_of_the_sandwich(data):
    found = surface(data, person=data["person"])
    assert column(found.coefficients, "se") == pytest.approx(FROM_R["clustered_se"], rel=AS_IN_R)
    assert column(found.surface, "se") == pytest.approx(FROM_R["a_clustered_se"], rel=AS_IN_R)
    assert (found.errors, found.n_people, found.surface["a1"].df) == ("clustered", 24, 23)


@pytest.mark.parametrize("person", [None, "person"])
def test_curvature_is_known_as_well_from_a_centre_far_away(data, person):
    """Curvature does not depend on the centre; from far away the columns all but follow from each other."""
    far = {name: [value + 3_000 for value in data[name]] for name in ("client", "therapist")}
    who = None if person is None else data["person"]
    right, wrong = (
        response_surface(far["client"], far["therapist"], data["outcome"], centre=(at, at), person=who)
        for at in (3_030, 0)
    )
    for name in ("b3", "b4", "b5"):
        assert wrong.coefficients[name].estimate == pytest.approx(right.coefficients[name].estimate, rel=1e-6)
        assert wrong.coefficients[name].se == pytest.approx(right.coefficients[name].se, rel=1e-6)


def test_stationary_point_and_axes_are_those_of_the_published_formulas(data):
    found = surface(data)
    assert [found.stationary.x, found.stationary.y] == pytest.approx(FROM_R["stationary"], rel=EXACT)
    assert [found.first_axis.intercept, found.first_axis.slope] == pytest.approx(FROM_R["first"], rel=EXACT)
    assert [found.second_axis.intercept, found.second_axis.slope] == pytest.approx(FROM_R["second"], rel=EXACT)


def grid(formula):
    x, y = (side.ravel() for side in np.meshgrid(np.arange(1.0, 6), np.arange(1.0, 6)))
    return x, y, formula(x, y)


def test_a_known_peak_is_found_where_it_is():
    found = response_surface(*grid(lambda x, y: 9 - (x - 2) ** 2 - 2 * (y - 4) ** 2), centre=(3, 3))
    point = found.stationary
    assert (point.x, point.y, point.z) == pytest.approx((2, 4, 9), abs=EXACT)
    assert point.shape == "peak"
    # It bends least along x: the first axis is level at y = 4, the second upright at x = 2.
    assert (found.first_axis.intercept, found.first_axis.slope) == pytest.approx((4, 0), abs=EXACT)
    assert (found.second_axis.intercept, found.second_axis.slope) == (pytest.approx(2, abs=EXACT), None)


@pytest.mark.parametrize(
    ("formula", "shape"),
    [(lambda x, y: (x - 2) ** 2 + (y - 3) ** 2, "valley"), (lambda x, y: (x - 2) ** 2 - (y - 3) ** 2, "saddle")],
)
def test_valley_and_saddle_are_told_apart(formula, shape):
    assert response_surface(*grid(formula), centre=(3, 3)).stationary.shape == shape


def test_a_ridge_has_no_single_stationary_point():
    found = response_surface(*grid(lambda x, y: -((x - y) ** 2)), centre=(3, 3))
    assert isinstance(found.stationary, NotEstimable)
    assert "ridge" in found.stationary.reason
    assert found.surface["a4"].estimate == pytest.approx(-4, abs=EXACT)


def test_the_centre_moves_slopes_and_leaves_curvatures_and_the_point(data):
    here, there = surface(data), response_surface(data["client"], data["therapist"], data["outcome"], centre=(25, 25))
    assert here.surface["a2"].estimate == pytest.approx(there.surface["a2"].estimate, rel=1e-6)
    assert here.surface["a4"].estimate == pytest.approx(there.surface["a4"].estimate, rel=1e-6)
    assert here.surface["a1"].estimate != pytest.approx(there.surface["a1"].estimate, rel=1e-3)
    assert here.stationary.x == pytest.approx(there.stationary.x, rel=1e-6)


def test_shares_of_agreement_go_by_half_a_standard_deviation():
    # Standardised both rise in steps of .67; four of ten rows have neighbours swapped, two each way.
    x, y = [1, 2, 3, 4, 5] * 2, [2, 1, 3, 5, 4, 1, 2, 3, 4, 5]
    found = response_surface(x, y, [1, 4, 2, 6, 5, 3, 3, 1, 7, 4], centre=(3, 3))
    assert (found.agreement.x_higher, found.agreement.y_higher) == (0.2, 0.2)
    assert found.agreement.alike == pytest.approx(0.6)


def test_rows_with_something_missing_are_left_out_and_counted(data):
    with_gaps = {name: [*values, None] for name, values in data.items()}
    with_gaps["client"][-1] = 30.0
    found = surface(with_gaps)
    assert (found.n, found.dropped) == (len(data["client"]), 1)
    assert column(found.surface, "estimate") == pytest.approx(FROM_R["a"], rel=AS_IN_R)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], "need more than 6 complete rows"),
        ([1.0] * 9, [1, 2, 3, 4, 5, 6, 7, 8, 9], "'b1' does not vary"),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9], "'b2' does not vary, or follows"),
        ([1, 2, 3], [1, 2], "different length"),
        ([1, 2, float("inf")], [1, 2, 3], "finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_a_reason(x, y, message):
    with pytest.raises(ValueError, match=message):
        response_surface(x, y, [float(i * i % 7) for i in range(len(x))], centre=(0, 0))


def test_a_centre_must_be_numbers():
    with pytest.raises(ValueError, match="centre is two numbers"):
        response_surface([1], [1], [1], centre=(3, float("nan")))


def test_intervals_hold_the_truth_as_often_as_they_say():
    # 500 seeded data sets, 60 rows: 95 % with a standard error of 1 %.
    rng = np.random.default_rng(9)
    truth = {"a1": 0.5, "a2": -0.2, "a3": 0.1, "a4": -0.4}
    b = np.array([2, 0.3, 0.2, -0.05, 0.1, -0.25])
    b[3:] = np.array([-0.15, 0.05, -0.1])
    held = dict.fromkeys(truth, 0)
    for _ in range(500):
        x, y = rng.normal(size=(2, 60))
        z = b @ np.stack([np.ones(60), x, y, x * x, x * y, y * y]) + rng.normal(size=60)
        found = response_surface(x, y, z, centre=(0, 0))
        for name in truth:
            known = {"a1": b[1] + b[2], "a2": b[3:].sum(), "a3": b[1] - b[2], "a4": b[3] - b[4] + b[5]}[name]
            held[name] += found.surface[name].low <= known <= found.surface[name].high
    assert all(0.92 < count / 500 < 0.98 for count in held.values())


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0
