"""Who may read a check-in. What is private or not yet released opens to nobody but its author."""

from openrapport.relationships.grants import READ, WRITE, Grant, ObjectRules, Tie

FROM_CLIENT_OR_GUARDIAN = ("client", "guardian")
SHARED_WITH_THERAPIST = ("now", "next_session")
UNSENT = {"submitted_at": None}

CHECK_IN = ObjectRules(
    relationship="relationship",
    grants=(
        # What somebody wrote stays theirs to read. Answering takes that they still are who was asked: a guardian whose
        # guardianship ended, or a therapist whose role did, answers no more.
        Grant(None, READ, own="respondent"),
        Grant(Tie.CLIENT, WRITE, own="respondent", where=UNSENT),
        Grant(Tie.GUARDIAN, WRITE, own="respondent", where=UNSENT),
        Grant(Tie.THERAPIST, WRITE, own="respondent", where=UNSENT),
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
        ),
    ),
)
ANSWER = ObjectRules(follows="check_in")
DRAWING = ObjectRules(follows="check_in")
SCORE = ObjectRules(follows="check_in")
