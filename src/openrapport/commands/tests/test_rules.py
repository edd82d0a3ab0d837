"""`openrapport rules`: the list, all rules on one series, the table of rates, and the page made of them."""

import json
import math
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from openrapport.analysis.run_length import Cusum, Ewma, Shewhart, run_length
from openrapport.commands import main
from openrapport.commands.rule_rates import AS_PRINTED, TO_BE_SET
from openrapport.commands.rule_rates_report import BEGIN, END
from openrapport.commands.rupture_rules import RULES

DOCS = Path(__file__).parents[4] / "docs" / "analysis"
PAGE = DOCS / "rules.md"
COLUMNS = ["--client", "client", "--session", "session", "--score", "alliance"]
WORKED = [
    str(DOCS / "worked_series.csv"),
    *COLUMNS,
    *("--population", "36.5", "3", "2", "--minimum", "0", "--maximum", "40"),
    *("--cut-off", "36", "--drop", "1", "--multiple", "1"),
]
SCORES = [38, 38, 37, 38, 38, 29, 38, 35, 34, 34, 33, 33]
# The page prints two decimals.
PRINTED = 0.0051
# Same seed, same number of people: only another version of NumPy may draw others.
PERCENTAGE_POINTS = 0.15


def told(capsys, *arguments) -> dict[str, Any]:
    assert main(["rules", *map(str, arguments), "--json"]) == 0
    facts: dict[str, Any] = json.loads(capsys.readouterr().out)
    return facts


