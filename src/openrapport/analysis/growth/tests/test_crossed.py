"""Crossed factors: against lme4 on sets where clients change therapist, on Penicillin and on a part of InstEval."""

from __future__ import annotations

import doctest
import itertools
from dataclasses import replace

import numpy as np
import pytest

from openrapport.analysis.growth import crossed, crossed_sums
from openrapport.analysis.growth.crossed import CrossedCriterion, crossed_estimates, fit_crossed
from openrapport.analysis.growth.linked_blocks import link_levels, root_of
from openrapport.analysis.growth.standard_columns import standardise
from openrapport.analysis.growth.tests.references import (
    codes,
    deviance_of_the_whole_matrix,
    distance,
    read_columns,
    read_reference,
)
from openrapport.analysis.growth.tests.small_sets import grouping, small_set, three_level_design
from openrapport.analysis.growth.three_levels import fit_three_levels, therapist_estimates
from openrapport.analysis.growth.variance_search import find_lowest, starts

# The agreed bound on how far our deviance may lie above lme4's.
NO_HIGHER = 1e-8
# The agreed bound on estimates, where lme4 has found the minimum to this deviance: it is flat there to second order.
ESTIMATES, SAME_MINIMUM = 1e-4, 1e-9
# A correlation of one is approached, not reached, by lme4: on its singular fit with slopes it stops within this.
NEAR_THE_BOUNDARY = 2e-3
# Central differences of a deviance near 100, with steps of 1e-5.
DIFFERENCES = 2e-5


def moved(number: int, *, slopes: bool):
    """Set `number` of growth_crossed.R: some clients' later rows are with the next therapist; rows fall into rooms."""
    design = small_set(number)
    client, therapist, t = design.client.codes, design.therapist.codes, design.x[:, 1]
    away = ((client + 1) % 3 == 0) & (t >= np.bincount(client)[client] / 2)
    therapist = np.where(away, (therapist + 1) % (therapist.max() + 1), therapist)
    room = ((np.arange(len(t)) + 1) * 7 + (client + 1) * 3) % 4
    return three_level_design(
        design.y, t, client, codes(therapist), slopes=slopes, covariate=design.x[:, 2], crossed={"room": room}
    )


@pytest.mark.long
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_clients_who_change_therapist_are_fitted_nowhere_above_lme4(method):
    same = 0
    for told in read_reference("growth_crossed.json")["moved"]:
        fit = fit_crossed(moved(told["number"], slopes=told["slopes"]), method=method)
        theirs = told[method]
        assert fit.n_rows == told["rows"]
        assert list(fit.random) == ["client", "therapist", "room"]
        assert fit.deviance <= min(theirs["usual"], theirs["deviance"]) + NO_HIGHER, told["number"]
        assert fit.converged, (told["number"], fit.message)
        if abs(theirs["deviance"] - fit.deviance) < SAME_MINIMUM:
            same += 1
            assert distance(fit, theirs) < ESTIMATES, told["number"]
    assert same > 28


@pytest.fixture(scope="module")
def penicillin():
    columns = read_columns("penicillin.csv")
    y, ones = columns["diameter"], np.ones((len(columns["diameter"]), 1))
    design = three_level_design(
        y, ones[:, 0], codes(columns["plate"]), None, slopes=False, crossed={"sample": codes(columns["sample"])}
    )
    sample = replace(design.crossed["sample"], labels=tuple(np.unique(columns["sample"])))
    plate = replace(design.client, column="plate", labels=tuple(np.unique(columns["plate"])))
    return replace(design, x=ones, fixed_names=("(Intercept)",), client=plate, crossed={"sample": sample})


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_penicillin_agrees_with_lme4(penicillin, method):
    told = read_reference("growth_crossed.json")["penicillin"][method]
    fit = fit_crossed(penicillin, method=method)
    assert fit.deviance == pytest.approx(told["deviance"], abs=NO_HIGHER)
    assert distance(fit, told) < ESTIMATES


def test_samples_of_penicillin_are_shrunk_as_by_lme4(penicillin):
    told = read_reference("growth_crossed.json")["penicillin"]["sample"]
    found = crossed_estimates(penicillin, fit_crossed(penicillin, method="reml"), "sample")
    assert [one.level for one in found] == told["names"]
    assert [one.estimate for one in found] == pytest.approx(told["estimate"], abs=ESTIMATES)
    assert [one.variance for one in found] == pytest.approx(told["variance"], abs=ESTIMATES)
    assert {one.n_rows for one in found} == {24}


def test_the_larger_grouping_may_be_either(penicillin):
    sample = penicillin.crossed["sample"]
    turned = replace(penicillin, client=sample, crossed={"plate": penicillin.client})
    one, two = fit_crossed(penicillin, method="reml"), fit_crossed(turned, method="reml")
    assert (list(one.random), one.n_clients) == (["plate", "sample"], 24)
    assert (list(two.random), two.n_clients) == (["sample", "plate"], 6)
    assert two.deviance == pytest.approx(one.deviance, abs=NO_HIGHER)
    for group in one.random:
        assert two.random[group].sd["(Intercept)"] == pytest.approx(one.random[group].sd["(Intercept)"], abs=ESTIMATES)


