"""The scan on Apache Spark: rows go to the part of their client, and each part is scanned as a file would be.

The workers need this library; its kernels, where they are built, give the same numbers as NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from itertools import chain, islice
from typing import Any

import numpy as np

from openrapport.analysis.kernels import InnovationModel, Tally
from openrapport.analysis.population.flagged_file import FlaggedFile
from openrapport.analysis.population.ordered_rows import scored_rows
from openrapport.analysis.population.scan import scan_ordered
from openrapport.analysis.population.scanning import Flagged
from openrapport.analysis.population.sessions import Clock, SessionColumns

_FLAGGED = ("session", "z", "average")
_SUMS = tuple(each.name for each in fields(Tally))
_ROWS_AT_ONCE = 100_000


def scan_on_spark(
    connection: Any,
    table: Any,
    columns: SessionColumns,
    model: InnovationModel,
    *,
    clock: Clock,
    flagged: FlaggedFile,
) -> Tally:
    """Each part sends home one row of sums and, when a file is asked for, its flagged sessions."""
    rows = connection.raw_sql(connection.compile(scored_rows(table, columns)))
    schema = (
        f"client {rows.schema['client'].dataType.simpleString()}, session int, z double, average double, "
        "rows bigint, clients bigint, flagged_rows bigint, flagged_clients bigint, squares double"
    )
    found = (
        rows.repartition("client")
        .sortWithinPartitions("client", "session", "score")
        .mapInArrow(_part_scan(columns, model, clock, keep=flagged.path is not None), schema)
        .toLocalIterator(prefetchPartitions=True)
    )
    return _gather(found, flagged)


def _part_scan(
    columns: SessionColumns, model: InnovationModel, clock: Clock, *, keep: bool
) -> Callable[[Iterator[Any]], Iterator[Any]]:
    def scan(batches: Iterator[Any]) -> Iterator[Any]:
        first = next(batches, None)
        if first is None:
            return
        kept = _Kept(first.schema.field("client").type)
        tally = scan_ordered(chain([first], batches), columns, model, clock, kept if keep else None)
        yield from kept.batches
        yield kept.home(**asdict(tally))

    return scan


class _Kept:
    """A part's flagged sessions until it is done; then its sums, as a row without a client."""

    def __init__(self, client: Any) -> None:
        import pyarrow as pa

        named = {"client": client, "session": pa.int32(), "z": pa.float64(), "average": pa.float64()}
        sums = {name: pa.int64() for name in _SUMS if name != "squares"}
        self._schema = pa.schema(list({**named, **sums, "squares": pa.float64()}.items()))
        self.batches: list[Any] = []

    def add(self, client: Any, found: Flagged) -> None:
        import pyarrow as pa

        columns = {name: pa.array(getattr(found, name)) for name in _FLAGGED}
        self.batches.append(self._batch({"client": client, **columns}))

    def home(self, **sums: float) -> Any:
        import pyarrow as pa

        return self._batch({name: pa.array([value], self._schema.field(name).type) for name, value in sums.items()})

    def _batch(self, columns: dict[str, Any]) -> Any:
        import pyarrow as pa

        rows = len(next(iter(columns.values())))
        return pa.record_batch(
            [columns.get(field.name, pa.nulls(rows, field.type)) for field in self._schema], schema=self._schema
        )


def _gather(found: Iterator[Any], flagged: FlaggedFile) -> Tally:
    sums = dict.fromkeys(_SUMS, 0)
    while rows := list(islice(found, _ROWS_AT_ONCE)):
        sessions = [row for row in rows if row["rows"] is None]
        if sessions:
            _hand_over(sessions, flagged)
        for row in rows:
            if row["rows"] is not None:
                sums = {name: value + row[name] for name, value in sums.items()}
    return Tally(**sums)


def _hand_over(sessions: list[Any], flagged: FlaggedFile) -> None:
    import pyarrow as pa

    session, z, average = (np.array([row[name] for row in sessions]) for name in _FLAGGED)
    client = [row["client"] for row in sessions]
    flagged.add(pa.array(client), Flagged(np.empty(0, np.int64), session.astype(np.int32), z, average))
