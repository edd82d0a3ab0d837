"""In a process of its own: clients of a practice that `setup` made, each with open check-ins and a link for each.

`python -m tests.faults.kill_prepare FOLDER CLIENTS SESSIONS` prints one JSON list. Everything by the real workflows.
"""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

from openrapport.commands.configuration import load_environment, start_django


def main(folder: Path, clients: int, sessions: int) -> None:
    load_environment(folder)
    start_django()
    from django.db import transaction
    from django.utils import timezone

    now = timezone.now()
    with transaction.atomic():  # one commit: what is prepared is not what is tested
        links = [link for number in range(clients) for link in _links_of_one_client(number, sessions, now)]
    print(json.dumps(links))


def _links_of_one_client(number: int, sessions: int, now: datetime) -> list[dict[str, object]]:
    from openrapport.audit.actor import Actor
    from openrapport.checkins.actions import issue_link
    from openrapport.checkins.models import RespondentRole
    from openrapport.people.actions import create_user
    from openrapport.practices.models import Practice, Role
    from openrapport.relationships.actions import begin_relationship
    from openrapport.relationships.models import Audience
    from openrapport.workflows.open_after_session import open_after_session

    practice = Practice.objects.get()
    therapist = practice.memberships.get(role=Role.THERAPIST).user
    setup = Actor.system("test-setup")
    began = now - timedelta(weeks=sessions)
    client = create_user(display_name=f"Client {number}", email=None, language="en", time_zone="UTC", now=began)
    relationship = begin_relationship(
        actor=setup, practice=practice, client=client, therapist=therapist, audience=Audience.ADULT, now=began
    )
    links: list[dict[str, object]] = []
    for week in range(sessions):
        at = began + timedelta(weeks=week, hours=1)
        opened = open_after_session(actor=setup, relationship=relationship, starts_at=at, now=at)
        asked = next(one for one in opened.check_ins if one.role == RespondentRole.CLIENT)
        issued = issue_link(asked, valid_for=timedelta(days=2), now=now)
        links.append({"check_in": str(asked.pk), "secret": issued.secret, "instruments": asked.instruments})
    return links


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
