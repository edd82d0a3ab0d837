"""The few things typed at sign-in, and what somebody invited tells about themselves."""

import unicodedata
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


class NewAddressForm(forms.Form):
    email = forms.EmailField(
        label=_("New e-mail address"),
        help_text=_("We send a code there, to see that it is yours."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("That does not look like an e-mail address. It needs an @ and a dot after it.")},
    )

    def __init__(self, *args: Any, own: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own

    def clean_email(self) -> str:
        typed = str(self.cleaned_data["email"]).lower()
        if typed == self.own.lower():
            raise forms.ValidationError(_("This is your address already."))
        return typed


class AddressCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from the mail"), max_length=40, widget=forms.TextInput(attrs={**TYPED_CODE, "autofocus": True})
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


# Invisible characters that some scripts need inside a name: joiners, and marks that do not turn the text after them.
NEEDED_IN_NAMES = frozenset("\u061c\u200c\u200d\u200e\u200f")


def clean_name(typed: str) -> str:
    """Single spaces, and only what others can see: a name must not look empty or turn the text around it."""
    name = " ".join(typed.split())
    kinds = [unicodedata.category(one) for one in name if one not in NEEDED_IN_NAMES]
    if "Cc" in kinds or "Cf" in kinds:
        raise forms.ValidationError(_("There are invisible characters in this name. Please type it in by hand."))
    if not any(kind[0] in "LNPS" for kind in kinds):
        raise forms.ValidationError(_("Please write a name that others can see."))
    return name


class ProfileForm(forms.Form):
    """How somebody is called, and in which words and on which clock they read."""

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("The way you like to be called."),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones, help_text=_("Times are shown in it."))

    def __init__(self, *args: Any, own_zone: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = time_zones()
        if own_zone and own_zone not in dict(zones):
            # Set up under an older name: left out of the list, it would be changed by saving something else.
            self.fields["time_zone"].choices = [(own_zone, own_zone.replace("_", " ")), *zones]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return clean_name(str(self.cleaned_data["name"]))


class AcceptForm(ProfileForm):
    """What a new account needs. `told` carries that the page spoke of a supervisor."""
