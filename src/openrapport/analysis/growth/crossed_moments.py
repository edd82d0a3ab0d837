"""The profiled deviance of crossed factors and its exact gradient: clients are eliminated, a Schur complement is left.

W = I + Z D Z' over clients as in three levels. Over all levels of the further factors N = U'W^-1 U (U their indicator
columns), R the diagonal matrix of their standard deviations in units of sigma: log |V| = log |W| + log |I + R N R| and
A'V^-1 A = A'W^-1 A - (U'W^-1 A)' R (I + R N R)^-1 R (U'W^-1 A) (Bates, Maechler, Bolker & Walker 2015, other order).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.crossed_sums import CrossedSums
from openrapport.analysis.growth.linked_blocks import Root, root_of
from openrapport.analysis.growth.small_matrices import Floats, gram, inverse_and_log_det, product
from openrapport.analysis.growth.variance_search import Slopes

# Below this standard deviation the trace's short formula loses its digits.
_SMALL_ROOT = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """`t` (q, q, clients) and `h` (q, c, clients) as in three levels; `schur` N's entries, `scale` R by level,
    `y` (levels, c) U'W^-1 A, and `half` the Cholesky root's inverse times R y.
    """

    log_det: float
    products: Floats
    t: Floats
    h: Floats
    schur: Floats
    scale: Floats
    root: Root
    y: Floats
    half: Floats


def reduce_clients(sums: CrossedSums, d: Floats, factors: Floats) -> Reduced | None:
    """Everything at one D and the factors' variances; None where rounding makes the Schur complement indefinite."""
    q, c, clients = sums.v.shape
    w = product(sums.v[:, :q], d[:, :, None])
    for i in range(q):
        w[i, i] += 1
    t, log_dets = inverse_and_log_det(w)
    h = product(t, sums.v)
    m = product(d[:, :, None], t)
    lower = np.tril_indices(q)
    schur = sums.plain - sums.pairs @ ((m[lower] + m[lower[::-1]]) / 2).ravel()
    scale = np.sqrt(factors)[sums.factor_of]
    root = root_of(sums.blocks, schur, scale)
    if root is None:
        return None
    dh = product(d[:, :, None], h)
    y = sums.rest - sums.links @ dh.transpose(0, 2, 1).reshape(q * clients, c)
    half = root.half_solve(scale[:, None] * y)
    products = sums.products - np.einsum("aiaj->ij", gram(sums.v, dh)) - half.T @ half
    log_det = float(log_dets.sum()) + root.log_det
    return Reduced(log_det, (products + products.T) / 2, t, h, schur, scale, root, y, half)


def crossed_slopes(sums: CrossedSums, factors: Floats, found: Reduced, residual: Floats, fixed: Floats) -> Slopes:
    """`residual` (c,) makes the residual over sigma of the columns, `fixed` (c, c) stands for X C X' or is zero."""
    taken = np.outer(residual, residual) + fixed
    solved = found.root.back_solve(found.half)
    inverse = found.root.inverse()
    traces, scores = _by_factor(sums, factors, found, solved, inverse)
    by_level = ((scores @ taken) * scores).sum(axis=1)
    by_factor = traces - np.bincount(sums.factor_of, weights=by_level)
    client, size = _by_client(sums, found, solved, inverse, taken)
    return Slopes(
        client=client,
        factors=by_factor,
        client_size=np.diagonal(size) / sums.n_clients,
        factor_sizes=traces / np.array(sums.levels_of),
    )


def _by_factor(
    sums: CrossedSums, factors: Floats, found: Reduced, solved: Floats, inverse: Floats
) -> tuple[Floats, Floats]:
    """Per factor the trace of U'V^-1 U, and U'V^-1 A (levels, c)."""
    diagonal = inverse[sums.blocks.diagonal()]
    sizes = np.bincount(sums.factor_of, weights=1 - diagonal, minlength=sums.n_factors)
    safe = np.where(factors > 0, factors, 1.0)
    traces, scores = sizes / safe, solved / np.sqrt(safe)[sums.factor_of][:, None]
    for index in np.flatnonzero(factors < _SMALL_ROOT**2):
        traces[index] = _small_factor(sums, found, solved, np.flatnonzero(sums.factor_of == index), scores)
    return traces, scores


def _small_factor(sums: CrossedSums, found: Reduced, solved: Floats, levels: np.ndarray, scores: Floats) -> float:
    """The trace, by N's own columns: right at a variance of zero too. Writes the factor's rows of `scores`."""
    columns = np.zeros((sums.blocks.levels, len(levels)))
    alone = levels < sums.blocks.alone
    columns[levels[alone], np.flatnonzero(alone)] = found.schur[levels[alone]]
    for part, block in sums.blocks.parts(found.schur):
        mine = np.flatnonzero((levels >= part.start) & (levels < part.stop))
        whole = np.tril(block) + np.tril(block, -1).T
        columns[part, mine] = whole[:, levels[mine] - part.start]
    scaled = found.scale[:, None] * columns
    scores[levels] = found.y[levels] - scaled.T @ solved
    half = found.root.half_solve(scaled)
    return float(columns[levels, np.arange(len(levels))].sum() - (half * half).sum())


def _by_client(
    sums: CrossedSums, found: Reduced, solved: Floats, inverse: Floats, taken: Floats
) -> tuple[Floats, Floats]:
    """The derivative by D, and the sum of Z'V^-1 Z."""
    q, c, clients = sums.v.shape
    scaled = found.scale[:, None] * solved
    back = np.ascontiguousarray((sums.links.T @ scaled).reshape(q, clients, c).transpose(0, 2, 1))
    left = found.h - product(found.t, back)
    b = found.h[:, :q].sum(axis=2) - _explained(sums, found, inverse)
    client = b - np.einsum("aibj,ij->ab", gram(left, left), taken)
    return (client + client.T) / 2, (b + b.T) / 2


def _explained(sums: CrossedSums, found: Reduced, inverse: Floats) -> Floats:
    """Sum over clients of T Q T', Q = Z'U R (I + R N R)^-1 R U'Z: what the factors take of Z'W^-1 Z."""
    q, clients = sums.n_random, sums.n_clients
    blocks = sums.blocks
    middle = inverse.copy()
    middle[: blocks.alone] *= found.scale[: blocks.alone] ** 2
    for levels, block in blocks.parts(middle):
        block *= found.scale[levels]
        block *= found.scale[levels][:, None]
    middle[blocks.diagonal()] /= 2  # a pair stands once for both orders, a level with itself for one
    sides = (sums.pairs.T @ middle).reshape(-1, clients)
    whole = np.empty((q, q, clients))
    for index, (i, j) in enumerate(zip(*np.tril_indices(q), strict=True)):
        whole[i, j] = whole[j, i] = 2 * sides[index] if i == j else sides[index]
    half = product(found.t, whole)
    return np.asarray(half.reshape(q, -1) @ found.t.reshape(q, -1).T)
