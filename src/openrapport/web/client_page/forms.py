"""Recording that a session was held, and moving a relationship between its states."""

from datetime import date, datetime, time, tzinfo
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openrapport.relationships.models import Relationship
from openrapport.sessions.models import Format, TherapySession


class RecordSessionForm(forms.Form):
    """Day and time in the therapist's own time zone. A session that was recorded once is not recorded again.

    `after` is the number of the last session when the page was made: sent twice, the form makes one session.
    """

    after = forms.IntegerField(widget=forms.HiddenInput, required=False)
    day = forms.DateField(label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    begin = forms.TimeField(
        label=gettext_lazy("Began at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    format = forms.ChoiceField(label=gettext_lazy("Where"), choices=Format.choices, widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        relationship: Relationship,
        now: datetime,
        zone: tzinfo,
        last: TherapySession | None,
        **kw: Any,
    ) -> None:
        here = now.astimezone(zone)
        before = last.format if last is not None else Format.IN_PERSON
        begin = here.time().replace(minute=0)
        number = last.number if last is not None else 0
        kw.setdefault("initial", {"day": here.date(), "begin": begin, "format": before, "after": number})
        super().__init__(*args, **kw)
        self.relationship, self.now, self.zone, self.last = relationship, now, zone, last

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        day, begin = cleaned.get("day"), cleaned.get("begin")
        if isinstance(day, date) and isinstance(begin, time):
            starts_at = datetime.combine(day, begin, tzinfo=self.zone)
            cleaned["starts_at"] = starts_at
            self._check(starts_at)
        return cleaned

    def is_the_same(self, session: TherapySession) -> bool:
        """Whether this is what was recorded a moment ago, by the same form."""
        cleaned = self.cleaned_data
        return (session.starts_at, session.format) == (cleaned["starts_at"], cleaned["format"])

    def say_recorded_meanwhile(self, session: TherapySession) -> None:
        """Sent once more, the form knows of it."""
        when = date_format(session.starts_at.astimezone(self.zone), "DATETIME_FORMAT")
        words = _("Session %(number)s was recorded meanwhile, for %(when)s. If this is another one, send it again.")
        self.add_error(None, words % {"number": session.number, "when": when})
        self.data = {**dict(self.data.items()), "after": str(session.number)}

    @property
    def _knows_the_last(self) -> bool:
        """Otherwise it may be the session that this very form recorded, and the workflow has to look."""
        after = self.cleaned_data.get("after")
        return self.last is None or after is None or after >= self.last.number

    def _check(self, starts_at: datetime) -> None:
        if starts_at > self.now:
            self.add_error("day", _("This moment has not come yet. Record a session once it has begun."))
        elif self._knows_the_last and self.last is not None and starts_at <= self.last.starts_at:
            last = date_format(self.last.starts_at.astimezone(self.zone), "DATETIME_FORMAT")
            words = _("Session %(number)s was recorded for %(last)s. The next one begins later than that.")
            self.add_error("day", words % {"number": self.last.number, "last": last})


class ChangeStateForm(forms.Form):
    """`before` is the state the page was made from: if it changed meanwhile, the move is not made blindly."""

    before = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("A note for your own record"),
        help_text=gettext_lazy("Your client does not see it."),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
