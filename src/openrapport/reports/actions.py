"""Refitting the practices' growth curves, for the worker. The log keeps how many were counted, never a score."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from openrapport.audit.actions import record
from openrapport.audit.actor import Actor
from openrapport.practices.models import Practice
from openrapport.reports.growth_fits import as_fields, fit_courses
from openrapport.reports.models import StoredGrowthFit
from openrapport.reports.queries import Measure, courses_shared_in


def refit_curves(*, actor: Actor, now: datetime) -> int:
    """Every practice's fits, from what may be counted at this moment. Returns how many there are afterwards.

    Where fewer than 200 relationships may be counted any more, or the fit does not converge, none is left.
    """
    return sum(_refit(practice, actor=actor, now=now) for practice in Practice.objects.order_by("pk"))


def _refit(practice: Practice, *, actor: Actor, now: datetime) -> int:
    """Reads and fits first: the transaction is short, and nobody who answers waits for it."""
    fitted = {}
    for (instrument, score), courses in courses_shared_in(practice, at=now).items():
        found = fit_courses(courses, instrument=instrument, score=score)
        if found is not None:
            fitted[instrument, score] = as_fields(found)
    _keep(practice, fitted, actor=actor, now=now)
    return len(fitted)


@transaction.atomic
def _keep(practice: Practice, fitted: Mapping[Measure, dict[str, Any]], *, actor: Actor, now: datetime) -> None:
    known = StoredGrowthFit.objects.select_for_update().filter(practice=practice).order_by("pk")
    stored = {(fit.instrument, fit.score): fit for fit in known}
    for (instrument, score), numbers in fitted.items():
        fit = stored.pop((instrument, score), None)
        if fit is None:
            fit = StoredGrowthFit.objects.create(
                practice=practice, instrument=instrument, score=score, fitted_at=now, **numbers
            )
            _note("fit_growth_curve", fit, actor=actor, now=now)
        elif any(getattr(fit, name) != value for name, value in numbers.items()):
            for name, value in numbers.items():
                setattr(fit, name, value)
            fit.fitted_at = now
            fit.save(update_fields=[*numbers, "fitted_at"])
            _note("refit_growth_curve", fit, actor=actor, now=now)
    for fit in stored.values():
        _note("withdraw_growth_curve", fit, actor=actor, now=now)
        fit.delete()


def _note(deed: str, fit: StoredGrowthFit, *, actor: Actor, now: datetime) -> None:
    counted = {"instrument": fit.instrument, "relationships": fit.n_relationships, "scores": fit.n_scores}
    record(actor=actor, deed=deed, about=fit.practice_id, at=now, obj=fit, facts=counted)
