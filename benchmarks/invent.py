"""Invented sessions for the benchmarks: courses on log(session) by client within therapist, 8 % of scores missing.

.venv/bin/python -m benchmarks.invent ROWS FILE.parquet
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CLIENTS_AT_ONCE = 1_000_000
SESSIONS_EACH = 8
CLIENTS_EACH = 40
UNIT = 0.1


def sessions(clients: int, first: int, rng: np.random.Generator) -> pa.Table:
    """`clients` people from number `first` on; means and spreads of a course on a 0-100 scale."""
    count = np.minimum(1 + rng.negative_binomial(1.3, 1.3 / 8.5, clients), 60)
    client = np.repeat(np.arange(clients), count)
    session = np.arange(len(client)) - np.repeat(np.cumsum(count) - count, count) + 1
    therapist = (np.arange(clients) + first) // CLIENTS_EACH
    theirs = np.random.default_rng(int(therapist[0])).normal(0, 3.2, int(therapist[-1] - therapist[0]) + 1)
    level = rng.normal(0, 11.5, clients)
    slope = -0.1 * level + rng.normal(0, 3.8, clients)
    t = np.log(session)
    score = 58 + theirs[therapist - therapist[0]][client] + level[client] + (5 + slope[client]) * t
    score = np.round(np.clip(score + rng.normal(0, 8, len(t)), 0, 100), 1)
    return pa.table(
        {
            "client": (client + first).astype(np.int64),
            "therapist": therapist[client].astype(np.int32),
            "session": session.astype(np.int16),
            "score": pa.array(score, mask=rng.random(len(t)) < 0.08),
        }
    )


def write_sessions(rows: int, file: Path, *, seed: int = 1) -> None:
    """About `rows` rows, in order of client and session."""
    rng = np.random.default_rng(seed)
    people = rows // SESSIONS_EACH
    writer = None
    for first in range(0, people, CLIENTS_AT_ONCE):
        table = sessions(min(CLIENTS_AT_ONCE, people - first), first, rng)
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=1_000_000)
    if writer is not None:
        writer.close()


def write_answers(rows: int, file: Path, *, seed: int = 1) -> None:
    """Seven answers 0-10 a row, 3 % skipped, the items of our adult alliance check-in."""
    from openrapport.analysis.catalogue import get_instrument

    codes = [item.code for item in get_instrument("alliance-adult").items if item.is_numeric]
    rng = np.random.default_rng(seed)
    writer = None
    for first in range(0, rows, CLIENTS_AT_ONCE):
        count = min(CLIENTS_AT_ONCE, rows - first)
        level = rng.normal(7.5, 1.5, count)
        columns = {
            code: pa.array(
                np.clip(np.round(level + rng.normal(0, 1.2, count)), 0, 10).astype(np.int8),
                mask=rng.random(count) < 0.03,
            )
            for code in codes
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=250_000)
    if writer is not None:
        writer.close()


def write_ratings(file: Path, *, seed: int = 1) -> None:
    """73 000 ratings of 1 100 lecturers by 3 000 students: two crossed groups, as in teaching evaluations."""
    rng = np.random.default_rng(seed)
    rows, students, lecturers = 73_000, 3_000, 1_100
    fame = rng.gamma(0.9, size=lecturers) + 0.02
    student, lecturer = rng.integers(0, students, rows), rng.choice(lecturers, size=rows, p=fame / fame.sum())
    score = 3.2 + rng.normal(0, 0.33, students)[student] + rng.normal(0, 0.51, lecturers)[lecturer]
    score = score + rng.normal(0, 1.18, rows)
    service = rng.integers(0, 2, rows)
    columns = {"client": student, "therapist": lecturer, "service": service, "score": score - 0.07 * service}
    pq.write_table(pa.table(columns), file)


if __name__ == "__main__":
    write_sessions(int(float(sys.argv[1])), Path(sys.argv[2]))
