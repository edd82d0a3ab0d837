"""Within and between against lme4 and a sandwich by formula, closed forms, and seeded simulation with known truth."""

import csv
import doctest
import json
import math
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import within_between as module
from openrapport.analysis.within_between import nickell_bias, within_between, within_between_lagged

# lme4 stops when its optimiser is content: about seven digits of a variance, more of the fixed effects.
AS_IN_LME4 = 1e-6
EXACT = 1e-9
# Three standard errors of the mean over the drawn people, rounded up.
OF_A_SIMULATION = 0.01

REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FROM_R = json.loads((REFERENCE / "relations.json").read_text())["within_between"]


@pytest.fixture(scope="module")
def data():
    with (REFERENCE / "relations.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_effects_and_errors_are_those_of_lme4(data, method):
    found = within_between(data["outcome"], data["client"], data["person"], method=method)
    expected = FROM_R[method]
    effects = [found.intercept, found.within, found.between]
    assert [effect.estimate for effect in effects] == pytest.approx(expected["b"], rel=AS_IN_LME4)
    assert [effect.se for effect in effects] == pytest.approx(expected["se"], rel=AS_IN_LME4)
    assert found.contextual.estimate == pytest.approx(expected["contextual"], rel=AS_IN_LME4)
    assert found.contextual.se == pytest.approx(expected["contextual_se"], rel=AS_IN_LME4)
    assert found.between_sd == pytest.approx(expected["between_sd"], rel=AS_IN_LME4)
    assert found.within_sd == pytest.approx(expected["within_sd"], rel=AS_IN_LME4)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_errors_by_person_are_those_of_the_sandwich(data, method):
    found = within_between(data["outcome"], data["client"], data["person"], method=method, errors="clustered")
    expected = FROM_R[method]
    assert [e.se for e in (found.intercept, found.within, found.between)] == pytest.approx(
        expected["clustered_se"], rel=AS_IN_LME4
    )
    assert found.contextual.se == pytest.approx(expected["contextual_clustered_se"], rel=AS_IN_LME4)
    assert found.within.df == 23


@pytest.mark.parametrize("errors", ["model", "clustered"])
def test_a_scale_far_from_zero_costs_no_digits(data, errors):
    near = within_between(data["outcome"], data["client"], data["person"], errors=errors)
    x = [20_000 + value / 20 for value in data["client"]]
    far = within_between(data["outcome"], x, data["person"], errors=errors)
    for effect in ("within", "between", "contextual"):
        assert getattr(far, effect).estimate / 20 == pytest.approx(getattr(near, effect).estimate, rel=1e-7)
        assert getattr(far, effect).se / 20 == pytest.approx(getattr(near, effect).se, rel=1e-7)
    assert far.between_sd == pytest.approx(near.between_sd, rel=1e-7)


def test_the_within_effect_is_the_slope_through_everybodys_own_deviations(data):
    y, x, person = (np.array(data[name]) for name in ("outcome", "client", "person"))
    deviation = x - np.array([x[person == one].mean() for one in person])
    by_hand = float(deviation @ y / (deviation @ deviation))
    found = within_between(y, x, person)
    assert found.within.estimate == pytest.approx(by_hand, rel=EXACT)
    assert found.within.df == len(y) - 24 - 1


def test_opposite_effects_within_and_between_are_told_apart():
    # Within each person y rises by 1 with x; people with higher x have lower y by 2.
    x = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9])
    y = np.array([-1.0, 0, 1] * 3) + np.repeat([-4.0, -10, -16], 3) + np.array([0.01, -0.02, 0.01] * 3)
    found = within_between(y, x, list("aaabbbccc"))
    assert found.within.estimate == pytest.approx(1, abs=0.01)
    assert found.between.estimate == pytest.approx(-2, abs=EXACT)
    assert found.contextual.estimate == pytest.approx(-3, abs=0.01)


def test_reliability_of_means_is_the_one_way_analysis_of_variance():
    # Means 2, 5, 8: MSB = 3 x 9 = 27; MSW = 1: 1 - 1/27.
    found = within_between([4, 5, 6, 1, 2, 4, 7, 7, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9], list("aaabbbccc"))
    assert found.reliability_of_means == pytest.approx(1 - 1 / 27)


def drawn(rng, people=40, sessions=6):
    usual = rng.normal(size=people)
    x = usual[:, None] + rng.normal(size=(people, sessions))
    means = x.mean(axis=1, keepdims=True)
    y = 0.5 * (x - means) - 0.3 * means + rng.normal(0, 0.8, size=(people, 1)) + rng.normal(size=x.shape)
    return y.ravel(), x.ravel(), np.repeat(np.arange(people), sessions)


