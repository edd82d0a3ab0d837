"""Small, unbalanced, often singular data sets for the comparison with lmer, the same for the same number.

Written as CSV for R: python -m openrapport.analysis.growth.tests.growth_sets FOLDER
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

COUNT = 300
# Standard deviations of intercept and slope, and their correlation, in a residual of 8.
_TRUTHS = ((0, 0, 0), (8, 0, 0), (0, 3, 0), (8, 2, 0.9), (2, 0.5, -0.5), (10, 4, -1.0))
FORMS = (
    ("time", "1 + time"),
    ("time", "1"),
    ("time + age", "1 + time"),
    ("time * age + mood", "1 + time"),
    ("time", "0 + time"),
    ("time", "1 + time + late"),
)


def form_of(number: int) -> tuple[str, str]:
    """The fixed and the random formula of a set."""
    return FORMS[0] if number % 2 else FORMS[(number // 2) % len(FORMS)]


def small_set(number: int) -> dict[str, np.ndarray]:
    """Set `number` of 0 to 299: client, time, age, mood, late, score."""
    rng = np.random.default_rng([20261122, number])
    clients = int(rng.integers(8, 40))
    sessions = rng.integers(1, 9, clients)
    # The largest form has four random and fixed columns: some clients stay long enough to tell them apart.
    sessions[:3] = 8
    client = np.repeat(np.arange(clients), sessions)
    session = np.concatenate([np.arange(n) for n in sessions])
    days = 7.0 * session + rng.integers(0, 4, len(session)) if number % 3 == 0 else np.log1p(session)
    time = np.round(days, 4)
    intercept_sd, slope_sd, correlation = _TRUTHS[number % len(_TRUTHS)]
    drawn = rng.standard_normal((clients, 2))
    slopes = correlation * drawn[:, 0] + np.sqrt(1 - correlation**2) * drawn[:, 1]
    age = np.round(rng.normal(35, 10, clients), 1)[client]
    mood = np.round(rng.standard_normal(len(client)), 2)
    scale = max(float(time.std()), 1e-9)
    course = 58 + 5 * time / scale + intercept_sd * drawn[client, 0] + slope_sd * slopes[client] * time / scale
    score = np.round(course - 0.1 * age + mood + rng.normal(0, 8, len(client)), 3)
    late = (session >= 4).astype(float)
    return {"client": client, "time": time, "age": age, "mood": mood, "late": late, "score": score}


def two_level_set() -> dict[str, np.ndarray]:
    """Sixty clients with covariates of their own (age, a text) and of each session (mood, who was late)."""
    rng = np.random.default_rng(20261123)
    sessions = rng.integers(2, 12, 60)
    client = np.repeat(np.arange(60), sessions)
    time = np.concatenate([np.arange(n) for n in sessions]).astype(float)
    age = np.round(rng.normal(35, 10, 60), 1)[client]
    form = np.array(["couple", "family", "single"])[rng.integers(0, 3, 60)][client]
    mood = np.round(rng.standard_normal(len(client)), 2)
    drawn = rng.standard_normal((60, 2)) * [6, 1.2]
    score = 50 + 1.5 * time - 0.2 * age + 2 * mood + 3 * (form == "family") + drawn[client, 0] + drawn[client, 1] * time
    return {
        "client": client,
        "time": time,
        "age": age,
        "form": form,
        "mood": mood,
        "score": np.round(score + rng.normal(0, 4, len(client)), 3),
    }


def _write(path: Path, table: dict[str, np.ndarray]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))


def write_all(folder: Path) -> None:
    """Every set as set_NUMBER.csv, their formulas as forms.csv, and covariates.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(COUNT):
        _write(folder / f"set_{number}.csv", small_set(number))
    forms = [form_of(number) for number in range(COUNT)]
    _write(folder / "forms.csv", {"fixed": np.array([a for a, _ in forms]), "random": np.array([b for _, b in forms])})
    _write(folder / "covariates.csv", two_level_set())


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
