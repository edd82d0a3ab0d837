"""Clients within therapists: against lme4 on 300 small sets and Pastes, against differences and a known truth."""

from __future__ import annotations

import doctest
import itertools
from dataclasses import replace

import numpy as np
import pytest

from openrapport.analysis.growth import three_levels
from openrapport.analysis.growth.descent import hessian_by_differences
from openrapport.analysis.growth.standard_columns import standardise
from openrapport.analysis.growth.tests.references import (
    codes,
    deviance_of_the_whole_matrix,
    distance,
    read_columns,
    read_reference,
)
from openrapport.analysis.growth.tests.small_sets import grouping, small_set, three_level_design
from openrapport.analysis.growth.three_level_sums import sum_three_levels
from openrapport.analysis.growth.three_levels import (
    NestedCriterion,
    NotNested,
    fit_three_levels,
    therapist_estimates,
)
from openrapport.analysis.growth.variance_search import find_lowest, lower_place, starts

# The agreed bound on how far our deviance may lie above lme4's.
NO_HIGHER = 1e-8
# The agreed bound on estimates, where lme4 has found the minimum: its deviance is flat there to second order, so that
# deviances further apart than this may belong to estimates further apart than that.
ESTIMATES, SAME_MINIMUM = 1e-4, 1e-9
# Central differences of a gradient or a deviance near 100, with steps of 1e-5.
DIFFERENCES = 2e-5

# Where lme4, as it comes, stops on a boundary or beside it though a lower point exists: set, method, how much lower.
FALSE_STOPS = {
    (30, "reml"): 0.07726,
    (42, "ml"): 0.78332,
    (87, "reml"): 0.00324,
    (87, "ml"): 0.00264,
    (111, "reml"): 0.00016,
    (118, "reml"): 0.00047,
    (150, "reml"): 0.11068,
    (155, "ml"): 0.0379,
    (160, "reml"): 0.86723,
    (160, "ml"): 0.83502,
    (173, "reml"): 0.07271,
    (173, "ml"): 0.12583,
    (213, "reml"): 0.65902,
    (217, "reml"): 0.54087,
    (217, "ml"): 0.45841,
    (240, "reml"): 0.6763,
    (267, "ml"): 0.37222,
    (268, "reml"): 0.09197,
    (268, "ml"): 0.06303,
    (283, "reml"): 0.00365,
    (292, "reml"): 0.2622,
    (292, "ml"): 0.28162,
    (294, "reml"): 0.12182,
}


@pytest.mark.long
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_three_hundred_small_sets_lie_nowhere_above_lme4(method):
    same, lower = 0, {}
    for told in read_reference("growth_three_levels.json")["sets"]:
        design = small_set(told["number"])
        assert len(design.y) == told["rows"]
        assert design.y.sum() == pytest.approx(told["sum"], abs=1e-6)
        fit, theirs = fit_three_levels(design, method=method), told[method]
        assert fit.deviance <= min(theirs["usual"], theirs["deviance"]) + NO_HIGHER, told["number"]
        assert fit.converged, (told["number"], fit.message)
        if theirs["usual"] - fit.deviance > 1e-4:
            lower[(told["number"], method)] = round(theirs["usual"] - fit.deviance, 5)
        if abs(theirs["deviance"] - fit.deviance) < SAME_MINIMUM:
            same += 1
            assert distance(fit, theirs) < ESTIMATES, told["number"]
    assert same > 200
    assert lower == {key: value for key, value in FALSE_STOPS.items() if key[1] == method}


