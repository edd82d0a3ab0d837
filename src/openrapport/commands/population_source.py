"""What the population commands ask for in the same way: where the rows are, their columns, and who adds them up."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openrapport.analysis.population.engines import Engine, Source
from openrapport.analysis.population.sessions import SessionColumns
from openrapport.commands import CommandError
from openrapport.commands.asked import naming
from openrapport.commands.progress import progress


def add_source(parser: argparse.ArgumentParser, example: str, *, engines: bool = True) -> None:
    parser.epilog = f"Example:\n  ./openrapport population {example}"
    parser.add_argument("source", metavar="SOURCE", help=".parquet, .csv, a folder of them, .duckdb, or postgresql://")
    parser.add_argument("--table", metavar="NAME", help="the table of a database, where there are several")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    if engines:
        parser.add_argument(
            "--engine", choices=("duckdb", "spark"), help="who adds up files (default: whichever is quickest here)"
        )
        parser.add_argument(
            "--spark", metavar="ADDRESS", default="local[*]", help="Spark's master (default: local[*], this machine)"
        )


def add_session_columns(parser: argparse.ArgumentParser) -> None:
    for name, says in (("client", "who"), ("session", "session number of the client"), ("score", "the score")):
        parser.add_argument(f"--{name}", required=True, metavar="COLUMN", help=says)


def source_of(args: argparse.Namespace) -> Source:
    source = Source(args.source, args.table)
    if args.table is not None and source.kind in ("parquet", "csv"):
        raise CommandError(f"{source.label}: --table is for databases; files have one table")
    return source


def columns_in(args: argparse.Namespace, covariates: tuple[str, ...] = ()) -> SessionColumns:
    try:
        return SessionColumns(args.client, args.session, args.score, covariates)
    except ValueError as problem:
        raise CommandError(str(problem)) from problem


@dataclass(frozen=True, slots=True)
class Asked:
    """The source, who adds it up, and whom to tell how many rows are done."""

    source: Source
    engine: Engine | None
    spark_master: str
    told: Callable[[int], None]


@contextmanager
def working(args: argparse.Namespace, what: str) -> Iterator[Asked]:
    """While rows go by: a line on a terminal's standard error; what the library refuses, with the source in front."""
    source = source_of(args)
    with naming(source.label, {f"{source.label}: ": ""}), progress(what) as tell:
        rows = _rows(source)
        yield Asked(
            source,
            getattr(args, "engine", None),
            getattr(args, "spark", "local[*]"),
            lambda done: tell(done, max(rows, done) if rows else 0),
        )


def _rows(source: Source) -> int:
    """How many rows there are, where that is told for nothing; else 0."""
    if source.kind != "parquet":
        return 0
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return sum(pq.read_metadata(file).num_rows for file in source.files())
    except (pa.ArrowInvalid, OSError):
        return 0  # reading it says what is wrong


def out_file(args: argparse.Namespace) -> Path | None:
    """The Parquet file to write. Raises `CommandError` where it is none, or what is read."""
    if args.out is None:
        return None
    out, place = Path(args.out), Path(args.source)
    if out.suffix.lower() != ".parquet":
        raise CommandError(f"{out}: the file to write must end in .parquet")
    if not out.parent.is_dir():
        raise CommandError(f"{out}: there is no folder {out.parent}")
    if out.resolve() == place.resolve() or (place.is_dir() and out.resolve().parent == place.resolve()):
        raise CommandError(f"{out}: --out would write into the table it reads")
    return out
