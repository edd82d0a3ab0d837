"""One's own name, language and time zone."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from openrapport.people.models import User
from openrapport.web.account.allauth_views import layout_for
from openrapport.web.account.forms import ProfileForm
from openrapport.web.account.language import remember_language
from openrapport.web.requests import SignedInRequest, signed_in
from openrapport.workflows.change_profile import change_profile


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    person = request.viewer.user
    assert person is not None
    now_so = {"name": person.display_name, "language": person.language, "time_zone": person.time_zone}
    typed = request.POST if request.method == "POST" else None
    form = ProfileForm(typed, initial=now_so, own_zone=person.time_zone)
    if form.is_valid():
        return _keep(request, person, form)
    context = {"form": form, "layout": layout_for(request)}
    return render(request, "account/profile.html", context, status=422 if form.is_bound else 200)


def _keep(request: SignedInRequest, person: User, form: ProfileForm) -> HttpResponse:
    given = form.cleaned_data
    change_profile(
        person,
        actor=request.actor,
        now=request.viewer.at,
        display_name=given["name"],
        language=given["language"],
        time_zone=given["time_zone"],
    )
    with translation.override(person.language):  # the next page is in it already
        messages.success(request, _("Saved"))
    response = redirect("account_profile")
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        remember_language(request, response, person.language)
    return response
