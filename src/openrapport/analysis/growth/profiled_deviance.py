"""The deviance with coefficients and residual variance at their best, from A'V^-1 A, the same for every structure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openrapport.analysis.growth.result import Method
from openrapport.analysis.growth.small_matrices import Floats
from openrapport.analysis.growth.standard_columns import StandardColumns


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """`beta` (p,) and `c` = (X'V^-1 X)^-1 in standard columns; `residual` (c,) makes y - X beta out of the columns."""

    deviance: float
    beta: Floats
    c: Floats
    sigma2: float
    residual: Floats
    spread: Floats


def profile(products: Floats, log_det: float, columns: StandardColumns, method: Method, n_rows: int) -> Profile | None:
    """deviance = log |V| + log |X'V^-1 X| + df (1 + log 2 pi r2 / df), df = N - p; by maximum likelihood without p and
    without the second term (Patterson & Thompson 1971; Lindstrom & Bates 1988). None where it cannot be computed.

    `spread` (c, c) is X C X' in the columns, zero by maximum likelihood.
    """
    fixed, restricted = list(columns.fixed), method == "reml"
    xx, xy = products[np.ix_(fixed, fixed)], products[fixed, -1]
    try:
        root = np.linalg.cholesky(xx)
    except np.linalg.LinAlgError:
        return None
    inverse = np.linalg.inv(root)
    c = inverse.T @ inverse
    beta = c @ xy
    df = n_rows - (len(fixed) if restricted else 0)
    r2 = float(products[-1, -1] - beta @ xy)
    if not (r2 > 0 and math.isfinite(r2) and math.isfinite(log_det)):
        return None
    deviance = log_det + df * (1 + math.log(2 * math.pi * r2 / df))
    residual, spread = np.zeros(len(products)), np.zeros_like(products)
    residual[-1] = 1
    residual[fixed] -= beta
    if restricted:
        deviance += 2 * float(np.log(np.diagonal(root)).sum()) - 2 * columns.log_scale
        spread[np.ix_(fixed, fixed)] = c
    return Profile(deviance, beta, c, r2 / df, residual, spread)
