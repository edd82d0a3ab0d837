"""What two views of the same thing, together and apart, go with: polynomial regression and its response surface.

z = b0 + b1 x + b2 y + b3 x^2 + b4 x y + b5 y^2 (Edwards 1994), x and y around centres the caller names. Along x = y the
surface has slope a1 and curvature a2; along x = -y slope a3 and curvature a4 (Shanock et al. 2010).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.least_squares import (
    Estimate,
    LeastSquares,
    NotEstimable,
    complete,
    least_squares,
    numbers,
    same_length,
)

Floats = NDArray[np.float64]
Shape: TypeAlias = Literal["peak", "valley", "saddle"]

NAMES = ("b0", "b1", "b2", "b3", "b4", "b5")
# Each surface value as a sum of b0..b5.
SURFACE = {
    "a1": (0, 1, 1, 0, 0, 0),
    "a2": (0, 0, 0, 1, 1, 1),
    "a3": (0, 1, -1, 0, 0, 0),
    "a4": (0, 0, 0, 1, -1, 1),
}
# A determinant below this share of its largest term means a ridge: the stationary point runs away along it.
FLAT = 1e-10
# Half a standard deviation apart counts as disagreeing (Shanock et al. 2010).
APART = 0.5


@dataclass(frozen=True, slots=True)
class StationaryPoint:
    """Where the surface is level, in the units of x, y and z as given (not centred)."""

    x: float
    y: float
    z: float
    shape: Shape


@dataclass(frozen=True, slots=True)
class PrincipalAxis:
    """y = intercept + slope x in the units given. `slope` is None for an upright line, then `intercept` is its x."""

    intercept: float
    slope: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares of rows where standardised x lies half an SD or more above y, within half, or below."""

    x_higher: float
    alike: float
    y_higher: float


@dataclass(frozen=True, slots=True)
class ResponseSurface:
    """`coefficients` b0..b5 belong to x - centre_x and y - centre_y; `dropped` rows had something missing."""

    coefficients: Mapping[str, Estimate]
    surface: Mapping[str, Estimate]
    centre_x: float
    centre_y: float
    stationary: StationaryPoint | NotEstimable
    first_axis: PrincipalAxis | NotEstimable
    second_axis: PrincipalAxis | NotEstimable
    agreement: Agreement
    r_squared: float
    residual_sd: float
    n: int
    n_people: int | None
    dropped: int
    errors: str
    level: float


def response_surface(
    x: Sequence[float | None] | Floats,
    y: Sequence[float | None] | Floats,
    z: Sequence[float | None] | Floats,
    *,
    centre: tuple[float, float],
    person: Sequence[Any] | None = None,
    level: float = 0.95,
) -> ResponseSurface:
    """Fit the surface. `x` and `y` are two views in the same units (client's and therapist's alliance), `z` an outcome.

    `centre` is what to take from x and from y, in their units: the middle of the scale for both, so that the line
    x = y stays the line of agreement (Edwards 1994). Two different centres move that line. `person` (one for each row)
    gives standard errors that allow rows of one person to go together. Rows with None or NaN are left out and counted.

    Raises ValueError: columns of different length, fewer than seven complete rows, x, y or their products constant or
    redundant, a centre that is not a number. Edwards & Parry 1993; Edwards 1994; Shanock et al. 2010.

    >>> x, y = [1, 2, 3, 4, 5, 1, 2, 4, 5, 3], [1, 2, 3, 4, 5, 5, 4, 2, 1, 1]
    >>> z = [10 - (a - b) ** 2 for a, b in zip(x, y)]
    >>> found = response_surface(x, y, z, centre=(3, 3))
    >>> round(found.surface["a2"].estimate, 6) + 0.0, round(found.surface["a4"].estimate, 6)
    (0.0, -4.0)
    """
    rows = same_length(x=x, y=y, z=z, person=person)
    if len(centre) != 2 or not all(math.isfinite(value) for value in centre):
        raise ValueError("The centre is two numbers, one for x and one for y: usually the middle of the scale twice.")
    columns = np.stack([numbers(x, "x"), numbers(y, "y"), numbers(z, "z")])
    whole = complete(columns)
    first, second, outcome = columns[:, whole]
    u, v = first - centre[0], second - centre[1]
    design = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=1)
    cluster = None if person is None else [label for label, kept in zip(person, whole, strict=True) if kept]
    fit = least_squares(design, outcome, NAMES, cluster=cluster)
    stationary, first_axis, second_axis = _geometry(fit, centre)
    return ResponseSurface(
        coefficients=fit.each(level),
        surface={name: fit.combination(weights, level) for name, weights in SURFACE.items()},
        centre_x=float(centre[0]),
        centre_y=float(centre[1]),
        stationary=stationary,
        first_axis=first_axis,
        second_axis=second_axis,
        agreement=_agreement(first, second),
        r_squared=fit.r_squared,
        residual_sd=fit.residual_sd,
        n=fit.n,
        n_people=fit.n_clusters,
        dropped=rows - int(whole.sum()),
        errors=fit.errors,
        level=level,
    )


def _geometry(
    fit: LeastSquares, centre: tuple[float, float]
) -> tuple[StationaryPoint | NotEstimable, PrincipalAxis | NotEstimable, PrincipalAxis | NotEstimable]:
    """Gradient zero: [[2 b3, b4], [b4, 2 b5]] (u, v) = -(b1, b2); the axes are that matrix's eigenvectors."""
    b0, b1, b2, b3, b4, b5 = (float(b) for b in fit.coefficients)
    curvature = np.array([[2 * b3, b4], [b4, 2 * b5]])
    determinant = 4 * b3 * b5 - b4 * b4
    size = max(abs(4 * b3 * b5), b4 * b4)
    if size == 0 or abs(determinant) <= FLAT * size:
        reason = NotEstimable("The surface is a ridge or a plane: it is level along a line or nowhere.")
        return reason, reason, reason
    u, v = np.linalg.solve(curvature, [-b1, -b2])
    height = b0 + (b1 * u + b2 * v) / 2
    shape: Shape = "saddle" if determinant < 0 else "peak" if b3 < 0 else "valley"
    point = StationaryPoint(x=float(u) + centre[0], y=float(v) + centre[1], z=float(height), shape=shape)
    # Eigenvalues rise: the first axis is the one along which the surface bends least downward (Edwards & Parry 1993).
    vectors = np.linalg.eigh(curvature)[1]
    return point, _axis(point, vectors[:, 1]), _axis(point, vectors[:, 0])


def _axis(point: StationaryPoint, along: Floats) -> PrincipalAxis:
    if abs(along[0]) <= FLAT:
        return PrincipalAxis(intercept=point.x, slope=None)
    slope = float(along[1] / along[0])
    return PrincipalAxis(intercept=point.y - slope * point.x, slope=slope)


def _agreement(x: Floats, y: Floats) -> Agreement:
    difference = (x - x.mean()) / x.std(ddof=1) - (y - y.mean()) / y.std(ddof=1)
    x_higher, y_higher = float((difference >= APART).mean()), float((difference <= -APART).mean())
    return Agreement(x_higher=x_higher, alike=1 - x_higher - y_higher, y_higher=y_higher)
