"""What a growth fit found: small frozen results, the same whichever estimator made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Method = Literal["reml", "ml"]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A fixed effect and its standard error, in outcome units per unit of its column."""

    estimate: float
    se: float


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """How one group's coefficients vary: standard deviations by name, correlations in the order of `names`.

    A correlation with an effect whose standard deviation is zero is not defined and stands as None.
    """

    names: tuple[str, ...]
    sd: Mapping[str, float]
    corr: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class GrowthFit:
    """A fitted linear mixed model. `random` is keyed by grouping column; `deviance` is -2 log (restricted) likelihood.

    `converged` is False when the optimiser stopped without its certificate; `message` says why, or on which boundary
    the estimate lies. `boundary` names the groups whose covariance matrix is singular.
    """

    method: Method
    n_rows: int
    n_clients: int
    fixed: Mapping[str, Coefficient]
    fixed_covariance: tuple[tuple[float, ...], ...]
    random: Mapping[str, RandomEffects]
    residual_sd: float
    deviance: float
    converged: bool
    message: str
    boundary: tuple[str, ...] = ()
