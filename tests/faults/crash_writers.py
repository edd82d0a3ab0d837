"""People who send check-ins by their links and do not give up until they are told "saved", and what they remember."""

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

ALLIANCE = "alliance-adult"
TOKEN = "k" * 32  # a form token of our own: the cookie and the field hold the same


@dataclass
class Sending:
    """One submission. `values` and `words` are what must be found; `acknowledged` is what the server said."""

    check_in: str
    secret: str
    key: str
    values: dict[str, int]
    words: str
    attempts: int = 0
    acknowledged: bool = False
    refused: str = ""


@dataclass
class Ledger:
    """On the side of those who send. The queue hands out work; `finish` takes no more from it."""

    waiting: list[dict[str, str]]
    items: tuple[str, ...]
    sendings: list[Sending] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    no_more: threading.Event = field(default_factory=threading.Event)

    def take(self) -> Sending | None:
        with self.lock:
            if self.no_more.is_set() or not self.waiting:
                return None
            link = self.waiting.pop()
            chance = random.Random(link["check_in"])  # noqa: S311 - answers, not secrets
            given = {item: chance.randint(0, 10) for item in self.items if chance.random() > 0.1}
            sending = Sending(link["check_in"], link["secret"], str(uuid4()), given, f"zx-words-{link['check_in']}-xz")
            self.sendings.append(sending)
            return sending

    @property
    def acknowledged(self) -> int:
        return sum(one.acknowledged for one in self.sendings)


def write_until_done(ledger: Ledger, port: int, give_up_at: float) -> None:
    """One writer: sends, and sends the same again until it is acknowledged."""
    while (sending := ledger.take()) is not None:
        while not sending.acknowledged and not sending.refused and time.monotonic() < give_up_at:
            sending.attempts += 1
            if not _send(sending, port):
                time.sleep(0.1)


def _send(sending: Sending, port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    form = {f"{ALLIANCE}__{item}": value for item, value in sending.values.items()}
    body = urlencode(
        {**form, f"{ALLIANCE}__one_thing": sending.words, "who_sees": "now", "key": sending.key}
        | {"csrfmiddlewaretoken": TOKEN}
    )
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Cookie": f"csrftoken={TOKEN}",
    }
    try:
        connection.request("POST", f"/c/{sending.secret}/", body, headers)
        response = connection.getresponse()
        answer = response.read()
    except (OSError, http.client.HTTPException):
        return False  # killed in the middle: nobody knows; the same is sent again
    finally:
        connection.close()
    if response.status == 200 and json.loads(answer).get("saved") is True:
        sending.acknowledged = True
    elif response.status < 500:
        sending.refused = f"{response.status} {answer[:200]!r}"
    return sending.acknowledged
