"""Goal attainment T scores against hand-worked values of the formula of Kiresuk & Sherman 1968."""

import doctest
import math

import numpy as np
import pytest

from openrapport.analysis import goal_attainment as module
from openrapport.analysis.goal_attainment import goal_attainment

# Reference values are given with three decimals.
AS_PRINTED = 0.0005
ROUNDING = 1e-12


def test_three_equal_goals_one_step_better_than_expected():
    # 50 + 10 x 3 / sqrt(.7 x 3 + .3 x 9)
    assert goal_attainment([1, 1, 1], [1, 1, 1]).t_score == pytest.approx(63.693, abs=AS_PRINTED)


def test_three_weighted_goals_of_mixed_success():
    # 50 + 10 x 2 / sqrt(.7 x 14 + .3 x 36)
    found = goal_attainment([1, 0, -1], [3, 2, 1])
    assert found.t_score == pytest.approx(54.407, abs=AS_PRINTED)
    assert found.weighted_mean == pytest.approx(1 / 3, abs=ROUNDING)


def test_goals_that_came_out_as_expected_score_fifty():
    assert goal_attainment(np.zeros(4), [1, 5, 2, 2]).t_score == 50


def test_one_goal_moves_ten_points_a_step():
    assert [goal_attainment([level], [7]).t_score for level in (-2, -1, 0, 1, 2)] == [30, 40, 50, 60, 70]


def test_goals_without_weights_count_alike():
    assert goal_attainment([2, -1]) == goal_attainment([2, -1], [1, 1])


def test_the_size_of_the_weights_does_not_matter_only_their_ratio():
    one, ten = goal_attainment([2, -1, 1], [1, 2, 3]), goal_attainment([2, -1, 1], [10, 20, 30])
    assert one.t_score == pytest.approx(ten.t_score, abs=ROUNDING)


def test_unrelated_goals_spread_scores_more_than_related_ones():
    # rho 0: 50 + 10 x 3 / sqrt(3); rho 1: 50 + 10 x 3 / 3
    assert goal_attainment([1, 1, 1], rho=0).t_score == pytest.approx(50 + 10 * math.sqrt(3), abs=ROUNDING)
    assert goal_attainment([1, 1, 1], rho=1).t_score == pytest.approx(60, abs=ROUNDING)


@pytest.mark.parametrize(
    ("x", "weights", "rho", "words"),
    [
        ([], [], 0.3, "at least one goal"),
        ([1, None], [1, 1], 0.3, "Goal 2 is not rated yet"),
        ([1, math.nan], [1, 1], 0.3, "Goal 2 is not rated yet"),
        ([1, 3], [1, 1], 0.3, "Goal 2 has level 3"),
        ([-2.5], [1], 0.3, "levels run from -2 to"),
        ([1, 1], [1], 0.3, "2 goals but 1 weights"),
        ([1, 1], [1, 0], 0.3, "above 0"),
        ([1, 1], [1, math.nan], 0.3, "above 0"),
        ([1, 1], [1, 1], 1.2, "between 0 and 1"),
    ],
)
def test_senseless_goals_are_refused_with_a_way_out(x, weights, rho, words):
    with pytest.raises(ValueError, match=words):
        goal_attainment(x, weights, rho)


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(module).failed == 0
