"""Pausing, ending or changing takes effect at once: links die and queued mail is not sent."""

from datetime import datetime

from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import revoke_passes
from openrapport.notices.actions import cancel_notices
from openrapport.people.models import User
from openrapport.practices.models import Practice
from openrapport.relationships.actions import move_relationship
from openrapport.relationships.models import WORKING_STATES, Relationship, State


@transaction.atomic
def change_relationship_state(
    *, actor: Actor, relationship: Relationship, to_state: State, now: datetime, reason: str = ""
) -> None:
    move_relationship(relationship, actor=actor, to_state=to_state, now=now, reason=reason)
    if to_state not in WORKING_STATES:
        revoke_passes(relationship, now=now)
        cancel_notices(about=relationship.pk, now=now)


@transaction.atomic
def pause_work_of(therapist: User, *, actor: Actor, now: datetime, practice: Practice | None = None) -> int:
    """Nobody is asked for answers that nobody may read: the work pauses when the therapist's role or account ends."""
    working = Relationship.objects.filter(therapist=therapist, state__in=WORKING_STATES)
    if practice is not None:
        working = working.filter(practice=practice)
    paused = list(working.order_by("pk"))
    for relationship in paused:
        change_relationship_state(actor=actor, relationship=relationship, to_state=State.PAUSED, now=now)
    return len(paused)
