"""The likelihood-ratio test: its references, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from openrapport.analysis.growth.compare import likelihood_ratio
from openrapport.analysis.growth.fit import growth
from openrapport.analysis.growth.tests.reference import read_reference, sleepstudy


def fit(fixed="Days", random="1 + Days", method="ml", table=None):
    return growth(
        table or sleepstudy(), outcome="Reaction", client="Subject", fixed=fixed, random=random, method=method
    )


def test_a_fixed_effect_is_tested_by_chi_squared():
    told = read_reference()["sleepstudy"]
    found = likelihood_ratio(fit("1"), fit("Days"))
    assert found.statistic == pytest.approx(told["ml_no_days"]["deviance"] - told["ml"]["deviance"], abs=1e-7)
    assert (found.df, found.reference, found.added_fixed) == (1, "chi-squared (1 df)", ("Days",))
    # anova() of lme4: 23.537 on 1 df, p = 1.226e-06.
    assert found.statistic == pytest.approx(23.537, abs=5e-4)
    assert found.p == pytest.approx(1.226e-06, rel=1e-3)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_a_random_slope_is_tested_by_a_mixture(method):
    found = likelihood_ratio(fit(random="1", method=method), fit(method=method))
    # P(chi-squared > x) is exp(-x/2) with 2 df and erfc(sqrt(x/2)) with 1.
    from math import erfc, exp, sqrt

    expected = (exp(-found.statistic / 2) + erfc(sqrt(found.statistic / 2))) / 2
    assert found.p == pytest.approx(expected, rel=1e-10)
    assert "Self & Liang 1987" in found.reference
    assert (found.df, found.added_random) == (2, ("Days by Subject",))


def test_no_difference_is_no_evidence():
    same = fit()
    larger = replace(fit("Days + I(Days^2)"), deviance=same.deviance)
    assert likelihood_ratio(same, larger).p == 1


def test_the_mixture_keeps_its_level():
    # Clients who do not differ in their slopes: the test at 5 % fires in about 5 % of sets (here 2 x 300 half widths).
    rng = np.random.default_rng(17)
    client, time = np.repeat(np.arange(40), 5), np.tile(np.arange(5.0), 40)
    fired = 0
    for _ in range(300):
        score = time + 2 * rng.normal(size=40)[client] + rng.normal(size=200)
        table = {"Subject": client, "Days": time, "Reaction": score}
        fired += likelihood_ratio(fit(random="1", table=table), fit(table=table)).p < 0.05
    assert 0.02 < fired / 300 < 0.085


@pytest.mark.parametrize(
    ("smaller", "larger", "says"),
    [
        ({"method": "ml"}, {"method": "reml"}, "same method"),
        ({"fixed": "1", "method": "reml"}, {"method": "reml"}, "fit both by ML"),
        ({"fixed": "Days"}, {"fixed": "I(Days^2)"}, "not nested: Days"),
        ({"random": "1 + Days"}, {"random": "1"}, "Days by Subject is only in the smaller"),
        ({}, {}, "nothing to test"),
        ({"random": "1"}, {"random": "1 + Days + I(Days^2)"}, "one at a time"),
    ],
)
def test_fits_that_cannot_be_compared_are_refused(smaller, larger, says):
    with pytest.raises(ValueError, match=says):
        likelihood_ratio(fit(**smaller), fit(**larger))


def test_fits_of_other_rows_or_without_convergence_are_refused():
    small, large = fit("1"), fit("Days")
    with pytest.raises(ValueError, match="different rows"):
        likelihood_ratio(replace(small, n_rows=179), large)
    with pytest.raises(ValueError, match="did not converge"):
        likelihood_ratio(small, replace(large, converged=False))
    with pytest.raises(ValueError, match="larger deviance"):
        likelihood_ratio(small, replace(large, deviance=small.deviance + 1))
