"""Whether a member of a practice has shown, in this session, something besides their mailbox."""

from enum import Enum

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from openrapport.people.models import User

# One-click sign-ins of the demo have no device to show; outside the demo the mark means nothing.
DEMO_SIGN_IN = "demo_sign_in"
FACTORS = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)


class SecondFactor(Enum):
    SHOWN = "shown"
    NOT_SHOWN = "not shown"  # there is one, but this session began without it
    MISSING = "missing"


def second_factor_of(request: HttpRequest, user: User) -> SecondFactor:
    if settings.DEMO and request.session.get(DEMO_SIGN_IN):
        return SecondFactor.SHOWN
    if not Authenticator.objects.filter(user=user, type__in=FACTORS).exists():
        return SecondFactor.MISSING
    # A passkey sign-in is recorded under the same method, so it counts as well.
    shown = any(one.get("method") == "mfa" for one in get_authentication_records(request, user))
    return SecondFactor.SHOWN if shown else SecondFactor.NOT_SHOWN


def record_set_up(request: HttpRequest, kind: Authenticator.Type) -> None:
    """Setting one up shows that it is at hand; nobody has to show it again a moment later."""
    record_authentication(request, request.user, method="mfa", type=kind, reauthenticated=True)
