"""Run in a process of its own: an empty database becomes a practice with many check-ins, each with a link.

Prints one JSON line, the links. The settings are in the environment, the arguments are how many clients and sessions.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta


def main(clients: int, sessions: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "openrapport.config.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    now = timezone.now()
    links = [link for number in range(clients) for link in _client_with_links(number, sessions, now)]
    print(json.dumps(links))


def _practice(now: datetime) -> object:
    from openrapport.audit.actor import Actor
    from openrapport.people.actions import create_user
    from openrapport.practices.actions import found_practice, give_role
    from openrapport.practices.models import Practice, Role

    setup = Actor.system("prepare")
    if (found := Practice.objects.first()) is not None:
        return found
    practice = found_practice(actor=setup, name="Kill Test", country="US", time_zone="UTC", language="en", now=now)
    therapist = create_user(
        display_name="Thea Example", email="thea@example.test", language="en", time_zone="UTC", now=now
    )
    give_role(actor=setup, practice=practice, user=therapist, role=Role.THERAPIST, now=now)
    return practice


def _client_with_links(number: int, sessions: int, now: datetime) -> list[dict[str, str]]:
    """Rows in bulk: making them is not what is tested."""
    from openrapport.audit.actor import Actor
    from openrapport.checkins.instruments import instruments_for
    from openrapport.checkins.models import CheckIn, CheckInPass, PassKind, RespondentRole
    from openrapport.people.actions import create_user
    from openrapport.people.models import User
    from openrapport.relationships.actions import begin_relationship
    from openrapport.relationships.models import Audience
    from openrapport.sessions.models import Status, TherapySession
    from openrapport.shared.ids import fingerprint, new_token

    practice = _practice(now)
    client = create_user(
        display_name=f"Client {number}", email=f"client{number}@example.test", language="en", time_zone="UTC", now=now
    )
    relationship = begin_relationship(
        actor=Actor.system("prepare"),
        practice=practice,  # type: ignore[arg-type]
        client=client,
        therapist=User.objects.get(email="thea@example.test"),
        audience=Audience.ADULT,
        now=now - timedelta(days=400),
    )
    held = TherapySession.objects.bulk_create(
        TherapySession(
            relationship=relationship,
            number=place,
            starts_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=7 * place),
            status=Status.HELD,
        )
        for place in range(1, sessions + 1)
    )
    asked = CheckIn.objects.bulk_create(
        CheckIn(
            relationship=relationship,
            session=session,
            respondent=client,
            role=RespondentRole.CLIENT,
            instruments=instruments_for(role=RespondentRole.CLIENT, audience=Audience.ADULT),
            opened_at=now,
        )
        for session in held
    )
    secrets = [new_token() for _ in asked]
    CheckInPass.objects.bulk_create(
        CheckInPass(
            check_in=check_in,
            kind=PassKind.LINK,
            secret_hash=fingerprint(secret),
            made_at=now,
            expires_at=now + timedelta(days=2),
        )
        for check_in, secret in zip(asked, secrets, strict=True)
    )
    return [{"check_in": str(check_in.pk), "secret": secret} for check_in, secret in zip(asked, secrets, strict=True)]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
