"""Mail of an earlier start of the demo: its links lead to the port of this start."""

import re
from pathlib import Path

LINK = re.compile(rb"http://localhost:\d{1,5}/")


def readdress_old_mail(outbox: Path, *, port: int) -> int:
    """How many letters in the demo's own folder were changed."""
    changed = 0
    for letter in sorted(outbox.glob("*.log")):
        before = letter.read_bytes()
        after = LINK.sub(f"http://localhost:{port}/".encode(), before)
        if after != before:
            letter.write_bytes(after)
            changed += 1
    return changed


def readdress_waiting_mail(*, port: int) -> None:
    from openrapport.notices.models import Notice

    for notice in Notice.objects.filter(sent_at=None, cancelled_at=None, expires_at=None):
        payload = LINK.sub(f"http://localhost:{port}/".encode(), notice.payload.encode()).decode()
        if payload != notice.payload:
            notice.payload = payload
            notice.save(update_fields=["payload"])
