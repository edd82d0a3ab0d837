"""The way in: a multilevel growth curve from a table of session scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from openrapport.analysis.growth.build import Table, build_design
from openrapport.analysis.growth.design import Design, Grouping
from openrapport.analysis.growth.result import GrowthFit, Method
from openrapport.analysis.growth.two_levels import fit_two_levels


def growth(
    table: Table,
    *,
    outcome: str,
    client: str,
    fixed: str,
    random: str,
    method: Method,
    therapist: str | None = None,
    crossed: Sequence[str] = (),
) -> GrowthFit:
    """Fixed effects, variances between clients (and therapists, or crossed groups) and of sessions, by REML or ML.

    `table` maps column names to arrays, one row a session. `fixed` and `random` are formulas as in R, "1 + time".
    `therapist` is a third level with a random intercept, where every client has one therapist; clients who changed
    make it a crossed group, and the message says so. Estimates are in the outcome's units per unit of the column.
    Raises ValueError, with a sentence that says what to change, when the data do not allow the model.

    Laird & Ware 1982 (the model); Lindstrom & Bates 1988 (profiling and Newton's method).

    >>> table = {
    ...     "client": np.repeat(["Ana", "Bo", "Cy", "Di"], 4),
    ...     "session": np.tile([0.0, 1, 2, 3], 4),
    ...     "score": np.array([10.0, 12, 11, 14, 20, 21, 24, 25, 15, 15, 17, 18, 12, 15, 17, 19]),
    ... }
    >>> fit = growth(table, outcome="score", client="client", fixed="session", random="1", method="reml")
    >>> round(fit.fixed["session"].estimate, 2), round(fit.fixed["session"].se, 2), round(fit.residual_sd, 2)
    (1.57, 0.21, 0.94)
    """
    design = build_design(
        table, outcome=outcome, client=client, fixed=fixed, random=random, therapist=therapist, crossed=crossed
    )
    return fit_design(design, method=method)


def fit_design(design: Design, *, method: Method) -> GrowthFit:
    """The same from a design that is already built."""
    if method not in ("reml", "ml"):
        raise ValueError(f'The method is "reml" or "ml", not {method!r}.')
    fit, notes = _fit(design, method)
    if design.dropped:
        notes.append(f"{design.dropped} rows with something missing were left out.")
    return replace(fit, message=" ".join([fit.message, *notes])) if notes else fit


def _fit(design: Design, method: Method) -> tuple[GrowthFit, list[str]]:
    if design.therapist is None and not design.crossed:
        return fit_two_levels(design, method=method), []
    if design.therapist is not None and not design.crossed and is_nested(design.client, design.therapist):
        from openrapport.analysis.growth.three_levels import fit_three_levels

        return fit_three_levels(design, method=method), []
    from openrapport.analysis.growth.crossed import fit_crossed

    if design.therapist is None:
        return fit_crossed(design, method=method), []
    groups = {design.therapist.column: design.therapist, **design.crossed}
    notes = []
    if not is_nested(design.client, design.therapist):
        notes.append(
            f"Some clients have rows with more than one {design.therapist.column}, so it was fitted as a crossed group."
        )
    return fit_crossed(replace(design, therapist=None, crossed=groups), method=method), notes


def is_nested(inner: Grouping, outer: Grouping) -> bool:
    """Whether every inner group lies within one outer group."""
    theirs = np.zeros(len(inner.labels), dtype=np.int64)
    theirs[inner.codes] = outer.codes
    return bool((theirs[inner.codes] == outer.codes).all())
