"""Truth and bias of many dyads against lme4, and against seeded dyads whose bias and tracking are known."""

import csv
import doctest
import json
from pathlib import Path

import numpy as np
import pytest

from openrapport.analysis import congruence_dyads as module
from openrapport.analysis.congruence import congruence
from openrapport.analysis.congruence_dyads import congruence_of_dyads
from openrapport.analysis.least_squares import NotEstimable

# lme4 stops when its optimiser is content: about four digits of a correlation, more of everything else.
AS_IN_LME4 = 1e-4
REFERENCE = Path(__file__).parents[4] / "tests" / "reference"
FROM_R = json.loads((REFERENCE / "relations.json").read_text())["truth_bias"]


@pytest.fixture(scope="module")
def found():
    with (REFERENCE / "relations.csv").open() as file:
        rows = list(csv.DictReader(file))
    client, therapist = ([float(row[name]) for row in rows] for name in ("client", "therapist"))
    return congruence_of_dyads(client, therapist, [row["person"] for row in rows])


def test_the_average_dyad_is_that_of_lme4(found):
    effects = [found.bias, found.tracking]
    assert [effect.estimate for effect in effects] == pytest.approx(FROM_R["all"], rel=AS_IN_LME4)
    assert [effect.se for effect in effects] == pytest.approx(FROM_R["all_se"], rel=AS_IN_LME4)
    assert found.bias.df == 23


def test_how_dyads_differ_is_that_of_lme4(found):
    assert [found.bias_sd, found.tracking_sd] == pytest.approx(FROM_R["sd"], rel=AS_IN_LME4)
    assert found.correlation == pytest.approx(FROM_R["corr"], rel=AS_IN_LME4)
    assert found.residual_sd == pytest.approx(FROM_R["residual_sd"], rel=AS_IN_LME4)
    assert found.converged


def test_each_dyad_alone_is_what_congruence_says():
    client = [30, 34, 32, 36, 20, 22, 25, 28, 28, 28]
    therapist = [29, 31, 30, 32, 24, 24, 27, 27, 28, 30]
    dyad = ["a"] * 4 + ["b"] * 3 + ["c"] * 3
    found = congruence_of_dyads(client, therapist, dyad)
    alone = congruence(client[:4], therapist[:4])
    assert found.dyads[0].bias == pytest.approx(alone.bias.estimate)
    assert found.dyads[0].tracking == pytest.approx(alone.tracking.estimate)
    assert found.dyads[2].tracking is None or found.dyads[2].tracking == pytest.approx(0)
    assert isinstance(found.concordance_of_means, NotEstimable)


def test_known_bias_and_tracking_are_recovered_and_intervals_hold_them():
    # 200 seeded practices of 40 dyads and 8 sessions; true bias -2, tracking .4; 95 % with a standard error of 1.5 %.
    rng = np.random.default_rng(41)
    dyad = np.repeat(np.arange(40), 8)
    drawn = []
    for _ in range(200):
        client = rng.normal(30, 4, 40)[dyad] + rng.normal(0, 2, 320)
        moves = client - (np.bincount(dyad, client) / 8)[dyad]
        bias, tracking = rng.normal(-2, 1.5, 40), rng.normal(0.4, 0.2, 40)
        therapist = client - moves + bias[dyad] + tracking[dyad] * moves + rng.normal(0, 1, 320)
        drawn.append(congruence_of_dyads(client, therapist, dyad))
    for name, truth in (("bias", -2.0), ("tracking", 0.4)):
        effects = [getattr(one, name) for one in drawn]
        assert np.mean([e.estimate for e in effects]) == pytest.approx(truth, abs=3.5 * effects[0].se / 200**0.5)
        assert 0.90 < np.mean([e.low <= truth <= e.high for e in effects]) <= 0.99
    assert np.mean([one.bias_sd for one in drawn]) == pytest.approx(1.5, abs=0.05)
    assert np.mean([one.tracking_sd for one in drawn]) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("client", "therapist", "dyad", "message"),
    [
        ([1, 2, 3], [1, 2, 3], list("aaa"), "For a single dyad"),
        ([1, 1, 2, 2], [1, 2, 3, 4], list("aabb"), "never move"),
        ([1, 2, 3], [1, 2], list("aab"), "different length"),
    ],
)
def test_what_cannot_be_compared_is_refused(client, therapist, dyad, message):
    with pytest.raises(ValueError, match=message):
        congruence_of_dyads(client, therapist, dyad)


def test_the_client_may_be_the_judge():
    client, therapist, dyad = [1, 2, 3, 2, 3, 5, 4, 5, 6], [0, 1, 1, 3, 3, 4, 3, 4, 4], list("aaabbbccc")
    turned = congruence_of_dyads(client, therapist, dyad, judge="client")
    swapped = congruence_of_dyads(therapist, client, dyad)
    assert (turned.bias, turned.tracking) == (swapped.bias, swapped.tracking)
    assert turned.bias.estimate == pytest.approx(-congruence_of_dyads(client, therapist, dyad).bias.estimate)


def test_rows_lacking_a_rating_are_left_out_and_counted():
    client, therapist = [1, 2, 3, 2, 3, 5, 4, 5, 6, None], [0, 1, 1, 3, 3, 4, 3, 4, 4, 5]
    assert congruence_of_dyads(client, therapist, list("aaabbbcccc")).dropped == 1


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0
