"""The analysis library against what a researcher has: lme4, statsmodels, pandas, and a bare scan of the same columns.

    .venv/bin/python -m benchmarks.analysis            all sizes; the result goes into docs/benchmarks.md
    .venv/bin/python -m benchmarks.analysis --quick    up to a million rows, printed only
    .venv/bin/python -m benchmarks.analysis --up-to 1e7 leaves out the hundred million
    .venv/bin/python -m benchmarks.analysis --slow     also lme4 at ten million rows (over six minutes, five gigabytes)

Each run is a fresh process; ours and the peer's take turns. R with lme4 (Debian: r-cran-lme4) is used where it is
installed; statsmodels is put into a temporary environment. Everything it makes lies in a temporary folder.
"""

import argparse
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.invent import write_answers, write_ratings, write_sessions

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- analysis: begin -->", "<!-- analysis: end -->"
R_IS_MISSING = "R with lme4 is not installed (Debian: apt-get install r-cran-lme4); its rows are left out."
Figures = dict[str, float]


@dataclass(frozen=True)
class Case:
    """One row: our work against a peer's, by `figure`; they agree when their checks differ by less than `agree`."""

    title: str
    ours: str
    peer: str
    peer_name: str
    data: str
    rows: int
    aim: float
    figure: str = "seconds"
    ours_faster: bool = True
    runs: int = 5
    agree: float | None = None


def cases(*, quick: bool, slow: bool) -> Iterator[Case]:
    lmer = "lme4 lmer"
    two = "Growth curve, two levels, REML"
    for rows, aim, runs in ((10_000, 15, 9), (100_000, 100, 5), (1_000_000, 300, 3)):
        yield Case(two, "growth_two_levels", "lmer:two", lmer, "sessions", rows, aim, runs=runs, agree=1e-5)
    yield Case(two, "growth_two_levels", "by_statsmodels", "statsmodels", "sessions", 10_000, 300, runs=3, agree=1e-5)
    if slow:
        yield Case(two, "growth_two_levels", "lmer:two", lmer, "sessions", 10_000_000, 500, runs=1, agree=1e-5)
    yield Case(
        "three levels", "growth_three_levels", "lmer:three", lmer, "sessions", 1_000_000, 250, runs=1, agree=1e-5
    )
    yield Case("crossed groups", "crossed", "lmer:crossed", lmer, "ratings", 73_000, 10, runs=3, agree=1e-5)
    yield Case(
        "Rupture scan", "scan_ours", "scan_by_pandas", "pandas apply", "sessions", 100_000, 1000, runs=3, agree=0.0
    )
    if quick:
        return
    bare = {"figure": "cpu", "ours_faster": False}
    for rows in (10_000_000, 100_000_000):
        yield Case(two, "growth_two_levels", "bare_scan", "bare scan", "sessions", rows, 2.5, **bare)  # type: ignore[arg-type]
    yield Case("Rupture scan", "scan_ours", "bare_scan", "bare scan", "sessions", 10_000_000, 3, **bare)  # type: ignore[arg-type]
    yield Case("Scoring", "scores_ours", "bare_scan_of_answers", "bare scan", "answers", 10_000_000, 1.5, **bare)  # type: ignore[arg-type]
    yield Case(
        "Growth on Spark, local", "growth_two_levels", "growth_on_spark", "Spark", "sessions", 10_000_000, 0, runs=1,
        agree=1e-7,
    )  # fmt: skip


@dataclass(frozen=True)
class Result:
    case: Case
    ours: Figures
    peer: Figures

    @property
    def ratio(self) -> float:
        ours, peer = self.ours[self.case.figure], self.peer[self.case.figure]
        return peer / ours if self.case.ours_faster else ours / peer

    @property
    def reached(self) -> bool:
        return self.ratio >= self.case.aim if self.case.ours_faster else self.ratio <= self.case.aim


