"""Scores against hand-worked answers, the PHQ-9 rule (a ninth may be estimated, a third may not) and the CORE rule
(up to a tenth prorated, risk never). The forms here are invented; only the arithmetic is theirs."""

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrapport.analysis import LIBRARY_VERSION, scoring
from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.instrument import Instrument
from openrapport.analysis.instrument_file import parse_instrument
from openrapport.analysis.scoring import NotScorable, ScaleScore, ScoringError, score, score_total

# Sums of whole numbers divided once: one rounding step of double precision at most.
ROUNDING = 1e-12


def form(
    items: int, top: int, *, method: str, max_missing: int, risk: tuple[int, ...] = (), turned=(), parts=None
) -> Instrument:
    """An invented form: items q1.. from 0 to `top`, worse when higher.

    `parts` are further scores: the item numbers and how many may be missing, by code.
    """
    text = 'id = "form"\nversion = 1\naudience = "adult"\nkind = "outcome"\nlanguages = ["en"]\n'
    text += 'title.en = "Form"\nintroduction.en = "Numbers."\n'
    for number in range(1, items + 1):
        text += (
            f'[[items]]\ncode = "q{number}"\nkind = "rating"\nminimum = 0\nmaximum = {top}\nstep = 1\n'
            f'label.en = "{number}"\ntext.en = "Number {number}?"\nanchors.en = {{ 0 = "none", {top} = "most" }}\n'
            f"risk = {str(number in risk).lower()}\nreverse = {str(number in turned).lower()}\n"
        )
    for code, (numbers, allowed) in {"total": (range(1, items + 1), max_missing), **(parts or {})}.items():
        codes = ", ".join(f'"q{number}"' for number in numbers)
        most = top * len(numbers) if method == "sum" else top
        text += (
            f'[[scores]]\ncode = "{code}"\ntitle.en = "{code}"\nitems = [{codes}]\nmethod = "{method}"\n'
            f'max_missing = {allowed}\ndirection = "lower_is_better"\nminimum = 0\nmaximum = {most}\n'
        )
    rights = "\n".join(f'{right} = "allowed"' for right in ("commercial", "electronic", "translation", "modification"))
    text += f'[licence]\nholder = "x"\nterms = "x"\n{rights}\n[validation]\nstatus = "not_yet_validated"\n'
    return parse_instrument(text, file="form.toml")


NINE = form(9, 3, method="sum", max_missing=2)
THIRTY_FOUR = form(34, 4, method="mean", max_missing=3, risk=(6, 16, 22))
# The same rule for each part: a tenth of 12 items is one, of 4 items none; the part of risk items allows none at all.
PARTS = {"problems": (tuple(range(23, 35)), 1), "wellbeing": ((1, 2, 3, 4), 0), "risk": ((6, 16, 22), 0)}
IN_PARTS = form(34, 4, method="mean", max_missing=3, risk=(6, 16, 22), parts=PARTS)


def answered(values, *, missing=()):
    return {f"q{n}": value for n, value in enumerate(values, start=1) if n not in missing}


def test_eight_of_nine_answers_summing_sixteen_score_eighteen():
    found = score_total({**answered([2] * 8), "q9": None}, NINE)
    assert isinstance(found, ScaleScore)
    assert (found.value, found.prorated, found.answered, found.items) == (18, True, 8, 9)


def test_three_missing_of_nine_are_not_scorable():
    found = score_total(answered([2] * 9, missing=(1, 5, 9)), NINE)
    assert found == NotScorable("total", "too_many_missing", ("q1", "q5", "q9"), 6, 9, "form@1")


def test_a_tenth_may_be_missing_and_is_prorated():
    found = score_total(answered([1] * 17 + [3] * 17, missing=(1, 2, 3)), THIRTY_FOUR)
    assert isinstance(found, ScaleScore)
    assert found.value == pytest.approx((14 * 1 + 17 * 3) / 31, abs=ROUNDING)
    assert isinstance(score_total(answered([1] * 34, missing=(1, 2, 3, 4)), THIRTY_FOUR), NotScorable)


def test_a_missing_risk_answer_is_never_made_up():
    found = score_total(answered([0] * 34, missing=(6,)), THIRTY_FOUR)
    assert isinstance(found, NotScorable)
    assert (found.reason, found.missing) == ("risk_item_missing", ("q6",))


def test_a_missing_answer_is_prorated_in_each_part_by_its_own_rule():
    answers = answered([1] * 22 + [2] * 11 + [4], missing=(1, 34))
    total, problems, wellbeing, risk = score(answers, IN_PARTS)
    assert isinstance(total, ScaleScore)
    assert total.value == pytest.approx((21 * 1 + 11 * 2) / 32, abs=ROUNDING)
    assert isinstance(problems, ScaleScore)
    assert (problems.value, problems.prorated) == (2, True)  # from its own eleven answers, not from the form's
    assert isinstance(wellbeing, NotScorable)
    assert (wellbeing.reason, wellbeing.missing) == ("too_many_missing", ("q1",))
    assert isinstance(risk, ScaleScore)
    assert (risk.value, risk.prorated) == (1, False)


