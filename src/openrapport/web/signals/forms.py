"""What a therapist says when moving a signal on. Closing and reopening take a reason."""

from django import forms
from django.utils.translation import gettext_lazy as _

WHO_READS_IT = _(
    "You can read it later, and so can your supervisor if your client was told. Your client does not see it."
)


class NoteForm(forms.Form):
    """Talked about: a note is welcome and never asked for."""

    note = forms.CharField(
        label=_("What came of it"),
        help_text=WHO_READS_IT,
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        help_text=WHO_READS_IT,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why in a few words. Whoever reads this later needs it.")},
    )
