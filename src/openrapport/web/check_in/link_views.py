"""A link opens one check-in, once and for a limited time, without sign-in and without telling anything else."""

from collections.abc import Callable
from functools import lru_cache, wraps
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from openrapport.audit.actor import Actor
from openrapport.checkins.models import CheckIn, CheckInPass, PassKind
from openrapport.checkins.queries import check_in_behind, pass_spent_on
from openrapport.shared.ids import fingerprint
from openrapport.web.check_in.door import Door, show, take_in
from openrapport.web.check_in.forms import KEY
from openrapport.web.check_in.page import in_words_of
from openrapport.web.check_in.throttle import Throttle
from openrapport.web.check_in.who_sees import kept_sentence

WRONG_LINKS = Throttle("link", most=30, seconds=600)
THANKS_SALT = "check-in-thanks"
THANKS_SECONDS = 600


def leave_no_trace(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Neither caches nor the addresses we lead to learn of this one."""

    @wraps(view)
    def quiet(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = never_cache(view)(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return quiet


def key_in(data: QueryDict) -> UUID | None:
    try:
        return UUID(data.get(KEY, ""))
    except ValueError:
        return None


def find_pass(request: HttpRequest, secret: str, kind: PassKind) -> CheckInPass | None:
    """A pass that is valid, or the spent one when the very same submission comes again."""
    found = check_in_behind(fingerprint(secret), kind=kind, now=request.viewer.at)  # type: ignore[attr-defined]
    if found is None and request.method == "POST" and (key := key_in(request.POST)) is not None:
        return pass_spent_on(fingerprint(secret), kind=kind, key=key)
    return found


def thanks_token(check_in: CheckIn) -> str:
    return _signer(settings.SECRET_KEY).sign_object({"kept": kept_sentence(check_in)}, compress=True)


@lru_cache(maxsize=2)
def _signer(key: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(key=key, salt=THANKS_SALT)


def _thanks(check_in: CheckIn) -> str:
    return f"{reverse('check_in_link_thanks')}?sent={thanks_token(check_in)}"


@require_http_methods(["GET", "HEAD", "POST"])
@leave_no_trace
def check_in_by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Looking does not use the link up: mail scanners look at every link before a person does."""
    if WRONG_LINKS.is_shut(request):
        return _too_many(request)
    found = find_pass(request, secret, PassKind.LINK)
    if found is None:
        WRONG_LINKS.count(request)
        raise Http404
    check_in = found.check_in
    door = Door(
        mode="link",
        actor=Actor(user=check_in.respondent, via="link"),
        now=timezone.now(),
        thanks=_thanks,
        with_pass=found,
    )
    with in_words_of(request, check_in.respondent) as language:
        response = take_in(request, check_in, door) if request.method == "POST" else show(request, check_in, door)
    response.headers["Content-Language"] = language
    return response


@require_safe
@leave_no_trace
def link_thanks(request: HttpRequest) -> HttpResponse:
    try:
        sent = signing.loads(request.GET.get("sent", ""), salt=THANKS_SALT, max_age=THANKS_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    return render(request, "check_in/thanks.html", {"kept": sent["kept"], "mode": "link"})


def _too_many(request: HttpRequest) -> HttpResponse:
    context = {"sentence": _("Please wait ten minutes, then open your link again. It is not used up.")}
    response = render(request, "check_in/too_many.html", context, status=429)
    response.headers["Retry-After"] = str(WRONG_LINKS.seconds)
    return response
