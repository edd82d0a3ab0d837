"""Whose eyes one may borrow in the demonstration. The addresses are those under which the demo makes these people."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

DOMAIN = "demo.example"


@dataclass(frozen=True)
class DemoRole:
    slug: str
    email: str
    label: str | Promise
    hint: str | Promise
    icon: str


def address(name: str) -> str:
    return f"{name}@{DOMAIN}"


ROLES = (
    DemoRole("client", address("sam"), _("A client"), _("Sam has a check-in waiting, on a phone-sized page."), "leaf"),
    DemoRole(
        "spanish-client",
        address("diego"),
        _("A client who reads Spanish"),
        _("The same pages in Spanish."),
        "languages",
    ),
    DemoRole("teen", address("ben"), _("A teen"), _("Ben decides what his parents see."), "sprout"),
    DemoRole("guardian", address("gwen"), _("A parent"), _("Gwen is the mother of Kit, who is seven."), "hand-heart"),
    DemoRole(
        "therapist", address("maya"), _("A therapist"), _("Maya sees who needs her first, and why."), "message-circle"
    ),
    DemoRole(
        "second-therapist",
        address("priya"),
        _("Another therapist"),
        _("Priya's own view is rosier than that of her clients."),
        "users",
    ),
    DemoRole(
        "supervisor", address("solveig"), _("A supervisor"), _("Solveig accompanies the three therapists."), "eye"
    ),
    DemoRole("administrator", address("ada"), _("An administrator"), _("Ada runs the practice."), "settings"),
)
BY_SLUG = {role.slug: role for role in ROLES}
