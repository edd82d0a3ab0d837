"""How a table of sessions is read as whole numbers, so that every engine adds up the very same sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Clock = Literal["log", "linear"]

# log(session) is counted in steps of 2^-20: far finer than any course is known, and sums of squares stay below 2^63.
LOG_STEPS = 2**20
# A session number above this is taken for a mistake (a date, an identifier).
LAST_SESSION = 4_999
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class SessionColumns:
    """Columns of a table of sessions, a row each. `covariates` are a client's own numbers, the same in all rows."""

    client: str
    session: str
    score: str
    covariates: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        return (self.client, self.session, self.score, *self.covariates)

    def __post_init__(self) -> None:
        if len(set(self.names())) != len(self.names()):
            raise ValueError(f"Each column has one part to play: {', '.join(self.names())}.")


@dataclass(frozen=True, slots=True)
class Counting:
    """A score counts `round(score / unit) - centre`; a session t = round(2^20 log(session)), or its own number.

    `unit` is the smallest step between two scores (1 for a sum of whole numbers, 1/8 for a mean of eight). Scores that
    are no whole number of units are refused, not rounded. `centre` is in units and keeps sums small.
    """

    unit: float
    clock: Clock
    centre: int = 0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.unit) and self.unit > 0):
            raise ValueError("The unit of the scores must be above 0: the smallest step between two scores.")
        if self.clock not in ("log", "linear"):
            raise ValueError(f"The clock is 'log' or 'linear', not {self.clock!r}.")

    @property
    def per_point(self) -> float:
        """Units in one point. Exact where the unit is one part of a whole (1/8, .1)."""
        per_point = 1 / self.unit
        return float(round(per_point)) if abs(per_point - round(per_point)) < 1e-9 * per_point else per_point

    @property
    def steps(self) -> int:
        """Steps of t in one unit of time."""
        return LOG_STEPS if self.clock == "log" else 1

    @property
    def time_name(self) -> str:
        return "log(session)" if self.clock == "log" else "session"

    def times(self, session: str) -> str:
        """What the random slope is called for this session column."""
        return f"log({session})" if self.clock == "log" else session

    def time_table(self) -> NDArray[np.int64]:
        """t by session number (LAST_SESSION + 1,); NO_TIME where there is no such session."""
        number = np.arange(LAST_SESSION + 1)
        if self.clock == "linear":
            return number.astype(np.int64)
        table = np.full(LAST_SESSION + 1, NO_TIME, dtype=np.int64)
        table[1:] = np.rint(np.log(number[1:]) * LOG_STEPS).astype(np.int64)
        return table
