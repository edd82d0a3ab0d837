"""What `doctor` asks. Each examination gives findings; one that cannot be made is itself a finding."""

import platform
import shutil
import smtplib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import django
from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.models import Q

from openrapport import __version__
from openrapport.analysis import LIBRARY_VERSION
from openrapport.analysis.catalogue import load_catalogue
from openrapport.audit.queries import broken_chains
from openrapport.commands.configuration import settings_file
from openrapport.commands.jobs import JOBS
from openrapport.commands.places import time_zones
from openrapport.config.checks import durability_problems
from openrapport.notices.models import Job, Notice
from openrapport.shared.append_only import missing_guards
from openrapport.shared.encrypted import UnreadableText
from openrapport.web.health.views import pending_migrations
from openrapport.workflows.rotate_keys import encrypted_fields

LEAST_FREE = 500_000_000
LATE, TOO_LONG_UNSENT = timedelta(minutes=10), timedelta(days=1)
SAMPLE = 50
SETUP = "./openrapport setup"


@dataclass(frozen=True)
class Finding:
    """`is_well` False is a problem, and then `mend` says what to do."""

    about: str
    is_well: bool
    says: str
    mend: str = ""


def well(about: str, says: str) -> Finding:
    return Finding(about, True, says)


def problem(about: str, says: str, mend: str) -> Finding:
    return Finding(about, False, says, mend)


def examine(folder: Path, *, now: datetime) -> list[Finding]:
    findings = [*versions(), *files(folder), *mail()]
    try:
        connection.ensure_connection()
        waiting = pending_migrations()
    except DatabaseError as failure:
        where = "OPENRAPPORT_DATABASE_URL" if connection.vendor == "postgresql" else str(folder)
        return [*findings, problem("database", f"does not answer ({type(failure).__name__})", f"look at {where}")]
    if waiting:
        return [*findings, problem("database", f"{len(waiting)} migrations are not applied", f"run {SETUP}")]
    asked: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("database", database),
        ("append-only tables", guards),
        ("audit log", audit_log),
        ("encryption keys", keys),
        ("jobs", lambda: jobs(now=now)),
        ("mail waiting", lambda: unsent(now=now)),
    )
    for about, ask in asked:
        findings += _asked(about, ask)
    return findings


def _asked(about: str, ask: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return list(ask())
    except DatabaseError as failure:
        return [problem(about, f"could not be examined ({type(failure).__name__})", "look at the database's own log")]


def versions() -> Iterator[Finding]:
    python, lite = platform.python_version(), sqlite3.sqlite_version
    yield well("versions", f"OpenRapport {__version__}, Python {python}, Django {django.__version__}, SQLite {lite}")
    yield well("analysis library", f"version {LIBRARY_VERSION}, {len(load_catalogue())} instruments")
    if "Europe/Madrid" not in time_zones():
        yield problem("time zones", "are missing on this machine", "apt-get install tzdata")


def files(folder: Path) -> Iterator[Finding]:
    path = settings_file(folder)
    if path.exists() and path.stat().st_mode & 0o077:
        yield problem("settings file", f"{path} can be read by others", f"chmod 600 {path}")
    elif path.exists():
        yield well("settings file", f"{path}, readable by its owner only")
    free = shutil.disk_usage(folder if folder.exists() else folder.anchor).free
    if free < LEAST_FREE:
        yield problem("disk", f"{free // 1_000_000} MB free at {folder}", "make room: a full disk refuses every answer")
    else:
        yield well("disk", f"{free // 1_000_000_000} GB free at {folder}")


def mail() -> Iterator[Finding]:
    if settings.MAIL_GOES_TO_FOLDER:
        where = Path(settings.EMAIL_FILE_PATH)
        try:
            where.mkdir(parents=True, exist_ok=True)
            trial = where / ".doctor"
            trial.write_text("")
            trial.unlink()
        except OSError as failure:
            yield problem("mail", f"{where} cannot be written ({failure.strerror})", f"chown or chmod {where}")
        else:
            yield well("mail", f"is written to {where}; set OPENRAPPORT_SMTP_HOST to send it")
        return
    try:
        with get_connection():
            how = "encrypted" if settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL else "not encrypted, no sign-in"
            yield well("mail", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} answers ({how})")
    except (OSError, smtplib.SMTPException) as failure:
        yield problem(
            "mail",
            f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} does not take mail ({type(failure).__name__})",
            "look at OPENRAPPORT_SMTP_HOST, _PORT, _USER and _PASSWORD; what waits is sent when it works again",
        )


def database() -> Iterator[Finding]:
    troubles = list(durability_problems(connection))
    for trouble in troubles:
        yield problem("database", str(trouble.msg), str(trouble.hint))
    if troubles:
        return
    if connection.vendor == "sqlite":
        yield well("database", f"SQLite, journal {settings.SQLITE_JOURNAL}, every commit waits for the disk; migrated")
    else:
        yield well("database", "PostgreSQL, every commit waits for the disk; migrated")


def guards() -> Iterator[Finding]:
    missing = missing_guards()
    for name in missing:
        yield problem("append-only tables", f"the trigger {name} is missing", f"run {SETUP}: it puts it back")
    if not missing:
        yield well("append-only tables", "the database refuses to change or delete their rows")


def audit_log() -> Iterator[Finding]:
    faults = broken_chains()
    for fault in faults:
        yield problem("audit log", fault, "compare with a backup; somebody or something changed the log")
    if not faults:
        yield well("audit log", "every chain holds")


def keys() -> Iterator[Finding]:
    """Opens a sample of every kind of encrypted text. What it says is not looked at."""
    opened = 0
    for model, field in encrypted_fields():
        try:
            rows = model._default_manager.exclude(**{f"{field}__isnull": True}).order_by("-pk")
            opened += len(list(rows.values_list(field, flat=True)[:SAMPLE]))
        except UnreadableText:
            yield problem(
                "encryption keys",
                f"some stored text of {model._meta.label} opens with none of them",
                "put the older key back, after the newer one, in OPENRAPPORT_ENCRYPTION_KEYS",
            )
            return
    yield well("encryption keys", f"open what is stored ({opened} texts tried)")


def jobs(*, now: datetime) -> Iterator[Finding]:
    known = {job.name: job for job in Job.objects.filter(name__in=JOBS)}
    if not known:
        yield problem("jobs", "no worker has run yet", "run ./openrapport serve, or ./openrapport worker beside it")
        return
    for name, repeated in JOBS.items():
        job = known.get(name)
        if job is None or (job.next_run_at + repeated.lease + LATE < now and not _is_at_work(job, now)):
            yield problem(f"job {name}", "is overdue", "is ./openrapport serve or ./openrapport worker running?")
        elif job.last_problem:
            yield problem(f"job {name}", f"failed last time ({job.last_problem})", "look at the worker's log")
        else:
            last = f"{job.last_run_at:%Y-%m-%d %H:%M} UTC" if job.last_run_at else "not yet"
            yield well(f"job {name}", f"last run {last}")


def _is_at_work(job: Job, now: datetime) -> bool:
    return job.leased_until is not None and job.leased_until > now


def unsent(*, now: datetime) -> Iterator[Finding]:
    old = Q(made_at__lt=now - TOO_LONG_UNSENT, due_at__lt=now)
    stuck = Notice.objects.filter(old | Q(attempts__gte=4), sent_at=None, cancelled_at=None).count()
    if stuck:
        yield problem("mail waiting", f"{stuck} mails could not be sent so far", "see mail above, and the worker's log")
    else:
        yield well("mail waiting", "nothing is stuck")
