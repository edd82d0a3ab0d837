"""Who needs me first, and why."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from openrapport.practices.models import Role
from openrapport.web.caseload.page import Wanted, build_caseload_page
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.read_record import record_glance_at_scores


@require_safe
@signed_in
def caseload(request: SignedInRequest) -> HttpResponse:
    if Role.THERAPIST not in request.roles:
        raise Http404
    page = build_caseload_page(request.viewer, Wanted.from_query(request.GET.dict()))
    seen = [line.row.relationship for line in page.lines if line.row.shared]
    record_glance_at_scores(seen, actor=request.actor, now=request.viewer.at)
    return render(request, "caseload/caseload.html", {"page": page})
