"""The table of cells in whole numbers: what any engine hands back, and all that ever leaves a site."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.cells import CellTable
from openrapport.analysis.growth.result import GrowthFit, Method
from openrapport.analysis.growth.two_levels import fit_cells
from openrapport.analysis.population.sessions import Counting, SessionColumns

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WholeCells:
    """Cells ordered by design. `design` (3, cells): sessions n, sum t, sum t^2; `clients` (cells,).

    With v = (1, covariates, sum y, sum t*y) of each client, `products` (c + 2, c + 2, cells) holds the sums of v v'
    over a cell's clients, and `squares` (cells,) the sums of y^2 over its sessions.
    """

    counting: Counting
    columns: SessionColumns
    design: Ints
    clients: Ints
    products: Floats
    squares: Floats

    @property
    def n_clients(self) -> int:
        return int(self.clients.sum())

    @property
    def n_rows(self) -> int:
        return int((self.design[0] * self.clients).sum())

    def without_small(self, fewest: int) -> WholeCells:
        """Only cells of at least `fewest` clients: a cell of one is that client's own course."""
        if fewest < 2:
            raise ValueError("Leaving out small cells takes a smallest number of clients of 2 or more.")
        kept = self.clients >= fewest
        return replace(
            self,
            design=self.design[:, kept],
            clients=self.clients[kept],
            products=self.products[:, :, kept],
            squares=self.squares[kept],
        )

    def merge(self, other: WholeCells) -> WholeCells:
        """Both sites' clients in one table. Raises ValueError when they were not counted alike."""
        if self.counting != other.counting or self.columns.covariates != other.columns.covariates:
            raise ValueError("Cells add up only when both were counted alike: unit, clock, centre and covariates.")
        return gather(
            self.counting,
            self.columns,
            design=np.concatenate([self.design, other.design], axis=1),
            clients=np.concatenate([self.clients, other.clients]),
            products=np.concatenate([self.products, other.products], axis=2),
            squares=np.concatenate([self.squares, other.squares]),
        )

    def table(self) -> CellTable:
        """The same in points and units of time, for the estimator."""
        steps, points = float(self.counting.steps), self.counting.per_point
        sessions, time, time_squared = self.design.astype(float)
        s = np.array([[sessions, time / steps], [time / steps, time_squared / steps**2]])
        by = np.r_[np.ones(1 + len(self.columns.covariates)), points, points * steps]
        return CellTable(
            random_names=("(Intercept)", self.counting.times(self.columns.session)),
            covariate_names=("(Intercept)", *self.columns.covariates),
            s=s,
            vv=self.products / np.outer(by, by)[:, :, None],
            clients=self.clients.astype(float),
            rows=sessions * self.clients,
            squares=self.squares / points**2,
            centre=self.counting.centre / points,
        )

    def fit(self, *, method: Method, fixed: tuple[str, ...] | None = None) -> GrowthFit:
        """The growth curve of these clients: a random intercept and slope on the clock. `fixed` as in `fit_cells`."""
        return fit_cells(self.table(), method=method, fixed=fixed, client=self.columns.client)


def gather(
    counting: Counting, columns: SessionColumns, *, design: Ints, clients: Ints, products: Floats, squares: Floats
) -> WholeCells:
    """Cells in the order of their designs, equal designs added up."""
    order = np.lexsort(design[::-1])
    design = design[:, order]
    new = np.ones(design.shape[1], dtype=bool)
    new[1:] = (design[:, 1:] != design[:, :-1]).any(axis=0)
    starts = np.flatnonzero(new)
    if not len(starts):
        raise ValueError("There is no session with a score, a session number and a client.")
    return WholeCells(
        counting=counting,
        columns=columns,
        design=design[:, starts],
        clients=np.add.reduceat(clients[order], starts),
        products=np.add.reduceat(products[:, :, order], starts, axis=2),
        squares=np.add.reduceat(squares[order], starts),
    )
