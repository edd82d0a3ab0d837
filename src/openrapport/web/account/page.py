"""What the page of an invitation says: who asks, for what, who will read what, and what is to do now."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.utils.translation import gettext as _

from openrapport.people.models import User
from openrapport.people.viewer import Viewer
from openrapport.practices.models import Invitation, InvitedAs
from openrapport.relationships.models import Audience
from openrapport.workflows.accept_invitation import audience_of, supervisors_behind


class Situation(Enum):
    NEW_ACCOUNT = "new account"
    OWN_ACCOUNT = "own account"
    SIGN_IN_FIRST = "sign in first"
    OTHER_ACCOUNT = "other account"
    CLOSED_ACCOUNT = "closed account"


@dataclass(frozen=True)
class InvitationPage:
    inviter: str
    practice: str
    name: str
    what: str
    asked: tuple[str, ...]
    who_sees: tuple[str, ...]
    supervised: bool
    situation: str


def invitation_page(invitation: Invitation, viewer: Viewer) -> InvitationPage:
    is_client = invitation.invited_as == InvitedAs.CLIENT
    supervisors = supervisors_behind(invitation) if is_client else []
    return InvitationPage(
        inviter=invitation.invited_by.display_name,
        practice=invitation.practice.name,
        name=invitation.name,
        what=_what(invitation),
        asked=_what_is_asked(invitation),
        who_sees=_who_sees(invitation, supervisors, now=viewer.at),
        supervised=bool(supervisors),
        situation=situation_of(invitation, viewer).name.lower(),
    )


def situation_of(invitation: Invitation, viewer: Viewer) -> Situation:
    holder = User.objects.filter(email__iexact=invitation.email).first()
    if viewer.user is not None:
        return Situation.OWN_ACCOUNT if viewer.user == holder else Situation.OTHER_ACCOUNT
    if holder is None:
        return Situation.NEW_ACCOUNT
    return Situation.SIGN_IN_FIRST if holder.is_active else Situation.CLOSED_ACCOUNT


def _what(invitation: Invitation) -> str:
    words = {"inviter": invitation.invited_by.display_name, "practice": invitation.practice.name}
    if invitation.invited_as == InvitedAs.CLIENT:
        return _("%(inviter)s at %(practice)s invites you to say, after each session, how it was for you.") % words
    if invitation.invited_as == InvitedAs.GUARDIAN:
        assert invitation.client is not None
        words["child"] = invitation.client.short_name
        return _("%(inviter)s at %(practice)s invites you as a parent or guardian of %(child)s.") % words
    words["role"] = invitation.get_invited_as_display().lower()
    return _("%(inviter)s invites you to work at %(practice)s as a %(role)s.") % words


def _what_is_asked(invitation: Invitation) -> tuple[str, ...]:
    if invitation.invited_as == InvitedAs.CLIENT:
        return (
            _("A few short questions after a session. It takes about a minute."),
            _("You can leave out any question, and stop whenever you like."),
        )
    if invitation.invited_as == InvitedAs.GUARDIAN:
        return (
            _("A few short questions of your own, about how working with the therapist is for you."),
            _("You can leave out any question, and stop whenever you like."),
        )
    return (
        _("You sign in with a code by mail, so there is no password to remember."),
        _("You also set up a passkey or a code from an app, because people trust us with private words."),
    )


def _who_sees(invitation: Invitation, supervisors: list[User], *, now: datetime) -> tuple[str, ...]:
    if invitation.invited_as == InvitedAs.GUARDIAN:
        assert invitation.client is not None
        words = {"child": invitation.client.short_name, "therapist": invitation.invited_by.display_name}
        return (
            _("%(therapist)s reads what you share.") % words,
            _("You do not see what %(child)s answers. That is what makes it safe to be honest.") % words,
        )
    if invitation.invited_as != InvitedAs.CLIENT:
        return ()
    assert invitation.therapist is not None
    words = {
        "therapist": invitation.therapist.display_name,
        "supervisors": ", ".join(one.display_name for one in supervisors),
    }
    lines = [
        _("%(therapist)s reads the answers you share. Each time, you choose before sending.") % words,
        _("You can also keep an answer for yourself."),
    ]
    if supervisors:
        lines.append(
            _("%(therapist)s is guided by %(supervisors)s, who can read what you share as well, to help with the work.")
            % words
        )
    if audience_of(invitation, now=now) != Audience.ADULT:
        lines.append(_("Parents and guardians do not see your answers, and not even whether you gave any."))
    return tuple(lines)
