"""The search over covariance matrices: a client matrix D and one variance per further factor, boundary included.

The search moves in a triangular factor L of D and in the factors' standard deviations, all in units of the residual's.
There every boundary point is stationary, so a point that stands still is only believed when the derivative by D itself
has no downward direction; otherwise the search leaves along that direction and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.descent import Function, Low, descend, polish
from openrapport.analysis.growth.small_matrices import Floats

# A share of variance this small is tried at zero; zero stays when the deviance is no higher than by this much.
_NEARLY_ZERO, _NO_HIGHER = 1e-3, 1e-9
# The gain in deviance that leaving the boundary must promise to be tried, and with which a point is not a minimum.
_WORTH_TRYING, _NOT_A_MINIMUM = 1e-10, 1e-7
_DEPARTURES = 12


class Spot(Protocol):
    """Anything that knows its deviance."""

    @property
    def deviance(self) -> float: ...


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """Derivatives of the deviance by D as a matrix of free entries, (q, q), and by the factors' variances, (k,).

    `client_size` (q,) and `factor_sizes` (k,) are the information one client or level carries on a coefficient: times a
    variance they make its share, and the numbers of levels make the curvature.
    """

    client: Floats
    factors: Floats
    client_size: Floats
    factor_sizes: Floats


class Criterion(Protocol):
    """A profiled deviance. `n_levels` (1 + k,) counts clients and the levels of each further factor."""

    @property
    def n_random(self) -> int: ...

    @property
    def n_levels(self) -> tuple[int, ...]: ...

    def spot(self, d: Floats, factors: Floats) -> Spot | None: ...

    def slopes(self, spot: Spot) -> Slopes: ...


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A root F (q, q) with D = F F', the factors' standard deviations (k,), and `free` (q, q): what of F may move."""

    factor: Floats
    roots: Floats
    free: NDArray[np.bool_]

    @property
    def numbers(self) -> Floats:
        return np.concatenate([self.factor[self.free], self.roots])

    def moved_to(self, numbers: Floats) -> Place:
        factor = self.factor.copy()
        count = int(self.free.sum())
        factor[self.free] = numbers[:count]
        return Place(factor, numbers[count:], self.free)


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The lowest point found: `d` (q, q) and `factors` (k,) in units of sigma^2; `inverse` Hessian in `place.numbers`.

    `singular` has one entry for the client matrix and one per factor. `certified` says that the gradient vanished and
    no direction leads down, `gain` what the steepest one would promise.
    """

    d: Floats
    factors: Floats
    spot: Spot
    place: Place
    inverse: Floats
    singular: tuple[bool, ...]
    certified: bool
    gain: float
    evaluations: int


def lower_place(factor: Floats, roots: Floats) -> Place:
    return Place(factor, roots, np.tril(np.ones(factor.shape, dtype=bool)))


def starts(n_random: int, n_factors: int) -> tuple[Place, ...]:
    """A usual start, and two from which the search sees other valleys: most of the spread with factors, or clients."""
    sizes = ((1.0, 0.4), (0.4, 1.5), (2.0, 0.05))
    return tuple(lower_place(client * np.eye(n_random), np.full(n_factors, factor)) for client, factor in sizes)


def find_lowest_of(criterion: Criterion, places: Sequence[Place]) -> Estimate | None:
    """The lowest of the minima downhill from several starts, second derivatives checked there."""
    found = [estimate for place in places if (estimate := find_lowest(criterion, place, thorough=False)) is not None]
    if not found:
        return None
    best = min(found, key=lambda estimate: estimate.spot.deviance)
    checked = find_lowest(criterion, best.place, inverse=best.inverse)
    return best if checked is None else checked


def find_lowest(
    criterion: Criterion, start: Place, *, inverse: Floats | None = None, thorough: bool = True
) -> Estimate | None:
    """The minimum downhill from `start`; None when there is no deviance there. `thorough` checks second derivatives."""
    went = _go_down(criterion, start, inverse, thorough)
    if went is None:
        return None
    place, low = went
    evaluations = low.evaluations
    for _ in range(_DEPARTURES):
        view = _look(criterion, place)
        settled = _settle_on_zeros(criterion, place, low, view[1], thorough)
        if settled[0] is not place:
            place, low = settled
            view = _look(criterion, place)
        departure = _departure(criterion, place, low.value, view[1])
        further = None if departure is None else _go_down(criterion, departure, None, thorough)
        if further is None or further[1].value >= low.value:
            break
        place, low = further
        evaluations += low.evaluations
    return _describe(criterion, place, low, view, evaluations)


def _go_down(criterion: Criterion, start: Place, inverse: Floats | None, thorough: bool) -> tuple[Place, Low] | None:
    function = _as_function(criterion, start)
    low = descend(function, start.numbers, inverse)
    if low is not None and thorough:
        low = polish(function, low)
    return None if low is None else (start.moved_to(low.at), low)


def _as_function(criterion: Criterion, start: Place) -> Function:
    def function(numbers: Floats) -> tuple[float, Callable[[], Floats]] | None:
        place = start.moved_to(numbers)
        spot = _spot(criterion, place) if np.isfinite(numbers).all() else None
        if spot is None:
            return None

        def gradient() -> Floats:
            slopes = criterion.slopes(spot)
            by_factor = 2 * slopes.client @ place.factor
            return np.concatenate([by_factor[place.free], 2 * slopes.factors * place.roots])

        return spot.deviance, gradient

    return function


def _spot(criterion: Criterion, place: Place) -> Spot | None:
    return criterion.spot(place.factor @ place.factor.T, place.roots**2)


def _look(criterion: Criterion, place: Place) -> tuple[Spot, Slopes]:
    spot = _spot(criterion, place)
    assert spot is not None
    return spot, criterion.slopes(spot)


def _settle_on_zeros(criterion: Criterion, place: Place, low: Low, slopes: Slopes, thorough: bool) -> tuple[Place, Low]:
    """The minimum with small variances at exactly zero, where that raises nothing: what is left moves once more.

    There the remaining columns of F move freely, for a triangle bends where its first entry is zero too.
    """
    flat = _without_small_roots(criterion, place, low.value, slopes)
    flat = _with_fewer_columns(criterion, flat, low.value, slopes)
    if flat is place:
        return place, low
    went = _go_down(criterion, flat, None, thorough)
    return (flat, low) if went is None else went


def _without_small_roots(criterion: Criterion, place: Place, value: float, slopes: Slopes) -> Place:
    for index, size in enumerate(slopes.factor_sizes):
        if place.roots[index] and place.roots[index] ** 2 * size < _NEARLY_ZERO:
            roots = place.roots.copy()
            roots[index] = 0
            without = Place(place.factor, roots, place.free)
            place = without if _no_higher(criterion, without, value) else place
    return place


def _with_fewer_columns(criterion: Criterion, place: Place, value: float, slopes: Slopes) -> Place:
    scale = np.sqrt(np.maximum(slopes.client_size, 1e-300))
    for _ in range(criterion.n_random):
        left, sizes, _right = np.linalg.svd(scale[:, None] * place.factor)
        there = int((sizes > 0).sum())
        if not there or sizes[there - 1] ** 2 > _NEARLY_ZERO:
            break
        sizes[there - 1 :] = 0
        free = np.zeros(place.free.shape, dtype=bool)
        free[:, : there - 1] = True
        fewer = Place((left * sizes) / scale[:, None], place.roots, free)
        if not _no_higher(criterion, fewer, value):
            break
        place = fewer
    return place


def _no_higher(criterion: Criterion, place: Place, value: float) -> bool:
    spot = _spot(criterion, place)
    return spot is not None and spot.deviance <= value + _NO_HIGHER


def lower_factor(square_root: Floats) -> Floats:
    """The lower triangular L with L L' = F F' for any (q, m) root F, singular or not; no diagonal entry is negative."""
    upper = np.linalg.qr(square_root.T, mode="r")
    whole = np.zeros((len(square_root), len(square_root)))
    whole[: len(upper)] = upper
    signs = np.where(np.diagonal(whole) < 0, -1.0, 1.0)
    return np.ascontiguousarray((signs[:, None] * whole).T)


def _downward(criterion: Criterion, slopes: Slopes) -> tuple[float, int, Floats]:
    """The gain promised by the steepest way into the cone, which term it widens (0 the client), and how."""
    scale = 1 / np.sqrt(np.maximum(slopes.client_size, 1e-300))
    values, vectors = np.linalg.eigh(slopes.client * np.outer(scale, scale))
    drop = min(float(values[0]), 0.0)
    best, term = drop**2 / (2 * criterion.n_levels[0]), 0
    way = scale * vectors[:, 0] * np.sqrt(-drop / criterion.n_levels[0])
    for index, (slope, size) in enumerate(zip(slopes.factors, slopes.factor_sizes, strict=True)):
        drop = min(float(slope / max(size, 1e-300)), 0.0)
        gain = drop**2 / (2 * criterion.n_levels[index + 1])
        if gain > best:
            best, term = gain, index + 1
            way = np.array([np.sqrt(-drop / criterion.n_levels[index + 1] / max(size, 1e-300))])
    return best, term, way


def _departure(criterion: Criterion, place: Place, value: float, slopes: Slopes) -> Place | None:
    """A lower point away from the boundary; None when there is none worth going to."""
    gain, term, way = _downward(criterion, slopes)
    if gain < _WORTH_TRYING:
        return None
    for length in (4.0, 2.0, 1.0, 0.5, 0.25, 0.06, 0.01):
        factor, roots = lower_factor(place.factor), place.roots.copy()
        if term:
            roots[term - 1] = np.hypot(roots[term - 1], length * way[0])
        else:
            factor = lower_factor(np.column_stack([factor, length * way]))
        there = lower_place(factor, roots)
        spot = _spot(criterion, there)
        if spot is not None and spot.deviance < value - _WORTH_TRYING / 10:
            return there
    return None


def _describe(criterion: Criterion, place: Place, low: Low, view: tuple[Spot, Slopes], evaluations: int) -> Estimate:
    spot, slopes = view
    gain = _downward(criterion, slopes)[0]
    scaled = np.sqrt(np.maximum(slopes.client_size, 1e-300))[:, None] * place.factor
    sizes = np.linalg.svd(scaled, compute_uv=False)
    return Estimate(
        d=place.factor @ place.factor.T,
        factors=place.roots**2,
        spot=spot,
        place=place,
        inverse=low.inverse,
        singular=(bool(sizes[-1] <= 1e-10 * max(float(sizes[0]), 1e-10)), *(bool(root == 0) for root in place.roots)),
        certified=low.settled and gain < _NOT_A_MINIMUM,
        gain=gain,
        evaluations=evaluations,
    )
