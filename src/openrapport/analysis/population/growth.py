"""Growth curves of a population, from wherever its sessions are: the quickest way that gives the same whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from openrapport.analysis.kernels import NotGrouped
from openrapport.analysis.population.batches import NotStreamable
from openrapport.analysis.population.cell_sums import count_cells
from openrapport.analysis.population.engines import Engine, Source, columns_of, opened
from openrapport.analysis.population.sessions import Counting, SessionColumns
from openrapport.analysis.population.streamed_cells import can_stream, stream_cells
from openrapport.analysis.population.whole_cells import WholeCells

Way = Literal["stream", "duckdb", "postgresql", "spark"]


@dataclass(frozen=True, slots=True)
class Counted:
    """The cells, and which way they were counted."""

    cells: WholeCells
    way: Way


def count_population(
    source: Source,
    columns: SessionColumns,
    counting: Counting,
    *,
    engine: Engine | None = None,
    spark_master: str = "local[*]",
    progress: Callable[[int], None] | None = None,
) -> Counted:
    """Cells of everybody in `source`. None for `engine` takes the quickest: one streaming pass over Parquet ordered by
    client, else DuckDB; a PostgreSQL source adds up its own rows. `progress` is told how many rows have streamed past.
    Raises NotReadable, NotCountable or ValueError."""
    if engine is None and source.kind == "parquet" and can_stream(columns):
        try:
            return Counted(stream_cells(source.files(), columns, counting, progress=progress), "stream")
        except (NotGrouped, NotStreamable):
            pass  # the rows need a database's group-by, which says clearly what else may be wrong with them
    with opened(source, engine=engine or "duckdb", spark_master=spark_master) as (connection, table):
        columns_of(table, source.label, columns.names())
        cells = count_cells(connection, table, columns, counting)
    if engine == "spark":
        return Counted(cells, "spark")
    return Counted(cells, "postgresql" if source.kind == "postgresql" else "duckdb")
