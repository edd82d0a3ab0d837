"""Beginning a relationship, moving it between states, telling the client of supervision, naming a guardian."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.people.models import User
from openrapport.practices.models import Practice
from openrapport.practices.queries import rules_of
from openrapport.relationships.models import CLOSED_STATES, Audience, Guardianship, Relationship, State, StateChange
from openrapport.relationships.rules import may_move
from openrapport.shared.prepared import Prepared


class MoveRefused(Exception):
    """The relationship's state does not allow this move."""


def lock_relationship(pk: UUID) -> Relationship:
    """The relationship as it is now, held until the transaction ends: what is decided on its state stays true."""
    found = _LOCKED.first(pk=pk)
    if found is None:
        raise Relationship.DoesNotExist(str(pk))
    return found


def _locked(*, pk: UUID) -> QuerySet[Relationship]:
    rows = Relationship.objects.select_related("practice", "client", "therapist")
    return rows.select_for_update(of=("self",)).filter(pk=pk)


_LOCKED = Prepared(_locked, pk=UUID)


@transaction.atomic
def begin_relationship(
    *,
    actor: Actor,
    practice: Practice,
    client: User,
    therapist: User,
    audience: Audience,
    now: datetime,
    state: State = State.ACTIVE,
) -> Relationship:
    relationship = Relationship.objects.create(
        practice=practice,
        client=client,
        therapist=therapist,
        audience=audience,
        state=state,
        state_since=now,
        began_at=now,
    )
    _append(relationship, actor=actor, from_state="", now=now, reason="")
    return relationship


@transaction.atomic
def move_relationship(
    relationship: Relationship, *, actor: Actor, to_state: State, now: datetime, reason: str = ""
) -> None:
    current = lock_relationship(relationship.pk)
    if not may_move(from_state=current.state, to_state=to_state):
        raise MoveRefused(f"A relationship that is {current.state} cannot become {to_state}.")
    before = current.state
    closed = to_state in CLOSED_STATES
    keep = timedelta(days=rules_of(current.practice).retain_after_end_days)
    relationship.state = to_state
    relationship.state_since = now
    relationship.ended_at = now if closed else None
    relationship.retained_until = now + keep if closed else None
    relationship.save(update_fields=["state", "state_since", "ended_at", "retained_until"])
    _append(relationship, actor=actor, from_state=before, now=now, reason=reason)


def _append(relationship: Relationship, *, actor: Actor, from_state: str, now: datetime, reason: str) -> None:
    StateChange.objects.create(
        relationship=relationship,
        from_state=from_state,
        to_state=relationship.state,
        at=now,
        actor=actor.label,
        reason=reason,
    )
    record(
        actor=actor,
        deed="move_relationship",
        about=relationship.pk,
        at=now,
        obj=relationship,
        subject=relationship.client,
        facts={"from": from_state, "to": relationship.state},
    )


@transaction.atomic
def record_that_client_was_told_of_supervision(relationship: Relationship, *, actor: Actor, now: datetime) -> None:
    relationship.supervision_told_at = now
    relationship.save(update_fields=["supervision_told_at"])
    record(
        actor=actor,
        deed="tell_client_of_supervision",
        about=relationship.pk,
        at=now,
        obj=relationship,
        subject=relationship.client,
    )


@transaction.atomic
def name_guardian(
    *, actor: Actor, practice: Practice, client: User, guardian: User, has_legal_custody: bool, now: datetime
) -> Guardianship:
    guardianship = Guardianship.objects.create(
        practice=practice, client=client, guardian=guardian, has_legal_custody=has_legal_custody, since=now
    )
    record(actor=actor, deed="name_guardian", about=client.pk, at=now, obj=guardianship, subject=client)
    return guardianship


@transaction.atomic
def end_guardianship(guardianship: Guardianship, *, actor: Actor, now: datetime) -> None:
    guardianship.until = now
    guardianship.save(update_fields=["until"])
    record(
        actor=actor,
        deed="end_guardianship",
        about=guardianship.client_id,
        at=now,
        obj=guardianship,
        subject=guardianship.client,
    )
