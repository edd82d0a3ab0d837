"""Writing to the outbox, and taking back what must not be sent any more."""

import json
import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from openrapport.notices.messages import require_known
from openrapport.notices.models import NOTHING, Notice
from openrapport.people.models import User
from openrapport.shared.ids import new_id

CODE_LASTS = timedelta(minutes=10)
SPENT_ROWS_STAY = timedelta(days=1)
# The worker in this process sends at once; one in another process looks at the outbox every second.
mail_is_urgent = threading.Event()


def queue_notice(
    *,
    kind: str,
    to: User,
    payload: Mapping[str, str],
    about: UUID,
    once_key: str,
    now: datetime,
    due_at: datetime | None = None,
) -> bool:
    """Queue one mail; False when the same cause is queued or sent already, or the person has no address."""
    if not to.email or not to.is_active:
        return False
    return queue_mail(
        kind=kind,
        address=to.email,
        language=to.language,
        payload=payload,
        about=about,
        once_key=once_key,
        now=now,
        due_at=due_at,
    )


def queue_mail(
    *,
    kind: str,
    address: str,
    language: str,
    payload: Mapping[str, str],
    about: UUID,
    once_key: str,
    now: datetime,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """Queue one mail to an address that has no account yet, such as an invitation."""
    require_known(kind, payload)
    _, made = Notice.objects.get_or_create(
        once_key=once_key,
        defaults={
            "kind": kind,
            "to": address,
            "language": language,
            "payload": json.dumps(dict(payload)),
            "about": about,
            "made_at": now,
            "due_at": due_at or now,
            "expires_at": expires_at,
        },
    )
    if expires_at is not None:
        transaction.on_commit(mail_is_urgent.set)
    return made


def queue_code(*, kind: str, address: str | None, code: str, language: str, about: UUID, now: datetime) -> None:
    """A code that somebody waits for: sent at once, not after its time, and forgotten once it has left.

    Without an address the row is written all the same and nothing ever leaves: whoever asked learns nothing from how
    long the answer took.
    """
    queue_mail(
        kind=kind,
        address=address or "",
        language=language,
        payload={"code": code},
        about=about,
        once_key=f"{kind}:{new_id()}",
        now=now,
        expires_at=now + CODE_LASTS if address else now,
    )


def forget_spent_codes(*, now: datetime) -> int:
    """Rows of codes that have left or ran out; nothing is in them any more."""
    return Notice.objects.filter(expires_at__lte=now - SPENT_ROWS_STAY).delete()[0]


def readdress_notices(*, old: str, new: str, now: datetime) -> int:
    """Somebody reads their mail elsewhere now. A code stays with the mailbox it was meant to prove."""
    waiting = Notice.objects.filter(to__iexact=old, sent_at=None, cancelled_at=None)
    waiting.exclude(expires_at=None).update(cancelled_at=now, payload=NOTHING)
    return waiting.filter(expires_at=None).exclude(kind="invitation").update(to=new)


def cancel_notices(*, about: UUID, now: datetime) -> int:
    """What has not left yet stays here: consent ended, the relationship closed, the invitation was taken back."""
    return Notice.objects.filter(about=about, sent_at=None, cancelled_at=None).update(cancelled_at=now)


def cancel_notices_to(address: str | None, *, now: datetime, about: Collection[UUID] | None = None) -> int:
    """The person may not know any more: their account was closed, or their role ended (then with what it was about)."""
    waiting = Notice.objects.filter(to__iexact=address or "", sent_at=None, cancelled_at=None)
    if about is not None:
        waiting = waiting.filter(about__in=about)
    return waiting.update(cancelled_at=now)