@pytest.fixture(scope="module")
def pastes():
    columns = read_columns("pastes.csv")
    y, ones = columns["strength"], np.ones((len(columns["strength"]), 1))
    design = three_level_design(y, ones[:, 0], codes(columns["sample"]), codes(columns["batch"]), slopes=False)
    design = replace(design, x=ones, fixed_names=("(Intercept)",))
    return replace(
        design,
        client=replace(design.client, column="sample"),
        therapist=replace(design.therapist, column="batch", labels=tuple(np.unique(columns["batch"]))),
    )


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_pastes_agrees_with_lme4(pastes, method):
    told = read_reference("growth_three_levels.json")["pastes"][method]
    fit = fit_three_levels(pastes, method=method)
    assert fit.deviance == pytest.approx(told["deviance"], abs=NO_HIGHER)
    assert distance(fit, told) < ESTIMATES
    assert (fit.converged, fit.boundary, fit.message) == (True, (), "Converged.")


def test_batches_of_pastes_are_shrunk_as_by_lme4(pastes):
    told = read_reference("growth_three_levels.json")["pastes"]["batch"]
    found = therapist_estimates(pastes, fit_three_levels(pastes, method="reml"))
    assert [one.therapist for one in found] == told["names"]
    assert [one.estimate for one in found] == pytest.approx(told["estimate"], abs=ESTIMATES)
    assert [one.variance for one in found] == pytest.approx(told["variance"], abs=ESTIMATES)
    assert {(one.n_clients, one.n_rows) for one in found} == {(3, 6)}


@pytest.mark.parametrize(("number", "method"), list(itertools.product((2, 5, 9, 14), ("reml", "ml"))))
def test_the_gradient_is_that_of_differences(number, method):
    design = small_set(number)
    columns = standardise(design)
    criterion = NestedCriterion(columns, sum_three_levels(columns, design.client, design.therapist), method)
    q = criterion.n_random
    root = np.array([[0.8, 0.0], [-0.3, 0.5]])[:q, :q]
    d, factors, width = root @ root.T, np.array([0.3]), 1e-5
    slopes = criterion.slopes(criterion.spot(d, factors))
    for i, j in zip(*np.tril_indices(q), strict=True):
        move = np.zeros((q, q))
        move[i, j] = move[j, i] = width
        rise = criterion.spot(d + move, factors).deviance - criterion.spot(d - move, factors).deviance
        assert (1 + (i != j)) * slopes.client[i, j] == pytest.approx(rise / (2 * width), abs=DIFFERENCES)
    rise = criterion.spot(d, factors + width).deviance - criterion.spot(d, factors - width).deviance
    assert slopes.factors[0] == pytest.approx(rise / (2 * width), abs=DIFFERENCES)


