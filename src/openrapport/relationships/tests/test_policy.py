from datetime import timedelta

import pytest

from openrapport.practices.models import Membership
from openrapport.relationships.actions import move_relationship, name_guardian
from openrapport.relationships.models import Guardianship, Relationship, State
from openrapport.relationships.policy import scope
from openrapport.relationships.queries import relationships_visible_to
from tests.cast import NOON, SETUP, Cast, viewer


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
