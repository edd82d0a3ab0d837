"""The demo's folder: it carries a mark, and nothing without that mark is ever deleted."""

import hashlib
import json
import shutil
from enum import StrEnum
from pathlib import Path

from openrapport import __version__
from openrapport.commands import CommandError

MARK = "openrapport-demo.json"
PACKAGE = Path(__file__).resolve().parents[2]


class Found(StrEnum):
    NOTHING = "nothing"
    READY = "ready"
    HALF_BUILT = "half built"
    OF_ANOTHER_VERSION = "of another version"


def look_at(folder: Path) -> Found:
    """Raises CommandError when something else lives in the folder."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return Found.NOTHING
    mark = folder / MARK
    if not mark.is_file():
        raise CommandError(f"{folder} exists and is not a demo: nothing is touched there. Choose another with --data.")
    try:
        found = json.loads(mark.read_text(encoding="utf-8"))
        if not found["ready"]:
            return Found.HALF_BUILT
        return Found.READY if found["made_by"] == _made_by() else Found.OF_ANOTHER_VERSION
    except (ValueError, KeyError, TypeError):
        return Found.HALF_BUILT


def begin_anew(folder: Path) -> None:
    """Delete a demo. Calls `look_at` first, so that only a demo is ever deleted."""
    if look_at(folder) is not Found.NOTHING:
        shutil.rmtree(folder)


def mark_begun(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, ready=False)


def mark_ready(folder: Path) -> None:
    _write(folder, ready=True)


def _write(folder: Path, *, ready: bool) -> None:
    (folder / MARK).write_text(json.dumps({"ready": ready, "made_by": _made_by()}) + "\n", encoding="utf-8")


def _made_by() -> str:
    """The version, and a fingerprint of the tables: a demo is rebuilt rather than migrated."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.glob("*/migrations/0*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return f"{__version__} {digest.hexdigest()[:16]}"
