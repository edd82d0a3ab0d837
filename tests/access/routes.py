"""Every address, and who gets which answer: the reviewed table. An address that is missing here fails the tests.

To add one: give it a line below, with the methods it answers, whom it is there for, and what it is asked about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from openrapport.practices.models import PracticeRules, Role
from openrapport.relationships.models import Relationship
from openrapport.signals.models import Signal
from openrapport.web.practice.forms import RULE_NAMES
from tests.access import targets
from tests.access.readers import ROLES_HELD, WORKING
from tests.access.targets import Target, Targets, Who, standing_as
from tests.access.world import World
from tests.cast import NOON

Data = Callable[[Target | None], Mapping[str, Any]]
READS = ("GET", "HEAD")
BOTH = ("GET", "HEAD", "POST")
POST = ("POST",)
SEEN = frozenset({200})
LED_ON = frozenset({302})


@dataclass(frozen=True)
class Route:
    """`there_for` says for whom the address exists: everybody else gets 404, whoever is not signed in the sign-in page.

    public       without sign-in
    reads/sends  statuses of an allowed GET and POST
    signed_out   statuses of a POST by somebody who is not signed in
    any_method   one of allauth's pages: about the viewer's own account, and careless about methods
    """

    methods: tuple[str, ...]
    there_for: Who | None = None
    about: Targets | None = None
    public: bool = False
    any_method: bool = False
    reads: frozenset[int] = SEEN
    sends: frozenset[int] = LED_ON
    signed_out: frozenset[int] = LED_ON
    data: Data = field(default=lambda _target: {})
    query: Mapping[str, str] = field(default_factory=dict)
    kwargs: Mapping[str, object] = field(default_factory=dict)


def holding(*roles: Role) -> Who:
    return lambda _world, person, _target: bool(ROLES_HELD.get(person, set()) & set(roles))


def signed_in(_world: World, person: str, _target: Target) -> bool:
    return person not in ("", "dora")


def with_an_address(world: World, person: str, target: Target) -> bool:
    return signed_in(world, person, target) and world.people[person].email is not None


def check_in_answers(_target: Target | None) -> Mapping[str, Any]:
    return {"who_sees": "private", "key": str(uuid4())}


def session_now(_target: Target | None) -> Mapping[str, Any]:
    return {"day": NOON.date().isoformat(), "begin": "10:00", "format": "in_person"}


def pausing(target: Target | None) -> Mapping[str, Any]:
    assert target is not None
    assert isinstance(target.obj, Relationship)
    return {"before": target.obj.state, "to": "pause", "reason": ""}


def moving(target: Target | None) -> Mapping[str, Any]:
    assert target is not None
    assert isinstance(target.obj, Signal)
    return {"state": target.obj.state, "note": "a word"}


def new_rules(_target: Target | None) -> Mapping[str, Any]:
    standard = {name: PracticeRules._meta.get_field(name).default for name in RULE_NAMES}
    return {"version": 1, **standard, "link_valid_hours": 24}


def _own(*methods: str, reads: tuple[int, ...] = (200,), sends: tuple[int, ...] = (302,), **more: Any) -> Route:
    return Route(methods or READS, there_for=signed_in, reads=frozenset(reads), sends=frozenset(sends), **more)


def _public(*methods: str, reads: tuple[int, ...] = (200,), sends: tuple[int, ...] = (302,), **more: Any) -> Route:
    return Route(methods or READS, public=True, reads=frozenset(reads), sends=frozenset(sends), **more)


THERAPIST = standing_as("therapist")


def somebody_new(_target: Target | None) -> Mapping[str, Any]:
    return {
        "name": "New Person",
        "email": "new.person@example.test",
        "language": "en",
        "role": "therapist",
        "birth_date": "1990-01-01",
        "has_legal_custody": "yes",
    }


ALLAUTH_READS = {"any_method": True, "reads": (200, 302)}
ALLAUTH = {**ALLAUTH_READS, "sends": (200, 302)}
READERS_OF_THE_RECORD = standing_as("therapist", "old therapist", "supervisor")
ADMIN = holding(Role.ADMIN)
ONE = {"pk": 1}

ROUTES: dict[str, Route] = {
    # --- without sign-in
    "": _public(*BOTH, "PUT", "DELETE", reads=(302,)),  # leads on, whatever the method
    "help-now": _public(),
    "offline": _public(),
    "health/live": _public(),
    "health/ready": _public(),
    "sw.js": _public(),
    "manifest.webmanifest": _public(),
    "theme": _public(*POST),
    "i18n/setlang/": _public("POST", "GET", "HEAD", "PUT", "DELETE", reads=(302,)),  # without POST it changes nothing
    "account/sign-in/": _public(*BOTH, **ALLAUTH),
    "account/sign-in/again/": _public(*BOTH, "PUT", "DELETE", reads=(302,)),
    "account/sign-in/code/": _public(*BOTH, **ALLAUTH),
    "account/sign-in/passkey/": _public(*BOTH, **ALLAUTH),
    "account/sign-in/second/": _public(*BOTH, **ALLAUTH),
    "account/sign-out/": _public(*BOTH, **ALLAUTH),
    "account/closed/": _public(),
    # --- opened by a secret: asked in test_secrets.py, here without one
    "c/thanks/": _public(reads=(404,)),
    "c/<str:secret>/": _public(*BOTH, reads=(404,), sends=(404,), kwargs={"secret": "not-a-secret"}),
    "invitation/<str:token>/": _public(*BOTH, reads=(404,), sends=(404,), kwargs={"token": "not-a-token"}),
    "kiosk/": _public(*BOTH, sends=(422,)),
    "kiosk/check-in/": _public(*BOTH, reads=(302,), sends=(410,)),
    "kiosk/thanks/": _public(reads=(302,)),
    # --- one's own account
    "account/": _own(**ALLAUTH_READS),
    "account/profile/": _own(*BOTH, sends=(422,)),
    # Members of a practice show their second factor again first; a child without an address has none to change.
    "account/e-mail/": Route(BOTH, with_an_address, reads=frozenset({200, 302}), sends=frozenset({302, 422})),
    "account/e-mail/code/": Route(BOTH, with_an_address, reads=LED_ON),
    "account/set-up/": _own(reads=(200, 302)),
    "account/go-on/": _own(reads=(302,)),
    # Staff show their second factor again before one is shown or changed; others may have none to show.
    "account/confirm/": _own(*BOTH, any_method=True, reads=(200, 302, 404), sends=(200, 302, 404)),
    "account/confirm/passkey/": _own(*BOTH, any_method=True, reads=(200, 302, 404), sends=(200, 302, 404)),
    "account/passkeys/": _own(**ALLAUTH_READS),
    "account/passkeys/add/": _own(*BOTH, **ALLAUTH),
    "account/passkeys/<int:pk>/rename/": _own(*BOTH, any_method=True, reads=(302, 404), sends=(302, 404), kwargs=ONE),
    "account/passkeys/<int:pk>/remove/": _own(*BOTH, any_method=True, reads=(302, 404), sends=(302, 404), kwargs=ONE),
    "account/app-codes/begin/": _own(*BOTH, **ALLAUTH),
    "account/app-codes/end/": _own(*BOTH, any_method=True, reads=(200, 302, 404), sends=(200, 302, 404)),
    "account/recovery-codes/": _own(any_method=True, reads=(200, 302, 404)),
    "account/recovery-codes/new/": _own(*BOTH, any_method=True, reads=(200, 302, 404), sends=(200, 302, 404)),
    "account/recovery-codes/file/": _own(any_method=True, reads=(200, 302, 404)),
    "account/devices/": _own(*BOTH, **ALLAUTH),
    "account/devices/<int:pk>/end/": _own(*POST, sends=(404,), kwargs={"pk": 0}),
    # --- clients and guardians
    "home/": _own(),
    "home/answers/": _own(),
    "home/answers/<uuid:pk>/": Route(READS, targets.is_author_of_sent_answers, targets.check_ins),
    "check-in/<uuid:pk>/": Route(
        BOTH,
        targets.may_open_check_in,
        targets.check_ins,
        sends=frozenset({302, 409}),
        signed_out=frozenset({401}),  # with what was sent, and whether or not there is such a check-in
        data=check_in_answers,
    ),
    "check-in/<uuid:pk>/thanks/": Route(READS, targets.is_author, targets.check_ins, reads=frozenset({200, 302})),
    "check-in/<uuid:pk>/token/": Route(READS, targets.is_author, targets.check_ins),
    "drawings/<uuid:pk>/": Route(READS, targets.allowed_to("read"), targets.drawings),
    # --- therapists
    "caseload/": Route(READS, holding(Role.THERAPIST)),
    "signals/": Route(READS, holding(Role.THERAPIST)),
    "signals/<uuid:pk>/": Route(READS, targets.allowed_to("read"), targets.signals),
    "signals/<uuid:pk>/<slug:deed>/": Route(
        POST, targets.allowed_to("write"), targets.signals, data=moving, kwargs={"deed": "talked-about"}
    ),
    "clients/<uuid:pk>/": Route(READS, READERS_OF_THE_RECORD, targets.relationships),
    "clients/<uuid:pk>/sessions/": Route(
        BOTH, standing_as("therapist", states=WORKING), targets.relationships, data=session_now
    ),
    "clients/<uuid:pk>/kiosk-code/": Route(
        POST, standing_as("therapist", states=WORKING), targets.relationships, sends=SEEN
    ),
    "clients/<uuid:pk>/supervision-told/": Route(POST, targets.may_be_told_of_supervision, targets.relationships),
    "clients/<uuid:pk>/state/": Route(
        BOTH, THERAPIST, targets.relationships, sends=frozenset({302, 409}), data=pausing, query={"to": "pause"}
    ),
    "clients/<uuid:pk>/guardians/invite/": Route(
        BOTH, standing_as("therapist", minors=True), targets.relationships, data=somebody_new
    ),
    "practice/clients/invite/": Route(BOTH, holding(Role.THERAPIST), data=somebody_new),
    # --- supervisors
    "supervision/": Route(READS, holding(Role.SUPERVISOR)),
    # --- administrators
    "practice/people/": Route(READS, ADMIN),
    "practice/people/<uuid:pk>/": Route(READS, targets.administers, targets.members),
    "practice/people/<uuid:pk>/roles/": Route(
        POST, targets.administers, targets.members, data=lambda _target: {"role": "supervisor"}
    ),
    "practice/people/<uuid:pk>/supervisors/": Route(POST, targets.administers, targets.members),
    "practice/people/<uuid:pk>/close/": Route(BOTH, targets.administers, targets.members, reads=frozenset({200, 302})),
    "practice/people/<uuid:pk>/open/": Route(POST, targets.administers, targets.members),
    "practice/roles/<uuid:pk>/end/": Route(POST, targets.administers, targets.memberships),
    "practice/supervisions/<uuid:pk>/end/": Route(POST, targets.administers, targets.supervisions),
    "practice/invitations/": Route(READS, holding(Role.ADMIN, Role.THERAPIST)),
    "practice/invitations/new/": Route(BOTH, ADMIN, data=somebody_new),
    "practice/invitations/<uuid:pk>/again/": Route(POST, targets.reads_invitation, targets.invitations),
    "practice/invitations/<uuid:pk>/take-back/": Route(POST, targets.reads_invitation, targets.invitations),
    "practice/settings/": Route(BOTH, ADMIN, data=new_rules),
}
