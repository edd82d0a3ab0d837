"""The real server as a process of its own, on the loopback interface, to be started and killed."""

import contextlib
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_START = 60.0


@dataclass
class Served:
    """`start` and `kill` as often as wanted; the port and the database stay the same."""

    folder: Path
    database_url: str
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "openrapport.commands", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        ends = time.monotonic() + LONGEST_START
        while not self.answers():
            if time.monotonic() > ends or self.process.poll() is not None:
                raise AssertionError(f"the server did not start:\n{self.log()[-3000:]}")
            time.sleep(0.05)

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """-9, to the whole group at once: nothing gets a chance to finish."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def prepared(
    folder: Path, database_url: str, *, clients: int, sessions: int
) -> Iterator[tuple[Served, list[dict[str, str]]]]:
    """A practice in an empty database and a server for it, killed at the end whatever happens."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENRAPPORT_", "DJANGO_"))}
    port = free_port()
    environment = kept | {
        "OPENRAPPORT_DATA": str(folder),
        "OPENRAPPORT_DATABASE_URL": database_url,
        "OPENRAPPORT_SECRET_KEY": secrets.token_urlsafe(48),
        "OPENRAPPORT_ENCRYPTION_KEYS": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "OPENRAPPORT_BASE_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": str(ROOT),
    }
    made = subprocess.run(
        [sys.executable, "-m", "tests.faults.crash_prepare", str(clients), str(sessions)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr.decode()[-3000:]
    served = Served(folder, database_url, port, environment)
    try:
        yield served, json.loads(made.stdout)
    finally:
        if served.process is not None:
            served.kill()
