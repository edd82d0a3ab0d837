"""Population growth: the same cells whichever way rows come, and the estimator's own numbers from them."""

import duckdb
import numpy as np
import pytest

from openrapport.analysis.growth.fit import growth
from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.engines import NotReadable, Source
from openrapport.analysis.population.growth import count_population
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.tests.invented import Table, invent, shuffled, write_csv, write_parquet
from openrapport.analysis.population.whole_cells import WholeCells

# t is rounded to 2^-20 of log time; what that moves is far below the seventh digit of any estimate.
CLOSE = 1e-6
# Sums of doubles over clients in another order.
ROUNDING = 1e-12

COLUMNS = SessionColumns("client", "session", "score")
TENTHS = Counting(unit=0.1, clock="log", centre=550)


@pytest.fixture(scope="module")
def table() -> Table:
    return invent(700, seed=11)


def same(one: WholeCells, other: WholeCells) -> bool:
    return (
        np.array_equal(one.design, other.design)
        and np.array_equal(one.clients, other.clients)
        and np.allclose(one.products, other.products, rtol=ROUNDING, atol=0)
        and np.allclose(one.squares, other.squares, rtol=ROUNDING, atol=0)
    )


def test_every_way_counts_the_same_cells(tmp_path, table):
    ordered = count_population(Source(str(write_parquet(tmp_path / "a.parquet", table))), COLUMNS, TENTHS)
    mixed_file = write_parquet(tmp_path / "b.parquet", shuffled(table, seed=1))
    mixed = count_population(Source(str(mixed_file)), COLUMNS, TENTHS)
    assert (ordered.way, mixed.way) == ("stream", "duckdb")
    folder = tmp_path / "csv"
    folder.mkdir()
    half = len(table["client"]) // 2
    for name, part in (("1.csv", slice(0, half)), ("2.csv", slice(half, None))):
        write_csv(folder / name, {column: values[part] for column, values in table.items()})
    from_csv = count_population(Source(str(folder)), COLUMNS, TENTHS)
    database = tmp_path / "sessions.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE TABLE sessions AS SELECT * FROM '{mixed_file}'")
    from_database = count_population(Source(str(database)), COLUMNS, TENTHS)
    for other in (mixed, from_csv, from_database):
        assert same(ordered.cells, other.cells)
    assert ordered.cells.n_rows == int((~np.isnan(table["score"])).sum())


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_the_curve_is_the_one_the_estimator_finds_in_the_rows(tmp_path, table, method):
    columns = SessionColumns("client", "session", "score", covariates=("intake",))
    counted = count_population(Source(str(write_parquet(tmp_path / "a.parquet", table))), columns, TENTHS)
    assert counted.way == "duckdb"
    fixed = ("(Intercept)", "log(session)", "intake", "log(session):intake")
    found = counted.cells.fit(method=method, fixed=fixed)
    rows = growth(
        table, outcome="score", client="client", fixed="log(session) * intake", random="1 + log(session)", method=method
    )
    assert found.n_rows == rows.n_rows
    assert found.deviance == pytest.approx(rows.deviance, rel=CLOSE)
    for name in fixed:
        assert found.fixed[name].estimate == pytest.approx(rows.fixed[name].estimate, rel=CLOSE, abs=CLOSE)
        assert found.fixed[name].se == pytest.approx(rows.fixed[name].se, rel=CLOSE)
    assert dict(found.random["client"].sd) == pytest.approx(dict(rows.random["client"].sd), rel=1e-4)
    assert found.residual_sd == pytest.approx(rows.residual_sd, rel=CLOSE)


def test_two_sites_add_up_to_one(tmp_path, table):
    first = table["client"] < 1000
    parts = []
    for name, mine in (("a", first), ("b", ~first), ("all", np.ones_like(first))):
        site = {column: values[mine] for column, values in table.items()}
        file = write_parquet(tmp_path / f"{name}.parquet", site)
        parts.append(count_population(Source(str(file)), COLUMNS, TENTHS).cells)
    assert same(parts[0].merge(parts[1]), parts[2])
    with pytest.raises(ValueError, match="counted alike"):
        parts[0].merge(count_population(Source(str(file)), COLUMNS, Counting(0.1, "linear")).cells)


def test_cells_of_one_client_do_not_travel(tmp_path, table):
    cells = count_population(Source(str(write_parquet(tmp_path / "a.parquet", table))), COLUMNS, TENTHS).cells
    assert (cells.clients == 1).any()
    assert cells.without_small(2).clients.min() >= 2
    with pytest.raises(ValueError, match="2 or more"):
        cells.without_small(1)


def changed(table: Table, column: str, row: int, value: float) -> Table:
    values = table[column].astype(float)
    values[row] = value
    return {**table, column: values}


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("score", 50.05, "no whole number of units of 0.1"),
        ("session", 0.0, "from 1 to 4999"),
        ("session", 2.5, "is not whole"),
        ("session", np.nan, "not whole, or nothing"),
        ("session", 20_260_101.0, "from 1 to 4999"),
        ("intake", 9.5, "intake changes within a client"),
    ],
)
def test_what_cannot_be_counted_in_whole_numbers_is_refused(tmp_path, table, column, value, problem):
    columns = SessionColumns("client", "session", "score", covariates=("intake",))
    row = int(np.flatnonzero(~np.isnan(table["score"]) & (table["session"] > 1))[0])
    file = write_parquet(tmp_path / "a.parquet", changed(table, column, row, value))
    with pytest.raises(NotCountable, match=problem):
        count_population(Source(str(file)), columns, TENTHS)


def test_a_score_without_a_session_number_is_refused(tmp_path):
    """Its time would be missing from the sums and count as 0."""
    file = tmp_path / "a.csv"
    file.write_text("client,session,score\n1,1,50\n1,,52\n2,1,49\n2,2,48\n")
    with pytest.raises(NotCountable, match="not whole, or nothing"):
        count_population(Source(str(file)), COLUMNS, TENTHS)


def test_the_streaming_pass_refuses_the_same_scores_and_sessions(tmp_path, table):
    row = int(np.flatnonzero(~np.isnan(table["score"]))[0])
    file = write_parquet(tmp_path / "a.parquet", changed(table, "score", row, 50.05))
    with pytest.raises(ValueError, match="no whole number of units"):
        count_population(Source(str(file)), COLUMNS, TENTHS)
    late = {**table, "session": np.where(np.arange(len(table["session"])) == row, 2**40, table["session"])}
    file = write_parquet(tmp_path / "b.parquet", late)
    with pytest.raises(ValueError, match="has no time"):
        count_population(Source(str(file)), COLUMNS, TENTHS)


def test_places_that_hold_no_sessions_are_named(tmp_path, table):
    with pytest.raises(NotReadable, match="nowhere"):
        count_population(Source(str(tmp_path / "nowhere.parquet")), COLUMNS, TENTHS)
    file = write_parquet(tmp_path / "a.parquet", {**table, "session_number": table["session"]})
    wrong = SessionColumns("client", "sessions", "score")
    with pytest.raises(NotReadable, match="no column 'sessions'; there are: client"):
        count_population(Source(str(file)), wrong, TENTHS)
    broken = tmp_path / "c.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(NotReadable, match=r"c\.parquet"):
        count_population(Source(str(broken)), COLUMNS, TENTHS)
