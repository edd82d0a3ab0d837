"""A misspelt word never picks the other meaning in silence: a verdict would turn round, an error be another one."""

import math

import pytest

from openrapport.analysis.baseline import Population
from openrapport.analysis.change import clinical_change, reliable_change
from openrapport.analysis.congruence import congruence
from openrapport.analysis.congruence_dyads import congruence_of_dyads
from openrapport.analysis.expected_response import expected_response
from openrapport.analysis.predictive_rules import Cusum, EmpiricalBayes, Ewma
from openrapport.analysis.reliability import alpha
from openrapport.analysis.rules import Individuals, OwnSd, PointDrop, StricterSd
from openrapport.analysis.rupture import rupture
from openrapport.analysis.sudden_shift import sudden_shift
from openrapport.analysis.therapist_effects import therapist_effects
from openrapport.analysis.within_between import within_between

Y, X, WHO = [4, 5.1, 6, 1, 2, 2.9, 7, 7.9, 9], [1, 2, 3, 2, 3, 4, 3, 4, 5], list("aaabbbccc")
PEOPLE = Population(36, 3, 2, math.inf, minimum=0, maximum=40)


@pytest.mark.parametrize(
    "call",
    [
        lambda: reliable_change(30, 50, 7, 0.8, direction="higher"),
        lambda: clinical_change(30, 50, cut_off=40, sd=5, reliability=0.8, direction="up"),
        lambda: clinical_change(30, 50, cut_off=40, sd=5, reliability=0.8, direction=None),
        lambda: rupture([36, 20], PointDrop(cut_off=None, drop=3), direction="higher"),
        lambda: sudden_shift([30, 29, 31, 18, 17, 19], 7, direction="lower"),
        lambda: expected_response([], direction="lower"),
    ],
)
def test_a_direction_is_one_of_two(call):
    with pytest.raises(ValueError, match="direction is 'higher_is_better' or 'lower_is_better'"):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: within_between(Y, X, WHO, method="REML"), "The method is"),
        (lambda: therapist_effects(Y, WHO, method="REML"), "The method is"),
        (lambda: within_between(Y, X, WHO, errors="robust"), "Errors are"),
        (lambda: congruence(X, Y, judge="Therapist"), "The judge is"),
        (lambda: congruence_of_dyads(X, Y, WHO, judge="Client"), "The judge is"),
        (lambda: alpha([[1, 2], [2, None], [3, 3], [4, 5]], missing="drop"), "leave_out"),
    ],
)
def test_a_choice_is_one_of_those_that_there_are(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "rule",
    [
        lambda: OwnSd(-1),
        lambda: OwnSd(math.nan),
        lambda: StricterSd(1, between_sd=-2),
        lambda: Individuals(0),
        lambda: PointDrop(cut_off=math.nan, drop=None),
        lambda: PointDrop(cut_off=None, drop=math.nan),
        lambda: EmpiricalBayes(PEOPLE, z=-2.3, min_sessions=3),
        lambda: Ewma(PEOPLE, weight=1.5, width=3),
        lambda: Cusum(PEOPLE, allowance=-0.5, decision=4),
        lambda: Cusum(PEOPLE, allowance=0.5, decision=math.inf),
    ],
)
def test_a_rule_refuses_parameters_with_which_it_fires_on_anything_or_never(rule):
    with pytest.raises(ValueError, match="needs"):
        rule()
