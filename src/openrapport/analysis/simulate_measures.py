"""Invented answers and invented studies whose truth is known, the same for the same seed: for tests and examples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def one_factor_answers(
    loadings: Sequence[float], *, people: int, seed: int, sds: Sequence[float] | None = None
) -> Floats:
    """Answers (people, items) of items that share one normal factor; `loadings` are of standardised items.

    >>> one_factor_answers([0.8, 0.6, 0.7], people=5, seed=1).shape
    (5, 3)
    """
    weights = np.asarray(loadings, dtype=float)
    if not (np.abs(weights) <= 1).all():
        raise ValueError("A standardised loading lies between -1 and 1.")
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((people, 1)) * weights
    own = rng.standard_normal((people, len(weights))) * np.sqrt(1 - weights**2)
    return np.asarray((common + own) * (1.0 if sds is None else np.asarray(sds, dtype=float)))


def true_omega(loadings: Sequence[float], sds: Sequence[float] | None = None) -> float:
    """The reliability of the sum of such items: what omega estimates.

    >>> round(true_omega([0.7, 0.7, 0.7]), 4)
    0.7424
    """
    weights = np.asarray(loadings, dtype=float)
    sd = np.ones_like(weights) if sds is None else np.asarray(sds, dtype=float)
    common = float((sd * weights).sum()) ** 2
    return common / (common + float((sd**2 * (1 - weights**2)).sum()))


def studies_of_correlations(
    *, studies: int, effects_each: int, mean_z: float, between_sd: float, within_sd: float, seed: int
) -> tuple[Floats, Integers, Integers]:
    """Correlations, sample sizes (20 to 199) and study numbers of an invented literature.

    True effects, on Fisher's z, vary between studies and, inside one, between its `effects_each` effects.

    >>> r, n, study = studies_of_correlations(
    ...     studies=3, effects_each=2, mean_z=0.3, between_sd=0.1, within_sd=0.1, seed=1
    ... )
    >>> study.tolist()
    [0, 0, 1, 1, 2, 2]
    """
    rng = np.random.default_rng(seed)
    study = np.repeat(np.arange(studies, dtype=np.int64), effects_each)
    n = rng.integers(20, 200, len(study))
    z = mean_z + rng.normal(0, between_sd, studies)[study] + rng.normal(0, within_sd, len(study))
    return np.tanh(z + rng.standard_normal(len(study)) / np.sqrt(n - 3)), n, study
