"""The design of a growth model: outcome, fixed and random columns, and who each row belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.growth.columns import Coding

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """`codes` (rows,) index `labels`; `column` is the name in the table."""

    column: str
    codes: Codes
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """`y` (rows,), `x` (rows, p), `z` (rows, q): rows with any missing value are already gone.

    `therapist` is the third level where given; `crossed` are further grouping factors with a random intercept each.
    `dropped` counts rows left out because something was missing; the codings make columns for further rows.
    """

    outcome: str
    y: Floats
    x: Floats
    z: Floats
    fixed_names: tuple[str, ...]
    random_names: tuple[str, ...]
    client: Grouping
    therapist: Grouping | None = None
    crossed: Mapping[str, Grouping] = field(default_factory=dict)
    dropped: int = 0
    fixed_coding: Coding | None = None
    random_coding: Coding | None = None
