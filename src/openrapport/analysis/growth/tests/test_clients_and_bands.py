"""Client estimates against lme4's, bands against the mixed-model equations written out."""

import numpy as np
import pytest

from openrapport.analysis.growth.bands import band_of_new_client, expected_course, expected_course_of
from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.clients import client_estimate, client_estimates
from openrapport.analysis.growth.covariances import covariance_of
from openrapport.analysis.growth.fit import fit_design
from openrapport.analysis.growth.sums import ClientSums
from openrapport.analysis.growth.tests.growth_sets import two_level_set
from openrapport.analysis.growth.tests.reference import read_reference, sleepstudy

# lmer's variance components carry its search's own inaccuracy.
LME4 = 1e-5
NORMAL_90 = 1.6448536269514722


@pytest.fixture(scope="module")
def slept():
    design = build_design(sleepstudy(), outcome="Reaction", client="Subject", fixed="Days", random="1 + Days")
    return design, fit_design(design, method="reml")


def test_client_estimates_and_their_variances_are_lme4s(slept):
    told = read_reference()["sleepstudy"]["clients"]
    found = client_estimates(*slept)
    assert list(found.clients) == told["names"]
    assert found.estimates == pytest.approx(np.array(told["estimates"]), rel=LME4, abs=1e-4)
    assert np.moveaxis(found.variances, 0, 2) == pytest.approx(np.array(told["variances"]), rel=LME4, abs=1e-4)


def test_running_sums_give_the_same_estimate(slept):
    design, fit = slept
    sums = ClientSums.empty(2, centre=300)
    for z, y in zip(design.z[:10], design.y[:10], strict=True):
        sums = sums.add_session(z, y)
    expected = [fit.fixed[name].estimate for name in ("(Intercept)", "Days")]
    estimate, variance = client_estimate(sums, fit, expected=expected, group="Subject")
    all_of_them = client_estimates(design, fit)
    assert estimate == pytest.approx(all_of_them.estimates[0])
    assert variance == pytest.approx(all_of_them.variances[0])


def test_nobody_is_known_before_the_first_session(slept):
    _, fit = slept
    estimate, variance = client_estimate(ClientSums.empty(2), fit, expected=[0.0, 0.0], group="Subject")
    assert estimate.tolist() == [0, 0]
    assert variance == pytest.approx(covariance_of(fit, "Subject"))


def test_a_new_clients_band_holds_fixed_uncertainty_spread_and_residual(slept):
    design, fit = slept
    found = expected_course(design, fit, {"Days": np.array([0.0, 4.0, 12.0])}, level=0.9)
    for index, day in enumerate((0.0, 4.0, 12.0)):
        z = np.array([1, day])
        mean = float(z @ [fit.fixed["(Intercept)"].estimate, fit.fixed["Days"].estimate])
        uncertain = z @ np.array(fit.fixed_covariance) @ z
        spread = z @ covariance_of(fit, "Subject") @ z
        assert found.expected[index] == pytest.approx(mean)
        assert found.expected_se[index] == pytest.approx(np.sqrt(uncertain))
        assert found.line_high[index] - mean == pytest.approx(NORMAL_90 * np.sqrt(uncertain + spread))
        assert mean - found.score_low[index] == pytest.approx(
            NORMAL_90 * np.sqrt(uncertain + spread + fit.residual_sd**2)
        )


def test_a_known_clients_band_solves_the_mixed_model_equations():
    # Henderson 1975: [X'X X'Z; Z'X Z'Z + D^-1]^-1 sigma^2 is the covariance of all prediction errors.
    table = two_level_set()
    design = build_design(table, outcome="score", client="client", fixed="time * age + form + mood", random="1 + time")
    fit = fit_design(design, method="reml")
    clients, sigma2 = len(design.client.labels), fit.residual_sd**2
    z_all = np.zeros((len(design.y), 2 * clients))
    for row, code in enumerate(design.client.codes):
        z_all[row, 2 * code : 2 * code + 2] = design.z[row]
    both = np.column_stack([design.x, z_all])
    left = both.T @ both
    p = design.x.shape[1]
    left[p:, p:] += np.kron(np.eye(clients), np.linalg.inv(covariance_of(fit, "client") / sigma2))
    solution, errors = np.linalg.solve(left, both.T @ design.y), sigma2 * np.linalg.inv(left)
    own = table["client"] == 7
    so_far = {name: column[own] for name, column in table.items()}
    at = {"time": np.array([12.0]), "age": so_far["age"][:1], "form": so_far["form"][:1], "mood": np.array([0.5])}
    found = expected_course_of(design, fit, so_far, at, level=0.9)
    x = {"(Intercept)": 1.0, "time": 12.0, "age": at["age"][0], "mood": 0.5, "time:age": 12 * at["age"][0]}
    x["form" + str(at["form"][0])] = 1.0
    row = np.array([*(x.get(name, 0.0) for name in design.fixed_names), *np.zeros(2 * clients)])
    row[p + 14 : p + 16] = [1.0, 12.0]
    line = row @ errors @ row
    assert found.expected[0] == pytest.approx(row @ solution, rel=1e-8)
    assert found.line_high[0] - found.expected[0] == pytest.approx(NORMAL_90 * np.sqrt(line), rel=1e-8)
    assert found.score_high[0] - found.expected[0] == pytest.approx(NORMAL_90 * np.sqrt(line + sigma2), rel=1e-8)


def test_a_client_without_scores_is_a_new_client(slept):
    design, fit = slept
    none = {"Days": np.array([]), "Reaction": np.array([])}
    at = {"Days": np.arange(4.0)}
    known, new = expected_course_of(design, fit, none, at, level=0.8), expected_course(design, fit, at, level=0.8)
    assert known.expected == pytest.approx(new.expected)
    assert known.line_low == pytest.approx(new.line_low)
    assert known.score_high == pytest.approx(new.score_high)


@pytest.mark.parametrize(
    ("at", "level", "says"),
    [
        ({"Day": np.arange(3.0)}, 0.9, "no column Days"),
        ({"Days": np.array([1.0, np.nan])}, 0.9, "misses a number"),
        ({"Days": np.array(["a", "b"])}, 0.9, "text"),
        ({"Days": np.arange(3.0)}, 1.0, "between 0 and 1"),
    ],
)
def test_points_that_do_not_fit_are_refused(slept, at, level, says):
    with pytest.raises(ValueError, match=says):
        expected_course(*slept, at, level=level)


def test_a_missing_score_is_not_taken_for_one(slept):
    design, fit = slept
    with pytest.raises(ValueError, match="Leave out the rows"):
        expected_course_of(
            design, fit, {"Days": np.arange(2.0), "Reaction": np.array([1.0, np.nan])}, {"Days": np.ones(1)}, level=0.9
        )


def test_a_level_the_model_does_not_know_is_refused():
    design = build_design(two_level_set(), outcome="score", client="client", fixed="time + form", random="1")
    fit = fit_design(design, method="ml")
    with pytest.raises(ValueError, match="levels the model does not know: 'group'"):
        expected_course(design, fit, {"time": np.ones(1), "form": np.array(["group"])}, level=0.9)


def test_arrays_will_do_where_there_are_no_formulas(slept):
    _, fit = slept
    points = np.array([[1.0, 3.0]])
    assert band_of_new_client(fit, points, points, group="Subject", level=0.5).expected[0] == pytest.approx(
        282.807, abs=1e-3
    )
