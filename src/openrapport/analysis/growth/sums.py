"""What a client's scores come down to: S = Z'Z, u = Z'y, y'y and a count. A new session is added in constant time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.design import Codes
from openrapport.analysis.growth.small_matrices import Floats


@dataclass(frozen=True, slots=True, eq=False)
class ClientSums:
    """One client: `s` (q, q), `u` (q,), `squares` y'y, `sessions` with a score. Scores are counted from `centre`.

    >>> sums = ClientSums.empty(2, centre=50).add_session([1, 0], 52).add_session([1, 0.5], 56)
    >>> sums.sessions, sums.u.tolist(), sums.squares
    (2, [8.0, 3.0], 40.0)
    """

    s: Floats
    u: Floats
    squares: float
    sessions: int
    centre: float

    @classmethod
    def empty(cls, n_random: int, *, centre: float = 0.0) -> ClientSums:
        """A client before the first session."""
        return cls(np.zeros((n_random, n_random)), np.zeros(n_random), 0.0, 0, float(centre))

    def add_session(self, z: Sequence[float] | Floats, score: float) -> ClientSums:
        """The sums with one more session; `z` (q,) holds its random columns. Raises ValueError on a missing number."""
        row = np.asarray(z, dtype=float)
        if row.shape != self.u.shape:
            raise ValueError(f"A session of this client has {len(self.u)} random columns, not {row.size}.")
        if not (np.isfinite(row).all() and math.isfinite(score)):
            raise ValueError("A session that is added has a score and a number for every random column.")
        y = float(score) - self.centre
        return ClientSums(
            s=self.s + np.outer(row, row),
            u=self.u + y * row,
            squares=self.squares + y * y,
            sessions=self.sessions + 1,
            centre=self.centre,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ManySums:
    """The same for many clients, component first: `s` (q, q, clients), `u` (q, clients), `squares` and `sessions`."""

    s: Floats
    u: Floats
    squares: Floats
    sessions: Floats
    centre: float

    @classmethod
    def of(cls, clients: Sequence[ClientSums]) -> ManySums:
        """One table from single clients. Raises ValueError when there is none or their centres differ."""
        if not clients:
            raise ValueError("There are no clients to put into one table.")
        if len({client.centre for client in clients}) > 1:
            raise ValueError("The clients' scores are counted from different centres; use one.")
        return cls(
            s=np.stack([client.s for client in clients], axis=2),
            u=np.stack([client.u for client in clients], axis=1),
            squares=np.array([client.squares for client in clients]),
            sessions=np.array([float(client.sessions) for client in clients]),
            centre=clients[0].centre,
        )


def sum_by_client(codes: Codes, clients: int, z: Floats, y: Floats, *, centre: float = 0.0) -> ManySums:
    """One pass over rows: `codes` (rows,) in 0..clients-1, `z` (rows, q), `y` (rows,) already counted from `centre`."""
    q = z.shape[1]
    ones = [bool((z[:, k] == 1).all()) for k in range(q)]
    counts = np.bincount(codes, minlength=clients).astype(float)
    s, u = np.empty((q, q, clients)), np.empty((q, clients))
    for i in range(q):
        u[i] = add_up(codes, clients, y if ones[i] else z[:, i] * y)
        for j in range(i + 1):
            s[i, j] = s[j, i] = counts if ones[i] and ones[j] else _cross(codes, clients, z, i, j, ones)
    return ManySums(s=s, u=u, squares=add_up(codes, clients, y * y), sessions=counts, centre=centre)


def _cross(codes: Codes, clients: int, z: Floats, i: int, j: int, ones: list[bool]) -> Floats:
    if ones[i] or ones[j]:
        return add_up(codes, clients, z[:, j] if ones[i] else z[:, i])
    return add_up(codes, clients, z[:, i] * z[:, j])


def add_up(codes: Codes, clients: int, values: Floats) -> Floats:
    """Sums of `values` (rows,) by client."""
    return np.asarray(np.bincount(codes, weights=values, minlength=clients), dtype=float)
