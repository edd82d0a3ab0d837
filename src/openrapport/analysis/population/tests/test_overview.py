"""The overview by session, and that nothing in it tells a group of fewer than five people."""

import doctest
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.analysis.population import suppression
from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.engines import Source
from openrapport.analysis.population.overview import Overview, overview_population
from openrapport.analysis.population.sessions import SessionColumns
from openrapport.analysis.population.suppression import may_be_shown
from openrapport.analysis.population.tests.invented import invent, shuffled, write_csv, write_parquet

COLUMNS = SessionColumns("client", "session", "score")
ROUNDING = 1e-12


def overview(path, **more) -> Overview:
    return overview_population(Source(str(path)), COLUMNS, **more)


def test_every_session_has_its_count_mean_sd_and_shares(tmp_path):
    table = invent(2_000, seed=6)
    table["score"] = np.where(table["score"] > 60, 60.0, table["score"])
    files = [write_parquet(tmp_path / "a.parquet", shuffled(table, seed=1)), write_csv(tmp_path / "b.csv", table)]
    last = {client: table["session"][table["client"] == client].max() for client in np.unique(table["client"])}
    for file in files:
        found = overview(file, best=60.0)
        assert (found.n_clients, found.n_scores) == (2_000, int((~np.isnan(table["score"])).sum()))
        assert found.suppressed == 0
        assert [each.session for each in found.sessions] == list(range(1, 13))
        for each in found.sessions:
            scores = table["score"][(table["session"] == each.session) & ~np.isnan(table["score"])]
            assert each.n == len(scores)
            assert each.mean == pytest.approx(scores.mean(), rel=ROUNDING)
            assert each.sd == pytest.approx(scores.std(ddof=1), rel=ROUNDING)
            assert each.ceiling_share == pytest.approx((scores == 60).mean())
            assert each.still_in_treatment == sum(end >= each.session for end in last.values()) / 2_000


def lines(lengths, score=lambda client, session: 10 + client % 7) -> str:
    """A CSV of clients who came to 1, 2, ... sessions."""
    rows = ["client,session,score"]
    for client, length in enumerate(lengths):
        rows += [f"{client},{session},{score(client, session)}" for session in range(1, length + 1)]
    return "\n".join(rows) + "\n"


def test_a_row_of_few_people_and_one_more_are_left_out_so_that_the_total_tells_nothing(tmp_path):
    # Three of the 15 who came to a second session gave no score there.
    skipped = "".join(f"{client},2,\n" for client in range(100, 103))
    text = lines([1] * 10 + [2] * 9 + [3] * 3) + "".join(f"{client},1,12\n" for client in range(100, 103)) + skipped
    (tmp_path / "a.csv").write_text(text)
    found = overview(tmp_path / "a.csv")
    assert found.n_scores == 25 + 12 + 3
    assert [each.n for each in found.sessions] == [25, None, None]
    assert [each.mean is None for each in found.sessions] == [False, True, True]
    # Of 25, 15 came to a second session; that 3 came to a third is not told.
    assert [each.still_in_treatment for each in found.sessions] == [1.0, 0.6, None]
    assert found.suppressed == 2


def test_without_rows_to_hide_behind_the_total_is_left_out(tmp_path):
    # All 15 gave a score at session 2, and 15 is shown as the number still in treatment: it would hide nothing.
    (tmp_path / "a.csv").write_text(lines([1] * 10 + [2] * 12 + [3] * 3))
    found = overview(tmp_path / "a.csv")
    assert found.n_scores is None
    assert [each.n for each in found.sessions] == [25, 15, None]


def test_how_many_left_is_told_only_in_groups_of_five(tmp_path):
    (tmp_path / "a.csv").write_text(lines([1] * 2 + [2] * 2 + [3] * 6 + [4] * 20))
    found = overview(tmp_path / "a.csv")
    # 30, 28, 26, 20 are still there: after the first number, two, four and then ten have left.
    assert [each.still_in_treatment for each in found.sessions] == [1.0, None, None, 20 / 30]
    # Nobody skipped, so 28 scores would tell that at most two had left; 26 leave room for one to four.
    assert [each.n for each in found.sessions] == [30, None, 26, 20]


def test_few_at_the_ceiling_or_few_below_it_are_not_told(tmp_path):
    for at_best, told in ((0, 0.0), (3, None), (6, 0.3), (17, None), (20, 1.0)):
        text = lines([1] * 20, score=lambda client, session, limit=at_best: 40 if client < limit else 30)
        (tmp_path / "a.csv").write_text(text)
        assert overview(tmp_path / "a.csv", best=40.0).sessions[0].ceiling_share == told
        assert overview(tmp_path / "a.csv").sessions[0].ceiling_share is None


