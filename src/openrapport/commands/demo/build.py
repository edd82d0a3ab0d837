"""Makes the invented practice in an empty database, through the same workflows that real people use."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction

from openrapport.audit.actor import Actor
from openrapport.checkins.actions import GivenAnswers
from openrapport.checkins.instruments import instrument_of
from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole
from openrapport.commands.demo import people
from openrapport.commands.demo.courses import SEED, Held, Sent, course_of
from openrapport.commands.demo.follow_up import Habit, follow_up
from openrapport.commands.demo.people import Invented
from openrapport.notices.models import Notice
from openrapport.people.actions import create_user
from openrapport.people.models import User
from openrapport.practices.actions import begin_supervision, found_practice, give_role
from openrapport.practices.models import Practice, Role
from openrapport.relationships.actions import (
    begin_relationship,
    name_guardian,
    record_that_client_was_told_of_supervision,
)
from openrapport.relationships.models import Audience, Relationship
from openrapport.sessions.models import Format
from openrapport.signals.actions import escalate_unseen
from openrapport.web.demo.roles import address
from openrapport.workflows.complete_check_in import complete_check_in
from openrapport.workflows.open_after_session import open_after_session

BUILDER = Actor.system("demo")
SESSION_TAKES, LATE_ANSWER = timedelta(minutes=50), timedelta(hours=2)
# Seen, and talked about once seen. Priya looks less often: some of hers reach the supervisor.
HABITS = {people.MAYA: Habit(0.75, 0.6), people.TOMAS: Habit(0.8, 0.7), people.PRIYA: Habit(0.35, 0.5)}


@dataclass(frozen=True)
class _Staffed:
    practice: Practice
    staff: dict[str, User]


@transaction.atomic
def build(*, now: datetime) -> Practice:
    """Everything up to `now`: the newest sessions were held in the last days, and their check-ins wait."""
    began = now - timedelta(weeks=40)
    staffed = _staff(began)
    for position, invented in enumerate(people.CLIENTS):
        rng = np.random.default_rng([SEED, 1000 + position])
        relationship = _take_on(staffed, invented, now=now, sessions_began=_session_times(invented, now, rng)[0])
        _hold_sessions(relationship, invented, now=now)
    escalate_unseen(actor=Actor.system("escalate-unseen-signals"), now=now)
    _let_old_mail_rest(now)
    return staffed.practice


def _staff(began: datetime) -> _Staffed:
    practice = found_practice(
        actor=BUILDER,
        name=people.PRACTICE,
        country=people.COUNTRY,
        time_zone=people.TIME_ZONE,
        language="en",
        now=began,
    )
    staff = {name: _person(name, full_name, now=began) for name, full_name in people.STAFF.items()}
    roles = {people.ADMINISTRATOR: Role.ADMIN, people.SUPERVISOR: Role.SUPERVISOR}
    roles |= dict.fromkeys(people.THERAPISTS, Role.THERAPIST)
    for name, role in roles.items():
        give_role(actor=BUILDER, practice=practice, user=staff[name], role=role, now=began)
    for name in people.THERAPISTS:
        begin_supervision(
            actor=BUILDER,
            practice=practice,
            supervisor=staff[people.SUPERVISOR],
            therapist=staff[name],
            now=began,
        )
    return _Staffed(practice, staff)


def _person(
    name: str, full_name: str, *, now: datetime, language: str = "en", invented: Invented | None = None
) -> User:
    child = invented is not None and invented.audience == "child"
    return create_user(
        display_name=full_name,
        email=None if child else address(name),
        language=language,
        time_zone=people.TIME_ZONE,
        birth_date=invented.born if invented else None,
        now=now,
    )


def _take_on(staffed: _Staffed, invented: Invented, *, now: datetime, sessions_began: datetime) -> Relationship:
    began = sessions_began - timedelta(days=5)
    client = _person(invented.name, invented.full_name, now=began, language=invented.language, invented=invented)
    relationship = begin_relationship(
        actor=Actor(user=staffed.staff[invented.therapist]),
        practice=staffed.practice,
        client=client,
        therapist=staffed.staff[invented.therapist],
        audience=Audience(invented.audience),
        now=began,
    )
    for name, full_name in invented.guardians:
        name_guardian(
            actor=BUILDER,
            practice=staffed.practice,
            client=client,
            guardian=_person(name, full_name, now=began),
            has_legal_custody=True,
            now=began,
        )
    if invented.told_of_supervision:
        record_that_client_was_told_of_supervision(
            relationship, actor=Actor(user=staffed.staff[invented.therapist]), now=sessions_began
        )
    return relationship


def _session_times(invented: Invented, now: datetime, rng: np.random.Generator) -> list[datetime]:
    """About once a week, at the same hour on a working day; now and then a week without."""
    zone = ZoneInfo(people.TIME_ZONE)
    last = now.astimezone(zone) - timedelta(days=int(rng.integers(1, 6)))
    last = last.replace(hour=int(rng.integers(9, 17)), minute=0, second=0, microsecond=0)
    while last.weekday() > 4 or last > now - timedelta(hours=6):
        last -= timedelta(days=1)
    times = [last]
    for _ in range(invented.sessions - 1):
        times.append(times[-1] - timedelta(weeks=2 if rng.random() < 0.12 else 1))
    return [time.astimezone(ZoneInfo("UTC")) for time in reversed(times)]


def _hold_sessions(relationship: Relationship, invented: Invented, *, now: datetime) -> None:
    rng = np.random.default_rng([SEED, 1000 + people.CLIENTS.index(invented)])
    times = _session_times(invented, now, rng)
    therapist = Actor(user=relationship.therapist)
    waits: Waiting | None = None
    for position, (starts_at, held) in enumerate(zip(times, course_of(invented), strict=True)):
        follow_up(relationship, habit=HABITS[invented.therapist], starts_at=starts_at, rng=rng)
        opened = open_after_session(
            actor=therapist,
            relationship=relationship,
            starts_at=starts_at,
            now=starts_at + SESSION_TAKES,
            format=Format.VIDEO if rng.random() < 0.2 else Format.IN_PERSON,
        )
        for answered in _answers(opened.check_ins, held, invented, ended=starts_at + SESSION_TAKES, rng=rng):
            own = answered.check_in.role == RespondentRole.CLIENT
            if own and invented.answers_late and position == invented.sessions - 2:
                waits = replace(answered, at=now - LATE_ANSWER)
            else:
                _send(replace(answered, at=min(answered.at, now)), rng=rng)
    if waits is not None:
        _send(waits, rng=rng)


@dataclass(frozen=True)
class Waiting:
    """Answers on their way, and when they arrive."""

    check_in: CheckIn
    sent: Sent
    at: datetime


def _answers(
    check_ins: tuple[CheckIn, ...], held: Held, invented: Invented, *, ended: datetime, rng: np.random.Generator
) -> Iterator[Waiting]:
    names = {full_name: name for name, full_name in invented.guardians}
    for check_in in check_ins:
        hours = float(rng.uniform(0.2, 3.0))
        if check_in.role == RespondentRole.CLIENT:
            sent = held.client
        elif check_in.role == RespondentRole.THERAPIST:
            sent = held.therapist
        else:
            sent, hours = held.guardians[names[check_in.respondent.display_name]], hours + 3
        if sent is not None:
            yield Waiting(check_in, sent, at=ended + timedelta(hours=hours))


def _send(answered: Waiting, *, rng: np.random.Generator) -> None:
    check_in, sent = answered.check_in, answered.sent
    references = {instrument_of(reference).id: reference for reference in check_in.instruments}
    complete_check_in(
        actor=Actor(user=check_in.respondent, via="page" if check_in.respondent.email else "kiosk"),
        check_in=check_in,
        given=GivenAnswers(
            values={references[name]: values for name, values in sent.values.items()},
            words={references[name]: words for name, words in sent.words.items()},
        ),
        disclosure=Disclosure(sent.disclosure),
        key=UUID(bytes=rng.bytes(16), version=4),
        now=answered.at,
    )


def _let_old_mail_rest(now: datetime) -> None:
    """Months of invented mail are not written again; what belongs to the last two days still leaves."""
    Notice.objects.filter(sent_at=None, due_at__lt=now - timedelta(days=2)).update(cancelled_at=now)
