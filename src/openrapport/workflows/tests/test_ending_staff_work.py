from django.utils import timezone

from openrapport.audit.actor import Actor
from openrapport.checkins.models import RespondentRole
from openrapport.checkins.queries import due_for
from openrapport.practices.models import Membership, Role
from openrapport.relationships.models import Relationship, State
from openrapport.workflows.deactivate_person import deactivate_person
from openrapport.workflows.end_staff_role import end_staff_role
from tests.cast import NOON, Cast, viewer
from tests.check_ins import hold_session, of


def states(cast: Cast) -> dict[str, str]:
    return {r.client.short_name: r.state for r in Relationship.objects.select_related("client")}


def test_nobody_is_asked_for_answers_that_nobody_may_read_after_the_role_ended(cast: Cast):
    assert of(hold_session(cast.sam_with_maya, at=NOON), RespondentRole.CLIENT) in due_for(viewer(cast.sam))
    role = Membership.objects.get(user=cast.maya, role=Role.THERAPIST)
    end_staff_role(role, actor=Actor(user=cast.ada), now=NOON)
    assert not due_for(viewer(cast.sam)).exists()
    assert states(cast) == {
        "Sam": State.PAUSED,
        "Ben": State.PAUSED,
        "Kit": State.PAUSED,
        "Lena": State.ACTIVE,
        "Yan": State.ACTIVE,
    }


def test_closing_an_account_pauses_the_work_as_well(cast: Cast):
    deactivate_person(cast.tom, actor=Actor(user=cast.ada), practice=cast.willow, now=timezone.now())
    assert states(cast)["Lena"] == State.PAUSED
    assert states(cast)["Sam"] == State.ACTIVE
