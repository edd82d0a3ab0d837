"""Recording that a session took place."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.relationships.actions import lock_relationship
from openrapport.relationships.models import Relationship
from openrapport.sessions.models import Format, Status, TherapySession


@transaction.atomic
def add_session(
    *,
    actor: Actor,
    relationship: Relationship,
    starts_at: datetime,
    now: datetime,
    status: Status = Status.HELD,
    format: Format = Format.IN_PERSON,  # noqa: A002 - the field's own word
) -> TherapySession:
    """The next session of a relationship; its number follows the last one."""
    lock_relationship(relationship.pk)
    last = TherapySession.objects.filter(relationship=relationship).aggregate(last=Max("number"))["last"] or 0
    session = TherapySession.objects.create(
        relationship=relationship, number=last + 1, starts_at=starts_at, status=status, format=format
    )
    record(
        actor=actor,
        deed="add_session",
        about=relationship.pk,
        at=now,
        obj=session,
        subject=relationship.client,
        facts={"number": session.number, "status": session.status},
    )
    return session
