"""Who may read a check-in. What is private or not yet released opens to nobody but its author."""

from openrapport.relationships.grants import READ, READ_WRITE, Grant, ObjectRules, Tie

FROM_CLIENT_OR_GUARDIAN = ("client", "guardian")
SHARED_WITH_THERAPIST = ("now", "next_session")

CHECK_IN = ObjectRules(
    relationship="relationship",
    grants=(
        Grant(None, READ_WRITE, own="respondent"),
        Grant(
            Tie.THERAPIST,
            READ,
            where={"role__in": FROM_CLIENT_OR_GUARDIAN, "disclosure__in": SHARED_WITH_THERAPIST},
            visible_at="visible_from",
        ),
        Grant(
            Tie.FORMER_THERAPIST,
            READ,
            where={"role__in": FROM_CLIENT_OR_GUARDIAN, "disclosure__in": SHARED_WITH_THERAPIST},
            visible_at="visible_from",
            before_end="visible_from",
        ),
        Grant(
            Tie.SUPERVISOR,
            READ,
            where={"disclosure__in": (*SHARED_WITH_THERAPIST, "supervisor_only")},
            visible_at="visible_from",
            client_told=True,
        ),
    ),
)
ANSWER = ObjectRules(follows="check_in")
SCORE = ObjectRules(follows="check_in")
