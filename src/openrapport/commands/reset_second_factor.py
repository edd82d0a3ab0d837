"""`reset-second-factor`: for the operator of the host, when somebody lost their passkey, app and recovery codes."""

import argparse
import sys
from datetime import datetime

from openrapport.commands import CommandError
from openrapport.commands.configuration import add_data_argument, load_environment, require_database, start_django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", metavar="EMAIL", help="the address this person signs in with")
    parser.add_argument("--yes", action="store_true", help="do not ask for the address again (for scripts)")
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    load_environment(arguments.data)
    start_django()
    require_database()
    from django.conf import settings
    from django.utils import timezone

    from openrapport.commands.readiness import require_ready

    require_ready()
    print(reset(arguments.email, sure=arguments.yes, now=timezone.now()))
    print(f"At the next sign-in at {settings.BASE_URL}/account/sign-in/ a code by e-mail is enough.")
    print("Members of a practice set up a new second factor there before they get any further.")
    return 0


def reset(email: str, *, sure: bool, now: datetime) -> str:
    """Returns what was done, in one line. Raises CommandError when nothing was."""
    from openrapport.audit.actor import Actor
    from openrapport.people.models import User
    from openrapport.workflows.reset_second_factor import reset_second_factor

    person = User.objects.filter(email__iexact=email.strip()).first()
    if person is None:
        raise CommandError(f"No account has the address {email.strip()!r}.")
    if not person.is_active:
        raise CommandError(f"The account of {person.email} is closed. An administrator of the practice opens it first.")
    if not sure:
        _confirm(str(person.email))
    removed = reset_second_factor(person, actor=Actor.system("reset-second-factor"), now=now)
    if not removed.factors:
        raise CommandError(f"{person.email} has no second factor, so there is nothing to reset.")
    return (
        f"Removed from {person.email}: passkeys {removed.passkeys}, app codes {removed.app_codes}, "
        f"sets of recovery codes {removed.recovery_codes}. All their devices are signed out."
    )


def _confirm(email: str) -> None:
    if not sys.stdin.isatty():
        raise CommandError("Nobody is here to ask. To go ahead without a question: --yes")
    print(f"This removes every passkey, app code and recovery code of {email} and signs them out everywhere.")
    print("Be sure that it is really them who asks: until they set up new ones, their mailbox alone opens the way.")
    try:
        typed = input("Type the address again to go ahead: ")
    except EOFError:
        typed = ""
    if typed.strip().lower() != email.lower():
        raise CommandError("That is not the same address. Nothing was changed.")
