"""Whom to call or text in an emergency, by country. Pure data from crisis_lines.toml; no database, no network."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast

Kind = Literal["call", "text", "web"]

DATA: Final = Path(__file__).with_name("crisis_lines.toml")
GENERIC: Final = "generic"
FALLBACK_LANGUAGE: Final = "en"


@dataclass(frozen=True)
class CrisisLine:
    """One way to reach somebody. `message` is the first word of a text, where the line asks for one."""

    name: str
    number: str
    kind: Kind
    detail: str = ""
    hours: str = ""
    emergency: bool = False
    message: str = ""

    @property
    def shown(self) -> str:
        """The number as people read it; of a web address, its host."""
        return self.number.split("//")[-1].strip("/") if self.kind == "web" else self.number

    @property
    def href(self) -> str:
        """What a phone opens when the line is tapped."""
        bare = self.number.replace(" ", "")
        if self.kind == "web":
            return self.number
        if self.kind == "text":
            return f"sms:{bare}" + (f"?body={self.message}" if self.message else "")
        return f"tel:{bare}"


@dataclass(frozen=True)
class Country:
    """A country we know lines for; code is ISO 3166-1 alpha-2."""

    code: str
    name: str


@cache
def read_lines() -> dict[str, Any]:
    """The data file, read once."""
    with DATA.open("rb") as file:
        return tomllib.load(file)


def in_language(words: object, language: str) -> str:
    """A text that may be written in several languages; English where the wanted one is missing."""
    if isinstance(words, Mapping):
        return str(words.get(language) or words[FALLBACK_LANGUAGE])
    return str(words)


def base_language(language: str) -> str:
    """`es-mx` reads as `es`."""
    return language.replace("_", "-").split("-")[0].lower()


def known_country(country: str) -> str:
    """The country's code if we have lines for it, otherwise `generic`."""
    code = country.strip().upper()
    return code if code in read_lines() else GENERIC


def lines_for(country: str, language: str) -> tuple[CrisisLine, ...]:
    """The lines of a country, emergency first. An unknown country gets the generic ones, never none."""
    wanted = base_language(language)
    rows = read_lines()[known_country(country)]["lines"]
    return tuple(
        CrisisLine(
            name=in_language(row["name"], wanted),
            number=row["number"],
            kind=cast(Kind, row["kind"]),
            detail=in_language(row.get("detail", ""), wanted),
            hours=in_language(row.get("hours", ""), wanted),
            emergency=row.get("emergency", False),
            message=row.get("message", ""),
        )
        for row in rows
    )


def countries(language: str) -> tuple[Country, ...]:
    """Every country we know lines for, by name."""
    wanted = base_language(language)
    named = (
        Country(code, in_language(entry["name"], wanted)) for code, entry in read_lines().items() if code != GENERIC
    )
    return tuple(sorted(named, key=lambda one: one.name))
