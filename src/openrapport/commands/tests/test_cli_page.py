"""docs/analysis/cli.md and every --help show what happens; the example tables come from their seed."""

import io
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from openrapport.commands import WORDS, main
from openrapport.commands.invented_tables import TABLES
from openrapport.commands.tests.cli_page import PAGE, ROOT, answer, examples

DOCS = ROOT / "docs"
ANALYSIS_WORDS = [name for name, word in WORDS.items() if word.group == "Analysis"]
SHOWN = examples(PAGE.read_text(encoding="utf-8"))
_NUMBER = re.compile(r"-?[\d,]*\.?\d+")
# How often the search looked is the processor's affair.
_LOOKS = re.compile(r"Converged after \d+ evaluations?")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to write into from which the documents' examples are found."""
    (tmp_path / "docs").symlink_to(DOCS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command[:60] for command, _ in SHOWN])
def test_the_page_shows_what_the_command_prints(command, shown, here):
    old, new = (_LOOKS.sub("Converged", text) for text in (shown, answer(command)))
    assert _NUMBER.sub("#", old).split() == _NUMBER.sub("#", new).split()
    for printed, said in zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True):
        places = len(printed.partition(".")[2])
        # Another processor may round the last place another way.
        assert float(said.replace(",", "")) == pytest.approx(
            float(printed.replace(",", "")), abs=1.01 * 10**-places if places else 0
        )


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command[:60] for command, _ in SHOWN])
def test_the_page_names_every_key_of_the_json(command, shown, here):
    word = command.split()[0]
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {word}\n")[1].split("\n## ")[0]
    found = json.loads(answer(f"{command} --json"), parse_constant=pytest.fail)
    assert [key for key in found if f"`{key}`" not in section] == []


def test_the_page_has_every_word_but_those_with_pages_of_their_own():
    shown = {command.split()[0] for command, _ in SHOWN}
    assert set(ANALYSIS_WORDS) - shown == {"ruptures", "rules", "report", "population"}


def help_of(word: str, capsys) -> str:
    with pytest.raises(SystemExit):
        main([word, "--help"])
    return str(capsys.readouterr().out)


def examples_of(shown: str) -> list[str]:
    """The lines to copy below "Example:", those broken by a backslash joined."""
    below = re.split(r"^Examples?:", shown, flags=re.MULTILINE)[1]
    joined = re.sub(r"\s*\\\n\s*", " ", below)
    return re.findall(r"^ *\./openrapport (.*)$", joined, flags=re.MULTILINE)


@pytest.mark.parametrize("word", ANALYSIS_WORDS)
def test_every_example_of_the_help_runs_when_copied(word, here, monkeypatch, capsys):
    found = examples_of(help_of(word, capsys))
    assert found
    for example in found:
        # The long table of rates is run at its full size by the test of its page.
        command, _, given = example.replace("--people 20000", "--people 1000").partition(" < ")
        if given:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(given.strip()).read_bytes())))
        assert main(shlex.split(command)) == 0, example
        said = capsys.readouterr()
        assert said.out
        assert said.err == ""


@pytest.mark.parametrize("word", ANALYSIS_WORDS)
def test_help_fits_into_a_terminal(word, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    assert [line for line in help_of(word, capsys).splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("name", TABLES)
def test_an_example_table_comes_from_its_seed(name, tmp_path, capsys):
    out = tmp_path / "again.csv"
    assert main(["simulate", "--table", name, "--seed", "4", "--out", str(out)]) == 0
    kept = DOCS / "analysis" / "examples" / f"{name.replace('-', '_')}.csv"
    assert out.read_bytes() == kept.read_bytes()


def test_the_invented_scores_come_from_their_seed(capsys):
    assert main(["simulate", "--clients", "42", "--seed", "20261122"]) == 0
    assert capsys.readouterr().out == (DOCS / "analysis" / "invented_scores.csv").read_text(encoding="utf-8")
