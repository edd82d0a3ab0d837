"""The mail of an invitation: queued with its cause, taken back with it, and replaced when it is sent again."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.notices.actions import cancel_notices, queue_mail
from openrapport.practices.actions import Invited, renew_invitation, revoke_invitation
from openrapport.practices.models import Invitation


def link_of(invited: Invited) -> str:
    return f"{settings.BASE_URL}/invitation/{invited.token}/"


def mail_invitation(invited: Invited, *, now: datetime) -> None:
    invitation = invited.invitation
    queue_mail(
        kind="invitation",
        address=invitation.email,
        language=invitation.language,
        payload={"link": link_of(invited), "practice": invitation.practice.name},
        about=invitation.pk,
        once_key=f"invitation:{invitation.pk}:{invitation.times_sent}",
        now=now,
    )


@transaction.atomic
def send_invitation_again(invitation: Invitation, *, actor: Actor, now: datetime) -> Invited:
    """Raises InvitationClosed. The older link dies, and its mail does not leave if it has not left yet."""
    renewed = renew_invitation(invitation, actor=actor, now=now)
    cancel_notices(about=invitation.pk, now=now)
    mail_invitation(renewed, now=now)
    return renewed


@transaction.atomic
def take_back_invitation(invitation: Invitation, *, actor: Actor, now: datetime) -> None:
    """Raises InvitationClosed."""
    revoke_invitation(invitation, actor=actor, now=now)
    cancel_notices(about=invitation.pk, now=now)
