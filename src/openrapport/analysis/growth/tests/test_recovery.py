"""Simulation with known truth: 500 seeded data sets, bias of every estimate and coverage of intervals."""

import numpy as np
import pytest

from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.fit import fit_design
from openrapport.analysis.growth.intervals import profile_intervals, wald_intervals

SETS = 500
# Four standard errors of a share of 500: a right method leaves this range once in 16 000 runs, and the seed is fixed.
COVERAGE = 4 * np.sqrt(0.95 * 0.05 / SETS)
TRUE_FIXED = {"(Intercept)": 50.0, "time": 4.0, "age": -0.3}
TRUE_SD = {"(Intercept)": 8.0, "time": 3.0}
TRUE_CORRELATION = -0.3
TRUE_RESIDUAL = 6.0


def simulated(rng):
    sessions = rng.integers(3, 11, 80)
    client = np.repeat(np.arange(80), sessions)
    time = np.log(np.concatenate([np.arange(1, n + 1) for n in sessions]))
    age = np.round(rng.normal(0, 10, 80))
    drawn = rng.standard_normal((80, 2))
    slopes = TRUE_CORRELATION * drawn[:, 0] + np.sqrt(1 - TRUE_CORRELATION**2) * drawn[:, 1]
    course = 50 + 4 * time - 0.3 * age[client] + 8 * drawn[client, 0] + 3 * slopes[client] * time
    score = course + rng.normal(0, TRUE_RESIDUAL, len(client))
    return {"client": client, "time": time, "age": age[client], "score": score}


@pytest.fixture(scope="module")
def fits():
    rng = np.random.default_rng(20261124)
    found = []
    for _ in range(SETS):
        design = build_design(simulated(rng), outcome="score", client="client", fixed="time + age", random="1 + time")
        found.append((design, fit_design(design, method="reml")))
    return found


def test_every_estimate_converges(fits):
    assert all(fit.converged for _, fit in fits)


@pytest.mark.parametrize("name", list(TRUE_FIXED))
def test_fixed_effects_are_unbiased_and_covered(fits, name):
    estimates = np.array([fit.fixed[name].estimate for _, fit in fits])
    assert abs(estimates.mean() - TRUE_FIXED[name]) < 4 * estimates.std() / np.sqrt(SETS)
    covered = 0
    for _, fit in fits:
        interval = next(one for one in wald_intervals(fit, level=0.95, reference="t") if one.names == (name,))
        covered += interval.low <= TRUE_FIXED[name] <= interval.high
    assert covered / SETS == pytest.approx(0.95, abs=COVERAGE)


def test_standard_errors_are_the_spread_of_the_estimates(fits):
    for name in TRUE_FIXED:
        spread = np.std([fit.fixed[name].estimate for _, fit in fits])
        # The spread of 500 estimates is itself known to 1 / sqrt(2 x 500) = 3 %.
        assert np.mean([fit.fixed[name].se for _, fit in fits]) == pytest.approx(spread, rel=0.12)


def test_variances_are_nearly_unbiased(fits):
    # Restricted likelihood estimates variances without bias where no estimate is held at zero.
    for name, true in TRUE_SD.items():
        variances = np.array([fit.random["client"].sd[name] ** 2 for _, fit in fits])
        assert abs(variances.mean() - true**2) < 4 * variances.std() / np.sqrt(SETS)
    residual = np.array([fit.residual_sd**2 for _, fit in fits])
    assert abs(residual.mean() - TRUE_RESIDUAL**2) < 4 * residual.std() / np.sqrt(SETS)


@pytest.mark.long
def test_profile_intervals_cover_the_true_deviations(fits):
    truth = {
        ("sd", ("(Intercept)",)): 8.0,
        ("sd", ("time",)): 3.0,
        ("correlation", ("(Intercept)", "time")): TRUE_CORRELATION,
        ("residual_sd", ()): TRUE_RESIDUAL,
    }
    covered = dict.fromkeys(truth, 0)
    for design, fit in fits:
        for one in profile_intervals(design, fit, level=0.95):
            key = (one.kind, one.names)
            covered[key] += one.low <= truth[key] <= one.high
    for count in covered.values():
        assert count / SETS == pytest.approx(0.95, abs=COVERAGE)
