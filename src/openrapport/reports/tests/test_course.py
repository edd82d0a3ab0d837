from datetime import timedelta

import pytest

from openrapport.checkins.models import Disclosure, RespondentRole
from openrapport.relationships.actions import move_relationship, record_that_client_was_told_of_supervision
from openrapport.relationships.models import Audience, Relationship, State
from openrapport.reports.course import read_course
from openrapport.reports.standing import Standing, record_of
from openrapport.sessions.actions import add_session
from openrapport.sessions.models import Status
from tests.cast import NOON, SETUP, Cast, viewer
from tests.check_ins import answer, hold_session, live_through, of

STEADY_THEN_DROP = (8, 8, 9, 8, 8, 8, 4)


def test_staff_reach_a_record_by_their_work_and_nobody_else_does(cast: Cast):
    pk = cast.sam_with_maya.pk
    assert record_of(viewer(cast.maya), pk).standing == Standing.THERAPIST
    assert record_of(viewer(cast.sol), pk).standing == Standing.SUPERVISOR
    for person in (cast.sam, cast.tom, cast.ada, cast.zoe, None):
        assert record_of(viewer(person), pk) is None
    assert record_of(viewer(cast.gita), cast.ben_with_maya.pk) is None
    assert record_of(viewer(cast.sol), cast.ben_with_maya.pk) is None, "Ben was not told of supervision"


def test_an_ended_relationship_is_read_only_for_the_former_therapist(cast: Cast):
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    record = record_of(viewer(cast.maya), cast.sam_with_maya.pk)
    assert record.standing == Standing.FORMER_THERAPIST
    assert not record.may_write
    assert record_of(viewer(cast.sol), cast.sam_with_maya.pk) is None


def test_the_course_holds_both_views_and_their_difference(cast: Cast):
    live_through(cast.sam_with_maya, (7, 8, 8), therapist=(7, None, 6), wellbeing=(4, 5, 6))
    course = read_course(viewer(cast.maya), cast.sam_with_maya)
    assert course.ratings == ((1, 7), (2, 8), (3, 8))
    assert course.therapist_ratings == ((1, 7), (3, 6))
    assert course.wellbeing_ratings == ((1, 4), (2, 5), (3, 6))
    assert (course.view_difference.session, course.view_difference.gap) == (3, -2)
    assert course.change.difference == 1
    assert course.shared_count == 3


def test_a_drop_is_a_rupture_and_coming_back_is_seen(cast: Cast):
    live_through(cast.sam_with_maya, (*STEADY_THEN_DROP, 8))
    episodes = read_course(viewer(cast.maya), cast.sam_with_maya).detection.result.episodes
    assert [(one.onset, one.recovered_at) for one in episodes] == [(7, 8)]


def test_the_expected_band_says_that_it_is_provisional(cast: Cast):
    live_through(cast.sam_with_maya, (7, 8))
    assert read_course(viewer(cast.maya), cast.sam_with_maya).band.provisional


@pytest.mark.parametrize("kept", [Disclosure.PRIVATE, Disclosure.NEXT_SESSION, Disclosure.SUPERVISOR_ONLY])
def test_what_is_kept_back_looks_like_no_answer_to_the_therapist(cast: Cast, kept: Disclosure):
    live_through(cast.sam_with_maya, (8, None))
    unanswered = read_course(viewer(cast.maya), cast.sam_with_maya)
    waiting = cast.sam_with_maya.check_ins.get(session__number=2, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON, alliance=2, disclosure=kept, words="CANARY")
    kept_back = read_course(viewer(cast.maya), cast.sam_with_maya)
    assert kept_back == unanswered
    assert kept_back.shared_count == 1


def test_the_supervisor_reads_what_is_for_supervisors_only(cast: Cast):
    live_through(cast.sam_with_maya, (8, None))
    waiting = cast.sam_with_maya.check_ins.get(session__number=2, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON - timedelta(hours=1), alliance=2, disclosure=Disclosure.SUPERVISOR_ONLY)
    assert read_course(viewer(cast.sol), cast.sam_with_maya).ratings == ((1, 8), (2, 2))


def test_a_missed_session_is_a_row_without_a_rating(cast: Cast):
    live_through(cast.sam_with_maya, (8,))
    add_session(actor=SETUP, relationship=cast.sam_with_maya, starts_at=NOON, now=NOON, status=Status.MISSED)
    course = read_course(viewer(cast.maya), cast.sam_with_maya)
    assert [row.number for row in course.rows] == [1, 2]
    assert [row.number for row in course.held] == [1]