def ratings(*names: str, slopes: bool = False):
    columns = read_columns("insteval_part.csv")
    factors = {name: codes(columns[name]) for name in names}
    design = three_level_design(
        columns["y"], columns["service"], codes(columns["s"]), None, slopes=slopes, crossed=factors
    )
    renamed = {"fixed_names": ("(Intercept)", "service"), "client": replace(design.client, column="s")}
    return replace(design, random_names=("(Intercept)", "service")[: 1 + slopes], **renamed)


@pytest.mark.parametrize(
    ("fitted", "names", "slopes", "close", "boundary"),
    [
        ("two", ("d",), False, ESTIMATES, ()),
        ("three", ("d", "dept"), False, ESTIMATES, ("dept",)),
        ("slope", ("d",), True, NEAR_THE_BOUNDARY, ("s",)),
    ],
)
def test_ratings_of_lecturers_agree_with_lme4(fitted, names, slopes, close, boundary):
    told = read_reference("growth_crossed.json")["insteval"][fitted]
    fit = fit_crossed(ratings(*names, slopes=slopes), method="reml")
    assert fit.deviance <= told["deviance"] + NO_HIGHER
    assert fit.deviance == pytest.approx(told["deviance"], abs=1e-4)
    assert distance(fit, told) < close
    assert fit.boundary == boundary


def test_lecturers_are_shrunk_as_by_lme4():
    told = read_reference("growth_crossed.json")["insteval"]["d"]
    design = ratings("d")
    found = crossed_estimates(design, fit_crossed(design, method="reml"), "d")
    assert [one.estimate for one in found] == pytest.approx(told["estimate"], abs=1e-4)
    assert [one.variance for one in found] == pytest.approx(told["variance"], abs=1e-4)


def criterion_of(design, method):
    columns = standardise(design)
    return CrossedCriterion(columns, crossed._sum_up(design, columns, crossed.factors_of(design)), method)


@pytest.mark.parametrize(
    ("number", "slopes", "method", "zero"),
    [(5, True, "reml", False), (8, False, "ml", False), (11, True, "ml", True), (14, False, "reml", True)],
)
def test_the_gradient_is_that_of_differences_at_zero_variance_too(number, slopes, method, zero):
    criterion = criterion_of(moved(number, slopes=slopes), method)
    q, width = criterion.n_random, 1e-5
    root = np.array([[0.8, 0.0], [-0.3, 0.5]])[:q, :q]
    d, factors = root @ root.T, np.array([0.0 if zero else 0.3, 0.1])
    slope = criterion.slopes(criterion.spot(d, factors))
    for i, j in zip(*np.tril_indices(q), strict=True):
        move = np.zeros((q, q))
        move[i, j] = move[j, i] = width
        rise = criterion.spot(d + move, factors).deviance - criterion.spot(d - move, factors).deviance
        assert (1 + (i != j)) * slope.client[i, j] == pytest.approx(rise / (2 * width), abs=DIFFERENCES)
    for index in range(2):
        move = width * np.eye(2)[index]
        # At zero there is only a way up: three points make the slope.
        ahead = [criterion.spot(d, factors + k * move).deviance for k in ((0, 1, 2) if not factors[index] else (-1, 1))]
        rise = (-3 * ahead[0] + 4 * ahead[1] - ahead[2]) if not factors[index] else ahead[1] - ahead[0]
        assert slope.factors[index] == pytest.approx(rise / (2 * width), abs=DIFFERENCES)


def test_nested_therapists_give_the_same_on_both_ways():
    for number, method in itertools.product((3, 5, 12, 42, 160, 288), ("reml", "ml")):
        design = small_set(number)
        one, two = fit_three_levels(design, method=method), fit_crossed(design, method=method)
        assert two.deviance == pytest.approx(one.deviance, abs=NO_HIGHER)
        nested = therapist_estimates(design, one)
        free = crossed_estimates(design, one, "therapist")
        assert [u.estimate for u in free] == pytest.approx([u.estimate for u in nested], abs=1e-9)
        assert [u.variance for u in free] == pytest.approx([u.variance for u in nested], abs=1e-9)


@pytest.mark.parametrize("random", [("t",), ("(Intercept)", "t", "square")])
def test_the_deviance_is_that_of_the_whole_covariance_matrix_for_any_random_columns(random):
    rng = np.random.default_rng(9)
    client, t = np.repeat(np.arange(30), 8), np.tile(np.arange(8.0), 30)
    room, helper = rng.integers(0, 5, 240), rng.integers(0, 7, 240)
    y = 5 + t * rng.normal(1, 1, 30)[client] + rng.normal(0, 2, 5)[room] + rng.normal(0, 1, 240)
    design = three_level_design(y, t, client, None, crossed={"room": room, "helper": helper})
    columns = {"(Intercept)": np.ones(240), "t": t, "square": (t - 3.5) ** 2}
    design = replace(design, z=np.column_stack([columns[name] for name in random]), random_names=random)
    fit = fit_crossed(design, method="reml")
    assert fit.converged
    assert fit.deviance == pytest.approx(deviance_of_the_whole_matrix(design, fit), abs=1e-7)


