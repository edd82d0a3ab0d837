"""A line on standard error while something takes long: how far it is, or how long it runs. On a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# What is over sooner needs no line.
FIRST_AFTER = 2.0
_EVERY = 0.5
_BAR = 24

Tell = Callable[[int, int], None]


@dataclass(slots=True)
class _Work:
    what: str
    begun: float
    done: int = 0
    total: int = 0

    def tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def line(self, now: float) -> str:
        seconds = now - self.begun
        if not self.total:
            rows = f"{self.done:,} rows, " if self.done else ""
            return f"{self.what}: {rows}{seconds:.0f} s"
        part = self.done / self.total
        bar = "#" * round(_BAR * part)
        left = f", about {seconds / part - seconds:.0f} s left" if part else ""
        return f"{self.what} [{bar:.<{_BAR}}] {part:4.0%}, {seconds:.0f} s{left}"


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Show that `what` is going on, once it has lasted two seconds. The function given takes how many of how many."""
    work = _Work(what, time.monotonic())
    if not sys.stderr.isatty():
        yield work.tell
        return
    over = threading.Event()
    shower = threading.Thread(target=_show, args=(work, over), daemon=True)
    shower.start()
    try:
        yield work.tell
    finally:
        over.set()
        shower.join()


def _show(work: _Work, over: threading.Event) -> None:
    wait, shown = FIRST_AFTER, False
    while not over.wait(wait):
        print(f"\r\x1b[K{work.line(time.monotonic())}", end="", file=sys.stderr, flush=True)
        wait, shown = _EVERY, True
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
