"""Writing to the outbox, and taking back what must not be sent any more."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from openrapport.notices.messages import require_known
from openrapport.notices.models import Notice
from openrapport.people.models import User


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
        },
    )
    return made


def cancel_notices(*, about: UUID, now: datetime) -> int:
    """What has not left yet stays here: consent ended, the relationship closed, the invitation was taken back."""
    return Notice.objects.filter(about=about, sent_at=None, cancelled_at=None).update(cancelled_at=now)


def cancel_notices_to(address: str | None, *, now: datetime, about: Collection[UUID] | None = None) -> int:
    """The person may not know any more: their account was closed, or their role ended (then with what it was about)."""
    waiting = Notice.objects.filter(to__iexact=address or "", sent_at=None, cancelled_at=None)
    if about is not None:
        waiting = waiting.filter(about__in=about)
    return waiting.update(cancelled_at=now)
