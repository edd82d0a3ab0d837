"""The examples of docs/analysis/cli.md: read, run, and written again.

`python -m openrapport.commands.tests.cli_page` does the last.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from pathlib import Path

from openrapport.commands import main

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "analysis" / "cli.md"
_BLOCK = re.compile(r"```console\n\$ \./openrapport (?P<command>(?:.*\\\n)*.*)\n(?P<shown>(?:.*\n)*?)```")


def examples(page: str) -> list[tuple[str, str]]:
    """What was typed after ./openrapport, and what the page shows below it."""
    return [(_joined(block["command"]), block["shown"]) for block in _BLOCK.finditer(page)]


def answer(command: str) -> str:
    """What the command prints. It has to succeed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert main(shlex.split(command)) == 0, command
    return said.getvalue()


def renewed(page: str) -> str:
    """The page with every example run again."""
    return _BLOCK.sub(
        lambda block: block[0][: -len(block["shown"]) - 3] + answer(_joined(block["command"])) + "```", page
    )


def _joined(command: str) -> str:
    return re.sub(r"\s*\\\n\s*", " ", command)


if __name__ == "__main__":
    os.chdir(ROOT)
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
