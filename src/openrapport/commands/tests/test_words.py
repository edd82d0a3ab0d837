import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from openrapport.commands import UNDERSTOOD_WRONG, WORDS, main
from openrapport.commands.tests.running import clean_environment, openrapport


def test_help_names_every_word(capsys: pytest.CaptureFixture[str]):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [word for word in [*WORDS, "test"] if f"  {word} " not in shown] == []


@pytest.mark.parametrize("word", WORDS)
def test_every_word_explains_itself_with_an_example(word: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        main([word, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert "xample" in shown
    assert shown.count(f"./openrapport {word}") >= 2  # once in the usage, once to copy


def test_an_unknown_word_names_the_nearest(capsys: pytest.CaptureFixture[str]):
    assert main(["dmeo"]) == UNDERSTOOD_WRONG
    assert "Did you mean `demo`?" in capsys.readouterr().err


def test_a_word_far_from_all_points_to_help(capsys: pytest.CaptureFixture[str]):
    assert main(["xyzzy"]) == UNDERSTOOD_WRONG
    assert "--help" in capsys.readouterr().err


def test_no_word_at_all_shows_what_there_is(capsys: pytest.CaptureFixture[str]):
    assert main([]) == UNDERSTOOD_WRONG
    assert "demo" in capsys.readouterr().out


def test_analysis_words_work_without_the_web_application(tmp_path: Path):
    words = [word for word, meaning in WORDS.items() if meaning.group == "Analysis"]
    assert words
    script = (
        "import sys\n"
        "from openrapport.commands import main\n"
        f"for word in {words!r}:\n"
        "    try: main([word, '--help'])\n"
        "    except SystemExit: pass\n"
        "sys.exit('django' in sys.modules)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=clean_environment(), capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_the_architecture_holds_every_analysis_word_apart_from_the_web_application():
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {one["name"]: one for one in project["tool"]["importlinter"]["contracts"]}
    held = contracts["The analysis command line works without the web application"]["source_modules"]
    words = [f"openrapport.commands.{word.module}" for word in WORDS.values() if word.group == "Analysis"]
    assert [module for module in words if module not in held] == []


@pytest.mark.parametrize("word", ["serve", "worker", "doctor"])
def test_without_keys_the_start_stops_with_one_clear_line(word: str, tmp_path: Path):
    ran = openrapport(word, cwd=tmp_path)
    assert ran.returncode == UNDERSTOOD_WRONG
    assert ran.stderr.strip().splitlines() == [
        "OPENRAPPORT_SECRET_KEY is not set. Run `./openrapport setup` once, or set it in the environment."
    ]


def test_a_weak_secret_stops_the_start(tmp_path: Path):
    ran = openrapport("serve", cwd=tmp_path, OPENRAPPORT_SECRET_KEY="changeme")
    assert ran.returncode == UNDERSTOOD_WRONG
    assert "OPENRAPPORT_SECRET_KEY is too weak" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_database_that_is_away_is_one_clear_line(tmp_path: Path):
    from openrapport.commands.configuration import new_keys

    url = "postgres://nobody@127.0.0.1:1/nothing"
    ran = openrapport("serve", cwd=tmp_path, OPENRAPPORT_DATABASE_URL=url, **new_keys())
    assert ran.returncode == UNDERSTOOD_WRONG
    assert ran.stderr.startswith("The database does not answer: ")
    assert len(ran.stderr.strip().splitlines()) == 1
