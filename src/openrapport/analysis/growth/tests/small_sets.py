"""The 300 small three-level data sets of tests/reference/growth_three_levels.R, made here digit for digit."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from openrapport.analysis.growth.design import Design, Grouping


def stream(seed: int) -> Callable[[int], np.ndarray]:
    """Lehmer's generator x <- 16807 x mod (2^31 - 1) (Park & Miller 1988)."""
    state = seed

    def draw(n: int) -> np.ndarray:
        nonlocal state
        out = np.empty(n)
        for index in range(n):
            state = 16807 * state % 2147483647
            out[index] = state / 2147483647
        return out

    return draw


def grouping(column: str, codes: np.ndarray) -> Grouping:
    codes = np.asarray(codes, dtype=np.int64)
    return Grouping(column, codes, tuple(str(code + 1) for code in range(int(codes.max()) + 1)))


def small_set(number: int) -> Design:
    draw = stream(number * 7919 + 13)
    draw(3)
    one = lambda: float(draw(1)[0])  # noqa: E731 - reads as the R script beside it
    therapists = 3 + int(one() * 6)
    slopes = one() < 0.6
    sd_t = (0, 0, 0.5, 1.5)[int(one() * 4)]
    sd_0 = (0, 0.7, 2)[int(one() * 3)]
    sd_1 = (0, 0.3, 1)[int(one() * 3)]
    rho = (-1, 0, 0.5)[int(one() * 3)]
    y, t, w, sizes, owners = [], [], [], [0], []
    for therapist in range(therapists):
        u = sd_t * ndtri(one())
        for k in range(1 + int(one() * 6)):
            n = 1 + int(one() * 6) + (2 if slopes and k == 0 else 0)
            z = ndtri(draw(2))
            b0, b1 = sd_0 * z[0], sd_1 * (rho * z[0] + np.sqrt(1 - rho**2) * z[1])
            base = np.round(ndtri(one()), 3)
            e, time = ndtri(draw(n)), np.arange(n)
            y.append(np.round(20 + 0.5 * time - base + u + b0 + (b1 if slopes else 0) * time + e, 3))
            t.append(time)
            w.append(np.full(n, base))
            sizes.append(sizes[-1] + n)
            owners.append(therapist)
    lengths = [b - a for a, b in pairwise(sizes)]
    return three_level_design(
        np.concatenate(y),
        np.concatenate(t).astype(float),
        np.repeat(np.arange(len(lengths)), lengths),
        np.repeat(owners, lengths),
        slopes=slopes,
        covariate=np.concatenate(w),
    )


def three_level_design(
    y: np.ndarray,
    t: np.ndarray,
    client: np.ndarray,
    therapist: np.ndarray | None,
    *,
    slopes: bool = True,
    covariate: np.ndarray | None = None,
    crossed: dict[str, np.ndarray] | None = None,
) -> Design:
    """Fixed: intercept, t, perhaps a covariate w. Random per client: intercept, and t where `slopes`."""
    ones = np.ones(len(y))
    fixed = [ones, t] if covariate is None else [ones, t, covariate]
    names = ("(Intercept)", "t", "w")
    random = [ones, t] if slopes else [ones]
    return Design(
        outcome="y",
        y=y,
        x=np.column_stack(fixed),
        z=np.column_stack(random),
        fixed_names=names[: len(fixed)],
        random_names=names[: len(random)],
        client=grouping("client", client),
        therapist=None if therapist is None else grouping("therapist", therapist),
        crossed={name: grouping(name, codes) for name, codes in (crossed or {}).items()},
    )
