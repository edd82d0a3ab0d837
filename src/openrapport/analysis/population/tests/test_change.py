"""Change of a population: client by client the same verdicts as the library's for one person."""

from collections import Counter

import duckdb
import numpy as np
import pytest

from openrapport.analysis.change import reliable_change
from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.change import change_population
from openrapport.analysis.population.engines import NotReadable, Source
from openrapport.analysis.population.sessions import SessionColumns
from openrapport.analysis.population.tests.invented import Table, invent, shuffled, write_csv, write_parquet

COLUMNS = SessionColumns("client", "session", "score")
JUDGED = {"sd": 9.0, "reliability": 0.8}


def one_at_a_time(table: Table, direction) -> tuple[Counter, int, float]:
    """Verdicts, clients with one session, and the mean difference, in plain Python."""
    verdicts, single, differences = Counter(), 0, []
    for client in np.unique(table["client"]):
        rows = (table["client"] == client) & ~np.isnan(table["score"])
        order = np.argsort(table["session"][rows])
        scores = table["score"][rows][order]
        if len(scores) == 1:
            single += 1
        elif len(scores):
            found = reliable_change(float(scores[0]), float(scores[-1]), direction=direction, **JUDGED)
            verdicts[found.verdict] += 1
            differences.append(found.difference)
    return verdicts, single, float(np.mean(differences))


@pytest.mark.parametrize("direction", ["higher_is_better", "lower_is_better"])
def test_every_source_counts_what_one_person_after_the_other_gives(tmp_path, direction):
    table = invent(400, seed=6)
    verdicts, single, mean = one_at_a_time(table, direction)
    assert min(verdicts.values()) > 3
    files = [write_parquet(tmp_path / "a.parquet", shuffled(table, seed=1)), write_csv(tmp_path / "b.csv", table)]
    for file in files:
        found = change_population(Source(str(file)), COLUMNS, direction=direction, **JUDGED)
        assert (found.better, found.worse) == (verdicts["better"], verdicts["worse"])
        assert (found.no_reliable_change, found.one_session_only) == (verdicts["no_reliable_change"], single)
        assert found.n_clients == found.compared + single
        assert found.mean_difference == pytest.approx(mean)


def test_a_change_of_exactly_the_threshold_is_not_reliable(tmp_path):
    # Sdiff = sd * sqrt(2 * (1 - r)) = 5 here, so with a criterion of 2 the threshold is 10.
    lines = "client,session,score\n1,1,20\n1,2,30\n2,1,20\n2,2,31\n3,1,20\n3,2,9\n4,7,3\n"
    (tmp_path / "a.csv").write_text(lines)
    found = change_population(
        Source(str(tmp_path / "a.csv")), COLUMNS, sd=5.0, reliability=0.5, direction="higher_is_better", criterion=2.0
    )
    assert (found.threshold, found.better, found.worse, found.no_reliable_change) == (10.0, 1, 1, 1)
    assert (found.one_session_only, found.mean_difference) == (1, pytest.approx(10 / 3))


def test_of_two_scores_in_one_session_the_lower_is_the_earlier(tmp_path):
    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute("CREATE TABLE s AS SELECT * FROM (VALUES (1,1,30.0),(1,1,10.0),(1,2,5.0),(1,2,40.0)) "
                           "t(client, session, score)")  # fmt: skip
    found = change_population(Source(str(tmp_path / "s.duckdb")), COLUMNS, direction="higher_is_better", **JUDGED)
    assert found.mean_difference == 30.0


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("1,1,20\n,2,30\n", "Column client is empty"),
        ("1,1,20\n1,,30\n", "Column session is empty"),
        ("1,1,20\n1,2,20260101\n", "which is no score"),
    ],
)
def test_rows_that_cannot_be_placed_are_refused(tmp_path, lines, problem):
    (tmp_path / "a.csv").write_text("client,session,score\n" + lines)
    with pytest.raises(NotCountable, match=problem):
        change_population(Source(str(tmp_path / "a.csv")), COLUMNS, direction="higher_is_better", **JUDGED)


def test_senseless_numbers_and_places_are_refused(tmp_path):
    with pytest.raises(ValueError, match="reliability < 1"):
        change_population(Source("x.csv"), COLUMNS, sd=5, reliability=1.0, direction="higher_is_better")
    with pytest.raises(NotReadable, match=r"x\.csv"):
        change_population(Source(str(tmp_path / "x.csv")), COLUMNS, direction="higher_is_better", **JUDGED)
