"""Which moves a signal's state allows. Pure decisions, no Django."""

MOVES: dict[str, frozenset[str]] = {
    "raised": frozenset({"seen", "talked_about", "resolved", "dismissed"}),
    "seen": frozenset({"talked_about", "resolved", "dismissed"}),
    "talked_about": frozenset({"resolved", "dismissed"}),
    "resolved": frozenset({"seen"}),
    "dismissed": frozenset({"seen"}),
}
NEEDS_REASON = frozenset({"resolved", "dismissed", "reopened"})

# Who needs somebody first. A flat line at the top can wait; a person who gets worse cannot.
URGENCY = (
    "getting_worse",
    "rupture",
    "low_start",
    "component_low",
    "different_views",
    "feedback_missing",
    "flat_top",
)


def may_move(*, from_state: str, to_state: str) -> bool:
    return to_state in MOVES[from_state]
