"""Sending what waits in the outbox. A mail is never lost, and sent twice only when nobody can know whether it left.

A notice is claimed in one short transaction, sent outside of any (a mail server may take its time), and marked sent in
another. When the process dies in between, the claim grows old and another run sends it again under the same
Message-ID, by which mailboxes recognise a copy.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import formataddr
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from openrapport.notices.messages import MESSAGES, write
from openrapport.notices.models import NOTHING, Notice
from openrapport.shared.encrypted import UnreadableText

log = logging.getLogger("openrapport.notices")

CLAIM_LASTS = timedelta(minutes=10)
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
# Problems of one mail; after any other the mail server itself is taken to be away and the rest waits.
ABOUT_THIS_MAIL = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError, UnreadableText)


@dataclass(frozen=True)
class Delivered:
    sent: int
    failed: int


def waiting(*, now: datetime) -> QuerySet[Notice]:
    """What is due and nobody is sending at this moment."""
    unclaimed = Q(claimed_at=None) | Q(claimed_at__lte=now - CLAIM_LASTS)
    in_time = Q(expires_at=None) | Q(expires_at__gt=now)
    due = Notice.objects.filter(unclaimed, in_time, sent_at=None, cancelled_at=None, due_at__lte=now)
    return due.order_by(F("expires_at").asc(nulls_last=True), "due_at", "pk")


def somebody_waits_for_mail(*, now: datetime) -> bool:
    """Is there a code to send, for somebody who sits in front of the page where they asked for it?"""
    return _codes_waiting(now=now).exists()


def _codes_waiting(*, now: datetime) -> QuerySet[Notice]:
    return waiting(now=now).filter(expires_at__isnull=False)


def _let_expire(*, now: datetime) -> None:
    """A code that ran out is of no use to anybody any more."""
    spent = Notice.objects.filter(sent_at=None, cancelled_at=None, expires_at__lte=now)
    if spent.exists():  # mostly there are none, and then nothing is written
        spent.update(cancelled_at=now, payload=NOTHING)


def deliver_due(*, now: datetime, most: int = 100) -> Delivered:
    """Send up to `most` notices that are due, codes before everything else."""
    return _deliver(waiting, now=now, most=most)


def deliver_codes(*, now: datetime) -> Delivered:
    """Send the codes alone, whatever else goes on: each is claimed by itself, so nobody sends it a second time."""
    return _deliver(_codes_waiting, now=now, most=100)


def _deliver(choose: Callable[..., QuerySet[Notice]], *, now: datetime, most: int) -> Delivered:
    _let_expire(now=now)
    sent = failed = 0
    while sent + failed < most:
        notice = _claim_next(choose(now=now), now=now)
        if notice is None:
            break
        try:
            left = _send(notice, now=now)
        except Exception as problem:
            failed += 1
            _put_back(notice, problem, now=now)
            if not isinstance(problem, ABOUT_THIS_MAIL):
                break
        else:
            sent += left
    return Delivered(sent, failed)


@transaction.atomic
def _claim_next(rows: QuerySet[Notice], *, now: datetime) -> Notice | None:
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    notice = rows.defer("payload").first()  # opened when it is sent: one that no key opens must not hold up the rest
    if notice is None:
        return None
    notice.claimed_at = now
    notice.attempts += 1
    notice.save(update_fields=["claimed_at", "attempts"])
    return notice


def _send(notice: Notice, *, now: datetime) -> bool:
    """False when it was cancelled since it was claimed: then nothing leaves."""
    if not Notice.objects.filter(pk=notice.pk, cancelled_at=None, sent_at=None, claimed_at=now).exists():
        return False
    written = write(notice.kind, json.loads(notice.payload), language=notice.language)
    EmailMessage(
        subject=written.subject,
        body=written.body,
        from_email=formataddr((settings.EMAIL_FROM_NAME, settings.DEFAULT_FROM_EMAIL)),
        to=[notice.to],
        headers={"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"},
    ).send()
    # A notice cancelled while it was on its way stays cancelled: the row may say only one of both.
    left = {"payload": NOTHING} if MESSAGES[notice.kind].forget else {}
    Notice.objects.filter(pk=notice.pk, cancelled_at=None).update(sent_at=now, claimed_at=None, last_problem="", **left)
    return True


def message_id(notice: Notice) -> str:
    return f"<{notice.pk}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2] or 'localhost'}>"


def _put_back(notice: Notice, problem: Exception, *, now: datetime) -> None:
    """Try again later. Only the kind of problem is kept: a mail server's words can quote the address or the text."""
    wait = WAITS[min(notice.attempts, len(WAITS)) - 1]
    name = type(problem).__name__
    Notice.objects.filter(pk=notice.pk, claimed_at=now).update(claimed_at=None, due_at=now + wait, last_problem=name)
    log.warning("a notice was not sent (%s); next attempt in %d min", name, wait.total_seconds() // 60)
