"""What a client or a guardian finds here: what is asked next, their own line, their own answers and who saw them."""

from typing import cast
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from openrapport.web.check_in.page import in_words_of
from openrapport.web.client_home.answered import build_answered
from openrapport.web.client_home.page import build_home
from openrapport.web.client_home.past import list_past, other_looks, own_answers
from openrapport.web.requests import SignedInRequest, signed_in

PER_PAGE = 20


@require_safe
@signed_in
def client_home(request: HttpRequest) -> HttpResponse:
    viewer = cast(SignedInRequest, request).viewer
    assert viewer.user is not None
    with in_words_of(request, viewer.user) as language:
        response = render(request, "client_home/home.html", {"page": build_home(viewer), "person": viewer.user})
    response.headers["Content-Language"] = language
    return response


@require_safe
@signed_in
def my_answers(request: HttpRequest) -> HttpResponse:
    viewer = cast(SignedInRequest, request).viewer
    assert viewer.user is not None
    with in_words_of(request, viewer.user) as language:
        shown = Paginator(own_answers(viewer), PER_PAGE).get_page(request.GET.get("page"))
        context = {"shown": shown, "past": list_past(viewer, list(shown)), "looks": other_looks(viewer)}
        response = render(request, "client_home/answers.html", context)
    response.headers["Content-Language"] = language
    return response


@require_safe
@signed_in
def my_check_in(request: HttpRequest, pk: UUID) -> HttpResponse:
    viewer = cast(SignedInRequest, request).viewer
    assert viewer.user is not None
    own = get_object_or_404(own_answers(viewer), pk=pk)
    with in_words_of(request, viewer.user) as language:
        past = list_past(viewer, [own])[0]
        response = render(request, "client_home/answered.html", {"page": build_answered(own), "past": past})
    response.headers["Content-Language"] = language
    return response
