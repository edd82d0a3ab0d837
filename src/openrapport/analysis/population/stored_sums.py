"""Client sums kept in a file and added to: a new session costs the same however many there are already.

A DuckDB file holds one row of whole numbers for each client, and how they were counted. The curve is fitted from it
without reading a session again; a session that was wrong is taken away as it was added.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.analysis.population.cell_sums import NOT_WHOLE, NotCountable, cells, check, client_sums, to_cells
from openrapport.analysis.population.engines import Source, columns_of, opened
from openrapport.analysis.population.sessions import LAST_SESSION, NO_TIME, Counting, SessionColumns
from openrapport.analysis.population.whole_cells import WholeCells

_SUMS = ("n", "st", "stt", "sy", "sty", "syy")


@dataclass(frozen=True, slots=True)
class Session:
    """One session with a score, of a client whose own numbers are `covariates`."""

    client: str
    session: int
    score: float
    covariates: tuple[float, ...] = ()


class StoredSums:
    """Open with `create` or `open`, close with `close` or a `with` block."""

    def __init__(self, connection: Any, columns: SessionColumns, counting: Counting) -> None:
        self._connection, self.columns, self.counting = connection, columns, counting
        self._times = counting.time_table()

    @classmethod
    def create(cls, file: Path, columns: SessionColumns, counting: Counting) -> StoredSums:
        """A new, empty file. Raises FileExistsError rather than write over one."""
        if file.exists():
            raise FileExistsError(f"{file}: there already; open it, or choose another name")
        connection = _connect(file)
        own = "".join(f", w_{index} DOUBLE NOT NULL" for index in range(len(columns.covariates)))
        sums = ", ".join(f"{name} BIGINT NOT NULL" for name in _SUMS)
        connection.execute(f"CREATE TABLE client_sums (client VARCHAR PRIMARY KEY, {sums}{own})")
        connection.execute("CREATE TABLE counted_as (columns VARCHAR NOT NULL, counting VARCHAR NOT NULL)")
        kept = [json.dumps(asdict(columns)), json.dumps(asdict(counting))]
        connection.execute("INSERT INTO counted_as VALUES (?, ?)", kept)
        return cls(connection, columns, counting)

    @classmethod
    def open(cls, file: Path) -> StoredSums:
        """Raises FileNotFoundError, or ValueError when the file holds something else."""
        import duckdb

        if not file.exists():
            raise FileNotFoundError(f"{file}: no such file")
        try:
            connection = _connect(file)
            found = connection.execute("SELECT columns, counting FROM counted_as").fetchone()
        except duckdb.Error as problem:
            raise ValueError(f"{file}: holds no client sums ({str(problem).splitlines()[0]})") from problem
        names, counting = json.loads(found[0]), json.loads(found[1])
        names["covariates"] = tuple(names["covariates"])
        return cls(connection, SessionColumns(**names), Counting(**counting))

    def __enter__(self) -> StoredSums:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def add(self, session: Session) -> None:
        """Take in one session: one row is read and written. Raises NotCountable; then nothing was changed."""
        self._change(session, by=1)

    def take_away(self, session: Session) -> None:
        """The opposite of `add`, for a session that was wrong."""
        self._change(session, by=-1)

    def add_all(self, source: Source) -> None:
        """Take in a table of new sessions at once. Raises NotCountable or NotReadable; then nothing was changed."""
        with opened(source) as (connection, table):
            columns_of(table, source.label, self.columns.names())
            found = connection.to_pyarrow(client_sums(table, self.columns, self.counting))
        own = [f"w_{index}" for index in range(len(self.columns.covariates))]
        names = ["client", *_SUMS, *own]
        self._refuse(found)
        self._connection.register("new_sums", found.select(names))
        try:
            self._connection.execute(_UPSERT.format(own=_listed(own), rows=f"SELECT {', '.join(names)} FROM new_sums"))  # noqa: S608 - our own names
        finally:
            self._connection.unregister("new_sums")

    def cells(self) -> WholeCells:
        """The cells of everybody with a session. Raises ValueError when there is nobody."""
        import ibis

        connection = ibis.duckdb.from_connection(self._connection)
        table = connection.table("client_sums")
        table = table.filter(table.n > 0).mutate(
            astray=ibis.literal(0.0), earliest=ibis.literal(1.0), latest=ibis.literal(1.0), odd=ibis.literal(0)
        )
        for index in range(len(self.columns.covariates)):
            own = table[f"w_{index}"]
            table = table.mutate(**{f"w_{index}_most": own, f"w_{index}_absent": ibis.literal(0)})
        return to_cells(connection.to_pyarrow(cells(table, self.columns)), self.columns, self.counting)

    def _change(self, session: Session, *, by: int) -> None:
        t, y = self._counted(session)
        sums = [by * value for value in (1, t, t * t, y, t * y, y * y)]
        own = [f"w_{index}" for index in range(len(self.columns.covariates))]
        if len(session.covariates) != len(own):
            raise NotCountable(f"A client here has {len(own)} covariates: {', '.join(self.columns.covariates)}.")
        known = self._connection.execute(
            f"SELECT {', '.join(['n', *own])} FROM client_sums WHERE client = ?",  # noqa: S608 - our own names
            [session.client],
        ).fetchone()
        if known is not None and known[1:] != session.covariates:
            raise NotCountable(f"Client {session.client} has other covariates here: {known[1:]}.")
        if by < 0 and (known is None or known[0] < 1):
            raise NotCountable(f"Client {session.client} has no session here that could be taken away.")
        marks = ", ".join("?" for _ in range(1 + len(_SUMS) + len(own)))
        self._connection.execute(
            _UPSERT.format(own=_listed(own), rows=f"VALUES ({marks})"), [session.client, *sums, *session.covariates]
        )

    def _counted(self, session: Session) -> tuple[int, int]:
        if not (0 <= session.session <= LAST_SESSION) or self._times[session.session] == NO_TIME:
            raise NotCountable(f"Session {session.session} is none: they are numbered from 1 to {LAST_SESSION}.")
        scaled = session.score * self.counting.per_point
        if not np.isfinite(scaled) or abs(scaled - round(scaled)) > NOT_WHOLE:
            raise NotCountable(f"{session.score} is no whole number of units of {self.counting.unit:g}.")
        return int(self._times[session.session]), round(scaled) - self.counting.centre

    def _refuse(self, found: Any) -> None:
        column = {name: found[name].to_numpy() for name in found.column_names}
        column["nobody"] = np.array([found["client"].null_count])
        for index, name in enumerate(self.columns.covariates):
            own, most = column[f"w_{index}"], column[f"w_{index}_most"]
            column[f"changing_{index}"], column[f"absent_{index}"] = own != most, column[f"w_{index}_absent"]
            self._refuse_changed(found, index, name)
        if found.num_rows:
            check(column, self.columns, self.counting)

    def _refuse_changed(self, found: Any, index: int, name: str) -> None:
        self._connection.register("new_sums", found)
        try:
            changed = self._connection.execute(
                "SELECT count(*) FROM new_sums n JOIN client_sums c ON c.client = n.client::VARCHAR "  # noqa: S608
                f"WHERE c.w_{index} <> n.w_{index}"
            ).fetchone()
        finally:
            self._connection.unregister("new_sums")
        if changed[0]:
            raise NotCountable(f"Column {name} differs from what is stored for {changed[0]} of the clients.")


_UPSERT = (
    "INSERT INTO client_sums (client, "
    + ", ".join(_SUMS)
    + "{own}) {rows} ON CONFLICT (client) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _SUMS)
)


def _listed(names: Sequence[str]) -> str:
    return "".join(f", {name}" for name in names)


def _connect(file: Path) -> Any:
    import duckdb

    return duckdb.connect(str(file), config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
