"""`serve`: the web application for a practice that `setup` has made."""

import argparse
import os

from openrapport.commands import CommandError
from openrapport.commands.configuration import add_data_argument, load_environment, require_database, start_django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, behind a proxy)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument("--threads", type=int, default=16, help="requests answered at the same time (default: 16)")
    parser.add_argument(
        "--processes", type=int, default=1, help="serving processes (default: 1; more only help with PostgreSQL)"
    )
    parser.add_argument("--no-worker", action="store_true", help="`./openrapport worker` runs apart")
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    _require_sense(arguments)
    from openrapport.commands.serving import Plan, free_port, serve

    folder = load_environment(arguments.data)
    port = arguments.port or free_port(arguments.host)
    os.environ.setdefault("OPENRAPPORT_BASE_URL", f"http://localhost:{port}")
    start_django()
    require_database()
    from django.conf import settings

    from openrapport.commands.readiness import require_ready
    from openrapport.practices.models import Practice

    if settings.DEMO:
        raise CommandError("OPENRAPPORT_DEMO is set: a real practice is not served with the demo's open doors.")
    require_ready()
    if not Practice.objects.exists():
        raise CommandError("There is no practice yet. Run: ./openrapport setup")

    def say_ready() -> None:
        print(f"OpenRapport is ready on http://{arguments.host}:{port} (data in {folder}).")
        print(f"People reach it at {settings.BASE_URL}")
        if settings.MAIL_GOES_TO_FOLDER:
            print(f"No mail server is set (OPENRAPPORT_SMTP_HOST): mail is written to {settings.EMAIL_FILE_PATH}")
        print("Stop it with Ctrl-C.", flush=True)

    serve(
        Plan(
            host=arguments.host,
            port=port,
            threads=arguments.threads,
            processes=arguments.processes,
            with_worker=not arguments.no_worker,
            health_host=_own_host(settings.ALLOWED_HOSTS),
            when_ready=say_ready,
        )
    )


def _require_sense(arguments: argparse.Namespace) -> None:
    if not 0 <= arguments.port <= 65535:
        raise CommandError(f"--port {arguments.port}: a port lies between 1 and 65535 (0: any that is free).")
    if arguments.threads < 1 or arguments.processes < 1:
        raise CommandError("--threads and --processes are at least 1.")


def _own_host(allowed: list[str]) -> str:
    """A name under which the application answers itself."""
    first = allowed[0] if allowed else "localhost"
    return "localhost" if first == "*" else first.removeprefix(".")
