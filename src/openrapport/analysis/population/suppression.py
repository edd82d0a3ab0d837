"""Which counts of an overview may be shown, so that neither a count nor what follows from several shows a few people.

Three ways a small group can be seen, and what is done about each:

- Its own count is below `fewest`: the row is left out.
- Rows and their total are shown, and what is left out follows by subtraction. Further rows are left out until, whatever
  is added and taken away, the small counts could still be any numbers from 1 to `fewest` - 1 (complementary
  suppression; Willenborg & de Waal 2001). Where that takes too many rows, the total is left out instead.
- The number still in treatment falls by fewer than `fewest` from one session to the next: those who left would be
  counted. It is shown again only after `fewest` have left; and a row whose own count would tell it all the same is left
  out with it (nobody has a score at a session without being in treatment).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Rows given up for the sake of the total; where these do not suffice, the total is given up instead.
MOST_MORE = 2

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """Sessions whose row may be shown, those whose number still in treatment may, and whether the total may."""

    rows: frozenset[int]
    still: frozenset[int]
    total: bool


def may_be_shown(counts: Mapping[int, int], still: Mapping[int, int], people: int, *, fewest: int) -> Shown:
    """`counts` people by session, `still` in treatment at it, and `people` in all, which is shown.

    Three people at session 3 hide behind the twelve at session 2, of whom there might be up to fifteen:

    >>> shown = may_be_shown({1: 25, 2: 12, 3: 3}, {1: 25, 2: 15, 3: 3}, 25, fewest=5)
    >>> sorted(shown.rows), sorted(shown.still), shown.total
    ([1], [1, 2], True)
    """
    if fewest < 2:
        raise ValueError("The smallest group that is shown has 2 people or more.")
    sessions = sorted(counts)
    shown, ceilings = _still_shown(sessions, still, people, fewest)
    small = {session for session in sessions if counts[session] < fewest}
    # Between the last number shown and this row's own count there must be room for any number of people who left.
    telling = {
        session for session in sessions if session not in shown and counts[session] > ceilings[session] - (fewest - 2)
    }
    # A total would narrow down the rows of the second kind as well: with those, it is simply left out.
    more = None if telling - small else _more_rows(counts, small, ceilings, fewest)
    left_out = small | telling | (more or set())
    return Shown(frozenset(sessions) - left_out, frozenset(shown), total=more is not None)


def _still_shown(
    sessions: Sequence[int], still: Mapping[int, int], people: int, fewest: int
) -> tuple[set[int], dict[int, int]]:
    """Where the number still in treatment is shown; and the most who may have come to each session by what is shown."""
    shown, ceilings, last = set(), {}, people
    for session in sessions:
        left = last - still[session]
        if still[session] >= fewest and (left == 0 or left >= fewest):
            shown.add(session)
            last = still[session]
        ceilings[session] = last if session in shown else last - 1
    return shown, ceilings


def _more_rows(counts: Mapping[int, int], small: set[int], ceilings: Mapping[int, int], fewest: int) -> set[int] | None:
    """The smallest rows that hide the small ones behind the total; None when it would take more than `MOST_MORE`."""
    spans = dict.fromkeys(small, (1, fewest - 1))
    more: set[int] = set()
    for _, session in sorted((count, session) for session, count in counts.items() if session not in small):
        if is_protected({each: counts[each] for each in spans}, spans, small, fewest):
            return more
        if len(more) == MOST_MORE:
            return None
        more.add(session)
        spans[session] = (fewest, ceilings[session])
    return more if is_protected({each: counts[each] for each in spans}, spans, small, fewest) else None


def is_protected(counts: Mapping[int, int], spans: Mapping[int, Span], small: set[int], fewest: int) -> bool:
    """Knowing the sum of the counts left out, and the span of each: could the small ones be any small numbers, all of
    them at once? The others then have to take up what is left."""
    total = sum(counts.values())
    others = [span for session, span in spans.items() if session not in small]
    low, high = sum(span[0] for span in others), sum(span[1] for span in others)
    return not small or (low <= total - len(small) * (fewest - 1) and total - len(small) <= high)
