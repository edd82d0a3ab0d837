"""Reliability against R (psych, factanal; tests/reference/reliability.R) and invented items of known loadings."""

import csv
import doctest
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from openrapport.analysis import bootstrap, reliability, simulate_measures
from openrapport.analysis.one_factor import fit_one_factor
from openrapport.analysis.reliability import alpha, item_rest, omega
from openrapport.analysis.simulate_measures import one_factor_answers, true_omega

REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FOUND_BY_R = json.loads((REFERENCE / "reliability.json").read_text(encoding="utf-8"))

# Closed formulas on both sides: double precision and nothing else.
CLOSED = 1e-12
# R's optimiser (factanal with the tightest settings) stops within some 1e-9 of the best point.
FITTED = 1e-8
# psych stops its optimiser earlier; its chi-square is off in the sixth decimal.
FITTED_BY_PSYCH = 1e-5
# 500 data sets: the share of 95 % intervals that hold the truth has a standard error of .010; four of them.
SETS, COVERAGE = 500, (0.91, 0.99)


def answers(name):
    with (REFERENCE / f"reliability_{name}.csv").open(encoding="utf-8") as file:
        return [[float(value) for value in row] for row in list(csv.reader(file))[1:]]


@pytest.mark.parametrize("name", ["graded", "wide", "heywood"])
def test_alpha_is_that_of_psych(name):
    found, wanted = alpha(answers(name)), FOUND_BY_R[name]["alpha"]
    for key, value in wanted.items():
        assert getattr(found, key) == pytest.approx(value, abs=CLOSED), key
    assert (found.n, found.items, found.left_out) == (FOUND_BY_R[name]["n"], FOUND_BY_R[name]["items"], 0)


@pytest.mark.parametrize("name", ["graded", "wide"])
def test_omega_rests_on_the_maximum_likelihood_fit_of_r(name):
    found, wanted = omega(answers(name)), FOUND_BY_R[name]["omega"]
    for key in ("loadings", "uniquenesses", "estimate", "standardized", "se", "low", "high"):
        assert getattr(found, key) == pytest.approx(wanted[key], abs=FITTED), key
    psych = FOUND_BY_R[name]["psych_ml"]
    assert (found.chi_square, found.p) == pytest.approx((psych["chi_square"], psych["p"]), abs=FITTED_BY_PSYCH)
    assert (found.df, found.converged, found.heywood) == (psych["df"], True, ())


def test_a_heywood_case_is_said_and_has_no_interval_by_formula():
    found, wanted = omega(answers("heywood")), FOUND_BY_R["heywood"]["omega"]
    assert found.heywood == (1,)
    assert found.uniquenesses[0] == 0.005
    assert found.message.startswith("Heywood case")
    assert (found.se, found.low, found.high) == (None, None, None)
    assert found.loadings == pytest.approx(wanted["loadings"], abs=FITTED)
    assert found.estimate == pytest.approx(wanted["estimate"], abs=FITTED)


def discrepancy(x, observed):
    """The maximum-likelihood discrepancy at loadings and uniquenesses x, written out."""
    p = len(observed)
    ratio = observed @ np.linalg.inv(np.outer(x[:p], x[:p]) + np.diag(x[p:]))
    return np.trace(ratio) - np.linalg.slogdet(ratio)[1] - p


def lowest_from_random_starts(observed, rng, starts):
    p = len(observed)
    bounds = [(-1.5, 1.5)] * p + [(0.005, 1)] * p
    found = [
        minimize(discrepancy, rng.uniform(0.1, 0.9, 2 * p), args=(observed,), bounds=bounds, method="L-BFGS-B")
        for _ in range(starts)
    ]
    return min(one.fun for one in found)


def test_no_other_loadings_fit_better():
    rng = np.random.default_rng(4)
    for seed in range(10):
        p = int(rng.integers(3, 7))
        items = one_factor_answers(rng.uniform(0.1, 0.95, p), people=int(rng.integers(p + 3, 80)), seed=seed)
        observed = np.corrcoef(items, rowvar=False)
        fit = fit_one_factor(observed)
        assert fit.converged
        assert fit.discrepancy <= lowest_from_random_starts(observed, rng, starts=1) + FITTED


@pytest.mark.parametrize("seed", [24, 59])
def test_the_lowest_of_several_low_points_is_found(seed):
    # Twelve people: from the usual starting point alone these end in a higher point.
    observed = np.corrcoef(one_factor_answers([0.6, 0.5, 0.4, 0.3], people=12, seed=seed), rowvar=False)
    lowest = lowest_from_random_starts(observed, np.random.default_rng(1), starts=12)
    # The outside search has no exact slopes and stops within some 1e-7.
    assert fit_one_factor(observed).discrepancy == pytest.approx(lowest, abs=1e-5)


def test_omega_finds_the_loadings_it_was_made_with():
    loadings, sds = [0.8, 0.7, 0.6, 0.5, 0.7], [1, 2, 1, 3, 1]
    found = omega(one_factor_answers(loadings, people=200_000, seed=5, sds=sds))
    # Standard errors of the loadings are about .003 here.
    assert found.loadings == pytest.approx(loadings, abs=0.01)
    assert found.estimate == pytest.approx(true_omega(loadings, sds), abs=0.005)
    assert found.low < true_omega(loadings, sds) < found.high


