"""Everybody who may try to look, and how each stands to each relationship: written by hand, apart from the policy.

Willow Street is the practice that is looked at, Harbour House the one next door. Each name and address is a canary:
invented letters that occur nowhere else, so that a page, a mail or a log that holds one shows whose it is.
"""

from datetime import date, timedelta

from openrapport.people.actions import create_user
from openrapport.people.models import User
from openrapport.practices.models import Membership, Practice, Role, Supervision
from openrapport.relationships.models import Audience, Guardianship, State
from tests.cast import NOON

LONG_AGO = NOON - timedelta(days=400)
LATELY = NOON - timedelta(days=10)

# person: (what they are, born)
ADULT, TEEN, CHILD = date(1988, 3, 1), date(2010, 3, 1), date(2018, 3, 1)
CLIENTS = {
    **dict.fromkeys(("sam", "lena", "yan", "amy", "bob", "cat", "eve", "fay", "gus", "hal", "ida", "jon"), ADULT),
    **dict.fromkeys(("ben", "dan"), TEEN),
    "mia": date(2008, 3, 2),  # 18 today
    "kit": CHILD,
}
STAFF = (
    "ada",  # administers Willow Street
    "maya",  # therapist of most clients here
    "tom",  # another therapist of the practice; Eve went on with him after Maya
    "sol",  # supervises Maya
    "uma",  # supervises Tom
    "vera",  # a supervisor who does not accompany Maya any more
    "ines",  # accompanied Maya as supervisor; that role ended, she is a therapist now
    "omar",  # supervises in both practices, and Maya only on the books of the other one
    "paul",  # supervises Maya and administers; Kit is his child
    "nils",  # began to supervise Maya after her clients were told of her supervisors
    "cleo",  # supervises Maya, and is Maya's client herself
    "ezra",  # administered Willow Street once; administers Harbour House now
    "rolf",  # his role as a therapist at Willow Street has ended; he works next door
    "dora",  # her account was closed while she had a client and supervised Maya
    "zoe",  # does everything at Harbour House; Yan's therapist
    "hana",  # a therapist at Harbour House
)
GUARDIANS = (
    "gita",  # Ben's
    "hugo",  # Ben's other one
    "gwen",  # Kit's
    "greta",  # was Kit's, until lately; is Ben's
    "otto",  # Ben's, but now only on the books of the other practice
    "ruth",  # Dan's, whose therapy has ended
    "olaf",  # Mia's, until yesterday
)

WILLOW, HARBOUR = "willow", "harbour"
ROLES: tuple[tuple[str, str, Role, bool], ...] = (  # practice, person, role, does it stand?
    (WILLOW, "ada", Role.ADMIN, True),
    (WILLOW, "maya", Role.THERAPIST, True),
    (WILLOW, "tom", Role.THERAPIST, True),
    (WILLOW, "sol", Role.SUPERVISOR, True),
    (WILLOW, "uma", Role.SUPERVISOR, True),
    (WILLOW, "vera", Role.SUPERVISOR, True),
    (WILLOW, "ines", Role.SUPERVISOR, False),
    (WILLOW, "ines", Role.THERAPIST, True),
    (WILLOW, "omar", Role.SUPERVISOR, True),
    (HARBOUR, "omar", Role.SUPERVISOR, True),
    (WILLOW, "paul", Role.SUPERVISOR, True),
    (WILLOW, "paul", Role.ADMIN, True),
    (WILLOW, "cleo", Role.SUPERVISOR, True),
    (WILLOW, "nils", Role.SUPERVISOR, True),
    (WILLOW, "ezra", Role.ADMIN, False),
    (HARBOUR, "ezra", Role.ADMIN, True),
    (WILLOW, "rolf", Role.THERAPIST, False),
    (HARBOUR, "rolf", Role.THERAPIST, True),
    (WILLOW, "dora", Role.THERAPIST, True),
    (WILLOW, "dora", Role.SUPERVISOR, True),
    (HARBOUR, "zoe", Role.ADMIN, True),
    (HARBOUR, "zoe", Role.THERAPIST, True),
    (HARBOUR, "zoe", Role.SUPERVISOR, True),
    (HARBOUR, "hana", Role.THERAPIST, True),
)
SUPERVISIONS = (  # practice, supervisor, therapist, does it stand?
    (WILLOW, "sol", "maya", True),
    (WILLOW, "uma", "tom", True),
    (WILLOW, "vera", "maya", False),
    (WILLOW, "ines", "maya", True),
    (HARBOUR, "omar", "maya", True),
    (HARBOUR, "omar", "zoe", True),
    (WILLOW, "paul", "maya", True),
    (WILLOW, "cleo", "maya", True),
    (WILLOW, "dora", "maya", True),
    (WILLOW, "nils", "maya", False),  # an earlier time
    (WILLOW, "nils", "maya", True),
    (HARBOUR, "nils", "maya", True),
    (WILLOW, "nils", "tom", True),
    (WILLOW, "zoe", "maya", True),  # but she is a supervisor next door only
)
BEGAN_LATE = ((WILLOW, "nils", "maya", True), (HARBOUR, "omar", "zoe", True))
GUARDIANSHIPS = (  # practice, client, guardian, does it stand?
    (WILLOW, "ben", "gita", True),
    (WILLOW, "ben", "hugo", True),
    (WILLOW, "ben", "greta", True),
    (WILLOW, "ben", "otto", False),
    (HARBOUR, "ben", "otto", True),
    (WILLOW, "kit", "gwen", True),
    (WILLOW, "kit", "paul", True),
    (WILLOW, "kit", "greta", False),
    (WILLOW, "dan", "ruth", True),
    (WILLOW, "mia", "olaf", True),
)

