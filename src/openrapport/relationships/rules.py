"""Who may see that a relationship exists, and which moves between its states are allowed. Pure decisions."""

from openrapport.relationships.grants import READ, READ_WRITE, STATUS, Grant, ObjectRules, Tie

RELATIONSHIP = ObjectRules(
    relationship="pk",
    grants=(
        Grant(Tie.CLIENT, READ_WRITE),
        Grant(Tie.THERAPIST, READ_WRITE),
        Grant(Tie.FORMER_THERAPIST, READ),
        Grant(Tie.SUPERVISOR, READ),
        Grant(Tie.ADMIN, STATUS),
    ),
)

MOVES: dict[str, frozenset[str]] = {
    "": frozenset({"invited", "active"}),
    "invited": frozenset({"active", "ended"}),
    "active": frozenset({"paused", "ending", "ended", "changed"}),
    "paused": frozenset({"active", "ending", "ended", "changed"}),
    "ending": frozenset({"active", "paused", "ended", "changed"}),
    "ended": frozenset({"returned"}),
    "changed": frozenset({"returned"}),
    "returned": frozenset({"paused", "ending", "ended", "changed"}),
}


def may_move(*, from_state: str, to_state: str) -> bool:
    return to_state in MOVES[from_state]
