"""The invented practice: who works there, who comes, and what course each of them takes. Nobody here exists."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from openrapport.analysis.simulate import Shape

PRACTICE, COUNTRY, TIME_ZONE = "Marigold Lane", "US", "America/New_York"

MAYA, TOMAS, PRIYA = "maya", "tomas", "priya"
STAFF: dict[str, str] = {
    "ada": "Ada Brooks",
    "solveig": "Solveig Hart",
    MAYA: "Maya Castellanos",
    TOMAS: "Tomas Okafor",
    PRIYA: "Priya Raman",
}
ADMINISTRATOR, SUPERVISOR = "ada", "solveig"
THERAPISTS = (MAYA, TOMAS, PRIYA)
# How much higher than the client a therapist usually rates the same session, in points of 0 to 10.
ROSIER = {MAYA: -0.3, TOMAS: 0.2, PRIYA: 2.9}

Audience = Literal["adult", "teen", "child"]


@dataclass(frozen=True)
class Invented:
    """One client. `name` becomes the address; `low_component` stays low; `wellbeing` takes its own course."""

    name: str
    full_name: str
    therapist: str
    shape: Shape
    sessions: int
    wellbeing: Shape = "steady_growth"
    audience: Audience = "adult"
    language: str = "en"
    born: date = date(1988, 3, 14)
    guardians: tuple[tuple[str, str], ...] = ()
    told_of_supervision: bool = True
    low_component: str = ""
    withdraws_after: int | None = None  # from that session on nothing is shared any more
    drops_at: int | None = None  # the position at which a steady course falls
    answers_late: bool = False  # the newest answer came only yesterday: its signal is new
    shift: float = 0.0  # moves the whole course up or down, in points


CLIENTS = (
    Invented("sam", "Sam Rivera", MAYA, "steady", 12, drops_at=10, answers_late=True, born=date(1991, 7, 2)),
    Invented("nora", "Nora Feld", MAYA, "steady_growth", 14, born=date(1979, 11, 23)),
    Invented("diego", "Diego Fuentes", MAYA, "rupture_repaired", 16, language="es", born=date(1984, 1, 30)),
    Invented("iris", "Iris Moreau", MAYA, "always_perfect", 9, wellbeing="steady", born=date(1966, 5, 9)),
    Invented(
        "ben",
        "Ben Haddad",
        MAYA,
        "rupture_repaired",
        11,
        audience="teen",
        born=date(2010, 2, 17),
        guardians=(("gita", "Gita Haddad"), ("hugo", "Hugo Haddad")),
    ),
    Invented(
        "kit",
        "Kit Lindgren",
        MAYA,
        "steady_growth",
        8,
        audience="child",
        born=date(2019, 4, 5),
        guardians=(("gwen", "Gwen Lindgren"),),
    ),
    Invented("lucia", "Lucía Paredes", MAYA, "low_start_rising", 10, language="es", born=date(1995, 9, 12)),
    Invented("owen", "Owen Tate", MAYA, "drift_away", 13, wellbeing="drift_away", born=date(1973, 6, 28)),
    Invented("june", "June Abara", MAYA, "steady", 8, withdraws_after=4, born=date(1999, 12, 1)),
    Invented("lena", "Lena Fischer", TOMAS, "steady", 20, born=date(1982, 8, 19)),
    Invented("theo", "Theo Marsh", TOMAS, "low_start_rising", 7, told_of_supervision=False, born=date(1990, 10, 3)),
    Invented("ruth", "Ruth Adeyemi", TOMAS, "steady_growth", 18, born=date(1958, 2, 11)),
    Invented("marco", "Marco Conti", TOMAS, "drift_away", 9, wellbeing="steady", born=date(1986, 4, 22)),
    Invented("amina", "Amina Yusuf", TOMAS, "rupture_repaired", 13, born=date(1993, 1, 8)),
    Invented("felix", "Felix Brandt", TOMAS, "steady", 5, low_component="shared_goals", born=date(2001, 5, 15)),
    Invented("carmen", "Carmen Ibáñez", TOMAS, "steady_growth", 11, language="es", born=date(1970, 7, 26)),
    Invented("mila", "Mila Novak", TOMAS, "steady_growth", 9, audience="teen", born=date(2009, 12, 20)),
    Invented("jonah", "Jonah Weiss", PRIYA, "steady", 10, shift=-1.6, born=date(1977, 3, 3)),
    Invented("sofia", "Sofía Reyes", PRIYA, "drift_away", 12, language="es", shift=-0.6, born=date(1989, 9, 30)),
    Invented("peter", "Peter Vance", PRIYA, "steady", 6, told_of_supervision=False, born=date(1964, 11, 17)),
    Invented("elif", "Elif Demir", PRIYA, "rupture_unrepaired", 9, born=date(1996, 6, 6)),
    Invented("hannah", "Hannah Cole", PRIYA, "low_start_rising", 4, born=date(1985, 2, 25)),
    Invented("noel", "Noel Baptiste", PRIYA, "always_perfect", 6, born=date(1972, 10, 14)),
    Invented("ravi", "Ravi Menon", PRIYA, "steady_growth", 15, wellbeing="low_start_rising", born=date(1981, 12, 9)),
)
