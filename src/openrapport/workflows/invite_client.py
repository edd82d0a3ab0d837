"""A therapist asks somebody to use OpenRapport together. A young child without an address begins at once."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.people.actions import create_user
from openrapport.people.models import User
from openrapport.practices.actions import Invited, invite
from openrapport.practices.models import InvitedAs, Practice
from openrapport.relationships.actions import begin_relationship
from openrapport.relationships.models import OPEN_STATES, Audience, Guardianship, Relationship
from openrapport.workflows.invite_by_mail import mail_invitation

TEEN_FROM = 13
ADULT_FROM = 18


class AddressNeeded(Exception):
    """Only a young child, who answers on a device handed over, has no address of their own."""


class AddressOfGuardian(Exception):
    """A young client and their guardian are two people: one address cannot open both accounts."""


class OwnAddress(Exception):
    """Therapists cannot invite themselves."""


class AlreadyTogether(Exception):
    """The two work together already."""


@dataclass(frozen=True)
class NewClient:
    name: str
    email: str
    birth_date: date
    language: str


def audience_at(birth_date: date, day: date) -> Audience:
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    age = day.year - birth_date.year - (0 if had_birthday else 1)
    if age < TEEN_FROM:
        return Audience.CHILD
    return Audience.TEEN if age < ADULT_FROM else Audience.ADULT


def local_day(practice: Practice, now: datetime) -> date:
    return now.astimezone(ZoneInfo(practice.time_zone)).date()


@transaction.atomic
def invite_client(*, actor: Actor, practice: Practice, client: NewClient, now: datetime) -> Invited | Relationship:
    """The actor is the therapist; `practice` comes from `practices_of_therapist`.

    Raises AddressNeeded, AddressOfGuardian, AlreadyTogether or OwnAddress.
    """
    assert actor.user is not None
    audience = audience_at(client.birth_date, local_day(practice, now))
    if not client.email:
        if audience != Audience.CHILD:
            raise AddressNeeded
        return _begin_without_address(actor, practice, client, now)
    refuse_own_address(actor.user, client.email)
    if audience != Audience.ADULT and _is_guardian_known_to(actor.user, client.email):
        raise AddressOfGuardian
    if works_together(practice, therapist=actor.user, email=client.email):
        raise AlreadyTogether
    invited = invite(
        actor=actor,
        practice=practice,
        invited_as=InvitedAs.CLIENT,
        name=client.name,
        email=client.email,
        language=client.language,
        therapist=actor.user,
        birth_date=client.birth_date,
        now=now,
    )
    mail_invitation(invited, now=now)
    return invited


def _begin_without_address(actor: Actor, practice: Practice, client: NewClient, now: datetime) -> Relationship:
    assert actor.user is not None
    child = create_user(
        display_name=client.name,
        email=None,
        language=client.language,
        time_zone=practice.time_zone,
        birth_date=client.birth_date,
        now=now,
    )
    return begin_relationship(
        actor=actor, practice=practice, client=child, therapist=actor.user, audience=Audience.CHILD, now=now
    )


def refuse_own_address(inviter: User, email: str) -> None:
    if (inviter.email or "").lower() == email.lower():
        raise OwnAddress


def _is_guardian_known_to(therapist: User, email: str) -> bool:
    """Of the therapist's own clients only: a refusal must not tell whose parents others work with.

    All the others are refused when the invitation is accepted, in front of whoever reads that mailbox.
    """
    own = Relationship.objects.filter(therapist=therapist, state__in=OPEN_STATES).values("client")
    return Guardianship.objects.filter(guardian__email__iexact=email, until=None, client__in=own).exists()


def refuse_address_of_guardian(email: str, audience: Audience) -> None:
    if audience != Audience.ADULT and Guardianship.objects.filter(guardian__email__iexact=email, until=None).exists():
        raise AddressOfGuardian


def works_together(practice: Practice, *, therapist: User, email: str) -> bool:
    return Relationship.objects.filter(
        practice=practice, therapist=therapist, client__email__iexact=email, state__in=OPEN_STATES
    ).exists()
