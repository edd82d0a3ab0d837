"""The rupture scan of a population, from wherever its sessions are; who was flagged goes to a file as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from openrapport.analysis.kernels import InnovationModel, NotGrouped, Tally
from openrapport.analysis.population.batches import NotStreamable, score_batches, told
from openrapport.analysis.population.engines import Engine, Source, columns_of, opened
from openrapport.analysis.population.flagged_file import FlaggedFile
from openrapport.analysis.population.growth import Way
from openrapport.analysis.population.ordered_rows import ClientNumbers, numbered, ordered_batches
from openrapport.analysis.population.scanning import Batches, Flagged, ScanSummary, scan_batches, summary_of
from openrapport.analysis.population.sessions import Clock, SessionColumns

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was looked at, and which way."""

    summary: ScanSummary
    way: Way


class Keeper(Protocol):
    """Takes flagged sessions; `client` is an Arrow column of the clients' own names."""

    def add(self, client: Any, found: Flagged) -> None: ...


@dataclass(frozen=True, slots=True)
class _Scan:
    columns: SessionColumns
    model: InnovationModel
    clock: Clock
    progress: Progress | None


def scan_population(
    source: Source,
    columns: SessionColumns,
    model: InnovationModel,
    *,
    clock: Clock,
    engine: Engine | None = None,
    spark_master: str = "local[*]",
    out: Path | None = None,
    progress: Progress | None = None,
) -> Scanned:
    """Scan every session of `source`. None for `engine`: one streaming pass over Parquet ordered by client and session,
    else the database puts the rows in order and they stream from it; Spark scans its parts by client, side by side.

    z depends on a client's own sessions only, so the numbers are the same whichever way. `out` takes the flagged
    sessions as Parquet: client, session, z, average. `progress` is told how many rows are done (not on Spark).
    Raises NotReadable, NotCountable or ValueError.
    """
    scan = _Scan(columns, model, clock, progress)
    if engine is None and source.kind == "parquet":
        try:
            return Scanned(_from_files(source, scan, out), "stream")
        except (NotGrouped, NotStreamable):
            pass  # a database must put the rows in order; what was flagged so far is thrown away with its file
    with opened(source, engine=engine or "duckdb", spark_master=spark_master) as (connection, table):
        columns_of(table, source.label, columns.names())
        if engine == "spark":
            from openrapport.analysis.population.spark_scan import scan_on_spark

            with FlaggedFile(out) as flagged:
                tally = scan_on_spark(connection, table, columns, model, clock=clock, flagged=flagged)
            return Scanned(summary_of(tally), "spark")
        summary = _from_database(connection, table, scan, out)
    return Scanned(summary, "postgresql" if source.kind == "postgresql" else "duckdb")


def _from_files(source: Source, scan: _Scan, out: Path | None) -> ScanSummary:
    import pyarrow as pa

    with FlaggedFile(out) as flagged:

        def take(found: Flagged) -> None:
            flagged.add(pa.array(found.client), found)

        return summary_of(_walk(score_batches(source.files(), scan.columns), scan, take if out else None))


def _from_database(connection: Any, table: Any, scan: _Scan, out: Path | None) -> ScanSummary:
    with FlaggedFile(out) as flagged:
        batches = ordered_batches(connection, table, scan.columns)
        return summary_of(scan_ordered(batches, scan.columns, scan.model, scan.clock, flagged, scan.progress))


def scan_ordered(
    batches: Iterator[Any],
    columns: SessionColumns,
    model: InnovationModel,
    clock: Clock,
    flagged: Keeper | None,
    progress: Progress | None = None,
) -> Tally:
    """Scan Arrow batches as `ordered_batches` gives them."""
    clients = ClientNumbers()

    def take(found: Flagged) -> None:
        if flagged is not None:
            flagged.add(clients.names(found.client), found)

    return _walk(numbered(batches, columns, clients), _Scan(columns, model, clock, progress), take)


def _walk(batches: Batches, scan: _Scan, take: Callable[[Flagged], None] | None) -> Tally:
    return scan_batches(told(batches, scan.progress), scan.model, clock=scan.clock, take=take)
