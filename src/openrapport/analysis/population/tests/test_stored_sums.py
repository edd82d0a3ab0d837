"""Stored sums: adding sessions one by one ends in the cells that the whole table gives at once."""

import numpy as np
import pytest

from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.engines import Source
from openrapport.analysis.population.growth import count_population
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.stored_sums import Session, StoredSums
from openrapport.analysis.population.tests.invented import Table, invent, write_parquet
from openrapport.analysis.population.whole_cells import WholeCells

COLUMNS = SessionColumns("client", "session", "score", covariates=("intake",))
TENTHS = Counting(unit=0.1, clock="log", centre=550)


def part(table: Table, rows: np.ndarray) -> Table:
    return {name: values[rows] for name, values in table.items()}


def one(client: int, session: int, score: float, intake: float) -> Session:
    return Session(str(client), int(session), float(score), (float(intake),))


def equal(stored: WholeCells, counted: WholeCells) -> bool:
    return (
        np.array_equal(stored.design, counted.design)
        and np.array_equal(stored.clients, counted.clients)
        and np.allclose(stored.products, counted.products, rtol=1e-12, atol=0)
        and np.array_equal(stored.squares, counted.squares)
    )


def test_sessions_added_in_bulk_and_one_by_one_end_in_the_same_cells(tmp_path):
    table = invent(60, seed=2)
    early = table["session"] < 4
    whole = count_population(Source(str(write_parquet(tmp_path / "all.parquet", table))), COLUMNS, TENTHS).cells
    with StoredSums.create(tmp_path / "sums.duckdb", COLUMNS, TENTHS) as sums:
        sums.add_all(Source(str(write_parquet(tmp_path / "early.parquet", part(table, early)))))
    late = part(table, ~early & ~np.isnan(table["score"]))
    with StoredSums.open(tmp_path / "sums.duckdb") as sums:
        assert (sums.columns, sums.counting) == (COLUMNS, TENTHS)
        for row in zip(*late.values(), strict=True):
            sums.add(one(*row))
        assert equal(sums.cells(), whole)
        assert sums.cells().fit(method="reml").n_rows == whole.n_rows


def test_a_session_that_was_wrong_is_taken_away_again(tmp_path):
    table = invent(30, seed=2)
    with StoredSums.create(tmp_path / "sums.duckdb", COLUMNS, TENTHS) as sums:
        sums.add_all(Source(str(write_parquet(tmp_path / "all.parquet", table))))
        before = sums.cells()
        wrong = Session("5", 9, 12.3, (float(table["intake"][0]),))
        sums.add(wrong)
        assert not equal(sums.cells(), before)
        sums.take_away(wrong)
        assert equal(sums.cells(), before)


@pytest.mark.parametrize(
    ("session", "problem"),
    [
        (Session("5", 0, 50.0, (1.0,)), "numbered from 1"),
        (Session("5", 1, 50.05, (1.0,)), "no whole number of units"),
        (Session("5", 1, float("nan"), (1.0,)), "no whole number of units"),
        (Session("5", 1, 50.0, (2.0,)), "other covariates"),
        (Session("5", 1, 50.0), "has 1 covariates"),
    ],
)
def test_a_session_that_cannot_be_counted_changes_nothing(tmp_path, session, problem):
    with StoredSums.create(tmp_path / "sums.duckdb", COLUMNS, TENTHS) as sums:
        sums.add(Session("5", 1, 50.0, (1.0,)))
        before = sums.cells()
        with pytest.raises(NotCountable, match=problem):
            sums.add(session)
        assert equal(sums.cells(), before)
        with pytest.raises(NotCountable, match="could be taken away"):
            sums.take_away(Session("6", 1, 50.0, (1.0,)))


def test_a_table_whose_covariate_differs_from_what_is_stored_changes_nothing(tmp_path):
    table = invent(30, seed=2)
    with StoredSums.create(tmp_path / "sums.duckdb", COLUMNS, TENTHS) as sums:
        sums.add_all(Source(str(write_parquet(tmp_path / "all.parquet", table))))
        before = sums.cells()
        other = {**table, "intake": table["intake"] + 1}
        with pytest.raises(NotCountable, match="differs from what is stored"):
            sums.add_all(Source(str(write_parquet(tmp_path / "other.parquet", other))))
        assert equal(sums.cells(), before)


def test_files_are_never_written_over_and_other_files_are_refused(tmp_path):
    StoredSums.create(tmp_path / "sums.duckdb", COLUMNS, TENTHS).close()
    with pytest.raises(FileExistsError, match="there already"):
        StoredSums.create(tmp_path / "sums.duckdb", COLUMNS, TENTHS)
    with pytest.raises(FileNotFoundError, match="no such file"):
        StoredSums.open(tmp_path / "none.duckdb")
    (tmp_path / "text.duckdb").write_text("not a database, but long enough to look like one" * 100)
    with pytest.raises(ValueError, match="holds no client sums"):
        StoredSums.open(tmp_path / "text.duckdb")
