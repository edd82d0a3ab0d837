"""The one-factor model by maximum likelihood: each item is a loading times one common factor, plus what is its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# An item's own variance is held at this share of its variance or more, the bound R's factanal and psych use. An
# estimate on the bound is a Heywood case: the data ask for a share of zero or less.
SMALLEST_UNIQUENESS = 0.005
AT_THE_BOUND = 1e-6

# Slope of the discrepancy below which the search has settled, and the loosest that still counts as settled.
SETTLED, STILL_SETTLED = 1e-11, 1e-6

# Items repeat each other when the smallest eigenvalue of their correlations falls below this.
SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class OneFactor:
    """`loadings` and `uniquenesses` of standardised items; `discrepancy` is the ML discrepancy F at the best point.

    `heywood` are the positions (from 0) of items whose uniqueness stands on its bound.
    """

    loadings: Floats
    uniquenesses: Floats
    discrepancy: float
    heywood: tuple[int, ...]
    converged: bool


def fit_one_factor(correlations: Floats, start: Floats | None = None) -> OneFactor:
    """Fit to a correlation matrix (p, p) with p >= 3 (Joreskog 1967). `start` are uniquenesses to begin from.

    The discrepancy can have several low points, most of them with one item all common: without `start` the search
    begins near each and the lowest is kept. Loadings are turned so that their sum is not negative. Raises ValueError
    when the matrix is singular.
    """
    if np.linalg.eigvalsh(correlations)[0] < SINGULAR:
        raise ValueError("Some items repeat others exactly, or people are not more than items: no factor can be fit.")
    if start is not None:
        return _fit_from(start, correlations)
    fits = [_fit_from(start, correlations) for start in _starts(correlations)]
    lowest = min(fit.discrepancy for fit in fits)
    return max((fit for fit in fits if fit.discrepancy < lowest + STILL_SETTLED), key=lambda fit: fit.converged)


def _starts(correlations: Floats) -> list[Floats]:
    """What each item does not share with the others; and for each item in turn, as if it were the factor itself."""
    p = len(correlations)
    usual = np.clip((1 - 0.5 / p) / np.diag(np.linalg.inv(correlations)), SMALLEST_UNIQUENESS, 1.0)
    alone = np.clip(1 - correlations**2, 2 * SMALLEST_UNIQUENESS, 1.0)
    return [usual, *alone]


def _fit_from(start: Floats, correlations: Floats) -> OneFactor:
    p = len(correlations)
    bound = np.zeros(p, dtype=bool)
    loadings, own, slope = _score(start, correlations, free=~bound)
    # Where scoring does not settle inside the bounds, a search that minds them goes first.
    if slope > STILL_SETTLED or own.min() <= SMALLEST_UNIQUENESS + AT_THE_BOUND:
        own = _search(start, correlations)
        bound = own <= SMALLEST_UNIQUENESS + AT_THE_BOUND
        loadings, own, slope = _score(np.where(bound, SMALLEST_UNIQUENESS, own), correlations, free=~bound)
    if loadings.sum() < 0:
        loadings = -loadings
    return OneFactor(
        loadings=loadings,
        uniquenesses=own,
        discrepancy=_discrepancy(loadings, own, correlations),
        heywood=tuple(int(item) for item in np.flatnonzero(bound)),
        converged=slope < STILL_SETTLED,
    )


def information(loadings: Floats, uniquenesses: Floats) -> Floats:
    """Expected information of one person about (loadings, uniquenesses), (2p, 2p), on the items' own scale."""
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(uniquenesses))
    weighted = inverse @ loadings
    by_loading = (loadings @ weighted) * inverse + np.outer(weighted, weighted)
    crossed = inverse * weighted[None, :]
    return np.block([[by_loading, crossed], [crossed.T, inverse**2 / 2]])


def _search(start: Floats, correlations: Floats) -> Floats:
    """The best uniquenesses within their bounds."""
    from scipy.optimize import minimize

    found = minimize(
        _concentrated,
        start,
        args=(correlations,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(SMALLEST_UNIQUENESS, 1.0)] * len(start),
        options={"ftol": 1e-14, "gtol": 1e-8, "maxiter": 1000},
    )
    return np.asarray(found.x, dtype=float)


def _concentrated(own: Floats, correlations: Floats) -> tuple[float, Floats]:
    """Discrepancy at the best loadings for these uniquenesses, and its slope (Lawley & Maxwell 1971)."""
    loadings, values = _loadings(own, correlations)
    misfit = np.diag(np.outer(loadings, loadings) - correlations) + own
    return float((values - np.log(values)).sum() - len(values)), misfit / own**2


def _loadings(own: Floats, correlations: Floats) -> tuple[Floats, Floats]:
    """The best loadings for these uniquenesses, and the eigenvalues that they leave over."""
    root = np.sqrt(own)
    values, vectors = np.linalg.eigh(correlations / np.outer(root, root))
    return np.asarray(root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))), values[:-1]


def _discrepancy(loadings: Floats, own: Floats, correlations: Floats) -> float:
    implied = np.outer(loadings, loadings) + np.diag(own)
    trace = float(np.trace(np.linalg.solve(implied, correlations)))
    logs = np.linalg.slogdet(implied)[1] - np.linalg.slogdet(correlations)[1]
    return max(0.0, float(logs) + trace - len(own))


def _score(own: Floats, correlations: Floats, *, free: NDArray[np.bool_]) -> tuple[Floats, Floats, float]:
    """Fisher scoring to the last digits: loadings, uniquenesses, steepest slope left. What is not `free` stays."""
    p = len(own)
    loadings = _loadings(own, correlations)[0]
    moving = np.concatenate([np.ones(p, dtype=bool), free])
    best = (loadings, own, np.inf)
    for _ in range(100):
        implied = np.outer(loadings, loadings) + np.diag(own)
        inverse = np.linalg.inv(implied)
        slope = inverse @ (implied - correlations) @ inverse
        gradient = np.concatenate([slope @ loadings, np.diag(slope) / 2])[moving]
        steepest = float(np.abs(gradient).max())
        if steepest < best[2]:
            best = (loadings, own, steepest)
        if steepest < SETTLED or steepest > 100 * best[2]:
            break
        step = np.zeros(2 * p)
        step[moving] = np.linalg.lstsq(information(loadings, own)[np.ix_(moving, moving)], gradient, rcond=None)[0]
        loadings = loadings - step[:p]
        own = np.maximum(own - step[p:], SMALLEST_UNIQUENESS)
    return best
