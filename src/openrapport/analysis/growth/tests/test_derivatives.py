"""Gradient and Hessian against differences, both ways of keeping the data, with sigma^2 profiled, free and given."""

import numpy as np
import pytest

from openrapport.analysis.growth import model as model_module
from openrapport.analysis.growth.build import build_design
from openrapport.analysis.growth.cell_units import CellUnits
from openrapport.analysis.growth.client_units import ClientUnits
from openrapport.analysis.growth.factor import FactorProblem, lower_triangle

# Central differences with a step of 1e-5: their own error is about 1e-10 of the function's size.
DIFFERENCES = 3e-5
STEP = 1e-5
RANDOM = {1: "1", 2: "1 + time", 3: "1 + time + I(time^2)"}


def problem(q, rng, *, cells, restricted, residual, monkeypatch):
    sessions = rng.integers(1, 7, 30)
    client = np.repeat(np.arange(30), sessions)
    time = np.concatenate([np.arange(n) for n in sessions]).astype(float)
    table = {"client": client, "time": time, "age": rng.normal(30, 5, 30)[client], "mood": rng.normal(size=len(client))}
    table["score"] = time + rng.normal(size=30)[client] * (1 + time) + rng.normal(size=len(client))
    fixed = ("age" if q == 1 else "time * age") + ("" if cells else " + mood")
    monkeypatch.setattr(model_module, "_WORTHWHILE", np.inf)
    design = build_design(table, outcome="score", client="client", fixed=fixed, random=RANDOM[q])
    units = model_module.model_of(design).units
    assert isinstance(units, CellUnits if cells else ClientUnits)
    return FactorProblem(units, restricted, np.zeros((q, q)), lower_triangle(q), residual)


@pytest.mark.parametrize("q", [1, 2, 3])
@pytest.mark.parametrize("cells", [True, False])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("residual", ["profiled", "free", 0.7])
def test_derivatives_are_those_of_the_deviance(q, cells, restricted, residual, monkeypatch):
    rng = np.random.default_rng([q, cells, restricted])
    case = problem(q, rng, cells=cells, restricted=restricted, residual=residual, monkeypatch=monkeypatch)
    at = rng.normal(size=len(case.moves) + (residual == "free")) * 0.7

    def deviance(free):
        return case.point(free).deviance

    def gradient(free):
        return case.derivatives(free, case.point(free))[0]

    steps = STEP * np.eye(len(at))
    first, second = case.derivatives(at, case.point(at))
    by_differences = np.array([(deviance(at + s) - deviance(at - s)) / (2 * STEP) for s in steps])
    twice = np.array([(gradient(at + s) - gradient(at - s)) / (2 * STEP) for s in steps])
    assert first == pytest.approx(by_differences, abs=DIFFERENCES * max(1, np.abs(first).max()))
    assert second == pytest.approx(twice, abs=DIFFERENCES * np.abs(second).max())


@pytest.mark.parametrize("restricted", [True, False])
def test_deviance_is_the_normal_densitys(restricted, monkeypatch):
    # Written out with the whole covariance matrix of all scores; D here is that of the columns brought to one scale.
    rng = np.random.default_rng(3)
    case = problem(2, rng, cells=False, restricted=restricted, residual=1.3, monkeypatch=monkeypatch)
    units = case.units
    factor = np.array([1.1, 0.2, 0.6])
    point = case.point(factor)
    d = case.factor(factor) @ case.factor(factor).T / 1.3
    blocks = [units.s[:, :, i] for i in range(units.s.shape[2])]
    log_det = sum(np.linalg.slogdet(np.eye(2) + block @ d)[1] for block in blocks)
    products = units.rest.copy()
    for i, block in enumerate(blocks):
        w = np.linalg.inv(np.linalg.pinv(block) + d) if np.linalg.matrix_rank(block) == 2 else None
        inside = w if w is not None else block @ np.linalg.inv(np.eye(2) + d @ block)
        products += units.qx[:, :, i].T @ inside @ units.qx[:, :, i]
    xx, xy, yy = products[:-1, :-1], products[:-1, -1], products[-1, -1]
    r2 = yy - xy @ np.linalg.solve(xx, xy)
    df = units.n_rows - (len(xx) if restricted else 0)
    expected = log_det + df * np.log(2 * np.pi * 1.3) + r2 / 1.3 + (np.linalg.slogdet(xx)[1] if restricted else 0)
    assert point.deviance == pytest.approx(expected, rel=1e-10)
