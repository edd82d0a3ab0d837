"""People who answer by their links and send again until they are told "saved", and a ledger of what they know."""

import http.client
import json
import queue
import random
import re
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlencode

from openrapport.analysis.instrument import Instrument
from tests.faults.kill_server import PAUSE

FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
KEY = re.compile(r'name="key" value="([0-9a-f-]{36})"')
BETWEEN_LINKS = 0.5  # seconds: bounds how many links a fast machine can use up
SENT_TWICE = 0.2  # the share of those who send once more although they were told "saved"


@dataclass
class Submission:
    """`answers` are what was typed: instrument, item, value, words. `key` is empty until the page was opened."""

    check_in: str
    secret: str
    answers: list[tuple[str, str, int | None, str | None]]
    who_sees: str
    twice: bool
    key: str = ""
    cut_off: int = 0
    saved: int = 0


@dataclass
class Ledger:
    links: "queue.SimpleQueue[Submission]"
    ends: float
    begun: list[Submission] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    server_errors: list[int] = field(default_factory=list)
    no_more: threading.Event = field(default_factory=threading.Event)

    @property
    def acknowledged(self) -> list[Submission]:
        return [one for one in self.begun if one.saved]


def invent(link: dict[str, object], instruments: list[Instrument], chance: random.Random) -> Submission:
    """Some questions are skipped; some people are unhappy, so that signals are raised in the same transactions."""
    check_in = str(link["check_in"])
    highest = chance.choice((3, 10))
    answers: list[tuple[str, str, int | None, str | None]] = []
    for instrument in instruments:
        for item in instrument.items:
            if item.kind == "words":
                answers.append((instrument.ref, item.code, None, f"Ñandú ✓ «{check_in}»\nzweite Zeile"))
            elif item.values and chance.random() > 0.15:
                answers.append((instrument.ref, item.code, min(chance.choice(item.values), highest), None))
    who_sees = chance.choice(("now", "now", "now", "next_session", "private"))
    return Submission(check_in, str(link["secret"]), answers, who_sees, twice=chance.random() < SENT_TWICE)


def write(ledger: Ledger, port: int) -> None:
    """One writer: a link after the other, each until it is acknowledged."""
    while not ledger.no_more.is_set():
        try:
            one = ledger.links.get_nowait()
        except queue.Empty:
            return
        ledger.begun.append(one)
        form: tuple[str, bytes] | None = None
        wanted = 2 if one.twice else 1
        while one.saved < wanted and time.monotonic() < ledger.ends:
            try:
                form = form or _open(one, port)
                status, body = _send(one, port, *form)
            except ConnectionRefusedError:  # it is down; nothing was sent
                PAUSE.wait(0.1)
                continue
            except (OSError, http.client.HTTPException):  # killed in the middle: nobody knows whether it is recorded
                one.cut_off += form is not None
                continue
            if status == 200 and json.loads(body)["saved"] is True:
                one.saved += 1
            elif status >= 500:
                ledger.server_errors.append(status)
            else:
                ledger.refusals.append(f"{one.check_in}: {status} {body[:200]!r}")
                break
        PAUSE.wait(BETWEEN_LINKS)


def _open(one: Submission, port: int) -> tuple[str, bytes]:
    """The page gives the cookie, its token and the key; the same form is sent however often it takes."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", f"/c/{one.secret}/")
        response = connection.getresponse()
        page = response.read().decode()
        if response.status != 200:
            raise http.client.HTTPException(f"{response.status} instead of the page")
        cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
    token, key = FORM_TOKEN.search(page), KEY.search(page)
    assert token is not None
    assert key is not None
    one.key = key[1]
    fields = {"csrfmiddlewaretoken": token[1], "key": one.key, "who_sees": one.who_sees}
    for ref, item, value, words in one.answers:
        name = f"{ref.partition('@')[0]}__{item}"
        assert f'name="{name}"' in page, f"the page does not ask {name}"
        fields[name] = words if value is None else str(value)  # type: ignore[assignment]
    return cookie, urlencode(fields).encode()


def _send(one: Submission, port: int, cookie: str, body: bytes) -> tuple[int, bytes]:
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookie,
    }
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", f"/c/{one.secret}/", body, headers)
        response = connection.getresponse()
        return response.status, response.read()
