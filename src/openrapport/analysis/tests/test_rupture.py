"""Every rule on hand-worked courses: where it begins, how deep, how long, whether it came back."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.analysis.baseline import Population
from openrapport.analysis.charts import cusum_chart, ewma_chart
from openrapport.analysis.predictive_rules import Cusum, EmpiricalBayes, Ewma
from openrapport.analysis.rules import Individuals, OwnSd, PointDrop, Rule, StricterSd
from openrapport.analysis.rupture import rupture, sweep

# Worked on paper to three decimals.
BY_HAND = 0.0006

PEOPLE = Population(mean=8, between_sd=1, within_sd=2, within_df=math.inf, minimum=None, maximum=None)
# Nothing to learn about a person: every expectation is the population's, as in a plain control chart.
ALL_ALIKE = Population(mean=0, between_sd=0, within_sd=1, within_df=math.inf, minimum=None, maximum=None)
ONE_DIP = [8, 8, 8, 8, 3, 8, 8, 8, 8]  # mean 7.444, SD 1.667, mean moving range 1.25

RULES: list[Rule] = [
    PointDrop(cut_off=6, drop=2),
    PointDrop(cut_off=None, drop=1.5),
    OwnSd(1),
    OwnSd(2),
    StricterSd(1, 1.2),
    Individuals(3),
    EmpiricalBayes(PEOPLE, z=1.5, min_sessions=2),
    EmpiricalBayes(replace(PEOPLE, within_df=5), z=1.5, min_sessions=0),
    Ewma(PEOPLE, weight=0.3, width=1.5),
    Cusum(PEOPLE, allowance=0.5, decision=1.5),
]
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=[f"{rule.name}-{n}" for n, rule in enumerate(RULES)])
SERIES = st.lists(st.one_of(st.none(), st.integers(0, 10)), min_size=0, max_size=14)


def onsets(series, rule, direction="higher_is_better"):
    return [episode.onset for episode in rupture(series, rule, direction=direction).episodes]


def test_a_drop_of_exactly_the_points_asked_for_counts():
    found = rupture([9.2, 8.2, 8.9, 8.0], PointDrop(cut_off=None, drop=1), direction="higher_is_better")
    (episode,) = found.episodes
    assert (episode.onset, episode.recovered_at, episode.length, episode.pattern) == (2, 3, 1, "v_shape")
    assert episode.depth == pytest.approx(1)
    assert episode.limit == pytest.approx(8.2)


def test_a_score_at_the_cut_off_is_not_below_it():
    assert onsets([36, 36, 35.9], PointDrop(cut_off=36, drop=None)) == [3]


def test_the_very_first_score_can_lie_below_a_cut_off():
    (episode,) = rupture([30, 38], PointDrop(cut_off=36, drop=1), direction="higher_is_better").episodes
    assert (episode.onset, episode.reference, episode.depth, episode.repaired) == (1, 36, 6, True)


def test_standard_deviation_rules_on_one_dip():
    one = rupture(ONE_DIP, OwnSd(1), direction="higher_is_better").episodes[0]
    two = rupture(ONE_DIP, OwnSd(2), direction="higher_is_better").episodes[0]
    assert (one.onset, two.onset) == (5, 5)
    assert one.limit == pytest.approx(7.4444 - 1.6667, abs=BY_HAND)
    assert two.limit == pytest.approx(7.4444 - 3.3333, abs=BY_HAND)
    assert one.statistic == pytest.approx(-8 / 3)
    assert one.depth == pytest.approx(4.4444, abs=BY_HAND)
    assert onsets(ONE_DIP, OwnSd(3)) == []


def test_the_stricter_of_two_spreads_asks_for_the_larger_drop():
    assert onsets(ONE_DIP, StricterSd(1, between_sd=3)) == [5]
    assert onsets(ONE_DIP, StricterSd(2, between_sd=3)) == []
    (episode,) = rupture(ONE_DIP, StricterSd(2, between_sd=0.1), direction="higher_is_better").episodes
    assert episode.limit == pytest.approx(7.4444 - 3.3333, abs=BY_HAND)


def test_an_individuals_chart_on_one_dip():
    # 3 x 1.25 / 1.1284 = 3.3234
    (episode,) = rupture(ONE_DIP, Individuals(3), direction="higher_is_better").episodes
    assert episode.limit == pytest.approx(7.4444 - 3.3234, abs=BY_HAND)


def test_a_course_that_never_moves_is_never_a_rupture():
    for rule in (OwnSd(1), Individuals(3), PointDrop(None, 1), EmpiricalBayes(PEOPLE, 2, 1)):
        assert onsets([8] * 10, rule) == []


def test_empirical_bayes_draws_its_line_where_the_formulas_say():
    # After 5, 7, 5, 7: expected 7, predictive variance 4.5, line 7 - 2 x 2.1213 = 2.757.
    rule = EmpiricalBayes(PEOPLE, z=2, min_sessions=4)
    found = rupture([5, 7, 5, 7, 2.7], rule, direction="higher_is_better")
    assert found.judgements[4].reference == pytest.approx(7)
    assert found.episodes[0].limit == pytest.approx(2.757, abs=BY_HAND)
    assert onsets([5, 7, 5, 7, 2.8], rule) == []


def test_empirical_bayes_waits_for_enough_earlier_scores():
    rule = EmpiricalBayes(PEOPLE, z=2, min_sessions=4)
    found = rupture([8, 0, None, 8, 8, 0], rule, direction="higher_is_better")
    assert [judgement.limit is None for judgement in found.judgements] == [True] * 5 + [False]
    assert [episode.onset for episode in found.episodes] == [6]


def test_a_rupture_lasts_until_a_score_is_back_over_the_line_it_crossed():
    rule = EmpiricalBayes(PEOPLE, z=2, min_sessions=3)
    found = rupture([8, 8, 8, 2, None, 3, 1, 8, 8], rule, direction="higher_is_better")
    (episode,) = found.episodes
    assert (episode.onset, episode.length, episode.worst_score, episode.recovered_at) == (4, 3, 1, 8)
    assert (episode.repaired, episode.pattern) == (True, "u_shape")
    assert [judgement.in_rupture for judgement in found.judgements] == [s in (4, 6, 7) for s in range(1, 10)]
    assert found.open_episode is None


def test_a_rupture_that_does_not_come_back_stays_open():
    found = rupture([8, 8, 8, 2, 2, 2, 2, 2, 2, 2], EmpiricalBayes(PEOPLE, 2, 3), direction="higher_is_better")
    assert found.open_episode is not None
    assert (found.open_episode.length, found.open_episode.pattern) == (7, "not_repaired")


def test_scores_inside_a_rupture_do_not_become_what_is_usual():
    found = rupture([8, 8, 8, 2, 2, 8, 8], EmpiricalBayes(PEOPLE, 2, 3), direction="higher_is_better")
    assert found.judgements[6].reference == pytest.approx(8)


def test_there_can_be_two_ruptures():
    assert onsets([8, 8, 8, 1, 8, 8, 1, 8], EmpiricalBayes(PEOPLE, 2, 3)) == [4, 7]
    assert onsets([9, 7, 9, 7], PointDrop(None, 2)) == [2, 4]


def test_ewma_agrees_with_the_chart_of_the_same_numbers():
    z = [0.2, -1.4, -0.3, -1.9, -1.2, -1.1, 0.4]
    chart = ewma_chart(z, weight=0.2, width=1.9)
    found = rupture(z, Ewma(ALL_ALIKE, weight=0.2, width=1.9), direction="higher_is_better")
    # The average goes .04, -.248, -.258, -.587; its fourth limit is 1.9 x .304 = .578.
    first = int(np.argmax(chart.low))
    assert found.episodes[0].onset == first + 1 == 4
    assert found.episodes[0].statistic == pytest.approx(chart.values[first])


def test_cusum_agrees_with_the_chart_of_the_same_numbers():
    z = [0.2, -1.4, -0.3, -1.9, -1.2, -1.1, 0.4]
    chart = cusum_chart(z, allowance=0.5, decision=2.5)
    found = rupture(z, Cusum(ALL_ALIKE, allowance=0.5, decision=2.5), direction="higher_is_better")
    first = int(np.argmax(chart.low))
    assert found.episodes[0].onset == first + 1 == 5
    assert found.episodes[0].statistic == pytest.approx(chart.downward[first])


def test_charts_start_afresh_after_an_alarm():
    z = [-3.0, -3.0, 0.5, -1.4, -1.4, -1.4, -1.4]
    found = rupture(z, Cusum(ALL_ALIKE, allowance=0.5, decision=3), direction="higher_is_better")
    # Sums 2.5, 5.0 (alarm), recovered and 0 again, then .9, 1.8, 2.7, 3.6 (alarm).
    assert [episode.onset for episode in found.episodes] == [2, 7]


def test_where_lower_is_better_a_rise_is_the_rupture():
    found = rupture([20, 21, 19, 38, 20], PointDrop(cut_off=30, drop=None), direction="lower_is_better")
    (episode,) = found.episodes
    assert (episode.onset_score, episode.reference, episode.limit, episode.depth) == (38, 19, 30, 19)


def test_the_result_says_which_rule_with_which_numbers():
    found = rupture([8, 8], EmpiricalBayes(PEOPLE, z=2, min_sessions=4), direction="higher_is_better")
    assert found.rule == "empirical-bayes"
    assert found.parameters["z"] == 2
    assert found.parameters["between_sd"] == 1


def test_session_numbers_are_the_callers():
    found = rupture([8, 8, 2], PointDrop(None, 3), direction="higher_is_better", sessions=[2, 5, 9])
    assert found.episodes[0].onset == 9


@pytest.mark.parametrize("sessions", [[1, 2], [1, 1, 2], [3, 2, 1]])
def test_session_numbers_that_do_not_rise_are_refused(sessions):
    with pytest.raises(ValueError, match="must rise"):
        rupture([8, 8, 2], PointDrop(None, 3), direction="higher_is_better", sessions=sessions)


@pytest.mark.parametrize(("cut_off", "drop"), [(None, None), (None, 0), (3, -1)])
def test_a_point_rule_without_its_number_is_refused(cut_off, drop):
    with pytest.raises(ValueError, match="point-drop needs"):
        PointDrop(cut_off, drop)


@EVERY_RULE
@given(SERIES)
def test_every_rule_sees_the_mirror_image_where_lower_is_better(rule, series):
    mirrored = rule
    if isinstance(rule, PointDrop) and rule.cut_off is not None:
        mirrored = replace(rule, cut_off=-rule.cut_off)
    elif hasattr(rule, "population"):
        mirrored = replace(rule, population=replace(rule.population, mean=-rule.population.mean))
    turned = [None if score is None else -score for score in series]
    straight = rupture(series, rule, direction="higher_is_better").episodes
    found = rupture(turned, mirrored, direction="lower_is_better").episodes
    assert [(e.onset, e.recovered_at, e.length) for e in straight] == [
        (e.onset, e.recovered_at, e.length) for e in found
    ]
    assert [e.depth for e in straight] == pytest.approx([e.depth for e in found])


@EVERY_RULE
@given(SERIES)
def test_every_rule_gives_episodes_that_hold_together(rule, series):
    found = rupture(series, rule, direction="higher_is_better")
    for episode in found.episodes:
        assert episode.onset_score <= episode.limit + 1e-6
        assert episode.depth > 0
        assert episode.worst_score <= episode.onset_score
        assert episode.length >= 1
        assert episode.repaired == (episode.recovered_at is not None)
        if episode.recovered_at is not None:
            back = series[episode.recovered_at - 1]
            assert back is not None
            assert back >= episode.limit - 1e-6
    assert all(not episode.repaired for episode in found.episodes[-1:]) == (
        found.open_episode is not None or not found.episodes
    )


@pytest.mark.parametrize("rule", [rule for rule in RULES if hasattr(rule, "population") or isinstance(rule, PointDrop)])
@given(SERIES, st.integers(0, 14))
def test_a_rule_for_use_during_therapy_needs_nothing_from_later(rule, series, known):
    all_along = rupture(series, rule, direction="higher_is_better").judgements
    at_the_time = rupture(series[:known], rule, direction="higher_is_better").judgements
    assert all_along[: len(at_the_time)] == at_the_time


@EVERY_RULE
def test_many_people_at_once_give_the_same_as_one_by_one(rule):
    rng = np.random.default_rng(3)
    scores = np.round(rng.normal(7, 2, (30, 12)))
    scores[rng.random(scores.shape) < 0.15] = np.nan
    together = sweep(scores, rule, sign=1.0)
    for person, row in enumerate(scores):
        alone = rupture([None if np.isnan(s) else s for s in row], rule, direction="higher_is_better")
        assert [episode.onset - 1 for episode in alone.episodes] == np.flatnonzero(together.onset[person]).tolist()
