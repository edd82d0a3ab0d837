"""A rule set to a share of false alarms flags that share of other people who never change, or says it cannot."""

import doctest
import math
from statistics import NormalDist

import numpy as np
import pytest

from openrapport.analysis import calibration as module
from openrapport.analysis.baseline import Population
from openrapport.analysis.calibration import CALIBRATED, TargetNotReachable, calibrate
from openrapport.analysis.false_alarms import false_alarm_rate
from openrapport.analysis.predictive_rules import Cusum, EmpiricalBayes, Ewma
from openrapport.analysis.rules import Individuals, OwnSd, PointDrop, StricterSd
from openrapport.analysis.simulate import never_changing

PEOPLE = 20_000
# Four standard errors of a share of .05 at 20 000 people, twice: in the people it is set on and those it is told for.
TWICE = 4 * math.sqrt(2 * 0.05 * 0.95 / PEOPLE)
# A quantile of 20 000 values in the tail: four of its standard errors.
QUANTILE = 0.06
# Four standard errors of a share of .026 at 60 000 people, and the same for the people the rule was set on.
RESEMBLING = 0.004

CAPPED = Population(36.5, 3, 2, math.inf, minimum=0, maximum=40)
STEPPED = Population(36.5, 3, 2, math.inf, minimum=0, maximum=40, step=1)
ENDLESS = Population(0, 3, 2, math.inf, minimum=None, maximum=None)

RULES = [
    EmpiricalBayes(CAPPED, z=1, min_sessions=4),
    PointDrop(cut_off=None, drop=1),
    OwnSd(1),
    StricterSd(1, 3),
    Individuals(1),
    Ewma(CAPPED, weight=0.2, width=1),
    Cusum(CAPPED, allowance=0.5, decision=1),
]


def set_to(rule, target, population=CAPPED, **more):
    asked = {"sessions": 12, "people": PEOPLE, "seed": 1, **more}
    return calibrate(rule, population, target, **asked)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_can_be_set_to_one_in_twenty(rule):
    found = set_to(rule, 0.05)
    assert found.parameter == CALIBRATED[rule.name]
    assert found.rate == pytest.approx(0.05, abs=TWICE)
    assert found.low < found.rate < found.high
    assert found.parameters[found.parameter] == found.value == getattr(found.calibrated, found.parameter)
    # The result is what anybody gets who asks for this rule's rate with the same seed.
    again = false_alarm_rate(found.calibrated, CAPPED, sessions=12, people=PEOPLE, seed=1)
    assert (again.rate, again.low, again.high) == (found.rate, found.low, found.high)
    assert found.share_at_ceiling == pytest.approx(0.165, abs=0.01)


def test_on_an_endless_scale_the_limit_is_the_normal_quantile():
    # Eight independent surprises: the largest of them beyond z with probability 1 - Phi(z)^8.
    found = set_to(EmpiricalBayes(ENDLESS, z=1, min_sessions=4), 0.1, ENDLESS)
    assert found.value == pytest.approx(NormalDist().inv_cdf(0.9 ** (1 / 8)), abs=QUANTILE)


def test_two_scores_have_a_closed_form():
    found = set_to(PointDrop(cut_off=None, drop=1), 0.05, ENDLESS, sessions=2)
    assert found.value == pytest.approx(math.sqrt(8) * NormalDist().inv_cdf(0.95), abs=QUANTILE * math.sqrt(8))


def test_the_same_seed_sets_the_same_number():
    assert set_to(OwnSd(1), 0.1) == set_to(OwnSd(1.7), 0.1)


def test_where_lower_is_better_the_mirror_image_is_set_the_same():
    rule = PointDrop(cut_off=None, drop=1)
    mirrored = Population(3.5, 3, 2, math.inf, minimum=0, maximum=40)
    found = set_to(rule, 0.05, mirrored, direction="lower_is_better")
    assert found.value == pytest.approx(set_to(rule, 0.05).value, abs=0.2)
    assert found.rate == pytest.approx(0.05, abs=TWICE)


