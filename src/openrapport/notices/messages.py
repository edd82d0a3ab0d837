"""What each kind of mail says. Discreet: a subject or sender on a locked screen tells nothing about therapy.

Nobody is named: not the client, not the therapist. What is meant stands behind the link.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

Text = str | Promise


class UnknownKind(Exception):
    """A notice of a kind that nobody has written words for, or without what its words need."""


@dataclass(frozen=True)
class Message:
    """Subject and paragraphs; `needs` are the names the payload must bring. `forget`: once sent, it is gone."""

    subject: Text
    paragraphs: tuple[Text, ...]
    needs: frozenset[str]
    forget: bool = False


@dataclass(frozen=True)
class Written:
    subject: str
    body: str


_ONE_USE = _("The link works once and for a limited time. If it has run out, sign in to find the form there.")
_NOT_WATCHED = _("Nobody reads answers to this e-mail address.")
_WAS_IT_YOU = _(
    "Was it you? Then there is nothing to do. If it was not, look at your account, and tell whoever invited you:"
)

MESSAGES: dict[str, Message] = {
    "check_in_ready": Message(
        subject=_("A short form is ready for you"),
        paragraphs=(
            _("It takes about a minute, and you can skip any question:"),
            "{link}",
            _ONE_USE,
        ),
        needs=frozenset({"link"}),
    ),
    "invitation": Message(
        subject=_("You have an invitation"),
        paragraphs=(
            _("{practice} invites you to OpenRapport. Open this link to see what it is about and to say yes or no:"),
            "{link}",
            _("If you did not expect this, you can leave it: nothing happens without you."),
        ),
        needs=frozenset({"link", "practice"}),
    ),
    "signal_raised": Message(
        subject=_("Something new is waiting for you"),
        paragraphs=(_("There is something new to look at. After sign-in you find it here:"), "{link}"),
        needs=frozenset({"link"}),
    ),
    "signal_escalated": Message(
        subject=_("Something has been waiting for a while"),
        paragraphs=(_("Nobody has looked at this yet. After sign-in you find it here:"), "{link}"),
        needs=frozenset({"link"}),
    ),
    "sign_in_code": Message(
        subject=_("Your sign-in code"),
        paragraphs=(
            _("Your code:"),
            "{code}",
            _("It works once, for ten minutes. Type it on the page where you asked for it."),
            _(
                "You did not ask for a code? Then somebody may have mistyped an address. You need not do anything; "
                "nobody can sign in without the code."
            ),
        ),
        needs=frozenset({"code"}),
        forget=True,
    ),
    "address_code": Message(
        subject=_("Your code for the new address"),
        paragraphs=(
            _("Your code:"),
            "{code}",
            _("It works once, for ten minutes. Type it on the page where you asked for it."),
            _("You did not ask for a code? Then somebody may have mistyped an address. You need not do anything."),
        ),
        needs=frozenset({"code"}),
        forget=True,
    ),
    "address_changed": Message(
        subject=_("Your e-mail address was changed"),
        paragraphs=(
            _("Codes for your account go to another address from now on. Every other device was signed out."),
            _("Was it you? Then there is nothing to do. If it was not, tell whoever invited you at once."),
        ),
        needs=frozenset(),
    ),
    "sign_in_way_added": Message(
        subject=_("A way to sign in was added"),
        paragraphs=(_("Your account has a new passkey, or an app for codes."), _WAS_IT_YOU, "{link}"),
        needs=frozenset({"link"}),
    ),
    "sign_in_way_removed": Message(
        subject=_("A way to sign in was removed"),
        paragraphs=(_("A passkey, or the app for codes, was removed from your account."), _WAS_IT_YOU, "{link}"),
        needs=frozenset({"link"}),
    ),
    "recovery_codes_renewed": Message(
        subject=_("You have new recovery codes"),
        paragraphs=(
            _("New recovery codes were made for your account. The older ones do not work any more."),
            _WAS_IT_YOU,
            "{link}",
        ),
        needs=frozenset({"link"}),
    ),
    "second_factor_reset": Message(
        subject=_("Your ways to sign in were reset"),
        paragraphs=(
            _(
                "Whoever runs the server removed the passkeys, app codes and recovery codes of your account, and "
                "signed you out everywhere. Until you set up new ones, a code by mail is enough to sign in."
            ),
            _WAS_IT_YOU,
            "{link}",
        ),
        needs=frozenset({"link"}),
    ),
}


def require_known(kind: str, payload: Mapping[str, str]) -> None:
    """A mistake in a notice must surface where it is queued, not at night in the worker."""
    if kind not in MESSAGES:
        raise UnknownKind(f"No message is written for {kind!r}; see notices/messages.py.")
    missing = MESSAGES[kind].needs - payload.keys()
    if missing:
        raise UnknownKind(f"A {kind!r} notice needs {', '.join(sorted(missing))}.")


def write(kind: str, payload: Mapping[str, str], *, language: str) -> Written:
    require_known(kind, payload)
    message = MESSAGES[kind]
    with override(language):
        paragraphs = [_filled(str(paragraph), payload) for paragraph in (*message.paragraphs, _NOT_WATCHED)]
        return Written(subject=str(message.subject), body="\n\n".join(paragraphs) + "\n")


def _filled(paragraph: str, payload: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: payload.get(found[1], found[0]), paragraph)
