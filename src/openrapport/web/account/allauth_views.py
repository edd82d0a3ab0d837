"""allauth's own views in our dress: a layout by role, our forms, and passkeys that always ask for the person."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import AccountInactiveView, ConfirmLoginCodeView, LogoutView, RequestLoginCodeView
from allauth.decorators import rate_limit
from allauth.mfa.base.views import AuthenticateView, IndexView, ReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    ListWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator

from openrapport.web.account import forms
from openrapport.web.account.devices import describe_device
from openrapport.web.account.second_factor import SecondFactor, record_set_up, second_factor_of


def layout_for(request: HttpRequest) -> str:
    """Staff who are still setting up get a page without a menu: its entries would only lead back here."""
    roles = request.roles  # type: ignore[attr-defined]
    if not roles:
        return "layouts/client.html"
    shown = second_factor_of(request, request.viewer.user) is SecondFactor.SHOWN  # type: ignore[attr-defined]
    return "layouts/staff.html" if shown else "layouts/plain.html"


class Dressed:
    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return context | {"layout": layout_for(self.request)}


@method_decorator(rate_limit(action="login"), name="dispatch")
class SignIn(RequestLoginCodeView):  # type: ignore[misc]
    form_class = forms.SignInForm
    template_name = "account/login.html"

    def form_valid(self, form: forms.SignInForm) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if form._user is None:
            get_adapter().mail_code(form.cleaned_data["email"])  # to nobody: the answer takes as long
        return response


class ConfirmMailedCode(ConfirmLoginCodeView):  # type: ignore[misc]
    form_class = forms.MailedCodeForm

    def form_valid(self, form: Form) -> HttpResponse:
        """A code proves the mailbox it went to, and only as long as that is the account's address."""
        person = self._process.user
        if person is not None and (person.email or "").lower() != self._process.state["email"].lower():
            self._process.abort()
            return redirect("account_login")
        response: HttpResponse = super().form_valid(form)
        return response

    def _resend_form_valid(self, form: Form) -> HttpResponse:
        response: HttpResponse = super()._resend_form_valid(form)
        if self._process.user is None:
            get_adapter().mail_code(self._process.state["email"])
        return response


class SignOut(Dressed, LogoutView):  # type: ignore[misc]
    pass


class AccountClosed(AccountInactiveView):  # type: ignore[misc]
    pass


class ShowFactor(AuthenticateView):  # type: ignore[misc]
    form_class = forms.ShowFactorForm


class ShowFactorAgain(Dressed, ReauthenticateView):  # type: ignore[misc]
    form_class = forms.ShowFactorAgainForm


class SignInWithPasskey(LoginWebAuthnView):  # type: ignore[misc]
    pass


class ShowPasskeyAgain(Dressed, ReauthenticateWebAuthnView):  # type: ignore[misc]
    pass


class AccountHome(Dressed, IndexView):  # type: ignore[misc]
    pass


class Passkeys(Dressed, ListWebAuthnView):  # type: ignore[misc]
    pass


class AddPasskey(Dressed, AddWebAuthnView):  # type: ignore[misc]
    form_class = forms.AddPasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        # Always one that signs in alone: kept on the device and opened by finger, face or PIN.
        options = auth.begin_registration(self.request.user, passwordless=True)
        return context | {"js_data": {"creation_options": options}}

    def form_valid(self, form: forms.AddPasskeyForm) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        record_set_up(self.request, Authenticator.Type.WEBAUTHN)
        return response


class RenamePasskey(Dressed, EditWebAuthnView):  # type: ignore[misc]
    form_class = forms.RenamePasskeyForm


class RemovePasskey(Dressed, RemoveWebAuthnView):  # type: ignore[misc]
    pass


class BeginAppCodes(Dressed, ActivateTOTPView):  # type: ignore[misc]
    form_class = forms.BeginAppCodesForm

    def form_valid(self, form: forms.BeginAppCodesForm) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        record_set_up(self.request, Authenticator.Type.TOTP)
        return response


class EndAppCodes(Dressed, DeactivateTOTPView):  # type: ignore[misc]
    pass


class RecoveryCodes(Dressed, ViewRecoveryCodesView):  # type: ignore[misc]
    pass


class NewRecoveryCodes(Dressed, GenerateRecoveryCodesView):  # type: ignore[misc]
    pass


class Devices(Dressed, ListUserSessionsView):  # type: ignore[misc]
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        UserSession.objects.create_from_request(request)  # however somebody signed in, this device is in the list
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        devices = [describe_device(session) for session in context["sessions"]]
        return context | {"devices": sorted(devices, key=lambda one: not one.is_this_one)}
