"""Log lines without content: no link's secret, and of an error its kind and place, never its words.

A database quotes the row it refuses, and a parser the text it cannot read: such words may be somebody's answer.
"""

import logging
import re
import traceback
from types import TracebackType

SECRETS = re.compile(r"(/(?:c|invitation|demo/sign-in/[\w-]+)/)[^/\s\"']+")
HIDDEN = r"\1(hidden)"

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class DiscreetFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return SECRETS.sub(HIDDEN, super().format(record))

    def formatException(self, ei: ErrorInfo) -> str:  # noqa: N802 - the name logging calls
        error = ei[1]
        lines: list[str] = []
        while error is not None:
            lines += traceback.format_tb(error.__traceback__)
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}\n")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
            if error is not None:
                lines.append("which came after:\n")
        return "".join(lines).rstrip()
