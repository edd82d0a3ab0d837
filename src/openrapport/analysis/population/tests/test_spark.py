"""Apache Spark runs the expressions that DuckDB runs: the same whole numbers, the same curve. Needs Java 17."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from openrapport.analysis.kernels import InnovationModel
from openrapport.analysis.population.change import change_population
from openrapport.analysis.population.engines import NotReadable, Source, opened
from openrapport.analysis.population.growth import count_population
from openrapport.analysis.population.overview import overview_population
from openrapport.analysis.population.scan import scan_population
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.tests.invented import invent, shuffled, write_parquet

# Only second moments are doubles; what their order of summation moves is below this.
CLOSE = 1e-7
# Means and sums of doubles over rows in another order.
ROUNDING = 1e-12

TENTHS = Counting(unit=0.1, clock="log", centre=550)
COLUMNS = SessionColumns("client", "session", "score")
MODEL = InnovationModel(51.0, 4.0, 7.0, 1.65, 0.0, 0.18, weight=0.3, width=2.5, limit=2.0)

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning",  # Spark's own, of pandas
        "ignore::pytest.PytestUnraisableExceptionWarning",  # its sockets to Java, closed with the process
    )
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of sessions in no order."""
    folder = tmp_path_factory.mktemp("spark") / "sessions"
    folder.mkdir()
    table = shuffled(invent(400, seed=3), seed=4)
    half = len(table["client"]) // 2
    for name, part in (("a", slice(0, half)), ("b", slice(half, None))):
        write_parquet(folder / f"{name}.parquet", {column: values[part] for column, values in table.items()})
    return folder


@pytest.fixture(scope="module")
def spark(folder: Path) -> Iterator[dict[str, str]]:
    """One Spark for all of them: it takes long to start, and whoever finds one running leaves it running."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with opened(Source(str(folder)), engine="spark", spark_master="local[2]"):
            yield {"engine": "spark", "spark_master": "local[2]"}


@pytest.mark.long
def test_spark_counts_what_this_machine_counts(folder, spark):
    columns = SessionColumns("client", "session", "score", covariates=("intake",))
    here = count_population(Source(str(folder)), columns, TENTHS, engine="duckdb").cells
    found = count_population(Source(str(folder)), columns, TENTHS, **spark)
    there = found.cells
    assert found.way == "spark"
    assert np.array_equal(here.design, there.design)
    assert np.array_equal(here.clients, there.clients)
    assert np.array_equal(here.products[0], there.products[0])
    fits = [cells.fit(method="reml") for cells in (here, there)]
    assert fits[1].deviance == pytest.approx(fits[0].deviance, rel=CLOSE)
    for name, coefficient in fits[0].fixed.items():
        assert fits[1].fixed[name].estimate == pytest.approx(coefficient.estimate, rel=CLOSE)


@pytest.mark.long
def test_spark_flags_what_this_machine_flags(folder, spark, tmp_path):
    found = []
    for name, engine in (("here", {"engine": "duckdb"}), ("there", spark)):
        out = tmp_path / f"{name}.parquet"
        scanned = scan_population(Source(str(folder)), COLUMNS, MODEL, clock="log", out=out, **engine)
        flagged = pq.read_table(out).sort_by([("client", "ascending"), ("session", "ascending")])
        found.append((scanned, flagged.to_pydict()))
    (here, here_flagged), (there, there_flagged) = found
    assert (here.way, there.way) == ("duckdb", "spark")
    for name in ("rows", "clients", "flagged_rows", "flagged_clients"):
        assert getattr(here.summary, name) == getattr(there.summary, name)
    assert there.summary.mean_square == pytest.approx(here.summary.mean_square, rel=ROUNDING)
    assert there_flagged == here_flagged
    assert len(there_flagged["client"]) == there.summary.flagged_rows > 10


@pytest.mark.long
def test_spark_judges_change_and_describes_sessions_as_this_machine_does(folder, spark):
    judged = {"sd": 9.0, "reliability": 0.8, "direction": "higher_is_better"}
    here, there = (change_population(Source(str(folder)), COLUMNS, **judged, **engine) for engine in ({}, spark))
    assert (there.better, there.worse, there.n_clients) == (here.better, here.worse, here.n_clients)
    assert there.mean_difference == pytest.approx(here.mean_difference, rel=ROUNDING)
    here, there = (overview_population(Source(str(folder)), COLUMNS, best=60.0, **engine) for engine in ({}, spark))
    assert (there.n_clients, there.n_scores, there.suppressed) == (here.n_clients, here.n_scores, here.suppressed)
    for one, other in zip(here.sessions, there.sessions, strict=True):
        assert (other.session, other.n, other.still_in_treatment) == (one.session, one.n, one.still_in_treatment)
        assert other.mean == pytest.approx(one.mean, rel=ROUNDING)
        assert other.sd == pytest.approx(one.sd, rel=ROUNDING)


@pytest.mark.long
def test_what_a_worker_refuses_is_one_line(spark, tmp_path):
    table = invent(30, seed=3)
    table["session"] = table["session"] + 5_000
    file = write_parquet(tmp_path / "late.parquet", table)
    with pytest.raises(NotReadable, match=r"late\.parquet: A session number has no time: .*expected\.$"):
        scan_population(Source(str(file)), COLUMNS, MODEL, clock="log", **spark)


def test_spark_reads_files_only():
    with pytest.raises(NotReadable, match="Spark reads Parquet and CSV"):
        count_population(Source("postgresql://localhost/nothing", "sessions"), COLUMNS, TENTHS, engine="spark")
