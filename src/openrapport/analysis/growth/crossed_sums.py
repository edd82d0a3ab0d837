"""What crossed factors need to know of the data: sums by level, and which levels each client links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from openrapport.analysis.growth.design import Codes, Grouping
from openrapport.analysis.growth.linked_blocks import Blocks, link_levels
from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.growth.standard_columns import StandardColumns

# Pairs of levels met by the same client, summed over clients, and entries of linked blocks, that memory is spent on.
_MOST_PAIRS, _MOST_ENTRIES = 60_000_000, 100_000_000


@dataclass(frozen=True, slots=True, eq=False)
class CrossedSums:
    """The eliminated grouping has q random columns; every further factor has a random intercept per level.

    `v` (q, c, clients) holds Z'A and `rest` (levels, c) the sums of A by level of all further factors, in the order of
    `blocks`; `factor_of` (levels,) says which factor a level belongs to. `links` (levels, q clients) has Z'1 for the
    rows of a client at a level; `plain` are the entries of counts by two levels, and `pairs` (entries, q(q+1)/2
    clients) the products by which a symmetric matrix per client, its lower triangle, adds to them.
    """

    v: Floats
    rest: Floats
    products: Floats
    blocks: Blocks
    factor_of: NDArray[np.int64]
    place_of: tuple[NDArray[np.int64], ...]
    rows_at: NDArray[np.int64]
    links: csr_matrix
    plain: Floats
    pairs: csc_matrix
    n_rows: int

    @property
    def n_random(self) -> int:
        return int(self.v.shape[0])

    @property
    def n_clients(self) -> int:
        return int(self.v.shape[2])

    @property
    def n_factors(self) -> int:
        return len(self.place_of)

    @property
    def levels_of(self) -> tuple[int, ...]:
        """How many levels each further factor has."""
        return tuple(int(count) for count in np.bincount(self.factor_of, minlength=self.n_factors))


def used_codes(grouping: Grouping) -> tuple[Codes, Codes]:
    """Codes that count only the labels with rows, and the labels' positions."""
    counts = np.bincount(grouping.codes, minlength=len(grouping.labels))
    there = np.flatnonzero(counts)
    if len(there) == len(counts):
        return grouping.codes, there
    new = np.full(len(counts), -1)
    new[there] = np.arange(len(there))
    return new[grouping.codes], there


def sum_crossed(columns: StandardColumns, q: int, clients: Codes, factors: Sequence[Codes]) -> CrossedSums:
    """One pass over the rows. `clients` is the grouping to eliminate, with the first q columns as random ones.

    Raises ValueError when the linked levels would need more memory than a computer of today has.
    """
    a, n_clients = columns.columns, int(clients.max()) + 1
    counts = [int(codes.max()) + 1 for codes in factors]
    begins = np.cumsum([0, *counts])
    shifted = [codes + begin for codes, begin in zip(factors, begins[:-1], strict=True)]
    n_levels = int(begins[-1])
    link_client, link_level, z = _links(a[:q], clients, shifted, n_levels)
    blocks, place = link_levels(link_client, link_level, n_clients, n_levels)
    if blocks.entries > _MOST_ENTRIES:
        raise ValueError(
            f"{int(blocks.sizes.max())} linked levels of crossed factors are too many: leave a factor out."
        )
    order = np.lexsort((place[link_level], link_client))
    link_client, link_level, z = link_client[order], place[link_level][order], z[:, order]
    factor_of = np.empty(n_levels, dtype=np.int64)
    factor_of[place] = np.repeat(np.arange(len(counts)), counts)
    placed = [place[codes] for codes in shifted]
    rest = sum(_by_level(a, codes, n_levels) for codes in placed)
    rows = np.concatenate([link_level] * q)
    entries = np.concatenate([link_client + i * n_clients for i in range(q)])
    return CrossedSums(
        v=_by_client(a, q, clients, n_clients),
        rest=np.asarray(rest),
        products=a @ a.T,
        blocks=blocks,
        factor_of=factor_of,
        place_of=tuple(place[low:high] for low, high in pairwise(begins)),
        rows_at=np.bincount(np.concatenate(placed), minlength=n_levels),
        links=csr_matrix((z.ravel(), (rows, entries)), shape=(n_levels, q * n_clients)),
        plain=_counts_by_two(blocks, placed),
        pairs=_pairs(blocks, link_client, link_level, z, n_clients),
        n_rows=columns.n_rows,
    )


def _by_client(a: Floats, q: int, clients: Codes, n_clients: int) -> Floats:
    v = np.empty((q, len(a), n_clients))
    for i in range(q):
        for j in range(len(a)):
            v[i, j] = v[j, i] if j < i else np.bincount(clients, weights=a[i] * a[j], minlength=n_clients)
    return v


def _by_level(a: Floats, codes: Codes, n_levels: int) -> Floats:
    return np.stack([np.bincount(codes, weights=column, minlength=n_levels) for column in a], axis=1)


def _links(z: Floats, clients: Codes, shifted: Sequence[Codes], n_levels: int) -> tuple[Codes, Codes, Floats]:
    """Each pair of a client and a level that share rows, with the sums of Z over those rows (q, links)."""
    found_clients, found_levels, sums = [], [], []
    for codes in shifted:
        keys, inverse = np.unique(clients * n_levels + codes, return_inverse=True)
        found_clients.append(keys // n_levels)
        found_levels.append(keys % n_levels)
        sums.append(np.stack([np.bincount(inverse, weights=column, minlength=len(keys)) for column in z]))
    return np.concatenate(found_clients), np.concatenate(found_levels), np.concatenate(sums, axis=1)


def _counts_by_two(blocks: Blocks, placed: Sequence[Codes]) -> Floats:
    """Rows at two levels at once: on the diagonal rows at the level, elsewhere rows two factors share."""
    plain = np.zeros(blocks.entries)
    for index, codes in enumerate(placed):
        for other in placed[: index + 1]:
            plain += np.bincount(blocks.places(codes, other), minlength=blocks.entries)
    return plain


def _pairs(blocks: Blocks, client: Codes, level: Codes, z: Floats, n_clients: int) -> csc_matrix:
    """For links sorted by client: where each pair of a client's levels goes, and with which products of Z'1."""
    begin = np.searchsorted(client, np.arange(n_clients))
    # The n-th link of a client pairs with the n links before it and with itself: a level with no later one.
    before = np.arange(len(client)) - begin[client] + 1
    n_pairs = int(before.sum())
    if n_pairs > _MOST_PAIRS:
        raise ValueError(f"Clients link {n_pairs} pairs of levels of crossed factors, too many: leave a factor out.")
    one = np.repeat(np.arange(len(client)), before)
    other = np.arange(n_pairs) - np.repeat(np.cumsum(before) - before, before) + begin[client[one]]
    where = blocks.places(level[one], level[other])
    data = []
    for i, j in zip(*np.tril_indices(len(z)), strict=True):
        product = z[i, one] * z[j, other]
        data.append(product if i == j else product + z[j, one] * z[i, other])
    # Pairs stand client by client: that is a sparse matrix by columns as it is.
    ends = np.cumsum(np.bincount(client, weights=before, minlength=n_clients).astype(np.int64))
    columns = np.concatenate([[0], *(ends + index * n_pairs for index in range(len(data)))])
    shape = (blocks.entries, len(data) * n_clients)
    return csc_matrix((np.concatenate(data), np.tile(where, len(data)), columns), shape=shape)
