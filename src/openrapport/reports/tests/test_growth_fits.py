"""The practice's own course: from whom it is learnt, when there is one, and what a page makes of it."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from openrapport.analysis.detector import expected_band
from openrapport.analysis.expected_response import Course, expected_course, expected_response
from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import Disclosure, RespondentRole
from openrapport.relationships.actions import move_relationship
from openrapport.relationships.models import Relationship, State
from openrapport.reports.actions import refit_curves
from openrapport.reports.course import read_course
from openrapport.reports.expected_range import expected_range
from openrapport.reports.growth_fits import fit_courses, from_row
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.queries import courses_shared_in
from tests.cast import NOON, SETUP, Cast, viewer
from tests.check_ins import answer, hold_session, live_through, of
from tests.many_relationships import (
    ALLIANCE,
    INTERCEPT,
    NOISE_SD,
    OF_START,
    OWN_SD,
    SLOPE,
    TOTAL,
    add_relationships,
    draw_courses,
)

JOB = Actor.system("refit-curves")
ENOUGH, SESSIONS = 240, 6
# An estimate from 240 relationships strays: four of its standard errors, so that the seeded draw is not on the edge.
ERRORS = 4


def fit_of(cast: Cast) -> StoredGrowthFit:
    return StoredGrowthFit.objects.get(practice=cast.willow, instrument=ALLIANCE)


@pytest.fixture
def many(cast: Cast) -> Cast:
    add_relationships(cast.willow, cast.tom, draw_courses(ENOUGH, SESSIONS))
    return cast


def test_the_stored_fit_is_the_librarys_on_the_same_courses_and_near_the_truth(many: Cast):
    assert refit_curves(actor=JOB, now=NOON) == 1
    fit = fit_of(many)
    by_hand = [Course(n, one[0], (None, *one[1:])) for n, one in enumerate(draw_courses(ENOUGH, SESSIONS))]
    expected = expected_response(by_hand, direction="higher_is_better")
    assert fit.fixed == pytest.approx(expected.fixed, abs=1e-6)  # only the order of the clients differs
    assert fit.residual_sd == pytest.approx(expected.residual_sd, abs=1e-6)
    assert (fit.n_relationships, fit.n_scores, fit.last_session) == (ENOUGH, ENOUGH * (SESSIONS - 1), SESSIONS)
    stored = from_row(fit)
    for found, se, truth in zip(stored.fixed, stored.fixed_se, (INTERCEPT, SLOPE, OF_START, 0), strict=True):
        assert abs(found - truth) < ERRORS * se
    assert stored.residual_sd == pytest.approx(NOISE_SD, abs=0.05)
    assert math.sqrt(stored.client_covariance[0][0]) == pytest.approx(OWN_SD, abs=0.12)


def test_what_is_stored_expects_the_same_course_as_what_was_fitted(many: Cast):
    refit_curves(actor=JOB, now=NOON)
    fitted = fit_courses(courses_shared_in(many.willow, at=NOON)[ALLIANCE, TOTAL], instrument=ALLIANCE, score=TOTAL)
    again = expected_course(from_row(fit_of(many)), 6.0, coverage=0.8)
    assert again == expected_course(fitted, 6.0, coverage=0.8)


def test_no_single_persons_score_is_an_end_of_the_stored_range(many: Cast):
    refit_curves(actor=JOB, now=NOON)
    fit, starts = fit_of(many), sorted(one[0] for one in draw_courses(ENOUGH, SESSIONS))
    assert (fit.intake_low, fit.intake_high) == (starts[4], starts[-5])


def test_the_first_score_is_where_a_course_starts_and_not_one_that_is_expected(cast: Cast):
    live_through(cast.sam_with_maya, (7, 8, None, 9))
    live_through(cast.lena_with_tom, (None, 8, 8))  # nothing to start from
    (course,) = courses_shared_in(cast.willow, at=NOON)[ALLIANCE, TOTAL]
    assert (course.intake, course.scores) == (7, (None, 8, None, 9))


@pytest.mark.parametrize("kept", [Disclosure.PRIVATE, Disclosure.NEXT_SESSION, Disclosure.SUPERVISOR_ONLY])
def test_what_is_kept_from_the_therapist_is_in_no_number(cast: Cast, kept: Disclosure):
    live_through(cast.sam_with_maya, (7, 8, None))
    waiting = cast.sam_with_maya.check_ins.get(session__number=3, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON, alliance=2, disclosure=kept)
    (course,) = courses_shared_in(cast.willow, at=NOON)[ALLIANCE, TOTAL]
    assert course.scores == (None, 8)


def test_what_was_kept_for_the_next_session_counts_once_it_is_released(cast: Cast):
    live_through(cast.sam_with_maya, (7, 8, None))
    waiting = cast.sam_with_maya.check_ins.get(session__number=3, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON, alliance=2, disclosure=Disclosure.NEXT_SESSION)
    hold_session(cast.sam_with_maya, at=NOON + timedelta(days=7))
    (course,) = courses_shared_in(cast.willow, at=NOON + timedelta(days=7))[ALLIANCE, TOTAL]
    assert course.scores == (None, 8, 2)


def test_guardians_and_therapists_ratings_are_not_the_clients(cast: Cast):
    for opened in live_through(cast.ben_with_maya, (4, 3), therapist=(9, 9)):
        answer(of(opened, RespondentRole.GUARDIAN), at=NOON, alliance=9)
    assert set(courses_shared_in(cast.willow, at=NOON)) == {("alliance-teen@1", TOTAL)}


def test_the_practice_next_door_is_not_counted(cast: Cast):
    live_through(cast.yan_with_zoe, (7, 8, 9))
    assert courses_shared_in(cast.willow, at=NOON) == {}


def test_a_closed_record_counts_as_long_as_it_is_kept(cast: Cast):
    live_through(cast.sam_with_maya, (7, 8, 9))
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    until = Relationship.objects.get(pk=cast.sam_with_maya.pk).retained_until
    assert courses_shared_in(cast.willow, at=NOON)
    assert courses_shared_in(cast.willow, at=until) == {}


def test_fewer_than_two_hundred_relationships_leave_the_norms_in_use(cast: Cast):
    add_relationships(cast.willow, cast.tom, draw_courses(199, SESSIONS))
    live_through(cast.sam_with_maya, (8, 8))
    # Sam is the two hundredth, from the second shared score on.
    for now, there_are in ((NOON - timedelta(days=66), 0), (NOON, 1)):
        assert refit_curves(actor=JOB, now=now) == there_are
        assert StoredGrowthFit.objects.count() == there_are


def test_private_relationships_do_not_make_up_the_number(cast: Cast):
    courses = draw_courses(ENOUGH, SESSIONS)
    add_relationships(cast.willow, cast.tom, courses[:150])
    add_relationships(cast.willow, cast.tom, courses[150:], disclosure=Disclosure.PRIVATE)
    assert refit_curves(actor=JOB, now=NOON) == 0


def test_a_fit_goes_when_what_it_rests_on_may_not_be_counted_any_more(many: Cast):
    refit_curves(actor=JOB, now=NOON)
    many.tom.is_active = False
    many.tom.save(update_fields=["is_active"])
    assert refit_curves(actor=JOB, now=NOON) == 0
    assert not StoredGrowthFit.objects.exists()
    assert deeds() == ["fit_growth_curve", "withdraw_growth_curve"]


def test_a_night_without_news_writes_nothing_and_news_are_noted_without_content(many: Cast):
    refit_curves(actor=JOB, now=NOON)
    first = fit_of(many)
    refit_curves(actor=JOB, now=NOON + timedelta(days=1))
    assert fit_of(many).fitted_at == NOON
    add_relationships(many.willow, many.tom, draw_courses(5, SESSIONS, seed=9))
    refit_curves(actor=JOB, now=NOON + timedelta(days=2))
    again = fit_of(many)
    assert (again.pk, again.n_relationships) == (first.pk, ENOUGH + 5)
    assert again.fitted_at == NOON + timedelta(days=2)
    assert deeds() == ["fit_growth_curve", "refit_growth_curve"]
    line = AuditLine.objects.get(deed="refit_growth_curve")
    assert line.facts == {"instrument": ALLIANCE, "relationships": ENOUGH + 5, "scores": (ENOUGH + 5) * (SESSIONS - 1)}
    assert (line.actor, line.about, line.subject) == ("job:refit-curves", many.willow.pk, None)


def deeds() -> list[str]:
    return list(AuditLine.objects.filter(deed__endswith="_growth_curve").order_by("at").values_list("deed", flat=True))


def test_a_fit_that_does_not_converge_is_not_kept(many: Cast, monkeypatch: pytest.MonkeyPatch):
    def stops_short(*args: Any, **named: Any) -> object:
        return replace(expected_response(*args, **named), converged=False)

    monkeypatch.setattr("openrapport.reports.growth_fits.expected_response", stops_short)
    assert refit_curves(actor=JOB, now=NOON) == 0


def test_where_everybody_begins_alike_there_is_no_fit(cast: Cast):
    add_relationships(cast.willow, cast.tom, [[8.0, *one[1:]] for one in draw_courses(ENOUGH, SESSIONS)])
    assert refit_curves(actor=JOB, now=NOON) == 0


def test_the_database_refuses_a_fit_on_fewer_than_two_hundred(many: Cast):
    refit_curves(actor=JOB, now=NOON)
    with pytest.raises(IntegrityError, match="a_growth_fit_rests_on_200_relationships"), transaction.atomic():
        StoredGrowthFit.objects.update(n_relationships=199)


def test_a_page_draws_the_practices_own_range_for_who_starts_like_this(many: Cast):
    live_through(many.sam_with_maya, (6, 7, 7))
    assert read_course(viewer(many.maya), many.sam_with_maya).band.provisional
    refit_curves(actor=JOB, now=NOON)
    band = read_course(viewer(many.maya), many.sam_with_maya).band
    assert (band.provisional, band.relationships) == (False, ENOUGH + 1)
    assert (band.is_extended, band.lacks_start) == (False, False)
    assert [point.session for point in band.points] == [2, 3]
    expected = expected_course(from_row(fit_of(many)), 6.0, coverage=0.8, sessions=[2, 3])
    assert [(point.low, point.high) for point in band.points] == [(one.low, one.high) for one in expected]


def test_without_a_first_score_the_norms_stay_and_the_page_knows_why(many: Cast):
    live_through(many.sam_with_maya, (None, 7, 7))
    refit_curves(actor=JOB, now=NOON)
    band = read_course(viewer(many.maya), many.sam_with_maya).band
    assert (band.provisional, band.relationships, band.lacks_start) == (True, None, True)
    assert list(band.points) == list(expected_band(instrument_of(ALLIANCE), [1, 2, 3]).points)


def test_the_practice_next_door_keeps_its_norms(many: Cast):
    live_through(many.yan_with_zoe, (6, 7, 7))
    refit_curves(actor=JOB, now=NOON)
    assert read_course(viewer(many.zoe), many.yan_with_zoe).band.provisional


def test_a_range_stays_on_the_scale_ends_with_what_was_seen_and_says_when_it_is_carried_on(many: Cast):
    refit_curves(actor=JOB, now=NOON)
    instrument, fit = instrument_of(ALLIANCE), fit_of(many)
    for start, extended in ((1.0, True), (7.5, False), (10.0, True)):
        found = expected_range(instrument, range(1, 30), fit=fit, start=start)
        assert [point.session for point in found.points] == list(range(2, SESSIONS + 1))
        assert all(0 <= point.low < point.mean < point.high <= 10 for point in found.points)
        assert found.is_extended == extended


def test_eight_of_ten_new_scores_lie_in_the_range(many: Cast):
    refit_curves(actor=JOB, now=NOON)
    instrument, fit = instrument_of(ALLIANCE), fit_of(many)
    inside = []
    for start, *later in draw_courses(2000, SESSIONS, seed=77):
        points = expected_range(instrument, range(2, SESSIONS + 1), fit=fit, start=start).points
        inside += [one.low <= min(score, 10) <= one.high for one, score in zip(points, later, strict=True)]
    # Two thousand people's scores from one fit of 240: the fit's own error moves the share by some two hundredths.
    assert sum(inside) / len(inside) == pytest.approx(0.8, abs=0.05)
