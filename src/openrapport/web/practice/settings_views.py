"""The rules of the practice: each change is a new version, and the older ones stay readable."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openrapport.people.models import User
from openrapport.practices.actions import change_rules
from openrapport.practices.models import Practice, PracticeRules
from openrapport.practices.queries import practices_administered_by, rules_of
from openrapport.web.practice.forms import RULE_NAMES, RulesForm, values_of
from openrapport.web.practice.page import chosen_practice, practice_tabs
from openrapport.web.requests import SignedInRequest, signed_in


@dataclass(frozen=True)
class Change:
    label: str
    before: int
    after: int


@dataclass(frozen=True)
class Version:
    number: int
    since: datetime
    by: str
    changes: tuple[Change, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def practice_settings(request: SignedInRequest) -> HttpResponse:
    practice = chosen_practice(request)
    current = rules_of(practice)
    form = RulesForm(request.POST) if request.method == "POST" else RulesForm(initial=values_of(current))
    if request.method == "POST" and form.is_valid() and _keep(request, practice, current, form):
        messages.success(request, _("The new rules are in force."))
        return redirect("practice_settings")
    context = {
        "practice": practice,
        "practices": practices_administered_by(request.viewer),
        "tabs": practice_tabs(request),
        "form": form,
        "versions": _history(practice),
    }
    return render(request, "practice/settings.html", context, status=422 if form.is_bound else 200)


def _keep(request: SignedInRequest, practice: Practice, current: PracticeRules, form: RulesForm) -> bool:
    if form.rules() == {name: getattr(current, name) for name in RULE_NAMES}:
        return True  # nothing to change: no empty version
    try:
        if form.cleaned_data["version"] == current.version:
            change_rules(practice, actor=request.actor, now=request.viewer.at, **form.rules())
            return True
    except IntegrityError:
        pass  # somebody else was a moment faster
    form.add_error(None, _("Somebody else changed the rules meanwhile. Look at the history below, then save again."))
    newest = request.POST.copy()
    newest["version"] = str(rules_of(practice).version)
    form.data = newest
    return False


def _history(practice: Practice) -> list[Version]:
    versions = list(PracticeRules.objects.filter(practice=practice).order_by("version"))
    names = _names([one.made_by for one in versions])
    told = [
        Version(
            number=one.version,
            since=one.in_force_since,
            by=names.get(one.made_by, _("Setting up")),
            changes=_changes(versions[position - 1], one) if position else (),
        )
        for position, one in enumerate(versions)
    ]
    return told[::-1]


def _changes(before: PracticeRules, after: PracticeRules) -> tuple[Change, ...]:
    return tuple(
        Change(str(RulesForm.base_fields[name].label), getattr(before, name), getattr(after, name))
        for name in RULE_NAMES
        if getattr(before, name) != getattr(after, name)
    )


def _names(labels: list[str]) -> dict[str, str]:
    pks = [label.removeprefix("user:") for label in labels if label.startswith("user:")]
    return {f"user:{one.pk}": one.display_name for one in User.objects.filter(pk__in=pks)}
