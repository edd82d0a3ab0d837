"""The worker's second thread: codes leave at once, whatever else the worker is doing."""

import threading

import pytest
from django.core import mail
from django.utils import timezone

from openrapport.commands import worker
from openrapport.commands.worker import send_codes_until
from openrapport.notices import delivery
from openrapport.notices.actions import mail_is_urgent, queue_code
from openrapport.notices.models import Notice
from openrapport.shared.ids import new_id


class Letters(list[object]):
    """An outbox that says when the first letter has come."""

    def __init__(self) -> None:
        super().__init__()
        self.has_come = threading.Event()

    def append(self, letter: object) -> None:
        super().append(letter)
        self.has_come.set()


@pytest.mark.django_db(transaction=True)
def test_a_code_leaves_at_once_without_waiting_for_the_next_round_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    letters, stop = Letters(), threading.Event()
    monkeypatch.setattr(mail, "outbox", letters)
    sender = threading.Thread(target=send_codes_until, args=(stop,))
    sender.start()
    try:
        queue_code(
            kind="sign_in_code",
            address="sam@example.test",
            code="ABCD-EFGH",
            language="en",
            about=new_id(),
            now=timezone.now(),
        )
        assert letters.has_come.wait(5)
    finally:
        stop.set()
        mail_is_urgent.set()
        sender.join(5)
    assert not sender.is_alive()
    assert Notice.objects.get().payload == "{}"


@pytest.mark.django_db(transaction=True)
def test_whatever_goes_wrong_codes_are_mailed_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, stop = [], threading.Event()

    def look(*, now: object) -> bool:
        looks.append(now)
        if len(looks) == 1:
            raise RuntimeError("whatever it is")
        stop.set()
        return False

    monkeypatch.setattr(delivery, "somebody_waits_for_mail", look)
    monkeypatch.setattr(worker, "AFTER_A_PROBLEM", 0.0)
    monkeypatch.setattr(worker, "BETWEEN_LOOKS", 0.0)
    thread = threading.Thread(target=send_codes_until, args=(stop,))
    thread.start()
    thread.join(timeout=10)
    stop.set()
    assert len(looks) == 2
