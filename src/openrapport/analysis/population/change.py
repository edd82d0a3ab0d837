"""Reliable change of a whole population: each client's last score against the first, judged where the rows are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openrapport.analysis.change import CRITERION, reliable_change_threshold, standard_error_of_difference
from openrapport.analysis.instrument import Direction, sign_of
from openrapport.analysis.population.cell_sums import NotCountable
from openrapport.analysis.population.engines import Engine, Source, columns_of, opened
from openrapport.analysis.population.ordered_rows import scored_rows
from openrapport.analysis.population.sessions import SessionColumns

# Session numbers are spread this far apart, and the score decides between two of one session.
_APART = 2.0**20


@dataclass(frozen=True, slots=True)
class PopulationChange:
    """Clients with a score, and of those `compared`, with scores of two sessions or more, how many changed reliably.

    `mean_difference` is last - first over those compared (None: nobody); `threshold` and it are in score units.
    """

    n_clients: int
    one_session_only: int
    compared: int
    better: int
    worse: int
    no_reliable_change: int
    mean_difference: float | None
    threshold: float
    sd: float
    reliability: float
    criterion: float
    direction: Direction


def change_population(
    source: Source,
    columns: SessionColumns,
    *,
    sd: float,
    reliability: float,
    direction: Direction,
    criterion: float = CRITERION,
    engine: Engine | None = None,
    spark_master: str = "local[*]",
) -> PopulationChange:
    """Count who changed reliably (`change.reliable_change`; Jacobson & Truax 1991) from the first score to the last.

    Where a client has two scores in one session, the lower counts as the earlier. Raises NotReadable, NotCountable on
    an empty client or session, ValueError when `sd`, `reliability` or `criterion` are senseless.
    """
    threshold = reliable_change_threshold(sd, reliability, criterion=criterion)
    error = standard_error_of_difference(sd, reliability)
    sign = sign_of(direction)
    with opened(source, engine=engine or "duckdb", spark_master=spark_master) as (connection, table):
        columns_of(table, source.label, columns.names())
        counts = verdicts(client_ends(table, columns), error=error, criterion=criterion, sign=sign)
        found = connection.to_pyarrow(counts).to_pylist()[0]
    if found["nobody"] or found["sessionless"]:
        raise NotCountable(f"Column {columns.client if found['nobody'] else columns.session} is empty in some rows.")
    if found["largest"] is not None and found["largest"] >= _APART / 2:
        raise NotCountable(f"Column {columns.score} holds {found['largest']:g}, which is no score.")
    compared = int(found["compared"] or 0)
    better, worse = int(found["better"] or 0), int(found["worse"] or 0)
    return PopulationChange(
        n_clients=int(found["n_clients"]),
        one_session_only=int(found["n_clients"]) - compared,
        compared=compared,
        better=better,
        worse=worse,
        no_reliable_change=compared - better - worse,
        mean_difference=None if not compared else float(found["difference"]) / compared,
        threshold=threshold,
        sd=sd,
        reliability=reliability,
        criterion=criterion,
        direction=direction,
    )


def client_ends(table: Any, columns: SessionColumns) -> Any:
    """One row for each client: first and last score, whether they are of two sessions, and what is checked."""
    rows = scored_rows(table, columns)
    place = rows.session * _APART + rows.score
    return rows.group_by("client").aggregate(
        before=rows.score.argmin(place),
        after=rows.score.argmax(place),
        two=_one_if(rows.session.max() > rows.session.min()),
        sessionless=_one_if(rows.session.isnull()).sum().cast("int64"),
        largest=rows.score.abs().max(),
    )


def verdicts(clients: Any, *, error: float, criterion: float, sign: float) -> Any:
    """One row: how many clients, compared, better and worse, and the sum of differences."""
    clients = clients.mutate(difference=clients.after - clients.before)
    clients = clients.mutate(better=sign * (clients["difference"] / error), was=clients.two == 1)
    return clients.aggregate(
        n_clients=clients.count().cast("int64"),
        nobody=_one_if(clients.client.isnull()).sum().cast("int64"),
        sessionless=clients.sessionless.sum().cast("int64"),
        largest=clients.largest.max(),
        compared=clients.two.sum().cast("int64"),
        better=_one_if(clients.was & (clients.better > criterion)).sum().cast("int64"),
        worse=_one_if(clients.was & (clients.better < -criterion)).sum().cast("int64"),
        difference=clients.was.ifelse(clients["difference"], 0.0).sum(),
    )


def _one_if(condition: Any) -> Any:
    return condition.ifelse(1, 0).cast("int64")
