"""Who may see that a session took place."""

from openrapport.relationships.grants import READ, READ_WRITE, Grant, ObjectRules, Tie

THERAPY_SESSION = ObjectRules(
    relationship="relationship",
    grants=(
        Grant(Tie.CLIENT, READ),
        Grant(Tie.THERAPIST, READ_WRITE),
        Grant(Tie.FORMER_THERAPIST, READ, before_end="starts_at"),
        Grant(Tie.SUPERVISOR, READ),
    ),
)