def test_longer_courses_need_a_stricter_number():
    rule = EmpiricalBayes(CAPPED, z=1, min_sessions=3)
    values = [set_to(rule, 0.05, sessions=sessions).value for sessions in (4, [4, 20], 20)]
    assert values == sorted(values)


def test_whole_points_cannot_give_every_share_and_the_nearest_is_told():
    with pytest.raises(TargetNotReachable, match=r"the nearest reachable is 0\.0") as refused:
        set_to(PointDrop(cut_off=None, drop=1), 0.05, STEPPED)
    more, fewer = sorted(refused.value.nearest, key=lambda one: -one.rate)
    assert more.rate > 0.05 > fewer.rate
    assert math.ceil(fewer.value) - math.ceil(more.value) == 1
    for one in (more, fewer):
        assert set_to(PointDrop(None, 1), one.rate, STEPPED).rate == pytest.approx(one.rate, abs=TWICE)


def test_a_cut_off_that_flags_too_many_by_itself_cannot_be_mended_by_the_drop():
    with pytest.raises(TargetNotReachable, match=r"0\.80.. however large the drop"):
        set_to(PointDrop(cut_off=36, drop=1), 0.05)


def test_a_rule_that_never_judges_flags_nobody_whatever_its_number():
    with pytest.raises(TargetNotReachable, match=r"the nearest reachable is 0\.0000") as refused:
        set_to(EmpiricalBayes(CAPPED, z=1, min_sessions=4), 0.05, sessions=4)
    assert len(refused.value.nearest) == 1


# Set to 1 % over 12 independent sessions, then met by people whose neighbouring sessions correlate .3: charts that add
# up flag 2 to 3 in a hundred, single surprises no more than before.
@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (Ewma(CAPPED, weight=0.2, width=1), 0.021),
        (Cusum(CAPPED, allowance=0.5, decision=1), 0.026),
        (EmpiricalBayes(CAPPED, z=1, min_sessions=4), 0.0085),
        (PointDrop(cut_off=None, drop=1), 0.0016),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_sessions_that_resemble_each_other_change_a_share_of_one_in_a_hundred(rule, found):
    alone = set_to(rule, 0.01, people=60_000)
    resembling = false_alarm_rate(alone.calibrated, CAPPED, sessions=12, people=60_000, seed=1, autocorrelation=0.3)
    assert resembling.rate == pytest.approx(found, abs=RESEMBLING)
    assert resembling.autocorrelation == 0.3


def test_set_on_sessions_that_resemble_each_other_the_share_is_right_again():
    found = set_to(Cusum(CAPPED, allowance=0.5, decision=1), 0.05, autocorrelation=0.3)
    assert found.rate == pytest.approx(0.05, abs=TWICE)
    assert found.value > set_to(Cusum(CAPPED, allowance=0.5, decision=1), 0.05).value


def test_neighbouring_sessions_correlate_as_asked_and_vary_as_before():
    alike = Population(0, 0, 2, math.inf, minimum=None, maximum=None)
    scores = never_changing(alike, sessions=6, people=50_000, rng=np.random.default_rng(3), autocorrelation=0.3)
    correlations = np.corrcoef(scores.T)
    assert np.diag(correlations, 1) == pytest.approx(0.3, abs=0.02)
    assert np.diag(correlations, 2) == pytest.approx(0.09, abs=0.02)
    assert scores.std(axis=0) == pytest.approx(2, abs=0.03)


@pytest.mark.parametrize(
    ("rule", "target", "more", "words"),
    [
        (OwnSd(1), 0, {}, "above 0 and below 1"),
        (OwnSd(1), 1, {}, "above 0 and below 1"),
        (OwnSd(1), 0.05, {"people": 100}, "simulate more people"),
        (PointDrop(cut_off=36, drop=None), 0.05, {}, "set by its drop"),
        (OwnSd(1), 0.05, {"sessions": []}, "at least one person"),
        (OwnSd(1), 0.05, {"autocorrelation": 1}, "between -1 and 1"),
    ],
)
def test_a_senseless_wish_is_refused(rule, target, more, words):
    with pytest.raises(ValueError, match=words):
        set_to(rule, target, **more)


def test_the_examples_in_the_text_run():
    assert doctest.testmod(module).failed == 0
