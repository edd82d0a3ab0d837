"""Apache Spark runs the expressions that DuckDB runs: the same whole numbers, the same curve. Needs Java 17."""

import numpy as np
import pytest

from openrapport.analysis.population.engines import NotReadable, Source
from openrapport.analysis.population.growth import count_population
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.tests.invented import invent, shuffled, write_parquet

# Only second moments are doubles; what their order of summation moves is below this.
CLOSE = 1e-7

TENTHS = Counting(unit=0.1, clock="log", centre=550)


@pytest.mark.long
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",  # Spark's own, of pandas
    "ignore::pytest.PytestUnraisableExceptionWarning",  # its sockets to Java, closed with the process
)
def test_spark_counts_what_this_machine_counts(tmp_path):
    columns = SessionColumns("client", "session", "score", covariates=("intake",))
    folder = tmp_path / "sessions"
    folder.mkdir()
    table = shuffled(invent(400, seed=3), seed=4)
    half = len(table["client"]) // 2
    for name, part in (("a", slice(0, half)), ("b", slice(half, None))):
        write_parquet(folder / f"{name}.parquet", {column: values[part] for column, values in table.items()})
    here = count_population(Source(str(folder)), columns, TENTHS, engine="duckdb").cells
    spark = count_population(Source(str(folder)), columns, TENTHS, engine="spark", spark_master="local[2]")
    there = spark.cells
    assert spark.way == "spark"
    assert np.array_equal(here.design, there.design)
    assert np.array_equal(here.clients, there.clients)
    assert np.array_equal(here.products[0], there.products[0])
    fits = [cells.fit(method="reml") for cells in (here, there)]
    assert fits[1].deviance == pytest.approx(fits[0].deviance, rel=CLOSE)
    for name, coefficient in fits[0].fixed.items():
        assert fits[1].fixed[name].estimate == pytest.approx(coefficient.estimate, rel=CLOSE)


def test_spark_reads_files_only():
    with pytest.raises(NotReadable, match="Spark reads Parquet and CSV"):
        count_population(
            Source("postgresql://localhost/nothing", "sessions"),
            SessionColumns("client", "session", "score"),
            TENTHS,
            engine="spark",
        )
