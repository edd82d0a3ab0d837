"""Who needs me first, and why: the therapist's relationships with their open signals and the last shared ratings.

What a client kept back is neither shown nor counted: every number here comes from `check_ins_visible_to(viewer)`, and
a session without a shared check-in looks the same whatever the reason. The number of queries does not grow.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from openrapport.analysis.instrument import Instrument
from openrapport.checkins.instruments import instrument_of, instruments_for
from openrapport.checkins.models import RespondentRole
from openrapport.checkins.queries import check_ins_visible_to
from openrapport.people.viewer import Viewer
from openrapport.relationships.models import Relationship
from openrapport.relationships.queries import caseload_of, kept_by
from openrapport.sessions.models import Status
from openrapport.sessions.queries import sessions_visible_to
from openrapport.signals.models import Signal, SignalState
from openrapport.signals.moves import URGENCY
from openrapport.signals.queries import open_for

RECENT = 8  # ratings in the tiny line of a row
QUIET_AFTER = 2  # sessions in a row of which nothing was shared


class Attention(IntEnum):
    """What waits in a relationship; the smallest comes first."""

    NEW = 1
    SEEN = 2
    RECOVERED = 3
    TALKED_ABOUT = 4
    NOTHING = 5


@dataclass(frozen=True)
class CaseloadRow:
    """One relationship. `ratings` are the client's last shared ones by held session, None where none was shared."""

    relationship: Relationship
    attention: Attention
    signals: tuple[Signal, ...]
    held: int
    shared: int
    last_shared_at: datetime | None
    ratings: tuple[float | None, ...]
    instrument: Instrument
    is_quiet: bool

    @property
    def needs_me(self) -> bool:
        return self.attention in (Attention.NEW, Attention.SEEN, Attention.RECOVERED)

    @property
    def first_signal(self) -> Signal | None:
        return self.signals[0] if self.signals else None


@dataclass(frozen=True)
class _Shared:
    session: int
    at: datetime
    instrument: Instrument
    value: float | None


def caseload(viewer: Viewer) -> list[CaseloadRow]:
    """Everybody the viewer works with now, who needs them first at the top."""
    return sorted(_rows(viewer, list(caseload_of(viewer))), key=by_attention)


def former_caseload(viewer: Viewer) -> list[CaseloadRow]:
    """Relationships that have ended, as far as the viewer may still read them; the last to end comes first."""
    return _rows(viewer, list(kept_by(viewer).order_by("-ended_at", "pk")))


def by_attention(row: CaseloadRow) -> tuple[object, ...]:
    """What nobody has looked at, the most urgent kind first, the oldest first; then by name."""
    first = row.first_signal
    urgency = URGENCY.index(first.kind) if first is not None else len(URGENCY)
    waiting_since = first.state_since.timestamp() if first is not None else 0.0
    return (row.attention, urgency, waiting_since, by_name(row))


def by_name(row: CaseloadRow) -> tuple[str, str]:
    return (row.relationship.client.display_name.casefold(), str(row.relationship.pk))


def by_last_shared(row: CaseloadRow) -> tuple[object, ...]:
    """Whose last shared check-in lies longest ago comes first; whoever had no session yet comes last."""
    last = row.last_shared_at.timestamp() if row.last_shared_at is not None else 0.0
    return (row.held == 0, last, by_name(row))


def _rows(viewer: Viewer, relationships: list[Relationship]) -> list[CaseloadRow]:
    held = _held_sessions(viewer, relationships)
    shared = _shared_check_ins(viewer, relationships)
    signals: dict[UUID, list[Signal]] = defaultdict(list)
    for signal in open_for(viewer).prefetch_related(None):
        signals[signal.relationship_id].append(signal)
    return [_row(one, held[one.pk], shared[one.pk], signals[one.pk]) for one in relationships]


def _held_sessions(viewer: Viewer, relationships: Iterable[Relationship]) -> Mapping[UUID, list[int]]:
    found: dict[UUID, list[int]] = defaultdict(list)
    sessions = sessions_visible_to(viewer).filter(relationship__in=relationships, status=Status.HELD)
    for relationship, number in sessions.order_by("number").values_list("relationship", "number"):
        found[relationship].append(number)
    return found


def _shared_check_ins(viewer: Viewer, relationships: Iterable[Relationship]) -> Mapping[UUID, dict[int, _Shared]]:
    """By relationship and session number. Words are not fetched: a list of people is no place to decrypt them."""
    found: dict[UUID, dict[int, _Shared]] = defaultdict(dict)
    from_clients = check_ins_visible_to(viewer).filter(relationship__in=relationships, role=RespondentRole.CLIENT)
    rows = from_clients.order_by("session__number").values_list(
        "relationship",
        "session__number",
        "submitted_at",
        "instruments",
        "scores__instrument",
        "scores__scale",
        "scores__value",
    )
    for relationship, number, at, references, scored, scale, value in rows:
        assert at is not None  # sent check-ins only
        instrument = _alliance(references)
        is_main = (scored, scale) == (instrument.ref, instrument.total.code)
        if is_main or number not in found[relationship]:
            found[relationship][number] = _Shared(number, at, instrument, value if is_main else None)
    return found


def _alliance(references: list[str]) -> Instrument:
    return next(one for one in map(instrument_of, references) if one.kind == "alliance")


def _row(
    relationship: Relationship, held: list[int], shared: Mapping[int, _Shared], signals: list[Signal]
) -> CaseloadRow:
    in_held = [shared[number] for number in held if number in shared]
    expected = instruments_for(role=RespondentRole.CLIENT, audience=relationship.audience)
    instrument = in_held[-1].instrument if in_held else _alliance(expected)
    ordered = tuple(sorted(signals, key=signal_order))
    recent = [shared.get(number) for number in held[-RECENT:]]
    return CaseloadRow(
        relationship=relationship,
        attention=attention_of(ordered[0]) if ordered else Attention.NOTHING,
        signals=ordered,
        held=len(held),
        shared=len(in_held),
        last_shared_at=max((one.at for one in shared.values()), default=None),
        ratings=tuple(one.value if one is not None and one.instrument is instrument else None for one in recent),
        instrument=instrument,
        is_quiet=len(held) >= QUIET_AFTER and not any(number in shared for number in held[-QUIET_AFTER:]),
    )


def attention_of(signal: Signal) -> Attention:
    if signal.recovered_at is not None:
        return Attention.RECOVERED
    waits = {SignalState.RAISED: Attention.NEW, SignalState.SEEN: Attention.SEEN}
    return waits.get(SignalState(signal.state), Attention.TALKED_ABOUT)


def signal_order(signal: Signal) -> tuple[object, ...]:
    """What nobody has looked at, the most urgent kind first, the oldest first."""
    return (attention_of(signal), URGENCY.index(signal.kind), signal.raised_at)
