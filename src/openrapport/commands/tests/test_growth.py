"""`openrapport growth` against lme4 on the sleep study, and on the tables people have."""

import csv
import json
from pathlib import Path

import duckdb
import pytest

from openrapport.commands import main
from openrapport.commands.growth import read_model_table

WIDE = Path(__file__).parents[2] / "analysis" / "tests" / "sleepstudy.csv"
# lme4 1.1-31, REML: Reaction ~ Days + (Days | Subject), as its documentation prints it.
LMER = {"(Intercept)": (251.405, 6.825), "days": (10.467, 1.546)}
LMER_SD, LMER_CORR, LMER_RESIDUAL, LMER_DEVIANCE = {"(Intercept)": 24.741, "days": 5.922}, 0.066, 25.592, 1743.628
# As many places as lme4 prints; the standard errors of its search are smaller.
PRINTED = 0.0006
KEYS = ["method", "n_rows", "n_clients", "fixed", "random", "residual_sd", "deviance", "converged", "message"]


@pytest.fixture
def sleepstudy(tmp_path):
    """The sleep study with a row for each day."""
    path = tmp_path / "sleepstudy.csv"
    lines = [line for line in WIDE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject", "days", "reaction"])
        for row in csv.DictReader(lines):
            writer.writerows((row["subject"], day, row[f"day{day}"]) for day in range(10))
    return path


def as_parquet(table, **types):
    out = table.with_suffix(".parquet")
    chosen = ", ".join(f"{name}::{kind} AS {name}" for name, kind in types.items())
    duckdb.execute(f"COPY (SELECT * REPLACE ({chosen}) FROM read_csv('{table}')) TO '{out}' (FORMAT parquet)")
    return out


MODEL = ["--outcome", "reaction", "--client", "subject"]


def told(capsys, *arguments):
    assert main(["growth", *map(str, arguments), "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out, parse_constant=pytest.fail)


def test_the_sleep_study_comes_out_as_in_lme4(sleepstudy, capsys):
    found = told(capsys, sleepstudy, *MODEL, "--fixed", "days", "--random", "1 + days", "--method", "reml")
    assert list(found) == KEYS
    assert (found["method"], found["n_rows"], found["n_clients"], found["converged"]) == ("reml", 180, 18, True)
    for name, (estimate, se) in LMER.items():
        assert found["fixed"][name] == pytest.approx({"estimate": estimate, "se": se}, abs=PRINTED)
    assert list(found["random"]) == ["subject"]
    assert found["random"]["subject"]["sd"] == pytest.approx(LMER_SD, abs=PRINTED)
    assert found["random"]["subject"]["corr"][0][1] == pytest.approx(LMER_CORR, abs=PRINTED)
    assert found["residual_sd"] == pytest.approx(LMER_RESIDUAL, abs=PRINTED)
    assert found["deviance"] == pytest.approx(LMER_DEVIANCE, abs=PRINTED)


def test_parquet_and_standard_input_and_the_short_form_give_the_same(sleepstudy, capsys, monkeypatch):
    wanted = told(capsys, sleepstudy, *MODEL, "--fixed", "days", "--random", "1 + days")
    assert told(capsys, sleepstudy, *MODEL, "--session", "days") == wanted
    assert told(capsys, as_parquet(sleepstudy, subject="INTEGER"), *MODEL, "--session", "days") == wanted
    with sleepstudy.open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        assert told(capsys, "-", *MODEL, "--session", "days") == wanted


def test_clients_numbered_in_parquet_stay_numbers(sleepstudy):
    table = as_parquet(sleepstudy, subject="INTEGER", days="SMALLINT")
    read = read_model_table(str(table), outcome="reaction", formulas=("days",), groups=["subject"])
    assert read["subject"].dtype.kind == "i"
    assert read["days"].dtype.kind == "f"


def test_rows_without_a_client_are_left_out_in_both_kinds_of_file(sleepstudy, capsys):
    holes = sleepstudy.with_name("holes.csv")
    lines = sleepstudy.read_text(encoding="utf-8").splitlines()
    holes.write_text("\n".join([*lines[:5], f",{lines[5].partition(',')[2]}", *lines[6:]]), encoding="utf-8")
    found = told(capsys, holes, *MODEL, "--fixed", "days")
    assert found["n_rows"] == 179
    assert "left out" in found["message"]
    assert told(capsys, as_parquet(holes, subject="INTEGER"), *MODEL, "--fixed", "days") == found


def test_a_third_level_and_crossed_groups_are_named(tmp_path, capsys):
    path = tmp_path / "nested.csv"
    rows = [
        f"c{client},t{client % 5},{room},{session},{(client * 7 + session * 3 + room * 5) % 11 + client % 5}"
        for client in range(40)
        for session in range(5)
        for room in [(client + session) % 3]
    ]
    path.write_text("\n".join(["who,therapist,room,n,score", *rows]), encoding="utf-8")
    model = [path, "--outcome", "score", "--client", "who", "--fixed", "n"]
    assert list(told(capsys, *model, "--therapist", "therapist")["random"]) == ["who", "therapist"]
    assert list(told(capsys, *model, "--crossed", "room")["random"]) == ["who", "room"]


def test_the_text_is_a_table_and_the_rows_can_be_written(sleepstudy, tmp_path, capsys):
    out = tmp_path / "fit.parquet"
    assert main(["growth", str(sleepstudy), *MODEL, "--session", "days", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "180 rows of 18 clients, REML" in said
    assert f"6 rows written to {out}" in said
    rows = duckdb.read_parquet(str(out)).fetchall()
    assert [row[:3] for row in rows] == [
        ("fixed", "", "(Intercept)"),
        ("fixed", "", "days"),
        ("sd", "subject", "(Intercept)"),
        ("sd", "subject", "days"),
        ("correlation", "subject", "(Intercept), days"),
        ("sd", "", "residual"),
    ]
    assert rows[1][3:] == pytest.approx(LMER["days"], abs=PRINTED)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Which model?"),
        (["--fixed", "days", "--session", "days"], "--session stands in place of"),
        (["--fixed", "hours"], "row 1: no column 'hours'; there are: subject, days, reaction"),
        (["--fixed", "I(" + "(" * 3000 + "days"], "too many brackets"),
        (["--fixed", "days +"], "ends where a column is expected"),
        (["--fixed", "days", "--random", "days|subject"], "give the client column apart"),
        (["--fixed", "log(days)"], "log(days) is not a number in 18 rows"),
        (["--fixed", "days", "--therapist", "subject"], "--client and --therapist both name the column 'subject'"),
    ],
)
def test_a_model_that_cannot_be_fitted_is_refused_in_one_line(sleepstudy, arguments, words, capsys):
    assert main(["growth", str(sleepstudy), *MODEL, *arguments]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_word_among_the_numbers_of_a_column_is_a_mistake_and_words_throughout_are_levels(sleepstudy, capsys):
    lines = sleepstudy.read_text(encoding="utf-8").splitlines()
    wrong = sleepstudy.with_name("wrong.csv")
    wrong.write_text("\n".join([*lines[:9], "308,third,400", *lines[10:]]), encoding="utf-8")
    assert main(["growth", str(wrong), *MODEL, "--fixed", "days"]) == 2
    assert "row 10, column days: 'third' is not a number" in capsys.readouterr().err
    words = sleepstudy.with_name("words.csv")
    worded = [f"{line},{'late' if line.split(',')[1] > '4' else 'early'}" for line in lines[1:]]
    words.write_text("\n".join([f"{lines[0]},half", *worded]), encoding="utf-8")
    assert list(told(capsys, words, *MODEL, "--fixed", "half")["fixed"]) == ["(Intercept)", "halflate"]