# relationship: (practice, client, therapist, audience, state, was the client told of supervision?)
RELATIONSHIPS: dict[str, tuple[str, str, str, Audience, State, bool]] = {
    "sam with maya": (WILLOW, "sam", "maya", Audience.ADULT, State.ACTIVE, True),
    "ben with maya": (WILLOW, "ben", "maya", Audience.TEEN, State.ACTIVE, False),
    "kit with maya": (WILLOW, "kit", "maya", Audience.CHILD, State.ACTIVE, True),
    "mia with maya": (WILLOW, "mia", "maya", Audience.TEEN, State.ACTIVE, True),
    "amy with maya": (WILLOW, "amy", "maya", Audience.ADULT, State.INVITED, True),
    "bob with maya": (WILLOW, "bob", "maya", Audience.ADULT, State.PAUSED, True),
    "cat with maya": (WILLOW, "cat", "maya", Audience.ADULT, State.ENDING, False),
    "dan with maya": (WILLOW, "dan", "maya", Audience.TEEN, State.ENDED, True),
    "eve with maya": (WILLOW, "eve", "maya", Audience.ADULT, State.CHANGED, True),
    "eve with tom": (WILLOW, "eve", "tom", Audience.ADULT, State.ACTIVE, True),
    "fay with maya": (WILLOW, "fay", "maya", Audience.ADULT, State.RETURNED, True),
    "gus with maya": (WILLOW, "gus", "maya", Audience.ADULT, State.ENDED, True),  # kept long enough
    "hal with rolf": (WILLOW, "hal", "rolf", Audience.ADULT, State.ACTIVE, True),
    "jon with rolf": (WILLOW, "jon", "rolf", Audience.ADULT, State.ENDED, True),
    "ida with dora": (WILLOW, "ida", "dora", Audience.ADULT, State.ACTIVE, True),
    "cleo with maya": (WILLOW, "cleo", "maya", Audience.ADULT, State.ACTIVE, True),
    "lena with tom": (WILLOW, "lena", "tom", Audience.ADULT, State.ACTIVE, True),
    "yan with zoe": (HARBOUR, "yan", "zoe", Audience.ADULT, State.ACTIVE, True),
}

