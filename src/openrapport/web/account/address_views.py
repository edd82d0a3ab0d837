"""Another e-mail address for one's own account: asked for on one page, proved by a code on the next."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.core.internal import ratelimit
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openrapport.people.models import User
from openrapport.web.account.allauth_views import layout_for
from openrapport.web.account.forms import AddressCodeForm, NewAddressForm
from openrapport.web.account.new_address import Asked, asked_in, count_try, forget_asked, keep_asked
from openrapport.web.account.second_factor import DEMO_SIGN_IN, SecondFactor, second_factor_of
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.change_address import AddressNotFree, change_address, mail_address_code

# Longer than the code to the new address is valid, so that nobody is asked in between.
LATELY = timedelta(minutes=15)
ASKING = {"new_address": "5/h/user"}
View = Callable[..., HttpResponse]


def recently_confirmed(view: View) -> View:
    """A device left open for a moment must not hand over the account: a second factor is shown now, and whoever has
    none has signed in a moment ago."""

    @wraps(view)
    def guarded(request: SignedInRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        person = _person(request)
        if not person.email:
            raise Http404  # a young child without an address answers on a device that is handed over
        factor = second_factor_of(request, person)
        next_page = urlencode({"next": request.path})
        if factor is SecondFactor.MISSING and request.roles:
            return redirect(f"{reverse('set_up_second_factor')}?{next_page}")
        is_demo = settings.DEMO and request.session.get(DEMO_SIGN_IN)
        confirmed = _signed_in_lately if factor is SecondFactor.MISSING else did_recently_reauthenticate
        if is_demo or confirmed(request):
            return view(request, *args, **kwargs)
        if factor is SecondFactor.MISSING:
            return render(request, "account/sign_in_first.html", {"layout": layout_for(request)}, status=403)
        way: str = get_adapter().get_reauthentication_methods(person)[0]["url"]
        return redirect(f"{way}?{next_page}")

    return guarded


def _signed_in_lately(request: SignedInRequest) -> bool:
    signed_in_at = [float(one["at"]) for one in get_authentication_records(request, _person(request))]
    return bool(signed_in_at) and request.viewer.at.timestamp() - max(signed_in_at) < LATELY.total_seconds()


def _person(request: SignedInRequest) -> User:
    assert request.viewer.user is not None
    return request.viewer.user


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@recently_confirmed
def new_address(request: SignedInRequest) -> HttpResponse:
    person = _person(request)
    form = NewAddressForm(request.POST if request.method == "POST" else None, own=str(person.email))
    if form.is_valid():
        counted = {"app": "openrapport.web.account", "action": "new_address", "config": ASKING}
        too_often: HttpResponse | None = ratelimit.consume_or_429(request, **counted)
        return too_often if too_often is not None else _ask_for_code(request, person, form.cleaned_data["email"])
    context = {"form": form, "layout": layout_for(request)}
    return render(request, "account/new_address.html", context, status=422 if form.is_bound else 200)


def _ask_for_code(request: SignedInRequest, person: User, address: str) -> HttpResponse:
    code = get_adapter().generate_login_code()
    mail_address_code(person, address=address, code=code, now=request.viewer.at)
    keep_asked(request.session, address=address, code=code, now=request.viewer.at)
    return redirect("confirm_address")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@recently_confirmed
def confirm_address(request: SignedInRequest) -> HttpResponse:
    asked = asked_in(request.session, now=request.viewer.at)
    if asked is None:
        forget_asked(request.session)
        return redirect("new_address")
    form = AddressCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if asked.fits(form.cleaned_data["code"]) and _move(request, asked):
            return redirect("account_profile")
        return _wrong(request, asked, form)
    return _show(request, asked, form)


def _move(request: SignedInRequest, asked: Asked) -> bool:
    person = _person(request)
    try:
        change_address(person, address=asked.address, actor=request.actor, now=request.viewer.at)
    except AddressNotFree:  # somebody took it meanwhile: it looks like a code that is not right
        return False
    forget_asked(request.session)
    update_session_auth_hash(request, person)  # the sign-in on this device goes on, under a new key
    UserSession.objects.create_from_request(request)
    messages.success(request, _("From now on you sign in with %(address)s.") % {"address": person.email})
    return True


def _wrong(request: SignedInRequest, asked: Asked, form: AddressCodeForm) -> HttpResponse:
    count_try(request.session, asked)
    if asked_in(request.session, now=request.viewer.at) is None:
        forget_asked(request.session)
        messages.error(request, _("That code was wrong too many times. Ask for a new one."))
        return redirect("new_address")
    form.add_error("code", _("That code is not right. Look at the newest mail from us and type it again."))
    return _show(request, asked, form)


def _show(request: SignedInRequest, asked: Asked, form: AddressCodeForm) -> HttpResponse:
    context = {"form": form, "address": asked.address, "layout": layout_for(request)}
    return render(request, "account/confirm_address.html", context, status=422 if form.is_bound else 200)
