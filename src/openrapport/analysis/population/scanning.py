"""The rupture scan over Parquet files of any size in fixed memory: batch after batch, clients carried over."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis import kernels
from openrapport.analysis.innovations import check_times, sweep
from openrapport.analysis.kernels import (
    Floats,
    InnovationModel,
    Innovations,
    InnovationScan,
    Ints,
    NotGrouped,
    Scores,
    Tally,
)
from openrapport.analysis.population.batches import score_batches
from openrapport.analysis.population.sessions import LAST_SESSION, Clock, SessionColumns


@dataclass(frozen=True, slots=True)
class Flagged:
    """Sessions that fell below a limit, in the order of the file: who, which session, z, and its moving average."""

    client: Ints
    session: NDArray[np.int32]
    z: Floats
    average: Floats


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What was looked at. `mean_square` of z is 1 where clients follow the model; None when there was no score."""

    rows: int
    clients: int
    flagged_rows: int
    flagged_clients: int
    mean_square: float | None


def scan_files(
    files: list[Path],
    columns: SessionColumns,
    model: InnovationModel,
    *,
    clock: Clock,
    take: Callable[[Flagged], None] | None = None,
) -> ScanSummary:
    """Scan Parquet files in order of client and session, handing flagged sessions to `take` as they come.

    Raises NotGrouped where rows are in another order, NotStreamable on columns of another kind, ValueError on a session
    without a time.
    """
    return summary_of(scan_batches(score_batches(files, columns), model, clock=clock, take=take))


Batches = Iterator[tuple[Scores, object]]
Take = Callable[[Flagged], None] | None


def scan_batches(batches: Batches, model: InnovationModel, *, clock: Clock, take: Take = None) -> Tally:
    """Scan batches ordered by client and session, wherever they come from: clients go on from one to the next."""
    times = np.arange(LAST_SESSION + 1, dtype=float)
    if clock == "log":
        times = np.r_[np.nan, np.log(times[1:])]
    return (_compiled if kernels.available() else _in_numpy)(batches, model, times, take)


def summary_of(tally: Tally) -> ScanSummary:
    mean_square = tally.squares / tally.rows if tally.rows else None
    return ScanSummary(tally.rows, tally.clients, tally.flagged_rows, tally.flagged_clients, mean_square)


def _compiled(batches: Batches, model: InnovationModel, times: Floats, take: Take) -> Tally:
    scan = InnovationScan(model, time_of=times)
    for batch, _ in batches:
        _hand_over(batch, scan.scan(batch), take)
    return scan.tally


def _in_numpy(batches: Batches, model: InnovationModel, times: Floats, take: Take) -> Tally:
    rows = clients = flagged_rows = flagged_clients = 0
    squares = 0.0
    for batch in _whole_clients(_in_order(batches)):
        check_times(batch, times)
        found = sweep(batch, model, time_of=times)
        there = ~np.isnan(found.z)
        rows += int(there.sum())
        clients += len(np.unique(batch.client[there]))
        flagged_rows += int(found.flag.sum())
        flagged_clients += len(np.unique(batch.client[found.flag]))
        squares += float(found.z[there] @ found.z[there])
        _hand_over(batch, found, take)
    return Tally(rows, clients, flagged_rows, flagged_clients, squares)


def _hand_over(batch: Scores, found: Innovations, take: Take) -> None:
    if take is None:
        return
    flagged = np.flatnonzero(found.flag)
    if len(flagged):
        take(Flagged(batch.client[flagged], batch.session[flagged], found.z[flagged], found.average[flagged]))


def _in_order(batches: Batches) -> Iterator[Scores]:
    last: tuple[int, int] | None = None
    for batch, _ in batches:
        if not len(batch.client):
            continue
        same = batch.client[1:] == batch.client[:-1]
        falls = (batch.client[1:] < batch.client[:-1]).any() or (same & (np.diff(batch.session) < 0)).any()
        if falls or (last is not None and (int(batch.client[0]), int(batch.session[0])) < last):
            raise NotGrouped("The rows are not ordered by client and session.")
        last = int(batch.client[-1]), int(batch.session[-1])
        yield Scores(batch.client, batch.session, _with_nan(batch))


def _whole_clients(batches: Iterator[Scores]) -> Iterator[Scores]:
    """Cut so that no client lies in two batches."""
    kept = Scores(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0))
    for batch in batches:
        joined = Scores(
            np.concatenate([kept.client, batch.client]),
            np.concatenate([kept.session, batch.session]),
            np.concatenate([kept.score, batch.score]),
        )
        cut = int(np.searchsorted(joined.client, joined.client[-1]))
        yield Scores(joined.client[:cut], joined.session[:cut], joined.score[:cut])
        kept = Scores(joined.client[cut:], joined.session[cut:], joined.score[cut:])
    yield kept


def _with_nan(batch: Scores) -> Floats:
    """The scores with NaN where Arrow's bitmap says that there is none."""
    if batch.valid is None:
        return batch.score
    size = (batch.valid_offset + len(batch.score) + 7) // 8
    bits = np.frombuffer(memoryview((ctypes.c_uint8 * size).from_address(batch.valid)), dtype=np.uint8)
    there = np.unpackbits(bits, bitorder="little")[batch.valid_offset : batch.valid_offset + len(batch.score)]
    return np.where(there.astype(bool), batch.score, np.nan)
