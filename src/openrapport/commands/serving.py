"""gunicorn started from here: one process with threads, the worker in a thread of it, and a clean stop."""

import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from openrapport.commands import CommandError
from openrapport.commands.worker import work_until
from openrapport.config.logs import DiscreetFormatter

LONGEST_START = 30.0
TO_FINISH_REQUESTS = 20


@dataclass(frozen=True)
class Plan:
    """How to serve. `when_ready` is called once, in the serving process, after /health/ready has answered."""

    host: str
    port: int
    threads: int
    processes: int
    with_worker: bool
    health_host: str
    when_ready: Callable[[], None]


class _DiscreetLogger(Logger):  # type: ignore[misc]
    """gunicorn's own errors, without what was asked for."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(DiscreetFormatter("{asctime} {levelname} {name}: {message}", style="{"))


class _CalmArbiter(Arbiter):  # type: ignore[misc]
    """Ctrl-C stops as SIGTERM does: requests that have begun are finished."""

    def handle_int(self) -> None:
        self.handle_term()


class _Application(BaseApplication):  # type: ignore[misc]
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.stop_worker = threading.Event()
        self.worker: threading.Thread | None = None
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"{_bracketed(self.plan.host)}:{self.plan.port}",
            "workers": self.plan.processes,
            "threads": self.plan.threads,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": TO_FINISH_REQUESTS,
            "keepalive": 5,
            "loglevel": "warning",
            "logger_class": _DiscreetLogger,
            "control_socket_disable": True,
            "proc_name": "openrapport",
            "post_worker_init": self.begin,
            "worker_exit": self.end,
            "on_exit": lambda _arbiter: print("Stopped.", flush=True),
            # Addresses can hold the secret of a link: requests are not logged.
            "accesslog": None,
        }
        for name, value in settings.items():
            if name in self.cfg.settings:  # the control socket is newer than the oldest gunicorn we accept
                self.cfg.set(name, value)

    def load(self) -> Any:
        from openrapport.config.wsgi import application

        return application

    def run(self) -> None:
        _CalmArbiter(self).run()

    def begin(self, worker: Any) -> None:
        # Ctrl-C reaches the whole group; only the parent acts on it, and asks this process to finish and stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if self.plan.with_worker:
            self.worker = threading.Thread(target=work_until, args=(self.stop_worker,), name="worker", daemon=True)
            self.worker.start()
        if worker.age == 1:  # the first one; a process that replaces another announces nothing
            threading.Thread(target=self.announce, name="announce", daemon=True).start()

    def end(self, _arbiter: Any, _worker: Any) -> None:
        self.stop_worker.set()
        if self.worker is not None:
            self.worker.join(timeout=TO_FINISH_REQUESTS)

    def announce(self) -> None:
        if _answers(self.plan):
            self.plan.when_ready()
        else:
            print(
                "The application started but does not answer /health/ready. Run: ./openrapport doctor",
                file=sys.stderr,
                flush=True,
            )


def serve(plan: Plan) -> NoReturn:
    """Serve until SIGTERM or Ctrl-C, then leave with status 0. Raises CommandError when the port is taken."""
    from django.db import connections

    require_free_port(plan.host, plan.port)
    connections.close_all()  # a connection must not be shared with the process that is forked
    _Application(plan).run()
    raise AssertionError("gunicorn ends the process itself")


def require_free_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise CommandError(f"Port {port} needs more rights than this user has; choose one above 1023.") from None
        except OSError as problem:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({problem.strerror}). Choose another with --port."
            ) from None


def free_port(host: str) -> int:
    """A port nobody uses at this moment, for `--port 0`."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _answers(plan: Plan) -> bool:
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(plan.host, plan.host)  # noqa: S104 - compared, not bound
    request = urllib.request.Request(
        f"http://{_bracketed(own)}:{plan.port}/health/ready", headers={"Host": plan.health_host}
    )
    ends = time.monotonic() + LONGEST_START
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
