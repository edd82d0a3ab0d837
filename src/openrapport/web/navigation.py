"""The pages a person has, by what they are to others. One person may be several things at once."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from openrapport.practices.models import Role
from openrapport.web.components.parts import NavItem


@dataclass(frozen=True)
class AccountCorner:
    name: str
    role: str
    links: tuple[NavItem, ...]
    sign_out_url: str


def navigation(request: HttpRequest) -> list[NavItem]:
    viewer = getattr(request, "viewer", None)
    if viewer is None or not viewer.is_somebody:
        return []
    roles = request.roles  # type: ignore[attr-defined]
    wanted: list[tuple[str, str, str]] = []
    if Role.THERAPIST in roles:
        wanted += [("caseload", _("Clients"), "users"), ("signals", _("Signals"), "bell")]
    if Role.SUPERVISOR in roles:
        wanted.append(("supervision", _("Supervision"), "message-circle"))
    if Role.ADMIN in roles:
        wanted.append(("practice_people", _("Practice"), "settings"))
    if not roles:
        wanted += [("client_home", _("Home"), "house"), ("my_answers", _("My answers"), "message-circle")]
    wanted.append(("mfa_index", _("Account"), "lock"))
    return [item for item in (_item(request, *entry) for entry in wanted) if item is not None]


def account_corner(request: HttpRequest) -> AccountCorner | None:
    """Who is signed in and the way out, for the foot of the sidebar."""
    viewer = getattr(request, "viewer", None)
    if viewer is None or not viewer.is_somebody:
        return None
    roles = ", ".join(str(Role(role).label) for role in sorted(request.roles))  # type: ignore[attr-defined]
    return AccountCorner(name=viewer.user.display_name, role=roles, links=(), sign_out_url=reverse("account_logout"))


def _item(request: HttpRequest, name: str, label: str, icon: str) -> NavItem | None:
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None
    return NavItem(url=url, label=label, icon=icon, current=_is_here(request.path, url))


def _is_here(path: str, url: str) -> bool:
    """Under Clients, a client's page is still Clients; the front page's prefix would fit everything, so it is exact."""
    stem = "/clients/" if url == "/caseload/" else url
    return path == url or (stem not in {"/", "/home/"} and path.startswith(stem))
