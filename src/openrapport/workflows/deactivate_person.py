"""An account is closed without deleting anything: sign-ins end, open invitations die, what was written stays."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.notices.actions import cancel_notices_to
from openrapport.people.actions import deactivate_user, reactivate_user
from openrapport.people.models import User
from openrapport.practices.actions import LastAdministrator
from openrapport.practices.models import Invitation, Membership, Practice, Role
from openrapport.workflows.change_relationship_state import pause_work_of
from openrapport.workflows.invite_by_mail import take_back_invitation


@transaction.atomic
def deactivate_person(person: User, *, actor: Actor, practice: Practice, now: datetime) -> None:
    """Raises LastAdministrator when a practice would be left without one."""
    for held in Membership.objects.filter(user=person, role=Role.ADMIN, until=None).select_related("practice"):
        others = Membership.objects.select_for_update().filter(
            practice=held.practice, role=Role.ADMIN, until=None, user__is_active=True
        )
        if not others.exclude(user=person).exists():
            raise LastAdministrator(held.practice.name)
    pause_work_of(person, actor=actor, now=now)
    deactivate_user(person, now=now)
    for session in UserSession.objects.filter(user=person):
        session.end()
    for invitation in Invitation.objects.filter(invited_by=person, accepted_at=None, revoked_at=None):
        take_back_invitation(invitation, actor=actor, now=now)
    cancel_notices_to(person.email, now=now)
    record(actor=actor, deed="deactivate_person", about=practice.pk, at=now, obj=person, subject=person)


@transaction.atomic
def reactivate_person(person: User, *, actor: Actor, practice: Practice, now: datetime) -> None:
    reactivate_user(person)
    record(actor=actor, deed="reactivate_person", about=practice.pk, at=now, obj=person, subject=person)
