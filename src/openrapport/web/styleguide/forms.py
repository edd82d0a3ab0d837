"""Example forms: one field of every kind, and a check-in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from openrapport.web.components.parts import Choice

TEN = [(str(number), str(number)) for number in range(11)]


class ExampleForm(forms.Form):
    """Every kind of field."""

    name = forms.CharField(label=_("Your name"), help_text=_("As you would like to be called."), max_length=60)
    email = forms.EmailField(label=_("E-mail"))
    language = forms.ChoiceField(label=_("Language"), choices=[("en", "English"), ("es", "Español")])
    birthday = forms.DateField(
        label=_("Date of birth"), required=False, widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"})
    )
    words = forms.CharField(
        label=_("What would you like to talk about?"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    reminders = forms.BooleanField(
        label=_("Remind me the day before"),
        help_text=_("The message says nothing about what it is for."),
        required=False,
    )
    ways = forms.MultipleChoiceField(
        label=_("How may we reach you?"),
        choices=[("mail", _("E-mail")), ("phone", _("Phone")), ("post", _("Letter"))],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    pace = forms.ChoiceField(
        label=_("How fast do you like to go?"),
        choices=[("slow", _("Slowly")), ("middle", _("In between")), ("fast", _("Straight to the point"))],
        widget=forms.RadioSelect,
    )
    place = forms.ChoiceField(
        label=_("Where shall we meet?"),
        choices=[
            ("room", Choice(_("In the room"), _("At the practice."), "door-open")),
            ("video", Choice(_("By video"), _("From a place where nobody listens."), "video")),
        ],
        widget=forms.RadioSelect,
    )
    file = forms.FileField(label=_("A file"), required=False)


class ExampleCheckIn(forms.Form):
    """A short check-in with every kind of rating."""

    heard = forms.ChoiceField(label=_("I felt heard today"), choices=TEN, widget=forms.RadioSelect, required=False)
    matters = forms.ChoiceField(
        label=_("We worked on what matters to me"), choices=TEN, widget=forms.RadioSelect, required=False
    )
    felt = forms.ChoiceField(
        label=_("How was it to be here today?"),
        choices=[(str(number), str(number)) for number in range(1, 6)],
        widget=forms.RadioSelect,
        required=False,
    )
    safe = forms.ChoiceField(
        label=_("Could you say what you wanted to say?"),
        choices=[("yes", "yes"), ("no", "no"), ("unsure", "unsure")],
        widget=forms.RadioSelect,
        required=False,
    )
    different = forms.CharField(
        label=_("One thing we could do differently"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    disclosure = forms.ChoiceField(
        choices=[("now", "now"), ("next_session", "next"), ("supervisor_only", "supervisor"), ("private", "private")],
        widget=forms.RadioSelect,
    )
