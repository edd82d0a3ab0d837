"""After a new key: everything encrypted is written under it, and the older key opens nothing any more."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import Fernet
from django.db import Error, connection, transaction

from openrapport.audit.actor import Actor
from openrapport.audit.models import AuditLine
from openrapport.audit.queries import broken_chains
from openrapport.checkins.models import Answer, RespondentRole
from openrapport.notices.models import Notice
from openrapport.shared.append_only import missing_guards, updates_allowed
from openrapport.shared.encrypted import UnreadableText
from openrapport.signals.actions import resolve
from openrapport.signals.models import Signal, SignalEvent
from openrapport.workflows import rotate_keys as rotating
from openrapport.workflows.rotate_keys import encrypted_fields, rotate_keys
from tests.cast import NOON, Cast, gather_cast
from tests.check_ins import answer, hold_session, live_through, of

JOB = Actor.system("rotate-keys")
WORDS = "Could we begin a little later?"


@pytest.fixture
def full(cast: Cast) -> Cast:
    """Words in answers, reasons of signals, secrets of an app, mail that waits."""
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 4))
    answer(of(hold_session(cast.sam_with_maya, at=NOON), RespondentRole.CLIENT), at=NOON, words=WORDS)
    signal = Signal.objects.get(relationship=cast.sam_with_maya, kind="rupture")
    resolve(signal, actor=Actor(user=cast.maya), now=NOON, reason="We cleared it up.")
    return cast


def stored_tokens() -> Iterator[tuple[str, str]]:
    """Every Fernet token anywhere in the database, and the table it is in."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
                    yield from (
                        (table, word) for word in text.replace('"', " ").replace(",", " ").split() if "gAAAA" in word
                    )


def test_every_text_opens_with_the_new_key_alone_and_says_what_it_said(full: Cast, settings: Any) -> None:
    secret = generate_totp_secret()
    TOTP.activate(full.maya, secret)
    codes = RecoveryCodes.activate(full.maya).get_unused_codes()
    before = list(stored_tokens())
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    turned = rotate_keys(actor=JOB, now=NOON)
    assert (turned.seen, turned.rewritten, turned.unreadable) == (len(before), len(before), 0)
    settings.ENCRYPTION_KEYS = [new]
    opened = [Fernet(new).decrypt(token) for _, token in stored_tokens()]
    assert len(opened) == len(before) > 10
    assert WORDS in Answer.objects.values_list("words", flat=True)
    assert "We cleared it up." in SignalEvent.objects.values_list("reason", flat=True)
    assert all("link" in payload for payload in Notice.objects.values_list("payload", flat=True))
    held = {one.type: one.wrap() for one in Authenticator.objects.filter(user=full.maya)}
    assert held["recovery_codes"].get_unused_codes() == codes
    assert "gAAAA" in held["totp"].instance.data["secret"]


def test_the_tables_tried_hold_every_encrypted_column(full: Cast, settings: Any) -> None:
    tables = {model._meta.db_table for model, _ in encrypted_fields()} | {Authenticator._meta.db_table}
    TOTP.activate(full.maya, generate_totp_secret())
    assert {table for table, _ in stored_tokens()} <= tables


def test_appended_rows_keep_their_guards_and_the_log_its_chains(full: Cast, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    rotate_keys(actor=JOB, now=NOON)
    assert missing_guards() == []
    assert broken_chains() == []
    with pytest.raises(Error, match="never changed"), transaction.atomic():
        Answer.objects.update(words="other")


def test_it_is_logged_with_counts_and_no_content(full: Cast, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    turned = rotate_keys(actor=JOB, now=NOON)
    line = AuditLine.objects.get(deed="rotate_keys", about=full.willow.pk)
    assert (line.actor, line.facts) == ("job:rotate-keys", vars(turned))


def test_a_run_that_broke_off_is_begun_again_and_does_the_rest(
    full: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating, "BATCH", 3)
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    heard: list[tuple[str, int, int]] = []

    def break_off(what: str, seen: int, of: int) -> None:
        heard.append((what, seen, of))
        if len(heard) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_keys(actor=JOB, now=NOON, say=break_off)
    first = sum(_opens(token, new) for _, token in stored_tokens())
    turned = rotate_keys(actor=JOB, now=NOON)
    assert 0 < first < turned.seen
    assert turned.rewritten == turned.seen - first
    assert rotate_keys(actor=JOB, now=NOON).rewritten == 0
    assert [(seen, of) for _, seen, of in heard][:2] == [(3, heard[0][2]), (min(6, heard[0][2]), heard[0][2])]


def _opens(token: str, key: str) -> bool:
    try:
        Fernet(key).decrypt(token)
    except Exception:
        return False
    return True


def test_what_still_comes_under_an_older_key_behind_the_run_is_counted_and_turned(full: Cast, settings: Any) -> None:
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]

    def a_server_that_was_not_restarted(what: str, _seen: int, _of: int) -> None:
        if what == "notices.Notice.payload":
            settings.ENCRYPTION_KEYS = [old]
            Notice.objects.update(payload="{}")
            settings.ENCRYPTION_KEYS = [new, old]

    assert rotate_keys(actor=JOB, now=NOON, say=a_server_that_was_not_restarted).late == Notice.objects.count() > 0
    assert all(_opens(token, new) for _, token in stored_tokens())
    assert rotate_keys(actor=JOB, now=NOON).late == 0


def test_what_opens_with_no_key_is_counted_and_left_as_it_is(full: Cast, settings: Any) -> None:
    before = sorted(stored_tokens())
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    turned = rotate_keys(actor=JOB, now=NOON)
    assert (turned.rewritten, turned.unreadable) == (0, len(before))
    assert sorted(stored_tokens()) == before
    with pytest.raises(UnreadableText):
        list(Answer.objects.values_list("words", flat=True))


@pytest.mark.django_db(transaction=True)
def test_guards_are_lifted_inside_a_transaction_or_not_at_all() -> None:
    with pytest.raises(RuntimeError), updates_allowed(Answer):
        pass
    assert missing_guards() == []


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_fails_puts_the_guard_back() -> None:
    with pytest.raises(KeyError), transaction.atomic(), updates_allowed(Answer):
        raise KeyError
    assert missing_guards() == []


def test_people_go_on_answering_while_it_runs(
    real_database: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small batches against somebody who writes all the time: everything ends under the new key, nothing is lost."""
    cast = gather_cast()
    live_through(cast.sam_with_maya, (8, 8, 8, 8, 8, 4))
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]
    monkeypatch.setattr(rotating, "BATCH", 2)
    stop, failures = threading.Event(), []

    def write() -> None:
        week = 0
        try:
            while not stop.is_set():
                at = NOON + timedelta(weeks=week)
                asked = of(hold_session(cast.lena_with_tom, at=at), RespondentRole.CLIENT)
                answer(asked, at=at, words=f"{WORDS} {week}")
                week += 1
        except Exception as problem:
            failures.append(problem)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    turned = rotate_keys(actor=JOB, now=NOON)
    stop.set()
    writer.join(30)
    assert failures == []
    assert turned.rewritten > 5
    settings.ENCRYPTION_KEYS = [new]
    written = list(Answer.objects.filter(check_in__relationship=cast.lena_with_tom).values_list("words", flat=True))
    assert {word for word in written if word} == {f"{WORDS} {week}" for week in range(len([w for w in written if w]))}
    assert all(_opens(token, new) for _, token in stored_tokens())
    assert missing_guards() == []
