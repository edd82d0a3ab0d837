"""A population at a glance, session by session; groups of fewer than five people are not shown, nor what tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.engines import Engine, Source, columns_of, opened
from openrapport.analysis.population.ordered_rows import scored_rows
from openrapport.analysis.population.sessions import LAST_SESSION, SessionColumns
from openrapport.analysis.population.suppression import may_be_shown

FEWEST = 5


@dataclass(frozen=True, slots=True)
class AtSession:
    """One session number. None is what may not be shown (or, for an SD, cannot be had); `still_in_treatment` is the
    share of all clients who came to this session or a later one."""

    session: int
    n: int | None
    mean: float | None
    sd: float | None
    ceiling_share: float | None
    still_in_treatment: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """`n_scores` is None where it would tell a small group. `suppressed` counts the sessions whose row is not shown."""

    n_clients: int
    n_scores: int | None
    sessions: tuple[AtSession, ...]
    suppressed: int
    fewest: int
    best: float | None


def overview_population(
    source: Source,
    columns: SessionColumns,
    *,
    best: float | None = None,
    fewest: int = FEWEST,
    engine: Engine | None = None,
    spark_master: str = "local[*]",
) -> Overview:
    """Count, mean, SD and share at the `best` possible score by session number, and who is still in treatment.

    A row is one session of one client; a session without a score still counts as attended. A population of fewer than
    `fewest` clients, an empty client or session, a session number that is not whole or from 0 to 4999, and more rows of
    a client than session numbers raise NotCountable; NotReadable as elsewhere.
    """
    with opened(source, engine=engine or "duckdb", spark_master=spark_master) as (connection, table):
        columns_of(table, source.label, columns.names())
        scores = connection.to_pyarrow(by_session(table, columns, best)).to_pylist()
        ends = connection.to_pyarrow(by_last_session(table, columns)).to_pylist()
    _refuse(ends, columns)
    return _as_overview(
        {int(row["session"]): row for row in scores},
        {int(row["last"]): int(row["clients"]) for row in ends},
        best=best,
        fewest=fewest,
    )


def by_session(table: Any, columns: SessionColumns, best: float | None) -> Any:
    """One row for each session number with a score."""
    rows = scored_rows(table, columns)
    at_best = rows.score == best if best is not None else rows.score.isnull()
    rows = rows.mutate(at_best=at_best.ifelse(1, 0).cast("int64"))
    return rows.group_by("session").aggregate(
        n=rows.count().cast("int64"),
        mean=rows.score.mean(),
        sd=rows.score.std(how="sample"),
        at_best=rows.at_best.sum().cast("int64"),
    )


def by_last_session(table: Any, columns: SessionColumns) -> Any:
    """How many clients came last to each session number, and what is checked."""
    number = table[columns.session].cast("float64")
    rows = table.select(
        client=table[columns.client],
        session=number,
        odd=(number.isnull() | (number != number.round())).ifelse(1, 0).cast("int64"),
    )
    clients = rows.group_by("client").aggregate(
        last=rows.session.max(), first=rows.session.min(), rows=rows.count().cast("int64"), odd=rows.odd.sum()
    )
    clients = clients.mutate(
        crowded=(clients.rows > clients.last - clients.first + 1).ifelse(1, 0).cast("int64"),
        nobody=clients.client.isnull().ifelse(1, 0).cast("int64"),
    )
    return clients.group_by("last").aggregate(
        clients=clients.count().cast("int64"),
        first=clients["first"].min(),
        odd=clients.odd.sum().cast("int64"),
        crowded=clients.crowded.sum().cast("int64"),
        nobody=clients.nobody.sum().cast("int64"),
    )


def _refuse(ends: list[dict[str, Any]], columns: SessionColumns) -> None:
    if any(row["nobody"] for row in ends):
        raise NotCountable(f"Column {columns.client} is empty in some rows.")
    if any(row["odd"] or row["last"] is None for row in ends):
        raise NotCountable(f"Column {columns.session} holds a number that is not whole, or nothing, in some rows.")
    if any(row["first"] < 0 or row["last"] > LAST_SESSION for row in ends):
        raise NotCountable(f"Column {columns.session} must number the sessions of a client, from 0 to {LAST_SESSION}.")
    if any(row["crowded"] for row in ends):
        raise NotCountable(f"Column {columns.session} holds a number twice for some client: give each session one row.")


def _as_overview(
    scores: dict[int, dict[str, Any]], ends: dict[int, int], *, best: float | None, fewest: int
) -> Overview:
    people = sum(ends.values())
    if people < fewest:
        raise NotCountable(f"An overview takes {fewest} clients or more.")
    counts = {session: int(row["n"]) for session, row in scores.items()}
    still = {session: sum(clients for last, clients in ends.items() if last >= session) for session in counts}
    shown = may_be_shown(counts, still, people, fewest=fewest)
    sessions = []
    for session in sorted(counts):
        row = scores[session] if session in shown.rows else None
        left = still[session] / people if session in shown.still else None
        sessions.append(_at(session, row, left, best, fewest))
    return Overview(
        n_clients=people,
        n_scores=sum(counts.values()) if shown.total else None,
        sessions=tuple(sessions),
        suppressed=len(counts) - len(shown.rows),
        fewest=fewest,
        best=best,
    )


def _at(session: int, row: dict[str, Any] | None, still: float | None, best: float | None, fewest: int) -> AtSession:
    if row is None:
        return AtSession(session, None, None, None, None, still)
    n, at_best = int(row["n"]), int(row["at_best"])
    # Few at the best end, or few who are not: both would be seen in the share.
    small = any(0 < count < fewest for count in (at_best, n - at_best))
    share = None if best is None or small else at_best / n
    return AtSession(session, n, float(row["mean"]), float(row["sd"]), share, still)
