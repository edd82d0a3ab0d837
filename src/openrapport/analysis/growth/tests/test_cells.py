"""Cells and running sums: the same fit as from single rows, added over sites, updated a session at a time."""

import numpy as np
import pytest

from openrapport.analysis.growth import model as model_module
from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.cell_units import CellUnits
from openrapport.analysis.growth.cells import CellTable
from openrapport.analysis.growth.client_units import ClientUnits
from openrapport.analysis.growth.fit import fit_design, growth
from openrapport.analysis.growth.model import model_of
from openrapport.analysis.growth.sums import ClientSums, ManySums, sum_by_client
from openrapport.analysis.growth.tests.reference import numbers_of
from openrapport.analysis.growth.two_levels import fit_cells

# Both ways add the same numbers in another order; the search stops within 1e-9 of the lowest deviance.
SAME_DEVIANCE = 1e-8
SAME = 1e-6


def practice(seed, clients=150, first=0):
    rng = np.random.default_rng(seed)
    sessions = rng.integers(1, 9, clients)
    client = np.repeat(np.arange(clients), sessions)
    time = np.log(np.concatenate([np.arange(1, n + 1) for n in sessions]))
    start = np.round(rng.normal(size=clients), 2)
    own = rng.normal(size=(clients, 2)) * [8, 3]
    score = 55 + 4 * time - 2 * start[client] + own[client, 0] + own[client, 1] * time + rng.normal(0, 7, len(client))
    return {"client": client + first, "time": time, "start": start[client], "score": np.round(score, 1)}


def cells_of(table, centre=50.0):
    clients, codes = np.unique(table["client"], return_inverse=True)
    z = np.column_stack([np.ones(len(codes)), table["time"]])
    sums = sum_by_client(codes, len(clients), z, table["score"] - centre, centre=centre)
    start = np.zeros(len(clients))
    start[codes] = table["start"]
    names = ("(Intercept)", "time")
    return CellTable.of(sums, random_names=names, covariates=start[None], covariate_names=["start"])


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_a_table_of_cells_gives_the_fit_of_its_rows(method):
    table = practice(1)
    cells = cells_of(table)
    assert len(cells.clients) == 8
    assert (cells.n_clients, cells.n_rows) == (150, len(table["score"]))
    found = fit_cells(cells, method=method)
    expected = growth(table, outcome="score", client="client", fixed="time * start", random="1 + time", method=method)
    assert found.deviance == pytest.approx(expected.deviance, abs=SAME_DEVIANCE)
    assert set(found.fixed) == {"(Intercept)", "time", "start", "time:start"}
    for name, coefficient in expected.fixed.items():
        assert found.fixed[name].estimate == pytest.approx(coefficient.estimate, abs=SAME)
        assert found.fixed[name].se == pytest.approx(coefficient.se, rel=SAME)
    assert found.random["client"].sd == pytest.approx(expected.random["client"].sd, rel=SAME)


def test_fixed_columns_of_cells_are_chosen_by_name():
    table = practice(2)
    found = fit_cells(cells_of(table), method="ml", fixed=["(Intercept)", "start", "time"])
    expected = growth(table, outcome="score", client="client", fixed="start + time", random="1 + time", method="ml")
    assert found.deviance == pytest.approx(expected.deviance, abs=SAME_DEVIANCE)
    assert numbers_of(found) == pytest.approx(numbers_of(expected), rel=SAME)


@pytest.mark.parametrize("fixed", ["time", "time + start", "time * start", "start"])
@pytest.mark.parametrize("random", ["1 + time", "1 + time + I(time^2)"])
def test_clients_one_by_one_give_the_fit_of_cells(fixed, random, monkeypatch):
    design = build_design(practice(3), outcome="score", client="client", fixed=fixed, random=random)
    fits = []
    for worthwhile, units in ((np.inf, CellUnits), (0.0, ClientUnits)):
        monkeypatch.setattr(model_module, "_WORTHWHILE", worthwhile)
        assert isinstance(model_of(design).units, units)
        fits.append(fit_design(design, method="reml"))
    assert fits[0].deviance == pytest.approx(fits[1].deviance, abs=SAME_DEVIANCE)
    assert numbers_of(fits[0]) == pytest.approx(numbers_of(fits[1]), rel=1e-4)


def test_cells_of_two_sites_add_up():
    here, there = practice(4), practice(5, first=1000)
    together = {name: np.concatenate([here[name], there[name]]) for name in here}
    merged, whole = cells_of(here).merge(cells_of(there)), cells_of(together)
    assert len(merged.clients) == len(whole.clients) == 8
    expected, found = fit_cells(whole, method="reml"), fit_cells(merged, method="reml")
    assert found.deviance == pytest.approx(expected.deviance, abs=SAME_DEVIANCE)
    assert numbers_of(found) == pytest.approx(numbers_of(expected), rel=SAME)


