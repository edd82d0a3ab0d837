"""`demo`: an invented practice in a folder of its own, served on this machine, with one-click sign-in."""

import argparse
import os
import secrets
import time
from pathlib import Path

from openrapport.commands import CommandError
from openrapport.commands.configuration import (
    add_data_argument,
    add_settings,
    new_keys,
    read_settings,
    settings_file,
    start_django,
)
from openrapport.commands.demo.folder import Found, begin_anew, look_at, mark_begun, mark_ready
from openrapport.commands.demo.old_mail import readdress_old_mail, readdress_waiting_mail
from openrapport.config.environment import data_folder

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, and bound only when asked for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1; 0.0.0.0 lets a phone look too)"
    )
    parser.add_argument("--fresh", action="store_true", help="delete the demo in its folder and begin anew")
    add_data_argument(parser, default="demo/ inside the usual data folder")


def run(arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    if not 0 <= arguments.port <= 65535:
        raise CommandError(f"--port {arguments.port}: a port lies between 1 and 65535 (0: any that is free).")
    folder = (arguments.data or data_folder() / "demo").absolute()
    from openrapport.commands.serving import free_port, require_free_port

    port = arguments.port or free_port(arguments.host)
    require_free_port(arguments.host, port)
    _prepare(folder, host=arguments.host, port=port, fresh=arguments.fresh)
    _serve(folder, host=arguments.host, port=port, began=began)
    return 0


def _prepare(folder: Path, *, host: str, port: int, fresh: bool) -> None:
    """Settings for this start, and the practice when it is not there yet."""
    found = look_at(folder)
    if fresh or found in {Found.HALF_BUILT, Found.OF_ANOTHER_VERSION}:
        if found is Found.OF_ANOTHER_VERSION:
            print("The demo was made by another version of OpenRapport; it begins anew.", flush=True)
        begin_anew(folder)
        found = Found.NOTHING
    os.umask(0o077)
    if found is Found.NOTHING:
        mark_begun(folder)
        add_settings(settings_file(folder), new_keys())
    _set_environment(folder, host=host, port=port)
    start_django()
    if found is Found.NOTHING:
        print("Inventing a practice: 24 clients and a year of sessions...", flush=True)
        _build()
        mark_ready(folder)
    else:
        readdress_old_mail(folder / "outbox", port=port)
        readdress_waiting_mail(port=port)


def _set_environment(folder: Path, *, host: str, port: int) -> None:
    """The demo knows nothing of a real practice's settings: neither its database nor its mail server."""
    for name in [name for name in os.environ if name.startswith("OPENRAPPORT_")]:
        del os.environ[name]
    os.environ.update(read_settings(settings_file(folder)))
    os.environ.update(
        OPENRAPPORT_DEMO="1",
        OPENRAPPORT_DEMO_TOKEN=secrets.token_urlsafe(12),
        OPENRAPPORT_DATA=str(folder),
        OPENRAPPORT_DATABASE_URL=f"sqlite:///{folder / 'openrapport.sqlite3'}",
        OPENRAPPORT_BASE_URL=f"http://localhost:{port}",
        OPENRAPPORT_ALLOWED_HOSTS="*" if host in EVERYWHERE else f"localhost,127.0.0.1,[::1],{host}",
        OPENRAPPORT_STAFF_IDLE_MINUTES="480",
    )


def _build() -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from openrapport.commands.demo.build import build

    # Nobody has been told "Saved" yet: while the folder is marked as half built, the disk need not be waited for.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    build(now=timezone.now())
    connection.close()  # the next connection waits for the disk again
    Path(os.environ["OPENRAPPORT_DATA"], "outbox").mkdir(exist_ok=True)


def _serve(folder: Path, *, host: str, port: int, began: float) -> None:
    from django.conf import settings

    from openrapport.commands.readiness import require_ready
    from openrapport.commands.serving import Plan, serve
    from openrapport.web.demo.roles import ROLES

    require_ready()

    def say_ready() -> None:
        widest = max(len(str(role.label)) for role in ROLES)
        print(f"\nThe demo is ready after {time.monotonic() - began:.1f} s: {settings.BASE_URL}/demo/\n")
        print("Sign in with one click:")
        for role in ROLES:
            link = f"{settings.BASE_URL}/demo/sign-in/{role.slug}/{settings.DEMO_TOKEN}/"
            print(f"  {role.label!s:<{widest}}  {link}")
        print(f"\nIts data and its mail are in {folder}. Stop it with Ctrl-C.", flush=True)

    serve(
        Plan(
            host=host,
            port=port,
            threads=8,
            processes=1,
            with_worker=True,
            health_host="localhost",
            when_ready=say_ready,
        )
    )
