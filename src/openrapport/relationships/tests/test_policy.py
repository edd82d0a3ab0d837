from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from openrapport.checkins.models import CheckIn, RespondentRole
from openrapport.people.models import User
from openrapport.practices.actions import begin_supervision, give_role
from openrapport.practices.models import Membership, Role
from openrapport.relationships.actions import (
    move_relationship,
    name_guardian,
    record_that_client_was_told_of_supervision,
)
from openrapport.relationships.grants import Action, Tie
from openrapport.relationships.models import Guardianship, Relationship, State
from openrapport.relationships.policy import (
    born_at_least_18_years_before,
    can,
    can_as_client,
    declare,
    declared,
    relationships_by_tie,
    scope,
)
from openrapport.relationships.queries import guardians_of, has_untold_supervisor, relationships_visible_to
from tests.cast import NOON, SETUP, Cast, viewer
from tests.check_ins import answer, hold_session, of


def names_seen_by(user) -> set[str]:
    return {r.client.display_name.split()[0] for r in relationships_visible_to(viewer(user))}


def test_therapist_sees_own_clients_only(cast: Cast):
    assert names_seen_by(cast.maya) == {"Sam", "Ben", "Kit"}
    assert names_seen_by(cast.tom) == {"Lena"}
    assert names_seen_by(cast.zoe) == {"Yan"}


def test_supervisor_sees_only_where_the_client_was_told(cast: Cast):
    assert names_seen_by(cast.sol) == {"Sam"}


def test_guardian_sees_no_relationship_row(cast: Cast):
    assert names_seen_by(cast.gita) == set()


def test_a_guardian_who_supervises_does_not_reach_the_child_through_that_work(cast: Cast):
    assert names_seen_by(cast.sol) == {"Sam"}
    name_guardian(
        actor=SETUP, practice=cast.willow, client=cast.sam, guardian=cast.sol, has_legal_custody=True, now=NOON
    )
    assert names_seen_by(cast.sol) == set()


def test_ended_guardianship_still_closes_the_supervisors_way(cast: Cast):
    name_guardian(
        actor=SETUP, practice=cast.willow, client=cast.sam, guardian=cast.sol, has_legal_custody=True, now=NOON
    )
    Guardianship.objects.filter(guardian=cast.sol).update(until=NOON)
    assert names_seen_by(cast.sol) == set()


def test_losing_the_role_closes_the_caseload_at_once(cast: Cast):
    Membership.objects.filter(user=cast.maya).update(until=NOON)
    assert names_seen_by(cast.maya) == set()


def test_deactivated_and_anonymous_people_see_nothing(cast: Cast):
    cast.maya.is_active = False
    assert names_seen_by(cast.maya) == set()
    assert names_seen_by(None) == set()


def test_former_therapist_keeps_sight_for_the_retention_period_only(cast: Cast):
    move_relationship(cast.sam_with_maya, actor=SETUP, to_state=State.ENDED, now=NOON)
    assert "Sam" in names_seen_by(cast.maya)
    after = cast.sam_with_maya.retained_until + timedelta(seconds=1)
    assert not scope(viewer(cast.maya, at=after), Relationship).filter(client=cast.sam).exists()


def test_an_undeclared_model_opens_to_nobody(cast: Cast):
    from openrapport.relationships.policy import NoRules

    with pytest.raises(NoRules):
        scope(viewer(cast.maya), Membership)


def test_a_supervisor_who_came_later_reads_only_after_the_client_was_told_again(cast: Cast):
    later = NOON + timedelta(days=1)
    begin_supervision(actor=SETUP, practice=cast.willow, supervisor=cast.tom, therapist=cast.maya, now=NOON)
    give_role(actor=SETUP, practice=cast.willow, user=cast.tom, role=Role.SUPERVISOR, now=NOON)

    def toms() -> set[str]:
        return {r.client.short_name for r in relationships_visible_to(viewer(cast.tom, at=later))} - {"Lena"}

    assert toms() == set()
    assert has_untold_supervisor(cast.sam_with_maya)
    record_that_client_was_told_of_supervision(cast.sam_with_maya, actor=SETUP, now=later)
    assert toms() == {"Sam"}
    assert not has_untold_supervisor(cast.sam_with_maya)


