"""A role ends, and with it what rested on it: supervisions, and invitations nobody may stand behind any more."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from openrapport.audit.actor import Actor
from openrapport.notices.actions import cancel_notices_to
from openrapport.practices.actions import end_role, end_supervision
from openrapport.practices.models import Invitation, InvitedAs, Membership, Role, Supervision
from openrapport.relationships.models import Relationship
from openrapport.workflows.change_relationship_state import pause_work_of
from openrapport.workflows.invite_by_mail import take_back_invitation

INVITES: dict[str, tuple[InvitedAs, ...]] = {
    Role.ADMIN: (InvitedAs.THERAPIST, InvitedAs.SUPERVISOR, InvitedAs.ADMIN),
    Role.THERAPIST: (InvitedAs.CLIENT, InvitedAs.GUARDIAN),
    Role.SUPERVISOR: (),
}


@transaction.atomic
def end_staff_role(membership: Membership, *, actor: Actor, now: datetime) -> None:
    """Raises LastAdministrator."""
    end_role(membership, actor=actor, now=now)
    person, practice = membership.user, membership.practice
    if membership.role == Role.THERAPIST:
        pause_work_of(person, actor=actor, practice=practice, now=now)
    ended = {Role.SUPERVISOR: Q(supervisor=person), Role.THERAPIST: Q(therapist=person)}.get(Role(membership.role))
    if ended is not None:
        for supervision in Supervision.objects.filter(ended, practice=practice, until=None):
            end_supervision(supervision, actor=actor, now=now)
    of_practice = Relationship.objects.filter(practice=practice).exclude(client=person)
    cancel_notices_to(person.email, about=set(of_practice.values_list("pk", flat=True)), now=now)
    waiting = Invitation.objects.filter(
        practice=practice,
        invited_by=person,
        invited_as__in=INVITES[membership.role],
        accepted_at=None,
        revoked_at=None,
    )
    for invitation in waiting:
        take_back_invitation(invitation, actor=actor, now=now)
