"""What makes every rule worse: scores crowded at the best end, and courses in which every score is the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openrapport.analysis.scan import Courses

# Two equal scores are chance; from three on, a course that never moves is worth a look.
FEWEST_SCORES_FOR_A_STRAIGHT_LINE = 3


@dataclass(frozen=True, slots=True)
class Ceiling:
    """`share_at_ceiling` of all scores lie at the best end (None where the scale has none).

    `straight_lined` are the clients with three scores or more, all the same; `straight_lined_at_ceiling` those of them
    who gave the best score every time. No drop can be judged from such a course.
    """

    scores: int
    share_at_ceiling: float | None
    straight_lined: tuple[str, ...]
    straight_lined_at_ceiling: tuple[str, ...]


def ceiling(courses: Courses, *, best: float | None) -> Ceiling:
    """Look at a table of courses. `best` is the best possible score, in score units. Raises ValueError without scores.

    >>> from openrapport.analysis.scan import courses_of
    >>> table = courses_of(["a", "a", "a", "b", "b", "b"], np.arange(6.0), np.array([40.0, 40, 40, 36, 40, 30]))
    >>> found = ceiling(table, best=40)
    >>> round(found.share_at_ceiling, 3), found.straight_lined
    (0.667, ('a',))
    """
    if not len(courses.scores):
        raise ValueError("A table without scores has no ceiling.")
    lowest = np.minimum.reduceat(courses.scores, courses.first)
    highest = np.maximum.reduceat(courses.scores, courses.first)
    straight = (lowest == highest) & (courses.lengths >= FEWEST_SCORES_FOR_A_STRAIGHT_LINE)
    at_ceiling = straight & (highest == best) if best is not None else np.zeros(len(straight), dtype=bool)
    return Ceiling(
        scores=len(courses.scores),
        share_at_ceiling=None if best is None else float((courses.scores == best).mean()),
        straight_lined=tuple(courses.clients[place] for place in np.flatnonzero(straight)),
        straight_lined_at_ceiling=tuple(courses.clients[place] for place in np.flatnonzero(at_ceiling)),
    )
