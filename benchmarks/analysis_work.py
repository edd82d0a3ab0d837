"""One piece of analysis work in a fresh process, ours or a peer's: prints seconds, CPU seconds, memory and a check.

What is timed begins after the imports and ends with the estimate; ours includes reading the file, R's does not.
"""

import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def growth_two_levels(file: str) -> Callable[[], float]:
    from openrapport.analysis.population.engines import Source
    from openrapport.analysis.population.growth import count_population
    from openrapport.analysis.population.sessions import Counting, SessionColumns

    columns = SessionColumns("client", "session", "score")
    counting = Counting(unit=0.1, clock="log", centre=500)
    _load_arrow()
    return lambda: count_population(Source(file), columns, counting).cells.fit(method="reml").deviance


def growth_on_spark(file: str) -> Callable[[], float]:
    from openrapport.analysis.population.engines import Source
    from openrapport.analysis.population.growth import count_population
    from openrapport.analysis.population.sessions import Counting, SessionColumns

    columns = SessionColumns("client", "session", "score")
    counting = Counting(unit=0.1, clock="log", centre=500)
    return lambda: count_population(Source(file), columns, counting, engine="spark").cells.fit(method="reml").deviance


def growth_three_levels(file: str) -> Callable[[], float]:
    import numpy as np

    import openrapport.analysis.growth.three_levels  # noqa: F401
    from openrapport.analysis.growth.fit import growth

    read = _reader(file)

    def work() -> float:
        table = read("score IS NOT NULL")
        table["t"] = np.log(table["session"])
        return growth(
            table,
            outcome="score",
            client="client",
            fixed="t",
            random="1 + t",
            therapist="therapist",
            method="reml",
        ).deviance

    return work


def crossed(file: str) -> Callable[[], float]:
    import openrapport.analysis.growth.crossed  # noqa: F401
    from openrapport.analysis.growth.fit import growth

    read = _reader(file)

    def work() -> float:
        table = read("true")
        return growth(
            table,
            outcome="score",
            client="client",
            fixed="service",
            random="1",
            crossed=["therapist"],
            method="reml",
        ).deviance

    return work


def _load_arrow() -> None:
    """A peer's imports are not timed either."""
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401


def _reader(file: str) -> Callable[[str], dict[str, Any]]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SELECT 1")
    return lambda kept: connection.execute(f"SELECT * FROM '{file}' WHERE {kept}").fetchnumpy()


def scan_ours(file: str) -> Callable[[], float]:
    _load_arrow()
    from openrapport.analysis.population.scanning import scan_files
    from openrapport.analysis.population.sessions import SessionColumns

    columns = SessionColumns("client", "session", "score")
    return lambda: float(scan_files([Path(file)], columns, model(), clock="log").flagged_rows)


def model() -> Any:
    from openrapport.analysis.kernels import InnovationModel

    return InnovationModel(58.0, 5.0, 8.0, 2.2, -0.2, 0.24, weight=0.3, width=2.859, limit=3.0)


def scan_by_pandas(file: str) -> Callable[[], float]:
    """The same recursion as people write it: a function of one client's rows, applied to each group."""
    import numpy as np
    import pandas as pd

    m = model()

    def one(group: Any) -> Any:
        t, r = group.t.to_numpy(), group.r.to_numpy()
        before = [np.cumsum(each) - each for each in (np.ones(len(t)), t, t * t, r, t * r)]
        n, st, stt, sr, sty = before
        q11, q12 = 1 + m.d11 * n + m.d12 * st, m.d12 * n + m.d22 * st
        q21, q22 = m.d11 * st + m.d12 * stt, 1 + m.d12 * st + m.d22 * stt
        inverse = 1 / (q11 * q22 - q12 * q21)
        h1, h2 = (q22 * sr - q12 * sty) * inverse, (q11 * sty - q21 * sr) * inverse
        p, q = m.d11 + m.d12 * t, m.d12 + m.d22 * t
        z = (r - p * h1 - q * h2) / (m.sigma * np.sqrt(1 + (p * (q22 - q12 * t) + q * (q11 * t - q21)) * inverse))
        average, moving = 0.0, np.empty(len(z))
        for place, value in enumerate(z):
            average = m.weight * value + (1 - m.weight) * average
            moving[place] = average
        steady = m.width * np.sqrt(m.weight / (2 - m.weight) * (1 - (1 - m.weight) ** (2 * (n + 1))))
        return pd.Series((z < -m.limit) | (moving < -steady), index=group.index)

    def work() -> float:
        table = pd.read_parquet(file, columns=["client", "session", "score"]).dropna()
        table["t"] = np.log(table.session)
        table["r"] = table.score - m.intercept - m.slope * table.t
        return float(table.groupby("client", group_keys=False)[["t", "r"]].apply(one).sum())

    return work


def scores_ours(file: str) -> Callable[[], float]:
    from openrapport.analysis.catalogue import get_instrument
    from openrapport.analysis.population.scoring import score_files

    instrument = get_instrument("alliance-adult")
    return lambda: float(score_files([Path(file)], instrument)["total"].mean or 0.0)


def bare_scan(file: str) -> Callable[[], float]:
    """DuckDB adding up the three columns: reading is all there is to do."""
    return _sums(file, ["client", "session", "score"])


def bare_scan_of_answers(file: str) -> Callable[[], float]:
    import pyarrow.parquet as pq

    return _sums(file, pq.ParquetFile(file).schema_arrow.names)


def _sums(file: str, columns: list[str]) -> Callable[[], float]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SELECT 1")
    query = f"SELECT {', '.join(f'sum({name})' for name in columns)} FROM '{file}'"
    return lambda: float(connection.execute(query).fetchall()[0][-1])


def by_statsmodels(file: str) -> Callable[[], float]:
    import numpy as np
    import pandas as pd
    import statsmodels.formula.api as formulas

    table = pd.read_parquet(file).dropna()
    table["t"] = np.log(table.session)

    def work() -> float:
        fitted = formulas.mixedlm("score ~ t", table, groups=table["client"], re_formula="~t").fit(reml=True)
        return float(-2 * fitted.llf)

    return work


WORK = {
    each.__name__: each
    for each in (
        growth_two_levels,
        growth_on_spark,
        growth_three_levels,
        crossed,
        scan_ours,
        scan_by_pandas,
        scores_ours,
        bare_scan,
        bare_scan_of_answers,
        by_statsmodels,
    )
}


def main() -> None:
    work = WORK[sys.argv[1]](sys.argv[2])
    cpu, began = time.process_time(), time.perf_counter()
    check = work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory, "check": check}))


if __name__ == "__main__":
    main()
