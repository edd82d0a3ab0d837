"""The compiled kernels, where they were built: the same numbers as NumPy's, sooner. Loaded on first use.

`available()` says whether they are there. OPENRAPPORT_KERNELS=off keeps them out (for tests and comparisons).
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LIBRARY = Path(__file__).with_name("_kernels.so")
_NO_MEMORY, _NOT_GROUPED, _TIME_OUTSIDE, _SCORE_OUTSIDE, _UNIT_TOO_COARSE = -1, -2, -3, -4, -5
_POINTER = ctypes.c_void_p


class NotGrouped(ValueError):
    """The rows of a client do not stand together, or clients do not rise: group them in the database instead."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One batch of sessions. `valid` points at Arrow's bitmap of the scores that are there (None: all)."""

    client: Ints
    session: NDArray[np.int32]
    score: Floats
    valid: int | None = None
    valid_offset: int = 0

    def __post_init__(self) -> None:
        if not (len(self.client) == len(self.session) == len(self.score)):
            raise ValueError("client, session and score must be of the same length.")


_SUMS = ("client", "n", "st", "stt", "sy", "sty", "syy")


class _Sums(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in _SUMS]


class _Model(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_double)
        for name in ("intercept", "slope", "sigma", "d11", "d12", "d22", "weight", "width", "limit", "sign")
    ]


class _State(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in ("client", "n")),
        *((name, ctypes.c_double) for name in ("st", "stt", "sr", "str", "average", "left")),
        *((name, ctypes.c_int64) for name in ("last_session", "is_flagged")),
        *((name, ctypes.c_int64) for name in ("rows", "clients", "flagged_rows", "flagged_clients")),
        ("squares", ctypes.c_double),
    ]


@functools.cache
def _library() -> ctypes.CDLL | None:
    if os.environ.get("OPENRAPPORT_KERNELS") == "off" or not _LIBRARY.exists():
        return None
    library = ctypes.CDLL(str(_LIBRARY))
    whole: Any = ctypes.c_int64
    library.cells_new.restype = _POINTER
    library.cells_used.restype, library.cells_used.argtypes = whole, [_POINTER]
    library.cells_free.restype, library.cells_free.argtypes = None, [_POINTER]
    library.cells_merge.argtypes = [_POINTER, _POINTER]
    library.cells_add_client.argtypes = [_POINTER, ctypes.POINTER(_Sums)]
    library.cells_read.restype, library.cells_read.argtypes = None, [_POINTER, _POINTER, _POINTER]
    rows: list[Any] = [whole, _POINTER, _POINTER, _POINTER, _POINTER, whole, _POINTER, whole]
    library.cells_fold.argtypes = [_POINTER, *rows, ctypes.c_double, whole, ctypes.POINTER(_Sums)]
    library.scan_innovations.restype = whole
    library.scan_innovations.argtypes = [
        *rows,
        ctypes.POINTER(_Model),
        ctypes.POINTER(_State),
        _POINTER,
        _POINTER,
        _POINTER,
    ]
    return library


def available() -> bool:
    return _library() is not None


def _loaded() -> ctypes.CDLL:
    library = _library()
    if library is None:
        raise RuntimeError("The compiled kernels are not there: ask `available()` first.")
    return library


def _refuse(status: int) -> None:
    if status == _NO_MEMORY:
        raise MemoryError("No room for more cells.")
    if status == _NOT_GROUPED:
        raise NotGrouped("The rows are not ordered by client and session.")
    if status == _TIME_OUTSIDE:
        raise ValueError("A session number has no time: it is below the first or above the last that was expected.")
    if status == _SCORE_OUTSIDE:
        raise ValueError("A score is too large to be counted in whole units.")
    if status == _UNIT_TOO_COARSE:
        raise ValueError("A score is no whole number of units: give the smallest step between two scores as the unit.")


