from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from openrapport.audit.models import AuditLine
from openrapport.audit.queries import broken_chains, readings_of_own_record
from openrapport.checkins.models import Disclosure, RespondentRole
from openrapport.signals.models import Signal
from tests.browsing import browser_of
from tests.cast import NOON, Cast, viewer
from tests.check_ins import answer, live_through

pytestmark = pytest.mark.django_db


def open_page(user, name: str, *args: object, at=NOON) -> None:
    with time_machine.travel(at, tick=False):
        assert browser_of(user).get(reverse(name, args=args)).status_code == 200


def readings(user) -> list[tuple[object, str]]:
    return [(line.actor_user, line.deed) for line in readings_of_own_record(viewer(user))]


def test_each_shared_check_in_gets_one_line_a_day_and_reader(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8, 8), therapist=(8, 8, 8))
    open_page(cast.maya, "client_page", cast.sam_with_maya.pk)
    assert readings(cast.sam) == [(cast.maya, "read_check_in")] * 3
    open_page(cast.maya, "client_page", cast.sam_with_maya.pk, at=NOON + timedelta(hours=3))
    assert len(readings(cast.sam)) == 3
    open_page(cast.maya, "client_page", cast.sam_with_maya.pk, at=NOON + timedelta(days=1))
    assert len(readings(cast.sam)) == 6
    assert not broken_chains()


def test_reading_ones_own_answers_is_nobodys_business(cast: Cast):
    live_through(cast.sam_with_maya, (None,), therapist=(8,))
    open_page(cast.maya, "client_page", cast.sam_with_maya.pk)
    assert not AuditLine.objects.filter(deed="read_check_in").exists()


def test_the_supervisors_reading_is_recorded_for_client_and_therapist(cast: Cast):
    live_through(cast.sam_with_maya, (8,), therapist=(8,))
    open_page(cast.sol, "client_page", cast.sam_with_maya.pk)
    assert readings(cast.sam) == [(cast.sol, "read_check_in")]
    assert readings(cast.maya) == [(cast.sol, "read_check_in")]


def test_what_is_kept_back_is_neither_read_nor_recorded(cast: Cast):
    live_through(cast.sam_with_maya, (8, None))
    waiting = cast.sam_with_maya.check_ins.get(session__number=2, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON, disclosure=Disclosure.PRIVATE)
    open_page(cast.maya, "client_page", cast.sam_with_maya.pk)
    assert len(readings(cast.sam)) == 1


def test_a_list_of_people_is_one_line_for_each_of_them(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8))
    live_through(cast.ben_with_maya, (8, 8))
    for _ in range(2):
        open_page(cast.maya, "caseload")
    assert readings(cast.sam) == [(cast.maya, "read_scores")]
    assert readings(cast.ben) == [(cast.maya, "read_scores")]
    assert readings(cast.kit) == []


def test_a_signal_shows_scores_so_its_reading_is_recorded(cast: Cast):
    live_through(cast.sam_with_maya, (10, 10, 10))
    signal = Signal.objects.get(relationship=cast.sam_with_maya)
    open_page(cast.maya, "signal", signal.pk)
    assert sorted(deed for _, deed in readings(cast.sam)) == ["read_check_in"] * 3 + ["read_signal"]


def test_a_second_look_on_the_same_day_writes_nothing(cast: Cast, django_assert_num_queries):
    from openrapport.audit.actor import Actor
    from openrapport.reports.course import read_course
    from openrapport.workflows.read_record import record_reading_of_check_ins

    live_through(cast.sam_with_maya, [8] * 12)
    course = read_course(viewer(cast.maya), cast.sam_with_maya)

    def look() -> None:
        record_reading_of_check_ins(
            course.check_ins, relationship=cast.sam_with_maya, actor=Actor(user=cast.maya), now=NOON
        )

    look()
    with django_assert_num_queries(1):
        look()