def test_guardians_are_guardians_until_the_eighteenth_birthday(cast: Cast):
    def still(at: datetime) -> bool:
        return relationships_by_tie(viewer(cast.gita, at=at), Tie.GUARDIAN).exists()

    birthday = datetime(2027, 9, 1, tzinfo=UTC)  # Ben was born on 1 September 2009
    assert still(birthday - timedelta(hours=15))
    assert not still(birthday - timedelta(hours=14))
    assert not still(birthday + timedelta(days=400))
    assert guardians_of(cast.ben_with_maya, at=birthday - timedelta(days=1)) == [cast.gita, cast.hugo]
    assert guardians_of(cast.ben_with_maya, at=birthday) == []


@pytest.mark.parametrize(("today", "last_birthday"), [((2028, 2, 29), (2010, 2, 28)), ((2026, 3, 1), (2008, 3, 1))])
def test_who_is_grown_up_is_known_on_leap_days_too(today: tuple[int, int, int], last_birthday: tuple[int, int, int]):
    assert born_at_least_18_years_before(datetime(*today, tzinfo=UTC)) == date(*last_birthday)


def test_one_object_and_its_rows_are_judged_alike_for_every_rule(cast: Cast):
    check_in = of(hold_session(cast.ben_with_maya, at=NOON), RespondentRole.CLIENT)
    answer(check_in, at=NOON)
    compared = 0
    for model in declared():
        objects = list(model._default_manager.all())
        for action in Action:
            for user in (*cast.everybody().values(), None):
                who = viewer(user)
                within = set(scope(who, model, action).values_list("pk", flat=True))
                for obj in objects:
                    assert can(who, action, obj) == (obj.pk in within)
                    compared += 1
    assert compared > 500


def test_what_a_client_may_by_the_facts_alone_they_may_by_the_database(cast: Cast):
    sent = of(hold_session(cast.sam_with_maya, at=NOON), RespondentRole.CLIENT)
    answer(sent, at=NOON)
    hold_session(cast.sam_with_maya, at=NOON + timedelta(days=7))
    told = set()
    for check_in in CheckIn.objects.select_related("relationship"):
        for action in Action:
            for name, user in cast.everybody().items():
                if can_as_client(viewer(user), action, check_in, check_in.relationship):
                    assert can(viewer(user), action, check_in)
                    told.add((name, action, check_in.is_submitted))
    assert told == {("sam", Action.WRITE, False)}
    unsent = CheckIn.objects.select_related("relationship").get(respondent=cast.sam, submitted_at=None)
    cast.sam.is_active = False
    assert not can_as_client(viewer(cast.sam), Action.WRITE, unsent, unsent.relationship)


def test_one_object_is_not_open_to_deactivated_or_anonymous_people(cast: Cast):
    assert can(viewer(cast.maya), Action.READ, cast.sam_with_maya)
    cast.maya.is_active = False
    assert not can(viewer(cast.maya), Action.READ, cast.sam_with_maya)
    assert not can(viewer(None), Action.READ, cast.sam_with_maya)


def test_one_object_is_judged_by_the_rules_of_this_moment(cast: Cast):
    before = declared()[Relationship]
    assert can(viewer(cast.maya), Action.READ, cast.sam_with_maya)
    declare(Relationship, replace(before, grants=()))
    try:
        assert not can(viewer(cast.maya), Action.READ, cast.sam_with_maya)
    finally:
        declare(Relationship, before)
    assert can(viewer(cast.maya), Action.READ, cast.sam_with_maya)


def test_one_object_closes_when_a_child_grows_up_between_two_questions(cast: Cast):
    hold_session(cast.ben_with_maya, at=NOON)
    asked = CheckIn.objects.get(respondent=cast.gita)
    born = NOON.date().replace(year=NOON.year - 18) + timedelta(days=2)
    User.objects.filter(pk=cast.ben.pk).update(birth_date=born)
    assert can(viewer(cast.gita, at=NOON), Action.WRITE, asked)
    assert not can(viewer(cast.gita, at=NOON + timedelta(days=3)), Action.WRITE, asked)