def test_cells_that_do_not_belong_together_are_not_added():
    with pytest.raises(ValueError, match="different centres"):
        cells_of(practice(4)).merge(cells_of(practice(5), centre=40.0))


def test_small_cells_stay_at_home():
    cells = cells_of(practice(6, clients=20))
    kept = cells.without_small(3)
    assert kept.clients.min() >= 3
    assert kept.n_clients == cells.clients[cells.clients >= 3].sum() < cells.n_clients


def test_cells_of_wrong_shape_or_unknown_columns_are_refused():
    cells = cells_of(practice(7))
    with pytest.raises(ValueError, match="S of shape"):
        CellTable(("a",), ("(Intercept)",), cells.s, cells.vv, cells.clients, cells.rows, cells.squares, 0.0)
    with pytest.raises(ValueError, match="No fixed column 'age'"):
        fit_cells(cells, method="reml", fixed=["(Intercept)", "age"])
    with pytest.raises(ValueError, match="need the fixed intercept"):
        fit_cells(cells, method="reml", fixed=["time"])


def test_a_session_more_changes_the_sums_as_if_all_were_added_again():
    table = practice(8, clients=12)
    running = []
    for client in range(12):
        sums = ClientSums.empty(2, centre=50)
        for row in np.flatnonzero(table["client"] == client):
            sums = sums.add_session([1.0, table["time"][row]], table["score"][row])
        running.append(sums)
    one_by_one = ManySums.of(running)
    at_once = sum_by_client(
        table["client"],
        12,
        np.column_stack([np.ones(len(table["time"])), table["time"]]),
        table["score"] - 50,
        centre=50,
    )
    assert one_by_one.s == pytest.approx(at_once.s)
    assert one_by_one.u == pytest.approx(at_once.u)
    assert one_by_one.squares == pytest.approx(at_once.squares)
    assert one_by_one.sessions.tolist() == at_once.sessions.tolist()


@pytest.mark.parametrize("fixed", ["time", "time * start", "time + mood", "mood + time:start"])
@pytest.mark.parametrize("random", ["1 + time", "1"])
def test_the_intercept_is_where_time_is_zero_however_far_that_is(fixed, random):
    table = practice(10) | {"mood": np.random.default_rng(11).normal(size=len(practice(10)["time"]))}
    columns = {"outcome": "score", "client": "client", "fixed": fixed, "random": random, "method": "reml"}
    near = growth(table, **columns)
    far = growth(table | {"time": table["time"] + 2000.0}, **columns)
    if fixed == "mood + time:start":
        # Without `start` alone the model is another one, but it is not to fail.
        assert far.converged
        return
    assert far.deviance == pytest.approx(near.deviance, abs=1e-5)
    slope, intercept = far.fixed["time"], far.fixed["(Intercept)"]
    assert slope.estimate == pytest.approx(near.fixed["time"].estimate, rel=1e-6)
    expected = near.fixed["(Intercept)"].estimate - 2000 * slope.estimate
    assert intercept.estimate == pytest.approx(expected, rel=1e-6)
    assert intercept.se == pytest.approx(2000 * slope.se, rel=0.01)


@pytest.mark.parametrize(
    ("z", "score", "says"),
    [([1.0], 3.0, "2 random columns, not 1"), ([1.0, np.nan], 3.0, "has a score"), ([1.0, 2.0], np.nan, "has a score")],
)
def test_a_session_with_something_missing_is_not_added(z, score, says):
    with pytest.raises(ValueError, match=says):
        ClientSums.empty(2).add_session(z, score)


def test_time_in_days_and_dates_far_from_zero_give_the_same_course():
    table = practice(9)
    fits = []
    for days in (table["time"], 30 * table["time"], 30 * table["time"] + 738_000):
        moved = table | {"time": days}
        fits.append(growth(moved, outcome="score", client="client", fixed="time", random="1 + time", method="ml"))
    assert [fit.deviance for fit in fits] == pytest.approx([fits[0].deviance] * 3, abs=1e-6)
    slopes = [fit.fixed["time"].estimate for fit in fits]
    assert slopes == pytest.approx([slopes[0], slopes[0] / 30, slopes[0] / 30], rel=1e-6)
    sds = [fit.random["client"].sd["time"] for fit in fits]
    assert sds == pytest.approx([sds[0], sds[0] / 30, sds[0] / 30], rel=1e-5)
