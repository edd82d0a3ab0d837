"""Answers, scores, signals, audit line and notices of one check-in: all in one transaction, or nothing."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import GivenAnswers, append_answers
from openrapport.checkins.models import CheckIn, CheckInPass, Disclosure
from openrapport.relationships.actions import lock_relationship
from openrapport.signals.actions import review_signals


class NoLongerOpen(Exception):
    """The relationship was paused or closed since the page was opened: nothing more is recorded in it."""


@dataclass(frozen=True)
class Completed:
    """`recorded` is False when this very submission had been recorded before."""

    check_in: CheckIn
    recorded: bool


@transaction.atomic
def complete_check_in(
    *,
    actor: Actor,
    check_in: CheckIn,
    given: GivenAnswers,
    disclosure: Disclosure,
    key: UUID,
    now: datetime,
    with_pass: CheckInPass | None = None,
) -> Completed:
    """Raises NoLongerOpen, KeyConflict or AlreadyAnswered; in each case nothing was changed."""
    relationship = lock_relationship(check_in.relationship_id)
    if not relationship.is_working and not check_in.is_submitted:
        raise NoLongerOpen(relationship.state)
    recorded = append_answers(
        check_in, actor=actor, given=given, disclosure=disclosure, key=key, via=actor.via, now=now, with_pass=with_pass
    )
    if recorded:
        review_signals(relationship, actor=actor, now=now, is_locked=True)
    return Completed(check_in, recorded)
