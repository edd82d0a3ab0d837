"""Clients with the same design counted together, so that millions of clients become thousands of cells.

Cells add up over sites: what travels is S, counts, and sums of v v' with v = (w, u).
A cell of one client gives that client away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.growth.sums import ManySums

# Odd multipliers (from the fractional parts of square roots) that spread the bits of S before sorting.
_SPREAD = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1, 0x510E527FADE682D1)


@dataclass(frozen=True, slots=True, eq=False)
class CellTable:
    """`s` (q, q, cells), `vv` (c + q, c + q, cells), `clients`, `rows` and `squares` (sums of y'y) (cells,).

    The first covariate is the constant 1 and stands in `covariate_names` as "(Intercept)"; a random intercept has that
    name in `random_names`. Scores are counted from `centre`.

    >>> from openrapport.analysis.growth.sums import sum_by_client
    >>> sums = sum_by_client(np.array([0, 0, 1, 1, 2]), 3, np.ones((5, 1)), np.array([5.0, 7, 2, 4, 9]))
    >>> cells = CellTable.of(sums, random_names=["(Intercept)"])
    >>> sorted(cells.clients.tolist()), sorted(cells.rows.tolist()), cells.merge(cells).n_clients
    ([1.0, 2.0], [1.0, 4.0], 6)
    """

    random_names: tuple[str, ...]
    covariate_names: tuple[str, ...]
    s: Floats
    vv: Floats
    clients: Floats
    rows: Floats
    squares: Floats
    centre: float

    def __post_init__(self) -> None:
        q, c, cells = len(self.random_names), len(self.covariate_names), len(self.clients)
        if self.s.shape != (q, q, cells) or self.vv.shape != (c + q, c + q, cells):
            raise ValueError(
                f"Cells of {q} random columns and {c} covariates need S of shape {(q, q, cells)} and v v' of shape "
                f"{(c + q, c + q, cells)}, not {self.s.shape} and {self.vv.shape}."
            )
        if self.rows.shape != (cells,) or self.squares.shape != (cells,):
            raise ValueError("Every cell needs its number of clients and rows, and its sum of squares.")

    @classmethod
    def of(
        cls,
        sums: ManySums,
        *,
        random_names: Sequence[str],
        covariates: Floats | None = None,
        covariate_names: Sequence[str] = (),
    ) -> CellTable:
        """Cells from clients; `covariates` (c - 1, clients) are their own numbers besides the constant."""
        clients = len(sums.sessions)
        own = np.empty((0, clients)) if covariates is None else np.asarray(covariates, dtype=float)
        if own.shape != (len(covariate_names), clients):
            raise ValueError("Covariates come as one row of numbers for each name, one number for each client.")
        whole = np.concatenate([np.ones((1, clients)), own])
        names = ("(Intercept)", *covariate_names)
        return count_together(sums, whole, same_design(sums.s), tuple(random_names), names)

    @property
    def n_clients(self) -> int:
        return round(float(self.clients.sum()))

    @property
    def n_rows(self) -> int:
        return round(float(self.rows.sum()))

    def merge(self, other: CellTable) -> CellTable:
        """Both tables' clients in one. Raises ValueError when they do not hold the same columns and centre."""
        if (self.random_names, self.covariate_names) != (other.random_names, other.covariate_names):
            raise ValueError("Cells of different columns cannot be added up.")
        if self.centre != other.centre:
            raise ValueError("Cells whose scores are counted from different centres cannot be added up; use one.")
        s = np.concatenate([self.s, other.s], axis=2)
        order, starts = same_design(s)
        return CellTable(
            random_names=self.random_names,
            covariate_names=self.covariate_names,
            s=s[:, :, order[starts]],
            vv=np.add.reduceat(np.concatenate([self.vv, other.vv], axis=2)[:, :, order], starts, axis=2),
            clients=np.add.reduceat(np.concatenate([self.clients, other.clients])[order], starts),
            rows=np.add.reduceat(np.concatenate([self.rows, other.rows])[order], starts),
            squares=np.add.reduceat(np.concatenate([self.squares, other.squares])[order], starts),
            centre=self.centre,
        )

    def without_small(self, fewest: int) -> CellTable:
        """Only cells of at least `fewest` clients, for tables that leave a practice."""
        kept = self.clients >= fewest
        return CellTable(
            random_names=self.random_names,
            covariate_names=self.covariate_names,
            s=self.s[:, :, kept],
            vv=self.vv[:, :, kept],
            clients=self.clients[kept],
            rows=self.rows[kept],
            squares=self.squares[kept],
            centre=self.centre,
        )


def same_design(s: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """An order that puts equal S side by side, and where each group begins. Equal means equal to the last bit."""
    lower = np.tril_indices(s.shape[0])
    parts = s[lower] + 0.0
    bits = parts.view(np.uint64)
    key = np.zeros(s.shape[2], dtype=np.uint64)
    for index, part in enumerate(bits):
        key ^= key >> np.uint64(29)
        key = (key + part) * np.uint64(_SPREAD[index % len(_SPREAD)])
    order = np.argsort(key)
    # Unequal S with one key would only make more cells than needed.
    sorted_parts = parts[:, order]
    new = np.ones(s.shape[2], dtype=bool)
    new[1:] = (sorted_parts[:, 1:] != sorted_parts[:, :-1]).any(axis=0)
    return order, np.flatnonzero(new)


def count_together(
    sums: ManySums,
    covariates: Floats,
    groups: tuple[NDArray[np.intp], NDArray[np.intp]],
    random_names: tuple[str, ...],
    covariate_names: tuple[str, ...],
) -> CellTable:
    """Cells of clients grouped by `same_design`; `covariates` (c, clients) begin with the constant 1."""
    order, starts = groups
    v = np.concatenate([covariates, sums.u])[:, order]
    return CellTable(
        random_names=random_names,
        covariate_names=covariate_names,
        s=sums.s[:, :, order[starts]],
        vv=_summed_products(v, starts),
        clients=np.diff(starts, append=len(order)).astype(float),
        rows=np.add.reduceat(sums.sessions[order], starts),
        squares=np.add.reduceat(sums.squares[order], starts),
        centre=sums.centre,
    )


def _summed_products(v: Floats, starts: NDArray[np.intp]) -> Floats:
    size = len(v)
    out = np.empty((size, size, len(starts)))
    for i in range(size):
        for j in range(i + 1):
            out[i, j] = out[j, i] = np.add.reduceat(v[i] * v[j] if j else v[i], starts)
    return out
