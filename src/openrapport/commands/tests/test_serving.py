"""The demo as a person starts it: in a process of its own, on a real port, until Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from openrapport.commands.tests.running import COMMAND, clean_environment, openrapport

pytestmark = pytest.mark.long


@contextmanager
def running(*words: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and everything it printed until it was ready."""
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=cwd,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a process group of its own, as a terminal gives it
    )
    assert process.stdout is not None
    printed = ""
    try:
        for line in process.stdout:
            printed += line
            if "Stop it with Ctrl-C" in line:
                break
        yield process, printed
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def get(url: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(url, timeout=20) as answer:
        return answer.status, answer.read().decode()


def stop(process: subprocess.Popen[str], *, by: signal.Signals) -> int:
    os.killpg(process.pid, by)
    return process.wait(timeout=30)


def test_the_demo_starts_answers_and_stops_cleanly_again_and_again(tmp_path: Path):
    folder = tmp_path / "demo"
    with running("demo", "--data", str(folder), "--port", "0", cwd=tmp_path) as (process, printed):
        address = re.search(r"http://localhost:\d+", printed)
        assert address, printed
        assert get(f"{address[0]}/health/live") == (200, "alive\n")
        assert get(f"{address[0]}/health/ready") == (200, "ready\n")
        assert "Sign in" in get(f"{address[0]}/demo/")[1]
        link = re.search(r"http://\S+/demo/sign-in/therapist/\S+/", printed)
        assert link
        port = address[0].rpartition(":")[2]
        taken = openrapport("demo", "--data", str(tmp_path / "other"), "--port", port, cwd=tmp_path)
        assert taken.returncode == 2
        assert "Choose another with --port" in taken.stderr
        assert not (tmp_path / "other").exists()
        assert stop(process, by=signal.SIGINT) == 0

    began = time.monotonic()
    with running("demo", "--data", str(folder), "--port", "0", cwd=tmp_path) as (process, printed):
        assert "Inventing" not in printed  # the first one is used again
        assert time.monotonic() - began < 15
        assert stop(process, by=signal.SIGTERM) == 0


def test_fresh_refuses_a_folder_that_is_no_demo(tmp_path: Path):
    (tmp_path / "openrapport.env").write_text("OPENRAPPORT_SECRET_KEY=somebody's\n")
    ran = openrapport("demo", "--fresh", "--data", str(tmp_path), "--port", "0", cwd=tmp_path)
    assert ran.returncode == 2
    assert "is not a demo" in ran.stderr
    assert (tmp_path / "openrapport.env").exists()


def test_serve_finishes_a_request_that_has_begun(tmp_path: Path):
    flags = ["--practice", "Willow", "--country", "US", "--admin-name", "Ada", "--admin-email", "ada@example.test"]
    assert openrapport("setup", "--data", str(tmp_path), *flags, cwd=tmp_path).returncode == 0
    with running("serve", "--data", str(tmp_path), "--port", "0", cwd=tmp_path) as (process, printed):
        found = re.search(r"127\.0\.0\.1:(\d+)", printed)
        assert found, printed
        assert "no mail server" in printed.lower()
        with socket.create_connection(("127.0.0.1", int(found[1]))) as half_said:
            half_said.sendall(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
            wait_until_taken(half_said)
            os.killpg(process.pid, signal.SIGTERM)
            half_said.sendall(b"\r\n")
            half_said.settimeout(20)
            assert half_said.recv(1000).startswith(b"HTTP/1.1 200")
        assert process.wait(timeout=30) == 0


def wait_until_taken(connection: socket.socket) -> None:
    """Another whole request, answered: the one before it on an earlier connection was accepted as well."""
    host, port = connection.getpeername()
    get(f"http://{host}:{port}/health/live")
