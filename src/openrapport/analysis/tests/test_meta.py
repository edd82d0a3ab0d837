"""Pooled correlations against R's metafor (tests/reference/meta.R) and against invented literatures of known truth."""

import csv
import doctest
import json
import math
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import meta as module
from openrapport.analysis.meta import d_to_r, meta, meta3, r_to_d
from openrapport.analysis.meta_fit import restricted_deviance, tau2_restricted, three_levels
from openrapport.analysis.simulate_measures import studies_of_correlations

REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FOUND_BY_R = json.loads((REFERENCE / "meta.json").read_text(encoding="utf-8"))

# metafor was told to iterate to 1e-13; the rest are closed formulas.
TWO_LEVELS = 1e-9
# Nelder-Mead in R finds the variances to some 1e-8.
THREE_LEVELS = 1e-6
# The article and the documentation of metafor print four decimals.
AS_PRINTED = 0.00005
# 500 literatures: the share of 95 % intervals that hold the truth has a standard error of .010; four of them.
SETS, COVERAGE = 500, (0.91, 0.99)


def studies(name):
    with (REFERENCE / f"meta_{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [float(row["r"]) for row in rows], [int(row["n"]) for row in rows], [row["study"] for row in rows]


@pytest.mark.parametrize("name", ["simulated", "alike", "molloy"])
@pytest.mark.parametrize("method", ["dl", "reml"])
@pytest.mark.parametrize("knapp_hartung", [False, True])
def test_two_levels_are_those_of_metafor(name, method, knapp_hartung):
    r, n, _ = studies(name)
    found = meta(r, n, method, knapp_hartung=knapp_hartung)
    wanted = FOUND_BY_R["two_levels"][name][f"{method}_{'knha' if knapp_hartung else 'z'}"]
    for key, value in wanted.items():
        assert getattr(found, key) == pytest.approx(value, rel=TWO_LEVELS, abs=TWO_LEVELS), key
    assert (found.k, found.n, found.q_df) == (len(r), sum(n), len(r) - 1)
    assert found.df == (len(r) - 1 if knapp_hartung else None)


def test_sixteen_published_studies_pool_as_published():
    # Molloy, O'Carroll & Ferguson 2014 by REML as metafor's documentation prints them: .1499, tau2 .0081, I2 61.73 %.
    found = meta(*studies("molloy")[:2], "reml")
    assert (found.z, found.se, found.tau2) == pytest.approx((0.1499, 0.0316, 0.0081), abs=AS_PRINTED)
    assert (found.i2, found.q) == pytest.approx((61.73, 38.1595), abs=0.005)


def test_studies_that_agree_stand_on_the_boundary_and_it_is_said():
    for method in ("dl", "reml"):
        found = meta(*studies("alike")[:2], method)
        assert (found.tau2, found.i2, found.boundary) == (0, 0, True)
        assert "set to zero" in found.message
        assert found.tau2_high > 0
    assert not meta(*studies("simulated")[:2], "reml").boundary


def test_a_hartung_knapp_interval_that_is_narrower_is_pointed_out():
    r, n, _ = studies("alike")
    usual, found = meta(r, n, "reml"), meta(r, n, "reml", knapp_hartung=True)
    assert found.high - found.low < usual.high - usual.low
    assert "narrower" in found.message
    assert "narrower" not in usual.message
    # With a smaller standard error but a wider interval, because t reaches further, nothing is said.
    r, n, _ = studies("simulated")
    assert meta(r, n, "reml", knapp_hartung=True).se < meta(r, n, "reml").se
    assert meta(r, n, "reml", knapp_hartung=True).message == ""


def test_restricted_likelihood_is_nowhere_lower_than_where_it_was_found():
    rng = np.random.default_rng(3)
    for _ in range(100):
        k = int(rng.integers(2, 12))
        v = rng.uniform(0.001, 1.0, k) ** 2
        y = rng.normal(0, rng.choice([0.0, 0.1, 1.0]), k) + rng.normal(0, np.sqrt(v))
        best = restricted_deviance(y, v, tau2_restricted(y, v))
        everywhere = [restricted_deviance(y, v, tau2) for tau2 in [0.0, *np.geomspace(1e-8, 10, 400)]]
        assert best <= min(everywhere) + 1e-9


@pytest.mark.parametrize("name", ["nested", "nested_alike"])
def test_three_levels_are_those_of_metafor(name):
    r, n, study = studies(name)
    found, wanted = meta3(r, n, study), FOUND_BY_R["three_levels"][name]
    for key in ("z", "se", "estimate", "low", "high", "tau2_between", "tau2_within", "q", "q_p"):
        assert getattr(found, key) == pytest.approx(wanted[key], abs=THREE_LEVELS), key
    assert (found.prediction_low, found.prediction_high) == pytest.approx(
        (wanted["prediction_low"], wanted["prediction_high"]), abs=THREE_LEVELS
    )
    assert found.converged
    assert (found.k, found.studies) == (len(r), len(set(study)))


def test_fifty_six_schools_in_eleven_districts_pool_as_published():
    # Konstantopoulos 2011: .1847 (.0846), variances .0651 and .0327.
    schools = FOUND_BY_R["schools"]
    districts = np.unique(schools["district"], return_inverse=True)[1]
    found = three_levels(np.array(schools["y"]), np.array(schools["v"]), districts)
    printed = (0.1847, 0.0846, 0.0651, 0.0327)
    assert (found.mean, math.sqrt(found.variance), found.between, found.within) == pytest.approx(
        printed, abs=AS_PRINTED
    )
    by_r = tuple(schools[key] for key in ("mean", "se", "between", "within"))
    assert (found.mean, math.sqrt(found.variance), found.between, found.within) == pytest.approx(by_r, abs=THREE_LEVELS)


def test_three_levels_without_spread_between_studies_say_so():
    found = meta3(*studies("nested_alike"))
    assert (found.tau2_between, found.boundary) == (0, ("between",))
    assert "between studies is zero" in found.message
    assert meta3(*studies("nested")).boundary == ()


def test_shares_of_spread_add_up_to_less_than_the_whole():
    found = meta3(*studies("nested"))
    assert 0 < found.i2_within < found.i2_between < 100
    assert found.i2_between + found.i2_within < 100
    assert found.i2_between / found.i2_within == pytest.approx(found.tau2_between / found.tau2_within)


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside, spreads = [], []
    for seed in range(SETS):
        r, n, _ = studies_of_correlations(
            studies=12, effects_each=1, mean_z=0.3, between_sd=0.15, within_sd=0, seed=seed
        )
        found = meta(r, n, "reml", knapp_hartung=True)
        inside.append(found.low < math.tanh(0.3) < found.high)
        spreads.append(found.tau2)
    assert COVERAGE[0] < np.mean(inside) < COVERAGE[1]
    # Mean of 500 estimates of .0225, each with an SD of about .015; REML is nearly unbiased.
    assert np.mean(spreads) == pytest.approx(0.0225, abs=0.003)


def test_three_levels_find_both_variances_they_were_made_with():
    fits = [
        meta3(
            *studies_of_correlations(studies=40, effects_each=4, mean_z=0.3, between_sd=0.15, within_sd=0.1, seed=seed)
        )
        for seed in range(40)
    ]
    assert all(fit.converged for fit in fits)
    # Mean of 40 estimates: standard errors of about .0011 and .0004.
    assert np.mean([fit.tau2_between for fit in fits]) == pytest.approx(0.0225, abs=0.0045)
    assert np.mean([fit.tau2_within for fit in fits]) == pytest.approx(0.01, abs=0.0015)
    assert np.mean([fit.low < math.tanh(0.3) < fit.high for fit in fits]) > 0.8


def test_two_studies_have_no_prediction_interval():
    found = meta([0.2, 0.3], [50, 60], "dl")
    assert (found.prediction_low, found.prediction_high) == (None, None)
    assert "too few" in found.message


def test_a_correlation_and_a_difference_say_the_same():
    assert r_to_d(0.278) == pytest.approx(0.579, abs=0.0005)
    for r in (-0.9, 0.0, 0.278, 0.99):
        assert d_to_r(r_to_d(r)) == pytest.approx(r, abs=1e-12)


@pytest.mark.parametrize(
    ("r", "n", "method", "words"),
    [
        ([0.2], [50], "reml", "at least two studies"),
        ([0.2, 0.3], [50], "reml", "one n for each r"),
        ([0.2, 1.0], [50, 60], "reml", "Study 2: r is 1;"),
        ([0.2, math.nan], [50, 60], "reml", "Study 2: r is nan"),
        ([0.2, None], [50, 60], "reml", "Study 2: r is nan"),
        ([0.2, 0.3], [3, 60], "reml", "Study 1: n is 3;"),
        ([0.2, 0.3], [50, math.nan], "reml", "Study 2: n is nan"),
        ([0.2, 0.3], [50, 60], "hk", "use 'dl' or 'reml', and knapp_hartung=True"),
    ],
)
def test_senseless_studies_are_refused_by_number(r, n, method, words):
    with pytest.raises(ValueError, match=words):
        meta(r, n, method)


@pytest.mark.parametrize(
    ("study", "words"),
    [
        (["a", "a"], "3 effects and 2 studies"),
        (["a", "a", "a"], "at least two studies"),
        (["a", "b", "c"], "one of them with two effects"),
        (["a", "a", None], "names no study"),
        (["a", "a", math.nan], "names no study"),
    ],
)
def test_three_levels_need_effects_nested_in_named_studies(study, words):
    with pytest.raises(ValueError, match=words):
        meta3([0.1, 0.2, 0.3], [50, 50, 50], study)


def test_further_nonsense_is_refused():
    with pytest.raises(ValueError, match="same r"):
        meta([0.3, 0.3], [50, 50], "reml", knapp_hartung=True)
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="between 0 and 1"):
            meta([0.3, 0.2], [50, 50], "reml", level=level)
    for r in (1.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="between -1 and 1"):
            r_to_d(r)
    with pytest.raises(ValueError, match="finite"):
        d_to_r(math.inf)


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(module).failed == 0
