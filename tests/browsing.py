"""A test client signed in as somebody, with the second factor that members of a practice must show."""

from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from openrapport.people.models import User


def browser_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults={"data": {}})
        client.force_login(user)
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "mfa", "type": "totp", "at": timezone.now().timestamp()}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client
