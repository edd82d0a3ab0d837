"""Sessions in order of client and session out of any database, a batch at a time; clients may be called anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from openrapport.analysis.kernels import Ints, Scores
from openrapport.analysis.population.batches import ROWS_AT_ONCE, values_of
from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.sessions import LAST_SESSION, SessionColumns


def scored_rows(table: Any, columns: SessionColumns) -> Any:
    """client, session, score of the rows that have a score, as an Ibis expression."""
    score = table[columns.score].cast("float64")
    return table.filter(table[columns.score].notnull() & ~score.isnan()).select(
        client=table[columns.client], session=table[columns.session].cast("float64"), score=score
    )


def ordered_batches(connection: Any, table: Any, columns: SessionColumns) -> Iterator[Any]:
    """Arrow batches of `scored_rows`, sorted by the engine. Equal sessions of a client stand by score, so that every
    engine hands over the same order."""
    rows = scored_rows(table, columns)
    rows = rows.order_by([rows.client, rows.session, rows.score])
    yield from connection.to_pyarrow_batches(rows, chunk_size=ROWS_AT_ONCE)


class ClientNumbers:
    """Numbers clients 0, 1, 2 as they come, and remembers the names of the latest: a client may go on in the next
    batch, and who is flagged is asked for before the one after it."""

    def __init__(self) -> None:
        self._first = 0
        self._names: Any = None

    def number(self, client: Any) -> Ints:
        """Numbers (rows,) of an Arrow column in which equal clients stand together."""
        import pyarrow as pa
        import pyarrow.compute as pc

        new = np.ones(len(client), dtype=bool)
        if len(client) > 1:
            new[1:] = values_of(pc.not_equal(client[1:], client[:-1]).cast(pa.uint8())).astype(bool)
        if self._names is None:
            self._names, self._first, last = client[:0], 0, -1
        else:
            self._first, self._names = self._first + len(self._names) - 1, self._names[-1:]
            last = self._first
            new[0] = client[0] != self._names[0]
        self._names = pa.concat_arrays([self._names, client.take(pa.array(np.flatnonzero(new)))])
        return last + np.cumsum(new)

    def names(self, numbers: Ints) -> Any:
        """The Arrow column that these numbers stand for."""
        import pyarrow as pa

        return self._names.take(pa.array(numbers - self._first))


def numbered(batches: Iterable[Any], columns: SessionColumns, clients: ClientNumbers) -> Iterator[tuple[Scores, Any]]:
    """Batches of `ordered_batches` as arrays. Raises NotCountable on an empty client or session, or one not whole."""
    for batch in batches:
        if not batch.num_rows:
            continue
        client, session, score = (batch.column(name) for name in ("client", "session", "score"))
        if client.null_count:
            raise NotCountable(f"Column {columns.client} is empty in some rows.")
        number = values_of(session)
        if session.null_count or not (number == np.rint(number)).all():
            raise NotCountable(f"Column {columns.session} holds a number that is not whole, or nothing, in some rows.")
        whole = np.clip(number, -1, LAST_SESSION + 1).astype(np.int32)
        yield Scores(clients.number(client), whole, values_of(score)), batch
