"""Shows the design system. Holds no data of anybody; every person in it is invented."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from openrapport.safety import crisis
from openrapport.web.components.icons import FOLDER
from openrapport.web.components.parts import Question
from openrapport.web.styleguide import examples
from openrapport.web.styleguide.forms import ExampleCheckIn, ExampleForm

ERROR_PAGES = ("400", "404", "409", "500", "expired", "offline")


def _direction(request: HttpRequest) -> dict[str, Any]:
    """`?dir=rtl` shows any example from right to left."""
    return {"direction": "rtl"} if request.GET.get("dir") == "rtl" else {}


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every component, each under its name."""
    context = {
        "form": ExampleForm(initial={"pace": "slow", "place": "room"}),
        "wrong": ExampleForm({"wrong-name": "", "wrong-email": "maya at example"}, prefix="wrong"),
        "check_in": ExampleCheckIn(initial={"heard": "8", "felt": "4", "disclosure": "next_session"}),
        "skipped": Question(name="example_skipped", label="I could say what I really think", value=""),
        "trajectory": examples.trajectory(missing=(4,)),
        "client_trajectory": examples.trajectory("client"),
        "profile": examples.PROFILE,
        "caseload": examples.CASELOAD,
        "steps": examples.STEPS,
        "crumbs": examples.CRUMBS,
        "tabs": examples.TABS,
        "moment": examples.A_MOMENT,
        "page": Paginator(range(60), 20).page(2),
        "icons": sorted(file.stem for file in FOLDER.glob("*.svg")),
        "errors": ERROR_PAGES,
        "nav": examples.STAFF_NAV,
        **_direction(request),
    }
    return render(request, "styleguide/overview.html", context)


@require_safe
def client_example(request: HttpRequest) -> HttpResponse:
    """A client's home."""
    messages.success(request, "Saved. Thank you.")
    context = {"nav": examples.CLIENT_NAV, "chart": examples.trajectory("client"), **_direction(request)}
    return render(request, "styleguide/client.html", context)


@require_safe
def check_in_example(request: HttpRequest) -> HttpResponse:
    """A client's check-in."""
    form = ExampleCheckIn(initial={"heard": "8"})
    return render(
        request, "styleguide/check_in.html", {"form": form, "nav": examples.CLIENT_NAV, **_direction(request)}
    )


@require_safe
def staff_example(request: HttpRequest) -> HttpResponse:
    """A therapist's page of one client."""
    context = {
        "nav": examples.STAFF_NAV,
        "chart": examples.trajectory(),
        "profile": examples.PROFILE,
        **_direction(request),
    }
    return render(request, "styleguide/staff.html", context)


@require_safe
def plain_example(request: HttpRequest) -> HttpResponse:
    """Sign-in, as an example of the plain layout."""
    return render(request, "styleguide/plain.html", {"form": ExampleForm(), **_direction(request)})


@require_safe
def error_example(request: HttpRequest, name: str) -> HttpResponse:
    """One error page, shown without its error."""
    if name not in ERROR_PAGES:
        raise Http404
    context = {"crisis_lines": crisis.lines_for("US", "en"), **_direction(request)}
    return render(request, f"errors/{name}.html", context)
