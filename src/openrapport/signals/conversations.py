"""For each kind of signal: why it matters, words to open with, and what to listen for. Every number leads to a talk.

Our own words. Statements about evidence carry their citation and are no stronger than it.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Conversation:
    """`title` says it to the therapist, `to_supervise` to whoever accompanies the therapist's work.

    `say` are openings to choose from and to make one's own; `citation` is empty where we cite nothing.
    """

    title: Text
    to_supervise: Text
    why: Text
    say: tuple[Text, ...]
    listen_for: Text
    citation: Text


_REPAIR_EVIDENCE = _(
    "Repairing ruptures goes with better outcome: r = .29 [.10, .47], 11 studies (Eubanks, Muran & Safran 2018)."
)
_ALLIANCE_EVIDENCE = _(
    "Alliance and outcome correlate at r = .28 [.26, .30] in adults, 295 studies (Flückiger et al. 2018), "
    "and at r = .19 [.13, .25] in youth, 28 studies (Karver et al. 2018)."
)
_FEEDBACK_EVIDENCE = _(
    "Feedback to therapists has a small effect on outcome, d = .15 [.10, .20], 58 studies (de Jong et al. 2021)."
)

CONVERSATIONS: dict[str, Conversation] = {
    "rupture": Conversation(
        title=_("Ask what happened between you"),
        to_supervise=_("Help the therapist ask what happened"),
        why=_(
            "The score fell below what this person usually says. Something may have gone wrong between you, "
            "or it was a hard day. Only asking will tell."
        ),
        say=(
            _("“Your check-in was lower than usual. I would like to understand it. What was different for you?”"),
            _("“Did something I said or did last time not sit right? You can tell me, even if it is small.”"),
            _("“I may have missed something that mattered. Can we go back to it together?”"),
        ),
        listen_for=_(
            "Pulling back (short answers, changing the subject, quick agreement) as well as open annoyance. "
            "Say what was right in their view before you explain yours."
        ),
        citation=_REPAIR_EVIDENCE,
    ),
    "component_low": Conversation(
        title=_("Talk about that one part"),
        to_supervise=_("Look at that one part with the therapist"),
        why=_("One part of working together was low twice in a row, even if the whole looks fine."),
        say=(
            _("“There is one part of our work you have put low for a while. What would make it a point better?”"),
            _("“If I did one thing differently next time, what should it be?”"),
        ),
        listen_for=_("A concrete moment or habit. Agree on one change, and ask again after the next session."),
        citation=_ALLIANCE_EVIDENCE,
    ),
    "low_start": Conversation(
        title=_("Check whether this is the right start"),
        to_supervise=_("Think through with the therapist how this began"),
        why=_(
            "The first sessions are when trust is built. A low start often rises when it is talked about; "
            "it can also mean that something does not fit."
        ),
        say=(
            _("“We are just getting to know each other. What would help you feel more at ease here?”"),
            _("“Is there something about how I work that does not suit you? We can change it, or look further.”"),
        ),
        listen_for=_(
            "Earlier bad experiences, fear of being judged, not having chosen to come, or hopes nobody has asked about."
        ),
        citation=_ALLIANCE_EVIDENCE,
    ),
    "different_views": Conversation(
        title=_("Compare how you each saw it"),
        to_supervise=_("Ask the therapist what may explain the two views"),
        why=_("You and your client see your work together differently, and it has been so twice running."),
        say=(
            _("“I left our last session with one feeling; I am curious what it was like for you.”"),
            _("“Where do you think I see things differently from you?”"),
        ),
        listen_for=_("Their view first. A difference is not a mistake on either side; not knowing about it can be."),
        citation=_ALLIANCE_EVIDENCE,
    ),
    "flat_top": Conversation(
        title=_("Make room for less than perfect"),
        to_supervise=_("Help the therapist make room for criticism"),
        why=_(
            "Every answer has been the highest. It may be true. It may also be politeness, haste, or worry about "
            "your feelings. Scores at the ceiling are common and say little (Meier 2022)."
        ),
        say=(
            _("“Full marks are kind. I would also like to hear the small thing that could be better.”"),
            _("“What would a nine look like, instead of a ten?”"),
        ),
        listen_for=_("Relief when criticism is welcome. Thank them for anything at all, and act on it."),
        citation=_(
            "Scores did not rise because the therapist was present (Reese et al. 2013, N = 102): "
            "do not assume they are false."
        ),
    ),
    "feedback_missing": Conversation(
        title=_("Ask how they would like to be asked"),
        to_supervise=_("Ask the therapist what may keep the client from sharing"),
        why=_(
            "Nothing has been shared with you about the last sessions. They may be keeping answers to themselves, "
            "which is their right, or the check-in may be a burden."
        ),
        say=(
            _("“I have not heard how the last sessions were for you. Shall we just talk about it for two minutes?”"),
            _("“Is the check-in a nuisance? Another time, on my tablet, or not at all: you choose.”"),
        ),
        listen_for=_("Practical hurdles, doubts about who reads it, or a wish to leave. None of it needs defending."),
        citation=_FEEDBACK_EVIDENCE,
    ),
    "getting_worse": Conversation(
        title=_("Say that things look harder, and look at the plan together"),
        to_supervise=_("Go through plan and risk with the therapist"),
        why=_(
            "Wellbeing has dropped by more than chance between two check-ins would explain, twice running. "
            "Therapists often do not see this coming without figures."
        ),
        say=(
            _("“Your answers say the last weeks have been harder. Is that how it is for you?”"),
            _("“Are we working on the right thing? What would you like us to change?”"),
        ),
        listen_for=_(
            "Events outside, risk, and whether the goals still fit. Bring it to supervision if you are not sure."
        ),
        citation=_(
            "In one study therapists foresaw 1 of 40 clients who got worse; simple rules flagged all 40 "
            "(Hannan et al. 2005)."
        ),
    ),
}


def conversation_for(kind: str) -> Conversation:
    return CONVERSATIONS[kind]
