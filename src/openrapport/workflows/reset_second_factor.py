"""Somebody lost what they sign in with: passkeys, app codes and recovery codes go, and every sign-in ends."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.people.actions import end_every_sign_in
from openrapport.people.models import User
from openrapport.workflows.tell_of_sign_in_ways import tell_of_sign_in_ways


@dataclass(frozen=True)
class Removed:
    passkeys: int
    app_codes: int
    recovery_codes: int
    devices: int

    @property
    def factors(self) -> int:
        return self.passkeys + self.app_codes + self.recovery_codes


@transaction.atomic
def reset_second_factor(person: User, *, actor: Actor, now: datetime) -> Removed:
    """Changes nothing when there is no second factor; `Removed.factors` is 0 then."""
    held = Authenticator.objects.select_for_update().filter(user=person)
    kinds = Counter(held.values_list("type", flat=True))
    if not kinds:
        return Removed(0, 0, 0, 0)
    held.delete()
    sessions = list(UserSession.objects.filter(user=person))
    for session in sessions:
        session.end()
    end_every_sign_in(person)  # also those that are in no list
    removed = Removed(
        passkeys=kinds[Authenticator.Type.WEBAUTHN],
        app_codes=kinds[Authenticator.Type.TOTP],
        recovery_codes=kinds[Authenticator.Type.RECOVERY_CODES],
        devices=len(sessions),
    )
    record(
        actor=actor,
        deed="reset_second_factor",
        about=person.pk,
        at=now,
        obj=person,
        subject=person,
        facts=vars(removed),
    )
    tell_of_sign_in_ways(person, notice="second_factor_reset", now=now)
    return removed
