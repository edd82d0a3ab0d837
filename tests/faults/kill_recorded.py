"""In a process of its own: what the database holds after the kills, as one JSON object.

`python -m tests.faults.kill_recorded FOLDER`. Counts are taken from the rows, not from what constraints promise.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from openrapport.commands.configuration import load_environment, start_django


def main(folder: Path) -> None:
    load_environment(folder)
    start_django()
    from openrapport.audit.queries import broken_chains
    from openrapport.signals.models import OPEN, Signal, SignalDeed, SignalEvent

    open_signals = Counter(Signal.objects.filter(state__in=OPEN).values_list("relationship_id", "kind"))
    raised = Counter(SignalEvent.objects.filter(deed=SignalDeed.RAISED).values_list("signal_id", flat=True))
    found = {
        "check_ins": _check_ins(),
        "broken_chains": broken_chains(),
        "open_signals": sum(open_signals.values()),
        "most_open_of_a_kind": max(open_signals.values(), default=0),
        "signals": Signal.objects.count(),
        "signals_raised_once": sum(1 for times in raised.values() if times == 1),
    }
    print(json.dumps(found))


def _check_ins() -> dict[str, dict[str, object]]:
    from openrapport.audit.models import AuditLine
    from openrapport.checkins.models import CheckIn, RespondentRole

    lines = Counter(AuditLine.objects.filter(deed="complete_check_in").values_list("object_id", flat=True))
    asked = CheckIn.objects.filter(role=RespondentRole.CLIENT).prefetch_related("answers", "scores", "passes")
    return {
        str(one.pk): {
            "key": str(one.submission_key) if one.is_submitted else None,
            "who_sees": one.disclosure,
            "via": one.via,
            "answers": [[a.instrument, a.item, a.value, a.words] for a in one.answers.all()],
            "scores": [[s.instrument, s.scale, s.value, s.not_scorable, s.answered] for s in one.scores.all()],
            "lines_in_the_log": lines[one.pk],
            "links_used": sum(1 for link in one.passes.all() if link.used_at is not None),
        }
        for one in asked
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
