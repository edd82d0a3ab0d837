"""The address somebody asked for and the code that proves it, kept in their sign-in; of the code only a fingerprint."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare, salted_hmac

from openrapport.notices.actions import CODE_LASTS

KEY = "new_address"
MOST_TRIES = 5


@dataclass(frozen=True)
class Asked:
    """`mark` is the fingerprint of the code; `tries` counts the wrong ones."""

    address: str
    mark: str
    until: float
    tries: int = 0

    def fits(self, typed: str) -> bool:
        return constant_time_compare(_mark_of(self.address, typed), self.mark)


def keep_asked(session: SessionBase, *, address: str, code: str, now: datetime) -> None:
    asked = Asked(address, _mark_of(address, code), (now + CODE_LASTS).timestamp())
    session[KEY] = vars(asked)


def asked_in(session: SessionBase, *, now: datetime) -> Asked | None:
    """None: nothing was asked, the code ran out, or it was guessed at too often."""
    kept = session.get(KEY)
    if kept is None:
        return None
    asked = Asked(**kept)
    return asked if asked.until > now.timestamp() and asked.tries < MOST_TRIES else None


def count_try(session: SessionBase, asked: Asked) -> None:
    session[KEY] = {**vars(asked), "tries": asked.tries + 1}


def forget_asked(session: SessionBase) -> None:
    session.pop(KEY, None)


def _mark_of(address: str, code: str) -> str:
    """Capital or small, with or without the dash: all the same."""
    letters = re.sub(r"[\s-]", "", code).upper()
    return salted_hmac("openrapport.web.account.new_address", f"{address}:{letters}", algorithm="sha256").hexdigest()
