"""Clients one by one: for fixed columns that change within a client apart from the random ones, or times that differ.

Each client's X and y are split into what the own random columns explain and the rest; the rests only add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.moments import (
    CHUNK,
    MomentSums,
    ValueSums,
    slices,
    symmetric,
    t_b_and_log_det,
    total,
)
from openrapport.analysis.growth.small_matrices import Floats, gram, product

# Columns that clients' random ones explain leave a rest of this share of the others'.
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class ClientUnits:
    """`s` (q, q, clients); `zx` Z'(X, y) (q, p + 1, clients); `qx` the pseudo-inverse of S times it.

    `rest` (p + 1, p + 1) sums products of what no client's own random columns explain of (X, y).
    """

    n_rows: int
    s: Floats
    zx: Floats
    qx: Floats
    rest: Floats

    @property
    def n_random(self) -> int:
        return len(self.s)

    @property
    def n_fixed(self) -> int:
        return len(self.zx[0]) - 1

    @property
    def within(self) -> float:
        # A fixed column that is also a random one leaves nothing here but rounding, which must not explain anything.
        whole = self.rest + sum(z @ q.T for z, q in zip(self.zx, self.qx, strict=True))
        own = np.flatnonzero(np.diagonal(self.rest)[:-1] > _ROUNDING * np.diagonal(whole)[:-1])
        right = self.rest[own, -1]
        explained: Floats = np.linalg.lstsq(self.rest[np.ix_(own, own)], right, rcond=_ROUNDING)[0]
        return float(self.rest[-1, -1] - explained @ right)

    def value_sums(self, d: Floats) -> ValueSums:
        log_det, products = 0.0, self.rest.copy()
        for part in slices(self.s.shape[2], CHUNK):
            t, _, log_dets = t_b_and_log_det(self.s[:, :, part], d)
            log_det += float(log_dets.sum())
            k = product(t, self.zx[:, :, part])
            for row, explained in zip(k, self.qx[:, :, part], strict=True):
                products += explained @ row.T
        products = symmetric(products)
        return ValueSums(log_det, products[:-1, :-1], products[:-1, -1], float(products[-1, -1]))

    def moment_sums(self, d: Floats, beta: Floats, c: Floats, *, restricted: bool) -> MomentSums:
        return total(self._moments(part, d, beta, c, restricted=restricted) for part in slices(self.s.shape[2], CHUNK))

    def _moments(self, part: slice, d: Floats, beta: Floats, c: Floats, *, restricted: bool) -> MomentSums:
        q, p = self.n_random, self.n_fixed
        t, b, _ = t_b_and_log_det(self.s[:, :, part], d)
        k = product(t, self.zx[:, :, part])
        g = k[:, p] - np.einsum("apu,p->au", k[:, :p], beta)
        k = np.ascontiguousarray(k[:, :p])
        gg = g[:, None] * g[None]
        kck, kckb, kk = np.zeros((q, q)), np.zeros((q,) * 4), np.zeros((q, p, q, p))
        if restricted:
            kc = np.matmul(c, k)
            spread = np.einsum("apu,bpu->abu", kc, k)
            kck, kckb = spread.sum(axis=2), gram(spread, b)
            kk = gram(k, k)
        return MomentSums(
            b=b.sum(axis=2), gg=gg.sum(axis=2), bb=gram(b, b), ggb=gram(gg, b), kg=gram(k, g), kck=kck, kckb=kckb, kk=kk
        )
