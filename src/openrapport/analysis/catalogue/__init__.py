"""Every instrument the package ships, read once. Versions are kept for ever: an answered version never changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from threading import Lock
from types import MappingProxyType

from openrapport.analysis.instrument import Instrument, InstrumentError
from openrapport.analysis.instrument_file import parse_instrument


class UnknownInstrument(LookupError):
    """No instrument of that name and version; the message lists those there are."""


_ONE_AT_A_TIME = Lock()


def load_catalogue() -> Mapping[tuple[str, int], Instrument]:
    """All instruments by (id, version), the same objects for everybody, however many ask first at the same moment."""
    with _ONE_AT_A_TIME:
        return _read_all()


@cache
def _read_all() -> Mapping[tuple[str, int], Instrument]:
    """The first broken file stops it: a half catalogue is never used."""
    catalogue: dict[tuple[str, int], Instrument] = {}
    for file in sorted(files(__name__).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        instrument = parse_instrument(file.read_text(encoding="utf-8"), file=file.name)
        if file.name != f"{instrument.ref}.toml":
            raise InstrumentError(f"{file.name}: id: the file must be called {instrument.ref}.toml")
        catalogue[instrument.id, instrument.version] = instrument
    return MappingProxyType(catalogue)


def get_instrument(id: str, version: int | None = None) -> Instrument:  # noqa: A002 - the word of the instrument files
    """The instrument of that id; its newest version unless one is named. Raises `UnknownInstrument`."""
    catalogue = load_catalogue()
    wanted = version
    if wanted is None:
        wanted = max((known_version for known_id, known_version in catalogue if known_id == id), default=0)
    try:
        return catalogue[id, wanted]
    except KeyError:
        named = id if version is None else f"{id}@{version}"
        known = ", ".join(instrument.ref for instrument in catalogue.values())
        raise UnknownInstrument(f"No instrument {named!r}. Known: {known}") from None


def get_by_ref(ref: str) -> Instrument:
    """The instrument a stored reference such as "alliance-adult@1" names. Raises `UnknownInstrument`."""
    name, at, version = ref.partition("@")
    if not at or not version.isdigit():
        raise UnknownInstrument(f"{ref!r} is not of the form id@version")
    return get_instrument(name, int(version))
