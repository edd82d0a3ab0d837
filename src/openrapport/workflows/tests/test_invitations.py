"""From an invitation to a place: who may accept what, and what dies with what."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.notices.models import Notice
from openrapport.people.actions import deactivate_user
from openrapport.people.models import User
from openrapport.practices.actions import InvitationClosed, Invited, begin_supervision, end_supervision, give_role
from openrapport.practices.models import Membership, Role, Supervision
from openrapport.relationships.models import Audience, Guardianship, Relationship
from openrapport.workflows.accept_invitation import (
    ForSomebodyElse,
    NewAccount,
    accept_invitation,
    invitation_behind,
    supervisors_behind,
)
from openrapport.workflows.deactivate_person import deactivate_person
from openrapport.workflows.end_staff_role import end_staff_role
from openrapport.workflows.invite_by_mail import link_of, send_invitation_again, take_back_invitation
from openrapport.workflows.invite_client import (
    AddressNeeded,
    AddressOfGuardian,
    AlreadyTogether,
    NewClient,
    OwnAddress,
    audience_at,
    invite_client,
)
from openrapport.workflows.invite_guardian import (
    AddressOfClient,
    AlreadyGuardian,
    NoGuardianNeeded,
    invite_guardian,
)
from openrapport.workflows.invite_staff import invite_staff
from tests.cast import Cast

ADULT, TEEN, CHILD = date(1990, 1, 1), date(2011, 6, 1), date(2017, 6, 1)
NEW = NewAccount(name="Noa Example", language="en", time_zone="Europe/Madrid")


def invite_for_maya(cast: Cast, now: datetime, email: str = "noa@example.test", born: date = ADULT) -> Invited:
    new = NewClient("Noa Example", email, born, "en")
    outcome = invite_client(actor=Actor(cast.maya), practice=cast.willow, client=new, now=now)
    assert isinstance(outcome, Invited)
    return outcome


def invite_to_work(cast: Cast, now: datetime, role: Role = Role.THERAPIST, email: str = "noa@example.test") -> Invited:
    return invite_staff(
        actor=Actor(cast.ada), practice=cast.willow, role=role, name="Noa", email=email, language="en", now=now
    )


def invite_for_ben(cast: Cast, now: datetime, email: str = "noa@example.test") -> Invited:
    return invite_guardian(
        actor=Actor(cast.maya),
        relationship=cast.ben_with_maya,
        name="Noa",
        email=email,
        language="en",
        has_legal_custody=False,
        now=now,
    )


@pytest.mark.parametrize(
    ("day", "audience"),
    [
        (date(2026, 5, 31), Audience.CHILD),
        (date(2026, 6, 1), Audience.TEEN),
        (date(2031, 5, 31), Audience.TEEN),
        (date(2031, 6, 1), Audience.ADULT),
    ],
)
def test_the_birthday_itself_decides_which_questions_fit(day: date, audience: Audience) -> None:
    assert audience_at(date(2013, 6, 1), day) == audience


def test_an_invited_client_gets_account_and_relationship_and_the_mail_held_the_link(cast: Cast, now: datetime) -> None:
    invited = invite_for_maya(cast, now)
    notice = Notice.objects.get(about=invited.invitation.pk)
    assert json.loads(notice.payload) == {"link": link_of(invited), "practice": "Willow Street"}
    user = accept_invitation(invited.invitation, now=now, new_account=NEW)
    relationship = Relationship.objects.get(client=user)
    assert (relationship.therapist, relationship.audience) == (cast.maya, Audience.ADULT)
    assert (user.email, user.birth_date, user.has_usable_password()) == ("noa@example.test", ADULT, False)
    assert AuditLine.objects.filter(deed="accept_invitation", actor_user=user, via="invitation").count() == 1


@pytest.mark.parametrize(("told", "expected"), [(True, True), (False, False)])
def test_supervision_counts_as_told_only_when_the_page_told_it(
    cast: Cast, now: datetime, told: bool, expected: bool
) -> None:
    invited = invite_for_maya(cast, now)
    assert supervisors_behind(invited.invitation) == [cast.sol]
    user = accept_invitation(invited.invitation, now=now, new_account=NEW, told_of_supervision=told)
    assert (Relationship.objects.get(client=user).supervision_told_at is not None) is expected


def test_nobody_is_told_of_a_supervision_that_ended_meanwhile(cast: Cast, now: datetime) -> None:
    invited = invite_for_maya(cast, now)
    end_supervision(Supervision.objects.get(therapist=cast.maya), actor=Actor(cast.ada), now=now)
    user = accept_invitation(invited.invitation, now=now, new_account=NEW, told_of_supervision=True)
    assert Relationship.objects.get(client=user).supervision_told_at is None


def test_an_account_that_exists_is_used_and_not_made_twice(cast: Cast, now: datetime) -> None:
    invited = invite_for_maya(cast, now, email="lena@example.test")
    accept_invitation(invited.invitation, now=now, user=cast.lena)
    assert Relationship.objects.filter(client=cast.lena).count() == 2
    assert User.objects.filter(email="lena@example.test").count() == 1


def test_another_account_cannot_accept(cast: Cast, now: datetime) -> None:
    invited = invite_for_maya(cast, now)
    with pytest.raises(ForSomebodyElse):
        accept_invitation(invited.invitation, now=now, user=cast.lena)
    assert Relationship.objects.filter(client=cast.lena).count() == 1


def test_a_link_works_once(cast: Cast, now: datetime) -> None:
    invited = invite_to_work(cast, now)
    accept_invitation(invited.invitation, now=now, new_account=NEW)
    assert invitation_behind(invited.token, now=now) is None
    with pytest.raises(InvitationClosed):
        accept_invitation(invited.invitation, now=now, new_account=NEW)
    assert User.objects.filter(email="noa@example.test").count() == 1


def test_a_link_runs_out(cast: Cast, now: datetime) -> None:
    invited = invite_to_work(cast, now)
    assert invitation_behind(invited.token, now=now + timedelta(days=13)) == invited.invitation
    assert invitation_behind(invited.token, now=now + timedelta(days=15)) is None
    with pytest.raises(InvitationClosed):
        accept_invitation(invited.invitation, now=now + timedelta(days=15), new_account=NEW)


def test_sent_again_the_older_link_dies_and_its_mail_does_not_leave(cast: Cast, now: datetime) -> None:
    first = invite_to_work(cast, now)
    old = invitation_behind(first.token, now=now)
    assert old is not None
    second = send_invitation_again(first.invitation, actor=Actor(cast.ada), now=now)
    assert invitation_behind(first.token, now=now) is None
    assert invitation_behind(second.token, now=now) is not None
    waiting = Notice.objects.filter(about=first.invitation.pk, cancelled_at=None)
    assert [json.loads(one.payload)["link"] for one in waiting] == [link_of(second)]
    with pytest.raises(InvitationClosed):
        accept_invitation(old, now=now, new_account=NEW)


def test_taken_back_the_link_dies_and_the_mail_does_not_leave(cast: Cast, now: datetime) -> None:
    invited = invite_to_work(cast, now)
    take_back_invitation(invited.invitation, actor=Actor(cast.ada), now=now)
    assert invitation_behind(invited.token, now=now) is None
    assert not Notice.objects.filter(about=invited.invitation.pk, cancelled_at=None).exists()
    with pytest.raises(InvitationClosed):
        send_invitation_again(invited.invitation, actor=Actor(cast.ada), now=now)


def test_an_invitation_dies_with_the_right_to_invite(cast: Cast, now: datetime) -> None:
    to_work, to_maya, to_ben = invite_to_work(cast, now), invite_for_maya(cast, now), invite_for_ben(cast, now)
    Membership.objects.filter(user__in=[cast.ada, cast.maya]).update(until=now)
    assert [invitation_behind(one.token, now=now) for one in (to_work, to_maya, to_ben)] == [None, None, None]
    for invited in (to_work, to_maya, to_ben):  # a page that was open already does not help
        with pytest.raises(InvitationClosed):
            accept_invitation(invited.invitation, now=now, new_account=NEW)


def test_ending_a_role_takes_its_invitations_and_supervisions_along(cast: Cast, now: datetime) -> None:
    invited = invite_for_maya(cast, now)
    end_staff_role(Membership.objects.get(user=cast.maya), actor=Actor(cast.ada), now=now)
    invited.invitation.refresh_from_db()
    assert invited.invitation.revoked_at == now
    assert not Supervision.objects.filter(therapist=cast.maya, until=None).exists()


def test_a_closed_account_keeps_what_was_written_and_loses_its_invitations(cast: Cast, now: datetime) -> None:
    invited = invite_for_maya(cast, now)
    deactivate_person(cast.maya, actor=Actor(cast.ada), practice=cast.willow, now=now)
    assert invitation_behind(invited.token, now=now) is None
    assert Relationship.objects.filter(therapist=cast.maya).count() == 3
    assert AuditLine.objects.filter(deed="deactivate_person", subject=cast.maya).count() == 1


def test_a_guardian_invitation_dies_when_the_therapist_stops_working_with_the_teen(cast: Cast, now: datetime) -> None:
    invited = invite_for_ben(cast, now)
    Relationship.objects.filter(pk=cast.ben_with_maya.pk).update(state="ended", ended_at=now)
    assert invitation_behind(invited.token, now=now) is None


def test_a_guardian_gets_the_custody_the_therapist_recorded(cast: Cast, now: datetime) -> None:
    invited = invite_for_ben(cast, now)
    user = accept_invitation(invited.invitation, now=now, new_account=NEW)
    standing = Guardianship.objects.get(client=cast.ben, guardian=user)
    assert standing.has_legal_custody is False


def test_teen_cannot_be_invited_with_the_address_of_a_guardian(cast: Cast, now: datetime) -> None:
    for born in (TEEN, CHILD):
        with pytest.raises(AddressOfGuardian):
            invite_for_maya(cast, now, email="Gita@example.test", born=born)
    assert invite_for_maya(cast, now, email="gita@example.test", born=ADULT)


@pytest.mark.parametrize("therapist", ["zoe", "tom"])
def test_whose_parents_others_work_with_shows_in_no_refusal_and_the_teen_gets_in_by_no_such_address(
    cast: Cast, now: datetime, therapist: str
) -> None:
    practice = cast.harbour if therapist == "zoe" else cast.willow
    outcomes = []
    for email in ("gita@example.test", "nobody@example.test"):
        new = NewClient("Noa Example", email, TEEN, "en")
        outcomes.append(invite_client(actor=Actor(getattr(cast, therapist)), practice=practice, client=new, now=now))
    assert all(isinstance(outcome, Invited) for outcome in outcomes)
    with pytest.raises(AddressOfGuardian):
        accept_invitation(outcomes[0].invitation, now=now, user=cast.gita)


def test_teen_cannot_accept_with_an_address_that_became_a_guardians(cast: Cast, now: datetime) -> None:
    invited = invite_for_maya(cast, now, email="noa@example.test", born=TEEN)
    parent = accept_invitation(invite_for_ben(cast, now).invitation, now=now, new_account=NEW)
    with pytest.raises(AddressOfGuardian):
        accept_invitation(invited.invitation, now=now, user=parent)
    assert not Relationship.objects.filter(client=parent).exists()


def test_guardian_cannot_be_invited_with_the_address_of_the_teen(cast: Cast, now: datetime) -> None:
    with pytest.raises(AddressOfClient):
        invite_for_ben(cast, now, email="BEN@example.test")


def test_guardian_is_named_once_and_adults_have_none(cast: Cast, now: datetime) -> None:
    with pytest.raises(AlreadyGuardian):
        invite_for_ben(cast, now, email="gita@example.test")
    with pytest.raises(NoGuardianNeeded):
        invite_guardian(
            actor=Actor(cast.maya),
            relationship=cast.sam_with_maya,
            name="Noa",
            email="noa@example.test",
            language="en",
            has_legal_custody=True,
            now=now,
        )


def test_a_young_child_without_an_address_begins_at_once(cast: Cast, now: datetime) -> None:
    child = NewClient("Pia Example", "", CHILD, "es")
    outcome = invite_client(actor=Actor(cast.maya), practice=cast.willow, client=child, now=now)
    assert isinstance(outcome, Relationship)
    assert (outcome.audience, outcome.client.email, outcome.client.language) == (Audience.CHILD, None, "es")
    with pytest.raises(AddressNeeded):
        invite_client(actor=Actor(cast.maya), practice=cast.willow, client=NewClient("Teo", "", TEEN, "es"), now=now)


def test_nobody_is_invited_twice_into_the_same_pair_nor_by_themselves(cast: Cast, now: datetime) -> None:
    with pytest.raises(AlreadyTogether):
        invite_for_maya(cast, now, email="sam@example.test")
    with pytest.raises(OwnAddress):
        invite_for_maya(cast, now, email="maya@example.test")


def test_an_invited_supervisor_gets_that_role_and_no_other(cast: Cast, now: datetime) -> None:
    user = accept_invitation(invite_to_work(cast, now, Role.SUPERVISOR).invitation, now=now, new_account=NEW)
    assert [one.role for one in Membership.objects.filter(user=user)] == [Role.SUPERVISOR]


def test_an_inactive_supervisor_is_not_named(cast: Cast, now: datetime) -> None:
    give_role(actor=Actor(cast.ada), practice=cast.willow, user=cast.ada, role=Role.SUPERVISOR, now=now)
    begin_supervision(
        actor=Actor(cast.ada), practice=cast.willow, supervisor=cast.ada, therapist=cast.maya, now=timezone.now()
    )
    deactivate_user(cast.sol, now=now)
    assert supervisors_behind(invite_for_maya(cast, now).invitation) == [cast.ada]
