"""Truth and bias against R's lm, concordance against Lin's formula in R, split alliances by hand."""

import csv
import doctest
import json
import math
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import congruence as module
from openrapport.analysis.congruence import concordance, congruence, split_alliance
from openrapport.analysis.least_squares import NotEstimable

# Both sides work in double precision; the reference is written with 14 digits.
AS_IN_R = 1e-9
EXACT = 1e-12

REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FROM_R = json.loads((REFERENCE / "relations.json").read_text())


def table():
    with (REFERENCE / "relations.csv").open() as file:
        return list(csv.DictReader(file))


def column(name, person=None):
    return [float(row[name]) for row in table() if person is None or row["person"] == str(person)]


def test_bias_and_tracking_of_one_dyad_are_those_of_lm():
    expected = FROM_R["truth_bias"]
    person = expected["person"]
    found = congruence(column("client", person), column("therapist", person))
    assert [found.bias.estimate, found.tracking.estimate] == pytest.approx(expected["one"], rel=AS_IN_R)
    assert [found.bias.se, found.tracking.se] == pytest.approx(expected["one_se"], rel=AS_IN_R)
    assert found.residual_sd == pytest.approx(expected["one_residual_sd"], rel=AS_IN_R)


def test_a_therapist_one_below_who_moves_half_as_much():
    found = congruence([30, 32, 34, 36], [31 - 1.5 - 0.5 + x for x in (1, 2, 3, 4)])
    assert found.bias.estimate == pytest.approx(31.5 - 33, abs=EXACT)
    assert found.tracking.estimate == pytest.approx(0.5, abs=EXACT)
    assert (found.judge_mean, found.truth_mean, found.judge) == (31.5, 33, "therapist")


def test_the_client_may_be_the_judge():
    client, therapist = [30, 32, 35, 36], [31, 31, 33, 32]
    turned = congruence(client, therapist, judge="client")
    swapped = congruence(therapist, client)
    assert (turned.bias, turned.tracking) == (swapped.bias, swapped.tracking)
    assert turned.bias.estimate == pytest.approx(-congruence(client, therapist).bias.estimate)


def test_sessions_with_one_rating_are_left_out_and_counted():
    found = congruence([30, None, 34, 36, 31], [29, 31, 30, math.nan, 28])
    assert (found.n, found.dropped) == (3, 2)


def test_tracking_of_a_truth_that_never_moves_cannot_be_had():
    found = congruence([30, 30, 30, 30], [29, 31, 30, 32])
    assert isinstance(found.tracking, NotEstimable)
    assert isinstance(found.concordance, NotEstimable)
    assert found.bias.estimate == 0.5


@pytest.mark.parametrize(
    ("client", "therapist", "message"),
    [
        ([1, 2], [1, 2], "at least 3 sessions"),
        ([1, 2, 3], [1, 2], "different length"),
        ([1, 2, math.inf], [1, 2, 3], "client: a score"),
    ],
)
def test_what_cannot_be_compared_is_refused(client, therapist, message):
    with pytest.raises(ValueError, match=message):
        congruence(client, therapist)


def people_means(name):
    people = sorted({int(row["person"]) for row in table()})
    return [float(np.mean(column(name, person))) for person in people]


def test_concordance_and_its_interval_are_those_of_lin():
    found = concordance(people_means("client"), people_means("therapist"))
    for name in ("estimate", "low", "high", "correlation"):
        assert getattr(found, name) == pytest.approx(FROM_R["concordance"][name], rel=AS_IN_R)
    assert found.accuracy == pytest.approx(found.estimate / found.correlation)


def test_a_constant_shift_costs_concordance_and_not_correlation():
    found = concordance([1, 2, 3, 4, 5], [2, 3, 4, 5, 6])
    # Variances 2, difference of means 1: 2 x 2 / (2 + 2 + 1)
    assert (found.estimate, found.correlation) == (pytest.approx(0.8), pytest.approx(1))


def test_opposite_views_have_a_negative_concordance():
    found = concordance([1, 2, 3, 4, 5], [5, 4, 3, 1, 2])
    assert found.low < found.estimate < 0
    assert found.low > -1


@pytest.mark.parametrize(
    ("second", "message"),
    [([3, 3, 3, 3], "both columns to vary"), ([1, 2, 3, 4], "identical"), ([1, -1, -1, 1], "uncorrelated")],
)
def test_a_concordance_without_an_interval_says_why(second, message):
    with pytest.raises(ValueError, match=message):
        concordance([1, 2, 3, 4], second)


def test_the_interval_of_a_concordance_holds_the_truth_as_often_as_it_says():
    # 500 seeded samples of 50 pairs; r = .8, same spread, means half an SD apart: 2 x .8 / (2 + .25) = .7111
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(500):
        first = rng.normal(size=50)
        second = 0.8 * first + 0.6 * rng.normal(size=50) + 0.5
        found = concordance(first, second)
        held += found.low <= 1.6 / 2.25 <= found.high
    assert 0.92 < held / 500 < 0.98


FAMILY = {"mother": 34.0, "father": 22.0, "Lea": 33.0, "Tom": None}


def test_a_family_is_split_from_the_threshold_on():
    found = split_alliance(FAMILY, threshold=12)
    assert (found.is_split, found.range, found.low, found.lowest) == (True, 12, ("father",), ("father",))
    assert not split_alliance(FAMILY, threshold=12.5).is_split
    assert split_alliance(FAMILY, threshold=12.5).low == ()


def test_mean_and_spread_are_of_those_who_gave_a_score():
    found = split_alliance(FAMILY, threshold=12)
    assert found.missing == ("Tom",)
    # (34 + 22 + 33) / 3; squares 18.7778 + 58.7778 + 11.1111 ... on two degrees of freedom
    assert found.mean == pytest.approx(29.6667, abs=5e-5)
    assert found.sd == pytest.approx(math.sqrt((4.3333**2 + 7.6667**2 + 3.3333**2) / 2), abs=5e-4)


def test_two_may_be_low_together():
    found = split_alliance({"mother": 36, "father": 20, "Lea": 20}, threshold=10)
    assert (found.low, found.lowest) == (("father", "Lea"), ("father", "Lea"))


def test_one_score_alone_is_no_split():
    found = split_alliance({"mother": 34, "father": None}, threshold=10)
    assert isinstance(found, NotEstimable)
    assert "there are 1" in found.reason


def test_a_split_needs_a_threshold_above_zero():
    with pytest.raises(ValueError, match="threshold"):
        split_alliance(FAMILY, threshold=0)


def test_the_examples_of_the_docstrings():
    assert doctest.testmod(module).failed == 0
