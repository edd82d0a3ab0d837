"""Reading the reference fits under tests/reference and holding a fit against one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from openrapport.analysis.growth.covariances import covariance_of
from openrapport.analysis.growth.design import Design
from openrapport.analysis.growth.result import GrowthFit

REFERENCE = Path(__file__).parents[5] / "tests" / "reference"


def read_reference(name: str) -> dict[str, Any]:
    return json.loads((REFERENCE / name).read_text())


def read_columns(name: str) -> dict[str, np.ndarray]:
    """The columns of a comma-separated file: numbers where all are, else text."""
    lines = (REFERENCE / name).read_text().splitlines()
    header, rows = lines[0].split(","), [line.split(",") for line in lines[1:]]
    columns = {}
    for name, values in zip(header, zip(*rows, strict=True), strict=True):
        try:
            columns[name] = np.array(values, dtype=float)
        except ValueError:
            columns[name] = np.array(values)
    return columns


def codes(values: np.ndarray) -> np.ndarray:
    return np.unique(values, return_inverse=True)[1]


def distance(fit: GrowthFit, told: dict[str, Any]) -> float:
    """The largest difference in any coefficient, standard error or standard deviation."""
    gaps = [abs(fit.residual_sd - told["residual"])]
    for ours, estimate, se in zip(fit.fixed.values(), np.ravel(told["fixed"]), np.ravel(told["se"]), strict=True):
        gaps += [abs(ours.estimate - estimate), abs(ours.se - se)]
    for group, effects in fit.random.items():
        gaps += list(np.abs(np.array(list(effects.sd.values())) - np.ravel(told["sd"][group])))
    return float(max(gaps))


def deviance_of_the_whole_matrix(design: Design, fit: GrowthFit) -> float:
    """-2 log restricted likelihood from the covariance matrix of all rows, (rows, rows)."""
    n, p = design.x.shape
    client = design.client.codes
    v = design.z @ covariance_of(fit, design.client.column) @ design.z.T * (client[:, None] == client)
    v += fit.residual_sd**2 * np.eye(n)
    for grouping in (design.therapist, *design.crossed.values()):
        if grouping is not None:
            same = grouping.codes[:, None] == grouping.codes
            v += covariance_of(fit, grouping.column)[0, 0] * same
    solved = np.linalg.solve(v, np.column_stack([design.x, design.y]))
    xx = design.x.T @ solved[:, :p]
    r = design.y - design.x @ np.linalg.solve(xx, design.x.T @ solved[:, p])
    log_dets = np.linalg.slogdet(v)[1] + np.linalg.slogdet(xx)[1]
    return float(log_dets + r @ np.linalg.solve(v, r) + (n - p) * np.log(2 * np.pi))
