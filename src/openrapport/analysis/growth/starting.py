"""Where to begin: two steps of Fisher scoring from D = 0, with the residual variance that clients' own courses leave.

The first step is an estimate by moments (Rao 1971); Newton's method takes half as many steps from it as from a guess.
"""

from __future__ import annotations

import numpy as np

from openrapport.analysis.growth.criterion import directions, slopes_at, value_at
from openrapport.analysis.growth.moments import Units
from openrapport.analysis.growth.small_matrices import Floats

_STEPS = 2
# Eigenvalues of D (columns scaled to one) are kept off zero, where the deviance is flat in its factor.
_SMALLEST = 0.02


def starting_d(units: Units, rank: int) -> Floats:
    """A positive definite first guess of D; `rank` adds up the ranks of the clients' S."""
    q = units.n_random
    e = directions(q)
    d, sigma2 = np.zeros((q, q)), units.within / (units.n_rows - rank)
    for _ in range(_STEPS):
        point = value_at(units, d, restricted=True, sigma2=sigma2)
        if point is None:
            return np.eye(q)
        slopes = slopes_at(units, point, restricted=True, profiled=False)
        gradient = e.reshape(len(e), -1) @ slopes.gradient.ravel()
        step = np.linalg.lstsq(slopes.information, -gradient, rcond=None)[0]
        values, vectors = np.linalg.eigh(d + np.tensordot(step, e, 1))
        d = (vectors * np.maximum(values, _SMALLEST)) @ vectors.T
    return np.asarray(d)
