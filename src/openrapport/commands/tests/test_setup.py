import sqlite3
from pathlib import Path

import pytest

from openrapport.commands.configuration import read_settings, settings_file
from openrapport.commands.places import COUNTRIES, nearest_time_zone
from openrapport.commands.tests.running import openrapport

GOOD = {
    "--practice": "Willow Street",
    "--country": "us",
    "--time-zone": "America/New_York",
    "--language": "en",
    "--admin-name": "Ada Example",
    "--admin-email": "Ada@Example.test",
}


def setup(folder: Path, *more: str, **changed: str) -> tuple[int, str, str]:
    flags = {**GOOD, **{"--" + name.replace("_", "-"): value for name, value in changed.items()}}
    words = [word for flag, value in flags.items() if value for word in (flag, value)]
    ran = openrapport("setup", "--data", str(folder), *words, *more, cwd=folder.parent)
    return ran.returncode, ran.stdout, ran.stderr


def rows(folder: Path, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "openrapport.sqlite3") as database:
        return database.execute(question).fetchall()


@pytest.mark.long
def test_setup_makes_a_practice_once_and_keeps_its_keys(tmp_path: Path):
    folder = tmp_path / "data"
    status, said, _ = setup(folder)
    assert status == 0
    assert "ada@example.test" in said
    assert str(folder / "outbox") in said
    keys = read_settings(settings_file(folder))
    status, said, _ = setup(folder, practice="Another", admin_email="other@example.test")
    assert (status, "exists already" in said) == (0, True)
    assert read_settings(settings_file(folder)) == keys
    assert rows(folder, "SELECT name, country FROM practices_practice") == [("Willow Street", "US")]
    assert rows(folder, "SELECT email, language FROM people_user") == [("ada@example.test", "en")]
    assert rows(folder, "SELECT role FROM practices_membership") == [("admin",)]
    assert (folder / "openrapport.sqlite3").stat().st_mode & 0o077 == 0

    settings_file(folder).unlink()
    status, _, problem = setup(folder)
    assert status == 2
    assert "encryption keys are missing" in problem
    assert not settings_file(folder).exists()


@pytest.mark.long
def test_somebody_who_works_alone_is_administrator_and_therapist(tmp_path: Path):
    assert setup(tmp_path / "data", "--solo")[0] == 0
    assert sorted(rows(tmp_path / "data", "SELECT role FROM practices_membership")) == [("admin",), ("therapist",)]


@pytest.mark.parametrize(
    ("flag", "typed", "hint"),
    [
        ("admin_email", "ada@", "not an e-mail address"),
        ("time_zone", "madrid", "did you mean Europe/Madrid?"),
        ("time_zone", "Mars/Olympus", "not a time zone"),
        ("country", "XX", "country code"),
        ("language", "fr", "en, es"),
        ("practice", "   ", "1 to 120 characters"),
        ("admin_name", "", "--admin-name"),
    ],
)
def test_a_bad_answer_is_named_and_nothing_is_begun(tmp_path: Path, flag: str, typed: str, hint: str):
    status, _, problem = setup(tmp_path / "data", **{flag: typed})
    assert status == 2
    assert hint in problem
    assert "Traceback" not in problem
    assert not (tmp_path / "data").exists()


def test_the_nearest_time_zone_is_found_by_its_city():
    assert nearest_time_zone("new york") == "America/New_York"
    assert nearest_time_zone("Europe/Madird") == "Europe/Madrid"


def test_country_codes_are_all_there_and_of_two_letters():
    assert len(COUNTRIES) == 249
    assert {len(code) for code in COUNTRIES} == {2}
