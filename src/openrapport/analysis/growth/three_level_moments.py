"""The profiled deviance of a three-level model and its exact gradient, by elimination of clients, then of therapists.

With D and d the client covariance matrix and the therapist variance in units of sigma^2, W = I + Z D Z' and A the
columns: T = (I + S D)^-1 and H = T Z'A per client, A'W^-1 A = A'A - sum (Z'A)' D H, and per therapist R = 1'W^-1 A with
h its own entry at the constant column; then V^-1 = W^-1 - w W^-1 1 1'W^-1 with w = d / (1 + d h)
(Harville 1977; the elimination is Sherman & Morrison's of 1950, applied twice).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.small_matrices import Floats, gram, inverse_and_log_det, product
from openrapport.analysis.growth.three_level_sums import ThreeLevelSums
from openrapport.analysis.growth.variance_search import Slopes

# Clients handled at a time, so that what is computed of them stays in the processor's cache.
_CLIENTS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Eliminated:
    """`log_det` log |V|, `products` (c, c) A'V^-1 A, `h` (q, c, clients) Z'W^-1 A, `r` (c, therapists) 1'W^-1 A."""

    log_det: float
    products: Floats
    h: Floats
    r: Floats


def eliminate(sums: ThreeLevelSums, one: int, d: Floats, therapist: float) -> Eliminated:
    """Sums over all clients and therapists at one D and d."""
    q, c, clients = sums.v.shape
    h, r = np.empty((q, c, clients)), np.empty((c, sums.n_therapists))
    log_det, quadratic = 0.0, np.zeros((c, c))
    for part, within in _parts(sums):
        v = sums.v[:, :, part]
        w = product(v[:, :q], d[:, :, None])
        for i in range(q):
            w[i, i] += 1
        t, log_dets = inverse_and_log_det(w)
        here = _times(t, v, h[:, :, part])
        log_det += float(log_dets.sum())
        quadratic += np.einsum("ab,aibj->ij", d, gram(v, here))
        leading = here[one] if sums.ones is None else sums.ones[:, part] - _leading(v[:, one], d, here)
        r[:, within] = np.add.reduceat(leading, sums.first[within] - part.start, axis=1)
    denominators = 1 + therapist * r[one]
    products = sums.products - quadratic - (r * (therapist / denominators)) @ r.T
    return Eliminated(log_det + float(np.log(denominators).sum()), (products + products.T) / 2, h, r)


def three_level_slopes(
    sums: ThreeLevelSums, one: int, therapist: float, found: Eliminated, residual: Floats, fixed: Floats
) -> Slopes:
    """`residual` (c,) makes the residual over sigma of the columns, `fixed` (c, c) stands for X C X' or is zero."""
    q = sums.n_random
    h_one = found.r[one]
    denominators = 1 + therapist * h_one
    weights = therapist / denominators
    taken = np.outer(residual, residual) + fixed
    client, size = np.zeros((q, q)), np.zeros((q, q))
    for part, within in _parts(sums):
        h = found.h[:, :, part]
        repeats = sums.clients_of[within]
        first = h[:, one]
        left = h - first[:, None] * np.repeat(found.r[:, within] * weights[within], repeats, axis=1)
        b = h[:, :q].sum(axis=2) - (first * np.repeat(weights[within], repeats)) @ first.T
        size += b
        client += b - np.einsum("aibj,ij->ab", gram(left, left), taken)
    scores = found.r / denominators
    own = h_one / denominators
    slope = float(own.sum() - ((taken @ scores) * scores).sum())
    return Slopes(
        client=(client + client.T) / 2,
        factors=np.array([slope]),
        client_size=np.diagonal(size) / sums.n_clients,
        factor_sizes=np.array([float(own.mean())]),
    )


def _parts(sums: ThreeLevelSums) -> Iterator[tuple[slice, slice]]:
    """Slices of clients and the slices of therapists they belong to; no therapist is cut in two."""
    ends = np.append(sums.first, sums.n_clients)
    begin = 0
    while begin < sums.n_therapists:
        wanted = int(np.searchsorted(ends, ends[begin] + _CLIENTS_AT_ONCE, side="right")) - 1
        end = min(max(wanted, begin + 1), sums.n_therapists)
        yield slice(int(ends[begin]), int(ends[end])), slice(begin, end)
        begin = end


def _times(t: Floats, v: Floats, out: Floats) -> Floats:
    """T times Z'A, written to `out`."""
    for i in range(len(t)):
        np.multiply(t[i, 0], v[0], out=out[i])
        for k in range(1, len(t)):
            out[i] += t[i, k] * v[k]
    return out


def _leading(v_one: Floats, d: Floats, h: Floats) -> Floats:
    """(Z'1)' D H per client, (c, clients)."""
    return np.asarray(np.einsum("au,ab,bcu->cu", v_one, d, h, optimize=True))
