"""The real server in a process group of its own on the loopback interface: started, killed, started again."""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_START = 40.0
PAUSE = threading.Event()  # never set: waiting on it is waiting


def run(*words: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def quiet_port(chance: random.Random) -> int:
    """A free port below those that outgoing connections get: a client that knocks while the server is down could
    otherwise be given this very port, connect to itself, and keep the server from coming back."""
    for port in chance.sample(range(20_000, 30_000), 50):
        if _is_free(port):
            return port
    raise AssertionError("no free port between 20000 and 30000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Server:
    folder: Path
    port: int
    environment: dict[str, str]
    starts: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        began = time.monotonic()
        words = ("openrapport.commands", "serve", "--data", str(self.folder), "--port", str(self.port))
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_until_ready()
        self.starts.append(time.monotonic() - began)

    def wait_until_ready(self) -> None:
        ends = time.monotonic() + LONGEST_START
        while not self._is_ready():
            assert self.process is not None
            assert self.process.poll() is None, f"the server ended by itself:\n{self.log()[-3000:]}"
            assert time.monotonic() < ends, f"the server is not ready:\n{self.log()[-3000:]}"
            PAUSE.wait(0.03)

    def _is_ready(self) -> bool:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                return False

    def kill_everything(self) -> None:
        """SIGKILL to the whole group at once; then nobody holds the port any more."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        ends = time.monotonic() + 10
        while not _is_free(self.port) and time.monotonic() < ends:
            PAUSE.wait(0.01)

    def kill_the_one_that_answers(self) -> None:
        """SIGKILL to the serving process alone, as when memory runs out: its parent puts another in its place."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")
