"""Answering check-ins in tests: through the real workflows, with whole-number answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import GivenAnswers
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole
from openrapport.relationships.models import Relationship
from openrapport.workflows.complete_check_in import Completed, complete_check_in
from openrapport.workflows.open_after_session import Opened, open_after_session
from tests.cast import NOON, SETUP


def given_for(
    check_in: CheckIn, *, alliance: int | None, wellbeing: int | None = None, words: str = ""
) -> GivenAnswers:
    """The same whole number on every scored item of an instrument; None leaves that instrument out."""
    values: dict[str, dict[str, int]] = {}
    texts: dict[str, dict[str, str]] = {}
    for ref in check_in.instruments:
        instrument = instrument_of(ref)
        level = wellbeing if instrument.kind == "wellbeing" else alliance
        if level is not None:
            values[ref] = dict.fromkeys(instrument.total.items, level)
        free = [item.code for item in instrument.items if item.kind == "words"]
        if words and free and instrument.kind == "alliance":
            texts[ref] = {free[0]: words}
    return GivenAnswers(values=values, words=texts)


def hold_session(relationship: Relationship, *, at: datetime) -> Opened:
    relationship.refresh_from_db()
    return open_after_session(actor=SETUP, relationship=relationship, starts_at=at, now=at)


def of(opened: Opened, role: RespondentRole) -> CheckIn:
    return next(c for c in opened.check_ins if c.role == role)


def answer(
    check_in: CheckIn,
    *,
    at: datetime,
    alliance: int | None = 8,
    wellbeing: int | None = None,
    disclosure: Disclosure = Disclosure.NOW,
    words: str = "",
) -> Completed:
    return complete_check_in(
        actor=Actor(user=check_in.respondent),
        check_in=check_in,
        given=given_for(check_in, alliance=alliance, wellbeing=wellbeing, words=words),
        disclosure=disclosure,
        key=uuid4(),
        now=at,
    )


def live_through(
    relationship: Relationship,
    alliance: Sequence[int | None],
    *,
    wellbeing: Sequence[int | None] = (),
    therapist: Sequence[int | None] = (),
    first: datetime = NOON - timedelta(days=70),
) -> list[Opened]:
    """A session a week; after each, the client (and the therapist, where given) answers. None: not answered."""
    weeks = []
    for number, level in enumerate(alliance):
        at = first + timedelta(weeks=number)
        opened = hold_session(relationship, at=at)
        well = wellbeing[number] if number < len(wellbeing) else None
        if level is not None:
            answer(of(opened, RespondentRole.CLIENT), at=at + timedelta(hours=1), alliance=level, wellbeing=well)
        if number < len(therapist) and therapist[number] is not None:
            answer(of(opened, RespondentRole.THERAPIST), at=at + timedelta(hours=2), alliance=therapist[number])
        weeks.append(opened)
    return weeks
