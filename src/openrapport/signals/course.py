"""One relationship as the signal rules see it: numbers only, and only those the therapist may read. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass

from openrapport.analysis.instrument import Instrument


@dataclass(frozen=True)
class Seen:
    """One shared check-in of the client. `components` holds what was answered, by component."""

    session: int
    total: float | None
    components: Mapping[str, float]
    at_ceiling: bool


@dataclass(frozen=True)
class Course:
    """`held` are the numbers of the sessions that took place; the rest is in session order, missing ones left out.

    `shared` are the sessions of which the client shared anything at all, words alone included.
    """

    held: tuple[int, ...]
    alliance: Instrument
    client: tuple[Seen, ...]
    mirror: Instrument | None
    therapist: Mapping[int, float]
    wellbeing: Instrument | None
    wellbeing_scores: tuple[tuple[int, float], ...]
    shared: tuple[int, ...] = ()

    @property
    def newest_session(self) -> int:
        """The newest session of which an answer with a number was shared; 0 before the first."""
        shared = [seen.session for seen in self.client] + [session for session, _ in self.wellbeing_scores]
        return max(shared, default=0)

    @property
    def last_shared(self) -> int:
        """The newest session of which anything was shared, be it one sentence; 0 before the first."""
        return max((*self.shared, self.newest_session))
