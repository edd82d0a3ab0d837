"""What a therapist says when moving a signal on. Closing and reopening take a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _


class NoteForm(forms.Form):
    """Talked about: a note is welcome and never asked for."""

    note = forms.CharField(
        label=_("What came of it"),
        help_text=_("For your own record. Your client does not see it."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why in a few words. Whoever reads this later needs it.")},
    )
