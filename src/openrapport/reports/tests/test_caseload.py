from datetime import date, timedelta

import pytest

from openrapport.checkins.models import Disclosure, RespondentRole
from openrapport.people.actions import create_user
from openrapport.relationships.actions import begin_relationship, move_relationship
from openrapport.relationships.models import Audience, Relationship, State
from openrapport.reports.caseload import Attention, CaseloadRow, by_last_shared, caseload, former_caseload
from openrapport.signals.actions import mark_seen, mark_talked_about
from openrapport.signals.models import Signal
from tests.cast import NOON, SETUP, Cast, viewer
from tests.check_ins import answer, hold_session, live_through, of

BY_SETUP = {"actor": SETUP, "now": NOON}


def row_of(cast: Cast, relationship: Relationship) -> CaseloadRow:
    return next(row for row in caseload(viewer(cast.maya)) if row.relationship == relationship)


def names(rows: list[CaseloadRow]) -> list[str]:
    return [row.relationship.client.short_name for row in rows]


def test_only_the_viewers_own_clients_are_in_it(cast: Cast):
    assert set(names(caseload(viewer(cast.maya)))) == {"Sam", "Ben", "Kit"}
    assert names(caseload(viewer(cast.tom))) == ["Lena"]
    for person in (cast.sam, cast.ada, cast.gita, cast.sol, None):
        assert caseload(viewer(person)) == []


def test_a_rupture_comes_before_a_flat_top_and_both_before_nothing(cast: Cast):
    live_through(cast.ben_with_maya, (10, 10, 10))
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 8, 4))
    rows = caseload(viewer(cast.maya))
    assert names(rows) == ["Sam", "Ben", "Kit"]
    assert [row.first_signal.kind if row.first_signal else "" for row in rows] == ["rupture", "flat_top", ""]


def test_what_was_seen_or_talked_about_waits_behind_what_is_new(cast: Cast):
    live_through(cast.ben_with_maya, (10, 10, 10))
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 8, 4))
    for signal in Signal.objects.filter(relationship=cast.sam_with_maya):
        mark_seen(signal, **BY_SETUP)
    assert names(caseload(viewer(cast.maya)))[:2] == ["Ben", "Sam"]
    assert row_of(cast, cast.sam_with_maya).attention == Attention.SEEN
    for signal in Signal.objects.filter(relationship=cast.sam_with_maya):
        mark_talked_about(signal, **BY_SETUP)
    assert row_of(cast, cast.sam_with_maya).attention == Attention.TALKED_ABOUT
    assert not row_of(cast, cast.sam_with_maya).needs_me


def test_a_newer_check_in_that_returns_says_recovered(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 8, 4, 8))
    assert row_of(cast, cast.sam_with_maya).attention == Attention.RECOVERED


def test_share_and_last_check_in_count_what_was_shared(cast: Cast):
    live_through(cast.sam_with_maya, (8, None, 7))
    row = row_of(cast, cast.sam_with_maya)
    assert (row.held, row.shared, row.ratings) == (3, 2, (8, None, 7))
    assert row.last_shared_at == NOON - timedelta(days=70) + timedelta(weeks=2, hours=1)


@pytest.mark.parametrize("kept", [Disclosure.PRIVATE, Disclosure.NEXT_SESSION, Disclosure.SUPERVISOR_ONLY])
def test_what_is_kept_back_changes_nothing_in_the_row(cast: Cast, kept: Disclosure):
    live_through(cast.sam_with_maya, (8, None))
    before = row_of(cast, cast.sam_with_maya)
    waiting = cast.sam_with_maya.check_ins.get(session__number=2, role=RespondentRole.CLIENT)
    answer(waiting, at=NOON, alliance=1, disclosure=kept)
    assert row_of(cast, cast.sam_with_maya) == before


def test_two_sessions_without_anything_shared_are_quiet(cast: Cast):
    live_through(cast.sam_with_maya, (8, None))
    assert not row_of(cast, cast.sam_with_maya).is_quiet
    hold_session(cast.sam_with_maya, at=NOON)
    assert row_of(cast, cast.sam_with_maya).is_quiet


def test_longest_since_a_check_in_puts_the_never_answered_first_and_the_never_met_last(cast: Cast):
    live_through(cast.sam_with_maya, (8,))
    live_through(cast.ben_with_maya, (None,))
    assert names(sorted(caseload(viewer(cast.maya)), key=by_last_shared)) == ["Ben", "Sam", "Kit"]


def test_ended_relationships_are_listed_apart(cast: Cast):
    live_through(cast.sam_with_maya, (8, 8))
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    assert "Sam" not in names(caseload(viewer(cast.maya)))
    former = former_caseload(viewer(cast.maya))
    assert names(former) == ["Sam"]
    assert former[0].shared == 2
    assert former_caseload(viewer(cast.tom)) == []


def test_a_deactivated_therapist_has_no_caseload(cast: Cast):
    cast.maya.is_active = False
    assert caseload(viewer(cast.maya)) == []


def test_sixty_clients_take_as_many_queries_as_one(cast: Cast, django_assert_max_num_queries):
    for number in range(57):
        client = create_user(
            display_name=f"Client {number:02}",
            email=None,
            language="en",
            time_zone="UTC",
            birth_date=date(1990, 1, 1),
            now=NOON,
        )
        relationship = begin_relationship(
            actor=SETUP,
            practice=cast.willow,
            client=client,
            therapist=cast.maya,
            audience=Audience.ADULT,
            now=NOON - timedelta(days=30),
        )
        if number % 20 == 0:
            opened = hold_session(relationship, at=NOON - timedelta(days=2))
            answer(of(opened, RespondentRole.CLIENT), at=NOON - timedelta(days=1))
    with django_assert_max_num_queries(5):
        assert len(caseload(viewer(cast.maya))) == 60
