"""Somebody changes how they are called, their language or their time zone. The log keeps which, never what."""

from datetime import datetime

from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.people import actions as people
from openrapport.people.models import User


@transaction.atomic
def change_profile(
    person: User, *, actor: Actor, now: datetime, display_name: str, language: str, time_zone: str
) -> None:
    changed = people.change_profile(person, display_name=display_name, language=language, time_zone=time_zone)
    if changed:
        record(
            actor=actor,
            deed="change_profile",
            about=person.pk,
            at=now,
            obj=person,
            subject=person,
            facts={"changed": list(changed)},
        )
