import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.detector import detector
from openrapport.analysis.one_course import ends_in_rupture
from openrapport.analysis.rupture import rupture

RULE = detector(get_instrument("alliance-adult"))
EVEN = replace(RULE, population=replace(RULE.population, within_df=math.inf))
SCORES = st.lists(st.none() | st.floats(0, 10) | st.integers(0, 70).map(lambda sum_: sum_ / 7), max_size=20)


@pytest.mark.parametrize("rule", [RULE, EVEN], ids=["people differ", "all alike"])
@pytest.mark.parametrize("direction", ["higher_is_better", "lower_is_better"])
@given(series=SCORES)
def test_one_course_is_judged_as_many_are(rule, direction, series):
    many = rupture(series, rule, direction=direction)
    assert ends_in_rupture(series, rule, direction=direction) == (many.open_episode is not None)


def test_courses_that_fall_are_among_those_compared():
    chance = np.random.default_rng(5)
    courses = [list(chance.normal(7, 1.2, 12)) for _ in range(400)]
    ends = [ends_in_rupture(course, RULE, direction="higher_is_better") for course in courses]
    arrays = [rupture(course, RULE, direction="higher_is_better").open_episode is not None for course in courses]
    assert ends == arrays
    assert 5 < sum(ends) < 395


def test_a_drop_is_open_until_a_score_is_back_above_the_line_it_fell_through():
    before = [8.4, 8.6, 8.3, 8.7]
    assert ends_in_rupture([*before, 4.9], RULE, direction="higher_is_better")
    assert ends_in_rupture([*before, 4.9, None, 5.0], RULE, direction="higher_is_better")
    assert not ends_in_rupture([*before, 4.9, 8.5], RULE, direction="higher_is_better")
