"""Ordinary least squares with model-based or person-clustered standard errors, for the modules that relate scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Errors: TypeAlias = Literal["model", "clustered"]

# Columns whose remaining length is below this share of their own are taken to follow from the others.
RANK_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error and interval; `df` are the degrees of freedom of t (infinite: normal)."""

    estimate: float
    se: float
    low: float
    high: float
    df: float
    p: float


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """Why a quantity cannot be had from these data. Missing is a type, never a number."""

    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """`coefficients` (p,), `covariance` (p, p), `df` of the t distribution, `errors` how the covariance was made."""

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    residual_sd: float
    r_squared: float
    df: float
    n: int
    n_clusters: int | None
    errors: Errors

    def combination(self, weights: Sequence[float] | Floats, level: float) -> Estimate:
        """A weighted sum of coefficients: se = sqrt(w' V w)."""
        w = np.asarray(weights, dtype=float)
        return interval_of(
            float(w @ self.coefficients), math.sqrt(max(0.0, float(w @ self.covariance @ w))), self.df, level
        )

    def each(self, level: float) -> dict[str, Estimate]:
        return {
            name: self.combination(row, level) for name, row in zip(self.names, np.eye(len(self.names)), strict=True)
        }


def interval_of(estimate: float, se: float, df: float, level: float) -> Estimate:
    """estimate ± t se. With se 0 the p value is 0 unless the estimate is 0."""
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    if not 0 < level < 1:
        raise ValueError("The level of an interval lies between 0 and 1, such as 0.95.")
    tail = 0.5 + level / 2
    width = float(ndtri(tail) if math.isinf(df) else stdtrit(df, tail)) * se
    z = abs(estimate) / se if se > 0 else math.inf if estimate else 0.0
    p = 2 * float(ndtr(-z) if math.isinf(df) else stdtr(df, -z))
    return Estimate(estimate=estimate, se=se, low=estimate - width, high=estimate + width, df=df, p=p)


def least_squares(
    design: Floats, y: Floats, names: Sequence[str], *, cluster: Sequence[Any] | None = None
) -> LeastSquares:
    """Regress `y` (n,) on the columns of `design` (n, p), intercept included by the caller.

    With `cluster` (n,), errors may go together within a cluster: sandwich covariance times G/(G-1) (N-1)/(N-p), t on
    G - 1 (Liang & Zeger 1986; Cameron & Miller 2015). Raises ValueError: too few rows or clusters, or a column that
    follows from the others (its name is in the message).
    """
    n, p = design.shape
    if n <= p:
        raise ValueError(f"{p} coefficients need more than {p} complete rows; there are {n}.")
    refuse_redundant(design, names)
    q, r = np.linalg.qr(design)
    back = np.linalg.inv(r)
    coefficients = back @ (q.T @ y)
    residuals = y - q @ (q.T @ y)
    squares = float(residuals @ residuals)
    total = float(((y - y.mean()) ** 2).sum())
    # On the orthogonal columns first: (X'X)^-1 itself would lose twice the digits.
    covariance, df, clusters = np.eye(p) * squares / (n - p), float(n - p), None
    if cluster is not None:
        codes = codes_of(cluster)[0]
        clusters = int(codes.max()) + 1
        covariance, df = clustered_covariance(q * residuals[:, None], codes, np.eye(p)), float(clusters - 1)
    return LeastSquares(
        names=tuple(names),
        coefficients=coefficients,
        covariance=back @ covariance @ back.T,
        residual_sd=math.sqrt(squares / (n - p)),
        r_squared=1 - squares / total if total > 0 else 0.0,
        df=df,
        n=n,
        n_clusters=clusters,
        errors="model" if cluster is None else "clustered",
    )


def clustered_covariance(scores: Floats, codes: NDArray[np.int64], bread: Floats) -> Floats:
    """bread (sum_g s_g s_g') bread G/(G-1) (N-1)/(N-p); `scores` (n, p) are each row's part of the score vector."""
    n, p = scores.shape
    clusters = int(codes.max()) + 1
    if clusters < 2:
        raise ValueError("Clustered standard errors need at least two clusters.")
    sums = np.stack([np.bincount(codes, scores[:, column], minlength=clusters) for column in range(p)], axis=1)
    correction = clusters / (clusters - 1) * (n - 1) / (n - p)
    return np.asarray(bread @ (sums.T @ sums) @ bread * correction)


def refuse_redundant(design: Floats, names: Sequence[str]) -> None:
    """Raises ValueError naming the first column that is constant beside the intercept or a sum of earlier columns."""
    kept: list[Floats] = []
    for name, column in zip(names, design.T, strict=True):
        rest, length = column.astype(float), float(np.linalg.norm(column))
        for _ in range(2):  # the second pass mends what rounding left over
            for direction in kept:
                rest = rest - (direction @ rest) * direction
        size = float(np.linalg.norm(rest))
        if length == 0 or size <= RANK_TOLERANCE * length:
            raise ValueError(f"{name!r} does not vary, or follows from the other columns: leave it out.")
        kept.append(rest / size)


def numbers(values: Sequence[float | None] | Floats, name: str) -> Floats:
    """A float array with NaN where there is None. Raises ValueError on infinities and on anything but a flat list."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
        array = values.astype(float)
    else:
        array = np.array([np.nan if value is None else float(value) for value in values], dtype=float)
    if array.ndim != 1:
        raise ValueError(f"{name}: one number for each row, not a table.")
    if np.isinf(array).any():
        raise ValueError(f"{name}: a score must be a finite number, or None where there was none.")
    return array


def complete(columns: Floats) -> NDArray[np.bool_]:
    """Which rows of (columns, rows) have every value."""
    return np.asarray(~np.isnan(columns).any(axis=0), dtype=np.bool_)


def codes_of(labels: Sequence[Any]) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """0, 1, 2, ... by first appearance, and the labels in that order. Raises ValueError on a missing label."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iub":
        values, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")
        return np.argsort(order)[inverse].astype(np.int64), tuple(values[order].tolist())
    seen: dict[Any, int] = {}
    codes = np.empty(len(labels), dtype=np.int64)
    for row, label in enumerate(labels):
        key = label.item() if isinstance(label, np.generic) else label
        if key is None or key != key:  # NaN alone differs from itself
            raise ValueError(f"Row {row + 1} does not say whom it belongs to.")
        codes[row] = seen.setdefault(key, len(seen))
    return codes, tuple(seen)


def same_length(**columns: Sequence[Any] | Floats | None) -> int:
    """The common length. Raises ValueError naming the columns when they differ."""
    lengths = {name: len(column) for name, column in columns.items() if column is not None}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"Columns of different length: {told}.")
    return next(iter(lengths.values()))
