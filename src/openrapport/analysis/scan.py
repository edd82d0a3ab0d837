"""A rule over a whole table of courses, in blocks of people with courses of like length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.baseline import Floats
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.rules import Flags, Rule
from openrapport.analysis.rupture import Episode, episodes_of, sweep

# Small enough for the arrays of a block to stay in the processor's cache, large enough for NumPy to be worth its call.
_PEOPLE_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Courses:
    """Scores of many people, each person's in session order. `first` marks where each person's scores begin."""

    clients: tuple[str, ...]
    first: NDArray[np.int64]
    sessions: Floats
    scores: Floats

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(np.append(self.first, len(self.scores)))

    def series(self) -> list[Floats]:
        return np.split(self.scores, self.first[1:])


@dataclass(frozen=True, slots=True)
class FoundEpisode:
    """An episode with the client and the table's own session numbers; `recovered_at` None while not repaired."""

    client: str
    onset_session: float
    recovered_at: float | None
    episode: Episode


@dataclass(frozen=True, slots=True)
class Scan:
    clients: int
    sessions: int
    flagged_clients: int
    found: tuple[FoundEpisode, ...]

    @property
    def recovered(self) -> int:
        return sum(found.episode.repaired for found in self.found)


def courses_of(clients: list[str], sessions: Floats, scores: Floats) -> Courses:
    """Group rows by client, in the order clients first appear, and sort each client's rows by session."""
    numbers = {client: number for number, client in enumerate(dict.fromkeys(clients))}
    owner = np.fromiter((numbers[client] for client in clients), dtype=np.int64, count=len(clients))
    order = np.lexsort((sessions, owner))
    first = np.searchsorted(owner[order], np.arange(len(numbers)))
    return Courses(tuple(numbers), first.astype(np.int64), sessions[order], scores[order])


def scan(courses: Courses, rule: Rule, *, direction: Direction) -> Scan:
    """Apply the rule to every course. Episodes come out in the order of the clients, then of their sessions."""
    sign = sign_of(direction)
    found: dict[int, list[FoundEpisode]] = {}
    for people, scores in _blocks(courses):
        walked = sweep(sign * scores, rule, sign=sign)
        for row in np.flatnonzero(walked.flagged_people):
            person = int(people[row])
            found[person] = _found(courses, person, episodes_of(walked, int(row), range(scores.shape[1]), sign=sign))
    return Scan(
        clients=len(courses.clients),
        sessions=len(courses.scores),
        flagged_clients=len(found),
        found=tuple(episode for person in sorted(found) for episode in found[person]),
    )


def flags(courses: Courses, rule: Rule, *, direction: Direction) -> tuple[Flags, Flags]:
    """For each score of the table, in its order: whether a rupture begins there, and whether one is open there."""
    sign = sign_of(direction)
    begins, is_open = (np.zeros(len(courses.scores), dtype=bool) for _ in range(2))
    for people, scores in _blocks(courses):
        walked = sweep(sign * scores, rule, sign=sign)
        inside = ~np.isnan(scores)
        rows = (courses.first[people][:, None] + np.arange(scores.shape[1]))[inside]
        begins[rows], is_open[rows] = walked.onset[inside], walked.in_rupture[inside]
    return begins, is_open


def _found(courses: Courses, person: int, episodes: tuple[Episode, ...]) -> list[FoundEpisode]:
    start = int(courses.first[person])
    return [
        FoundEpisode(
            client=courses.clients[person],
            onset_session=float(courses.sessions[start + episode.onset]),
            recovered_at=(
                None if episode.recovered_at is None else float(courses.sessions[start + episode.recovered_at])
            ),
            episode=episode,
        )
        for episode in episodes
    ]


def _blocks(courses: Courses) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """People in blocks, shortest courses first, each block a matrix padded with NaN to its own longest course."""
    lengths = courses.lengths
    by_length = np.argsort(lengths, kind="stable")
    for start in range(0, len(by_length), _PEOPLE_AT_ONCE):
        people = by_length[start : start + _PEOPLE_AT_ONCE]
        position = np.arange(int(lengths[people].max()))
        inside = position < lengths[people][:, None]
        scores = np.full(inside.shape, np.nan)
        scores[inside] = courses.scores[(courses.first[people][:, None] + position)[inside]]
        yield people, scores
