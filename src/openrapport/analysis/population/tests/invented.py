"""Invented sessions for the tests: people who follow a growth curve, scores in tenths, some missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

Table = dict[str, np.ndarray]


def invent(people: int, *, seed: int, missing: float = 0.1) -> Table:
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 13, people)
    client = np.repeat(np.arange(people) * 3 + 5, count)
    place = np.repeat(np.arange(people), count)
    session = np.arange(len(client)) - np.repeat(np.cumsum(count) - count, count) + 1
    intake = rng.integers(0, 5, people).astype(float)
    own = rng.normal(size=(people, 2)) * [9.0, 3.0]
    t = np.log(session)
    score = 55 + 4 * t - 2 * intake[place] + own[place, 0] + own[place, 1] * t + rng.normal(0, 7, len(t))
    score = np.round(np.clip(score, 0, 100), 1)
    score[rng.random(len(t)) < missing] = np.nan
    return {"client": client, "session": session, "score": score, "intake": intake[place]}


def write_parquet(path: Path, table: Table, *, rows_in_group: int = 700) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        name: pa.array(values, mask=np.isnan(values) if values.dtype.kind == "f" else None)
        for name, values in table.items()
    }
    pq.write_table(pa.table(columns), path, row_group_size=rows_in_group)
    return path


def write_csv(path: Path, table: Table) -> Path:
    names = list(table)
    lines = [",".join(names)]
    for row in zip(*table.values(), strict=True):
        lines.append(",".join("" if isinstance(cell, float) and np.isnan(cell) else str(cell) for cell in row))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def shuffled(table: Table, *, seed: int) -> Table:
    order = np.random.default_rng(seed).permutation(len(table["client"]))
    return {name: values[order] for name, values in table.items()}