def refused(capsys, *arguments) -> str:
    assert main(["rules", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return str(said.err)


def table_under(text: str, heading: str) -> list[list[str]]:
    """The cells of the first Markdown table after `heading`, without its header."""
    lines = text[text.index(heading) :].splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_list_names_every_rule_with_its_numbers_and_needs(capsys):
    assert main(["rules"]) == 0
    said = capsys.readouterr().out
    assert [name for name in RULES if f"\n{name}\n" not in said] == []
    assert "--cut-off (no default), --drop (no default)" in said
    listed = told(capsys)["rules"]
    assert [rule["rule"] for rule in listed] == list(RULES)
    assert {rule["rule"] for rule in listed if rule["looks_back"]} == {
        "one-sd",
        "two-sd",
        "stricter-sd",
        "individuals",
    }
    assert {rule["set_by"] for rule in listed} == {"z", "drop", "multiple", "sigmas", "width", "decision"}


def test_each_rule_flags_the_worked_series_where_the_page_says(capsys):
    rows = table_under(PAGE.read_text(encoding="utf-8"), "still in it:")
    assert [(int(row[0]), int(row[1])) for row in rows] == list(enumerate(SCORES, start=1))
    found = {rule["rule"]: rule["flagged"] for rule in told(capsys, *WORKED)["rules"]}
    assert list(found) == list(RULES)
    for place, name in enumerate(RULES, start=2):
        begins = [int(row[0]) for row in rows if row[place] == "v"]
        flagged = [int(row[0]) for row in rows if row[place] in "v-"]
        assert found[name] == ([{"client": "a", "begins": begins, "sessions": flagged}] if flagged else []), name


def test_the_page_works_the_series_by_hand():
    """The printed steps of the empirical-Bayes, EWMA and CUSUM rules, with nothing of the library."""
    rows = table_under(PAGE.read_text(encoding="utf-8"), "CUSUM adds")
    ewma = cusum = total = 0.0
    for n, (row, score) in enumerate(zip(rows, SCORES, strict=False)):
        share = 9 * n / (9 * n + 4)
        expected = 36.5 + share * ((total / n if n else 36.5) - 36.5)
        sd = math.sqrt(4 + 9 * (1 - share))
        z = (score - expected) / sd
        ewma = 0.2 * z + 0.8 * ewma
        limit = -2.859 * math.sqrt(0.2 / 1.8 * (1 - 0.8 ** (2 * n + 2)))
        cusum = max(0.0, cusum - z - 0.5)
        printed = [float(cell.replace("−", "-")) for cell in row]
        assert printed == pytest.approx([n + 1, score, expected, sd, z, ewma, limit, cusum], abs=PRINTED)
        total += score
    assert len(rows) == 11


def test_the_page_prints_the_run_lengths_of_the_library():
    charts = [
        Shewhart(3, "two"),
        Shewhart(2, "two"),
        Ewma(0.2, 2.859, "two", "fixed"),
        Ewma(0.2, 2.859, "two", "widening"),
        Ewma(0.2, 2.859, "one", "widening"),
        Cusum(0.5, 4, "one"),
        Cusum(0.5, 4, "two"),
        Cusum(0.5, 5, "one"),
        Cusum(0.5, 5, "two"),
    ]
    rows = table_under(PAGE.read_text(encoding="utf-8"), "CUSUM start from zero.")
    assert [row[1] for row in rows] == [f"{run_length(chart).average:.2f}" for chart in charts]


def test_one_client_is_shown_session_by_session(capsys):
    assert main(["rules", *WORKED]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^ +6 +29 +v +v +v +v +v +v +\. +\.$", said, re.MULTILINE)
    assert re.search(r"^ +12 +33 +\. +- +\. +\. +\. +\. +\. +-$", said, re.MULTILINE)


def test_many_clients_are_counted_rule_by_rule(capsys):
    arguments = [DOCS / "invented_scores.csv", *COLUMNS]
    assert main(["rules", *map(str, arguments)]) == 0
    said = capsys.readouterr().out
    assert "point-drop needs --cut-off or --drop" in said
    assert "stricter-sd needs --multiple" in said
    facts = told(capsys, *arguments)
    assert [one["rule"] for one in facts["not_run"]] == ["point-drop", "stricter-sd"]
    for rule in facts["rules"]:
        counts = rule["flagged_clients"], rule["ruptures"], rule["sessions_in_rupture"]
        assert re.search(rf"^{rule['rule']} +{counts[0]} +{counts[1]} +{counts[2]}$", said, re.MULTILINE)
        assert sum(len(one["sessions"]) for one in rule["flagged"]) == counts[2]
    assert facts["straight_lined"] == ["c06", "c13", "c20", "c27", "c34", "c41"]  # the always perfect


def test_a_rule_finds_the_same_as_the_word_ruptures(capsys):
    arguments = [str(DOCS / "invented_scores.csv"), *COLUMNS]
    side = next(rule for rule in told(capsys, *arguments)["rules"] if rule["rule"] == "cusum")
    assert main(["ruptures", *arguments, "--rule", "cusum", "--people", "500", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert (side["flagged_clients"], side["ruptures"]) == (alone["flagged_clients"], alone["ruptures"])
    assert [(one["client"], session) for one in side["flagged"] for session in one["begins"]] == [
        (one["client"], one["onset_session"]) for one in alone["episodes"]
    ]


def test_one_row_a_session_can_be_written(tmp_path, capsys):
    out = tmp_path / "sides.parquet"
    assert main(["rules", *WORKED, "--out", str(out)]) == 0
    rows = duckdb.read_parquet(str(out)).project("session, score, cusum, two_sd").fetchall()
    assert rows[5] == (6, 29, None, "begins")
    assert rows[11] == (12, 33, "open", None)


def test_rates_by_length_with_the_numbers_in_print_and_at_the_same_share(capsys):
    facts = told(capsys, "--table", "--people", "2000", "--lengths", "4,12", "--detect", "2,4", "--seed", "3")
    assert (facts["people"], facts["seed"], facts["lengths"]) == (2000, 3, [4, 12])
    assert len(facts["as_printed"]) == 2 * (len(AS_PRINTED) + 1)
    assert len(facts["set_to_same_rate"]) == 2 * len(TO_BE_SET)
    for row in facts["as_printed"]:
        assert row["false_alarms"]["low"] <= row["false_alarms"]["rate"] <= row["false_alarms"]["high"]
        assert [(one["drop"], one["lasting"]) for one in row["seen"]] == [(2, False), (4, False), (2, True), (4, True)]
    reached = [row for row in facts["set_to_same_rate"] if "calibrated" in row]
    for row in reached:
        assert row["false_alarms"]["rate"] == pytest.approx(0.1, abs=0.03)
        assert row["parameters"][row["calibrated"]["parameter"]] == row["calibrated"]["value"]
    lost = {(row["label"], row["sessions"]) for row in facts["set_to_same_rate"] if "not_reachable" in row}
    assert lost == {
        ("below 36, or points down", 4),
        ("below 36, or points down", 12),
        ("empirical Bayes after 4 sessions", 4),
    }


def test_the_table_is_set_between_the_markers_of_a_page(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    arguments = ["--table", "--people", "1000", "--lengths", "4", "--same-rate", "0", "--onset", "3"]
    assert main(["rules", *arguments, "--into", str(page)]) == 0
    written = page.read_text(encoding="utf-8")
    assert written.startswith(f"before\n{BEGIN}\n1,000 simulated people")
    assert written.endswith(f"|\n{END}\nafter\n")
    assert "at session 3, seen" in written
    assert "old" not in written
    capsys.readouterr()
    page.write_text("no markers\n", encoding="utf-8")
    assert "needs the lines" in refused(capsys, *arguments, "--into", page)
    assert page.read_text(encoding="utf-8") == "no markers\n"


def test_sessions_that_resemble_each_other_are_named_in_the_table(capsys):
    arguments = ["--table", "--people", "1000", "--lengths", "12", "--same-rate", "0", "--autocorrelation", "0.3"]
    assert main(["rules", *arguments]) == 0
    assert "neighbouring sessions correlated 0.3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--table", "--lengths", "4,x"], "--lengths takes numbers"),
        (["--table", "--lengths", "1"], "from 2 on"),
        (["--table", "--lengths", "4.5"], "whole numbers"),
        (["--table", "--lengths", "inf"], "whole numbers"),
        (["--table", "--detect", "0"], "points above 0"),
        (["--table", "--onset", "5"], "to the shortest length, 4"),
        (["--table", "--same-rate", "1"], "a share below 1"),
        (["--table", "--people", "10"], "from 1000 on"),
        (["--table", "--autocorrelation", "1"], "between -1 and 1"),
        (["--table", "scores.csv"], "takes no FILE"),
        (["none.csv", *COLUMNS], "no such file"),
        (["none.csv"], "--client --session --score missing"),
        ([*WORKED, "--instrument", "alliance-adult"], "already says"),
        ([*WORKED[:7], "--population", "36", "-1", "2"], "between_sd >= 0"),
        ([*WORKED, "--z", "0"], "--z must be above 0"),
    ],
)
def test_a_senseless_wish_is_refused_in_one_line(arguments, words, capsys):
    assert words in refused(capsys, *arguments)


@pytest.mark.long
def test_the_page_holds_what_the_command_prints(capsys):
    """All of it: the same seed and as many people as the page says."""
    page = PAGE.read_text(encoding="utf-8")
    documented = page[page.index(BEGIN) + len(BEGIN) : page.index(END)].strip().splitlines()
    assert main(["rules", "--table"]) == 0
    printed = capsys.readouterr().out.strip().splitlines()
    assert len(documented) == len(printed)
    for old, new in zip(documented, printed, strict=True):
        assert re.sub(r"[\d.]+", "#", old) == re.sub(r"[\d.]+", "#", new)
        if old.startswith("|") and "%" in old:
            shares = [[float(share) for share in re.findall(r"([\d.]+)%", line)] for line in (old, new)]
            assert shares[0] == pytest.approx(shares[1], abs=PERCENTAGE_POINTS), old
