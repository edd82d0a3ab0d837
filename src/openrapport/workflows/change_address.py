"""Somebody reads their mail elsewhere from now on: the account's address moves, and the old one is told."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.notices.actions import queue_code, queue_mail, readdress_notices
from openrapport.people.actions import EmailTaken, change_email, end_every_sign_in
from openrapport.people.models import User
from openrapport.practices.models import Invitation, InvitedAs
from openrapport.shared.ids import new_id


class AddressNotFree(Exception):
    """Another account has it, or it is a parent's or guardian's. Which of both is nobody's to know."""


def is_free_for(person: User, address: str) -> bool:
    """An address opens one account; and a young person does not get that of a guardian who is only invited yet."""
    if User.objects.filter(email__iexact=address).exclude(pk=person.pk).exists():
        return False
    asked = Invitation.objects.filter(invited_as=InvitedAs.GUARDIAN, client=person, accepted_at=None, revoked_at=None)
    return not asked.filter(email__iexact=address).exists()


def mail_address_code(person: User, *, address: str, code: str, now: datetime) -> None:
    """To an address that is not free nothing is sent, and it takes as long."""
    queue_code(
        kind="address_code",
        address=address if is_free_for(person, address) else None,
        code=code,
        language=person.language,
        about=person.pk,
        now=now,
    )


@transaction.atomic
def change_address(person: User, *, address: str, actor: Actor, now: datetime) -> None:
    """Raises AddressNotFree. Every sign-in ends, this one too: the page that asked begins it anew."""
    old = person.email
    if not is_free_for(person, address):
        raise AddressNotFree
    try:
        change_email(person, email=address)
    except EmailTaken:
        raise AddressNotFree from None
    for session in UserSession.objects.filter(user=person):
        session.end()
    end_every_sign_in(person)  # also those that are in no list
    record(actor=actor, deed="change_address", about=person.pk, at=now, obj=person, subject=person)
    if old:
        readdress_notices(old=old, new=str(person.email), now=now)
        queue_mail(
            kind="address_changed",
            address=old,
            language=person.language,
            payload={},
            about=person.pk,
            once_key=f"address_changed:{new_id()}",
            now=now,
        )
