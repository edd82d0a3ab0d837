"""Draws the invented tables that reliability.R and meta.R read: python tests/reference/draw_measures.py

Written with a fixed number of decimals, so that R and Python read the same numbers. meta_molloy.csv is not drawn: it
holds the correlations and sample sizes of 16 studies pooled by Molloy, O'Carroll & Ferguson 2014.
"""

import csv
from pathlib import Path

import numpy as np

from openrapport.analysis.simulate_measures import one_factor_answers, studies_of_correlations

HERE = Path(__file__).parent


def write(name, header, rows):
    with (HERE / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def answers(name, loadings, *, people, seed, sds=None, steps=False):
    table = one_factor_answers(loadings, people=people, seed=seed, sds=sds)
    table = np.clip(np.round(3 + table), 1, 5).astype(int) if steps else np.round(table, 4)
    write(f"reliability_{name}.csv", [f"item{i + 1}" for i in range(len(loadings))], table.tolist())


def studies(name, **numbers):
    r, n, study = studies_of_correlations(**numbers)
    rows = [(int(one), f"{x:.4f}", int(size)) for one, x, size in zip(study, r, n, strict=True)]
    write(f"meta_{name}.csv", ["study", "r", "n"], rows)


answers("graded", [0.8, 0.7, 0.7, 0.6, 0.5, 0.4], people=250, seed=20_261, steps=True)
answers("wide", [0.9, 0.8, 0.75, 0.7], people=120, seed=20_262, sds=[1, 2, 3, 10])
answers("heywood", [0.95, 0.6, 0.3, 0.3], people=25, seed=2)
studies("simulated", studies=20, effects_each=1, mean_z=0.3, between_sd=0.15, within_sd=0.0, seed=20_263)
studies("alike", studies=8, effects_each=1, mean_z=0.25, between_sd=0.0, within_sd=0.0, seed=20_267)
studies("nested", studies=15, effects_each=4, mean_z=0.3, between_sd=0.12, within_sd=0.1, seed=20_265)
studies("nested_alike", studies=10, effects_each=3, mean_z=0.3, between_sd=0.0, within_sd=0.12, seed=20_266)
