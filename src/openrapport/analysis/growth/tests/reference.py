"""What lme4 and nlme found (tests/reference/growth.json), and the sleepstudy data as a table of rows."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from openrapport.analysis.growth.result import GrowthFit

PATH = Path(__file__).parents[5] / "tests" / "reference" / "growth.json"


def read_reference() -> dict:
    return json.loads(PATH.read_text(encoding="utf-8"))


def sleepstudy() -> dict[str, np.ndarray]:
    with files("openrapport.analysis.tests").joinpath("sleepstudy.csv").open() as file:
        wide = np.loadtxt(file, delimiter=",", skiprows=2)
    return {
        "Reaction": wide[:, 1:].ravel(),
        "Days": np.tile(np.arange(10.0), len(wide)),
        "Subject": np.repeat(wide[:, 0].astype(int), 10),
    }


def numbers_of(fit: GrowthFit) -> np.ndarray:
    """Fixed effects, standard deviations, residual."""
    random = next(iter(fit.random.values()))
    return np.array([*(one.estimate for one in fit.fixed.values()), *random.sd.values(), fit.residual_sd])


def expected_numbers(told: dict) -> np.ndarray:
    fixed = list(told["fixed"].values()) if isinstance(told["fixed"], dict) else np.atleast_1d(told["fixed"])
    return np.array([*fixed, *np.atleast_1d(told["sd"]), told["residual"]], dtype=float)


def scales(told: dict) -> np.ndarray:
    """What each number is uncertain by: standard errors, and the deviations themselves (a residual's share at zero)."""
    sd = np.atleast_1d(told["sd"]).astype(float)
    return np.array([*np.atleast_1d(told["se"]), *np.maximum(sd, 0.05 * told["residual"]), told["residual"]])
