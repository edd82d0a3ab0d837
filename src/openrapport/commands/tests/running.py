"""Running the command line as people do: in a process of its own, with none of the tests' settings."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "openrapport.commands")


def clean_environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENRAPPORT_", "DJANGO_", "PYTEST_"))}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def openrapport(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        cwd=cwd,
        env=clean_environment(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
