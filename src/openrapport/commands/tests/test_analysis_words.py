"""What each analysis command adds to the function of the library: columns, what is left out, what it refuses."""

import csv
import json
import math

import pytest

from openrapport.analysis.catalogue import get_instrument
from openrapport.commands import main
from openrapport.commands.tests.cli_page import ROOT

EXAMPLES = ROOT / "docs" / "analysis" / "examples"


def table(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def told(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out, parse_constant=pytest.fail)


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


CHANGE = ("--client", "id", "--before", "a", "--after", "b")


def test_change_judges_as_jacobson_and_truax_and_counts_who_lacks_a_score(tmp_path, capsys):
    path = table(tmp_path / "t.csv", "id,a,b", "x,32.5,47.5", "y,30,32", "z,30,", "w,,NA")
    given = ("--sd", "7.5", "--reliability", "0.8", "--direction", "higher-is-better")
    found = told(capsys, "change", path, *CHANGE, *given)
    assert found["clients"][0]["index"] == pytest.approx(3.162, abs=0.001)
    assert found["threshold"] == pytest.approx(1.96 * 4.743, abs=0.001)
    assert found["counts"] == {"better": 1, "no_reliable_change": 1, "score_missing": 2}
    assert found["clients"][3] == {
        "client": "w", "before": None, "after": None, "index": None, "verdict": "score_missing", "outcome": None,
    }  # fmt: skip
    recovered = told(capsys, "change", path, *CHANGE, *given, "--cut-off", "40")
    assert recovered["counts"] == {"recovered": 1, "unchanged": 1, "score_missing": 2}


def test_change_takes_spread_reliability_and_direction_from_an_instrument(tmp_path, capsys):
    instrument = get_instrument("wellbeing-adult")
    norms = instrument.norms_of("total")
    path = table(tmp_path / "t.csv", "id,a,b", "x,4,8")
    found = told(capsys, "change", path, *CHANGE, "--instrument", "wellbeing-adult")
    assert found["sd"] == pytest.approx(math.hypot(norms.between_sd, norms.within_sd))
    assert (found["reliability"], found["direction"]) == (norms.reliability, instrument.total.direction)
    assert "wellbeing-adult@1, total" in found["source"]
    assert found["counts"] == {"better": 1}
    high = table(tmp_path / "high.csv", "id,a,b", "x,4,80")
    said = refused(capsys, "change", high, *CHANGE, "--instrument", "wellbeing-adult")
    assert said == f"{high}: row 2, column b: 80 is not within 0 to 10\n"
    assert "leave them out" in refused(capsys, "change", path, *CHANGE, "--instrument", "wellbeing-adult", "--sd", "2")
    assert "no norms" in refused(capsys, "change", path, *CHANGE, "--instrument", "child-connecting")
    assert "--sd, --reliability, --direction missing" in refused(capsys, "change", path, *CHANGE)


def test_a_wide_table_of_answers_gives_the_scores_of_the_long_one(tmp_path, capsys):
    with (EXAMPLES / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["session"]) <= 3]
    items = [name for name in rows[0] if name not in {"client", "session"}]
    clients = list(dict.fromkeys(row["client"] for row in rows))
    at = {(row["client"], row["session"]): row for row in rows}
    header = ["client", *(f"{item}.s{session}" for session in (10, 2, 1) for item in items)]
    lines = [
        ",".join([client, *(at[client, n][item] if (client, n) in at else "" for n in "321" for item in items)])
        for client in clients
    ]
    wide = table(tmp_path / "wide.csv", ",".join(header), *lines)
    long = table(tmp_path / "long.csv", ",".join(rows[0]), *(",".join(row.values()) for row in rows))
    wanted = told(capsys, "score", long, "--instrument", "alliance-adult", "--keep", "client")
    found = told(
        capsys, "score", wide, "--instrument", "alliance-adult", "--wide", "{item}.s{session}", "--keep", "client"
    )
    assert [(row["client"], row["total"]) for row in found["rows"]] == [
        (row["client"], row["total"]) for row in wanted["rows"]
    ]
    assert {row["session"] for row in found["rows"]} == {"1", "2", "10"}
    assert found["scores"] == wanted["scores"]