def test_the_deviance_is_that_of_the_whole_covariance_matrix_for_three_random_columns_and_any_units():
    rng = np.random.default_rng(7)
    client = np.repeat(np.arange(30), 8)
    t = np.tile(np.arange(8.0), 30) + 2020
    y = 1e4 + 30 * t + rng.normal(0, 5, 240) + rng.normal(0, 4, 30)[client] + rng.normal(0, 4, 6)[client // 5]
    design = three_level_design(y, t, client, client // 5)
    x = np.column_stack([design.x, rng.normal(50, 10, 30)[client]])
    z = np.column_stack([design.z, (t - 2023) ** 2])
    design = replace(
        design, x=x, z=z, fixed_names=("(Intercept)", "t", "w"), random_names=("(Intercept)", "t", "square")
    )
    fit = fit_three_levels(design, method="reml")
    assert fit.converged
    # Dates of 2020 beside an intercept: the whole matrix of the check itself loses ten digits.
    assert fit.deviance == pytest.approx(deviance_of_the_whole_matrix(design, fit), abs=1e-3)


def test_random_slopes_without_a_random_intercept_are_allowed():
    rng = np.random.default_rng(3)
    client = np.repeat(np.arange(40), 6)
    t = np.tile(np.arange(6.0), 40)
    y = 10 + t * rng.normal(1, 1, 40)[client] + rng.normal(0, 2, 8)[client // 5] + rng.normal(0, 1, 240)
    design = three_level_design(y, t, client, client // 5)
    design = replace(design, z=design.z[:, 1:], random_names=("t",))
    fit = fit_three_levels(design, method="reml")
    assert fit.converged
    assert list(fit.random["client"].sd) == ["t"]
    assert fit.deviance == pytest.approx(deviance_of_the_whole_matrix(design, fit), abs=1e-7)


def test_a_search_that_begins_on_the_boundary_leaves_it_where_the_minimum_lies_inside():
    design = small_set(1)
    columns = standardise(design)
    criterion = NestedCriterion(columns, sum_three_levels(columns, design.client, design.therapist), "reml")
    nowhere = lower_place(np.zeros((1, 1)), np.zeros(1))  # every derivative by a standard deviation vanishes here
    found = find_lowest(criterion, nowhere)
    assert found.certified
    assert found.singular == (False, False)
    assert found.spot.deviance == pytest.approx(fit_three_levels(design, method="reml").deviance, abs=NO_HIGHER)


def test_no_therapist_variance_is_said_and_not_stumbled_over():
    rng = np.random.default_rng(4)
    client = np.repeat(np.arange(48), 5)
    noise = rng.normal(0, 1, 48)
    noise -= noise.reshape(8, 6).mean(axis=1).repeat(6)  # therapists' means alike: less spread than chance gives
    rows = rng.normal(0, 1, 240)
    rows -= rows.reshape(8, 30).mean(axis=1).repeat(30)
    t = np.tile(np.arange(5.0), 48)
    fit = fit_three_levels(
        three_level_design(5 + noise[client] + rows, t, client, client // 6, slopes=False), method="reml"
    )
    assert fit.converged
    assert fit.boundary == ("therapist",)
    assert fit.random["therapist"].sd["(Intercept)"] == 0.0
    assert "therapist shows no spread" in fit.message


def simulate(seed: int, n_clients: int, per_therapist: int):
    """Truth: 58 + 5 t; client SDs 11.5 and 4, correlation -.3; therapist SD 3.2; residual 8. Rows in any order."""
    rng = np.random.default_rng(seed)
    lengths = np.minimum(1 + rng.negative_binomial(1.3, 1.3 / 8.5, n_clients), 60)
    client = np.repeat(np.arange(n_clients), lengths)
    t = np.log(np.arange(len(client)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1)
    therapist = rng.permutation(n_clients) // per_therapist
    z = rng.normal(size=(2, n_clients))
    b0, b1 = 11.5 * z[0], 4 * (-0.3 * z[0] + np.sqrt(1 - 0.09) * z[1])
    u = rng.normal(0, 3.2, n_clients // per_therapist + 1)
    y = 58 + 5 * t + u[therapist[client]] + b0[client] + b1[client] * t + rng.normal(0, 8, len(client))
    order = rng.permutation(len(client))
    design = three_level_design(y[order], t[order], client[order], therapist[client[order]])
    return design, u


def test_a_known_truth_is_found_again_in_many_rows():
    design, u = simulate(1, 30_000, 30)
    fit = fit_three_levels(design, method="reml")
    assert (fit.converged, fit.n_clients, fit.n_rows) == (True, 30_000, len(design.y))
    for name, truth in (("(Intercept)", 58), ("t", 5)):
        assert abs(fit.fixed[name].estimate - truth) < 4 * fit.fixed[name].se
    # Four standard errors of a standard deviation: sd / sqrt(2 n) times what the other levels' noise adds.
    client = fit.random["client"]
    assert client.sd["(Intercept)"] == pytest.approx(11.5, abs=0.3)
    assert client.sd["t"] == pytest.approx(4, abs=0.15)
    assert client.corr[0][1] == pytest.approx(-0.3, abs=0.04)
    assert fit.random["therapist"].sd["(Intercept)"] == pytest.approx(3.2, abs=0.4)
    assert fit.residual_sd == pytest.approx(8, abs=0.06)
    found = therapist_estimates(design, fit)
    z = np.array([(one.estimate - u[int(one.therapist) - 1]) / np.sqrt(one.variance) for one in found])
    assert abs(z.mean()) < 0.15
    assert z.std() == pytest.approx(1, abs=0.1)


def test_the_start_from_a_sample_ends_where_a_plain_start_does():
    design, _ = simulate(2, 21_000, 30)
    columns = standardise(design)
    criterion = NestedCriterion(columns, sum_three_levels(columns, design.client, design.therapist), "reml")
    plain = find_lowest(criterion, starts(2, 1)[0], thorough=False)
    assert fit_three_levels(design, method="reml").deviance == pytest.approx(plain.spot.deviance, abs=NO_HIGHER * 10)


def test_the_order_of_rows_and_unused_labels_change_nothing():
    design = small_set(5)
    order = np.random.default_rng(0).permutation(len(design.y))
    other = replace(
        design,
        y=design.y[order],
        x=design.x[order],
        z=design.z[order],
        client=replace(grouping("client", design.client.codes[order] + 2)),
        therapist=replace(grouping("therapist", design.therapist.codes[order] * 2)),
    )
    one, two = fit_three_levels(design, method="reml"), fit_three_levels(other, method="reml")
    assert one.deviance == pytest.approx(two.deviance, abs=NO_HIGHER)
    assert one.n_clients == two.n_clients
    names = [found.therapist for found in therapist_estimates(other, two)]
    assert names == [str(2 * k + 1) for k in range(len(names))]


def test_clients_with_two_therapists_are_counted_and_refused():
    design = small_set(5)
    therapist = design.therapist.codes.copy()
    moved = np.flatnonzero(np.bincount(design.client.codes) > 1)[:2]
    for client in moved:
        row = np.flatnonzero(design.client.codes == client)[0]
        therapist[row] = (therapist[row] + 1) % 3
    with pytest.raises(NotNested, match="2 clients have more than one therapist") as caught:
        fit_three_levels(replace(design, therapist=grouping("therapist", therapist)), method="reml")
    assert caught.value.clients == 2


@pytest.mark.parametrize(
    ("client", "therapist", "told"),
    [
        (np.arange(12) // 3, np.zeros(12), "one therapist only"),
        (np.arange(12), np.arange(12) // 4, "one row only"),
        (np.arange(12) // 3, np.arange(12) // 3, "one client only"),
    ],
)
def test_levels_that_cannot_be_told_apart_are_refused(client, therapist, told):
    y, t = np.random.default_rng(1).normal(size=12), np.arange(12.0) % 3
    with pytest.raises(ValueError, match=told):
        fit_three_levels(three_level_design(y, t, client, therapist, slopes=False), method="reml")


def test_fixed_columns_that_follow_from_others_and_outcomes_without_noise_are_refused():
    design = small_set(5)
    double = replace(design, x=np.column_stack([design.x[:, :2], 3 * design.x[:, 1] + 1]))
    with pytest.raises(ValueError, match="'w' does not vary, or follows"):
        fit_three_levels(double, method="reml")
    with pytest.raises(ValueError, match=r"random columns .* follow from one another"):
        fit_three_levels(
            replace(design, z=design.x[:, [0, 1, 1]], random_names=("(Intercept)", "t", "u")), method="reml"
        )
    with pytest.raises(ValueError, match="leave nothing of 'y' to explain"):
        fit_three_levels(replace(design, y=2 + design.x[:, 1]), method="reml")
    with pytest.raises(ValueError, match="need a therapist column"):
        fit_three_levels(replace(design, therapist=None), method="reml")


def test_differences_make_second_derivatives():
    def bowl(at):
        return float(at @ at + at[0] * at[1]), lambda: 2 * at + at[::-1]

    found = hessian_by_differences(bowl, np.array([0.5, -1.0]))
    assert found == pytest.approx(np.array([[2.0, 1.0], [1.0, 2.0]]), abs=1e-8)


def test_the_worked_examples_run():
    assert doctest.testmod(three_levels).failed == 0
