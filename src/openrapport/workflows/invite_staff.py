"""An administrator asks somebody to work in the practice."""

from datetime import datetime

from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.practices.actions import Invited, invite
from openrapport.practices.models import InvitedAs, Practice, Role
from openrapport.workflows.invite_by_mail import mail_invitation


@transaction.atomic
def invite_staff(
    *, actor: Actor, practice: Practice, role: Role, name: str, email: str, language: str, now: datetime
) -> Invited:
    """`practice` comes from `practices_administered_by`."""
    invited = invite(
        actor=actor,
        practice=practice,
        invited_as=InvitedAs(role.value),
        name=name,
        email=email,
        language=language,
        now=now,
    )
    mail_invitation(invited, now=now)
    return invited