def test_a_session_without_a_score_was_attended_all_the_same(tmp_path):
    (tmp_path / "a.csv").write_text(lines([1] * 6 + [2] * 10) + "".join(f"{client},2,\n" for client in range(6)))
    found = overview(tmp_path / "a.csv")
    assert [each.still_in_treatment for each in found.sessions] == [1.0, 1.0]
    assert [each.n for each in found.sessions] == [16, 10]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1,1,20\n1,1,30\n" * 5, "holds a number twice"),
        ("1,1.5,20\n", "not whole"),
        ("1,,20\n", "not whole, or nothing"),
        (",1,20\n", "client is empty"),
        ("1,20260101,20\n", "from 0 to 4999"),
        ("1,1,20\n2,1,20\n", "takes 5 clients or more"),
    ],
)
def test_what_cannot_be_counted_is_refused(tmp_path, text, problem):
    (tmp_path / "a.csv").write_text("client,session,score\n" + text)
    with pytest.raises(NotCountable, match=problem):
        overview(tmp_path / "a.csv")


FEWEST = 3
Courses = st.lists(st.integers(1, 3), min_size=6, max_size=14)


def told(ends, skipped):
    """Everything that is shown of people who came to `ends[i]` sessions and gave no score at `skipped[i]`."""
    sessions = range(1, 4)
    counts = {s: sum(end >= s and not skip >> s & 1 for end, skip in zip(ends, skipped, strict=True)) for s in sessions}
    counts = {session: count for session, count in counts.items() if count}
    still = {session: sum(end >= session for end in ends) for session in counts}
    shown = may_be_shown(counts, still, len(ends), fewest=FEWEST)
    return (
        counts,
        still,
        (
            len(ends),
            sum(counts.values()) if shown.total else None,
            tuple((session, counts[session] if session in shown.rows else None) for session in counts),
            tuple((session, still[session] if session in shown.still else None) for session in counts),
        ),
    )


def populations(shown):
    """Every (scores by session, still there by session) that agrees with all that is shown, and with the rule."""
    people, total, rows, staying = shown
    for still in product(*([number] if number is not None else range(1, people + 1) for _, number in staying)):
        last, fits = people, True
        for number, (_, told_number) in zip(still, staying, strict=True):
            if told_number is None:
                fits &= number < last and (number < FEWEST or last - number < FEWEST)
            else:
                last = number
        if not fits or any(a < b for a, b in pairwise(still)):
            continue
        choices = ([n] if n is not None else range(1, most + 1) for (_, n), most in zip(rows, still, strict=True))
        for counts in product(*choices):
            if (total is None or sum(counts) == total) and all(map(int.__le__, counts, still)):
                yield counts, still


@settings(max_examples=300, deadline=None)
@given(ends=Courses, data=st.data())
def test_whoever_knows_all_that_is_shown_cannot_tell_a_small_group(ends, data):
    """An attacker tries every population: each small number that is hidden could be another small number too."""
    skipped = [data.draw(st.sampled_from([0, 0, 0, 2, 4, 8])) for _ in ends]
    counts, still, shown = told(ends, skipped)
    people, _, rows, staying = shown
    guesses = list(populations(shown))
    assert (tuple(counts.values()), tuple(still.values())) in guesses
    last = people
    for place, ((session, row), (_, number)) in enumerate(zip(rows, staying, strict=True)):
        if row is None and counts[session] < FEWEST:
            seen = {guess[place] for guess, _ in guesses}
            assert set(range(1, FEWEST)) <= seen
        if number is not None:
            last = number
        elif last - still[session] < FEWEST:
            assert set(range(1, FEWEST)) <= {last - guess[place] for _, guess in guesses}


@settings(max_examples=200, deadline=None)
@given(ends=Courses)
def test_the_numbers_still_in_treatment_never_differ_by_a_few(ends):
    _, _, (people, _, _, staying) = told(ends, [0] * len(ends))
    numbers = [people, *(number for _, number in staying if number is not None)]
    assert all(a == b or a - b >= FEWEST for a, b in pairwise(numbers))
    assert numbers[-1] >= FEWEST


def test_the_example_in_the_documentation_runs():
    assert doctest.testmod(suppression).failed == 0
