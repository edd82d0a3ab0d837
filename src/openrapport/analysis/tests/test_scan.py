"""A whole table at once gives each client what they would get alone."""

import numpy as np

from openrapport.analysis.rules import OwnSd, PointDrop
from openrapport.analysis.rupture import rupture
from openrapport.analysis.scan import courses_of, scan


def test_rows_in_any_order_become_courses_in_session_order():
    courses = courses_of(["b", "a", "b", "a"], np.array([2.0, 5.0, 1.0, 3.0]), np.array([20.0, 15.0, 10.0, 13.0]))
    assert courses.clients == ("b", "a")
    assert [course.tolist() for course in courses.series()] == [[10, 20], [13, 15]]


def test_a_scan_agrees_with_each_course_alone_whatever_its_length():
    rng = np.random.default_rng(9)
    lengths = rng.integers(1, 30, 200)
    clients = [f"c{number}" for number, length in enumerate(lengths) for _ in range(length)]
    sessions = np.concatenate([np.arange(1.0, length + 1) for length in lengths])
    scores = np.round(rng.normal(7, 2, len(clients)), 1)
    shuffled = rng.permutation(len(clients))
    courses = courses_of([clients[place] for place in shuffled], sessions[shuffled], scores[shuffled])
    for rule in (OwnSd(2), PointDrop(cut_off=4, drop=3)):
        found = scan(courses, rule, direction="higher_is_better")
        alone = {
            client: rupture(course.tolist(), rule, direction="higher_is_better").episodes
            for client, course in zip(courses.clients, courses.series(), strict=True)
        }
        assert found.flagged_clients == sum(bool(episodes) for episodes in alone.values())
        assert [(one.client, one.onset_session, one.recovered_at) for one in found.found] == [
            (client, episode.onset, episode.recovered_at) for client, episodes in alone.items() for episode in episodes
        ]
        assert found.recovered == sum(episode.repaired for episodes in alone.values() for episode in episodes)
