"""A supervisor's figures: of everybody told, of nobody else, and of no fewer than five people."""

from datetime import timedelta

import pytest

from openrapport.analysis.expected_response import expected_course
from openrapport.audit.actor import Actor
from openrapport.checkins.models import Disclosure
from openrapport.practices.models import Supervision
from openrapport.relationships.models import Relationship
from openrapport.reports.actions import refit_curves
from openrapport.reports.growth_fits import from_row
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.supervision import supervision_figures
from openrapport.reports.suppression import suppress
from openrapport.signals.models import Kind, Signal, SignalState
from tests.cast import NOON, Cast, viewer
from tests.check_ins import live_through
from tests.many_relationships import add_relationships, draw_courses

FIVE = [[7.0, 8, 8], [6, 7, 8], [5, 6, 7], [8, 8, 9], [9, 9]]


def told(cast: Cast, courses: list[list[float]], **how: Disclosure) -> list[Relationship]:
    return add_relationships(cast.willow, cast.maya, courses, told=True, **how)


def raise_signals(relationships: list[Relationship], kind: Kind) -> None:
    Signal.objects.bulk_create(
        Signal(
            relationship=one,
            kind=kind,
            state=SignalState.RAISED,
            raised_at=NOON,
            state_since=NOON,
            rule="views-differ",
            rule_version=1,
            parameters={},
            evidence=[],
            session_number=1,
        )
        for one in relationships
    )


def test_four_people_are_too_few_for_anything_but_their_number(cast: Cast):
    told(cast, FIVE[:3])  # and Sam
    live_through(cast.sam_with_maya, (8, 8))
    figures = supervision_figures(viewer(cast.sol))
    assert figures.relationships == 4
    assert (figures.held, figures.shared, figures.averages) == (None, None, ())


def test_five_people_are_averaged_where_five_of_them_rated(cast: Cast):
    told(cast, FIVE)
    (average,) = supervision_figures(viewer(cast.sol)).averages
    assert average.relationships == 5
    assert average.means == ((1, 7.0), (2, pytest.approx(7.6)))  # the third session has four ratings
    assert average.expected.provisional


def test_one_client_with_two_therapists_is_one_person(cast: Cast):
    first, *rest = told(cast, FIVE)
    Relationship.objects.filter(pk=rest[0].pk).update(client=first.client, therapist=cast.tom)
    Supervision.objects.create(
        practice=cast.willow, supervisor=cast.sol, therapist=cast.tom, since=NOON - timedelta(days=9)
    )
    figures = supervision_figures(viewer(cast.sol))
    assert figures.relationships == 6  # Sam, who has rated nothing, and the five
    assert figures.averages == ()


def test_who_was_not_told_is_in_no_number(cast: Cast):
    told(cast, FIVE)
    before = supervision_figures(viewer(cast.sol))
    raise_signals(add_relationships(cast.willow, cast.maya, draw_courses(10, 3)), Kind.FLAT_TOP)
    add_relationships(cast.willow, cast.tom, draw_courses(10, 3), told=True)
    assert supervision_figures(viewer(cast.sol)) == before


def test_what_was_kept_private_is_not_counted(cast: Cast):
    told(cast, FIVE)
    told(cast, FIVE, disclosure=Disclosure.PRIVATE)
    figures = supervision_figures(viewer(cast.sol))
    assert (figures.held, figures.shared) == (28, 14)
    assert figures.averages[0].relationships == 5


def test_nobody_else_has_figures(cast: Cast):
    told(cast, FIVE)
    for person in (cast.maya, cast.ada, cast.sam, cast.zoe, None):
        figures = supervision_figures(viewer(person))
        assert (figures.relationships, figures.open_signals, figures.averages) == (0, {}, ())


def test_open_signals_count_people_and_hide_the_few(cast: Cast):
    seven = told(cast, draw_courses(7, 2))
    raise_signals(seven, Kind.FLAT_TOP)
    raise_signals(seven[:6], Kind.FEEDBACK_MISSING)
    raise_signals(seven[:2], Kind.LOW_START)
    # Two are hidden, and with them the smaller of the others: else the two were what is missing to the total.
    assert supervision_figures(viewer(cast.sol)).open_signals == {
        "flat_top": 7,
        "feedback_missing": None,
        "low_start": None,
    }


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        ({"a": 5, "b": 9}, {"a": 5, "b": 9}),
        ({"a": 4, "b": 9, "c": 6}, {"a": None, "b": 9, "c": None}),
        ({"a": 4, "b": 1, "c": 6}, {"a": None, "b": None, "c": 6}),
        ({"a": 4, "b": 0}, {"a": None, "b": 0}),
        ({"a": 4}, {"a": None}),
        ({}, {}),
    ],
)
def test_a_hidden_number_cannot_be_worked_out_from_the_others(people: dict, shown: dict):
    assert suppress(people) == shown


def test_with_a_fit_the_expected_average_is_that_of_these_relationships(cast: Cast):
    add_relationships(cast.willow, cast.tom, draw_courses(240, 5))
    starts = [4.0, 5.0, 6.0, 7.0, 9.0]
    told(cast, [[start, 7.0, 7.0] for start in starts])
    told(cast, [[9.0]])
    refit_curves(actor=Actor.system("refit-curves"), now=NOON)
    fit = StoredGrowthFit.objects.get()
    (average,) = supervision_figures(viewer(cast.sol)).averages
    assert average.expected.relationships == fit.n_relationships
    point = average.expected.points[1]
    singles = [expected_course(from_row(fit), one, coverage=0.8, sessions=[3])[0] for one in [*starts, 9.0]]
    assert point.session == 3
    assert point.mean == pytest.approx(sum(one.expected for one in singles) / 6)
    # People who began differently spread wider than any of them alone.
    assert point.high - point.low > max(one.high - one.low for one in singles)


def test_the_number_of_questions_does_not_grow(cast: Cast, django_assert_max_num_queries):
    told(cast, draw_courses(30, 6))
    with django_assert_max_num_queries(6):
        assert supervision_figures(viewer(cast.sol)).averages[0].relationships == 30
