"""Invented courses: the same for the same seed, on the scale, and shaped as their name says."""

import csv
import io
import math
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from openrapport.analysis.baseline import Population, population_of
from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.detector import detect
from openrapport.analysis.scoring import ScaleScore, score_total
from openrapport.analysis.simulate import Shape, answers_for, course, never_changing

ADULT = get_instrument("alliance-adult")
PEOPLE = population_of(ADULT)
EXAMPLE = Path(__file__).parents[4] / "docs" / "analysis" / "invented_scores.csv"


def share_flagged(shape: Shape) -> float:
    courses = [course(shape, PEOPLE, sessions=14, rng=np.random.default_rng(seed)) for seed in range(60)]
    return float(np.mean([bool(detect(scores.tolist(), ADULT).result.episodes) for scores in courses]))


def test_people_who_never_change_have_the_spread_asked_for():
    people = Population(5, 1.5, 0.7, 6, minimum=None, maximum=None)
    scores = never_changing(people, sessions=30, people=20_000, rng=np.random.default_rng(1))
    # Four standard errors at 20 000 people.
    assert scores.mean() == pytest.approx(5, abs=0.045)
    assert math.sqrt(scores.var(axis=1, ddof=1).mean()) == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize("shape", get_args(Shape))
@pytest.mark.parametrize("sessions", [1, 4, 20])
def test_every_course_keeps_to_the_scale_and_its_steps(shape, sessions):
    scores = course(shape, PEOPLE, sessions=sessions, rng=np.random.default_rng(2))
    assert scores.shape == (sessions,)
    assert scores.min() >= 0
    assert scores.max() <= 10
    assert scores * 7 == pytest.approx(np.round(scores * 7))


def test_the_same_seed_gives_the_same_course():
    first, second = (course("drift_away", PEOPLE, sessions=9, rng=np.random.default_rng(5)) for _ in range(2))
    assert (first == second).all()


def test_ruptures_are_seen_and_steady_courses_are_left_alone():
    assert share_flagged("rupture_repaired") > 0.95
    assert share_flagged("rupture_unrepaired") > 0.95
    assert share_flagged("steady") < 0.1
    assert share_flagged("steady_growth") < 0.1
    assert share_flagged("always_perfect") == 0


def test_a_repaired_rupture_comes_back_and_an_unrepaired_one_does_not():
    for seed in range(30):
        mended = course("rupture_repaired", PEOPLE, sessions=16, rng=np.random.default_rng(seed))
        broken = course("rupture_unrepaired", PEOPLE, sessions=16, rng=np.random.default_rng(seed))
        assert mended[-3:].mean() - broken[-3:].mean() > 2 * PEOPLE.within_sd


def test_a_low_start_rises_and_a_drift_falls():
    rising = course("low_start_rising", PEOPLE, sessions=20, rng=np.random.default_rng(3))
    falling = course("drift_away", PEOPLE, sessions=20, rng=np.random.default_rng(3))
    assert rising[-5:].mean() > rising[:3].mean() + PEOPLE.within_sd
    assert falling[-5:].mean() < falling[:3].mean() - PEOPLE.within_sd


@pytest.mark.parametrize("target", [0, 0.4, 3.3, 7.9, 9.9, 10])
def test_answers_add_up_to_the_score_they_were_made_for(target):
    answers = answers_for(target, ADULT, rng=np.random.default_rng(4))
    found = score_total(answers, ADULT)
    assert isinstance(found, ScaleScore)
    # Seven whole numbers come within half a step of any mean.
    assert found.value == pytest.approx(target, abs=0.5 / 7 + 1e-9)


def test_the_example_table_of_the_documentation_is_made_by_its_command():
    made = subprocess.run(
        [sys.executable, "-m", "openrapport.analysis.simulate"], capture_output=True, text=True, check=True
    ).stdout
    rows = list(csv.DictReader(io.StringIO(made)))
    shipped = list(csv.DictReader(io.StringIO(EXAMPLE.read_text(encoding="utf-8"))))
    assert [(row["client"], row["session"]) for row in rows] == [(row["client"], row["session"]) for row in shipped]
    assert [float(row["alliance"]) for row in rows] == pytest.approx([float(row["alliance"]) for row in shipped])
