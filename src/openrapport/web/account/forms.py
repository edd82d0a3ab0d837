"""The few things typed at sign-in, and what somebody invited tells about themselves."""

from typing import Any
from zoneinfo import available_timezones

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

TYPED_CODE = {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
NUMBER_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


class SignInForm(RequestLoginCodeForm):  # type: ignore[misc]
    email = forms.EmailField(
        label=_("Your e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("That does not look like an e-mail address. It needs an @ and a dot after it.")},
    )


class MailedCodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]
    code = forms.CharField(
        label=_("Code from the mail"), max_length=40, widget=forms.TextInput(attrs={**TYPED_CODE, "autofocus": True})
    )


class ShowFactorForm(AuthenticateForm):  # type: ignore[misc]
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Six digits from your app, or one of the recovery codes you kept."),
        max_length=40,
        widget=forms.TextInput(attrs=NUMBER_CODE),
    )


class ShowFactorAgainForm(ReauthenticateForm):  # type: ignore[misc]
    code = ShowFactorForm.base_fields["code"]


class BeginAppCodesForm(ActivateTOTPForm):  # type: ignore[misc]
    code = forms.CharField(
        label=_("The six digits your app shows now"), max_length=20, widget=forms.TextInput(attrs=NUMBER_CODE)
    )


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(
        label=_("A name for it"),
        help_text=_("So that you know it again in a list, such as: work laptop."),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(
        label=_("A name for it"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


def time_zones() -> list[tuple[str, str]]:
    """Regions with a city, and UTC; the historical aliases would only make the list longer."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class AcceptForm(forms.Form):
    """What a new account needs. `told` carries that the page spoke of a supervisor."""

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("The way you like to be called."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, help_text=_("Times are shown in it."))

    def clean_name(self) -> str:
        name: Any = self.cleaned_data["name"]
        return " ".join(str(name).split())
