"""What the likelihood needs to know of the data: sums over clients at one D, from either way of keeping them.

Names follow Laird & Ware (1982): y = X beta + Z b + e, D = cov(b) / sigma^2, W = I + Z D Z'. Per client S = Z'Z,
T = (I + S D)^-1, B = T S = Z' W^-1 Z, K = Z' W^-1 X and g = Z' W^-1 (y - X beta).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

import numpy as np

from openrapport.analysis.growth.small_matrices import Floats, constant, inverse_and_log_det, product

# Units handled at a time, so that what is computed of them stays in the processor's cache.
CHUNK = 8192


@dataclass(frozen=True, slots=True, eq=False)
class ValueSums:
    """`log_det` is the sum of log |W|; `xx`, `xy`, `yy` are X'W^-1 X, X'W^-1 y and y'W^-1 y."""

    log_det: float
    xx: Floats
    xy: Floats
    yy: float


@dataclass(frozen=True, slots=True, eq=False)
class MomentSums:
    """Sums over clients: `b` B, `gg` g g', `kg` K g' (q, p, q), and the same times B where the name goes on with b.

    `kck` sums K C K', `kk` K times K (q, p, q, p); both and `kckb` stay zero unless the likelihood is restricted.
    """

    b: Floats
    gg: Floats
    bb: Floats
    ggb: Floats
    kg: Floats
    kck: Floats
    kckb: Floats
    kk: Floats

    def __add__(self, other: MomentSums) -> MomentSums:
        return MomentSums(
            self.b + other.b,
            self.gg + other.gg,
            self.bb + other.bb,
            self.ggb + other.ggb,
            self.kg + other.kg,
            self.kck + other.kck,
            self.kckb + other.kckb,
            self.kk + other.kk,
        )


class Units(Protocol):
    """Clients, or cells of clients with equal S, as the evaluator sees them."""

    @property
    def n_rows(self) -> int: ...

    @property
    def n_random(self) -> int: ...

    @property
    def n_fixed(self) -> int: ...

    @property
    def within(self) -> float:
        """The part of y'y that neither clients' own random columns nor the fixed ones explain."""

    def value_sums(self, d: Floats) -> ValueSums: ...

    def moment_sums(self, d: Floats, beta: Floats, c: Floats, *, restricted: bool) -> MomentSums: ...


def t_b_and_log_det(s: Floats, d: Floats) -> tuple[Floats, Floats, Floats]:
    """T, B and log |W| of each unit; B is symmetric to the last bit."""
    size = s.shape[0]
    w = product(s, constant(d))
    for i in range(size):
        w[i, i] += 1
    t, log_det = inverse_and_log_det(w)
    b = product(t, s)
    for i in range(size):
        for j in range(i):
            b[i, j] = b[j, i]
    return t, b, log_det


def slices(units: int, size: int) -> list[slice]:
    """Slices of at most `size` that cover `units`."""
    return [slice(start, min(start + size, units)) for start in range(0, units, size)]


def total(parts: Iterable[MomentSums]) -> MomentSums:
    """The sums over all parts."""
    return reduce(MomentSums.__add__, parts)


def symmetric(matrix: Floats) -> Floats:
    """Rounding made even on both sides of the diagonal."""
    return np.asarray((matrix + matrix.T) / 2)
