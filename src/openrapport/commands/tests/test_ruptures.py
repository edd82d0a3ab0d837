"""`openrapport ruptures` from typed line to files: what it finds, what it refuses, and in which words."""

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from openrapport.analysis.simulate import invented_table
from openrapport.commands import main
from openrapport.commands.rupture_rules import RULES

DOCS = Path(__file__).parents[4] / "docs" / "analysis"
COLUMNS = ["--client", "client", "--session", "session", "--score", "alliance"]
FAST = ["--people", "500"]
# The documented table is simulated; another library version may draw other people.
PERCENTAGE_POINTS = 0.5


@pytest.fixture
def table(tmp_path) -> Path:
    """Forty-two invented clients on a 0-10 scale, with ruptures, drifts and perfect scores."""
    return write(tmp_path / "scores.csv", ["client,session,alliance", *map(line, invented_table(clients=42, seed=7))])


def line(row) -> str:
    return ",".join(map(str, row))


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refused(capsys, *arguments) -> str:
    """The one line a mistake is told in."""
    status = main(["ruptures", *map(str, arguments)])
    said = capsys.readouterr()
    assert status == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    return str(said.err).strip()


def summary(capsys, *arguments) -> dict[str, Any]:
    assert main(["ruptures", *FAST, *map(str, arguments), "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_a_table_gives_a_summary_in_words(table, capsys):
    assert main(["ruptures", str(table), *COLUMNS, *FAST]) == 0
    said = capsys.readouterr().out
    assert re.search(r"\d+ sessions of 42 clients \(4 to 20 each\); higher is better", said)
    for word in ("Rule ", "empirical-bayes", "Flagged", "Recovered", "False alarms", "analysis of variance", "--out"):
        assert word in said


def test_each_rupture_becomes_a_row(table, tmp_path, capsys):
    out = tmp_path / "found.csv"
    told = summary(capsys, table, *COLUMNS, "--out", out)
    rows = read_csv(out)
    assert len(rows) == told["ruptures"] > 0
    assert len({row["client"] for row in rows}) == told["flagged_clients"]
    assert sum(row["recovered"] == "True" for row in rows) == told["recovered"]
    scores = {(client, session): score for client, session, score in invented_table(clients=42, seed=7)}
    for row in rows:
        assert float(row["onset_score"]) == scores[row["client"], int(row["onset_session"])]
        assert float(row["onset_score"]) < float(row["limit"]) < float(row["expected_score"])
        assert (row["recovered_session"] == "") == (row["recovered"] == "False")


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_json_holds_every_rupture(table, tmp_path, capsys):
    told = summary(capsys, table, *COLUMNS, "--out", tmp_path / "found.csv")
    rows = read_csv(tmp_path / "found.csv")
    assert [one["client"] for one in told["episodes"]] == [row["client"] for row in rows]
    assert [str(one["onset_score"]) for one in told["episodes"]] == [row["onset_score"] for row in rows]


def test_standard_input_says_the_same_as_the_file(table, capsys, monkeypatch):
    from_file = summary(capsys, table, *COLUMNS)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(table.read_bytes()), encoding="utf-8"))
    from_input = summary(capsys, "-", *COLUMNS)
    assert from_input.pop("file") == "standard input"
    from_file.pop("file")
    assert from_input == from_file


def test_a_population_given_in_numbers_serves_a_single_client(tmp_path, capsys):
    rows = ["client,session,alliance", "a,1,9", "a,2,9", "a,3,8.5", "a,4,9", "a,5,3"]
    told = summary(
        capsys, write(tmp_path / "s.csv", rows), *COLUMNS, "--population", "8", "1", "0.7", "--maximum", "10"
    )
    assert [one["onset_session"] for one in told["episodes"]] == [5]
    assert (told["population"]["mean"], told["population"]["maximum"]) == (8, 10)


def test_clients_who_give_the_same_score_every_time_are_named(table, capsys):
    told = summary(capsys, table, *COLUMNS)
    assert told["straight_lined"] == ["c06", "c13", "c20", "c27", "c34", "c41"]
    assert main(["ruptures", str(table), *COLUMNS, *FAST]) == 0
    assert "6 clients gave the same score every time" in " ".join(capsys.readouterr().out.split())


