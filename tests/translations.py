"""Collects every sentence people see and keeps the translations beside them: `make messages`.

Sentences are found by Babel, templates after Django has turned them into Python. Needs no gettext tools.
"""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

SOURCE = Path(__file__).resolve().parent.parent / "src" / "openrapport"
LANGUAGES = ("es",)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def folder(language: str) -> Path:
    return SOURCE / "locale" / language / "LC_MESSAGES"


def sentences() -> Catalog:
    """Every translatable sentence in the source, with the files it stands in (line numbers change too often)."""
    catalog = Catalog(project="OpenRapport", charset="utf-8")
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or "tests" in path.parts or "migrations" in path.parts:
            continue
        for message, context in _in_file(path):
            catalog.add(message, context=context, locations=[(str(path.relative_to(SOURCE)), 0)], flags=_flags(message))
    return catalog


def _in_file(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        if "{%" not in text:
            return
        text = "\n".join(line.strip() for line in templatize(text).splitlines())
    for _, message, _, context in extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS):
        yield message, context


def _flags(message: str | tuple[str, ...]) -> list[str]:
    first = message if isinstance(message, str) else message[0]
    return ["python-format"] if "%(" in first else []


def read(language: str) -> Catalog:
    path = folder(language) / "django.po"
    if not path.exists():
        return Catalog(locale=language, project="OpenRapport", charset="utf-8")
    return read_po(io.BytesIO(path.read_bytes()), locale=language)


def compiled(catalog: Catalog) -> bytes:
    """The binary form, without dates, so that the same sentences give the same bytes."""
    catalog.creation_date = catalog.revision_date = LONG_AGO
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def update(language: str) -> int:
    """Bring the language's file up to date; returns how many sentences still wait for a translation."""
    found, catalog = sentences(), read(language)
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment = f"# OpenRapport in {language}. Kept by `make messages`; translate the empty ones."
    catalog.fuzzy = False
    folder(language).mkdir(parents=True, exist_ok=True)
    catalog.creation_date = catalog.revision_date = LONG_AGO
    with (folder(language) / "django.po").open("wb") as file:
        write_po(file, catalog, width=110, sort_output=True, ignore_obsolete=True, include_lineno=False)
    (folder(language) / "django.mo").write_bytes(compiled(read(language)))
    return sum(1 for message in catalog if message.id and not is_translated(message.string))


def is_translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    if string is None or isinstance(string, str):
        return bool(string)
    return all(string)


if __name__ == "__main__":
    for each in LANGUAGES:
        sys.stdout.write(f"{each}: {update(each)} sentences wait for a translation\n")
