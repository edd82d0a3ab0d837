"""A code was typed on a handed-over device: who begins to answer gets time to finish, and it is on record."""

from datetime import datetime, timedelta

from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.checkins.actions import note_pass_opened
from openrapport.checkins.models import CheckInPass
from openrapport.relationships.actions import lock_relationship

TIME_TO_ANSWER = timedelta(minutes=30)


@transaction.atomic
def open_by_code(check_in_pass: CheckInPass, *, now: datetime) -> None:
    check_in = check_in_pass.check_in
    lock_relationship(check_in.relationship_id)  # before the pass and the log, in the order sending takes them
    note_pass_opened(check_in_pass, stays_open_for=TIME_TO_ANSWER, now=now)
    record(
        actor=Actor(user=check_in.respondent, via="kiosk"),
        deed="open_by_code",
        about=check_in.relationship_id,
        at=now,
        obj=check_in,
        subject=check_in.respondent,
    )
