"""Therapist effects against lme4 and its own profiled criterion, balanced closed forms, and a known ICC simulated."""

import csv
import doctest
import json
import math
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import therapist_effects as module
from openrapport.analysis.therapist_effects import therapist_effects

# lme4 stops when its optimiser is content: six digits of the ICC.
AS_IN_LME4 = 2e-6
# The reference solves for the ends of the profile to 1e-12 from lme4's slightly imperfect minimum.
AS_PROFILED = 1e-6
EXACT = 1e-6

REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FROM_R = json.loads((REFERENCE / "therapist_effects.json").read_text())


@pytest.fixture(scope="module")
def data():
    with (REFERENCE / "therapist_effects.csv").open() as file:
        rows = list(csv.DictReader(file))
    numbers = {name: [float(row[name]) for row in rows] for name in ("outcome", "intake")}
    return {**numbers, "therapist": [row["therapist"] for row in rows]}


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_icc_and_its_interval_are_those_of_lme4s_criterion(data, method):
    found = therapist_effects(data["outcome"], data["therapist"], {"intake": data["intake"]}, method=method)
    expected = FROM_R[method]
    assert found.icc == pytest.approx(expected["icc"], rel=AS_IN_LME4)
    assert found.icc_low == pytest.approx(expected["icc_low"], rel=AS_PROFILED)
    assert found.icc_high == pytest.approx(expected["icc_high"], rel=AS_PROFILED)
    assert found.between_sd == pytest.approx(expected["between_sd"], rel=AS_IN_LME4)
    assert found.within_sd == pytest.approx(expected["within_sd"], rel=AS_IN_LME4)
    assert found.deviance == pytest.approx(expected["deviance"], abs=1e-8)
    assert found.likelihood_ratio == pytest.approx(expected["likelihood_ratio"], rel=AS_IN_LME4)
    fixed = list(found.fixed.values())
    assert [b.estimate for b in fixed] == pytest.approx(expected["fixed"], rel=AS_IN_LME4)
    assert [b.se for b in fixed] == pytest.approx(expected["se"], rel=AS_IN_LME4)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_shrunken_estimates_and_their_errors_are_those_of_lme4(data, method):
    found = therapist_effects(data["outcome"], data["therapist"], {"intake": data["intake"]}, method=method)
    expected = FROM_R[method]
    assert [one.therapist for one in found.therapists] == expected["therapists"]
    assert [one.estimate for one in found.therapists] == pytest.approx(expected["estimate"], rel=1e-5)
    assert [one.se for one in found.therapists] == pytest.approx(expected["se_estimate"], rel=1e-5)


def test_balanced_data_have_the_answer_of_the_analysis_of_variance():
    outcome, therapist = [5, 6, 7, 9, 10, 11, 1, 2, 3], ["Ana"] * 3 + ["Ben"] * 3 + ["Cy"] * 3
    found = therapist_effects(outcome, therapist)
    # MSB 48, MSW 1: variance between (48 - 1) / 3.
    assert found.between_sd**2 == pytest.approx(47 / 3, rel=EXACT)
    assert found.within_sd == pytest.approx(1, rel=EXACT)
    ben = found.therapists[1]
    assert (ben.n_clients, ben.raw) == (3, pytest.approx(4))
    assert ben.shrinkage == pytest.approx(47 / 48, rel=EXACT)
    assert ben.estimate == pytest.approx(4 * 47 / 48, rel=EXACT)
    # Known to variance between x (1 - B), plus B^2 times the variance of the mean of three therapists' means.
    assert ben.se**2 == pytest.approx(47 / 3 / 48 + (47 / 48) ** 2 * 16 / 3, rel=1e-5)


def test_differences_a_thousand_times_the_noise_have_the_answer_of_the_analysis_of_variance():
    own = np.array([-1.0, 0, 1])
    outcome = np.concatenate([mean + own for mean in (0, 9_000, 4_000)])
    found = therapist_effects(outcome, list("aaabbbccc"))
    # MSB 3 x the variance of the means, MSW 1.
    assert found.between_sd**2 == pytest.approx(np.var([0, 9_000, 4_000], ddof=1) - 1 / 3, rel=1e-6)
    assert found.within_sd == pytest.approx(1, rel=1e-6)


def test_next_to_no_variation_within_is_refused():
    outcome = [1, 1 + 1e-5, 9000, 9000 + 1e-5, 400, 400 + 2e-5]
    with pytest.raises(ValueError, match="variation"):
        therapist_effects(outcome, list("aabbcc"))


