"""The database itself crashes while people send check-ins: nothing acknowledged is lost or doubled.

And afterwards the files of the database hold no readable words.
"""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from openrapport.analysis.catalogue import get_instrument
from tests.faults.crash_databases import Database, counts, database, recorded
from tests.faults.crash_server import ROOT, Served, prepared
from tests.faults.crash_writers import Ledger, Sending, write_until_done

WRITERS = 16
CRASHES = 2
LONGEST = 120.0  # seconds, on a busy machine; it ends by itself long before on a quiet one
BROKEN_CHAINS = (
    "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'openrapport.config.settings'\n"
    "import django; django.setup()\n"
    "from openrapport.audit.queries import broken_chains\n"
    "print(broken_chains())\n"
)


@pytest.mark.long
def test_what_was_called_saved_survives_a_crash_of_the_database(tmp_path: Path):
    """PostgreSQL is shut down as when the power goes, SQLite dies with the server. On the database of this run."""
    kind = os.environ["OPENRAPPORT_TEST_DATABASE"]
    files = tmp_path / "database" if kind == "postgresql" else tmp_path
    files.mkdir(exist_ok=True)
    with database(kind, files) as one, prepared(tmp_path, one.url, clients=16, sessions=12) as (served, links):
        random.Random(7).shuffle(links)  # noqa: S311
        ledger = Ledger(links, tuple(get_instrument("alliance-adult").total.items))
        crashes = _crash_while_they_write(served, one, ledger)
        key = served.environment["OPENRAPPORT_ENCRYPTION_KEYS"]
        lost, doubled = _lost(ledger, one, key), _doubled(one)
        print(
            f"\n{kind}: {crashes} crashes, {ledger.acknowledged} acknowledged, {len(lost)} lost, {len(doubled)} doubled"
        )
        assert crashes == CRASHES
        assert ledger.acknowledged >= WRITERS
        assert [sending for sending in ledger.sendings if sending.refused] == []
        assert [sending for sending in ledger.sendings if not sending.acknowledged] == []
        assert any(sending.attempts > 1 for sending in ledger.sendings), "no crash met a submission"
        assert (lost, doubled) == ([], [])
        assert _chains_that_broke(served) == "[]"
        served.kill()
        assert b"zx-words-" not in one.bytes_on_disk()


def _crash_while_they_write(served: Served, one: Database, ledger: Ledger) -> int:
    began = time.monotonic()
    served.start()
    writers = [
        threading.Thread(target=write_until_done, args=(ledger, served.port, began + LONGEST), daemon=True)
        for _ in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    chance, crashes = random.Random(20), 0  # noqa: S311
    while crashes < CRASHES:
        time.sleep(chance.uniform(0.5, 1.5))
        if not one.crash():
            served.kill()
            served.start()
        crashes += 1
    time.sleep(1.0)
    ledger.no_more.set()
    for writer in writers:
        writer.join(max(0.0, began + LONGEST - time.monotonic()))
    return crashes


def _lost(ledger: Ledger, one: Database, key: str) -> list[str]:
    """Acknowledged, but not there exactly as it was sent."""
    found = recorded(one, key)
    lost = []
    for sending in ledger.sendings:
        there = found.get(sending.check_in)
        if sending.acknowledged and (
            there is None or (there.key, there.values, there.words) != (sending.key, sending.values, [sending.words])
        ):
            lost.append(sending.check_in)
    assert set(found) <= {sending.check_in for sending in ledger.sendings}, "something is there that nobody sent"
    return lost


def _doubled(one: Database) -> list[str]:
    """Recorded once means: one line in the log, one used link, one score for each scale, nothing beside it."""
    sent = set(counts(one, "SELECT id, 1 FROM checkins_checkin WHERE submitted_at IS NOT NULL"))
    lines = counts(
        one, "SELECT object_id, count(*) FROM audit_auditline WHERE deed = 'complete_check_in' GROUP BY object_id"
    )
    used = counts(
        one, "SELECT check_in_id, count(*) FROM checkins_checkinpass WHERE used_at IS NOT NULL GROUP BY check_in_id"
    )
    scores = counts(one, "SELECT check_in_id, count(*) FROM checkins_score GROUP BY check_in_id")
    usual = max(scores.values(), default=0)
    wrong = [pk for pk in sent if (lines.get(pk), used.get(pk), scores.get(pk)) != (1, 1, usual)]
    return wrong + sorted((set(lines) | set(used) | set(scores)) - sent)


def _chains_that_broke(served: Served) -> str:
    asked = subprocess.run(
        [sys.executable, "-c", BROKEN_CHAINS], cwd=ROOT, env=served.environment, capture_output=True, check=True
    )
    return asked.stdout.decode().strip()


class _Remembered:
    """A database of which only the answers to the queries are known."""

    url = ""

    def __init__(self, answers: dict[str, list[tuple[object, ...]]]) -> None:
        self.answers = answers

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return next((rows for words, rows in self.answers.items() if words in query), [])

    def crash(self) -> bool:
        return False

    def bytes_on_disk(self) -> bytes:
        return b""


def test_the_ledger_notices_what_is_missing_other_or_twice():
    key = Fernet.generate_key().decode()
    pk, submission = str(uuid4()), str(uuid4())
    words = Fernet(key).encrypt(b"said").decode()
    there = {
        "FROM checkins_answer": [(pk, "trust", 7, None), (pk, "one_thing", None, words)],
        "submission_key FROM": [(pk, submission)],
        "SELECT id, 1": [(pk, 1)],
        "audit_auditline": [(pk, 1)],
        "checkins_checkinpass": [(pk, 1)],
        "checkins_score": [(pk, 2)],
    }
    sent = Sending(pk, "secret", submission, {"trust": 7}, "said", acknowledged=True)
    other = Sending(pk, "secret", submission, {"trust": 8}, "said", acknowledged=True)
    missing = Sending(str(uuid4()), "secret", str(uuid4()), {}, "", acknowledged=True)
    assert _lost(Ledger([], (), [sent]), _Remembered(there), key) == []
    assert _lost(Ledger([], (), [other]), _Remembered(there), key) == [pk]
    assert _lost(Ledger([], (), [sent, missing]), _Remembered(there), key) == [missing.check_in]
    assert _doubled(_Remembered(there)) == []
    assert _doubled(_Remembered(there | {"audit_auditline": [(pk, 2)]})) == [pk]
    assert _doubled(_Remembered(there | {"checkins_score": [(pk, 2), (missing.check_in, 2)]})) == [missing.check_in]
