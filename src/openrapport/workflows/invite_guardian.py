"""A therapist asks a parent or guardian of a child or teen to have an account of their own."""

from datetime import datetime

from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.practices.actions import Invited, invite
from openrapport.practices.models import InvitedAs
from openrapport.relationships.models import Audience, Guardianship, Relationship
from openrapport.workflows.invite_by_mail import mail_invitation
from openrapport.workflows.invite_client import refuse_own_address


class AddressOfClient(Exception):
    """A young client and their guardian are two people: one address cannot open both accounts."""


class AlreadyGuardian(Exception):
    """This person is named as a guardian already."""


class NoGuardianNeeded(Exception):
    """An adult client has no guardian here."""


@transaction.atomic
def invite_guardian(
    *,
    actor: Actor,
    relationship: Relationship,
    name: str,
    email: str,
    language: str,
    has_legal_custody: bool,
    now: datetime,
) -> Invited:
    """`relationship` comes from `caseload_of`; the actor is its therapist."""
    assert actor.user is not None
    client = relationship.client
    refuse_own_address(actor.user, email.strip())
    if relationship.audience == Audience.ADULT:
        raise NoGuardianNeeded
    if client.email and client.email.lower() == email.strip().lower():
        raise AddressOfClient
    standing = Guardianship.objects.filter(practice=relationship.practice, client=client, until=None)
    if standing.filter(guardian__email__iexact=email.strip()).exists():
        raise AlreadyGuardian
    invited = invite(
        actor=actor,
        practice=relationship.practice,
        invited_as=InvitedAs.GUARDIAN,
        name=name,
        email=email,
        language=language,
        therapist=relationship.therapist,
        client=client,
        has_legal_custody=has_legal_custody,
        now=now,
    )
    mail_invitation(invited, now=now)
    return invited