class Bench:
    """Data and peers, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.has_r = shutil.which("Rscript") is not None
        self._statsmodels: Path | None = None

    def data(self, kind: str, rows: int) -> Path:
        file = self.folder / f"{kind}-{rows}.parquet"
        if not file.exists():
            if kind == "sessions":
                write_sessions(rows, file)
            elif kind == "answers":
                write_answers(rows, file)
            else:
                write_ratings(file)
        return file

    def csv(self, parquet: Path) -> Path:
        import duckdb

        file = parquet.with_suffix(".csv")
        if not file.exists():
            duckdb.execute(f"COPY (SELECT * FROM '{parquet}') TO '{file}' (HEADER)")
        return file

    def command(self, work: str, file: Path) -> list[str]:
        if work.startswith("lmer:"):
            return ["Rscript", str(ROOT / "benchmarks" / "lmer.R"), str(self.csv(file)), work.partition(":")[2]]
        python = self.statsmodels() if work == "by_statsmodels" else Path(sys.executable)
        return [str(python), "-m", "benchmarks.analysis_work", work, str(file)]

    def statsmodels(self) -> Path:
        if self._statsmodels is None:
            place = self.folder / "peers"  # nothing of it stays
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            wanted = ["statsmodels>=0.14", "pandas", "pyarrow"]
            pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted]
            subprocess.run(pip, check=True)
            self._statsmodels = place / "bin" / "python"
        return self._statsmodels

    def run(self, work: str, file: Path) -> Figures:
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            self.command(work, file), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise SystemExit(f"{work} failed:\n{done.stderr[-2000:]}")
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))

    def measure(self, case: Case) -> Result:
        file = self.data(case.data, case.rows)
        ours, peer = [], []
        for _ in range(case.runs):
            ours.append(self.run(case.ours, file))
            peer.append(self.run(case.peer, file))
        result = Result(case, _median(ours), _median(peer))
        if case.agree is not None and abs(result.ours["check"] - result.peer["check"]) > case.agree * abs(
            result.peer["check"]
        ):
            raise SystemExit(f"{case.title}, {case.rows} rows: {result.ours['check']} against {result.peer['check']}")
        return result


def _median(figures: list[Figures]) -> Figures:
    return {name: statistics.median(each[name] for each in figures) for name in figures[0]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--up-to", type=float, default=1e8, metavar="ROWS", help="leave out larger tables")
    args = parser.parse_args()
    began = time.monotonic()
    results = []
    with tempfile.TemporaryDirectory(prefix="openrapport-benchmark-") as folder:
        bench = Bench(Path(folder))
        if not bench.has_r:
            print(R_IS_MISSING)
        for case in cases(quick=args.quick, slow=args.slow):
            if case.rows > args.up_to or (case.peer.startswith("lmer:") and not bench.has_r):
                continue
            results.append(bench.measure(case))
            print(_line(results[-1]), flush=True)
    print(f"took {time.monotonic() - began:.0f} s")
    if not args.quick:
        _write(results)


def _line(result: Result) -> str:
    case, unit = result.case, "CPU s" if result.case.figure == "cpu" else "s"
    ours, peer = result.ours[case.figure], result.peer[case.figure]
    if case.aim == 0:
        aim, reached = "reported", ""
    else:
        aim = f"{case.aim:g} times {'faster' if case.ours_faster else 'at most'}"
        reached = "yes" if result.reached else "**no**"
    cells = [
        case.title, f"{case.rows:,}", case.peer_name, f"{peer:.3g} {unit}", f"{ours:.3g} {unit}",
        f"**{result.ratio:,.3g}**", aim, reached, f"{result.ours['memory']:,.0f} / {result.peer['memory']:,.0f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _write(results: list[Result]) -> None:
    header = ["Work", "Rows", "Peer", "Peer took", "Ours took", "Ratio", "Aim", "Reached", "Memory MB, ours / peer"]
    lines = [
        f"Measured on {time.strftime('%Y-%m-%d')}: {_machine()}",
        "",
        f"| {' | '.join(header)} |",
        "|---|---:|---|---:|---:|---:|---|---|---:|",
        *[_line(result) for result in results],
    ]
    page = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}", encoding="utf-8")


def _machine() -> str:
    import duckdb
    import numpy as np
    import pandas as pd

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts: list[Any] = [
        f"{len(os.sched_getaffinity(0))} cores",
        f"{memory:.0f} GiB of memory",
        platform.system(),
        f"Python {platform.python_version()}",
        f"NumPy {np.__version__}",
        f"DuckDB {duckdb.__version__}",
        f"pandas {pd.__version__}",
    ]
    if shutil.which("Rscript"):
        say = 'cat(paste(R.version.string, "lme4", packageVersion("lme4")))'
        parts.append(subprocess.run(["Rscript", "-e", say], capture_output=True, text=True, check=True).stdout)
    return ", ".join(parts) + "."


if __name__ == "__main__":
    main()
