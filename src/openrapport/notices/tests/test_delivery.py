from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.db import connection

from openrapport.notices import delivery
from openrapport.notices.actions import (
    CODE_LASTS,
    SPENT_ROWS_STAY,
    cancel_notices,
    forget_spent_codes,
    queue_code,
    queue_mail,
    readdress_notices,
)
from openrapport.notices.delivery import (
    CLAIM_LASTS,
    Delivered,
    deliver_codes,
    deliver_due,
    message_id,
    somebody_waits_for_mail,
)
from openrapport.notices.messages import MESSAGES, UnknownKind, write
from openrapport.notices.models import Notice
from tests.cast import NOON

ABOUT = UUID(int=7)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def queue(key: str = "one", *, to: str = "sam@example.test", about: UUID = ABOUT) -> Notice:
    queue_mail(
        kind="check_in_ready",
        address=to,
        language="en",
        payload={"link": f"http://testserver/c/{key}/"},
        about=about,
        once_key=key,
        now=NOON,
    )
    return Notice.objects.get(once_key=key)


@pytest.fixture
def mail_server_is_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError("connection to smtp.example.test refused for sam@example.test")

    monkeypatch.setattr(delivery.EmailMessage, "send", refuse)
    return monkeypatch


def test_a_queued_notice_leaves_once():
    notice = queue()
    assert deliver_due(now=NOON) == Delivered(sent=1, failed=0)
    assert deliver_due(now=NOON + MINUTE) == Delivered(sent=0, failed=0)
    notice.refresh_from_db()
    assert notice.sent_at == NOON
    assert [m.to for m in mail.outbox] == [["sam@example.test"]]
    assert "http://testserver/c/one/" in mail.outbox[0].body


def test_the_same_cause_is_queued_once():
    queue()
    queue()
    deliver_due(now=NOON)
    assert len(mail.outbox) == 1


def test_what_is_not_due_waits():
    Notice.objects.filter(pk=queue().pk).update(due_at=NOON + MINUTE)
    assert deliver_due(now=NOON).sent == 0
    assert deliver_due(now=NOON + MINUTE).sent == 1


def test_cancelled_before_it_leaves_is_never_sent():
    queue()
    assert cancel_notices(about=ABOUT, now=NOON) == 1
    deliver_due(now=NOON)
    assert mail.outbox == []


def test_cancelled_between_claim_and_sending_is_not_sent(monkeypatch: pytest.MonkeyPatch):
    queue()
    claim = delivery._claim_next

    def claim_then_end(rows, *, now):  # the relationship ends in this very moment
        notice = claim(rows, now=now)
        cancel_notices(about=ABOUT, now=now)
        return notice

    monkeypatch.setattr(delivery, "_claim_next", claim_then_end)
    assert deliver_due(now=NOON) == Delivered(sent=0, failed=0)
    assert mail.outbox == []


def ask_for_code(address: str | None = "sam@example.test") -> Notice:
    queue_code(kind="sign_in_code", address=address, code="ABCD-EFGH", language="en", about=ABOUT, now=NOON)
    return Notice.objects.exclude(expires_at=None).latest("made_at")


def test_a_code_that_ran_out_is_not_sent_and_nothing_of_it_stays():
    notice = ask_for_code()
    assert deliver_due(now=NOON + CODE_LASTS) == Delivered(sent=0, failed=0)
    notice.refresh_from_db()
    assert (notice.cancelled_at, notice.payload) == (NOON + CODE_LASTS, "{}")
    assert mail.outbox == []


def test_a_code_is_sent_before_everything_that_waits_longer():
    queue("one")
    ask_for_code()
    deliver_due(now=NOON, most=1)
    assert "ABCD-EFGH" in mail.outbox[0].body


def test_codes_leave_although_another_worker_is_busy_with_the_rest():
    queue("one")
    notice = ask_for_code()
    assert deliver_codes(now=NOON) == Delivered(sent=1, failed=0)
    notice.refresh_from_db()
    assert (notice.sent_at, notice.payload) == (NOON, "{}")
    assert not somebody_waits_for_mail(now=NOON)


def test_for_an_address_without_an_account_nothing_leaves_and_the_row_is_forgotten():
    ask_for_code(None)
    assert not somebody_waits_for_mail(now=NOON)
    deliver_codes(now=NOON)
    assert mail.outbox == []
    forget_spent_codes(now=NOON + SPENT_ROWS_STAY)
    assert not Notice.objects.exists()


def test_mail_that_waits_follows_its_person_to_a_new_address_and_a_code_does_not():
    queue("one")
    code = ask_for_code()
    assert readdress_notices(old="SAM@example.test", new="samuel@example.test", now=NOON) == 1
    deliver_due(now=NOON)
    assert [message.to for message in mail.outbox] == [["samuel@example.test"]]
    code.refresh_from_db()
    assert (code.cancelled_at, code.payload) == (NOON, "{}")


