"""Passkeys, app codes or recovery codes of an account changed: its person hears of it by mail."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.notices.actions import queue_notice
from openrapport.people.models import User
from openrapport.shared.ids import new_id


@transaction.atomic
def record_change_of_sign_in_ways(person: User, *, change: str, notice: str, actor: Actor, now: datetime) -> None:
    """`change` names what happened in the log; `notice` is the kind of mail."""
    record(
        actor=actor,
        deed="change_sign_in_ways",
        about=person.pk,
        at=now,
        obj=person,
        subject=person,
        facts={"change": change},
    )
    tell_of_sign_in_ways(person, notice=notice, now=now)


def tell_of_sign_in_ways(person: User, *, notice: str, now: datetime) -> None:
    queue_notice(
        kind=notice,
        to=person,
        payload={"link": f"{settings.BASE_URL}/account/"},
        about=person.pk,
        once_key=f"{notice}:{new_id()}",
        now=now,
    )