def test_an_answer_no_item_offers_is_named_by_its_own_cell(tmp_path, capsys):
    wide = table(tmp_path / "w.csv", "trust_1,trust_2", "8,9", "7,", "3,11")
    said = refused(capsys, "score", wide, "--instrument", "alliance-adult", "--wide", "{item}_{session}")
    assert said == f"{wide}: row 4, column trust_2: 11 is not one of 0 to 10 by 1\n"
    again = ("score", EXAMPLES / "answers.csv", "--instrument", "alliance-adult", "--columns", "trust=empathy")
    assert "trust and empathy cannot both be in column 'empathy'" in refused(capsys, *again)


COURSE = ("--client", "id", "--session", "n", "--score", "y", "--direction", "lower-is-better")


def course_lines(first):
    """24 clients whose distress falls from an intake of their own, sessions counted from `first`."""
    return [
        f"c{client},{n},{30 + client % 7 - 3 * math.log(max(n, 1)) + (client * 5 + n * 3) % 4}"
        for client in range(24)
        for n in range(first, 7)
    ]


def test_the_intake_is_session_0_or_else_session_1_and_is_not_fitted_then(tmp_path, capsys):
    zero = told(capsys, "expected", table(tmp_path / "zero.csv", "id,n,y", *course_lines(0)), *COURSE)
    assert (zero["expected"]["n_scores"], zero["left_out"]) == (24 * 6, 0)
    path = table(tmp_path / "one.csv", "id,n,y", *course_lines(1), "late,2,20", "late,3,19")
    one = told(capsys, "expected", path, *COURSE)
    assert (one["expected"]["n_scores"], one["expected"]["n_clients"], one["left_out"]) == (24 * 5, 24, 1)
    assert [point["session"] for point in told(capsys, "expected", path, *COURSE, "--until", "3")["course"]] == [
        1,
        2,
        3,
    ]


def test_an_intake_that_changes_and_a_session_given_twice_are_named(tmp_path, capsys):
    path = table(tmp_path / "t.csv", "id,n,y,start", "a,1,20,24", "a,2,19,25")
    said = refused(capsys, "expected", path, *COURSE, "--intake", "start")
    assert said == f"{path}: row 3, column start: the intake of client 'a' is not that of row 2\n"
    path = table(tmp_path / "t.csv", "id,n,y", "a,1,20", "b,1,2", "a,1,19")
    assert "row 4, column n: client 'a' has session 1 already in row 2" in refused(capsys, "expected", path, *COURSE)


ATTENDED = ("--client", "client", "--session", "session", "--event", "left", "--covariates", "alliance")


def test_an_event_may_be_said_in_words(tmp_path, capsys):
    lines = (EXAMPLES / "attended.csv").read_text(encoding="utf-8").splitlines()
    words = [line[:-1] + ("yes" if line.endswith("1") else "FALSE") for line in lines[1:]]
    path = table(tmp_path / "t.csv", lines[0], *words)
    wanted = told(capsys, "dropout", EXAMPLES / "attended.csv", *ATTENDED)
    assert told(capsys, "dropout", path, *ATTENDED) == wanted
    again = table(tmp_path / "t.csv", "client,session,left,alliance", "a,1,1,5", "a,2,0,6")
    said = refused(capsys, "dropout", again, *ATTENDED)
    assert said == f"{again}: row 2, column left: client 'a' left here, and has a later session in row 3\n"
    again = table(tmp_path / "t.csv", "client,session,left,alliance", "a,1,2,5", "a,2,0,6")
    assert "row 2, column left: '2' is not 1 or 0, nor yes or no" in refused(capsys, "dropout", again, *ATTENDED)


def test_the_session_itself_may_be_a_covariate_of_leaving(capsys):
    found = told(capsys, "dropout", EXAMPLES / "attended.csv", *ATTENDED[:-1], "session")
    assert list(found["hazard"]["coefficients"]) == ["intercept", "log_session", "session"]


def test_covariates_may_be_called_like_the_librarys_arguments(tmp_path, capsys):
    lines = (EXAMPLES / "caseloads.csv").read_text(encoding="utf-8").splitlines()
    path = table(tmp_path / "t.csv", "client,who,outcome,change", *lines[1:])
    options = ("--outcome", "change", "--therapist", "who", "--covariates", "outcome")
    renamed = told(capsys, "therapists", path, *options)
    wanted = told(
        capsys, "therapists", EXAMPLES / "caseloads.csv",
        "--outcome", "outcome", "--therapist", "therapist", "--covariates", "intake",
    )  # fmt: skip
    assert renamed["icc"] == wanted["icc"]
    path = table(tmp_path / "t.csv", "client,who,intercept,change", *lines[1:])
    assert "cannot be called intercept" in refused(capsys, "therapists", path, *options[:-1], "intercept")


