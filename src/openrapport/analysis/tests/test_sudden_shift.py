"""Sudden gains and losses against series worked by hand and the published critical values."""

import doctest
import math

import pytest
from scipy.special import stdtrit

from openrapport.analysis import sudden_shift as module
from openrapport.analysis.sudden_shift import CRITICAL_T, sudden_shift

# Worked with pen and paper to four decimals.
BY_HAND = 5e-5

BDI = {"cut": 7, "direction": "lower_is_better"}


def kinds(found):
    return [(shift.kind, shift.before_session, shift.after_session) for shift in found.shifts]


def test_a_gain_with_three_sessions_on_both_sides():
    found = sudden_shift([30, 28, 32, 18, 16, 20], **BDI)
    assert kinds(found) == [("gain", 3, 4)]
    seen = found.intervals[2]
    assert (seen.before, seen.after, seen.improvement) == (32, 18, 14)
    assert seen.share_of_before == pytest.approx(14 / 32)
    # Means 30 and 18, both windows vary with 4: pooled SD 2, and 12 > 2.776 x 2 = 5.553.
    assert (seen.mean_before, seen.mean_after, seen.pooled_sd) == (30, 18, 2)
    assert seen.critical == pytest.approx(2.776, abs=0.0005)
    assert (seen.first, seen.second, seen.third) == (True, True, True)


@pytest.mark.parametrize(
    ("series", "which"),
    [
        ([20, 20, 20, 14, 14, 14], "first"),  # 6 points are fewer than 7
        ([40, 40, 40, 32, 32, 32], "second"),  # 8 points are 20 % of 40
        ([20, 34, 27, 13, 24, 14], "third"),  # means 27 and 17, pooled SD sqrt((98 + 74) / 4) = 6.5574, needs 18.2
    ],
)
def test_each_criterion_can_fail_alone(series, which):
    seen = sudden_shift(series, **BDI).intervals[2]
    assert {name for name in ("first", "second", "third") if not getattr(seen, name)} == {which}
    assert seen.kind is None


def test_limits_of_the_first_two_criteria_count_as_reached_and_of_the_third_do_not():
    reached = sudden_shift([28, 28, 28, 21, 21, 21], **BDI).intervals[2]
    assert (reached.improvement, reached.share_of_before, reached.kind) == (7, 0.25, "gain")
    # Pooled SD 2 and a difference of means of 12: beyond a critical value just under 6, not beyond 6 itself.
    series = [30, 28, 32, 18, 16, 20]
    assert sudden_shift(series, **BDI, critical=5.999).gains
    assert not sudden_shift(series, **BDI, critical=6.0).gains


def test_the_critical_value_follows_the_scores_there_are():
    # Published as 2.776, 3.182 and 4.303.
    assert [round(CRITICAL_T[df], 3) for df in (4, 3, 2)] == [2.776, 3.182, 4.303]
    assert all(CRITICAL_T[df] == pytest.approx(stdtrit(df, 0.975), rel=1e-12) for df in CRITICAL_T)
    seen = sudden_shift([30, None, 32, 18, 16, None], **BDI).intervals[2]
    assert (seen.n_before, seen.n_after) == (2, 2)
    # Squares 2 and 2 on 2 degrees of freedom: SD 1.4142; 31 - 17 = 14 > 4.303 x 1.4142 = 6.0850
    assert seen.pooled_sd == pytest.approx(1.4142, abs=BY_HAND)
    assert seen.critical == CRITICAL_T[2]
    assert seen.kind == "gain"


def test_a_missing_score_pools_with_its_own_weight():
    seen = sudden_shift([30, None, 32, 18, 16, 20], **BDI).intervals[2]
    # Squares 2 + 8 on 3 degrees of freedom.
    assert seen.pooled_sd == pytest.approx(math.sqrt(10 / 3), abs=BY_HAND)
    assert seen.critical == CRITICAL_T[3]


def test_the_article_uses_one_critical_value_throughout():
    # Means 30 and 20.5, squares 8 + 24.5 on 3 degrees of freedom: SD 3.2914; 9.5 lies between 2.776 SD and 3.182 SD.
    series = [28, 30, 32, 17, 24]
    assert sudden_shift(series, **BDI, critical=2.776).intervals[2].kind == "gain"
    assert sudden_shift(series, **BDI).intervals[2].kind is None


def test_the_second_interval_is_the_first_that_can_count_and_the_last_but_one_the_last():
    steep = sudden_shift([40, 20, 20, 20], **BDI)
    assert [seen.third for seen in steep.intervals] == [None, False, None]
    assert steep.intervals[0].n_before == 1
    assert not steep.shifts
    assert kinds(sudden_shift([40, 40, 20, 20], **BDI)) == [("gain", 2, 3)]


def test_without_one_of_the_two_scores_nothing_is_judged():
    found = sudden_shift([30, 30, None, 10, 10], **BDI)
    assert [seen.kind for seen in found.intervals] == [None] * 4
    assert (found.intervals[1].first, found.intervals[2].improvement) == (None, None)


def test_a_loss_is_the_same_the_other_way_round():
    found = sudden_shift([18, 16, 20, 34, 32, 30], **BDI)
    assert kinds(found) == [("loss", 3, 4)]
    assert found.losses[0].improvement == -14
    assert not found.gains


def test_a_quarter_of_the_score_before_counts_for_losses_too():
    assert not sudden_shift([40, 40, 40, 48, 48, 48], **BDI).losses
    assert sudden_shift([40, 40, 40, 50, 50, 50], **BDI).losses


def test_where_higher_is_better_a_rise_is_the_gain():
    found = sudden_shift([18, 16, 20, 34, 32, 30], cut=7, direction="higher_is_better")
    assert [(shift.kind, shift.improvement) for shift in found.shifts] == [("gain", 14)]


@pytest.mark.parametrize(
    ("later", "reversed_at"), [([16, 20, 24], None), ([16, 20, 25], 7), ([16, 18, 25, 11], 7), ([4, 2, 0], None)]
)
def test_a_gain_is_reversed_when_half_of_it_is_lost(later, reversed_at):
    found = sudden_shift([30, 28, 32, 18, *later], **BDI)
    assert found.gains[0].reversed_at == reversed_at


def test_a_loss_is_reversed_when_half_of_it_is_regained():
    found = sudden_shift([18, 16, 20, 34, 32, 30, 27], **BDI)
    assert found.losses[0].reversed_at == 7


def test_session_numbers_are_those_given():
    found = sudden_shift([30, 28, 32, 18, 16, 20], **BDI, sessions=[2, 4, 5, 9, 10, 12])
    assert kinds(found) == [("gain", 5, 9)]


@pytest.mark.parametrize(
    ("series", "changed", "message"),
    [
        ([1, 2, 3], {"cut": 0}, "The cut is"),
        ([1, 2, 3], {"share": 25}, "The share"),
        ([1, 2, 3], {"critical": -1}, "The critical value"),
        ([1, -2, 3], {}, "finite number of 0 or more"),
        ([1, math.nan, 3], {}, "finite number of 0 or more"),
        ([1, 2, 3], {"sessions": [1, 1, 2]}, "must rise"),
    ],
)
def test_senseless_input_is_refused(series, changed, message):
    with pytest.raises(ValueError, match=message):
        sudden_shift(series, **{**BDI, **changed})


def test_an_empty_course_has_no_intervals():
    assert sudden_shift([], **BDI).intervals == ()


def test_the_example_of_the_docstring():
    assert doctest.testmod(module).failed == 0
