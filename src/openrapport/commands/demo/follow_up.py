"""What the invented therapists do about their signals, between one session and the next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from openrapport.audit.actor import Actor
from openrapport.commands.demo.words import REASONS
from openrapport.relationships.models import Relationship
from openrapport.signals.actions import dismiss, mark_seen, mark_talked_about, resolve
from openrapport.signals.models import OPEN, Kind, Signal, SignalState

JUST_BEFORE, IN_SESSION = timedelta(hours=1), timedelta(minutes=20)


@dataclass(frozen=True)
class Habit:
    """How often a therapist looks at a new signal before the next session, and talks about one they saw."""

    looks: float
    talks: float


def follow_up(relationship: Relationship, *, habit: Habit, starts_at: datetime, rng: np.random.Generator) -> None:
    actor = Actor(user=relationship.therapist)
    for signal in Signal.objects.filter(relationship=relationship, state__in=OPEN).order_by("raised_at", "kind"):
        _move_on(signal, actor, habit, starts_at, rng)


def _move_on(signal: Signal, actor: Actor, habit: Habit, starts_at: datetime, rng: np.random.Generator) -> None:
    looks, talks, which = rng.random() < habit.looks, rng.random() < habit.talks, int(rng.integers(100))
    if signal.state == SignalState.RAISED:
        if looks:
            mark_seen(signal, actor=actor, now=starts_at - JUST_BEFORE)
    elif signal.state == SignalState.SEEN:
        if signal.kind == Kind.FLAT_TOP and which < 30:
            dismiss(signal, actor=actor, now=starts_at + IN_SESSION, reason=_one(REASONS["dismissed"], which))
        elif talks:
            note = _one(REASONS["talked_about"], which)
            mark_talked_about(signal, actor=actor, now=starts_at + IN_SESSION, note=note)
    elif signal.recovered_at is not None and talks:
        resolve(signal, actor=actor, now=starts_at + IN_SESSION, reason=_one(REASONS["resolved"], which))


def _one(texts: tuple[str, ...], which: int) -> str:
    return texts[which % len(texts)]
