"""Formulas and coded columns, named as lme4 names them."""

import numpy as np
import pytest

from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.columns import learn_coding
from openrapport.analysis.growth.formula import read_formula, written

GROUPS = np.array(["b", "a", "c", "a", "b", "c"])
OTHER = np.array(["x", "y", "y", "x", "x", "y"])
TABLE = {"time": np.array([0.0, 1, 2, 3, 4, 5]), "age": np.array([30.0, 41, 25, 60, 33, 28]), "g": GROUPS, "h": OTHER}


def names(text):
    return learn_coding(read_formula(text), TABLE).names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", ("(Intercept)",)),
        ("time + age", ("(Intercept)", "time", "age")),
        ("0 + time", ("time",)),
        ("time - 1", ("time",)),
        ("-1 + time", ("time",)),
        ("time + 0", ("time",)),
        ("time * age", ("(Intercept)", "time", "age", "time:age")),
        ("time:age + time", ("(Intercept)", "time", "time:age")),
        ("age + time + time:age", ("(Intercept)", "age", "time", "age:time")),
        ("time * age - time:age", ("(Intercept)", "time", "age")),
        ("log(1+time) + log1p(time)", ("(Intercept)", "log(1 + time)", "log1p(time)")),
        ("sqrt(time) + I(time^2)", ("(Intercept)", "sqrt(time)", "I(time^2)")),
        ("time^2", ("(Intercept)", "time^2")),
        ("I((time-2)*age / -3)", ("(Intercept)", "I((time - 2) * age/-3)")),
        ("I(2*(time-1)^2)", ("(Intercept)", "I(2 * (time - 1)^2)")),
        ("`time` + age", ("(Intercept)", "time", "age")),
        ("g", ("(Intercept)", "gb", "gc")),
        ("0 + g", ("ga", "gb", "gc")),
        ("time * g", ("(Intercept)", "time", "gb", "gc", "time:gb", "time:gc")),
        ("g:time", ("(Intercept)", "ga:time", "gb:time", "gc:time")),
        ("g * h", ("(Intercept)", "gb", "gc", "hy", "gb:hy", "gc:hy")),
        ("0 + g:h", ("ga:hx", "gb:hx", "gc:hx", "ga:hy", "gb:hy", "gc:hy")),
        ("g + g:h", ("(Intercept)", "gb", "gc", "ga:hy", "gb:hy", "gc:hy")),
    ],
)
def test_columns_are_named_as_in_r(text, expected):
    assert names(text) == expected


def test_columns_hold_what_their_names_say():
    coding = learn_coding(read_formula("time * g + log(1 + time) + I(time^2)"), TABLE)
    made = dict(zip(coding.names, coding.matrix(TABLE, 6).T, strict=True))
    assert made["(Intercept)"].tolist() == [1] * 6
    assert made["gb"].tolist() == [1, 0, 0, 0, 1, 0]
    assert made["time:gc"].tolist() == [0, 0, 2, 0, 0, 5]
    assert made["I(time^2)"].tolist() == [0, 1, 4, 9, 16, 25]
    assert made["log(1 + time)"] == pytest.approx(np.log1p(TABLE["time"]))


def test_powers_bind_before_signs_and_products():
    found = learn_coding(read_formula("I(-time^2 + 2*time/4)"), TABLE).matrix(TABLE, 6)[:, 1]
    assert found == pytest.approx(-(TABLE["time"] ** 2) + TABLE["time"] / 2)


def test_odd_column_names_go_into_backquotes():
    term = read_formula("`score at start` + x").terms[0]
    assert written(term[0]) == "`score at start`"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "formula is missing"),
        ("time +", "ends where a column is expected"),
        ("score ~ time", "only what stands right of ~"),
        ("1 + time | client", "left of |"),
        ("sin(time)", "not known"),
        ("log(time", "not closed"),
        ("(time + age)", "out: brackets"),
        ("time age", "Cannot read"),
        ("time + 3", "number alone"),
        ("time $ age", "backquotes"),
    ],
)
def test_what_cannot_be_read_is_said(text, says):
    with pytest.raises(ValueError, match=says.replace("|", r"\|").replace("(", r"\(")):
        read_formula(text)


def rows(**columns):
    table = {"score": np.arange(12.0) ** 1.5, "client": np.repeat(np.arange(4), 3), "time": np.tile(np.arange(3.0), 4)}
    return table | columns


def build(table, fixed="time", random="1"):
    return build_design(table, outcome="score", client="client", fixed=fixed, random=random)


def test_rows_with_something_missing_are_left_out_and_counted():
    table = rows(
        score=np.where(np.arange(12) == 3, np.nan, np.arange(12.0) ** 2),
        mood=np.array([None, *range(1, 12)], dtype=object),
        form=np.array(["", *"abababababa"]),
    )
    design = build(table, "time + mood + form")
    assert (design.dropped, len(design.y), design.fixed_names) == (2, 10, ("(Intercept)", "time", "mood", "formb"))


def test_clients_without_a_name_are_left_out():
    design = build(rows(client=np.array(["p", "p", None, *"qqqrrrsss"], dtype=object)))
    assert (design.dropped, design.client.labels) == (1, ("p", "q", "r", "s"))


@pytest.mark.parametrize(
    "client", [np.repeat([7, 9, 1000, -4], 3), np.repeat([1e12, 5, 6, 7], 3), np.repeat(list("dcba"), 3)]
)
def test_clients_are_counted_whatever_their_numbers(client):
    grouping = build(rows(client=client)).client
    assert len(grouping.labels) == 4
    for code, label in zip(grouping.codes, client.tolist(), strict=True):
        assert grouping.labels[code] == (str(int(label)) if isinstance(label, float) else str(label))


@pytest.mark.parametrize(
    ("change", "fixed", "random", "says"),
    [
        ({}, "time + age", "1", "There is no column age; the table has score, client, time"),
        ({"score": np.full(12, np.nan)}, "time", "1", "No row has everything"),
        ({"score": np.array(["a"] * 12)}, "time", "1", "holds text"),
        ({"score": np.r_[np.inf, np.arange(11.0)]}, "time", "1", "infinite number in row 1"),
        ({"twice": 2 * np.tile(np.arange(3.0), 4) + 5}, "time + twice", "1", "fixed column twice follows"),
        ({"same": np.ones(12)}, "time + same", "1", "fixed column same follows"),
        ({"twice": 2 * np.tile(np.arange(3.0), 4)}, "time", "1 + time + twice", "random column twice follows"),
        ({}, "log(time)", "1", r"log\(time\) is not a number in 4 rows"),
        ({"form": np.array(["a"] * 12)}, "form", "1", "'a' in every row"),
        ({"form": np.array(list("ab") * 6)}, "log(form)", "1", "form is text"),
        ({}, "0", "1", "fixed formula '0' leaves nothing"),
        ({"time": np.arange(5.0)}, "time", "1", "differ in length"),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_words(change, fixed, random, says):
    with pytest.raises(ValueError, match=says):
        build(rows(**change), fixed, random)


def test_truth_values_are_coded_like_text():
    assert build(rows(late=np.arange(12) % 2 == 0), "late").fixed_names == ("(Intercept)", "lateTRUE")
