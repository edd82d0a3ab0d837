"""Who may see a check-in, in the words of the person who answers. Nothing is chosen beforehand."""

from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from openrapport.checkins.models import CheckIn, Disclosure, RespondentRole
from openrapport.relationships.models import Audience
from openrapport.relationships.queries import has_told_supervisor
from openrapport.web.components.parts import Choice

Choices = tuple[tuple[str, Choice], ...]


def a_supervisor_may_read(check_in: CheckIn) -> bool:
    """Only where there is one, and the client was told so."""
    return has_told_supervisor(check_in.relationship)


def choices_for(check_in: CheckIn) -> Choices:
    supervised, language = a_supervisor_may_read(check_in), get_language() or ""
    if check_in.role == RespondentRole.THERAPIST:
        return _for_therapist(supervised)
    name = check_in.relationship.therapist.short_name
    if check_in.role == RespondentRole.CLIENT and check_in.relationship.audience == Audience.CHILD:
        return _for_child(name, supervised, language)
    return _for_client_or_guardian(name, supervised, language)


# Each is worded once for a therapist: the language is in the key of what is kept.
@lru_cache(maxsize=512)
def _for_client_or_guardian(name: str, supervised: bool, _language: str) -> Choices:
    now = _("%(name)s can read it as soon as it is sent.") % {"name": name}
    later = _("%(name)s can read it when that session begins, and not before.") % {"name": name}
    if supervised:
        too = _("The supervisor who guides %(name)s's work can read it too.") % {"name": name}
        now, later = f"{now} {too}", f"{later} {too}"
    choices = [
        (Disclosure.NOW, Choice(_("%(name)s, now") % {"name": name}, now, "send")),
        (Disclosure.NEXT_SESSION, Choice(_("%(name)s, at our next session") % {"name": name}, later, "calendar")),
    ]
    if supervised:
        guide = _("The person who guides %(name)s's work reads it. %(name)s does not.") % {"name": name}
        choices.append(
            (Disclosure.SUPERVISOR_ONLY, Choice(_("Only %(name)s's supervisor") % {"name": name}, guide, "users"))
        )
    choices.append(
        (Disclosure.PRIVATE, Choice(_("Only me"), _("Nobody else reads it. It stays in your list."), "lock"))
    )
    return tuple((str(value), choice) for value, choice in choices)


@lru_cache(maxsize=512)
def _for_child(name: str, supervised: bool, _language: str) -> Choices:
    choices = [
        (Disclosure.NOW, Choice(_("%(name)s, today") % {"name": name}, "", "send")),
        (Disclosure.NEXT_SESSION, Choice(_("%(name)s, next time") % {"name": name}, "", "calendar")),
    ]
    if supervised:
        label = _("Only the grown-up who helps %(name)s") % {"name": name}
        choices.append((Disclosure.SUPERVISOR_ONLY, Choice(label, "", "users")))
    choices.append((Disclosure.PRIVATE, Choice(_("Just me"), "", "lock")))
    return tuple((str(value), choice) for value, choice in choices)


def _for_therapist(supervised: bool) -> Choices:
    if supervised:
        shared = Choice(_("My supervisor, too"), _("You and your supervisor can read it from now on."), "users")
    else:
        shared = Choice(
            _("Me, and a supervisor later on"),
            _("Nobody else reads it now. A supervisor could, once there is one and the client was told."),
            "users",
        )
    private = Choice(_("Only me"), _("Nobody else reads it, now or later."), "lock")
    return (str(Disclosure.NOW), shared), (str(Disclosure.PRIVATE), private)


def kept_sentence(check_in: CheckIn) -> str:
    """What was chosen, said back after sending."""
    name = check_in.relationship.therapist.short_name
    if check_in.role == RespondentRole.THERAPIST:
        if check_in.disclosure == Disclosure.PRIVATE:
            return _("Only you can read it.")
        if a_supervisor_may_read(check_in):
            return _("You and your supervisor can read it.")
        return _("Only you can read it for now.")
    sentences = {
        Disclosure.NOW: _("%(name)s can read it now."),
        Disclosure.NEXT_SESSION: _("%(name)s can read it when your next session begins."),
        Disclosure.SUPERVISOR_ONLY: _("Only the person who guides %(name)s's work can read it. %(name)s cannot."),
        Disclosure.PRIVATE: _("Only you can read it."),
    }
    return sentences[Disclosure(check_in.disclosure)] % {"name": name}
