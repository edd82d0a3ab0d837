"""Sessions to client sums to cells, as Ibis expressions: DuckDB, PostgreSQL and Apache Spark run the very same ones.

Keys and first moments are whole numbers, so stage one and the cells' designs agree to the last digit on every engine;
second moments over clients pass 2^63 and are doubles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openrapport.analysis.population.sessions import LAST_SESSION, Counting, SessionColumns
from openrapport.analysis.population.whole_cells import Floats, Ints, WholeCells, gather

# A score this far from a whole number of units is none.
NOT_WHOLE = 1e-4


class NotCountable(ValueError):
    """The rows cannot be counted in whole numbers; the message says which rule they break and what to give instead."""


def client_sums(table: Any, columns: SessionColumns, counting: Counting) -> Any:
    """One row for each client: n, st, stt, sy, sty, syy, the covariates, and what `check` looks at."""
    score, session = table[columns.score], table[columns.session]
    # A row without a session number would be a session without a time, which no sum shows: it is counted as odd.
    numbered = session.notnull() & ~session.cast("float64").isnan()
    number = numbered.ifelse(session.cast("float64"), 1.0)
    scaled = score.cast("float64") * counting.per_point
    whole = scaled.round()
    # A session below 1 is refused in `check`, from what is left here; its logarithm would stop the engine first.
    t = ((number >= 1).ifelse(number, 1.0).ln() * float(counting.steps)).round() if counting.clock == "log" else number
    rows = table.filter(score.notnull() & ~score.cast("float64").isnan()).select(
        client=table[columns.client],
        t=t.cast("int64"),
        y=whole.cast("int64") - counting.centre,
        astray=(scaled - whole).abs(),
        session=number,
        odd=_one_if(~numbered | (number != number.round())),
        **{_own(index): table[name].cast("float64") for index, name in enumerate(columns.covariates)},
    )
    own = {}
    for index in range(len(columns.covariates)):
        own[_own(index)] = rows[_own(index)].min()
        own[f"{_own(index)}_most"] = rows[_own(index)].max()
        own[f"{_own(index)}_absent"] = _one_if(rows[_own(index)].isnull()).sum().cast("int64")
    return rows.group_by("client").aggregate(
        n=rows.count().cast("int64"),
        st=rows.t.sum().cast("int64"),
        stt=(rows.t * rows.t).sum().cast("int64"),
        sy=rows.y.sum().cast("int64"),
        sty=(rows.t * rows.y).sum().cast("int64"),
        syy=(rows.y * rows.y).sum().cast("int64"),
        astray=rows.astray.max(),
        earliest=rows.session.min(),
        latest=rows.session.max(),
        odd=rows.odd.sum().cast("int64"),
        **own,
    )


def cells(clients: Any, columns: SessionColumns) -> Any:
    """One row for each design (n, st, stt): clients, the sums of v v' (`p_i_j`, lower half), of y^2, and the checks."""
    v = [*(clients[_own(index)] for index in range(len(columns.covariates)))]
    v += [clients.sy.cast("float64"), clients.sty.cast("float64")]
    products = {f"p_{i}_{j}": (v[i] * v[j]).sum() for i in range(len(v)) for j in range(i + 1)}
    means = {f"m_{i}": v[i].sum() for i in range(len(v))}
    checks = {
        "astray": clients.astray.max(),
        "earliest": clients.earliest.min(),
        "latest": clients.latest.max(),
        "odd": clients.odd.sum().cast("int64"),
        "nobody": _one_if(clients.client.isnull()).sum().cast("int64"),
    }
    for index in range(len(columns.covariates)):
        own, most = clients[_own(index)], clients[f"{_own(index)}_most"]
        checks[f"changing_{index}"] = _one_if(own != most).sum().cast("int64")
        checks[f"absent_{index}"] = clients[f"{_own(index)}_absent"].sum().cast("int64")
    return clients.group_by(["n", "st", "stt"]).aggregate(
        clients=clients.count().cast("int64"),
        squares=clients.syy.cast("float64").sum(),
        **means,
        **products,
        **checks,
    )


def count_cells(connection: Any, table: Any, columns: SessionColumns, counting: Counting) -> WholeCells:
    """Run both stages on the engine behind `connection`. Raises NotCountable, and ValueError when no row is left."""
    return to_cells(connection.to_pyarrow(cells(client_sums(table, columns, counting), columns)), columns, counting)


def to_cells(found: Any, columns: SessionColumns, counting: Counting) -> WholeCells:
    """Cells from the rows (an Arrow table) that `cells` gives. Raises NotCountable, ValueError when there is none."""
    column = {name: found[name].to_numpy() for name in found.column_names}
    if not found.num_rows:
        raise ValueError("There is no session with a score, a session number and a client.")
    check(column, columns, counting)
    design: Ints = np.array([column["n"], column["st"], column["stt"]], dtype=np.int64)
    return gather(
        counting,
        columns,
        design=design,
        clients=column["clients"].astype(np.int64),
        products=_products(column, 2 + len(columns.covariates)),
        squares=column["squares"].astype(float),
    )


def check(column: dict[str, Any], columns: SessionColumns, counting: Counting) -> None:
    """Refuse what counting in whole numbers would falsify. `column` are the cells' checks."""
    first = 1 if counting.clock == "log" else 0
    if int(column["nobody"].sum()):
        raise NotCountable(f"Column {columns.client} is empty in some rows.")
    if column["astray"].max() > NOT_WHOLE:
        raise NotCountable(
            f"Column {columns.score} holds a score that is no whole number of units of {counting.unit:g}: "
            "give the smallest step between two scores as the unit."
        )
    if not (column["earliest"].min() >= first and column["latest"].max() <= LAST_SESSION):
        raise NotCountable(
            f"Column {columns.session} must number the sessions of a client, from {first} to {LAST_SESSION}; "
            f"here it goes from {column['earliest'].min():g} to {column['latest'].max():g}."
        )
    if int(column["odd"].sum()):
        raise NotCountable(f"Column {columns.session} holds a number that is not whole, or nothing, in some rows.")
    for index, name in enumerate(columns.covariates):
        if int(column[f"absent_{index}"].sum()):
            raise NotCountable(f"Column {name} is empty in some rows: leave these clients out first.")
        if int(column[f"changing_{index}"].sum()):
            raise NotCountable(
                f"Column {name} changes within a client: only what stays the same for a client can be counted in cells."
            )


def _one_if(condition: Any) -> Any:
    # PostgreSQL does not make a number of a truth value.
    return condition.ifelse(1, 0).cast("int64")


def _own(index: int) -> str:
    return f"w_{index}"


def _products(column: dict[str, Any], size: int) -> Floats:
    """v v' with the constant in front, (size + 1, size + 1, cells)."""
    out = np.empty((size + 1, size + 1, len(column["clients"])))
    out[0, 0] = column["clients"]
    for i in range(size):
        out[0, i + 1] = out[i + 1, 0] = column[f"m_{i}"]
        for j in range(i + 1):
            out[i + 1, j + 1] = out[j + 1, i + 1] = column[f"p_{i}_{j}"]
    return out
