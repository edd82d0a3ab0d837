"""Cells of clients with equal S: exact where every fixed column is a random column times a number of the client's own.

The likelihood sees the clients of a cell only through sums of v v', v = (w, u): w their covariates, u = Z'y.
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
from openrapport.analysis.growth.small_matrices import Floats, constant, gram, product, turned


@dataclass(frozen=True, slots=True, eq=False)
class CellUnits:
    """`s` (q, q, cells); `clients` (cells,); `ww`, `wu`, `uu` sums of w w', w u', u u'; `selection` (q c, p).

    `selection` says which random column times which covariate each fixed column is. `uq` is `uu` times the
    pseudo-inverse of S; `rest` is what no client's own random columns explain of y'y.
    """

    n_rows: int
    selection: Floats
    s: Floats
    clients: Floats
    ww: Floats
    wu: Floats
    uu: Floats
    uq: Floats
    rest: float

    @property
    def n_random(self) -> int:
        return len(self.s)

    @property
    def n_fixed(self) -> int:
        return len(self.selection.T)

    @property
    def within(self) -> float:
        return self.rest

    def value_sums(self, d: Floats) -> ValueSums:
        q, c = self.n_random, self.ww.shape[0]
        log_det, yy = 0.0, self.rest
        xx, xu = np.zeros((q, q, c, c)), np.zeros((q, c))
        for part in slices(self.s.shape[2], CHUNK):
            t, b, log_dets = t_b_and_log_det(self.s[:, :, part], d)
            log_det += float(self.clients[part] @ log_dets)
            xx += gram(b, self.ww[:, :, part])
            xu += np.einsum("abjb->aj", gram(t, self.wu[:, :, part]))
            yy += float(np.einsum("abba->", gram(t, self.uq[:, :, part])))
        full = xx.transpose(0, 2, 1, 3).reshape(q * c, q * c)
        return ValueSums(
            log_det=log_det,
            xx=symmetric(self.selection.T @ full @ self.selection),
            xy=self.selection.T @ xu.reshape(q * c),
            yy=yy,
        )

    def moment_sums(self, d: Floats, beta: Floats, c: Floats, *, restricted: bool) -> MomentSums:
        return total(self._moments(part, d, beta, c, restricted=restricted) for part in slices(self.s.shape[2], CHUNK))

    def _moments(self, part: slice, d: Floats, beta: Floats, c: Floats, *, restricted: bool) -> MomentSums:
        q, covariates, p = self.n_random, self.ww.shape[0], self.n_fixed
        t, b, _ = t_b_and_log_det(self.s[:, :, part], d)
        gg, gw = self._residual_products(part, t, beta)
        weighted = b * self.clients[part]
        kg = gram(b, gw).transpose(0, 1, 3, 2).reshape(q, q * covariates, q)
        kck, kckb, kk = np.zeros((q, q)), np.zeros((q,) * 4), np.zeros((q, p, q, p))
        if restricted:
            spread = product(product(b, self._covariates_spread(part, c)), b)
            kck, kckb = spread.sum(axis=2), gram(spread, b)
            kk = self._products_of_k(part, b)
        return MomentSums(
            b=weighted.sum(axis=2),
            gg=gg.sum(axis=2),
            bb=gram(weighted, b),
            ggb=gram(gg, b),
            kg=np.einsum("axd,xp->apd", kg, self.selection),
            kck=kck,
            kckb=kckb,
            kk=kk,
        )

    def _residual_products(self, part: slice, t: Floats, beta: Floats) -> tuple[Floats, Floats]:
        """Sums of g g' (q, q, cells) and g w' (q, c, cells)."""
        q, c = self.n_random, self.ww.shape[0]
        s, ww, wu = self.s[:, :, part], self.ww[:, :, part], self.wu[:, :, part]
        predicted = product(s, constant((self.selection @ beta).reshape(q, c)))
        across = product(predicted, wu)
        residual = self.uu[:, :, part] - across - turned(across) + product(product(predicted, ww), turned(predicted))
        gg = product(product(t, residual), turned(t))
        return gg, product(t, turned(wu) - product(predicted, ww))

    def _covariates_spread(self, part: slice, c: Floats) -> Floats:
        """Sums over clients of (I x w') C (I x w), (q, q, cells)."""
        q, covariates = self.n_random, self.ww.shape[0]
        full = (self.selection @ c @ self.selection.T).reshape(q, covariates, q, covariates)
        by_pair = full.transpose(0, 2, 1, 3).reshape(q * q, covariates * covariates)
        ww = self.ww[:, :, part]
        return np.asarray((by_pair @ ww.reshape(covariates * covariates, -1)).reshape(q, q, -1))

    def _products_of_k(self, part: slice, b: Floats) -> Floats:
        """Sums of K times K, (q, p, q, p); B is symmetric, so each pair of its entries is multiplied once."""
        q, covariates = self.n_random, self.ww.shape[0]
        entry = np.empty((q, q), dtype=np.intp)
        lower = np.tril_indices(q)
        entry[lower] = entry[lower[::-1]] = np.arange(len(lower[0]))
        first, second = np.tril_indices(len(lower[0]))
        place = np.empty((len(lower[0]),) * 2, dtype=np.intp)
        place[first, second] = place[second, first] = np.arange(len(first))
        packed = b[lower]
        sums = gram(packed[first] * packed[second], self.ww[:, :, part])
        full = sums[place[entry[:, :, None, None], entry[None, None]]]
        kk = full.transpose(0, 1, 4, 2, 3, 5).reshape(q, q * covariates, q, q * covariates)
        chosen = np.tensordot(np.tensordot(kk, self.selection, (1, 0)), self.selection, (2, 0))
        return np.asarray(chosen.transpose(0, 2, 1, 3))
