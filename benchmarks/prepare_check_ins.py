"""Fills an empty database with relationships that have a few answered check-ins, and many links still to be used.

Prints JSON: for each relationship the secrets of its links in order, and the versions of the database.
"""

import json
import random
import sys
from datetime import datetime, timedelta
from uuid import uuid4

ANSWERED_BEFORE = 4
PEOPLE_OF_A_THERAPIST = 12


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from benchmarks.bare_urls import TABLE

    relationships, links = int(sys.argv[1]), int(sys.argv[2])
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} (id varchar(36) PRIMARY KEY, words varchar(200) NOT NULL)")
    with transaction.atomic():
        secrets = _fill(relationships, links, now=timezone.now())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    print(json.dumps({"links": secrets, **_durability()}))


def _durability() -> dict[str, str]:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            journal = str(cursor.fetchone()[0])
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone()[0] >= 2, "SQLite does not sync at each commit"
            cursor.execute("SELECT sqlite_version()")
            return {"version": f"SQLite {cursor.fetchone()[0]}", "durable": f"journal {journal}, synchronous FULL"}
        for name in ("fsync", "synchronous_commit"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone()[0] == "on", f"PostgreSQL runs with {name} off"
        cursor.execute("SHOW server_version")
        return {"version": f"PostgreSQL {cursor.fetchone()[0]}", "durable": "fsync on, synchronous_commit on"}


def _fill(relationships: int, links: int, *, now: datetime) -> list[list[str]]:
    from openrapport.audit.actor import Actor
    from openrapport.people.actions import create_user
    from openrapport.practices.actions import found_practice, give_role
    from openrapport.practices.models import Role
    from openrapport.relationships.actions import begin_relationship
    from openrapport.relationships.models import Audience

    actor, began = Actor.system("benchmark"), now - timedelta(days=400)
    practice = found_practice(actor=actor, name="Practice", country="US", time_zone="UTC", language="en", now=began)

    def person(name: str) -> object:
        return create_user(
            display_name=name, email=f"{uuid4().hex}@example.test", language="en", time_zone="UTC", now=began
        )

    therapist, found = None, []
    for number in range(relationships):
        if number % PEOPLE_OF_A_THERAPIST == 0:
            therapist = person(f"Therapist {number}")
            give_role(actor=actor, practice=practice, user=therapist, role=Role.THERAPIST, now=began)
        relationship = begin_relationship(
            actor=actor,
            practice=practice,
            client=person(f"Client {number}"),
            therapist=therapist,
            audience=Audience.ADULT,
            now=began,
        )
        found.append(_live_through(relationship, links, now=now))
    return found


def _live_through(relationship, links: int, *, now: datetime) -> list[str]:
    """Sessions to come stay `planned`: were they held already, the first answer would find feedback missing."""
    from openrapport.audit.actor import Actor
    from openrapport.checkins.actions import GivenAnswers, issue_link
    from openrapport.checkins.instruments import instrument_of, instruments_for
    from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole
    from openrapport.sessions.models import Status, TherapySession
    from openrapport.workflows.complete_check_in import complete_check_in

    chance = random.Random(relationship.client.display_name)  # noqa: S311 - answers, not secrets
    instruments = instruments_for(role=RespondentRole.CLIENT, audience=relationship.audience)
    secrets = []
    for number in range(1, ANSWERED_BEFORE + links + 1):
        before = number <= ANSWERED_BEFORE
        at = now - timedelta(weeks=ANSWERED_BEFORE - number + 1) if before else now
        session = TherapySession.objects.create(
            relationship=relationship,
            number=number,
            starts_at=at,
            status=Status.HELD if before else Status.PLANNED,
        )
        check_in = CheckIn.objects.create(
            relationship=relationship,
            session=session,
            respondent=relationship.client,
            role=RespondentRole.CLIENT,
            instruments=instruments,
            opened_at=at,
        )
        if not before:
            secrets.append(issue_link(check_in, valid_for=timedelta(hours=2), now=now).secret)
            continue
        values = {ref: {c: chance.randint(7, 9) for c in instrument_of(ref).total.items} for ref in instruments}
        complete_check_in(
            actor=Actor(user=relationship.client),
            check_in=check_in,
            given=GivenAnswers(values=values, words={}),
            disclosure=Disclosure.NOW,
            key=uuid4(),
            now=at,
        )
    return secrets


if __name__ == "__main__":
    main()
