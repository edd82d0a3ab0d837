"""The tutorial, its table and its pictures are what the code makes of them."""

import doctest
import re
from itertools import pairwise

import pytest

from openrapport.analysis import simulate_courses
from openrapport.analysis.plots.tutorial import pictures, write_pictures
from openrapport.analysis.simulate_courses import CLIENTS, PLANNED_DAYS, SEED, as_csv, invented_courses
from openrapport.analysis.tests.tutorial_page import DOCS, IMAGE, PAGE, told

IMAGES = DOCS / "analysis" / "images"
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|-?\.\d+")
# How often the search looked is the processor's affair.
LOOKS = re.compile(r"Converged after \d+ evaluations?")
MOST_BYTES = 100_000  # of a picture in the repository


@pytest.fixture(scope="module")
def drawn():
    return pictures()


def test_examples_commands_and_descriptions_of_the_page_are_what_they_give(drawn, tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    old, new = (LOOKS.sub("Converged", page).splitlines() for page in (text, told(text, drawn, folder=tmp_path)))
    assert [NUMBER.sub("#", line) for line in new] == [NUMBER.sub("#", line) for line in old]
    for printed, said in zip(NUMBER.findall("\n".join(old)), NUMBER.findall("\n".join(new)), strict=True):
        # Another processor may round the last place another way.
        places = len(printed.partition(".")[2])
        given, found = (float(number.replace(",", "")) for number in (printed, said))
        assert found == pytest.approx(given, abs=1.01 * 10**-places if places else 0)
    assert (tmp_path / "report.html").stat().st_size > 50_000


def test_the_page_shows_every_picture_and_no_other(drawn, tmp_path):
    shown = IMAGE.findall(PAGE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(drawn)
    assert sorted(path.name for path in IMAGES.iterdir()) == sorted(f"{name}.png" for name in drawn)
    for path in write_pictures(tmp_path):
        assert 5_000 < path.stat().st_size < MOST_BYTES
        assert 5_000 < (IMAGES / path.name).stat().st_size < MOST_BYTES


def test_the_table_is_written_by_its_command():
    shipped = (DOCS / "analysis" / "invented_course.csv").read_text(encoding="utf-8")
    assert shipped == as_csv(invented_courses(clients=CLIENTS, seed=SEED))


def test_invented_courses_have_the_habits_of_real_ones():
    rows = invented_courses(clients=CLIENTS, seed=SEED)
    courses = [[row for row in rows if row[0] == who] for who in range(1, CLIENTS + 1)]
    assert {row[1] for course in courses for row in course[:1]} == {0}
    gaps = [late[1] - early[1] for course in courses for early, late in pairwise(course)]
    assert min(gaps) >= 1
    assert max(gaps) > 40  # a gap of weeks
    assert len({len(course) for course in courses}) > 15  # unbalanced
    starts = sorted(course[0][2] for course in courses)
    assert starts[-1] - starts[CLIENTS // 2] > starts[CLIENTS // 2] - starts[0]  # skewed
    assert all(0 <= row[2] <= 63 and row[1] <= PLANNED_DAYS and row[3] in (0, 1) for row in rows)
    left = sum(course[-1][1] < 120 for course in courses)
    assert 0.1 < left / CLIENTS < 0.35
    assert all(early[3] <= late[3] for course in courses for early, late in pairwise(course))


def test_another_seed_invents_other_people():
    assert invented_courses(clients=5, seed=1) == invented_courses(clients=5, seed=1)
    assert invented_courses(clients=5, seed=1) != invented_courses(clients=5, seed=2)


def test_the_examples_run():
    found = doctest.testmod(simulate_courses)
    assert found.attempted >= 1
    assert found.failed == 0
