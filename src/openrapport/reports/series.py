"""Ratings in the order of sessions, each series on one version of one questionnaire."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openrapport.analysis.instrument import Instrument
from openrapport.reports.shared import SharedCheckIn

Ratings = tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class GuardianSeries:
    """What one guardian shared: how they work with the therapist, and the signs of connecting."""

    name: str
    alliance: Instrument | None
    ratings: Ratings
    signs: Instrument | None
    sign_counts: Ratings


def series(check_ins: Iterable[tuple[int, SharedCheckIn | None]], kind: str, instrument: Instrument) -> Ratings:
    found = []
    for number, check_in in check_ins:
        rating = check_in.ratings.get(kind) if check_in is not None else None
        if rating is not None and rating.value is not None and rating.instrument.ref == instrument.ref:
            found.append((number, rating.value))
    return tuple(found)


def guardian_series(check_ins: Sequence[SharedCheckIn]) -> GuardianSeries:
    newest = check_ins[-1].ratings
    alliance = newest["alliance"].instrument if "alliance" in newest else None
    signs = newest["child_connecting"].instrument if "child_connecting" in newest else None
    numbered = [(one.session, one) for one in check_ins]
    return GuardianSeries(
        name=check_ins[-1].name,
        alliance=alliance,
        ratings=series(numbered, "alliance", alliance) if alliance is not None else (),
        signs=signs,
        sign_counts=series(numbered, "child_connecting", signs) if signs is not None else (),
    )
