"""The scan of any source: what it flags is what the scan of the ordered file flags."""

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from openrapport.analysis.kernels import InnovationModel
from openrapport.analysis.population import ordered_rows, scanning
from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.engines import NotReadable, Source
from openrapport.analysis.population.scan import scan_population
from openrapport.analysis.population.sessions import SessionColumns
from openrapport.analysis.population.tests.invented import Table, invent, shuffled, write_csv, write_parquet

COLUMNS = SessionColumns("client", "session", "score")
MODEL = InnovationModel(51.0, 4.0, 7.0, 1.65, 0.0, 0.18, weight=0.3, width=2.5, limit=2.0)
# Sums of z^2 over clients in another order.
ROUNDING = 1e-12


def flagged_rows(file) -> list[tuple]:
    table = pq.read_table(file)
    return sorted(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


def same(one, other) -> bool:
    names = ("rows", "clients", "flagged_rows", "flagged_clients")
    counts = all(getattr(one, name) == getattr(other, name) for name in names)
    return counts and one.mean_square == pytest.approx(other.mean_square, rel=ROUNDING)


@pytest.fixture(scope="module")
def table() -> Table:
    return invent(300, seed=5)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("rows_at_once", [37, 100_000])
def test_every_source_flags_the_same_sessions(tmp_path, monkeypatch, table, compiled, rows_at_once):
    monkeypatch.setattr(scanning.kernels, "available", lambda: compiled)
    monkeypatch.setattr(ordered_rows, "ROWS_AT_ONCE", rows_at_once)
    ordered = write_parquet(tmp_path / "a.parquet", table)
    streamed = scan_population(Source(str(ordered)), COLUMNS, MODEL, clock="log", out=tmp_path / "a.out.parquet")
    assert streamed.way == "stream"
    assert streamed.summary.flagged_rows > 10
    mixed_file = write_parquet(tmp_path / "b.parquet", shuffled(table, seed=1))
    folder = tmp_path / "csv"
    folder.mkdir()
    write_csv(folder / "1.csv", shuffled(table, seed=2))
    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute(f"CREATE TABLE sessions AS SELECT * FROM '{mixed_file}'")
    for place in (mixed_file, folder, tmp_path / "s.duckdb"):
        out = tmp_path / f"{place.name}.out.parquet"
        found = scan_population(Source(str(place)), COLUMNS, MODEL, clock="log", out=out)
        assert found.way == "duckdb"
        assert same(found.summary, streamed.summary)
        assert flagged_rows(out) == flagged_rows(tmp_path / "a.out.parquet")


def test_clients_may_have_names(tmp_path, monkeypatch, table):
    monkeypatch.setattr(ordered_rows, "ROWS_AT_ONCE", 50)
    named = {**table, "client": np.array([f"c{number:05}" for number in table["client"]])}
    write_csv(tmp_path / "a.csv", shuffled(named, seed=1))
    found = scan_population(Source(str(tmp_path / "a.csv")), COLUMNS, MODEL, clock="log", out=tmp_path / "a.parquet")
    wanted = scan_population(
        Source(str(write_parquet(tmp_path / "b.parquet", table))),
        COLUMNS,
        MODEL,
        clock="log",
        out=tmp_path / "c.parquet",
    )
    assert same(found.summary, wanted.summary)
    numbers = [(f"c{client:05}", *rest) for client, *rest in flagged_rows(tmp_path / "c.parquet")]
    assert flagged_rows(tmp_path / "a.parquet") == numbers


def test_progress_counts_rows(tmp_path, table):
    done: list[int] = []
    file = write_parquet(tmp_path / "a.parquet", table)
    scan_population(Source(str(file)), COLUMNS, MODEL, clock="log", progress=done.append)
    assert done[-1] == len(table["client"])


def test_nobody_flagged_leaves_an_empty_file_and_a_mistake_none(tmp_path, table):
    file = write_parquet(tmp_path / "a.parquet", table)
    calm = InnovationModel(51.0, 4.0, 700.0, 1.65, 0.0, 0.18, weight=0.3, width=2.5, limit=2.0)
    scan_population(Source(str(file)), COLUMNS, calm, clock="log", out=tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0
    late = {**table, "session": np.where(np.arange(len(table["session"])) == 900, 9_999, table["session"])}
    write_csv(tmp_path / "late.csv", late)
    with pytest.raises(ValueError, match="has no time"):
        scan_population(Source(str(tmp_path / "late.csv")), COLUMNS, MODEL, clock="log", out=tmp_path / "late.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "late.csv", "out.parquet"]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("session", 2.5, "session holds a number that is not whole"),
        ("session", np.nan, "session holds a number that is not whole, or nothing"),
        ("client", np.nan, "client is empty"),
    ],
)
def test_rows_without_a_whole_session_or_a_client_are_refused(tmp_path, table, column, value, problem):
    values = table[column].astype(float)
    values[np.flatnonzero(~np.isnan(table["score"]))[3]] = value
    file = write_parquet(tmp_path / "a.parquet", {**table, column: values})
    with pytest.raises(NotCountable, match=problem):
        scan_population(Source(str(file)), COLUMNS, MODEL, clock="log")


def test_a_missing_column_is_named(tmp_path, table):
    file = write_parquet(tmp_path / "a.parquet", table)
    with pytest.raises(NotReadable, match="no column 'points'; there are: client"):
        scan_population(Source(str(file)), SessionColumns("client", "session", "points"), MODEL, clock="log")
