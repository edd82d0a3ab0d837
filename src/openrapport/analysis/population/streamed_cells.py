"""Cells in one pass over Parquet whose rows stand together by client: decode, sum, fold, and keep only the cells."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from openrapport.analysis import kernels
from openrapport.analysis.kernels import CellFolder, Floats, Ints, Scores
from openrapport.analysis.population.batches import score_batches, told
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.whole_cells import WholeCells, gather

Ends = tuple[tuple[int, ...], ...]


def stream_cells(
    files: list[Path],
    columns: SessionColumns,
    counting: Counting,
    *,
    progress: Callable[[int], None] | None = None,
) -> WholeCells:
    """`progress` is told how many rows are read. Raises kernels.NotGrouped or NotStreamable where the database must
    group the rows, ValueError on scores that are no whole units or sessions without a time."""
    threads = max(1, min(4, len(os.sched_getaffinity(0))))
    folders = [_folder(counting) for _ in range(threads)]
    ends: list[Ends] = []
    with ThreadPoolExecutor(threads) as pool:
        free = deque(folders)
        for done, folder in _ahead(pool, free, told(score_batches(files, columns), progress)):
            ends.append(done)
            free.append(folder)
    for other in folders[1:]:
        folders[0].join(other)
    folders[0].close(end for batch in ends for end in batch)
    return _as_cells(*folders[0].read(), columns=columns, counting=counting)


def _folder(counting: Counting) -> CellFolder:
    return CellFolder(time_of=counting.time_table(), units=counting.per_point, centre=counting.centre)


def _ahead(
    pool: ThreadPoolExecutor, free: deque[CellFolder], batches: Iterator[tuple[Scores, object]]
) -> Iterator[tuple[Ends, CellFolder]]:
    """Each batch's ends in the batches' order; as many batches at work as there are folders."""
    waiting: deque[tuple[Future[Ends], CellFolder, object]] = deque()
    for scores, alive in batches:
        if not free:
            yield _taken(waiting)
        folder = free.popleft()
        waiting.append((pool.submit(folder.fold, scores), folder, alive))
    while waiting:
        yield _taken(waiting)


def _taken(waiting: deque[tuple[Future[Ends], CellFolder, object]]) -> tuple[Ends, CellFolder]:
    future, folder, _ = waiting.popleft()
    return future.result(), folder


def _as_cells(whole: Ints, moments: Floats, *, columns: SessionColumns, counting: Counting) -> WholeCells:
    clients, sy, sty = (whole[:, place].astype(float) for place in (3, 4, 5))
    yy, yty, tyty, squares = moments.T
    products = np.array([[clients, sy, sty], [sy, yy, yty], [sty, yty, tyty]])
    return gather(
        counting, columns, design=whole[:, :3].T.copy(), clients=whole[:, 3].copy(), products=products, squares=squares
    )


def can_stream(columns: SessionColumns) -> bool:
    """The compiled kernel is there, and no covariates are asked for."""
    return kernels.available() and not columns.covariates
