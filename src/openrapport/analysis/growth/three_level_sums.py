"""What three levels need to know of the data: sums by client, clients laid out therapist by therapist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.design import Codes, Grouping
from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.growth.standard_columns import StandardColumns


class NotNested(ValueError):
    """Some clients were seen by more than one therapist, so that clients do not lie within therapists."""

    def __init__(self, clients: int) -> None:
        self.clients = clients
        some = "One client has" if clients == 1 else f"{clients} clients have"
        super().__init__(f"{some} more than one therapist: fit client and therapist as crossed factors instead.")


@dataclass(frozen=True, slots=True, eq=False)
class ThreeLevelSums:
    """Clients stand therapist by therapist; `first` (therapists,) says where each therapist's clients begin.

    `v` (q, c, clients) holds Z'A per client for the columns A of `StandardColumns` (the first q of them are Z itself),
    `products` (c, c) A'A over all rows. `ones` (c, clients) sums A per client; None where the constant column is
    random.
    `therapists` are positions among the grouping's labels, those without rows left out.
    """

    v: Floats
    ones: Floats | None
    products: Floats
    first: NDArray[np.intp]
    clients_of: NDArray[np.int64]
    rows_of: NDArray[np.int64]
    therapists: NDArray[np.int64]
    n_rows: int

    @property
    def n_random(self) -> int:
        return int(self.v.shape[0])

    @property
    def n_clients(self) -> int:
        return int(self.v.shape[2])

    @property
    def n_therapists(self) -> int:
        return len(self.first)

    def every(self, step: int) -> ThreeLevelSums:
        """Every `step`-th therapist's clients: a sample to find a starting point with. A'A is scaled, not summed."""
        kept = np.zeros(self.n_therapists, dtype=bool)
        kept[::step] = True
        clients = np.repeat(kept, self.clients_of)
        counts = self.clients_of[kept]
        rows = int(self.rows_of[kept].sum())
        return ThreeLevelSums(
            v=np.ascontiguousarray(self.v[:, :, clients]),
            ones=None if self.ones is None else np.ascontiguousarray(self.ones[:, clients]),
            products=self.products * (rows / self.n_rows),
            first=np.cumsum(counts) - counts,
            clients_of=counts,
            rows_of=self.rows_of[kept],
            therapists=self.therapists[kept],
            n_rows=rows,
        )


def therapist_of_each_client(client: Grouping, therapist: Grouping) -> Codes:
    """The therapist of each client by position. Raises NotNested when some client has two."""
    one = np.zeros(len(client.labels), dtype=np.int64)
    one[client.codes] = therapist.codes
    other = one[client.codes] != therapist.codes
    if other.any():
        raise NotNested(len(np.unique(client.codes[other])))
    return one


def sum_three_levels(columns: StandardColumns, client: Grouping, therapist: Grouping) -> ThreeLevelSums:
    """One pass over the rows. Raises NotNested when some client has two therapists."""
    belongs = therapist_of_each_client(client, therapist)
    codes, n_labels = client.codes, len(client.labels)
    counts = np.bincount(codes, minlength=n_labels)
    order = _clients_by_therapist(belongs, counts)
    v = _products_by_client(columns, codes, n_labels, counts)
    ones = None
    if columns.one >= columns.n_random:
        each = [np.bincount(codes, weights=column, minlength=n_labels) for column in columns.columns]
        ones = np.asarray(each, dtype=float)
    if order is not None:
        v, belongs, counts = np.ascontiguousarray(v[:, :, order]), belongs[order], counts[order]
        ones = None if ones is None else np.ascontiguousarray(ones[:, order])
    first = np.flatnonzero(np.append(True, belongs[1:] != belongs[:-1]))
    return ThreeLevelSums(
        v=v,
        ones=ones,
        products=columns.columns @ columns.columns.T,
        first=first,
        clients_of=np.diff(np.append(first, len(belongs))),
        rows_of=np.add.reduceat(counts, first),
        therapists=belongs[first],
        n_rows=columns.n_rows,
    )


def _clients_by_therapist(belongs: Codes, counts: NDArray[np.int64]) -> NDArray[np.intp] | None:
    """An order that brings each therapist's clients together and drops clients without rows; None: already so."""
    if bool((belongs[1:] >= belongs[:-1]).all()) and bool(counts.all()):
        return None
    order = np.argsort(belongs, kind="stable")
    return order[counts[order] > 0]


def _products_by_client(columns: StandardColumns, codes: Codes, n_labels: int, counts: NDArray[np.int64]) -> Floats:
    """Z'A of every client, (q, c, clients)."""
    q, a = columns.n_random, columns.columns
    v = np.empty((q, len(a), n_labels))
    for i in range(q):
        for j in range(len(a)):
            if j < i:
                v[i, j] = v[j, i]
            elif i == j == columns.one:
                v[i, j] = counts
            elif columns.one in (i, j):
                v[i, j] = np.bincount(codes, weights=a[j] if i == columns.one else a[i], minlength=n_labels)
            else:
                v[i, j] = np.bincount(codes, weights=a[i] * a[j], minlength=n_labels)
    return v
