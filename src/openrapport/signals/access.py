"""Who may read a signal, and who may do something about it."""

from openrapport.relationships.grants import READ, READ_WRITE, Grant, ObjectRules, Tie

SIGNAL = ObjectRules(
    relationship="relationship",
    grants=(
        Grant(Tie.THERAPIST, READ_WRITE),
        Grant(Tie.FORMER_THERAPIST, READ, before_end="raised_at"),
        Grant(Tie.SUPERVISOR, READ),
    ),
)
SIGNAL_EVENT = ObjectRules(follows="signal")
