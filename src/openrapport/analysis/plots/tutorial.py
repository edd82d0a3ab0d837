"""The pictures of docs/analysis/tutorial.md, each with its description.

`python -m openrapport.analysis.plots.tutorial docs/analysis/images` draws them again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.charts import ewma_chart, individuals_chart
from openrapport.analysis.dropout import dropout_risk
from openrapport.analysis.expected_response import Course, expected_course, expected_response
from openrapport.analysis.meta import meta
from openrapport.analysis.plots import calibration, control_chart, courses, forest, profile, surface, trajectory
from openrapport.analysis.plots.saving import save
from openrapport.analysis.response_surface import response_surface
from openrapport.analysis.rules import PointDrop
from openrapport.analysis.rupture import rupture
from openrapport.analysis.scan import Courses, courses_of
from openrapport.analysis.simulate_courses import CLIENTS, SEED, invented_courses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

SCORE, DAY = "Depression score (0 to 63, lower is better)", "Day of therapy"
# The person whose course is drawn, the drop that counts there, and who counts as having left early.
WHO, DROP, LEFT_BEFORE_DAY = "185", 10.0, 120
COVERAGE = 0.8
STUDIES: Mapping[str, tuple[float, int]] = {
    "Study A": (0.31, 84),
    "Study B": (0.10, 46),
    "Study C": (0.28, 152),
    "Study D": (0.55, 38),
    "Study E": (0.14, 210),
    "Study F": (0.46, 67),
    "Study G": (0.24, 95),
    "Study H": (-0.06, 58),
}
EARLIER = (
    {"trust": 7, "empathy": 8, "genuineness": 7, "respect": 9, "active_listening": 8, "confidentiality": 10},
    {"trust": 8, "empathy": 8, "genuineness": 8, "respect": 9, "active_listening": 8, "shared_goals": 7},
)
ANSWERS = {"trust": 5, "empathy": 7, "genuineness": 8, "respect": 9, "active_listening": 4, "shared_goals": 6}


@dataclass(frozen=True, slots=True)
class Picture:
    figure: Figure
    description: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """The table with sessions counted from 1 for each client; the score at day 0 is the intake. `left` is 0 or 1."""

    client: list[str]
    session: list[int]
    score: list[float]
    intake: list[float]
    left: list[int]


def table() -> Courses:
    """The invented courses, ordered by day."""
    rows = invented_courses(clients=CLIENTS, seed=SEED)
    days, scores = (np.array([float(row[place]) for row in rows]) for place in (1, 2))
    return courses_of([str(row[0]) for row in rows], days, scores)


def sessions_of(found: Courses) -> Sessions:
    out = Sessions([], [], [], [], [])
    for client, first, length in zip(found.clients, found.first, found.lengths, strict=True):
        days, scores = (column[first : first + length] for column in (found.sessions, found.scores))
        for number in range(1, length):
            out.client.append(client)
            out.session.append(number)
            out.score.append(float(scores[number]))
            out.intake.append(float(scores[0]))
            out.left.append(int(number == length - 1 and days[-1] < LEFT_BEFORE_DAY))
    return out


def history_of(found: Courses) -> list[Course]:
    """What an expected response learns from: the intake score, and the scores of the sessions."""
    return [
        Course(client, float(scores[0]), tuple(float(score) for score in scores[1:]))
        for client, scores in zip(found.clients, found.series(), strict=True)
    ]


def pictures() -> dict[str, Picture]:
    """Every picture by its name."""
    drawn = table()
    return {name: draw(drawn) for name, draw in _DRAWN.items()}


def _expected(found: Courses) -> Picture:
    response = expected_response(history_of(found), direction="lower_is_better")
    points = expected_course(response, 25, coverage=COVERAGE)
    rows = sessions_of(found)
    seen = courses_of(rows.client, np.array(rows.session, dtype=float), np.array(rows.score))
    figure = courses.draw_expected(points, score=SCORE, coverage=COVERAGE, courses=seen, scale=(0, 63))
    return Picture(figure, courses.describe_expected(points, coverage=COVERAGE))


def _trajectory(found: Courses) -> Picture:
    course = next(course for course in history_of(found) if course.client == WHO)
    response = expected_response(history_of(found), direction="lower_is_better")
    band = expected_course(response, course.intake, coverage=COVERAGE, sessions=range(1, len(course.scores) + 1))
    result = rupture(course.scores, PointDrop(None, DROP), direction="lower_is_better")
    figure = trajectory.draw_trajectory(result, score=SCORE, band=band, scale=(0, 63))
    return Picture(figure, trajectory.describe_trajectory(result))


def _individuals(found: Courses) -> Picture:
    scores = next(course for course in history_of(found) if course.client == WHO).scores
    values = [score for score in scores if score is not None]
    chart = individuals_chart(values, sigmas=3)
    figure = control_chart.draw_individuals(chart, values, score=SCORE)
    return Picture(figure, control_chart.describe_individuals(chart, values))


def _ewma(found: Courses) -> Picture:
    chart = ewma_chart([0.3, -0.4, 0.9, 0.1, -0.2, -1.1, -1.4, -0.8, -1.6, -1.2, -0.3, -1.0], weight=0.2, width=2.0)
    return Picture(control_chart.draw_ewma(chart), control_chart.describe_ewma(chart))


def _profile(found: Courses) -> Picture:
    made = profile.component_profile(ANSWERS, get_instrument("alliance-adult"), earlier=EARLIER)
    return Picture(profile.draw_profile(made), profile.describe_profile(made))


def two_views(*, rows: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Invented: client's and therapist's view, 0 to 10, and an outcome that is best where both are high and alike."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(7, 1.4, rows)
    client, therapist = (np.clip(np.round(shared + rng.normal(0, 1.1, rows)), 0, 10) for _ in range(2))
    outcome = 10 + 1.2 * (client + therapist - 10) - 0.5 * (client - therapist) ** 2 + rng.normal(0, 2.5, rows)
    return client, therapist, outcome


def _surface(found: Courses) -> Picture:
    client, therapist, outcome = two_views(rows=200, seed=3)
    made = response_surface(client, therapist, outcome, centre=(5, 5))
    figure = surface.draw_surface(
        made, x="Client's view (0 to 10)", y="Therapist's view (0 to 10)", z="Improvement (points)", scale=(2, 10)
    )
    return Picture(figure, surface.describe_surface(made))


def _forest(found: Courses) -> Picture:
    r, n = ([study[place] for study in STUDIES.values()] for place in (0, 1))
    pooled = meta(r, n, "reml", knapp_hartung=True)
    return Picture(forest.draw_forest(pooled, r, n, list(STUDIES)), forest.describe_forest(pooled))


def _calibration(found: Courses) -> Picture:
    rows = sessions_of(found)
    risk = dropout_risk(
        rows.client, rows.session, rows.left, {"score": rows.score}, baseline="log", held_out=0.5, seed=1
    )
    if risk.check is None:
        raise ValueError("Nobody was held out.")
    return Picture(
        calibration.draw_calibration(risk.check, event="leaving"), calibration.describe_calibration(risk.check)
    )


_DRAWN: Mapping[str, Callable[[Courses], Picture]] = {
    "expected": _expected,
    "trajectory": _trajectory,
    "individuals": _individuals,
    "ewma": _ewma,
    "profile": _profile,
    "surface": _surface,
    "forest": _forest,
    "calibration": _calibration,
}


def write_pictures(folder: Path) -> list[Path]:
    """One PNG for each, in a folder that is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, picture in pictures().items():
        save(picture.figure, folder / f"{name}.png")
        written.append(folder / f"{name}.png")
    return written


if __name__ == "__main__":
    import sys

    if len(sys.argv) != 2:
        sys.exit("Which folder? python -m openrapport.analysis.plots.tutorial docs/analysis/images")
    for path in write_pictures(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
