"""Which fixed columns are a random column times a number of the client's own: then clients collapse into cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.design import Codes, Design
from openrapport.analysis.growth.small_matrices import Floats

# A column that was multiplied before it came here carries the rounding of one multiplication.
_ROUNDING = 1e-14
_GLANCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """`covariates` (c, clients), the first all ones; `places` give (random column, covariate) of each fixed column."""

    covariates: Floats
    places: tuple[tuple[int, int], ...]


def selection_of(places: Sequence[tuple[int, int]], covariates: int, shift: Floats, ones: int) -> tuple[Floats, Floats]:
    """(q c, p): which shifted random column times which covariate each fixed column is, and how to turn effects back.

    A fixed column moves with its random one where the covariate stands alone too (times the column of ones): that
    one's effect takes the shift up, by the second matrix (p, p). Elsewhere the shift stays in the column.
    """
    selection, back = np.zeros((len(shift) * covariates, len(places))), np.eye(len(places))
    for column, (random, covariate) in enumerate(places):
        selection[random * covariates + covariate, column] = 1
        if not shift[random]:
            continue
        if (ones, covariate) in places:
            back[places.index((ones, covariate)), column] = -shift[random]
        else:
            selection[ones * covariates + covariate, column] = shift[random]
    return selection, back


def split(design: Design) -> Split | None:
    """The split of every fixed column, or None when one of them changes within a client in a way of its own."""
    clients = len(design.client.labels)
    found: list[Floats] = [np.ones(clients)]
    places: dict[int, tuple[int, int]] = {}
    for column in range(design.x.shape[1]):
        same = [k for k in range(design.z.shape[1]) if np.array_equal(design.x[:, column], design.z[:, k])]
        if same:
            places[column] = (same[0], 0)
    # Columns constant within clients come first: their covariates then serve the interactions.
    for random in _constant_first(design.z) if len(places) < design.x.shape[1] else []:
        rows = _telling_rows(design.client.codes, clients, design.z[:, random])
        for column in range(design.x.shape[1]):
            if column not in places:
                covariate = _covariate(design, column, random, rows, found)
                if covariate is not None:
                    places[column] = (random, covariate)
    if len(places) < design.x.shape[1]:
        return None
    return Split(np.array(found), tuple(places[column] for column in range(design.x.shape[1])))


def _constant_first(z: Floats) -> list[int]:
    return sorted(range(z.shape[1]), key=lambda k: not bool((z[:, k] == 1).all()))


def _telling_rows(codes: Codes, clients: int, z: Floats) -> NDArray[np.int64]:
    """A row of each client in which `z` is not zero; -1 where there is none."""
    rows = np.full(clients, -1, dtype=np.int64)
    telling = np.flatnonzero(z)[::-1]
    rows[codes[telling]] = telling
    return rows


def _covariate(design: Design, column: int, random: int, rows: NDArray[np.int64], found: list[Floats]) -> int | None:
    """Which of the covariates `found` makes this column out of the random one; a new one is added to them."""
    x, z, codes = design.x[:, column], design.z[:, random], design.client.codes
    for index, known in enumerate(found):
        if _is_product(x, z, known, codes):
            return index
    own = np.where(rows >= 0, x[rows] / np.where(rows >= 0, z[rows], 1.0), 0.0)
    if not _is_product(x, z, own, codes):
        return None
    found.append(own)
    return len(found) - 1


def _is_product(x: Floats, z: Floats, own: Floats, codes: Codes) -> bool:
    for part in (slice(0, _GLANCE), slice(_GLANCE, None)):
        made = z[part] * own[codes[part]]
        if not (np.abs(x[part] - made) <= _ROUNDING * np.abs(made)).all():
            return False
    return True
