"""Reliable and clinically significant change against the worked example of Jacobson & Truax 1991."""

import doctest
import math

import pytest

from openrapport.analysis import change
from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.change import (
    clinical_change,
    clinical_cut_offs,
    reliable_change,
    reliable_change_of,
    reliable_change_threshold,
)

# The article prints two or three decimals.
AS_PRINTED = 0.005


def test_the_worked_example_of_jacobson_and_truax():
    found = reliable_change(32.5, 47.5, sd=7.5, reliability=0.80, direction="higher_is_better")
    assert found.standard_error == pytest.approx(4.743, abs=0.0005)
    assert found.index == pytest.approx(3.16, abs=AS_PRINTED)
    assert found.verdict == "better"


def test_the_same_difference_is_worse_where_lower_is_better():
    found = reliable_change(32.5, 47.5, sd=7.5, reliability=0.80, direction="lower_is_better")
    assert (found.verdict, found.difference) == ("worse", 15.0)


def test_a_difference_within_the_noise_is_no_reliable_change():
    # 1.96 x 4.743 = 9.30
    for after, verdict in (
        (41.7, "no_reliable_change"),
        (41.9, "better"),
        (23.3, "no_reliable_change"),
        (23.1, "worse"),
    ):
        found = reliable_change(32.5, after, sd=7.5, reliability=0.80, direction="higher_is_better")
        assert found.verdict == verdict


def test_the_threshold_is_the_difference_that_has_to_be_passed():
    threshold = reliable_change_threshold(7.5, 0.80)
    assert threshold == pytest.approx(1.96 * 4.7434, abs=AS_PRINTED)
    found = [reliable_change(0, threshold * share, 7.5, 0.80, direction="lower_is_better") for share in (0.999, 1.001)]
    assert [one.verdict for one in found] == ["no_reliable_change", "worse"]
    assert found[0].threshold == threshold
    assert reliable_change_threshold(7.5, 0.80, criterion=1.645) == pytest.approx(1.645 * 4.7434, abs=AS_PRINTED)


def test_without_a_direction_a_change_is_a_rise_or_a_fall_and_no_judgement():
    found = [reliable_change(32.5, after, 7.5, 0.80).verdict for after in (47.5, 17.5, 33)]
    assert found == ["rise", "fall", "no_reliable_change"]


def test_the_three_cut_offs_of_the_worked_example():
    cut_offs = clinical_cut_offs(troubled_mean=40, troubled_sd=7.5, well_mean=60, well_sd=7.5)
    assert (cut_offs.a, cut_offs.b, cut_offs.c) == (55, 45, 50)


def test_the_cut_offs_turn_with_the_direction():
    cut_offs = clinical_cut_offs(troubled_mean=20, troubled_sd=4, well_mean=8, well_sd=2)
    assert (cut_offs.a, cut_offs.b) == (12, 12)
    assert cut_offs.c == pytest.approx((4 * 8 + 2 * 20) / 6)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (32.5, 51, "recovered"),
        (32.5, 47.5, "improved"),
        (32.5, 36, "unchanged"),
        (32.5, 20, "deteriorated"),
        (52, 70, "improved"),
    ],
)
def test_recovery_takes_reliable_change_across_the_cut_off(before, after, outcome):
    found = clinical_change(before, after, cut_off=50, sd=7.5, reliability=0.8, direction="higher_is_better")
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [(20, 9, "recovered"), (20, 10, "recovered"), (20, 11, "improved"), (20, 17, "unchanged"), (8, 20, "deteriorated")],
)
def test_where_lower_is_better_recovery_lies_below_the_cut_off(before, after, outcome):
    found = clinical_change(before, after, cut_off=10, sd=4, reliability=0.8, direction="lower_is_better")
    assert found.outcome == outcome


def test_a_stricter_criterion_asks_for_more():
    numbers = {"cut_off": 50, "sd": 7.5, "reliability": 0.8, "direction": "higher_is_better"}
    assert clinical_change(32.5, 44.0, **numbers).outcome == "improved"
    assert clinical_change(32.5, 44.0, **numbers, criterion=2.576).outcome == "unchanged"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: reliable_change(None, 2, 7.5, 0.8), "`before` is None"),
        (lambda: reliable_change(1, math.nan, 7.5, 0.8), "`after` is nan"),
        (lambda: reliable_change(1, 2, math.nan, 0.8), "sd > 0"),
        (lambda: reliable_change(1, 2, 7.5, 0.8, criterion=0), "criterion above 0"),
        (lambda: clinical_cut_offs(troubled_mean=4, troubled_sd=1, well_mean=4, well_sd=1), "different means"),
        (lambda: clinical_cut_offs(troubled_mean=4, troubled_sd=0, well_mean=6, well_sd=1), "deviations above 0"),
        (
            lambda: clinical_change(1, 2, cut_off=math.nan, sd=1, reliability=0.5, direction="higher_is_better"),
            "finite cut-off",
        ),
    ],
)
def test_missing_numbers_are_refused_with_a_way_out(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(("sd", "reliability"), [(0, 0.8), (7.5, 1.0), (7.5, -0.1)])
def test_senseless_numbers_are_refused(sd, reliability):
    with pytest.raises(ValueError, match="Reliable change needs"):
        reliable_change(1, 2, sd=sd, reliability=reliability, direction="higher_is_better")


def test_an_instrument_brings_its_own_noise():
    found = reliable_change_of(6.0, 3.0, get_instrument("wellbeing-adult"))
    assert found is not None
    # sqrt(1.8^2 + 1.1^2) x sqrt(2 x (1 - .85)) = 1.1554
    assert found.standard_error == pytest.approx(1.1554, abs=0.0001)
    assert found.verdict == "worse"


def test_an_instrument_without_norms_has_no_reliable_change():
    assert reliable_change_of(6, 1, get_instrument("child-connecting")) is None


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(change).failed == 0
