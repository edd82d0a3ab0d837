"""Without a mail server, whoever invited gets the link to hand on themselves: shown once, on the next page."""

import json
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.http import HttpRequest

from openrapport.shared.encrypted import box

KEPT = "fresh_invitation_link"


@dataclass(frozen=True)
class FreshLink:
    name: str
    link: str
    folder: str


def keep_link(request: HttpRequest, name: str, link: str) -> None:
    """Encrypted, because the session lies in the database, and the database alone should open nothing."""
    if settings.MAIL_GOES_TO_FOLDER:
        request.session[KEPT] = box().encrypt(json.dumps([name, link]).encode()).decode()


def take_link(request: HttpRequest) -> FreshLink | None:
    kept = request.session.pop(KEPT, None)
    if kept is None or not settings.MAIL_GOES_TO_FOLDER:
        return None
    try:
        name, link = json.loads(box().decrypt(kept.encode()))
    except InvalidToken:
        return None
    return FreshLink(name=name, link=link, folder=settings.EMAIL_FILE_PATH)
