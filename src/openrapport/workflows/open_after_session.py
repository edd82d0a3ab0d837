"""A session was held: its check-ins open, the client gets a link, and what was kept for this session is released."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import issue_link, open_check_in, release_held_back
from openrapport.checkins.instruments import instruments_for
from openrapport.checkins.models import CheckIn, RespondentRole
from openrapport.notices.actions import queue_notice
from openrapport.people.models import User
from openrapport.practices.queries import rules_of
from openrapport.relationships.actions import lock_relationship
from openrapport.relationships.models import Audience, Relationship
from openrapport.relationships.queries import guardians_of
from openrapport.sessions.actions import add_session
from openrapport.sessions.models import Format, Status, TherapySession
from openrapport.signals.actions import review_signals


class NotWorking(Exception):
    """The relationship is paused, closed or not begun: no session is recorded in it."""


@dataclass(frozen=True)
class Opened:
    session: TherapySession
    check_ins: tuple[CheckIn, ...]


@transaction.atomic
def open_after_session(
    *,
    actor: Actor,
    relationship: Relationship,
    starts_at: datetime,
    now: datetime,
    format: Format = Format.IN_PERSON,  # noqa: A002 - the field's own word
    after: int | None = None,
) -> Opened:
    """Raises NotWorking, or AlreadyRecorded where `after` is not the number of the last session any more."""
    relationship = lock_relationship(relationship.pk)  # ended in another window a moment ago: nothing opens any more
    if not relationship.is_working:
        raise NotWorking(relationship.state)
    session = add_session(
        actor=actor,
        relationship=relationship,
        starts_at=starts_at,
        now=now,
        status=Status.HELD,
        format=format,
        after=after,
    )
    release_held_back(relationship, actor=actor, before_session=session.number, now=now)
    respondents: list[tuple[User, RespondentRole]] = [
        (relationship.client, RespondentRole.CLIENT),
        (relationship.therapist, RespondentRole.THERAPIST),
    ]
    if relationship.audience != Audience.ADULT:
        respondents += [(guardian, RespondentRole.GUARDIAN) for guardian in guardians_of(relationship, at=now)]
    opened = [
        open_check_in(
            actor=actor,
            session=session,
            relationship=relationship,
            respondent=person,
            role=role,
            instruments=instruments_for(role=role, audience=relationship.audience),
            now=now,
        )
        for person, role in respondents
    ]
    for check_in in opened:
        if check_in.role != RespondentRole.THERAPIST:
            mail_link(check_in, now=now)
    review_signals(relationship, actor=actor, now=now)
    return Opened(session, tuple(opened))


def mail_link(check_in: CheckIn, *, now: datetime) -> None:
    """A link that opens this one check-in, to people who have an address."""
    if not check_in.respondent.email:
        return
    hours = rules_of(check_in.relationship.practice).link_valid_hours
    issued = issue_link(check_in, valid_for=timedelta(hours=hours), now=now)
    queue_notice(
        kind="check_in_ready",
        to=check_in.respondent,
        payload={"link": f"{settings.BASE_URL}/c/{issued.secret}/"},
        about=check_in.relationship_id,
        once_key=f"check_in_ready:{check_in.pk}",
        now=now,
    )
