"""Six times as many rows take no more memory: a process of its own for each size, measured by the system."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openrapport.analysis.population.tests.invented import invent

MORE = 1.2  # what allocators keep, and the few cells more that more people make

WORK = {
    "growth": "count_population(source, columns, Counting(0.1, 'log', 550)).cells.fit(method='reml')",
    "scan": "scan_population(source, columns, model, clock='log', out=out)",
}
SCRIPT = """
import resource, sys
from pathlib import Path
import pyarrow.parquet
from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.kernels import InnovationModel
from openrapport.analysis.population.engines import Source
from openrapport.analysis.population.growth import count_population
from openrapport.analysis.population.scan import scan_population
from openrapport.analysis.population.scoring import score_population
from openrapport.analysis.population.sessions import Counting, SessionColumns
source, out = Source(sys.argv[1]), Path(sys.argv[2])
columns = SessionColumns("client", "session", "score")
model = InnovationModel(51.0, 4.0, 7.0, 1.65, 0.0, 0.18, weight=0.3, width=2.5, limit=2.0)
{work}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write(path: Path, table: pa.Table, times: int) -> Path:
    """The same rows again and again; later people are others."""
    with pq.ParquetWriter(path, table.schema) as writer:
        for turn in range(times):
            columns = {name: table[name] for name in table.column_names}
            if "client" in columns:
                columns["client"] = pa.array(table["client"].to_numpy() + turn * 10_000_000)
            writer.write_table(pa.table(columns), row_group_size=250_000)
    return path


def most_memory(work: str, source: Path, out: Path) -> int:
    script = SCRIPT.format(work=work)
    ran = subprocess.run(
        [sys.executable, "-c", script, str(source), str(out)], capture_output=True, text=True, check=True
    )
    return int(ran.stdout)


def sessions() -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in invent(154_000, seed=1).items()})


def answers() -> pa.Table:
    from openrapport.analysis.catalogue import get_instrument

    codes = [item.code for item in get_instrument("alliance-adult").items if item.is_numeric]
    answers = pa.array([7, 8, None, 10] * 250_000, pa.int8())
    return pa.table(dict.fromkeys(codes, answers))


@pytest.mark.long
@pytest.mark.parametrize("work", ["growth", "scan", "score"])
def test_memory_does_not_grow_with_rows(tmp_path, work):
    table = answers() if work == "score" else sessions()
    assert table.num_rows > 990_000
    does = WORK.get(work, "score_population(source, get_instrument('alliance-adult'), out=out)")
    small, large = (
        most_memory(does, write(tmp_path / f"{times}.parquet", table, times), tmp_path / "out.parquet")
        for times in (1, 6)
    )
    assert large < MORE * small
