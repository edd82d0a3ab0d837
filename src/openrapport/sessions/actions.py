"""Recording that a session took place."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.relationships.actions import lock_relationship
from openrapport.relationships.models import Relationship
from openrapport.sessions.models import Format, Status, TherapySession


class AlreadyRecorded(Exception):
    """Another session was recorded since the form was opened: the one after the last that was known then."""

    def __init__(self, session: TherapySession) -> None:
        super().__init__(str(session.pk))
        self.session = session


@transaction.atomic
def add_session(
    *,
    actor: Actor,
    relationship: Relationship,
    starts_at: datetime,
    now: datetime,
    status: Status = Status.HELD,
    format: Format = Format.IN_PERSON,  # noqa: A002 - the field's own word
    after: int | None = None,
) -> TherapySession:
    """The next session of a relationship; its number follows the last one.

    `after` is the number of the last session that whoever records knew of, 0 for none. If there is a later one by now,
    nothing is added and AlreadyRecorded is raised: a form that was sent twice makes one session.
    """
    lock_relationship(relationship.pk)
    recorded = TherapySession.objects.filter(relationship=relationship)
    last = recorded.aggregate(last=Max("number"))["last"] or 0
    if after is not None and last > after:
        raise AlreadyRecorded(recorded.order_by("number").filter(number__gt=after)[0])
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