def test_small_caseloads_are_drawn_further_towards_everybody():
    found = therapist_effects([1, 3, 9, 8, 7, 9, 8, 7, 8, 2, 3, 4], ["a"] * 2 + ["b"] * 7 + ["c"] * 3)
    assert found.therapists[0].shrinkage < found.therapists[2].shrinkage < found.therapists[1].shrinkage


def test_alike_therapists_lie_on_the_boundary_and_nothing_is_said_of_any():
    found = therapist_effects([1, 5, 9, 2, 5, 8, 3, 5, 7], ["a"] * 3 + ["b"] * 3 + ["c"] * 3)
    assert (found.icc, found.icc_low, found.boundary, found.p_no_effect) == (0, 0, True, 1)
    assert found.icc_high > 0
    assert [one.estimate for one in found.therapists] == [0, 0, 0]


def test_case_mix_is_taken_out():
    # Ben's clients begin ten points higher and end ten points higher: nothing of that is his.
    intake = [10, 12, 14, 16, 20, 22, 24, 26, 15, 17, 19, 21]
    noise = [0.3, -0.2, 0.4, -0.5, 0.1, -0.4, 0.5, -0.2, -0.1, 0.2, -0.3, 0.2]
    outcome = [i + e for i, e in zip(intake, noise, strict=True)]
    therapist = ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    assert therapist_effects(outcome, therapist).icc > 0.5
    assert therapist_effects(outcome, therapist, {"intake": intake}).icc < 0.05


def test_the_size_of_numbers_does_not_matter(data):
    near = therapist_effects(data["outcome"], data["therapist"], {"intake": data["intake"]})
    far = therapist_effects([y + 1e6 for y in data["outcome"]], data["therapist"], {"intake": data["intake"]})
    assert far.icc == pytest.approx(near.icc, rel=1e-6)
    assert far.fixed["intercept"].estimate - 1e6 == pytest.approx(near.fixed["intercept"].estimate, rel=1e-6)


def test_rows_with_something_missing_are_left_out_and_counted(data):
    outcome, therapist = [*data["outcome"], None], [*data["therapist"], "T99"]
    found = therapist_effects(outcome, therapist, {"intake": [*data["intake"], 20.0]})
    assert (found.dropped, found.n_therapists) == (1, 18)
    assert found.icc == pytest.approx(FROM_R["reml"]["icc"], rel=AS_IN_LME4)


@pytest.mark.parametrize(
    ("outcome", "therapist", "message"),
    [
        ([1, 2, 3, 5], ["a"] * 4, "at least two groups"),
        ([1, 2, 3, 5], list("abcd"), "has two rows"),
        ([1, 2, 3], list("aabb"), "different length"),
        ([4, 4, 4, 4], list("aabb"), "without rest"),
        ([None, None], list("ab"), "No row is complete"),
    ],
)
def test_what_cannot_be_divided_is_refused(outcome, therapist, message):
    with pytest.raises(ValueError, match=message):
        therapist_effects(outcome, therapist)


def test_a_covariate_that_is_the_same_for_all_is_refused():
    with pytest.raises(ValueError, match="'intake' does not vary"):
        therapist_effects([1, 2, 3, 5, 4, 2], list("aabbcc"), {"intake": [20] * 6})


@pytest.fixture(scope="module")
def simulated():
    """500 seeded practices: 40 therapists, 5 to 30 clients each, ICC .10."""
    rng = np.random.default_rng(23)
    drawn = []
    for _ in range(500):
        therapist = np.repeat(np.arange(40), rng.integers(5, 31, 40))
        effects = rng.normal(0, math.sqrt(0.1), 40)
        outcome = effects[therapist] + rng.normal(0, math.sqrt(0.9), len(therapist))
        drawn.append((effects, therapist_effects(outcome, therapist)))
    return drawn


def test_a_known_icc_is_recovered_and_its_interval_holds_it(simulated):
    iccs = [found.icc for _, found in simulated]
    # The ICC's own spread here is about .03: a mean of 500 has a standard error of .0014.
    assert np.mean(iccs) == pytest.approx(0.1, abs=0.005)
    assert 0.92 < np.mean([found.icc_low <= 0.1 <= found.icc_high for _, found in simulated]) < 0.98


def test_intervals_of_therapists_hold_their_true_effects(simulated):
    held = [one.low <= effects[one.therapist] <= one.high for effects, found in simulated for one in found.therapists]
    # Uncertain variances are not in them, so a little under 95 % is right.
    assert 0.93 < np.mean(held) < 0.96


def test_the_test_of_no_effect_fires_as_often_as_it_says():
    rng = np.random.default_rng(29)
    therapist = np.repeat(np.arange(30), 10)
    fired = [therapist_effects(rng.normal(size=300), therapist).p_no_effect < 0.05 for _ in range(500)]
    assert 0.025 < np.mean(fired) < 0.08


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0
