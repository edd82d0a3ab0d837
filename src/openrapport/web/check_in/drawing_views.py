"""What somebody drew in a check-in, for those who may read that check-in."""

from uuid import UUID

from csp.constants import NONE
from csp.decorators import csp
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from openrapport.checkins.queries import drawings_visible_to
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.read_record import record_reading_of_drawing


@require_safe
@csp({"default-src": [NONE], "sandbox": True})
@signed_in
def drawing(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """An image and nothing else, whatever its bytes may be; no cache keeps it."""
    found = get_object_or_404(drawings_visible_to(request.viewer).filter(image__isnull=False), pk=pk)
    record_reading_of_drawing(found, actor=request.actor, now=request.viewer.at)
    response = HttpResponse(found.image, content_type="image/png")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Disposition"] = 'inline; filename="drawing.png"'
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
