"""The overview by session, and that nothing in it tells a group of fewer than five people."""

import doctest
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest

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


# Small enough to try everything: groups of one and two people are not told.
FEWEST = 3
CROWDS = (6, 7, 8, 9, 11)


def told(counts: dict[int, int], still: dict[int, int], people: int):
    """Everything that is shown of these people."""
    shown = may_be_shown(counts, still, people, fewest=FEWEST)
    return (
        people,
        sum(counts.values()) if shown.total else None,
        tuple(count if session in shown.rows else None for session, count in counts.items()),
        tuple(number if session in shown.still else None for session, number in still.items()),
    )


def crowds():
    """Every (counts, still, people) of three sessions: all came to the first, nobody has a score without coming."""
    for people in CROWDS:
        for second, third in product(range(people + 1), repeat=2):
            for counts in product(range(people + 1), range(second + 1), range(min(second, third) + 1)):
                if third <= second and any(counts):
                    there = [place for place, count in enumerate(counts) if count]
                    still = (people, second, third)
                    yield {p + 1: counts[p] for p in there}, {p + 1: still[p] for p in there}, people


def populations(shown):
    """Every (scores by session, still there by session) that agrees with all that is shown, and with the rule."""
    people, total, rows, staying = shown
    for still in product(*([number] if number is not None else range(1, people + 1) for number in staying)):
        last, fits = people, True
        for number, told_number in zip(still, staying, strict=True):
            if told_number is None:
                fits &= number < last and (number < FEWEST or last - number < FEWEST)
            else:
                last = number
        if not fits or any(a < b for a, b in pairwise(still)):
            continue
        choices = ([n] if n is not None else range(1, most + 1) for n, most in zip(rows, still, strict=True))
        for counts in product(*choices):
            if (total is None or sum(counts) == total) and all(map(int.__le__, counts, still)):
                yield counts, still


@cache
def guesses(shown):
    """What each count and each number still there could be, by session."""
    found = list(populations(shown))
    sessions = range(len(shown[2]))
    return [{counts[k] for counts, _ in found} for k in sessions], [{still[k] for _, still in found} for k in sessions]


def test_whoever_knows_all_that_is_shown_cannot_tell_a_small_group():
    """An attacker tries every population: each small number that is hidden could be any other small number too."""
    small = set(range(1, FEWEST))
    hidden = 0
    for counts, still, people in crowds():
        shown = told(counts, still, people)
        rows, staying = guesses(shown)
        last = people
        for place, session in enumerate(counts):
            assert counts[session] in rows[place]
            if shown[2][place] is None and counts[session] < FEWEST:
                hidden += 1
                assert small <= rows[place], (counts, still, shown)
            if shown[3][place] is not None:
                last = still[session]
            elif last - still[session] < FEWEST:
                hidden += 1
                assert small <= {last - number for number in staying[place]}, (counts, still, shown)
            else:
                assert small <= staying[place], (counts, still, shown)
    assert hidden > 1_000


def test_the_numbers_still_in_treatment_never_differ_by_a_few():
    for counts, still, people in crowds():
        numbers = [people, *(number for number in told(counts, still, people)[3] if number is not None)]
        assert all(a == b or a - b >= FEWEST for a, b in pairwise(numbers))
        assert numbers[-1] >= FEWEST


def test_the_example_in_the_documentation_runs():
    assert doctest.testmod(suppression).failed == 0
