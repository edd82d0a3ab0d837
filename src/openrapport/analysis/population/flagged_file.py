"""Flagged sessions as Parquet, a batch at a time; the file is there when all of it is."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any

from openrapport.analysis.population.engines import NotReadable
from openrapport.analysis.population.scanning import Flagged


class FlaggedFile:
    """Columns client, session, z, average. Without a path nothing is kept."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._part = None if path is None else path.with_name(f".{path.name}.part")
        self._writer: Any = None

    def __enter__(self) -> FlaggedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if self._writer is not None:
                self._writer.close()
            if kind is None and self.path is not None and self._part is not None:
                self._finish(self.path, self._part)
        finally:
            if self._part is not None:
                self._part.unlink(missing_ok=True)

    def add(self, client: Any, found: Flagged) -> None:
        """Raises NotReadable where the file cannot be written."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self.path is None:
            return
        table = pa.table({"client": client, "session": found.session, "z": found.z, "average": found.average})
        try:
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._part, table.schema, compression="zstd")
            self._writer.write_table(table)
        except OSError as problem:
            raise NotReadable(f"{self.path}: cannot be written ({problem.strerror or problem})") from problem

    def _finish(self, path: Path, part: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:  # nobody was flagged: a file that says so
            empty = {"client": pa.int64(), "session": pa.int32(), "z": pa.float64(), "average": pa.float64()}
            pq.write_table(pa.schema(list(empty.items())).empty_table(), part)
        os.replace(part, path)  # noqa: PTH105 - one rename, not a copy
