"""`worker`: does the repeated jobs until it is told to stop. `serve` and `demo` run the same loop in a thread."""

import argparse
import logging
import signal
import threading
from types import FrameType

from openrapport.commands.configuration import add_data_argument, load_environment, require_database, start_django

log = logging.getLogger("openrapport.jobs")

BETWEEN_LOOKS = 1.0
TO_SEND_A_MAIL = 20.0
AFTER_A_PROBLEM = 10.0
# The page that was asked for goes out first: how long it takes must not tell whether a mail is being sent.
AFTER_THE_ANSWER = 0.3


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

    codes = threading.Thread(target=send_codes_until, args=(stop,), name="codes", daemon=True)
    codes.start()
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
    codes.join(timeout=TO_SEND_A_MAIL)


def send_codes_until(stop: threading.Event) -> None:
    """Mail codes as they are asked for, in a thread of its own: no long job and no slow reminder holds them up."""
    from django.db import close_old_connections, connection
    from django.utils import timezone

    from openrapport.notices.actions import mail_is_urgent
    from openrapport.notices.delivery import deliver_codes, somebody_waits_for_mail

    while not stop.is_set():
        try:
            if somebody_waits_for_mail(now=timezone.now()):
                deliver_codes(now=timezone.now())
        except Exception as problem:  # whatever it is: without this thread nobody signs in by mail
            log.warning("codes wait to be mailed (%s)", type(problem).__name__)
            connection.close()
            stop.wait(AFTER_A_PROBLEM)
        close_old_connections()
        if mail_is_urgent.wait(BETWEEN_LOOKS):
            mail_is_urgent.clear()
            stop.wait(AFTER_THE_ANSWER)
    connection.close()
