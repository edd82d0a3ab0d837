"""Clients that keep their connections, in a few processes, and measure each request from sending to the last byte.

All clients begin each block together. What a client does before a block (a page for its CSRF token, a GET that keeps
the connection warm) is not measured.
"""

import http.client
import json
import multiprocessing
import random
import re
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

CHECK_IN, BARE = "check_in", "bare"
LONGEST_WAIT = 60.0
PROCESSES = 2
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


@dataclass(frozen=True)
class Load:
    """`links[c]` are the secrets client `c` uses up, one for each measured check-in."""

    port: int
    links: Sequence[Sequence[str]]
    blocks: int
    requests: int
    fields: Mapping[str, Sequence[int]]


def measure(load: Load) -> dict[str, list[float]]:
    """Seconds of each request, by kind. Blocks of the two kinds alternate; every second pair begins with the other."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(len(load.links))
    results: Any = context.Queue()
    processes = [
        context.Process(target=_run_some, args=(load, range(at, len(load.links), PROCESSES), together, results))
        for at in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    taken: dict[str, list[float]] = {CHECK_IN: [], BARE: []}
    try:
        for _ in processes:
            some, problem = results.get(timeout=LONGEST_WAIT * 2)
            if problem:
                raise RuntimeError(problem)
            for kind, seconds in some.items():
                taken[kind] += seconds
    finally:
        for process in processes:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()
    return taken


def _run_some(load: Load, clients: range, together: Any, results: Any) -> None:
    taken: dict[str, list[float]] = {CHECK_IN: [], BARE: []}
    problems: list[str] = []

    def one(client: int) -> None:
        try:
            for kind, seconds in _Client(load, client).go(together):
                taken[kind].append(seconds)
        except Exception as problem:  # told to the parent, which stops
            problems.append(repr(problem))
            together.abort()

    threads = [threading.Thread(target=one, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((taken, "; ".join(problems)))


class _Client:
    def __init__(self, load: Load, number: int) -> None:
        self.load = load
        self.links = iter(load.links[number])
        self.first = load.links[number][0]
        self.chance = random.Random(number)  # noqa: S311 - answers, not secrets
        self.connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=LONGEST_WAIT)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.cookie = self.token = ""

    def go(self, together: Any) -> list[tuple[str, float]]:
        self.open_page()
        taken = []
        for block in range(self.load.blocks):
            for kind in (CHECK_IN, BARE) if block % 2 == 0 else (BARE, CHECK_IN):
                self.ask("GET", "/health/live", None, {})
                together.wait(LONGEST_WAIT)
                for _ in range(self.load.requests):
                    taken.append((kind, self.send(kind)))
                together.wait(LONGEST_WAIT)
        self.connection.close()
        return taken

    def open_page(self) -> None:
        answer, body = self.ask("GET", f"/c/{self.first}/", None, {})
        self.cookie = answer.getheader("Set-Cookie", "").split(";")[0]
        found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', body)
        assert found is not None
        self.token = found[1].decode()

    def send(self, kind: str) -> float:
        if kind == CHECK_IN:
            address, fields = f"/c/{next(self.links)}/", self.answers()
        else:
            address, fields = "/benchmark/bare-insert/", {"words": uuid4().hex}
        body = urlencode(fields)
        begin = time.perf_counter()
        answer, content = self.ask("POST", address, body, FORM)
        seconds = time.perf_counter() - begin
        if answer.status != 200 or json.loads(content).get("saved") is not True:
            raise RuntimeError(f"{kind}: {answer.status} {content[:200]!r}")
        return seconds

    def answers(self) -> dict[str, object]:
        given: dict[str, object] = {
            name: self.chance.choice(values) if values else "It was good to talk about my week."
            for name, values in self.load.fields.items()
        }
        return given | {"who_sees": "now", "key": uuid4(), "csrfmiddlewaretoken": self.token}

    def ask(
        self, method: str, address: str, body: str | None, headers: dict[str, str]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        self.connection.request(method, address, body, {**headers, **cookie})
        answer = self.connection.getresponse()
        return answer, answer.read()
