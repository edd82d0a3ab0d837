"""The repeated jobs, and the lease that keeps two workers from doing one of them at once.

A job is a row: when it runs next, and until when somebody has it. The lease is taken by one UPDATE, so only one worker
gets it; that of a worker that was killed runs out by itself. Every job may be run twice without harm.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.management import call_command
from django.db.models import Q

from openrapport.audit.actor import Actor
from openrapport.notices.actions import forget_spent_codes
from openrapport.notices.delivery import deliver_due
from openrapport.notices.models import Job
from openrapport.reports.actions import refit_curves
from openrapport.signals.actions import escalate_unseen, review_all

log = logging.getLogger("openrapport.jobs")


@dataclass(frozen=True)
class Repeated:
    """What to do, how often, and after how long a worker that has not finished is taken to be dead."""

    do: Callable[[datetime], object]
    every: timedelta
    lease: timedelta


def deliver_notices(now: datetime) -> object:
    return deliver_due(now=now, most=20)  # few enough to end before the claims and the lease run out


def escalate_unseen_signals(now: datetime) -> object:
    return escalate_unseen(actor=Actor.system("escalate-unseen-signals"), now=now)


def review_feedback(now: datetime) -> object:
    return review_all(actor=Actor.system("review-feedback"), now=now)


def forget_codes(now: datetime) -> object:
    return forget_spent_codes(now=now)


def refit_growth_curves(now: datetime) -> object:
    return refit_curves(actor=Actor.system("refit-curves"), now=now)


def clear_expired_sign_ins(now: datetime) -> object:
    return call_command("clearsessions", verbosity=0)


JOBS: Mapping[str, Repeated] = {
    "deliver-notices": Repeated(deliver_notices, every=timedelta(seconds=5), lease=timedelta(minutes=15)),
    "escalate-unseen-signals": Repeated(
        escalate_unseen_signals, every=timedelta(minutes=10), lease=timedelta(minutes=15)
    ),
    "review-feedback": Repeated(review_feedback, every=timedelta(hours=1), lease=timedelta(hours=1)),
    "forget-codes": Repeated(forget_codes, every=timedelta(hours=1), lease=timedelta(minutes=15)),
    "refit-curves": Repeated(refit_growth_curves, every=timedelta(days=1), lease=timedelta(hours=2)),
    "clear-expired-sign-ins": Repeated(clear_expired_sign_ins, every=timedelta(days=1), lease=timedelta(hours=1)),
}


def put_up_jobs(*, now: datetime) -> None:
    """Every job has its row; one that is new is due at once."""
    Job.objects.bulk_create([Job(name=name, next_run_at=now) for name in JOBS], ignore_conflicts=True)


def run_due(*, clock: Callable[[], datetime], jobs: Mapping[str, Repeated] = JOBS) -> list[str]:
    """Run every job that is due and free. Returns the names of those that ran, whatever came of them."""
    due = Job.objects.filter(_free(clock()), name__in=jobs, next_run_at__lte=clock()).order_by("next_run_at", "name")
    return [name for name in due.values_list("name", flat=True) if _run(name, jobs[name], clock)]


def _free(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lte=now)


def _run(name: str, job: Repeated, clock: Callable[[], datetime]) -> bool:
    now = clock()
    until = now + job.lease
    free = Job.objects.filter(_free(now), name=name, next_run_at__lte=now)
    if not free.update(leased_until=until):
        return False  # another worker was first
    problem = ""
    try:
        job.do(now)
    except Exception as failure:
        # The kind of failure only: a message could quote what somebody wrote.
        problem = type(failure).__name__
        log.error("the job %s failed: %s", name, problem)
    ended = clock()
    # When the lease ran out meanwhile, the row belongs to whoever took it since.
    Job.objects.filter(name=name, leased_until=until).update(
        leased_until=None, next_run_at=ended + job.every, last_run_at=ended, last_problem=problem
    )
    return True
