from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection

from openrapport.audit.models import AuditLine
from openrapport.commands import CommandError
from openrapport.commands.examinations import Finding, examine
from openrapport.commands.jobs import JOBS, put_up_jobs
from openrapport.commands.readiness import require_durability, require_ready
from openrapport.config.checks import durability_problems
from openrapport.notices.models import Job, Notice
from openrapport.shared.append_only import put_up_guards
from tests.cast import NOON, Cast

TABLE = AuditLine._meta.db_table


def problems(folder: Path, *, now=NOON) -> dict[str, Finding]:
    return {finding.about: finding for finding in examine(folder, now=now) if not finding.is_well}


@pytest.fixture
def at_work(cast: Cast) -> Cast:
    """A practice whose worker has run."""
    put_up_jobs(now=NOON)
    Job.objects.update(last_run_at=NOON, next_run_at=NOON + timedelta(days=1))
    return cast


@pytest.mark.django_db
def test_a_sound_practice_has_no_problem(at_work: Cast, tmp_path: Path):
    assert problems(tmp_path) == {}


@pytest.mark.django_db
def test_a_dropped_trigger_is_found_and_how_to_mend_it(at_work: Cast, tmp_path: Path):
    name = f"{TABLE}_is_append_only_update"
    with connection.cursor() as cursor:
        on = f' ON "{TABLE}"' if connection.vendor == "postgresql" else ""
        cursor.execute(f'DROP TRIGGER "{name}"{on}')
    found = problems(tmp_path)
    assert name in found["append-only tables"].says
    assert "setup" in found["append-only tables"].mend
    put_up_guards()
    assert problems(tmp_path) == {}


@pytest.mark.django_db
def test_a_changed_audit_line_is_found(at_work: Cast, tmp_path: Path):
    with connection.cursor() as cursor:
        on = f' ON "{TABLE}"' if connection.vendor == "postgresql" else ""
        cursor.execute(f'DROP TRIGGER "{TABLE}_is_append_only_update"{on}')
        cursor.execute(f"UPDATE {TABLE} SET deed = 'nothing' WHERE position = 2")
    put_up_guards()
    assert "breaks at line 2" in problems(tmp_path)["audit log"].says


@pytest.mark.django_db
def test_texts_that_no_key_opens_are_found(at_work: Cast, tmp_path: Path, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "older key" in problems(tmp_path)["encryption keys"].mend


@pytest.mark.django_db
def test_a_worker_that_stopped_is_found(at_work: Cast, tmp_path: Path):
    assert set(problems(tmp_path, now=NOON + timedelta(days=3))) == {f"job {name}" for name in JOBS}


@pytest.mark.django_db
def test_a_failing_job_is_found(at_work: Cast, tmp_path: Path):
    Job.objects.filter(name="deliver-notices").update(last_problem="ConnectionRefusedError")
    assert "ConnectionRefusedError" in problems(tmp_path)["job deliver-notices"].says


@pytest.mark.django_db
def test_mail_that_waits_for_days_is_found(at_work: Cast, tmp_path: Path):
    early = NOON - timedelta(days=2)
    Notice.objects.create(
        kind="signal_raised",
        to="maya@example.test",
        language="en",
        payload="{}",
        about=at_work.willow.pk,
        once_key="late",
        made_at=early,
        due_at=early,
    )
    assert "1 mails" in problems(tmp_path)["mail waiting"].says


@pytest.mark.django_db
def test_a_mail_server_that_does_not_answer_is_found(at_work: Cast, tmp_path: Path, settings):
    settings.MAIL_GOES_TO_FOLDER = False
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 2
    assert "OPENRAPPORT_SMTP_HOST" in problems(tmp_path)["mail"].mend


@pytest.mark.django_db
def test_settings_that_others_can_read_are_found(at_work: Cast, tmp_path: Path):
    path = tmp_path / "openrapport.env"
    path.write_text("")
    path.chmod(0o644)
    assert problems(tmp_path)["settings file"].mend == f"chmod 600 {path}"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_wait_for_the_disk_is_refused():
    assert list(durability_problems(connection)) == []
    weaken, mend = {
        "postgresql": ("SET synchronous_commit = off", "SET synchronous_commit = on"),
        "sqlite": ("PRAGMA synchronous = OFF", "PRAGMA synchronous = FULL"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(weaken)
    try:
        found = list(durability_problems(connection))
        for start in (require_ready, require_durability):
            with pytest.raises(CommandError, match=r"lost|disk"):
                start()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(mend)
    assert [problem.id for problem in found] == [{"postgresql": "or.E002", "sqlite": "or.E004"}[connection.vendor]]
    assert all(problem.hint for problem in found)


def test_the_demo_is_not_what_tests_run_in():
    assert settings.DEMO is False