def test_neighbouring_sessions_may_be_simulated_alike(table, capsys):
    rates = [
        summary(capsys, table, *COLUMNS, "--rule", "cusum", "--people", "4000", "--autocorrelation", rho)[
            "false_alarms"
        ]
        for rho in ("0", "0.5")
    ]
    assert rates[0]["high"] < rates[1]["low"]
    assert rates[1]["autocorrelation"] == 0.5


def test_parquet_in_and_out_say_the_same_as_csv(table, tmp_path, capsys):
    parquet = tmp_path / "scores.parquet"
    duckdb.read_csv(str(table)).write_parquet(str(parquet))
    from_csv = summary(capsys, table, *COLUMNS, "--out", tmp_path / "found.csv")
    from_parquet = summary(capsys, parquet, *COLUMNS, "--out", tmp_path / "found.parquet")
    for told in (from_csv, from_parquet):
        told.pop("file"), told.pop("written")
    assert from_csv == from_parquet
    found = duckdb.read_parquet(str(tmp_path / "found.parquet")).project("client, onset_session, depth").fetchall()
    assert found == [
        (row["client"], float(row["onset_session"]), float(row["depth"])) for row in read_csv(tmp_path / "found.csv")
    ]


def test_no_ruptures_make_an_empty_table_with_its_columns(table, tmp_path, capsys):
    for name in ("none.csv", "none.parquet"):
        summary(capsys, table, *COLUMNS, "--rule", "point-drop", "--drop", "99", "--out", tmp_path / name)
    assert read_csv(tmp_path / "none.csv") == []
    assert duckdb.read_parquet(str(tmp_path / "none.parquet")).fetchall() == []