@pytest.mark.usefixtures("mail_server_is_away")
def test_when_mail_is_down_the_notice_waits_and_only_the_kind_of_problem_is_kept():
    notice = queue()
    assert deliver_due(now=NOON) == Delivered(sent=0, failed=1)
    notice.refresh_from_db()
    assert notice.sent_at is None
    assert notice.claimed_at is None
    assert notice.due_at == NOON + MINUTE
    assert notice.last_problem == "ConnectionRefusedError"


def test_after_mail_comes_back_everything_is_sent_once(mail_server_is_away: pytest.MonkeyPatch):
    queue("one")
    queue("two", to="ben@example.test")
    deliver_due(now=NOON)
    mail_server_is_away.undo()
    later = NOON + 10 * MINUTE
    deliver_due(now=later)
    deliver_due(now=later)
    assert sorted(m.to[0] for m in mail.outbox) == ["ben@example.test", "sam@example.test"]


@pytest.mark.usefixtures("mail_server_is_away")
def test_an_absent_mail_server_is_asked_once_a_run():
    queue("one")
    queue("two")
    assert deliver_due(now=NOON) == Delivered(sent=0, failed=1)


def test_one_refused_address_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    queue("one", to="gone@example.test")
    queue("two")
    send = delivery.EmailMessage.send

    def refuse_gone(message, *args, **kwargs):
        if message.to == ["gone@example.test"]:
            raise SMTPRecipientsRefused({"gone@example.test": (550, b"no such mailbox")})
        return send(message, *args, **kwargs)

    monkeypatch.setattr(delivery.EmailMessage, "send", refuse_gone)
    assert deliver_due(now=NOON) == Delivered(sent=1, failed=1)


@pytest.mark.usefixtures("mail_server_is_away")
def test_attempts_grow_rarer_and_never_stop():
    notice = queue()
    at, waits = NOON, []
    for _ in range(8):
        deliver_due(now=at)
        notice.refresh_from_db()
        waits.append(notice.due_at - at)
        at = notice.due_at
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=12)


def test_a_claim_left_by_a_killed_worker_is_taken_over_under_the_same_message_id():
    notice = queue()
    Notice.objects.filter(pk=notice.pk).update(claimed_at=NOON)
    assert deliver_due(now=NOON + CLAIM_LASTS - MINUTE).sent == 0
    assert deliver_due(now=NOON + CLAIM_LASTS).sent == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == message_id(notice)


def test_a_kind_without_words_is_refused_when_it_is_queued():
    with pytest.raises(UnknownKind):
        queue_mail(
            kind="surprise",
            address="sam@example.test",
            language="en",
            payload={},
            about=uuid4(),
            once_key="x",
            now=NOON,
        )


def test_a_notice_without_what_its_words_need_is_refused_when_it_is_queued():
    with pytest.raises(UnknownKind, match="link"):
        queue_mail(
            kind="check_in_ready",
            address="sam@example.test",
            language="en",
            payload={},
            about=uuid4(),
            once_key="x",
            now=NOON,
        )


@pytest.mark.parametrize("kind", MESSAGES)
def test_no_mail_says_what_it_is_about(kind: str):
    payload = {"link": "http://testserver/x/", "practice": "Willow Street", "code": "ABCD-EFGH"}
    written = write(kind, payload, language="en")
    telling = ("therap", "session", "mental", "client", "patient", "counsel", "alliance", "feel", "check-in", "clinic")
    assert not [word for word in telling if word in f"{written.subject} {written.body}".lower()]
    assert "{" not in written.body
    assert "Willow" not in written.subject


def test_a_name_that_looks_like_a_placeholder_stays_a_name():
    written = write("invitation", {"link": "http://testserver/secret/", "practice": "{link}"}, language="en")
    assert written.body.count("http://testserver/secret/") == 1


def test_a_notice_that_no_key_opens_does_not_hold_up_the_others():
    unreadable, other = queue("one"), queue("two", to="lena@example.test")
    with connection.cursor() as cursor:
        foreign = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
        cursor.execute("UPDATE notices_notice SET payload = %s, due_at = made_at WHERE once_key = 'one'", [foreign])
    assert deliver_due(now=NOON + MINUTE) == Delivered(sent=1, failed=1)
    assert [letter.to for letter in mail.outbox] == [[other.to]]
    kept = Notice.objects.filter(pk=unreadable.pk).values("sent_at", "cancelled_at", "last_problem").get()
    assert kept == {"sent_at": None, "cancelled_at": None, "last_problem": "UnreadableText"}
