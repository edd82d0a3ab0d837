"""The scan over files: what it flags is what the scan of arrays flags, compiled or not, however batches fall."""

import numpy as np
import pytest

from openrapport.analysis import kernels
from openrapport.analysis.innovations import scan_innovations
from openrapport.analysis.kernels import InnovationModel, NotGrouped
from openrapport.analysis.population import batches, scanning
from openrapport.analysis.population.scanning import Flagged, scan_files
from openrapport.analysis.population.sessions import SessionColumns
from openrapport.analysis.population.tests.invented import invent, shuffled, write_parquet

COLUMNS = SessionColumns("client", "session", "score")
MODEL = InnovationModel(51.0, 4.0, 7.0, 1.65, 0.0, 0.18, weight=0.3, width=2.5, limit=2.0)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("rows_at_once", [97, 100_000])
def test_files_and_arrays_give_the_same_flags(tmp_path, monkeypatch, compiled, rows_at_once):
    monkeypatch.setattr(batches, "ROWS_AT_ONCE", rows_at_once)
    monkeypatch.setattr(scanning.kernels, "available", lambda: compiled)
    table = invent(400, seed=5)
    taken: list[Flagged] = []
    file = write_parquet(tmp_path / "a.parquet", table)
    summary = scan_files([file], COLUMNS, MODEL, clock="log", take=taken.append)
    monkeypatch.undo()
    times = np.r_[np.nan, np.log(np.arange(1, 5000))]
    expected = scan_innovations(table["client"], table["session"], table["score"], MODEL, time_of=times)
    assert kernels.available()
    rows = np.flatnonzero(expected.flag)
    assert len(rows) > 10
    assert np.concatenate([part.client for part in taken]).tolist() == table["client"][rows].tolist()
    assert np.concatenate([part.session for part in taken]).tolist() == table["session"][rows].tolist()
    assert np.concatenate([part.z for part in taken]) == pytest.approx(expected.z[rows])
    there = ~np.isnan(expected.z)
    assert (summary.rows, summary.clients) == (int(there.sum()), len(np.unique(table["client"][there])))
    assert (summary.flagged_rows, summary.flagged_clients) == (len(rows), len(np.unique(table["client"][rows])))
    assert summary.mean_square == pytest.approx(float(np.mean(expected.z[there] ** 2)))


@pytest.mark.parametrize("compiled", [True, False])
def test_rows_in_another_order_are_refused(tmp_path, monkeypatch, compiled):
    monkeypatch.setattr(scanning.kernels, "available", lambda: compiled)
    file = write_parquet(tmp_path / "a.parquet", shuffled(invent(30, seed=5), seed=2))
    with pytest.raises(NotGrouped, match="not ordered by client and session"):
        scan_files([file], COLUMNS, MODEL, clock="log")
    backward = {name: values[::-1] for name, values in invent(1, seed=8, missing=0.0).items()}
    file = write_parquet(tmp_path / "b.parquet", backward)
    with pytest.raises(NotGrouped, match="not ordered by client and session"):
        scan_files([file], COLUMNS, MODEL, clock="log")