def simulate(seed: int, students: int, lecturers: int, rows: int):
    """Ratings in the shape of InstEval: truth 3.3, service -.07; SDs students .33, lecturers .5, residual 1.2."""
    rng = np.random.default_rng(seed)
    fame = rng.gamma(0.9, size=lecturers) + 0.02
    student = rng.integers(0, students, rows)
    lecturer = rng.choice(lecturers, size=rows, p=fame / fame.sum())
    service = (rng.random(rows) < 0.43).astype(float)
    y = 3.3 - 0.07 * service + rng.normal(0, 0.33, students)[student] + rng.normal(0, 0.5, lecturers)[lecturer]
    return three_level_design(
        y + rng.normal(0, 1.2, rows), service, student, None, slopes=False, crossed={"lecturer": lecturer}
    )


def test_a_known_truth_is_found_again_and_the_sample_to_start_from_changes_nothing():
    design = simulate(1, 1500, 520, 20_000)
    fit = fit_crossed(design, method="reml")
    assert fit.converged
    assert abs(fit.fixed["t"].estimate + 0.07) < 4 * fit.fixed["t"].se
    assert fit.random["client"].sd["(Intercept)"] == pytest.approx(0.33, abs=0.06)
    assert fit.random["lecturer"].sd["(Intercept)"] == pytest.approx(0.5, abs=0.08)
    assert fit.residual_sd == pytest.approx(1.2, abs=0.03)
    criterion = criterion_of(design, "reml")
    plain = find_lowest(criterion, starts(1, 1)[0], thorough=False)
    assert fit.deviance == pytest.approx(plain.spot.deviance, abs=10 * NO_HIGHER)


def test_levels_that_share_no_client_stand_in_blocks_of_their_own():
    # Clients 0 and 1 link levels 0-3 and 1; client 2 has level 2 alone, client 3 links 4 and 5.
    clients, levels = np.array([0, 0, 1, 2, 3, 3]), np.array([0, 3, 1, 2, 4, 5])
    blocks, place = link_levels(clients, levels, 4, 6)
    assert (blocks.alone, blocks.sizes.tolist()) == (2, [2, 2])
    assert sorted(place[[1, 2]]) == [0, 1]
    entries, whole = np.zeros(blocks.entries), np.zeros((6, 6))
    rng = np.random.default_rng(0)
    for group in ([0, 3], [4, 5], [1], [2]):
        root = rng.normal(size=(len(group), len(group)))
        for (i, a), (j, b) in itertools.product(enumerate(group), repeat=2):
            whole[place[a], place[b]] = (root @ root.T)[i, j]
            entries[blocks.places(np.array([place[a]]), np.array([place[b]]))] = (root @ root.T)[i, j]
    scale = rng.random(6)
    dense = np.eye(6) + scale[:, None] * whole * scale
    root = root_of(blocks, entries, scale)
    right = rng.normal(size=(6, 2))
    assert root.log_det == pytest.approx(np.linalg.slogdet(dense)[1])
    assert root.back_solve(root.half_solve(right)) == pytest.approx(np.linalg.solve(dense, right))
    inverse = root.inverse()
    pairs = np.array([[place[a], place[b]] for a, b in ([0, 3], [4, 5], [1, 1], [5, 5])])
    assert inverse[blocks.places(*pairs.T)] == pytest.approx(np.linalg.inv(dense)[tuple(pairs.T)])


def test_groupings_that_cannot_be_told_apart_are_refused():
    design = moved(5, slopes=False)
    with pytest.raises(ValueError, match="'client' and 'room' put the rows into the same groups"):
        fit_crossed(replace(design, crossed={"room": grouping("room", design.client.codes[::1] * 2)}), method="reml")
    with pytest.raises(ValueError, match="'room' has one level only"):
        fit_crossed(replace(design, crossed={"room": grouping("room", 0 * design.client.codes)}), method="reml")
    with pytest.raises(ValueError, match="Every row is a level of 'room'"):
        fit_crossed(replace(design, crossed={"room": grouping("room", np.arange(len(design.y)))}), method="reml")
    with pytest.raises(ValueError, match="at least one factor"):
        fit_crossed(replace(design, therapist=None, crossed={}), method="reml")
    with pytest.raises(ValueError, match="'ward' is not a factor"):
        crossed_estimates(design, fit_crossed(design, method="reml"), "ward")


def test_what_memory_would_not_hold_is_refused_in_words(monkeypatch):
    design = moved(5, slopes=False)
    monkeypatch.setattr(crossed_sums, "_MOST_PAIRS", 10)
    with pytest.raises(ValueError, match="too many: leave a factor out"):
        fit_crossed(design, method="reml")
    monkeypatch.setattr(crossed_sums, "_MOST_ENTRIES", 10)
    with pytest.raises(ValueError, match="linked levels of crossed factors are too many"):
        fit_crossed(design, method="reml")


def test_the_worked_examples_run():
    assert doctest.testmod(crossed).failed == 0
