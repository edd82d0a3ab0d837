"""A handed-over device: a short code opens one check-in; afterwards nothing of it is left on the device."""

from django import forms
from django.contrib.auth import logout
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from openrapport.audit.actor import Actor
from openrapport.checkins.models import CheckIn, PassKind
from openrapport.checkins.queries import check_in_behind
from openrapport.shared.ids import fingerprint
from openrapport.web.check_in.door import Door, show, take_in
from openrapport.web.check_in.link_views import find_pass, leave_no_trace
from openrapport.web.check_in.page import in_words_of
from openrapport.web.check_in.throttle import Throttle
from openrapport.workflows.open_by_code import TIME_TO_ANSWER, open_by_code

WRONG_CODES = Throttle("code", most=10, seconds=600)
COOKIE = "handed_over"
SALT = "handed-over-device"
THANKS_SALT = "kiosk-thanks"
THANKS_SECONDS = 30


class CodeForm(forms.Form):
    use_required_attribute = False
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six letters and numbers, from your therapist."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Please type the code.")},
    )

    def clean_code(self) -> str:
        """As it is typed by people: small letters, spaces, a dash in the middle."""
        return "".join(letter for letter in str(self.cleaned_data["code"]).upper() if letter.isalnum())


@require_http_methods(["GET", "HEAD", "POST"])
@leave_no_trace
def kiosk(request: HttpRequest) -> HttpResponse:
    """Asks for the code. Whoever is signed in on the device is signed out before somebody else holds it."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _ask(request, form)
    if WRONG_CODES.is_shut(request):
        form.add_error("code", _("Too many wrong codes. Please wait ten minutes, then ask for a new code."))
        response = _ask(request, form, status=429)
        response.headers["Retry-After"] = str(WRONG_CODES.seconds)
        return response
    if not form.is_valid():
        return _ask(request, form, status=422)
    code = form.cleaned_data["code"]
    found = check_in_behind(fingerprint(code), kind=PassKind.KIOSK, now=request.viewer.at)  # type: ignore[attr-defined]
    if found is None:
        WRONG_CODES.count(request)
        form.add_error("code", _("This code opens nothing. It may have run out: please ask for a new one."))
        return _ask(request, form, status=422)
    open_by_code(found, now=request.viewer.at)  # type: ignore[attr-defined]
    logout(request)
    response = redirect("kiosk_check_in")
    response.set_signed_cookie(
        COOKIE,
        code,
        salt=SALT,
        max_age=int(TIME_TO_ANSWER.total_seconds()),
        path=reverse("kiosk"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@leave_no_trace
def kiosk_check_in(request: HttpRequest) -> HttpResponse:
    code = request.get_signed_cookie(COOKIE, "", salt=SALT, max_age=int(TIME_TO_ANSWER.total_seconds()))
    found = find_pass(request, code, PassKind.KIOSK) if code else None
    if found is None:
        return _time_is_up(request)
    check_in = found.check_in
    door = Door(
        mode="kiosk",
        actor=Actor(user=check_in.respondent, via="kiosk"),
        now=timezone.now(),
        thanks=_thanks,
        with_pass=found,
    )
    with in_words_of(request, check_in.respondent, own_device=False) as language:
        response = take_in(request, check_in, door) if request.method == "POST" else show(request, check_in, door)
    response.headers["Content-Language"] = language
    check_in.refresh_from_db(fields=["submitted_at"])
    if check_in.is_submitted:
        response.delete_cookie(COOKIE, path=reverse("kiosk"), samesite="Strict")
    return response


@require_safe
@leave_no_trace
def kiosk_thanks(request: HttpRequest) -> HttpResponse:
    """Half a minute of thanks, then the device asks for the next code. Going back leads there, too."""
    try:
        language = signing.loads(request.GET.get("sent", ""), salt=THANKS_SALT, max_age=THANKS_SECONDS)
    except signing.BadSignature:
        return redirect("kiosk")
    with translation.override(language):
        response = render(request, "check_in/thanks.html", {"mode": "kiosk"})
    response.headers["Refresh"] = f"{THANKS_SECONDS}; url={reverse('kiosk')}"
    response.headers["Content-Language"] = language
    return response


def _thanks(check_in: CheckIn) -> str:
    return f"{reverse('kiosk_thanks')}?sent={signing.dumps(translation.get_language(), salt=THANKS_SALT)}"


def _ask(request: HttpRequest, form: CodeForm, *, status: int = 200) -> HttpResponse:
    return render(request, "check_in/kiosk.html", {"form": form}, status=status)


def _time_is_up(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseRedirect(reverse("kiosk"))
    form = CodeForm({"code": ""})
    form.add_error(None, _("The time for this code ran out, so nothing was sent. Please ask for a new code."))
    form.errors.pop("code", None)
    return _ask(request, form, status=410)