def test_usual_component_range_leaves_ruptures_out(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8, 9, 8, 8, 4, 8))
    trust = read_course(viewer(cast.maya), cast.sam_with_maya).profile[0]
    assert (trust.value, trust.usual_low, trust.usual_high) == (8, 8, 9)


def test_two_answers_are_not_yet_a_usual_range(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8, 9))
    trust = read_course(viewer(cast.maya), cast.sam_with_maya).profile[0]
    assert (trust.usual_low, trust.usual_high) == (None, None)


def test_words_come_newest_first_and_only_shared_ones(cast: Cast):
    for week, (words, kept) in enumerate(
        (("first", Disclosure.NOW), ("secret", Disclosure.PRIVATE), ("third", Disclosure.NOW))
    ):
        at = NOON - timedelta(weeks=3 - week)
        opened = hold_session(cast.sam_with_maya, at=at)
        answer(of(opened, RespondentRole.CLIENT), at=at + timedelta(hours=1), words=words, disclosure=kept)
    course = read_course(viewer(cast.maya), cast.sam_with_maya)
    assert [check_in.words for check_in in course.words] == [("third",), ("first",)]


def test_each_guardian_is_a_series_of_their_own(cast: Cast):
    opened = hold_session(cast.ben_with_maya, at=NOON - timedelta(days=1))
    from_guardians = [one for one in opened.check_ins if one.role == RespondentRole.GUARDIAN]
    for check_in, level in zip(from_guardians, (6, 9), strict=True):
        answer(check_in, at=NOON - timedelta(hours=2), alliance=level)
    course = read_course(viewer(cast.maya), cast.ben_with_maya)
    assert [(one.name, one.ratings) for one in course.guardians] == [
        ("Gita Example", ((1, 6),)),
        ("Hugo Example", ((1, 9),)),
    ]
    assert course.ratings == ()


def test_a_childs_faces_are_not_compared_with_the_therapists_ten_points(cast: Cast):
    live_through(cast.kit_with_maya, (3, 4), therapist=(8, 8))
    course = read_course(viewer(cast.maya), cast.kit_with_maya)
    assert not course.views_share_a_scale
    assert course.view_difference is None


def test_a_new_relationship_has_an_empty_course(cast: Cast):
    course = read_course(viewer(cast.maya), cast.sam_with_maya)
    assert (course.rows, course.ratings, course.profile, course.words) == ((), (), (), ())
    assert (course.band, course.detection, course.change, course.view_difference) == (None, None, None, None)


def test_a_long_course_is_read_in_a_fixed_number_of_queries(cast: Cast, django_assert_max_num_queries):
    live_through(cast.sam_with_maya, [8] * 12, therapist=[8] * 12)
    record_that_client_was_told_of_supervision(cast.sam_with_maya, actor=SETUP, now=NOON)
    with django_assert_max_num_queries(6):
        course = read_course(viewer(cast.maya), cast.sam_with_maya)
        assert course.words == ()
        assert len(course.profile) == 7


def test_a_line_and_a_profile_never_mix_two_questionnaires(cast: Cast):
    """Ben turns eighteen: other questions from then on, on which nothing is usual yet."""
    live_through(cast.ben_with_maya, (8, 8, 8, 9), first=NOON - timedelta(days=60))
    Relationship.objects.filter(pk=cast.ben_with_maya.pk).update(audience=Audience.ADULT)
    opened = hold_session(cast.ben_with_maya, at=NOON)
    answer(of(opened, RespondentRole.CLIENT), at=NOON, alliance=3)
    course = read_course(viewer(cast.maya), cast.ben_with_maya)
    assert (course.alliance.id, course.ratings) == ("alliance-adult", ((5, 3),))
    assert course.questions_changed_at == 5
    assert {(one.value, one.usual_low) for one in course.profile} == {(3, None)}
    assert course.component_ratings("trust") == ((5, 3),)
    as_teen = course.asked_with(["alliance-teen@1"])
    assert as_teen.ratings == ((1, 8), (2, 8), (3, 8), (4, 9))
    assert (as_teen.profile[0].value, as_teen.profile[0].usual_high) == (9, 8)


def test_a_course_on_the_same_questions_throughout_says_nothing_of_a_change(cast: Cast):
    live_through(cast.sam_with_maya, (8, None, 8))
    assert read_course(viewer(cast.maya), cast.sam_with_maya).questions_changed_at is None
