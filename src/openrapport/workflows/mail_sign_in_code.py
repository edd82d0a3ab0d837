"""Somebody asks for a code to sign in with. It goes through the outbox: nobody waits for a mail server."""

from datetime import datetime

from openrapport.notices.actions import queue_code
from openrapport.people.models import User
from openrapport.shared.ids import new_id


def mail_sign_in_code(typed: str, *, code: str, language: str, now: datetime) -> None:
    """To the address the account has, never to the one typed. Without an account the same work is done for nobody."""
    person = User.objects.filter(email__iexact=typed, is_active=True).first()
    queue_code(
        kind="sign_in_code",
        address=person.email if person is not None else None,
        code=code,
        language=language,
        about=person.pk if person is not None else new_id(),
        now=now,
    )