def test_rows_on_standard_output_leave_the_summary_to_standard_error(table, capsys):
    assert main(["ruptures", str(table), *COLUMNS, *FAST, "--out", "-"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("client,onset_session,")
    assert "False alarms" in said.err


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_can_be_asked_for(rule, table, capsys):
    needed = {"point-drop": ["--drop", "2", "--cut-off", "5"], "stricter-sd": ["--multiple", "1"]}.get(rule, [])
    told = summary(capsys, table, *COLUMNS, "--rule", rule, *needed)
    assert told["rule"] == rule
    assert told["flagged_clients"] > 0
    assert 0 <= told["false_alarms"]["low"] <= told["false_alarms"]["rate"] <= told["false_alarms"]["high"] <= 1


def test_where_lower_is_better_the_mirror_image_is_found(table, tmp_path, capsys):
    mirrored = write(
        tmp_path / "mirrored.csv",
        ["client,session,alliance", *(f"{c},{n},{10 - s:.1f}" for c, n, s in invented_table(clients=42, seed=7))],
    )
    told = summary(capsys, table, *COLUMNS)
    turned = summary(capsys, mirrored, *COLUMNS, "--direction", "lower-is-better")
    assert (told["flagged_clients"], told["ruptures"], told["recovered"]) == (
        turned["flagged_clients"],
        turned["ruptures"],
        turned["recovered"],
    )


def test_an_instrument_brings_direction_scale_and_provisional_norms(table, capsys):
    told = summary(capsys, table, *COLUMNS, "--instrument", "alliance-adult")
    assert (told["population"]["minimum"], told["population"]["maximum"]) == (0, 10)
    assert "provisional" in told["population"]["source"]


def test_semicolons_quotes_a_byte_order_mark_and_blank_lines_are_read(tmp_path, capsys):
    rows = ['\ufeff"client";"session";"alliance"', "a;1;8", "", "a;2;7", '"b";1;9', "b;2;8.5"]
    assert summary(capsys, write(tmp_path / "s.csv", rows), *COLUMNS)["sessions"] == 4


def test_a_client_that_a_spreadsheet_would_run_is_written_as_text(tmp_path, capsys):
    rows = ["client,session,alliance", "=1+1,1,9", "=1+1,2,3", "-7,1,9", "-7,2,3", "c,1,8", "c,2,8"]
    out = tmp_path / "o.csv"
    summary(capsys, write(tmp_path / "s.csv", rows), *COLUMNS, "--rule", "point-drop", "--drop", "5", "--out", out)
    assert [row["client"] for row in read_csv(out)] == ["'=1+1", "-7"]


@pytest.mark.parametrize(
    ("same_session", "sessions"),
    [("in-order", 5), ("mean", 4)],
)
def test_a_session_given_twice_can_be_kept_or_averaged(same_session, sessions, tmp_path, capsys):
    rows = ["client,session,alliance", "a,1,8", "a,2,7", "a,2,9", "b,1,9", "b,2,8"]
    told = summary(capsys, write(tmp_path / "s.csv", rows), *COLUMNS, "--same-session", same_session)
    assert told["sessions"] == sessions


HEAD = "client,session,alliance"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["client,week,alliance", "a,1,8"], "row 1: no column 'session'; there are: client, week, alliance"),
        (["client,session,session,alliance", "a,1,1,8"], "row 1: column 'session' is there 2 times"),
        ([HEAD, "a,1,8", "a,2,"], "row 3, column alliance: empty"),
        ([HEAD, "a,1,8", "a,2,good"], "row 3, column alliance: 'good' is not a number"),
        ([HEAD, "a,1,8", "a,2,nan"], "row 3, column alliance: 'nan' is not a number"),
        ([HEAD, "a,1,8", "a,2,1_0"], "row 3, column alliance: '1_0' is not a number"),
        ([HEAD, "a,1,8", "a,second,8"], "row 3, column session: 'second' is not a number"),
        ([HEAD, "a,1,8", " ,2,8"], "row 3, column client: empty"),
        ([HEAD, "a,1,8", "b,1,8", "a,1,7"], "row 4, column session: client 'a' has session 1 already in row 2"),
        ([HEAD, "a,1,8", "a,2"], "row 3: 2 cells under 3 column names"),
        ([HEAD, "a,1,8", 'a,2,"8'], "a quotation mark is opened and never closed"),
        ([HEAD], "no rows of data"),
        ([HEAD, "a,1,8", "a,2,7"], "column alliance: Estimating a population takes at least two people"),
        ([HEAD, "a,1,8", "a,2,8", "b,1,7", "b,2,7"], "column alliance: Nobody's scores vary"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_by_row_and_column(lines, words, tmp_path, capsys):
    path = write(tmp_path / "s.csv", lines)
    message = refused(capsys, path, *COLUMNS)
    assert message.startswith(f"{path}: ")
    assert words in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"client,session,alliance\na,1,8\na\0,2,8\n", "row 3: holds a NUL byte"),
        ("client,session,alliance\nJosé,1,8\n".encode("latin-1"), "row 2: not UTF-8 text"),
        ("client,session,alliance\na,1,8\n".encode("utf-16"), "row 1: holds a NUL byte"),
    ],
)
def test_a_file_that_is_not_text_is_refused(content, words, tmp_path, capsys):
    path = tmp_path / "s.csv"
    path.write_bytes(content)
    assert words in refused(capsys, path, *COLUMNS)


def test_a_missing_file_and_a_folder_are_refused(tmp_path, capsys):
    assert refused(capsys, tmp_path / "none.csv", *COLUMNS).endswith("none.csv: no such file")
    assert refused(capsys, tmp_path, *COLUMNS).endswith("is a folder, not a file")


def test_a_parquet_file_that_is_none_is_refused(table, tmp_path, capsys):
    fake = tmp_path / "fake.parquet"
    fake.write_bytes(table.read_bytes())
    assert "not readable as Parquet" in refused(capsys, fake, *COLUMNS)


@pytest.mark.parametrize(
    ("select", "words"),
    [
        ("'a' AS client, 1 AS week, 8.0 AS alliance", "no column 'session'; there are: client, week, alliance"),
        ("'a' AS client, 1 AS session, 'good' AS alliance", "column alliance: holds VARCHAR, numbers are needed"),
        ("'a' AS client, 1 AS session, NULL::DOUBLE AS alliance", "row 1, column alliance: empty"),
        ("'a' AS client, 1 AS session, 'nan'::DOUBLE AS alliance", "row 1, column alliance: empty or not a finite"),
        ("NULL::VARCHAR AS client, 1 AS session, 8 AS alliance", "row 1, column client: empty"),
        ("'a' AS client, 1 AS session, unnest([8, 9]) AS alliance", "row 2, column session: client 'a' has session 1"),
    ],
)
def test_a_parquet_table_that_cannot_be_used_is_named_by_row_and_column(select, words, tmp_path, capsys):
    path = tmp_path / "s.parquet"
    duckdb.execute(f"COPY (SELECT {select}) TO '{path}' (FORMAT parquet)")
    assert words in refused(capsys, path, *COLUMNS)


