"""The two-level growth curve against lme4 and nlme: sleepstudy, covariates at both levels, 300 small, singular sets."""

import numpy as np
import pytest

from openrapport.analysis.growth.fit import growth
from openrapport.analysis.growth.tests.growth_sets import COUNT, form_of, small_set, two_level_set
from openrapport.analysis.growth.tests.reference import (
    expected_numbers,
    numbers_of,
    read_reference,
    scales,
    sleepstudy,
)

# Printed with three decimals by an lmer whose search stops a little early: the SD is 24.7405, not 24.7407.
AS_PRINTED = 0.001
# lmer's search ends where the deviance is this close to its minimum; ours goes to 1e-9.
DEVIANCE = 1e-8
# Where both reach the minimum, estimates agree to this part of their own uncertainty.
ESTIMATE = 1e-4
# nlme's own stopping rule is coarser.
NLME = 1e-3

REFERENCE = read_reference()

# Sets in which lmer, with its default optimiser, ended more than 0.001 above the minimum: false boundaries mostly.
STOPPED_HIGHER = {
    "reml": (0, 10, 28, 58, 64, 69, 70, 94, 111, 124, 148, 162, 172, 174, 201, 222, 226, 234, 264, 273, 279, 298),
    "ml": (33, 42, 64, 72, 88, 94, 129, 132, 178, 186, 192, 199, 213, 228, 238, 240, 279, 282, 297),
}


def sleep(random="1 + Days", fixed="Days", method="reml"):
    return growth(sleepstudy(), outcome="Reaction", client="Subject", fixed=fixed, random=random, method=method)


def test_sleepstudy_as_everybody_prints_it():
    found = sleep()
    assert found.fixed["(Intercept)"].estimate == pytest.approx(251.405, abs=AS_PRINTED)
    assert found.fixed["(Intercept)"].se == pytest.approx(6.825, abs=AS_PRINTED)
    assert found.fixed["Days"].estimate == pytest.approx(10.467, abs=AS_PRINTED)
    assert found.fixed["Days"].se == pytest.approx(1.546, abs=AS_PRINTED)
    effects = found.random["Subject"]
    assert effects.sd == pytest.approx({"(Intercept)": 24.741, "Days": 5.922}, abs=AS_PRINTED)
    assert effects.corr[1][0] == pytest.approx(0.066, abs=AS_PRINTED)
    assert found.residual_sd == pytest.approx(25.592, abs=AS_PRINTED)
    assert (found.n_rows, found.n_clients, found.converged, found.boundary) == (180, 18, True, ())


@pytest.mark.parametrize(
    ("name", "random", "fixed", "method"),
    [
        ("reml", "1 + Days", "Days", "reml"),
        ("ml", "1 + Days", "Days", "ml"),
        ("ml_intercept", "1", "Days", "ml"),
        ("ml_no_days", "1 + Days", "1", "ml"),
    ],
)
def test_sleepstudy_agrees_with_lmer(name, random, fixed, method):
    told, found = REFERENCE["sleepstudy"][name], sleep(random, fixed, method)
    assert found.deviance == pytest.approx(told["deviance"], abs=DEVIANCE)
    assert np.abs(numbers_of(found) - expected_numbers(told)) / scales(told) == pytest.approx(0, abs=ESTIMATE)
    assert list(found.fixed) == list(told["fixed"])
    assert np.array(found.fixed_covariance) == pytest.approx(np.atleast_2d(told["covariance"]), rel=ESTIMATE)


@pytest.mark.parametrize(
    ("name", "random", "fixed", "method"),
    [
        ("reml", "1 + time", "time * age + form + mood", "reml"),
        ("ml", "1 + time", "time * age + form + mood", "ml"),
        ("no_mood", "1 + time", "time * age + form", "reml"),
        ("dummies", "1", "0 + form + form:time", "reml"),
        ("powers", "1 + time", "log(1 + time) + I(time^2)", "reml"),
    ],
)
def test_covariates_at_both_levels_agree_with_lmer(name, random, fixed, method):
    told = REFERENCE["covariates"][name]
    found = growth(two_level_set(), outcome="score", client="client", fixed=fixed, random=random, method=method)
    assert list(found.fixed) == list(told["fixed"])
    assert found.deviance == pytest.approx(told["deviance"], abs=DEVIANCE)
    assert np.abs(numbers_of(found) - expected_numbers(told)) / scales(told) == pytest.approx(0, abs=ESTIMATE)
    assert [one.se for one in found.fixed.values()] == pytest.approx(told["se"], rel=ESTIMATE)


def test_nlme_agrees():
    told = [REFERENCE["sleepstudy"]["nlme"], REFERENCE["covariates"]["nlme"]]
    second = growth(
        two_level_set(),
        outcome="score",
        client="client",
        fixed="time * age + form + mood",
        random="1 + time",
        method="reml",
    )
    for expected, found in zip(told, [sleep(), second], strict=True):
        assert found.deviance == pytest.approx(expected["deviance"], abs=NLME)
        assert np.abs(numbers_of(found) - expected_numbers(expected)) / scales(expected) == pytest.approx(0, abs=NLME)


@pytest.fixture(scope="module", params=["reml", "ml"])
def small_fits(request):
    """Method, and for each set what lmer told and what we find."""
    found = []
    for told in REFERENCE["sets"]:
        number = told["number"]
        table = small_set(number)
        assert table["score"].sum() == pytest.approx(told["sum"], abs=1e-6), "the sets are not those that R saw"
        fixed, random = form_of(number)
        fit = growth(table, outcome="score", client="client", fixed=fixed, random=random, method=request.param)
        found.append((told[request.param], fit))
    assert len(found) == COUNT
    return request.param, found


def test_deviance_is_never_above_lmers(small_fits):
    _, fits = small_fits
    above = [fit.deviance - min(told["usual"], told["deviance"]) for told, fit in fits]
    assert max(above) <= DEVIANCE
    assert all(fit.converged for _, fit in fits)


def test_estimates_agree_where_lmer_reached_the_minimum(small_fits):
    _, fits = small_fits
    reached = [(told, fit) for told, fit in fits if abs(fit.deviance - told["deviance"]) < DEVIANCE / 10]
    assert len(reached) > 280
    for told, fit in reached:
        assert np.abs(numbers_of(fit) - expected_numbers(told)) / scales(told) == pytest.approx(0, abs=ESTIMATE)


def test_sets_in_which_lmer_stops_higher_are_known(small_fits):
    method, fits = small_fits
    higher = [number for number, (told, fit) in enumerate(fits) if told["usual"] - fit.deviance > 0.001]
    assert tuple(higher) == STOPPED_HIGHER[method]
