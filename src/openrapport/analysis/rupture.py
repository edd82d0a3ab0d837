"""Where an alliance (or any score) broke, how deep, how long, and whether it came back: one walk for every rule.

An episode begins at the first score below the rule's line and ends at the first score back on the good side of that
same line. Until then its scores do not count towards what is usual for the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from openrapport.analysis.baseline import Floats
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.rules import Flags, Parameters, Rule

# v_shape: down for one session and back; u_shape: down for several and back; not_repaired: still down at the end.
Pattern: TypeAlias = Literal["v_shape", "u_shape", "not_repaired"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rule saw at one session. `limit` and `reference` are None where it could not judge yet."""

    session: int
    score: float | None
    reference: float | None
    limit: float | None
    statistic: float | None
    in_rupture: bool


@dataclass(frozen=True, slots=True)
class Episode:
    """One rupture. `depth` is how far its worst score lies from the reference at onset, never negative.

    `length` counts the scores given from onset until the score that came back (not counted) or the end.
    """

    onset: int
    onset_score: float
    reference: float
    limit: float
    statistic: float
    worst_score: float
    depth: float
    length: int
    repaired: bool
    recovered_at: int | None
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class RuptureResult:
    rule: str
    parameters: Parameters
    direction: Direction
    judgements: tuple[Judgement, ...]
    episodes: tuple[Episode, ...]

    @property
    def open_episode(self) -> Episode | None:
        """The rupture that the last score is still in, if any."""
        return self.episodes[-1] if self.episodes and not self.episodes[-1].repaired else None


@dataclass(frozen=True, slots=True)
class Sweep:
    """The same for many people: arrays (people, sessions), oriented so that higher is better."""

    scores: Floats
    reference: Floats
    limit: Floats
    statistic: Floats
    onset: Flags
    in_rupture: Flags

    @property
    def flagged_people(self) -> Flags:
        return np.asarray(self.onset.any(axis=1))


def rupture(
    series: Sequence[float | None], rule: Rule, *, direction: Direction, sessions: Sequence[int] | None = None
) -> RuptureResult:
    """Apply one rule to one course. `series` is in session order, None where no score was given.

    `sessions` are the session numbers, one for each score (default 1, 2, 3, ...), rising. Raises ValueError otherwise.
    """
    numbers = list(range(1, len(series) + 1)) if sessions is None else list(sessions)
    if len(numbers) != len(series) or any(late <= early for early, late in pairwise(numbers)):
        raise ValueError("Session numbers must rise, one for each score.")
    scores = np.array([[np.nan if score is None else float(score) for score in series]]).reshape(1, len(series))
    if np.isinf(scores).any():
        raise ValueError("A score must be a finite number.")
    sign = sign_of(direction)
    walked = sweep(sign * scores, rule, sign=sign)
    return RuptureResult(
        rule=rule.name,
        parameters=rule.parameters,
        direction=direction,
        judgements=_judgements(walked, numbers, sign),
        episodes=episodes_of(walked, 0, numbers, sign=sign),
    )


def sweep(scores: Floats, rule: Rule, *, sign: float) -> Sweep:
    """Walk all courses session by session. `scores` is (people, sessions), oriented, NaN where none was given."""
    people, sessions = scores.shape
    watch = rule.watch(scores, sign)
    reference, limit, statistic = (np.full(scores.shape, np.nan) for _ in range(3))
    onset, in_rupture = (np.zeros(scores.shape, dtype=bool) for _ in range(2))
    is_open, line_at_onset = np.zeros(people, dtype=bool), np.full(people, np.nan)
    for session in range(sessions):
        given = scores[:, session]
        answered = ~np.isnan(given)
        line = watch.line(session)
        still_open = is_open & ~(answered & (given >= line_at_onset))
        begins = answered & line.ready & (given < line.boundary) & ~still_open
        line_at_onset = np.where(begins, line.boundary, line_at_onset)
        is_open = still_open | begins
        reference[:, session] = np.where(line.ready, line.reference, np.nan)
        limit[:, session] = np.where(line.ready, line.limit, np.nan)
        statistic[:, session] = np.where(line.ready, watch.statistic(line, given), np.nan)
        onset[:, session] = begins
        in_rupture[:, session] = is_open & answered
        watch.learn(session, given, in_rupture=is_open)
    return Sweep(scores, reference, limit, statistic, onset, in_rupture)


def episodes_of(walked: Sweep, person: int, sessions: Sequence[int], *, sign: float) -> tuple[Episode, ...]:
    """The episodes of one person of a sweep, in the scores' own direction."""
    scores, onsets = walked.scores[person], [int(index) for index in np.flatnonzero(walked.onset[person])]
    given = np.flatnonzero(~np.isnan(scores))
    episodes = []
    for onset in onsets:
        later = given[given > onset]
        back = later[~walked.in_rupture[person, later] | walked.onset[person, later]]
        ends = int(back[0]) if len(back) else None
        inside = given[(given >= onset) & (given < (ends if ends is not None else len(scores)))]
        worst = float(scores[inside].min())
        repaired = ends is not None
        episodes.append(
            Episode(
                onset=sessions[onset],
                onset_score=sign * float(scores[onset]),
                reference=sign * float(walked.reference[person, onset]),
                limit=sign * float(walked.limit[person, onset]),
                statistic=float(walked.statistic[person, onset]),
                worst_score=sign * worst,
                depth=float(walked.reference[person, onset]) - worst,
                length=len(inside),
                repaired=repaired,
                recovered_at=sessions[ends] if ends is not None else None,
                pattern="not_repaired" if not repaired else "v_shape" if len(inside) == 1 else "u_shape",
            )
        )
    return tuple(episodes)


def _judgements(walked: Sweep, sessions: Sequence[int], sign: float) -> tuple[Judgement, ...]:
    def shown(value: float, factor: float = 1.0) -> float | None:
        return None if not np.isfinite(value) else factor * float(value)

    return tuple(
        Judgement(
            session=number,
            score=shown(walked.scores[0, index], sign),
            reference=shown(walked.reference[0, index], sign),
            limit=shown(walked.limit[0, index], sign),
            statistic=shown(walked.statistic[0, index]),
            in_rupture=bool(walked.in_rupture[0, index]),
        )
        for index, number in enumerate(sessions)
    )
