"""Hand-worked cases on both sides of each threshold, with the instruments' own cut-offs."""

from dataclasses import replace

import pytest

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.instrument import COMPONENTS
from openrapport.signals.course import Course, Seen
from openrapport.signals.rates import AUDIENCES, simulate_rates, stated_rate
from openrapport.signals.rules import (
    find_component_low,
    find_different_views,
    find_feedback_missing,
    find_flat_top,
    find_getting_worse,
    find_low_start,
    find_rupture,
)

ADULT = get_instrument("alliance-adult")
EMPTY = Course(
    held=(),
    alliance=ADULT,
    client=(),
    mirror=get_instrument("alliance-therapist"),
    therapist={},
    wellbeing=get_instrument("wellbeing-adult"),
    wellbeing_scores=(),
)


def seen(session: int, total: float | None, **components: float) -> Seen:
    return Seen(session=session, total=total, components=components, at_ceiling=total == 10)


def totals(*values: float | None, first: int = 1) -> Course:
    return replace(EMPTY, client=tuple(seen(first + n, value) for n, value in enumerate(values)))


def test_a_course_of_nothing_finds_nothing():
    rules = (find_rupture, find_component_low, find_low_start, find_different_views, find_flat_top, find_getting_worse)
    assert [rule(EMPTY) for rule in rules] == [None] * len(rules)


def test_rupture_needs_three_earlier_check_ins_and_a_drop_below_the_limit():
    assert find_rupture(totals(8, 8, 2)) is None
    finding = find_rupture(totals(8, 8, 8, 4))
    assert finding is not None
    limit = finding.evidence[0]["limit"]
    assert find_rupture(totals(8, 8, 8, limit + 0.01)) is None
    assert find_rupture(totals(8, 8, 8, limit - 0.01)) is not None


def test_rupture_is_over_once_the_newest_score_is_back():
    assert find_rupture(totals(8, 8, 8, 4, 8)) is None


@pytest.mark.parametrize(("before", "last", "expected"), [(4, 4, True), (5, 4, False), (4, 5, False), (0, 0, True)])
def test_component_low_takes_the_same_component_twice_running(before: float, last: float, expected: bool):
    course = replace(EMPTY, client=(seen(1, 8, trust=before, respect=9), seen(2, 8, trust=last, respect=9)))
    assert (find_component_low(course) is not None) == expected


def test_two_different_components_once_each_are_not_one_component_twice():
    course = replace(EMPTY, client=(seen(1, 8, trust=2, respect=9), seen(2, 8, trust=9, respect=2)))
    assert find_component_low(course) is None


def test_a_skipped_answer_neither_hides_nor_ends_a_low_component():
    course = replace(EMPTY, client=(seen(1, 8, trust=2), seen(2, 8, respect=9), seen(3, 8, trust=3)))
    finding = find_component_low(course)
    assert finding is not None
    assert finding.evidence == ({"component": "trust", "session": 3, "score": 3},)


@pytest.mark.parametrize(
    ("scores", "first", "expected"),
    [((5.99,), 1, True), ((6.0,), 1, False), ((5.5,), 5, True), ((5.5,), 6, False), ((7, 5.5), 5, False)],
)
def test_low_start_speaks_of_runs_that_began_inside_the_window(scores, first: int, expected: bool):
    assert (find_low_start(totals(*scores, first=first)) is not None) == expected


def test_a_fall_after_three_good_check_ins_is_a_rupture_and_not_a_low_start():
    assert find_low_start(totals(8, 8, 5)) is not None
    assert find_low_start(totals(8, 8, 8, 4)) is None
    assert find_rupture(totals(8, 8, 8, 4)) is not None


def test_low_start_stays_while_scores_stay_low_after_the_window():
    assert find_low_start(totals(5, 5, 5, 5, 5, 5.5, 5.8)) is not None
    assert find_low_start(totals(5, 5, 5, 5, 5, 5.5, 6.0)) is None


@pytest.mark.parametrize(
    ("gaps", "expected"), [((2.5, 2.5), True), ((2.5, 2.4), False), ((-3, -2.5), True), ((3, -3), False)]
)
def test_views_differ_twice_running_in_one_direction(gaps: tuple[float, float], expected: bool):
    course = replace(totals(6, 6), therapist={1: 6 + gaps[0], 2: 6 + gaps[1]})
    assert (find_different_views(course) is not None) == expected


def test_views_on_different_scales_are_not_compared():
    course = replace(totals(0, 0), alliance=get_instrument("alliance-child"), therapist={1: 9, 2: 9})
    assert find_different_views(course) is None


def test_flat_top_takes_three_running():
    assert find_flat_top(totals(10, 10)) is None
    assert find_flat_top(totals(9, 10, 10, 10)) is not None
    assert find_flat_top(totals(10, 10, 10, 9.9)) is None


def test_getting_worse_takes_a_reliable_drop_twice_running():
    # Sdiff = sqrt(1.8^2 + 1.1^2) x sqrt(2 x .15) = 1.155; 1.96 x 1.155 = 2.265 points.
    def course(*scores: float) -> Course:
        return replace(EMPTY, wellbeing_scores=tuple((n + 1, score) for n, score in enumerate(scores)))

    assert find_getting_worse(course(6, 3.7, 3.7)) is not None
    assert find_getting_worse(course(6, 3.7, 3.8)) is None
    assert find_getting_worse(course(6, 3.7)) is None


def test_feedback_missing_counts_sessions_held():
    course = replace(totals(8), held=(1, 2, 3, 4))
    assert find_feedback_missing(course, after_sessions=3) is not None
    assert find_feedback_missing(course, after_sessions=4) is None
    assert find_feedback_missing(replace(course, held=(1, 2)), after_sessions=3) is None


@pytest.mark.long
@pytest.mark.parametrize("alliance", AUDIENCES)
def test_stated_rates_hold_when_simulated_with_another_seed(alliance: str):
    people = 3000
    reference = get_instrument(alliance).ref
    for kind, (_, low, high) in simulate_rates(alliance, people=people, seed=7).items():
        stated = stated_rate(kind, reference)
        assert stated is not None
        # Two 95 % intervals of independent simulations: allow the other one's half width again.
        margin = (high - low) / 2 + 0.001
        assert low - margin <= stated.rate <= high + margin, kind
        assert stated.low <= stated.rate <= stated.high


def test_components_are_those_of_the_instruments():
    assert {item.component for item in ADULT.items if item.component} == set(COMPONENTS)
