"""Scores of check-ins as Parquet, a batch at a time; the file is there when all of it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.analysis.population.engines import NotReadable
from openrapport.analysis.scoring_many import REASONS, ManyScores

Write = Callable[[Any, Sequence[str], Mapping[str, ManyScores]], None]


@contextmanager
def scores_file(path: Path | None) -> Iterator[Write]:
    """Hands out what writes one batch: the columns kept, then of each score its value, whether it is prorated, and why
    there is none. Does nothing without a path. Raises NotReadable where the file cannot be written."""
    if path is None:
        yield lambda batch, keep, scores: None
        return
    part = path.with_name(f".{path.name}.part")
    writers: list[Any] = []
    try:
        yield lambda batch, keep, scores: _write(part, writers, batch, keep, scores)
        for writer in writers:
            writer.close()
        if writers:
            os.replace(part, path)  # noqa: PTH105 - one rename, not a copy
    except OSError as problem:
        raise NotReadable(f"{path}: cannot be written ({problem.strerror or problem})") from problem
    finally:
        for writer in writers:
            writer.close()
        part.unlink(missing_ok=True)


def _write(part: Path, writers: list[Any], batch: Any, keep: Sequence[str], scores: Mapping[str, ManyScores]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {name: batch.column(name) for name in keep}
    for code, each in scores.items():
        absent = each.reason != 0
        columns[code] = pa.array(each.value, mask=absent)
        columns[f"{code}_prorated"] = pa.array(each.prorated)
        reasons = pa.DictionaryArray.from_arrays(
            pa.array(np.maximum(each.reason - 1, 0).astype(np.int8), mask=~absent), pa.array(REASONS[1:])
        )
        columns[f"{code}_not_scorable"] = reasons.cast(pa.string())
    table = pa.table(columns)
    if not writers:
        writers.append(pq.ParquetWriter(part, table.schema, compression="zstd"))
    writers[0].write_table(table)
