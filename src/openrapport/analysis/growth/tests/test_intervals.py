"""Intervals against lme4's, against the definition of a profile, and at the boundary."""

import numpy as np
import pytest

from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.fit import fit_design
from openrapport.analysis.growth.intervals import profile_intervals, wald_intervals
from openrapport.analysis.growth.tests.growth_sets import small_set
from openrapport.analysis.growth.tests.reference import read_reference, sleepstudy

# confint interpolates the profile with splines.
SPLINES = 5e-5
CHI_SQUARED_95 = 3.841458820694124


def fitted(random, method="ml", table=None, **columns):
    columns = columns or {"outcome": "Reaction", "client": "Subject", "fixed": "Days"}
    design = build_design(table or sleepstudy(), random=random, **columns)
    return design, fit_design(design, method=method)


@pytest.mark.parametrize(("random", "name"), [("1 + Days", "profile"), ("1", "profile_intercept")])
def test_profiles_end_where_lme4s_do(random, name):
    told = read_reference()["sleepstudy"][name]
    expected = dict(zip(told["names"], told["ends"], strict=True))
    found = {(one.kind, one.names): (one.low, one.high) for one in profile_intervals(*fitted(random), level=0.95)}
    assert found[("sd", ("(Intercept)",))] == pytest.approx(expected[".sig01"], rel=SPLINES)
    assert found[("residual_sd", ())] == pytest.approx(expected[".sigma"], rel=SPLINES)
    if random != "1":
        assert found[("correlation", ("(Intercept)", "Days"))] == pytest.approx(expected[".sig02"], rel=SPLINES)
        assert found[("sd", ("Days",))] == pytest.approx(expected[".sig03"], rel=SPLINES)


def test_restricted_profile_of_balanced_data_is_the_closed_form():
    # One random intercept, n scores of each of m clients: the restricted likelihood knows only the mean squares within
    # and between, with m (n - 1) and m - 1 degrees of freedom.
    rng = np.random.default_rng(4)
    m, n = 25, 6
    scores = rng.normal(size=(m, 1)) * 1.5 + rng.normal(size=(m, n)) * 2
    table = {"c": np.repeat(np.arange(m), n), "y": scores.ravel()}
    design, fit = fitted("1", "reml", table, outcome="y", client="c", fixed="1")
    within = ((scores - scores.mean(axis=1, keepdims=True)) ** 2).sum()
    between = n * ((scores.mean(axis=1) - scores.mean()) ** 2).sum()

    def deviance(tau2, sigma2):
        total = sigma2 + n * tau2
        return m * (n - 1) * np.log(sigma2) + within / sigma2 + (m - 1) * np.log(total) + between / total

    smallest = deviance(fit.random["c"].sd["(Intercept)"] ** 2, fit.residual_sd**2)
    grid = np.exp(np.linspace(np.log(1.0), np.log(12.0), 400_001))
    sd = next(one for one in profile_intervals(design, fit, level=0.95) if one.kind == "sd")
    for end in (sd.low, sd.high):
        assert deviance(end**2, grid).min() - smallest == pytest.approx(CHI_SQUARED_95, abs=1e-4)


def test_an_interval_reaches_zero_where_zero_is_not_refuted():
    rng = np.random.default_rng(12)
    client = np.repeat(np.arange(25), 5)
    time = np.tile(np.arange(5.0), 25)
    table = {"c": client, "t": time, "y": 10 + time + 3 * rng.normal(size=25)[client] + rng.normal(size=125)}
    design, fit = fitted("1 + t", "reml", table, outcome="y", client="c", fixed="t")
    found = {one.names: one for one in profile_intervals(design, fit, level=0.95) if one.kind == "sd"}
    assert found[("t",)].low == 0
    assert fit.random["c"].sd["t"] < found[("t",)].high < 0.6
    assert found[("(Intercept)",)].low > 1


def test_an_estimate_of_zero_has_an_interval_from_zero():
    # Clients' means made equal: nothing is left between them.
    rng = np.random.default_rng(5)
    scores = rng.normal(size=(20, 5))
    scores -= scores.mean(axis=1, keepdims=True)
    table = {"c": np.repeat(np.arange(20), 5), "y": scores.ravel()}
    design, fit = fitted("1", "reml", table, outcome="y", client="c", fixed="1")
    assert fit.boundary == ("c",)
    assert fit.random["c"].sd["(Intercept)"] == 0
    sd = next(one for one in profile_intervals(design, fit, level=0.95) if one.kind == "sd")
    assert (sd.estimate, sd.low) == (0, 0)
    assert 0 < sd.high < 0.5


@pytest.mark.parametrize("number", [1, 3, 5, 11, 64])
def test_intervals_hold_their_estimates_in_singular_sets_too(number):
    design, fit = fitted("1 + time", "reml", small_set(number), outcome="score", client="client", fixed="time")
    for one in profile_intervals(design, fit, level=0.9):
        assert one.low <= one.estimate <= one.high
        assert one.low >= (-1 if one.kind == "correlation" else 0)
        assert np.isfinite(one.high)


def test_wald_intervals_by_normal_and_t_quantiles():
    _, fit = fitted("1 + Days", "reml")
    normal, student = wald_intervals(fit, level=0.95, reference="z"), wald_intervals(fit, level=0.95, reference="t")
    slope = fit.fixed["Days"]
    assert normal[1].low == pytest.approx(slope.estimate - 1.959963984540054 * slope.se)
    # t quantile, 16 df: 2.119905.
    assert student[1].high == pytest.approx(slope.estimate + 2.1199052992212 * slope.se)
    assert student[1].how == "Wald, t (16 df)"


def test_levels_and_references_that_are_none_are_refused():
    design, fit = fitted("1", "reml")
    with pytest.raises(ValueError, match="between 0 and 1"):
        profile_intervals(design, fit, level=95)
    with pytest.raises(ValueError, match='"z" or "t"'):
        wald_intervals(fit, level=0.95, reference="normal")
