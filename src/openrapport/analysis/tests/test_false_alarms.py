"""How often rules fire on people who never change, against the documented rows and against closed forms."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from openrapport.analysis.baseline import Population, estimate_population
from openrapport.analysis.false_alarms import false_alarm_rate, wilson_interval
from openrapport.analysis.predictive_rules import EmpiricalBayes
from openrapport.analysis.rules import PointDrop
from openrapport.analysis.simulate import never_changing

PEOPLE = 200_000
# Four standard errors of a share at 200 000 people are at most .0045.
SAMPLING = 0.0045

# 12 sessions; person means N(36.5, 3); within-person SD 2; nothing above 40.
TEXTBOOK = Population(36.5, 3, 2, math.inf, minimum=None, maximum=40)
UNBOUNDED = Population(0, 3, 2, math.inf, minimum=None, maximum=None)


def test_below_36_or_a_point_down_flags_nearly_everybody():
    found = false_alarm_rate(PointDrop(cut_off=36, drop=1), TEXTBOOK, sessions=12, people=PEOPLE, seed=1)
    assert found.rate == pytest.approx(0.96, abs=0.005)
    assert found.low < found.rate < found.high
    # The ceiling is crowded: 17 % or so.
    assert found.share_at_ceiling == pytest.approx(0.17, abs=0.01)


def test_empirical_bayes_flags_about_an_eighth():
    courses = never_changing(TEXTBOOK, sessions=12, people=20_000, rng=np.random.default_rng(2))
    estimated = estimate_population(list(courses), minimum=None, maximum=40)
    rule = EmpiricalBayes(estimated, z=2.326, min_sessions=4)
    found = false_alarm_rate(rule, TEXTBOOK, sessions=12, people=PEOPLE, seed=1)
    assert found.rate == pytest.approx(0.12, abs=0.008)


def test_without_a_ceiling_surprises_are_independent():
    # Eight judged scores, each beyond the line with probability Phi(-2.326).
    rule = EmpiricalBayes(UNBOUNDED, z=2.326, min_sessions=4)
    found = false_alarm_rate(rule, UNBOUNDED, sessions=12, people=PEOPLE, seed=4)
    assert found.rate == pytest.approx(1 - (1 - NormalDist().cdf(-2.326)) ** 8, abs=SAMPLING)


def test_one_step_down_has_a_closed_form():
    # The difference of two scores of one person is N(0, 2 x 2^2).
    found = false_alarm_rate(PointDrop(None, 1), UNBOUNDED, sessions=2, people=PEOPLE, seed=5)
    assert found.rate == pytest.approx(NormalDist(0, math.sqrt(8)).cdf(-1), abs=SAMPLING)


def test_where_lower_is_better_the_rate_is_the_same_on_the_mirror_image():
    mirrored = Population(-36.5, 3, 2, math.inf, minimum=-40, maximum=None)
    found = false_alarm_rate(
        PointDrop(cut_off=-36, drop=1), mirrored, sessions=12, people=PEOPLE, seed=6, direction="lower_is_better"
    )
    assert found.rate == pytest.approx(0.96, abs=0.005)
    assert found.share_at_ceiling == pytest.approx(0.17, abs=0.01)


def test_longer_courses_meet_more_false_alarms():
    rates = [
        false_alarm_rate(PointDrop(None, 5), UNBOUNDED, sessions=sessions, people=20_000, seed=7).rate
        for sessions in ([2], [2, 20], [20])
    ]
    assert rates == sorted(rates)
    assert rates[1] == pytest.approx((rates[0] + rates[2]) / 2, abs=0.02)


def test_the_same_seed_gives_the_same_rate():
    first, second = (false_alarm_rate(PointDrop(36, 1), TEXTBOOK, sessions=12, people=1000, seed=8) for _ in range(2))
    assert first == second


def test_wilson_intervals_as_printed():
    # Ten of a hundred: .0552 to .1744; none of ten: 0 to .2775.
    assert wilson_interval(10, 100) == pytest.approx((0.0552, 0.1744), abs=0.00005)
    assert wilson_interval(0, 10) == pytest.approx((0, 0.2775), abs=0.00005)


@pytest.mark.parametrize(("people", "sessions"), [(0, 12), (10, 0), (10, [])])
def test_nobody_has_no_rate(people, sessions):
    with pytest.raises(ValueError, match="at least one person"):
        false_alarm_rate(PointDrop(36, 1), TEXTBOOK, sessions=sessions, people=people, seed=1)
