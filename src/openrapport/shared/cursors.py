"""Cursors for statements that are run again and again: their placeholders are translated once.

PostgreSQL moreover keeps such a statement on its side, and does not plan it anew each time.
"""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import count
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_KEPT = "openrapport_kept_cursor"


def run_kept(connection: BaseDatabaseWrapper, sql: str, values: Sequence[Any]) -> Any:
    """The cursor after `sql` was run, with `%s` for each value and no other percent sign.

    A connection has one such cursor: read it to its end before the next statement.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    kept: tuple[object, bool, Any] | None = getattr(connection, _KEPT, None)
    if kept is None or kept[0] is not connection.connection or kept[1] != connection.queries_logged:
        open_cursor = _way_to_open(connection.vendor)
        with connection.wrap_database_errors:
            cursor = connection._prepare_cursor(open_cursor(connection.connection))  # type: ignore[attr-defined]
        kept = (connection.connection, connection.queries_logged, cursor)
        setattr(connection, _KEPT, kept)
    kept[2].execute(sql, values)
    return kept[2]


@cache
def _way_to_open(vendor: str) -> Callable[[Any], Any]:
    """Drivers are imported where they are used: whoever has SQLite needs no other."""
    if vendor == "sqlite":
        from django.db.backends.sqlite3.base import SQLiteCursorWrapper

        class KeptSQLite(SQLiteCursorWrapper):
            def convert_query(self, query: str, *, param_names: list[str] | None = None) -> str:
                return _with_question_marks(query)

        return lambda driver: driver.cursor(factory=KeptSQLite)
    if vendor == "postgresql":
        from psycopg import Cursor, RawCursor

        class KeptPostgreSQL(RawCursor[Any]):
            def execute(self, query: Any, params: Any = None, **more: Any) -> "KeptPostgreSQL":
                return super().execute(_with_numbers(query), params, **more)

        def open_postgresql(driver: Any) -> KeptPostgreSQL:
            cursor = KeptPostgreSQL(driver)
            # One plan for all values, from the first time on: keys are looked up, whichever they are.
            Cursor.execute(cursor, "SET plan_cache_mode = force_generic_plan", prepare=False)
            return cursor

        return open_postgresql
    return lambda driver: driver.cursor()


@lru_cache(maxsize=512)
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?")


@lru_cache(maxsize=512)
def _with_numbers(sql: str) -> bytes:
    begin, *others = sql.split("%s")
    numbers = count(1)
    return (begin + "".join(f"${next(numbers)}{piece}" for piece in others)).encode()
