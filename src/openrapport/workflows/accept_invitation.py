"""An invitation is accepted: account, role or relationship, and the audit lines, all in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.people.actions import create_user
from openrapport.people.models import User
from openrapport.practices.actions import InvitationClosed, give_role, mark_accepted
from openrapport.practices.models import Invitation, InvitedAs, Membership, Role
from openrapport.practices.queries import open_invitation, supervisions_of
from openrapport.relationships.actions import (
    begin_relationship,
    name_guardian,
    record_that_client_was_told_of_supervision,
)
from openrapport.relationships.models import OPEN_STATES, Audience, Guardianship, Relationship
from openrapport.shared.ids import fingerprint
from openrapport.workflows.invite_client import audience_at, local_day, refuse_address_of_guardian
from openrapport.workflows.invite_guardian import AddressOfClient

STAFF = (InvitedAs.THERAPIST, InvitedAs.SUPERVISOR, InvitedAs.ADMIN)


class ForSomebodyElse(Exception):
    """The account that accepts has another address than the one that was invited."""


@dataclass(frozen=True)
class NewAccount:
    """What somebody without an account tells about themselves."""

    name: str
    language: str
    time_zone: str


def invitation_behind(token: str, *, now: datetime) -> Invitation | None:
    """The invitation a link stands for: open, in time, and from somebody who may still invite."""
    invitation = open_invitation(fingerprint(token), now=now)
    return invitation if invitation is not None and _still_stands(invitation) else None


def _still_stands(invitation: Invitation) -> bool:
    if not invitation.invited_by.is_active:
        return False
    needed = Role.ADMIN if invitation.invited_as in STAFF else Role.THERAPIST
    held = Membership.objects.filter(
        practice=invitation.practice, user=invitation.invited_by, role=needed, until=None
    ).exists()
    if invitation.invited_as != InvitedAs.GUARDIAN:
        return held
    return held and _working_with_minor(invitation)


def _working_with_minor(invitation: Invitation) -> bool:
    return (
        Relationship.objects.filter(
            practice=invitation.practice,
            client=invitation.client,
            therapist=invitation.invited_by,
            state__in=OPEN_STATES,
        )
        .exclude(audience=Audience.ADULT)
        .exists()
    )


def audience_of(invitation: Invitation, *, now: datetime) -> Audience:
    assert invitation.birth_date is not None
    return audience_at(invitation.birth_date, local_day(invitation.practice, now))


def supervisors_behind(invitation: Invitation) -> list[User]:
    """Who would read what the client shares with the therapist; the client is told before accepting."""
    assert invitation.therapist is not None
    return [one.supervisor for one in supervisions_of(invitation.therapist, invitation.practice)]


@transaction.atomic
def accept_invitation(
    invitation: Invitation,
    *,
    now: datetime,
    user: User | None = None,
    new_account: NewAccount | None = None,
    told_of_supervision: bool = False,
) -> User:
    """By the account that is signed in, or by making one. Nothing changes when this raises.

    InvitationClosed: accepted, taken back, expired, or its inviter may not invite any more.
    ForSomebodyElse, AddressOfGuardian, AddressOfClient, EmailTaken: who accepts does not fit.
    """
    current = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if open_invitation(invitation.token_hash, now=now) != current or not _still_stands(current):
        raise InvitationClosed(str(invitation.pk))
    if current.invited_as == InvitedAs.CLIENT:
        refuse_address_of_guardian(current.email, audience_of(current, now=now))
    if current.client is not None and (current.client.email or "").lower() == current.email.lower():
        raise AddressOfClient
    if user is None:
        assert new_account is not None
        user = create_user(
            display_name=new_account.name,
            email=current.email,
            language=new_account.language,
            time_zone=new_account.time_zone,
            birth_date=current.birth_date,
            now=now,
        )
    elif (user.email or "").lower() != current.email.lower() or not user.is_active or user == current.invited_by:
        raise ForSomebodyElse
    actor = Actor(user=user, via="invitation")
    mark_accepted(current, actor=actor, user=user, now=now)
    _take_place(current, user, actor=actor, told_of_supervision=told_of_supervision, now=now)
    return user


def _take_place(invitation: Invitation, user: User, *, actor: Actor, told_of_supervision: bool, now: datetime) -> None:
    if invitation.invited_as in STAFF:
        give_role(actor=actor, practice=invitation.practice, user=user, role=Role(invitation.invited_as), now=now)
    elif invitation.invited_as == InvitedAs.GUARDIAN:
        _become_guardian(invitation, user, actor=actor, now=now)
    else:
        _become_client(invitation, user, actor=actor, told_of_supervision=told_of_supervision, now=now)


def _become_guardian(invitation: Invitation, user: User, *, actor: Actor, now: datetime) -> None:
    assert invitation.client is not None
    assert invitation.has_legal_custody is not None
    standing = Guardianship.objects.filter(
        practice=invitation.practice, client=invitation.client, guardian=user, until=None
    )
    if not standing.exists():
        name_guardian(
            actor=actor,
            practice=invitation.practice,
            client=invitation.client,
            guardian=user,
            has_legal_custody=invitation.has_legal_custody,
            now=now,
        )


def _become_client(
    invitation: Invitation, user: User, *, actor: Actor, told_of_supervision: bool, now: datetime
) -> None:
    assert invitation.therapist is not None
    if user.birth_date is None:
        user.birth_date = invitation.birth_date
        user.save(update_fields=["birth_date"])
    pair = {"practice": invitation.practice, "client": user, "therapist": invitation.therapist}
    if Relationship.objects.filter(**pair, state__in=OPEN_STATES).exists():
        return
    relationship = begin_relationship(
        actor=actor,
        practice=invitation.practice,
        client=user,
        therapist=invitation.therapist,
        audience=audience_of(invitation, now=now),
        now=now,
    )
    if told_of_supervision and supervisors_behind(invitation):
        record_that_client_was_told_of_supervision(relationship, actor=actor, now=now)