# Who stands how to which relationship. Whoever is not named here is nobody to it.
# "author" and "past author" are said of single check-ins, in `world.py`.
TOMS_SUPERVISORS = {"uma": ("supervisor",), "nils": ("supervisor",)}
LATE = {"nils": ("untold supervisor",)}
MAYAS_SUPERVISORS = {"sol": ("supervisor",), "paul": ("supervisor", "admin"), "cleo": ("supervisor",), **LATE}
NOT_TOLD = {
    "sol": ("untold supervisor",),
    "paul": ("untold supervisor", "admin"),
    "cleo": ("untold supervisor",),
    **LATE,
}
ADMINS = {"ada": ("admin",), "paul": ("admin",)}
STANDINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "sam with maya": {"sam": ("client",), "maya": ("therapist",), **ADMINS, **MAYAS_SUPERVISORS},
    "ben with maya": {
        "ben": ("client",),
        "maya": ("therapist",),
        "gita": ("guardian",),
        "hugo": ("guardian",),
        "greta": ("guardian",),
        **ADMINS,
        **NOT_TOLD,
    },
    "kit with maya": {
        "kit": ("client",),
        "maya": ("therapist",),
        "gwen": ("guardian",),
        "ada": ("admin",),
        "sol": ("supervisor",),
        "cleo": ("supervisor",),
        **LATE,
        "paul": ("guardian",),  # his work for the practice opens nothing about his own child
    },
    "mia with maya": {"mia": ("client",), "maya": ("therapist",), **ADMINS, **MAYAS_SUPERVISORS},
    "amy with maya": {"amy": ("client",), "maya": ("therapist",), **ADMINS, **MAYAS_SUPERVISORS},
    "bob with maya": {"bob": ("client",), "maya": ("therapist",), **ADMINS, **MAYAS_SUPERVISORS},
    "cat with maya": {"cat": ("client",), "maya": ("therapist",), **ADMINS, **NOT_TOLD},
    "dan with maya": {"dan": ("client",), "maya": ("old therapist",), **ADMINS},
    "eve with maya": {"eve": ("client",), "maya": ("old therapist",), **ADMINS},
    "eve with tom": {"eve": ("client",), "tom": ("therapist",), **TOMS_SUPERVISORS, **ADMINS},
    "fay with maya": {"fay": ("client",), "maya": ("therapist",), **ADMINS, **MAYAS_SUPERVISORS},
    "gus with maya": {"gus": ("client",), **ADMINS},
    "hal with rolf": {"hal": ("client",), **ADMINS},
    "jon with rolf": {"jon": ("client",), **ADMINS},
    "ida with dora": {"ida": ("client",), **ADMINS},
    "cleo with maya": {
        "cleo": ("client",),  # and not her own supervisor
        "maya": ("therapist",),
        **ADMINS,
        "sol": ("supervisor",),
        "paul": ("supervisor", "admin"),
        **LATE,
    },
    "lena with tom": {"lena": ("client",), "tom": ("therapist",), **TOMS_SUPERVISORS, **ADMINS},
    "yan with zoe": {
        "yan": ("client",),
        "zoe": ("therapist", "admin"),
        "ezra": ("admin",),
        "omar": ("untold supervisor",),
    },
}
# Their guardianship or the relationship is over, but they had been asked: what they wrote stays theirs to read.
PAST_GUARDIANS = {"greta": "kit with maya", "otto": "ben with maya", "ruth": "dan with maya", "olaf": "mia with maya"}


def canary_of(person: str) -> str:
    return f"zq{person}qz"


def make_people() -> dict[str, User]:
    names = [*CLIENTS, *STAFF, *GUARDIANS]
    people = {
        name: create_user(
            display_name=f"Zf{name}fz Zq{name}qz",
            email=None if name == "kit" else f"zm{name}mz@example.test",
            language="en",
            time_zone="Europe/Madrid",
            birth_date=CLIENTS.get(name),
            now=LONG_AGO,
        )
        for name in names
    }
    User.objects.filter(pk=people["dora"].pk).update(is_active=False, deactivated_at=LATELY)
    people["dora"].refresh_from_db()
    return people


def give_them_their_places(people: dict[str, User], practices: dict[str, Practice]) -> None:
    Membership.objects.bulk_create(
        Membership(
            practice=practices[practice],
            user=people[name],
            role=role,
            since=LONG_AGO,
            until=None if stands else LATELY,
        )
        for practice, name, role, stands in ROLES
    )
    Supervision.objects.bulk_create(
        Supervision(
            practice=practices[practice],
            supervisor=people[supervisor],
            therapist=people[therapist],
            since=NOON - timedelta(days=100) if (practice, supervisor, therapist, stands) in BEGAN_LATE else LONG_AGO,
            until=None if stands else LATELY,
        )
        for practice, supervisor, therapist, stands in SUPERVISIONS
    )
    Guardianship.objects.bulk_create(
        Guardianship(
            practice=practices[practice],
            client=people[client],
            guardian=people[guardian],
            has_legal_custody=True,
            since=LONG_AGO,
            until=None if stands else LATELY,
        )
        for practice, client, guardian, stands in GUARDIANSHIPS
    )