class CellFolder:
    """Folds batches of sessions, in their order, into cells. One folder is used by one thread; folders can be joined.

    `time_of` (sessions,) whole-number times by session number (the smallest int64: no such session); a score counts
    `round(score * units) - centre`.
    """

    def __init__(self, *, time_of: Ints, units: float, centre: int) -> None:
        self._time_of = np.ascontiguousarray(time_of, dtype=np.int64)
        self._units, self._centre = units, centre
        self._table = _loaded().cells_new()
        if not self._table:
            raise MemoryError("No room for cells.")

    def __del__(self) -> None:
        if getattr(self, "_table", None):
            _loaded().cells_free(self._table)

    def fold(self, batch: Scores) -> tuple[tuple[int, ...], ...]:
        """Fold all clients but the batch's first and last, whose sums are returned: they may go on next door."""
        if not len(batch.client):
            return ()
        client, session, score = _contiguous(batch)
        ends = (_Sums * 2)()
        _refuse(
            _loaded().cells_fold(
                self._table,
                len(client),
                client.ctypes.data,
                session.ctypes.data,
                score.ctypes.data,
                batch.valid,
                batch.valid_offset,
                self._time_of.ctypes.data,
                len(self._time_of),
                self._units,
                self._centre,
                ends,
            )
        )
        return tuple(_values(end) for end in ends if end.n >= 0)

    def close(self, ends: Iterable[tuple[int, ...]]) -> None:
        """Take in the ends of all batches, in the batches' order; neighbours of one client are one client."""
        open_end: tuple[int, ...] | None = None
        for end in ends:
            if open_end is not None and end[0] == open_end[0]:
                open_end = (end[0], *(a + b for a, b in zip(open_end[1:], end[1:], strict=True)))
                continue
            if open_end is not None:
                if end[0] < open_end[0]:
                    raise NotGrouped("The rows are not ordered by client.")
                self._add(open_end)
            open_end = end
        if open_end is not None:
            self._add(open_end)

    def join(self, other: CellFolder) -> None:
        _refuse(_loaded().cells_merge(self._table, other._table))

    def read(self) -> tuple[Ints, Floats]:
        """Cells ordered by design. Whole numbers (cells, 6): n, sum t, sum t2, clients, sum y, sum ty; and moments
        (cells, 4): sums over clients of (sum y)^2, (sum y)(sum ty), (sum ty)^2, and over sessions of y^2."""
        used = _loaded().cells_used(self._table)
        whole, moments = np.empty((used, 6), dtype=np.int64), np.empty((used, 4))
        _loaded().cells_read(self._table, whole.ctypes.data, moments.ctypes.data)
        order = np.lexsort((whole[:, 2], whole[:, 1], whole[:, 0]))
        return whole[order], moments[order]

    def _add(self, sums: tuple[int, ...]) -> None:
        _refuse(_loaded().cells_add_client(self._table, ctypes.byref(_Sums(*sums))))


def _values(sums: _Sums) -> tuple[int, ...]:
    return tuple(int(getattr(sums, name)) for name in _SUMS)


def _contiguous(batch: Scores) -> tuple[Ints, NDArray[np.int32], Floats]:
    return (
        np.ascontiguousarray(batch.client, dtype=np.int64),
        np.ascontiguousarray(batch.session, dtype=np.int32),
        np.ascontiguousarray(batch.score, dtype=np.float64),
    )


@dataclass(frozen=True, slots=True)
class InnovationModel:
    """Fixed effects, residual SD, D = Sigma_b / sigma^2; EWMA weight and width, limit of one z.

    `sign` is -1 where lower is better.
    """

    intercept: float
    slope: float
    sigma: float
    d11: float
    d12: float
    d22: float
    weight: float
    width: float
    limit: float
    sign: float = 1.0


@dataclass(frozen=True, slots=True)
class Innovations:
    """Row by row: z, its moving average (NaN where there is no score) and whether the row is flagged."""

    z: Floats
    average: Floats
    flag: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tally:
    """What a scan has seen: sessions with a score, people with one, those flagged, and the sum of z^2."""

    rows: int
    clients: int
    flagged_rows: int
    flagged_clients: int
    squares: float


class InnovationScan:
    """Scans batches in their order; a client may go on from one batch to the next."""

    def __init__(self, model: InnovationModel, *, time_of: Floats) -> None:
        self._model = _Model(*astuple(model))
        self._time_of = np.ascontiguousarray(time_of, dtype=np.float64)
        self._state = _State(0, -1)

    def scan(self, batch: Scores) -> Innovations:
        client, session, score = _contiguous(batch)
        rows = len(client)
        z, average, flag = np.empty(rows), np.empty(rows), np.empty(rows, dtype=np.bool_)
        status = _loaded().scan_innovations(
            rows,
            client.ctypes.data,
            session.ctypes.data,
            score.ctypes.data,
            batch.valid,
            batch.valid_offset,
            self._time_of.ctypes.data,
            len(self._time_of),
            ctypes.byref(self._model),
            ctypes.byref(self._state),
            z.ctypes.data,
            average.ctypes.data,
            flag.ctypes.data,
        )
        _refuse(int(status))
        return Innovations(z, average, flag)

    @property
    def tally(self) -> Tally:
        s = self._state
        return Tally(s.rows, s.clients, s.flagged_rows, s.flagged_clients, s.squares)