def test_a_missing_risk_answer_leaves_the_parts_without_it_alone():
    reasons = [getattr(found, "reason", None) for found in score(answered([1] * 34, missing=(16,)), IN_PARTS)]
    assert reasons == ["risk_item_missing", None, None, "risk_item_missing"]


def test_a_long_sum_with_nothing_missing_is_a_whole_number():
    for items in (9, 34, 49, 98, 103):
        long = form(items, 3, method="sum", max_missing=2)
        for values in ([1] + [0] * (items - 1), [3] * items, [3] * (items - 1) + [2]):
            assert score_total(answered(values), long).value == sum(values)  # type: ignore[union-attr]


def test_nothing_answered_is_not_a_zero():
    found = score_total({}, NINE)
    assert isinstance(found, NotScorable)
    assert found.reason == "nothing_answered"


def test_a_turned_item_counts_from_the_other_end():
    assert score_total(answered([3, 3]), form(2, 3, method="sum", max_missing=0, turned=(2,))).value == 3  # type: ignore[union-attr]


def test_the_best_answers_are_the_ceiling_in_either_direction():
    lowest = score_total(answered([0] * 9), NINE)
    highest = score_total(
        {item.code: 10 for item in get_instrument("alliance-adult").items[:7]}, get_instrument("alliance-adult")
    )
    worst = score_total(answered([3] * 9), NINE)
    assert isinstance(lowest, ScaleScore)
    assert isinstance(highest, ScaleScore)
    assert isinstance(worst, ScaleScore)
    assert [lowest.ceiling, highest.ceiling, worst.ceiling] == [True, True, False]


def test_the_same_answer_throughout_is_a_straight_line_even_with_gaps():
    straight = score_total(answered([1] * 9, missing=(2,)), NINE)
    bent = score_total(answered([1] * 8 + [2]), NINE)
    two = score_total(answered([1, 1]), form(2, 3, method="sum", max_missing=0))
    assert [straight.straight_lined, bent.straight_lined, two.straight_lined] == [True, False, False]  # type: ignore[union-attr]


def test_not_sure_never_counts_as_no():
    signs = get_instrument("child-connecting")
    codes = signs.total.items
    sure = score_total(dict(zip(codes, (1, 1, 1, 1, 0, 0), strict=True)), signs)
    unsure = score_total(dict(zip(codes, (1, 1, 1, 1, 2, 2), strict=True)), signs)
    assert (sure.value, unsure.value) == (4, 6)  # type: ignore[union-attr]
    assert unsure.prorated  # type: ignore[union-attr]
    assert isinstance(score_total(dict(zip(codes, (1, 1, 1, 2, 2, 2), strict=True)), signs), NotScorable)


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("q1", 4, "q1: 4 is not one of 0 to 3"),
        ("q1", -1, "q1: -1 is not one of 0 to 3"),
        ("q1", 1.5, r"q1: 1\.5 is not one of 0 to 3"),
        ("q1", True, "q1: True is not a number"),
        ("q1", "2", "q1: '2' is not a number"),
        ("q1", math.nan, "q1: nan is not a number"),
        ("q1", math.inf, "q1: inf is not a number"),
        ("q10", 1, "q10: not an item of form@1"),
        ("q10", None, "q10: not an item of form@1"),
    ],
)
def test_an_answer_the_form_does_not_offer_is_refused_by_name(code, value, words):
    with pytest.raises(ScoringError, match=f"^{words}"):
        score({code: value}, NINE)


def test_words_are_not_numbers():
    with pytest.raises(ScoringError, match=r"^one_thing: takes words"):
        score({"one_thing": 3}, get_instrument("alliance-adult"))


def test_a_score_names_the_instrument_and_the_library_that_made_it():
    found = score_total(answered([1] * 9), NINE)
    assert (found.instrument, found.library) == ("form@1", LIBRARY_VERSION)


@given(st.lists(st.one_of(st.none(), st.integers(0, 10)), min_size=7, max_size=7))
def test_an_alliance_score_is_the_mean_of_what_was_answered_or_says_why_not(values):
    adult = get_instrument("alliance-adult")
    found = score_total(dict(zip(adult.total.items, values, strict=True)), adult)
    given_values = [value for value in values if value is not None]
    if len(given_values) < 5:
        assert isinstance(found, NotScorable)
        assert len(found.missing) == 7 - len(given_values)
    else:
        assert isinstance(found, ScaleScore)
        assert found.value == pytest.approx(sum(given_values) / len(given_values), abs=ROUNDING)
        assert found.minimum <= found.value <= found.maximum


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(scoring).failed == 0
