"""Many check-ins at once score as one at a time, whatever is missing and however the numbers are kept."""

import doctest
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.analysis import scoring_many as module
from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.scoring import NotScorable, ScoringError, score
from openrapport.analysis.scoring_many import REASONS, SLICE, score_many
from openrapport.analysis.tests.test_scoring import form

MIXED = form(6, 4, method="sum", max_missing=2, risk=(3,), turned=(2, 5), parts={"half": ((1, 2, 4), 1)})
MEAN = form(5, 100, method="mean", max_missing=1, turned=(1,))
SIGNS = get_instrument("child-connecting")
ADULT = get_instrument("alliance-adult")
INSTRUMENTS = [MIXED, MEAN, SIGNS, ADULT]


def numeric_items(instrument):
    return [item for item in instrument.items if item.is_numeric]


def agrees_with_one_at_a_time(rows, instrument):
    """Every score of every row, number for number."""
    codes = [item.code for item in numeric_items(instrument)]
    together = score_many(np.array(rows, dtype=float), instrument)
    for number, row in enumerate(rows):
        for one in score(dict(zip(codes, row, strict=True)), instrument):
            many = together[one.code]
            assert many.answered[number] == one.answered
            if isinstance(one, NotScorable):
                assert REASONS[many.reason[number]] == one.reason
                assert np.isnan(many.value[number])
                assert not any(flags[number] for flags in (many.prorated, many.ceiling, many.straight_lined))
            else:
                assert many.reason[number] == 0
                assert many.value[number] == one.value
                flags = (many.prorated[number], many.ceiling[number], many.straight_lined[number])
                assert flags == (one.prorated, one.ceiling, one.straight_lined)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), instrument=st.sampled_from(INSTRUMENTS))
def test_many_at_once_are_the_same_as_one_at_a_time(data, instrument):
    answers = [st.one_of(st.none(), st.sampled_from(item.values)) for item in numeric_items(instrument)]
    agrees_with_one_at_a_time(data.draw(st.lists(st.tuples(*answers), min_size=1, max_size=6)), instrument)


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.id)
def test_the_ends_and_straight_lines_agree_too(instrument):
    items = numeric_items(instrument)
    rows = [[item.values[0] for item in items], [item.values[-1] for item in items], [1] * len(items)]
    rows += [[None, *row[1:]] for row in rows] + [[None] * len(items)]
    agrees_with_one_at_a_time(rows, instrument)


def test_more_rows_than_a_slice_holds_keep_their_places():
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 5, (2 * SLICE + 7, 6)).astype(float)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    found = score_many(rows, MIXED)["total"]
    looked_at = [0, SLICE - 1, SLICE, 2 * SLICE, 2 * SLICE + 6]
    for number in looked_at:
        alone = score_many(rows[[number]], MIXED)["total"]
        assert (found.value[number], found.reason[number]) == pytest.approx(
            (alone.value[0], alone.reason[0]), nan_ok=True
        )


def test_the_kind_of_number_and_of_table_does_not_matter():
    whole = np.random.default_rng(2).integers(0, 5, (50, 6))
    wanted = score_many(whole.astype(float), MIXED)
    codes = [item.code for item in MIXED.items]
    tables = [whole, whole.astype(np.int8), whole.astype(np.uint16), whole.astype(np.float32), np.asfortranarray(whole)]
    tables += [whole.tolist(), dict(zip(codes, whole.T, strict=True))]
    for table in tables:
        for code, found in score_many(table, MIXED).items():
            assert found.value.tolist() == wanted[code].value.tolist()
    turned = score_many(whole[:, ::-1], MIXED, columns=codes[::-1])
    assert turned["total"].value.tolist() == wanted["total"].value.tolist()


def test_the_answers_themselves_are_left_as_they_were():
    answers = np.array([[1, 2, 3, 4, 0, np.nan]])
    before = answers.copy()
    score_many(answers, MIXED)
    assert np.array_equal(answers, before, equal_nan=True)


def test_an_item_without_a_column_was_answered_by_nobody():
    found = score_many({"q1": [1, 2], "q2": [4, 0], "q3": [0, 0], "q4": [2, 2]}, MIXED)
    # 1 + (4 - 4) + 0 + 2 = 3 of four items, six in all: 4.5; and 2 + 4 + 0 + 2 = 8: 12.
    assert found["total"].value.tolist() == [4.5, 12]
    assert found["total"].prorated.all()
    assert score_many({"q1": [1.0]}, MIXED)["total"].reason.tolist() == [REASONS.index("risk_item_missing")]


def test_steps_between_answers_are_minded():
    item = replace(MEAN.items[0], step=5)
    coarse = replace(MEAN, items=(item, *MEAN.items[1:]))
    assert score_many([[5, 1, 1, 1, 1]], coarse)["total"].reason[0] == 0
    with pytest.raises(ScoringError, match=r"row 1, q1: 7 is not one of 0 to 100 by 5"):
        score_many([[7, 1, 1, 1, 1]], coarse)


@pytest.mark.parametrize(
    ("answers", "columns", "words"),
    [
        ([[0] * 6, [0, 5, 0, 0, 0, 0]], None, "row 2, q2: 5 is not one of 0 to 4 by 1"),
        ([[0, 0, 0, 0, 0, -1]], None, "row 1, q6: -1 is not one of"),
        ([[0, 0, 0.5, 0, 0, 0]], None, r"row 1, q3: 0\.5 is not one of"),
        ([[np.nan, 0, 0, 0, 0, 0], [np.inf, 0, 0, 0, 0, 0]], None, "row 2, q1: inf is not one of"),
        (np.full((1, 6), 256), None, "row 1, q1: 256 is not one of"),
        ([[0] * 5], None, "6 columns: q1, q2"),
        ([0] * 6, None, "6 columns"),
        ([[0, 0]], ["q1", "q7"], "^q7: not an item of form@1"),
        ([[0, 0]], ["q1", "q1"], "^q1: there are two columns"),
        ({"q1": [0, 0], "q2": [0]}, None, "as many rows"),
        ({}, None, "at least one column"),
        ({"q1": np.array(["a"])}, None, "^q1: its column holds"),
    ],
)
def test_a_wrong_answer_is_refused_by_row_and_item(answers, columns, words):
    with pytest.raises(ScoringError, match=words):
        score_many(answers, MIXED, columns)


def test_a_wrong_answer_far_down_is_named_by_its_own_row():
    rows = np.zeros((SLICE + 10, 6))
    rows[SLICE + 4, 3] = 9
    with pytest.raises(ScoringError, match=f"^row {SLICE + 5}, q4: 9 "):
        score_many(rows, MIXED)


def test_words_are_not_numbers():
    with pytest.raises(ScoringError, match=r"^one_thing: takes words"):
        score_many({"one_thing": [1.0]}, ADULT)


def test_no_rows_give_no_scores():
    assert len(score_many(np.empty((0, 6)), MIXED)["total"].value) == 0


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(module).failed == 0
