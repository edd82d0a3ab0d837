from datetime import datetime, timedelta

import pytest

from openrapport.commands import jobs
from openrapport.commands.jobs import JOBS, Repeated, put_up_jobs, run_due
from openrapport.notices.models import Job
from tests.cast import NOON

MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """One job, every five minutes with a lease of ten; the list says when it was done."""
    ran: list[datetime] = []
    monkeypatch.setattr(jobs, "JOBS", {"count": Repeated(ran.append, every=5 * MINUTE, lease=10 * MINUTE)})
    put_up_jobs(now=NOON)
    return ran


def test_a_job_runs_when_it_is_due_and_then_waits(done: list[datetime], clock: Clock):
    assert run_due(clock=clock, jobs=jobs.JOBS) == ["count"]
    assert run_due(clock=clock, jobs=jobs.JOBS) == []
    clock.at += 5 * MINUTE
    assert run_due(clock=clock, jobs=jobs.JOBS) == ["count"]
    assert done == [NOON, NOON + 5 * MINUTE]


def test_two_workers_never_have_the_same_job(done: list[datetime], clock: Clock):
    Job.objects.filter(name="count").update(leased_until=NOON + MINUTE)
    assert run_due(clock=clock, jobs=jobs.JOBS) == []
    assert done == []


def test_the_other_worker_may_come_between_the_look_and_the_lease(clock: Clock):
    ran: list[str] = []

    def first(now: datetime) -> None:
        Job.objects.filter(name="second").update(leased_until=NOON + MINUTE)  # taken by another worker meanwhile
        ran.append("first")

    both = {
        "first": Repeated(first, every=MINUTE, lease=MINUTE),
        "second": Repeated(lambda now: ran.append("second"), every=MINUTE, lease=MINUTE),
    }
    Job.objects.bulk_create([Job(name=name, next_run_at=NOON) for name in both])
    run_due(clock=clock, jobs=both)
    assert ran == ["first"]


def test_the_lease_of_a_killed_worker_runs_out(done: list[datetime], clock: Clock):
    Job.objects.filter(name="count").update(leased_until=NOON + 10 * MINUTE)
    clock.at += 10 * MINUTE
    assert run_due(clock=clock, jobs=jobs.JOBS) == ["count"]


def test_a_job_that_outlived_its_lease_leaves_the_row_to_its_successor(clock: Clock):
    def slow(now: datetime) -> None:
        clock.at += 20 * MINUTE
        Job.objects.filter(name="slow").update(leased_until=clock.at + 10 * MINUTE)  # another worker has it now

    put_up = {"slow": Repeated(slow, every=MINUTE, lease=10 * MINUTE)}
    Job.objects.create(name="slow", next_run_at=NOON)
    run_due(clock=clock, jobs=put_up)
    assert Job.objects.get(name="slow").leased_until == NOON + 30 * MINUTE


def test_a_failure_is_noted_by_its_kind_and_tried_again(clock: Clock, caplog: pytest.LogCaptureFixture):
    def fail(now: datetime) -> None:
        raise ValueError("Sam wrote: I felt rushed")

    Job.objects.create(name="fail", next_run_at=NOON)
    failing = {"fail": Repeated(fail, every=MINUTE, lease=MINUTE)}
    assert run_due(clock=clock, jobs=failing) == ["fail"]
    job = Job.objects.get(name="fail")
    assert (job.last_problem, job.next_run_at, job.leased_until) == ("ValueError", NOON + MINUTE, None)
    assert "rushed" not in caplog.text


def test_every_job_has_its_row_and_runs_on_an_empty_practice(clock: Clock):
    put_up_jobs(now=NOON)
    put_up_jobs(now=NOON)
    assert sorted(run_due(clock=clock)) == sorted(JOBS)
    assert set(Job.objects.values_list("last_problem", flat=True)) == {""}
