"""Numbers as people read them, JSON as programs read it, and the line that says how far long work is."""

import io
import json
import math
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from openrapport.commands import CommandError, progress, showing
from openrapport.commands.asked import naming
from openrapport.commands.results import plain, print_json


@dataclass(frozen=True)
class Found:
    estimate: float
    df: float = math.inf


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1234.56789, "1,234.5679"),
        (-0.0, "0.0000"),
        (0.0, "0.0000"),
        (0.00001, "1.00e-05"),
        (1e12, "1.00e+12"),
        (None, "-"),
        (math.nan, "-"),
    ],
)
def test_a_number_is_never_shown_as_zero_unless_it_is(number, said):
    assert showing.say(number) == said


def test_a_small_p_is_said_to_be_small():
    assert [showing.say_p(p) for p in (0.0, 0.00009, 0.0001, 0.5, None)] == [
        "< 0.0001",
        "< 0.0001",
        "0.0001",
        "0.5000",
        "-",
    ]


def test_a_long_table_ends_with_how_many_more_there_are():
    shown = showing.aligned(["Who", "T"], [[f"c{n}", "1.0"] for n in range(100)]).splitlines()
    assert len(shown) == 1 + showing.MOST_ROWS + 1
    assert shown[-1] == "... and 60 more: --out FILE writes all"


def test_a_name_from_a_file_cannot_disturb_the_terminal():
    assert showing.printable("a\x1b[31mb\n" + "c" * 99) == "a[31mb" + "c" * 33 + "…"


def test_long_sentences_are_broken_and_set_in():
    shown = showing.facts([("Mind", "word " * 60), ("Empty", "")]).splitlines()
    assert max(map(len, shown)) <= showing.WIDTH
    assert all(line.startswith("      word") for line in shown[1:])


def test_json_knows_no_nan_and_no_infinity(capsys):
    print_json({"a": Found(math.nan), "b": np.array([1.0, np.inf]), "c": np.int64(3), "d": (None, True)})
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told == {"a": {"estimate": None, "df": None}, "b": [1.0, None], "c": 3, "d": [None, True]}
    assert plain({1: "x"}) == {"1": "x"}


def test_a_result_that_is_no_number_is_refused_and_infinite_degrees_of_freedom_are_not():
    with naming("t.csv") as sound:
        assert sound(Found(1.0)) == Found(1.0)
    with pytest.raises(CommandError, match=r"t\.csv: the numbers are too large"), naming("t.csv") as sound:
        sound({"found": [Found(math.inf)]})
    with pytest.raises(CommandError, match=r"t\.csv: use --other"), naming("t.csv", {"`other`": "--other"}):
        raise ValueError("use `other`")


def test_the_line_says_how_far_it_is_and_how_long_it_will_last():
    work = progress._Work("Drawing", begun=100.0)
    assert work.line(103.0) == "Drawing: 3 s"
    work.tell(25, 100)
    assert work.line(110.0) == "Drawing [######..................]  25%, 10 s, about 30 s left"


def test_long_work_shows_on_a_terminal_only_and_cleans_up(monkeypatch):
    shown = threading.Event()

    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def write(self, text):
            if "50%" in text:
                shown.set()
            return super().write(text)

    terminal, file = Terminal(), io.StringIO()
    monkeypatch.setattr(progress, "FIRST_AFTER", 0.0)
    monkeypatch.setattr(progress, "_EVERY", 0.001)
    monkeypatch.setattr("sys.stderr", terminal)
    with progress.progress("Drawing") as tell:
        tell(1, 2)
        assert shown.wait(10)
    assert "Drawing [############............]  50%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    monkeypatch.setattr("sys.stderr", file)
    with progress.progress("Drawing") as tell:
        tell(1, 2)
    assert file.getvalue() == ""


def test_short_work_shows_nothing_even_on_a_terminal(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    with progress.progress("Drawing"):
        pass
    assert terminal.getvalue() == ""
