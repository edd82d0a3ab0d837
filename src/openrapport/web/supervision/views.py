"""A supervisor's first page."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from openrapport.practices.models import Role
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.web.supervision.page import build_supervision_page
from openrapport.workflows.read_record import record_glance_at_scores


@require_safe
@signed_in
def supervision(request: SignedInRequest) -> HttpResponse:
    if Role.SUPERVISOR not in request.roles:
        raise Http404
    page = build_supervision_page(request.viewer)
    record_glance_at_scores(page.shown, actor=request.actor, now=request.viewer.at)
    return render(request, "supervision/supervision.html", {"page": page})