@pytest.mark.parametrize("errors", ["model", "clustered"])
def test_estimates_are_unbiased_and_intervals_hold_the_truth(errors):
    rng = np.random.default_rng(17)
    truth = {"within": 0.5, "between": -0.3, "contextual": -0.8}
    found = [within_between(*drawn(rng), errors=errors) for _ in range(500)]
    for name, value in truth.items():
        effects = [getattr(one, name) for one in found]
        # Bias beside the standard error of 500 means; coverage 95 % with a standard error of 1 %.
        assert abs(np.mean([e.estimate for e in effects]) - value) < 3.5 * effects[0].se / math.sqrt(500)
        assert 0.92 < np.mean([e.low <= value <= e.high for e in effects]) < 0.98


def test_rows_with_something_missing_are_left_out_and_counted(data):
    y, x, person = ([*data[name], extra] for name, extra in (("outcome", 3.0), ("client", None), ("person", 1.0)))
    found = within_between(y, x, person)
    assert (found.dropped, found.n_rows) == (1, len(data["client"]))
    assert found.within.estimate == pytest.approx(FROM_R["reml"]["b"][1], rel=AS_IN_LME4)


@pytest.mark.parametrize(
    ("y", "x", "person", "message"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4], list("aabb"), "at least three people"),
        ([1, 2, 3, 4, 5, 7], [1, 1, 2, 2, 3, 3], list("aabbcc"), "never varies within"),
        ([1, 2, 3, 4, 5, 7], [1, 2, 1, 2, 1, 2], list("aabbcc"), "'between' does not vary"),
        ([1, 2, 3, 4, 5, 7], [1, 2, 1, 3, 1, 4], ["a", "a", None, "b", "c", "c"], "whom it belongs"),
        ([1, 2, 3], [1, 2, 3, 4], list("abc"), "different length"),
        ([1, 2, 3], [1, 2, 4], list("abc"), "never varies within"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(y, x, person, message):
    with pytest.raises(ValueError, match=message):
        within_between(y, x, person)


def test_only_neighbouring_sessions_make_a_pair():
    y, x = [5, 6, 6.5, 4, 3, 3.2, 7, 8, 8.4], [2, 3, 3, 2, 1, 2, 4, 4, 5]
    whole = within_between_lagged(y, x, list("aaabbbccc"), [1, 2, 3] * 3, carry_over=False)
    assert (whole.effects.n_rows, whole.effects.dropped, whole.carry_over) == (6, 3, None)
    gap = within_between_lagged(y, x, list("aaabbbccc"), [1, 2, 4, 1, 2, 3, 1, 2, 3], carry_over=False)
    assert gap.effects.n_rows == 5


def test_the_order_of_rows_does_not_matter():
    y, x, person, session = (
        [5, 6, 6.5, 4, 3, 3.2, 7, 8, 8.4],
        [2, 3, 3, 2, 1, 2, 4, 4, 5],
        list("aaabbbccc"),
        [1, 2, 3] * 3,
    )
    mixed = [4, 0, 8, 2, 6, 1, 5, 7, 3]
    there = within_between_lagged(y, x, person, session, carry_over=False)
    here = within_between_lagged(
        *([column[row] for row in mixed] for column in (y, x, person, session)), carry_over=False
    )
    assert here.effects.within.estimate == pytest.approx(there.effects.within.estimate, rel=EXACT)


def courses(rng, people, length, carry_over):
    own = rng.normal(size=people)
    y = np.empty((people, length + 1))
    y[:, 0] = own / (1 - carry_over) + rng.normal(size=people) / math.sqrt(1 - carry_over**2)
    for session in range(length):
        y[:, session + 1] = carry_over * y[:, session] + own + rng.normal(size=people)
    return y


@pytest.mark.parametrize(("carry_over", "length"), [(0.4, 4), (0.4, 8), (-0.3, 5), (0.0, 6)])
def test_carry_over_in_short_series_falls_short_by_nickells_formula(carry_over, length):
    rng = np.random.default_rng(5)
    y = courses(rng, 20_000, length, carry_over)
    x = rng.normal(size=y.shape)
    person, session = np.repeat(np.arange(len(y)), length + 1), np.tile(np.arange(length + 1), len(y))
    found = within_between_lagged(y.ravel(), x.ravel(), person, session, carry_over=True)
    bias = found.carry_over.estimate - carry_over
    assert bias == pytest.approx(nickell_bias(carry_over, length), abs=OF_A_SIMULATION)
    assert found.expected_bias == pytest.approx(bias, abs=OF_A_SIMULATION)
    assert bias < -0.1


def test_the_lagged_result_says_that_it_is_biased():
    assert module.BIASED_IN_SHORT_SERIES.startswith("Biased in short series (Nickell 1981)")


def test_nickells_bias_is_near_its_rule_of_thumb_in_long_series():
    assert nickell_bias(0.5, 200) == pytest.approx(-1.5 / 199, rel=0.02)


def test_the_same_session_twice_is_refused():
    with pytest.raises(ValueError, match="same session twice"):
        within_between_lagged([1] * 4, [1] * 4, list("aabb"), [1, 1, 1, 2], carry_over=False)


def test_the_examples_of_the_docstrings():
    assert doctest.testmod(module).failed == 0
