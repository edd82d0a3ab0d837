"""`worker`: does the repeated jobs until it is told to stop. `serve` and `demo` run the same loop in a thread."""

import argparse
import logging
import signal
import threading
from types import FrameType

from openrapport.commands.configuration import add_data_argument, load_environment, require_database, start_django

log = logging.getLogger("openrapport.jobs")

BETWEEN_LOOKS = 1.0
AFTER_A_PROBLEM = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    load_environment(arguments.data)
    start_django()
    require_database()
    from openrapport.commands.readiness import require_ready

    require_ready()
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    print("The worker runs. Stop it with Ctrl-C; it finishes what it has begun.", flush=True)
    work_until(stop)
    return 0


def work_until(stop: threading.Event) -> None:
    """Look for due jobs until `stop` is set. A database that is away for a while does not end it."""
    from django.db import DatabaseError, close_old_connections, connection
    from django.utils import timezone

    from openrapport.commands.jobs import put_up_jobs, run_due

    known = False
    wait = 0.0
    while not stop.wait(wait):
        try:
            if not known:
                put_up_jobs(now=timezone.now())
                known = True
            run_due(clock=timezone.now)
            wait = BETWEEN_LOOKS
        except DatabaseError as problem:
            log.warning("the worker waits for the database (%s)", type(problem).__name__)
            connection.close()
            wait = AFTER_A_PROBLEM
        close_old_connections()
    connection.close()
