"""Every address, asked with every method by everybody about everything: who gets it, and what stands in the answer."""

import logging
from collections.abc import Callable, Iterator
from itertools import product
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings

from openrapport.config.logs import DiscreetFormatter
from tests.access.browsing import SIGN_IN, House, bare, expected, judge, open_doors, path_of, patterns
from tests.access.canaries import ANY
from tests.access.extras import add_extras
from tests.access.matrix import Tally
from tests.access.people import STANDINGS
from tests.access.readers import OUTSIDERS
from tests.access.routes import ROUTES, Route
from tests.access.targets import VIEWERS, Target
from tests.access.world import World
from tests.cast import NOON

FEW = ("", "sam", "maya", "dora")
METHODS = ("GET", "POST")
SELDOM = ("HEAD", "PUT", "DELETE", "OPTIONS")


class _Kept(logging.Handler):
    """Log lines as they would be written."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.INFO)
        self.lines = lines
        self.setFormatter(DiscreetFormatter("{message}", style="{"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def house(shared_world: World) -> Iterator[House]:
    with time_machine.travel(NOON, tick=False):
        opened = open_doors(shared_world, add_extras(shared_world), VIEWERS)
        handler = _Kept(opened.log)
        logging.getLogger().addHandler(handler)
        yield opened
        logging.getLogger().removeHandler(handler)


def test_every_address_is_in_the_table():
    there = set(patterns())
    assert not there - set(ROUTES), f"say in tests/access/routes.py who may do what at {sorted(there - set(ROUTES))}"
    assert not set(ROUTES) - there, "tests/access/routes.py names addresses that are gone"


@pytest.mark.parametrize("pattern", ROUTES)
def test_an_address_answers_as_the_table_says(
    house: House, db: None, pattern: str, record_property: Callable[[str, object], None]
):
    route, tally = ROUTES[pattern], Tally()
    absent: dict[str, bytes] = {}
    for number, target in enumerate(_targets(house, route)):
        path = path_of(pattern, route, target)
        for person, method in product(_viewers(target), METHODS):
            _ask(house, route, person, method, path, target, tally)
        if number < 2:
            for person, method in product(FEW, SELDOM):
                _ask(house, route, person, method, path, target, tally)
        if target is not None:
            _compare_with_absence(house, pattern, route, target, absent, tally)
    record_property("access_cells", tally.cells)
    record_property("access_leaks", len(tally.leaks))
    assert tally.faults == []


def _targets(house: House, route: Route) -> list[Target | None]:
    return list(route.about(house.world, house.extras)) if route.about is not None else [None]


def _viewers(target: Target | None) -> list[str]:
    """For a row of a relationship: whoever stands to it, its author, and the outsiders."""
    if target is None or target.thing is None:
        return list(VIEWERS)
    named = {*STANDINGS[target.thing.relationship], target.thing.author, *OUTSIDERS}
    return [person for person in VIEWERS if person in named]


def _ask(house: House, route: Route, person: str, method: str, path: str, target: Target | None, tally: Tally) -> None:
    tally.cells += 1
    data = dict(route.data(target)) if method == "POST" and method in route.methods else None
    response = house.ask(person, method, path, data)
    right = expected(route, person, target, method, house.world)
    label = f"{person or 'anonymous'} {method} {path} ({target.label if target else ''}): {response.status_code}"
    if method == "OPTIONS":
        right |= {200, 302, 405}
    if response.status_code not in right:
        wrong = tally.leaks if 404 in right or 302 in right else tally.locked_out
        wrong.append(f"{label}, and not one of {sorted(right)}")
    elif response.status_code == 302 and person in ("", "dora") and not route.public and method in route.methods:
        assert response.headers["Location"].startswith(SIGN_IN), label
    judge(house, response, person, path, tally)


def _compare_with_absence(
    house: House, pattern: str, route: Route, target: Target, absent: dict[str, bytes], tally: Tally
) -> None:
    """What is there for others looks exactly like what was never there."""
    assert route.there_for is not None
    method = "GET" if "GET" in route.methods else "POST"
    nowhere = Target("nothing", target.obj, {"pk": uuid4()})
    for person in ("sam", "tom", "zoe", "ada"):
        if route.there_for(house.world, person, target):
            continue
        tally.cells += 1
        data = dict(route.data(target)) if method == "POST" else None
        if person not in absent:
            path = path_of(pattern, route, nowhere)
            absent[person] = bare(house.ask(person, method, path, data), path)
        path = path_of(pattern, route, target)
        if bare(house.ask(person, method, path, data), path) != absent[person]:
            tally.leaks.append(f"{person} can tell {path} ({target.label}) from what does not exist")


def test_no_log_line_and_no_file_holds_a_name_or_words(house: House, db: None):
    """After all of the above: what was logged, and what lies in the data folder."""
    assert [line for line in house.log if ANY.search(line)] == []
    texts = [path.read_bytes() for path in settings.DATA.rglob("*") if path.is_file() and "sqlite" not in path.name]
    assert [text for text in texts if ANY.search(text.decode(errors="replace"))] == []
