"""A therapist hands over a device: a short code opens the client's check-in of the newest session on it."""

from datetime import datetime, timedelta

from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.checkins.actions import IssuedPass, issue_kiosk_code
from openrapport.checkins.models import CheckIn, RespondentRole
from openrapport.practices.queries import rules_of
from openrapport.relationships.actions import lock_relationship
from openrapport.relationships.models import Relationship


class NoSessionYet(Exception):
    """Without a session there is nothing to answer about."""


@transaction.atomic
def hand_over_device(*, actor: Actor, relationship: Relationship, now: datetime) -> IssuedPass:
    """A code is made whether or not the client has answered already: its absence would tell the therapist."""
    lock_relationship(relationship.pk)  # before the passes and the log, in the order sending takes them
    asked = CheckIn.objects.filter(relationship=relationship, role=RespondentRole.CLIENT)
    newest = asked.select_related("relationship__practice").order_by("-session__number").first()
    if newest is None:
        raise NoSessionYet(str(relationship.pk))
    minutes = rules_of(relationship.practice).kiosk_code_minutes
    issued = issue_kiosk_code(newest, valid_for=timedelta(minutes=minutes), now=now)
    record(
        actor=actor,
        deed="make_kiosk_code",
        about=relationship.pk,
        at=now,
        obj=newest,
        subject=relationship.client,
        facts={"minutes": minutes},
    )
    return issued
