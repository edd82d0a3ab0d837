"""Error pages: a refusal looks like absence, nothing is said to be lost, and help is on each of them."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.test import Client, RequestFactory

from openrapport.web.errors import views


@pytest.fixture
def request_(rf: RequestFactory) -> HttpRequest:
    return rf.get("/clients/3f0c/")


def words(response: HttpResponse) -> str:
    return response.content.decode()


def test_a_refusal_and_an_absence_are_the_same_page(request_: HttpRequest) -> None:
    refused = views.permission_denied(request_, PermissionDenied("not yours"))
    absent = views.not_found(request_, None)
    assert refused.status_code == absent.status_code == 404
    assert refused.content == absent.content


def test_the_same_page_is_shown_at_every_address(rf: RequestFactory) -> None:
    one, other = (views.not_found(rf.get(path)) for path in ("/clients/3f0c/", "/nonsense/"))
    assert one.content == other.content


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.bad_request, 400),
        (views.not_found, 404),
        (views.conflict, 409),
        (views.csrf_failure, 403),
        (views.server_error, 500),
        (views.offline, 200),
    ],
)
def test_every_page_has_its_status_and_the_way_to_help(view: object, status: int, request_: HttpRequest) -> None:
    response = view(request_)  # type: ignore[operator]
    assert response.status_code == status
    assert "/help-now" in words(response)
    assert "<title>OpenRapport</title>" in words(response)


def test_an_expired_page_says_nothing_is_lost_and_leads_back(rf: RequestFactory) -> None:
    request = rf.post("/check-in/", headers={"referer": "http://testserver/check-in/"})
    body = words(views.csrf_failure(request, "CSRF token missing."))
    assert "Nothing is lost" in body
    assert 'href="http://testserver/check-in/"' in body
    assert "CSRF" not in body


@pytest.mark.parametrize("referer", ["https://evil.example/", "javascript:alert(1)", "//evil.example/x"])
def test_an_expired_page_never_leads_to_another_site(rf: RequestFactory, referer: str) -> None:
    body = words(views.csrf_failure(rf.post("/check-in/", headers={"referer": referer})))
    assert "evil" not in body
    assert "javascript:" not in body


def test_a_forged_post_gets_the_expiry_page() -> None:
    response = Client(enforce_csrf_checks=True).post("/theme", {"theme": "dark"})
    assert response.status_code == 403
    assert b"Nothing is lost" in response.content


def test_the_500_page_stands_even_when_its_template_fails(
    request_: HttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> str:
        raise TemplateDoesNotExist("errors/500.html")

    monkeypatch.setattr(views, "render_to_string", fail)
    response = views.server_error(request_)
    assert response.status_code == 500
    assert "/help-now" in words(response)


def test_the_offline_page_has_the_numbers_that_need_no_internet(request_: HttpRequest) -> None:
    body = words(views.offline(request_))
    assert 'href="tel:911"' in body
    assert "findahelpline" not in body
