"""A symmetric matrix over levels of crossed factors, kept as dense blocks of levels that share clients.

Levels that no client links have a zero between them, and stay zero in every factor of the matrix: each group of linked
levels is a block of its own. One lecturer's students take other lecturers too, so a school is one block; therapists who
share no client are blocks of one, and those cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from openrapport.analysis.growth.design import Codes
from openrapport.analysis.growth.small_matrices import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """`alone` levels come first, each a block of one; `bounds` (blocks + 1,) cut the rest into linked blocks.

    Entries are stored in one line: the single ones, then every block row by row, its lower triangle in use.
    """

    alone: int
    bounds: NDArray[np.int64]

    @property
    def levels(self) -> int:
        return int(self.bounds[-1])

    @property
    def sizes(self) -> NDArray[np.int64]:
        return np.diff(self.bounds)

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where each block's entries begin, and where the last one's end."""
        return self.alone + np.append(0, np.cumsum(self.sizes**2))

    @property
    def entries(self) -> int:
        return int(self.offsets[-1])

    def places(self, a: Codes, b: Codes) -> Codes:
        """Where the entry of levels `a` and `b`, of one block, is stored."""
        high, low = np.maximum(a, b), np.minimum(a, b)
        if len(self.bounds) == 1:
            return high
        if len(self.bounds) == 2 and not self.alone:
            return np.asarray(high * self.levels + low)
        block = np.maximum(np.searchsorted(self.bounds, high, side="right") - 1, 0)
        block = np.minimum(block, len(self.bounds) - 2)
        begin = self.bounds[block]
        inside = self.offsets[block] + (high - begin) * self.sizes[block] + (low - begin)
        return np.where(high < self.alone, high, inside)

    def diagonal(self) -> Codes:
        levels = np.arange(self.levels)
        return self.places(levels, levels)

    def parts(self, entries: Floats) -> list[tuple[slice, Floats]]:
        """Each linked block's levels and its (size, size) entries, not copied."""
        return [
            (slice(int(low), int(high)), entries[start:stop].reshape(high - low, high - low))
            for low, high, start, stop in zip(
                self.bounds[:-1], self.bounds[1:], self.offsets[:-1], self.offsets[1:], strict=True
            )
        ]


def link_levels(clients: Codes, levels: Codes, n_clients: int, n_levels: int) -> tuple[Blocks, Codes]:
    """The blocks, and the place of each level in their order, from which client met which level."""
    size = n_clients + n_levels
    graph = coo_matrix((np.ones(len(clients), dtype=np.int8), (clients, n_clients + levels)), shape=(size, size))
    of_level = connected_components(graph, directed=False)[1][n_clients:]
    counts = np.bincount(of_level)
    order = np.lexsort((of_level, counts[of_level]))
    place = np.empty(n_levels, dtype=np.int64)
    place[order] = np.arange(n_levels)
    ordered = of_level[order]
    alone = int((counts == 1).sum())
    linked = ordered[alone:]
    starts = alone + np.flatnonzero(np.append(True, linked[1:] != linked[:-1])[: len(linked)])
    return Blocks(alone, np.append(starts, n_levels)), place


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """The Cholesky factor of I + R N R for a diagonal R: `alone` the single entries, one triangle per linked block."""

    blocks: Blocks
    alone: Floats
    triangles: tuple[Floats, ...]
    log_det: float

    def half_solve(self, right: Floats) -> Floats:
        """The inverse triangle times `right` (levels, c)."""
        out = np.empty_like(right)
        out[: len(self.alone)] = right[: len(self.alone)] / np.sqrt(self.alone)[:, None]
        for low, high, upper in self._each():
            out[low:high] = lapack.dtrtrs(upper, right[low:high], lower=0, trans=1)[0]
        return out

    def back_solve(self, right: Floats) -> Floats:
        """The transposed inverse triangle times `right` (levels, c): after `half_solve`, the inverse's product."""
        out = np.empty_like(right)
        out[: len(self.alone)] = right[: len(self.alone)] / np.sqrt(self.alone)[:, None]
        for low, high, upper in self._each():
            out[low:high] = lapack.dtrtrs(upper, right[low:high], lower=0, trans=0)[0]
        return out

    def inverse(self) -> Floats:
        """The inverse's entries, stored as the matrix is."""
        out = np.empty(self.blocks.entries)
        out[: len(self.alone)] = 1 / self.alone
        for (_, block), upper in zip(self.blocks.parts(out), self.triangles, strict=True):
            block[:] = lapack.dpotri(upper, lower=0)[0].T
        return out

    def _each(self) -> list[tuple[int, int, Floats]]:
        bounds = self.blocks.bounds
        return [(int(a), int(b), upper) for a, b, upper in zip(bounds[:-1], bounds[1:], self.triangles, strict=True)]


def root_of(blocks: Blocks, entries: Floats, scale: Floats) -> Root | None:
    """Cholesky of I + R N R, `entries` being N's and `scale` (levels,) R's; None when it is not positive definite."""
    single = scale[: blocks.alone]
    alone = 1 + single**2 * entries[: blocks.alone]
    if not (alone > 0).all():
        return None
    log_det, triangles = float(np.log(alone).sum()), []
    for levels, block in blocks.parts(entries):
        here = scale[levels]
        matrix = block * here
        matrix *= here[:, None]
        matrix[np.diag_indices(len(here))] += 1
        # The transpose of our rows is what LAPACK reads without copying; its upper triangle is our lower one.
        upper, failed = lapack.dpotrf(matrix.T, lower=0, clean=0, overwrite_a=1)
        if failed:
            return None
        log_det += 2 * float(np.log(np.diagonal(upper)).sum())
        triangles.append(upper)
    return Root(blocks, alone, tuple(triangles), log_det)