def test_parquet_without_duckdb_says_what_to_install(tmp_path, capsys, monkeypatch):
    path = tmp_path / "s.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert "pip install 'openrapport[population]'" in refused(capsys, path, *COLUMNS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rule", "point-drop"], "needs --cut-off or --drop: that number is a clinical choice"),
        (["--rule", "stricter-sd"], "needs --multiple"),
        (["--cut-off", "5"], "--cut-off does not belong to the rule empirical-bayes"),
        (["--z", "-1"], "--z must be above 0"),
        (["--rule", "ewma", "--weight", "1.5"], "--weight must be at most 1"),
        (["--people", "0"], "--people: takes a whole number from 1 on"),
        (["--autocorrelation", "1"], "--autocorrelation lies between"),
        (["--population", "8", "1", "0"], "--population: A population needs"),
        (["--population", "8", "1", "1", "--instrument", "alliance-adult"], "brings a population of its own"),
        (["--minimum", "5"], "is not within 5 to"),
        (["--instrument", "alliance-cat"], "No instrument 'alliance-cat'. Known: alliance-adult@1"),
        (["--instrument", "none.toml"], "none.toml: cannot be read"),
        (["--instrument", "child-connecting"], "child-connecting@1 has no norms"),
        (["--instrument", "alliance-child"], "is not within 0 to 4"),
        (["--instrument", "alliance-adult", "--maximum", "9"], "already says direction and ends"),
        (["--out", "found.xlsx"], "must end in .csv or .parquet"),
        (["--out", "/nowhere/found.csv"], "/nowhere/found.csv: there is no folder /nowhere"),
        (["--out", "-", "--json"], "both want standard output"),
    ],
)
def test_a_senseless_wish_is_refused_in_one_line(arguments, words, table, capsys):
    assert words in refused(capsys, table, *COLUMNS, *arguments)


def test_columns_and_file_have_to_be_named(table, capsys):
    assert "--session --score missing" in refused(capsys, table, "--client", "client")
    assert "three different columns" in refused(
        capsys, table, "--client", "client", "--session", "client", "--score", "alliance"
    )
    assert "Which table?" in refused(capsys)


def test_a_broken_instrument_file_is_named(table, tmp_path, capsys):
    broken = write(tmp_path / "broken.toml", ['id = "x"', "version = = 1"])
    assert re.match(r"broken\.toml: not valid TOML: .*line 2", refused(capsys, table, *COLUMNS, "--instrument", broken))


def test_the_table_it_reads_is_never_overwritten(table, capsys):
    before = table.read_bytes()
    assert "would overwrite" in refused(capsys, table, *COLUMNS, "--out", table)
    assert table.read_bytes() == before


def test_a_file_that_could_not_be_written_leaves_nothing_behind(table, tmp_path, capsys):
    (tmp_path / "found.csv").mkdir()
    assert "is a folder" in refused(capsys, table, *COLUMNS, "--out", tmp_path / "found.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.csv", "scores.csv"]


def test_help_shows_an_example_and_every_rule(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["ruptures", "--help"])
    said = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "./openrapport ruptures docs/analysis/invented_scores.csv --client client" in said
    assert all(rule in said for rule in RULES)


def test_the_documented_table_is_what_the_command_prints(capsys):
    def shares(text: str) -> dict[str, float]:
        return {label: float(share) for label, share in re.findall(r"^\| (.+?) \| ([\d.]+)% \|", text, re.MULTILINE)}

    assert main(["ruptures", "--false-alarms", "--people", "100000"]) == 0
    printed = shares(capsys.readouterr().out)
    documented = shares((DOCS / "ruptures.md").read_text(encoding="utf-8"))
    assert documented.keys() == printed.keys()
    for label, share in printed.items():
        assert documented[label] == pytest.approx(share, abs=PERCENTAGE_POINTS), label
