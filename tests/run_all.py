"""Every check and every test, one step after the other: `./openrapport test`. With arguments: pytest alone, with these;
`--checks`: what needs no test database.

All steps run even when one fails; the last line is the count over all pytest runs, a failed check counting as one.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHROMIUM = "chromium"
NO_ANALYSIS = "--ignore=src/openrapport/analysis"
NO_CHROMIUM = "Chromium is missing, so the browser journeys cannot run. On Debian or Ubuntu: apt-get install chromium"
# The checks of models and migrations read the settings, and the settings want secrets; these protect nothing.
FOR_CHECKS = {
    "OPENRAPPORT_SECRET_KEY": "only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz",
    "OPENRAPPORT_ENCRYPTION_KEYS": "gycQyxohFogfcsRmOohIu9JZPBHgsC_vLJJKL3XDWug=",
    "OPENRAPPORT_DATABASE_URL": "sqlite://:memory:",
}


@dataclass(frozen=True)
class Step:
    """One command. `needs` is a program that must be on the path, `missing` what to say when it is not."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Outcome:
    step: Step
    failed: bool
    seconds: float
    output: str


def pytest_step(name: str, *arguments: str, database: str, needs: str = "", missing: str = "") -> Step:
    command = (str(BIN / "python"), "-m", "pytest", "-q", *arguments)
    return Step(name, command, {"OPENRAPPORT_TEST_DATABASE": database}, needs, missing)


def checks() -> list[Step]:
    return [
        Step("lint", (str(BIN / "ruff"), "check")),
        Step("format", (str(BIN / "ruff"), "format", "--check")),
        Step("types", (str(BIN / "mypy"), "src"), FOR_CHECKS),
        Step("import contracts", (str(BIN / "lint-imports"), "--no-logo")),
        Step("templates", (str(BIN / "djlint"), "src", "--lint", "--quiet")),
        Step("migrations", (str(BIN / "python"), "manage.py", "makemigrations", "--check", "--dry-run"), FOR_CHECKS),
    ]


def tests() -> list[Step]:
    """What uses a database runs on both; the analysis library and what happens in a browser run once."""
    return [
        pytest_step("tests on SQLite", "-n", "2", "-m", "not browser", database="sqlite"),
        pytest_step("tests on PostgreSQL", "-n", "2", "-m", "not browser", NO_ANALYSIS, database="postgresql"),
        pytest_step("browser journeys", "-m", "browser", database="sqlite", needs=CHROMIUM, missing=NO_CHROMIUM),
    ]


def run(step: Step) -> Outcome:
    print(f"\n=== {step.name}", flush=True)
    if step.needs and shutil.which(step.needs) is None:
        print(step.missing, flush=True)
        return Outcome(step, failed=True, seconds=0.0, output="")
    began = time.monotonic()
    lines: list[str] = []
    environment = {**os.environ, **step.environment}
    process = subprocess.Popen(
        step.command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:  # shown as it comes, and kept for the count
        print(line, end="", flush=True)
        lines.append(line)
    status = process.wait()
    return Outcome(step, failed=status != 0, seconds=time.monotonic() - began, output="".join(lines))


def counted(outcome: Outcome) -> tuple[int, int]:
    """(passed, failed) of one step. A check has no tests to count: when it fails it is one failure."""
    closing = [line for line in outcome.output.splitlines() if re.search(r"\bin \d[\d.]*s\b", line)]
    found = dict.fromkeys(("passed", "failed", "error"), 0)
    if "pytest" in outcome.step.command and closing:
        for number, word in re.findall(r"(\d+) (passed|failed|error)", closing[-1]):
            found[word] = int(number)
    failed = found["failed"] + found["error"]
    return found["passed"], failed if failed or not outcome.failed else 1


def summarise(outcomes: list[Outcome]) -> int:
    print("\n=== summary")
    for outcome in outcomes:
        print(f"{'FAILED' if outcome.failed else 'passed'}  {outcome.seconds:6.1f} s  {outcome.step.name}")
    counts = [counted(outcome) for outcome in outcomes]
    print(f"{sum(passed for passed, _ in counts)} passed, {sum(failed for _, failed in counts)} failed")
    return 1 if any(outcome.failed for outcome in outcomes) else 0


def main(arguments: list[str]) -> int:
    if arguments == ["--checks"]:
        return summarise([run(step) for step in checks()])
    if arguments:
        if shutil.which(CHROMIUM) is None:
            print(NO_CHROMIUM, file=sys.stderr)
        return subprocess.run([BIN / "python", "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode
    return summarise([run(step) for step in checks() + tests()])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
