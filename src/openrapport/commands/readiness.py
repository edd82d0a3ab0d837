"""What must be true before the application answers anybody: checks pass, migrations are applied."""

from openrapport.commands import CommandError


def require_durability() -> None:
    """Raises CommandError when the database may forget what it has acknowledged."""
    from django.db import connection

    from openrapport.config.checks import durability_problems

    problems = list(durability_problems(connection))
    if problems:
        raise CommandError("\n".join(f"{problem.msg} {problem.hint}" for problem in problems))


def require_ready() -> None:
    """Raises CommandError with one line for each thing that is wrong and how to mend it."""
    from django.core.checks import run_checks

    from openrapport.web.health.views import pending_migrations

    waiting = pending_migrations()
    if waiting:
        raise CommandError(f"The database is not up to date ({len(waiting)} changes wait). Run: ./openrapport setup")
    serious = [message for message in run_checks(databases=["default"]) if message.is_serious()]
    if serious:
        raise CommandError("\n".join(f"{message.msg} {message.hint or ''}".strip() for message in serious))
