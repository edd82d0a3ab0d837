"""The first practice and the person who runs it: practice, account and roles, or nothing."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.people.actions import create_user
from openrapport.people.models import User
from openrapport.practices.actions import found_practice, give_role
from openrapport.practices.models import Practice, Role


@dataclass(frozen=True)
class SetUp:
    practice: Practice
    administrator: User
    roles: tuple[Role, ...]


@transaction.atomic
def set_up_practice(
    *,
    actor: Actor,
    name: str,
    country: str,
    time_zone: str,
    language: str,
    administrator_name: str,
    administrator_email: str,
    works_alone: bool,
    now: datetime,
) -> SetUp:
    """`works_alone` makes the administrator the therapist too. Raises EmailTaken when the address has an account."""
    practice = found_practice(actor=actor, name=name, country=country, time_zone=time_zone, language=language, now=now)
    administrator = create_user(
        display_name=administrator_name,
        email=administrator_email,
        language=language,
        time_zone=time_zone,
        now=now,
    )
    roles = (Role.ADMIN, Role.THERAPIST) if works_alone else (Role.ADMIN,)
    for role in roles:
        give_role(actor=actor, practice=practice, user=administrator, role=role, now=now)
    return SetUp(practice, administrator, roles)
