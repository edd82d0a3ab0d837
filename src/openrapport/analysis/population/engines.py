"""Where sessions are and who adds them up: DuckDB on this machine, PostgreSQL in place, Spark past one machine."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.parse import unquote

Engine = Literal["duckdb", "spark"]


class NotReadable(ValueError):
    """The place does not hold a table of sessions; the message names it and says what is wrong."""


@dataclass(frozen=True, slots=True)
class Source:
    """A Parquet file or a folder of them, a folder of CSV files or one, a DuckDB file, or a postgresql:// address.

    `table` names the table of a database; files have none.
    """

    place: str
    table: str | None = None

    @property
    def kind(self) -> Literal["parquet", "csv", "duckdb", "postgresql"]:
        if self.place.startswith(("postgresql://", "postgres://")):
            return "postgresql"
        path = Path(self.place)
        suffix = path.suffix.lower()
        if suffix in (".duckdb", ".ddb", ".db"):
            return "duckdb"
        if suffix == ".csv" or (path.is_dir() and any(path.glob("*.csv"))):
            return "csv"
        return "parquet"

    @property
    def label(self) -> str:
        """What messages call it: an address may hold a password and is not repeated."""
        return "the PostgreSQL database" if self.kind == "postgresql" else self.place

    def files(self) -> list[Path]:
        """The files in order of name. Raises NotReadable when there is none."""
        path = Path(self.place)
        found = sorted(path.glob(f"*.{self.kind}")) if path.is_dir() else [path]
        if not found or not all(file.is_file() for file in found):
            raise NotReadable(f"{self.place}: no {self.kind.upper()} file there")
        return found


@contextmanager
def opened(source: Source, *, engine: Engine = "duckdb", spark_master: str = "local[*]") -> Iterator[tuple[Any, Any]]:
    """The connection and the Ibis table of `source`. Raises NotReadable."""
    if engine == "spark":
        opener = _on_spark(source, spark_master)
    else:
        opener = _in_postgresql(source) if source.kind == "postgresql" else _on_duckdb(source)
    with opener as (connection, table):
        yield connection, table


def columns_of(table: Any, label: str, names: tuple[str, ...]) -> None:
    """Raises NotReadable when a column is missing, naming those there are."""
    for name in names:
        if name not in table.columns:
            raise NotReadable(f"{label}: no column {name!r}; there are: {', '.join(table.columns[:20])}")


@contextmanager
def _on_duckdb(source: Source) -> Iterator[tuple[Any, Any]]:
    import duckdb
    import ibis

    is_file = source.kind == "duckdb"
    if is_file and not Path(source.place).is_file():
        raise NotReadable(f"{source.place}: no such file")
    with TemporaryDirectory(prefix="openrapport-") as spill:
        try:
            raw = duckdb.connect(source.place if is_file else ":memory:", read_only=is_file, config=_settings(spill))
        except duckdb.Error as problem:
            raise NotReadable(f"{source.place}: {_first_line(problem)}") from problem
        try:
            connection = ibis.duckdb.from_connection(raw)
            yield connection, _table_of(connection, source)
        except duckdb.Error as problem:
            raise NotReadable(f"{source.place}: {_first_line(problem)}") from problem
        finally:
            raw.close()


def _settings(spill: str) -> dict[str, str | bool | int | float | list[str]]:
    """Nothing is fetched from outside; and memory does not grow with rows: they need not keep their order, and what a
    sort or a group-by cannot hold goes to the folder `spill` for as long as it takes."""
    return {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
        "memory_limit": "640MiB",
        "temp_directory": spill,
    }


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0]


def _table_of(connection: Any, source: Source) -> Any:
    if source.kind == "duckdb":
        return _named_table(connection, source)
    files = [str(file) for file in source.files()]
    return connection.read_parquet(files) if source.kind == "parquet" else connection.read_csv(files)


def _named_table(connection: Any, source: Source) -> Any:
    names = connection.list_tables()
    if source.table is None and len(names) == 1:
        return connection.table(names[0])
    if source.table not in names:
        raise NotReadable(f"{source.label}: name one of its tables: {', '.join(names[:20]) or '(there is none)'}")
    return connection.table(source.table)


@contextmanager
def _in_postgresql(source: Source) -> Iterator[tuple[Any, Any]]:
    import ibis
    import psycopg

    try:
        connection = ibis.connect(source.place)
    except psycopg.Error as problem:
        raise NotReadable(f"{source.label}: it does not answer: {_without_secret(problem, source.place)}") from None
    except (ValueError, TypeError):
        # What is wrong with it may be its password, so nothing of it is repeated.
        raise NotReadable(
            f"{source.label}: the address cannot be read; it is postgresql://user:password@host:port/database, "
            "with %40 for an @ within the password"
        ) from None
    try:
        yield connection, _named_table(connection, source)
    except psycopg.Error as problem:
        raise NotReadable(f"{source.label}: {_without_secret(problem, source.place)}") from None
    finally:
        connection.disconnect()


def _without_secret(problem: Exception, address: str) -> str:
    """The first line of a problem, without the password that stands in the address."""
    said = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
    secret = unquote(address.partition("://")[2].rpartition("@")[0].partition(":")[2])
    return said.replace(secret, "***") if secret else said


@contextmanager
def _on_spark(source: Source, master: str) -> Iterator[tuple[Any, Any]]:
    import ibis
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    if source.kind not in ("parquet", "csv"):
        raise NotReadable(f"{source.label}: Spark reads Parquet and CSV files; export the table first")
    ours = SparkSession.getActiveSession() is None  # somebody else's goes on when we are done
    builder = SparkSession.builder.master(master).appName("openrapport")
    builder = builder.config("spark.ui.enabled", "false").config("spark.sql.ansi.enabled", "true")
    if master.startswith("local"):  # one machine: nothing listens outside it, and few parts suffice
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # its workers find this library where we did
        builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
        builder = builder.config("spark.sql.shuffle.partitions", "8").config("spark.driver.memory", "4g")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        connection = ibis.pyspark.connect(session)
        place = str(Path(source.place).resolve())
        read = connection.read_parquet if source.kind == "parquet" else connection.read_csv
        yield connection, read(place)
    except (PySparkException, Py4JError) as problem:
        raise NotReadable(f"{source.place}: {_last_word(str(problem))}") from problem
    finally:
        if ours:
            session.stop()


def _last_word(said: str) -> str:
    """What a worker's Python refused, which ends its traceback; else the first line."""
    refused = re.findall(r"^(?:\w+\.)*(?:ValueError|NotCountable|NotStreamable): (.+)$", said, flags=re.MULTILINE)
    return str(refused[-1] if refused else said.strip().splitlines()[0])