def test_two_items_have_alpha_and_no_omega(capsys):
    path = EXAMPLES / "answers.csv"
    found = told(capsys, "reliability", path, "--items", "trust", "empathy", "--leave-out")
    assert found["omega"] is None
    assert 0 < found["alpha"]["estimate"] < 1
    assert main(["reliability", str(path), "--items", "trust", "empathy", "--leave-out"]) == 0
    assert "Omega             needs three items" in capsys.readouterr().out
    assert "row 57, column trust: empty" in refused(capsys, "reliability", path, "--items", "trust", "empathy")
    assert "at least two columns" in refused(capsys, "reliability", path, "--items", "trust")


def test_a_bootstrap_tells_how_far_it_is_and_is_the_same_for_the_same_seed(capsys):
    words = ("reliability", EXAMPLES / "answers.csv", "--items", "trust", "empathy", "respect", "--leave-out")
    first, second = (told(capsys, *words, "--bootstrap", "100", "--seed", "5") for _ in range(2))
    assert first == second
    assert first["alpha"]["bootstrap"]["samples"] == 100


def test_goals_come_out_as_kiresuk_and_sherman_and_those_not_rated_can_be_left_out(tmp_path, capsys):
    path = table(tmp_path / "t.csv", "id,w,x", "a,3,1", "a,2,0", "a,1,-1", "b,1,", "b,1,1")
    words = ("goals", path, "--client", "id", "--attained", "x", "--weight", "w")
    found = told(capsys, *words, "--leave-out")
    assert [client["t_score"] for client in found["clients"]] == pytest.approx([54.407, 60.0], abs=0.001)
    assert (found["n_goals"], found["left_out"]) == (4, 1)
    assert "row 5, column x: empty" in refused(capsys, *words)
    path = table(tmp_path / "t.csv", "id,w,x", "a,3,1", "a,0,3")
    assert "row 3, column x: 3 is no level" in refused(capsys, *words)
    path = table(tmp_path / "t.csv", "id,w,x", "a,3,1", "a,0,1")
    assert "row 3, column w: 0 is no weight" in refused(capsys, *words)


def test_meta_gives_r_as_a_difference_too_and_names_the_row_of_a_senseless_study(tmp_path, capsys):
    path = table(tmp_path / "t.csv", "r,n", "0.278,100", "0.278,200", "0.278,300")
    assert told(capsys, "meta", path, "--r", "r", "--n", "n")["d"] == pytest.approx(0.579, abs=0.0005)
    path = table(tmp_path / "t.csv", "r,n", "0.2,100", "1.2,200", "0.1,3")
    assert "row 3, column r: 1.2 is no correlation" in refused(capsys, "meta", path, "--r", "r", "--n", "n")
    path = table(tmp_path / "t.csv", "r,n", "0.2,100", "0.1,3")
    assert "row 3, column n: 3 is too few" in refused(capsys, "meta", path, "--r", "r", "--n", "n")


def test_what_the_library_calls_otherwise_is_said_in_the_tables_words(tmp_path, capsys):
    path = table(tmp_path / "t.csv", "c,t,z,who", *(f"{n},{n % 2},{n * n % 5},p" for n in range(12)))
    surface = ("congruence", path, "--client", "c", "--therapist", "t", "--outcome", "z", "--centre", "0", "0")
    assert "'t squared' does not vary, or follows" in refused(capsys, *surface)
    pairs = ("congruence", path, "--client", "c", "--therapist", "t", "--dyad", "who")
    assert "For a single dyad leave out --dyad" in refused(capsys, *pairs)
    within = ("within-between", path, "--outcome", "z", "--predictor", "c", "--person", "c")
    assert "--predictor and --person both name the column 'c'" in refused(capsys, *within)


def test_lagged_effects_carry_their_label(capsys):
    words = ("within-between", EXAMPLES / "views.csv", "--outcome", "wellbeing", "--predictor", "client_view")
    lagged = (*words, "--person", "client", "--lag", "session")
    found = told(capsys, *lagged, "--carry-over")
    assert list(found) == ["effects", "carry_over", "expected_bias", "sessions_per_person", "label"]
    assert main([*map(str, lagged)]) == 0
    assert "Biased in short series (Nickell 1981)" in capsys.readouterr().out
    assert "--carry-over needs --lag" in refused(capsys, *words, "--person", "client", "--carry-over")
