"""Attendance by hand: four planned Mondays of which one was missed, and other small calendars."""

import doctest
import math
from datetime import UTC, date, datetime

import numpy as np
import pytest

from openrapport.analysis import attendance as module
from openrapport.analysis.attendance import attendance

MONDAYS = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 30)]
ROUNDING = 1e-12


def test_four_planned_sessions_of_which_one_was_missed():
    found = attendance(MONDAYS, [True, True, False, True], until=date(2026, 4, 4))
    assert (found.scheduled, found.attended, found.share) == (4, 3, 0.75)
    # Attended on days 0, 7 and 28: gaps of 7 and 21, mean 14, SD sqrt(98).
    assert (found.median_gap, found.longest_gap, found.open_gap) == (14, 21, 5)
    assert found.gap_variation == pytest.approx(math.sqrt(98) / 14, abs=ROUNDING)


def test_a_fixed_rhythm_has_no_variation():
    found = attendance([0, 7, 14, 21])
    assert (found.median_gap, found.gap_variation, found.longest_gap) == (7, 0, 7)


def test_without_the_plan_the_share_is_unknown_and_not_one():
    found = attendance(MONDAYS)
    assert (found.scheduled, found.share, found.attended) == (None, None, 4)


def test_rows_may_come_in_any_order_and_as_any_kind_of_date():
    shuffled = attendance([MONDAYS[2], MONDAYS[0], MONDAYS[3], MONDAYS[1]], [False, True, True, True])
    assert shuffled == attendance(MONDAYS, [True, True, False, True])
    assert attendance(np.array(MONDAYS, dtype="datetime64[D]")) == attendance(MONDAYS)
    assert attendance([datetime(day.year, day.month, day.day, 9, tzinfo=UTC) for day in MONDAYS]) == attendance(MONDAYS)


def test_lateness_counts_attended_sessions_whose_start_is_known():
    found = attendance([0, 7, 14, 21], [True, True, False, True], minutes_late=[0, 10, 60, None], late_from=10)
    assert (found.late, found.late_of, found.late_from) == (1, 2, 10)


def test_too_few_sessions_leave_gaps_unknown():
    one = attendance([3], [True], until=10)
    assert (one.median_gap, one.gap_variation, one.longest_gap, one.open_gap) == (None, None, None, 7)
    two = attendance([3, 10])
    assert (two.median_gap, two.gap_variation, two.longest_gap) == (7, None, 7)
    none = attendance([3, 10], [False, False], until=12)
    assert (none.share, none.attended, none.median_gap, none.open_gap) == (0, 0, None, None)


def test_two_sessions_on_one_day_are_a_gap_of_nothing():
    found = attendance([5, 5, 5])
    assert (found.median_gap, found.gap_variation) == (0, None)


def test_the_measure_says_that_it_is_our_own():
    assert attendance([1, 2]).measure == "OpenRapport's own"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dates": []}, "at least one session"),
        ({"dates": [1, None]}, "neither a date nor|not both"),
        ({"dates": [1.5]}, "neither a date"),
        ({"dates": np.array(["2026-01-01", "NaT"], dtype="datetime64[D]")}, "has no date"),
        ({"dates": [1, date(2026, 1, 1)]}, "not both"),
        ({"dates": [1, 2], "attended": [True]}, "2 dates but 1 entries"),
        ({"dates": [1, 2], "attended": [True, None]}, "True or False"),
        ({"dates": [1, 9], "until": 8}, "before the last"),
        ({"dates": [1, 9], "minutes_late": [0, 5]}, "from how many minutes"),
        ({"dates": [1, 9], "minutes_late": [0], "late_from": 5}, "2 dates but 1 entries"),
    ],
)
def test_senseless_calendars_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        attendance(**arguments)


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(module).failed == 0