# Equally good items, so that alpha and omega are the same and the assumption of Feldt's interval holds.
EQUALLY_GOOD = [0.7, 0.7, 0.7, 0.7]


@pytest.fixture(scope="module")
def many_fits():
    sets = [one_factor_answers(EQUALLY_GOOD, people=150, seed=seed) for seed in range(SETS)]
    return [(alpha(items), omega(items)) for items in sets]


def test_intervals_hold_the_truth_as_often_as_they_say(many_fits):
    truth = true_omega(EQUALLY_GOOD)
    for which in (0, 1):
        low, high = (np.array([getattr(pair[which], end) for pair in many_fits]) for end in ("low", "high"))
        assert COVERAGE[0] < ((low < truth) & (truth < high)).mean() < COVERAGE[1]
    # Bias: the mean of 500 estimates has a standard error of about .001.
    assert np.mean([pair[1].estimate for pair in many_fits]) == pytest.approx(truth, abs=0.006)


def test_the_fit_statistic_keeps_one_factor_as_often_as_it_should(many_fits):
    kept = np.mean([fit.p >= 0.05 for _, fit in many_fits])
    assert COVERAGE[0] < kept < COVERAGE[1]


def test_two_factors_are_not_taken_for_one():
    two_factors = np.hstack([one_factor_answers([0.8] * 3, people=300, seed=seed) for seed in (1, 2)])
    two_factors += 0.5 * two_factors[:, ::-1]
    found = omega(two_factors)
    assert found.p is not None
    assert found.p < 1e-6


def test_a_bootstrap_stands_beside_the_formula_and_repeats_itself():
    items = one_factor_answers([0.8, 0.7, 0.6, 0.7], people=300, seed=9)
    for measure in (alpha, omega):
        found, again = measure(items, samples=200, seed=1), measure(items, samples=200, seed=1)
        assert found == again
        assert found.bootstrap is not None
        # Percentile ends from 200 draws stray by some .005.
        assert (found.bootstrap.low, found.bootstrap.high) == pytest.approx((found.low, found.high), abs=0.02)
        assert measure(items, samples=200, seed=2).bootstrap != found.bootstrap


def test_three_items_have_no_fit_to_test_and_two_no_alpha_without_one():
    items = one_factor_answers([0.8, 0.7, 0.6], people=100, seed=1)
    three = omega(items)
    assert (three.chi_square, three.df, three.p) == (None, 0, None)
    assert alpha(items[:, :2]).without_item is None


def test_an_item_that_was_not_turned_round_is_named():
    items = one_factor_answers([0.8, 0.7, 0.6, 0.7], people=300, seed=9) * [1, 1, -1, 1]
    assert item_rest(items)[2] < 0
    for found in (alpha(items), omega(items)):
        assert found.message == "These items go against the others: 3. Were they turned round?"


def test_people_with_a_missing_answer_are_refused_or_left_out():
    items = one_factor_answers([0.8, 0.7, 0.6, 0.7], people=50, seed=9)
    holes = items.tolist()
    holes[3][1] = None
    with pytest.raises(ValueError, match="Row 4, item 2 has no answer"):
        alpha(holes)
    found, wanted = alpha(holes, missing="leave_out"), alpha(np.delete(items, 3, axis=0))
    assert (found.n, found.left_out, found.estimate) == (49, 1, wanted.estimate)
    assert omega(holes, missing="leave_out").left_out == 1


GOOD = one_factor_answers([0.8, 0.7, 0.6, 0.7], people=20, seed=9)


@pytest.mark.parametrize(
    ("measure", "items", "more", "words"),
    [
        (alpha, GOOD[:, :1], {}, "at least 2 items"),
        (omega, GOOD[:, :2], {}, "at least 3 items"),
        (alpha, GOOD[0], {}, "people in rows"),
        (alpha, [[1, 2], [3]], {}, "people in rows"),
        (alpha, GOOD[:2], {}, "at least three people"),
        (alpha, GOOD * [1, 0, 1, 1], {}, "Item 2 has the same answer"),
        (alpha, GOOD + np.inf, {}, "infinite"),
        (alpha, np.column_stack([GOOD[:, 0], -GOOD[:, 0]]), {}, "never varies"),
        (omega, np.column_stack([GOOD, GOOD[:, 0]]), {}, "repeat others"),
        (omega, GOOD[:4], {}, "repeat others"),
        (alpha, GOOD, {"level": 95}, "between 0 and 1"),
        (omega, GOOD, {"level": 0}, "between 0 and 1"),
        (alpha, GOOD, {"samples": 500}, "needs a seed"),
        (alpha, GOOD, {"samples": 5, "seed": 1}, "at least 100"),
        (alpha, [[0, 1], [0, 2], [0, 3], [1, 4]], {"samples": 100, "seed": 1}, "too few people for it"),
    ],
)
def test_senseless_items_are_refused_with_a_reason(measure, items, more, words):
    with pytest.raises(ValueError, match=words):
        measure(items, **more)


def test_the_examples_in_the_documentation_run():
    assert sum(doctest.testmod(module).failed for module in (reliability, simulate_measures, bootstrap)) == 0
