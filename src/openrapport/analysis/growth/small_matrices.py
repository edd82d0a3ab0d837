"""Algebra of many small matrices at once, laid out component first (rows, columns, how many): long loops only.

A constant matrix takes part as (rows, columns, 1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# 1 - r^2 below this is rounding: the two columns of a matrix with products of that size say the same thing.
_SAME_COLUMN = 1e-13


def constant(matrix: Floats) -> Floats:
    """A (rows, columns) matrix that takes part for every unit."""
    return matrix[:, :, None]


def turned(a: Floats) -> Floats:
    """Transposes, without copying."""
    return a.transpose(1, 0, 2)


def product(a: Floats, b: Floats) -> Floats:
    """(i, k, units) times (k, j, units)."""
    units = np.broadcast_shapes(a.shape[2:], b.shape[2:])
    out = np.empty((a.shape[0], b.shape[1], *units))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            np.multiply(a[i, 0], b[0, j], out=out[i, j])
            for k in range(1, a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


def gram(a: Floats, b: Floats) -> Floats:
    """Sums over units of every component of `a` times every component of `b`; shape a's components, then b's."""
    units = a.shape[-1]
    sums = a.reshape(-1, units) @ b.reshape(-1, units).T
    return np.asarray(sums.reshape(a.shape[:-1] + b.shape[:-1]))


def inverse_and_log_det(a: Floats) -> tuple[Floats, Floats]:
    """Inverses and log determinants of matrices whose determinant is positive."""
    size = a.shape[0]
    if size == 1:
        return 1 / a, np.log(a[0, 0])
    if size == 2:
        det = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
        out = np.empty_like(a)
        np.divide(a[1, 1], det, out=out[0, 0])
        np.divide(a[0, 0], det, out=out[1, 1])
        np.divide(a[0, 1], -det, out=out[0, 1])
        np.divide(a[1, 0], -det, out=out[1, 0])
        return out, np.log(det)
    stacked = np.moveaxis(a, 2, 0)
    inverse = np.ascontiguousarray(np.moveaxis(np.linalg.inv(stacked), 0, 2))
    return inverse, np.linalg.slogdet(stacked)[1]


def pseudo_inverse_and_rank(a: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Moore-Penrose inverses and ranks of symmetric, positive semidefinite matrices."""
    size = a.shape[0]
    if size == 1:
        there = a[0, 0] > 0
        return np.where(there, 1 / np.where(there, a, 1.0), 0.0), there.astype(np.int64)
    if size == 2:
        return _pseudo_inverse_of_two(a)
    values, vectors = np.linalg.eigh(np.moveaxis(a, 2, 0))
    kept = values > _SAME_COLUMN * np.maximum(values[:, -1:], 0)
    turned_back = np.where(kept, 1 / np.where(kept, values, 1.0), 0.0)
    inverse = (vectors * turned_back[:, None, :]) @ vectors.transpose(0, 2, 1)
    return np.ascontiguousarray(np.moveaxis(inverse, 0, 2)), kept.sum(axis=1)


def _pseudo_inverse_of_two(a: Floats) -> tuple[Floats, NDArray[np.int64]]:
    det = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    trace = a[0, 0] + a[1, 1]
    full = det > _SAME_COLUMN * a[0, 0] * a[1, 1]
    some = trace > 0
    # Rank one: S = x v v' with x the trace, so its pseudo-inverse is S over x squared.
    single = np.where(some, 1 / np.where(some, trace, 1.0) ** 2, 0.0)
    inverted = 1 / np.where(full, det, 1.0)
    out = np.empty_like(a)
    out[0, 0] = np.where(full, a[1, 1] * inverted, a[0, 0] * single)
    out[1, 1] = np.where(full, a[0, 0] * inverted, a[1, 1] * single)
    out[0, 1] = out[1, 0] = a[0, 1] * np.where(full, -inverted, single)
    return out, some.astype(np.int64) + full
