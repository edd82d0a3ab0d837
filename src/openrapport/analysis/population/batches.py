"""Parquet files as batches of plain arrays, a few at a time: memory depends on the batch, not on the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.analysis.kernels import Scores
from openrapport.analysis.population.engines import NotReadable
from openrapport.analysis.population.sessions import LAST_SESSION, SessionColumns

ROWS_AT_ONCE = 250_000
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}  # Arrow's names, and NumPy's


class NotStreamable(ValueError):
    """The file's columns are not whole-number clients and sessions with numeric scores: let the database group them."""


def score_batches(files: list[Path], columns: SessionColumns) -> Iterator[tuple[Scores, Any]]:
    """Batches in the order of the files, each with what must be kept alive while its bitmap is read.

    Raises NotStreamable where a column's type, or an empty client or session, needs the database; NotReadable.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [columns.client, columns.session, columns.score]
    for file in files:
        try:
            with pq.ParquetFile(file, pre_buffer=False) as opened:
                _fits(opened.schema_arrow, names, pa)
                for batch in opened.iter_batches(batch_size=ROWS_AT_ONCE, columns=names):
                    yield _scores(batch, columns, pa)
        except (pa.ArrowInvalid, OSError) as problem:
            raise NotReadable(f"{file}: not readable as Parquet ({str(problem).splitlines()[0]})") from problem


def told(batches: Iterator[tuple[Scores, Any]], progress: Callable[[int], None] | None) -> Iterator[tuple[Scores, Any]]:
    """The same batches; `progress` hears how many rows have been taken and done with."""
    done = 0
    for batch, alive in batches:
        yield batch, alive
        done += len(batch.client)
        if progress is not None:
            progress(done)


def _fits(schema: Any, names: list[str], pa: Any) -> None:
    for name in names:
        if name not in schema.names:
            raise NotStreamable(f"no column {name!r}")
    client, session, score = (schema.field(name).type for name in names)
    if not (pa.types.is_integer(client) and client != pa.uint64() and pa.types.is_integer(session)):
        raise NotStreamable("clients and sessions are not whole numbers")
    if not (pa.types.is_integer(score) or pa.types.is_float32(score) or pa.types.is_float64(score)):
        raise NotStreamable("scores are not numbers")


def _scores(batch: Any, columns: SessionColumns, pa: Any) -> tuple[Scores, Any]:
    client, session, score = (batch.column(name) for name in (columns.client, columns.session, columns.score))
    if client.null_count or session.null_count:
        raise NotStreamable("a client or session is empty")
    sessions = values_of(session)
    if sessions.dtype.itemsize > 4 or sessions.dtype == np.uint32:
        # Clipped, so that a number too large for 32 bits is still refused as one without a time.
        sessions = np.clip(sessions, -1, LAST_SESSION + 1)
    numbers = score.cast(pa.float64())
    bitmap = numbers.buffers()[0]
    scores = Scores(
        client=values_of(client).astype(np.int64, copy=False),
        session=sessions.astype(np.int32, copy=False),
        score=values_of(numbers),
        valid=None if bitmap is None else bitmap.address,
        valid_offset=numbers.offset,
    )
    return scores, batch


def values_of(array: Any) -> np.ndarray:
    """An Arrow array's numbers, whatever stands where there is none. Arrow's own way to NumPy loads pandas first."""
    kind = np.dtype(_FLOATS.get(str(array.type), str(array.type)))
    return np.frombuffer(array.buffers()[1], dtype=kind)[array.offset : array.offset + len(array)]
