"""What an administrator or a therapist types: invitations, roles, the rules of the practice."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from openrapport.practices.models import PracticeRules, Role
from openrapport.web.account.forms import clean_name
from openrapport.web.components.parts import Choice

ROLE_CHOICES = [
    (
        Role.THERAPIST,
        Choice(Role.THERAPIST.label, _("Works with clients and reads what they share."), "heart-handshake"),
    ),
    (Role.SUPERVISOR, Choice(Role.SUPERVISOR.label, _("Guides therapists where the client was told."), "users")),
    (Role.ADMIN, Choice(Role.ADMIN.label, _("Looks after people and rules. Reads no answers."), "settings")),
]
OLDEST = 120


class NameAndAddress(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": _("That does not look like an e-mail address. It needs an @ and a dot after it.")},
    )
    language = forms.ChoiceField(
        label=_("Language of the mail"),
        choices=settings.LANGUAGES,
        help_text=_("They choose their own when they accept."),
    )

    def clean_name(self) -> str:
        return clean_name(str(self.cleaned_data["name"]))

    def clean_email(self) -> str:
        email: Any = self.cleaned_data["email"]
        return str(email).strip().lower()


class InviteStaffForm(NameAndAddress):
    role = forms.ChoiceField(label=_("Invited as"), choices=ROLE_CHOICES, widget=forms.RadioSelect)
    field_order = ("role", "name", "email", "language")


class InviteClientForm(NameAndAddress):
    birth_date = forms.DateField(
        label=_("Date of birth"),
        help_text=_("Decides which questions fit: child, teen (13 to 17) or adult."),
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
    )
    practice = forms.ChoiceField(label=_("Practice"))
    field_order = ("practice", "name", "birth_date", "email", "language")

    def __init__(self, *args: Any, practices: list[tuple[str, str]], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["practice"].choices = practices  # type: ignore[attr-defined]
        if len(practices) == 1:
            self.fields["practice"].required = False
            self.fields["practice"].widget = forms.HiddenInput()
        self.fields["email"].required = False
        self.fields["email"].help_text = _(
            "A child under 13 may have none: they answer on your device during the session."
        )

    def clean_birth_date(self) -> date:
        born: date = self.cleaned_data["birth_date"]
        if born > self.today:
            raise forms.ValidationError(_("This day has not come yet."))
        if self.today.year - born.year > OLDEST:
            raise forms.ValidationError(_("Please check the year."))
        return born


class InviteGuardianForm(NameAndAddress):
    has_legal_custody = forms.TypedChoiceField(
        label=_("Does this person have legal custody?"),
        choices=(("yes", _("Yes")), ("no", _("No"))),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text=_("As far as you know today. Each parent or guardian gets an account of their own."),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class SupervisorForm(forms.Form):
    supervisor = forms.ChoiceField(label=_("Supervisor"))

    def __init__(self, *args: Any, supervisors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["supervisor"].choices = supervisors  # type: ignore[attr-defined]


def _number(label: Any, help_text: Any, *, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=most,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "w-32"}),
    )


class RulesForm(forms.Form):
    """`version` says which rules the page showed: two people at once do not overwrite each other silently."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    link_valid_hours = _number(
        _("Hours a link to a check-in works"),
        _("Shorter is safer; longer leaves more people time. From 1 to 720."),
        least=1,
        most=720,
    )
    kiosk_code_minutes = _number(
        _("Minutes a code for your own device works"),
        _("For check-ins in the room, on a device you hand over. From 2 to 60."),
        least=2,
        most=60,
    )
    invitation_valid_days = _number(
        _("Days an invitation works"), _("It can be sent again afterwards. From 1 to 90."), least=1, most=90
    )
    escalate_unseen_after_hours = _number(
        _("Hours until a signal nobody looked at goes to the supervisor"), _("From 1 to 720."), least=1, most=720
    )
    feedback_missing_after_sessions = _number(
        _("Sessions without an answer until that is a signal"), _("From 1 to 20."), least=1, most=20
    )
    retain_after_end_days = _number(
        _("Days the records are kept after therapy ends"),
        _("Look up what the law of your country asks for. From 30 to 36500."),
        least=30,
        most=36_500,
    )

    def rules(self) -> dict[str, int]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


RULE_NAMES = tuple(name for name in RulesForm.base_fields if name != "version")


def values_of(rules: PracticeRules) -> dict[str, int]:
    return {"version": rules.version, **{name: getattr(rules, name) for name in RULE_NAMES}}
