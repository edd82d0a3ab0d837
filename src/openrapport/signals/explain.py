"""A signal in words a therapist understands: what was seen, by which rule, and how often that rule is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openrapport.analysis.instrument import COMPONENTS
from openrapport.shared.numbers import say_number
from openrapport.signals.models import Signal

COMPONENT_NAMES = {
    "trust": gettext_lazy("Trust"),
    "empathy": gettext_lazy("Empathy"),
    "genuineness": gettext_lazy("Genuineness"),
    "respect": gettext_lazy("Respect"),
    "active_listening": gettext_lazy("Listening"),
    "confidentiality": gettext_lazy("Privacy"),
    "shared_goals": gettext_lazy("Shared goals"),
}
assert tuple(COMPONENT_NAMES) == COMPONENTS

RULE_NAMES = {
    "empirical-bayes": gettext_lazy("Below this person's own expected range (empirical Bayes)"),
    "component-at-or-below": gettext_lazy("Same component at or below the cut-off twice in a row"),
    "early-total-below": gettext_lazy("Total below the cut-off in the first sessions"),
    "views-differ": gettext_lazy("Client and therapist apart twice in a row"),
    "highest-in-a-row": gettext_lazy("Highest possible score several times in a row"),
    "nothing-shared": gettext_lazy("No shared check-in in the last sessions"),
    "reliable-deterioration": gettext_lazy("Reliable deterioration twice in a row (Jacobson & Truax 1991)"),
}

# What each number a rule is set to means, and with how many decimals it is said. Others are in the signal's numbers.
SETTINGS = {
    "z": (gettext_lazy("%(value)s standard deviations below what was expected"), 2),
    "min_sessions": (gettext_lazy("after %(value)s earlier check-ins"), 0),
    "cut_off": (gettext_lazy("cut-off %(value)s"), 1),
    "last_session": (gettext_lazy("begun by session %(value)s"), 0),
    "criterion": (gettext_lazy("reliable change index beyond %(value)s"), 2),
    "in_a_row": (gettext_lazy("%(value)s times in a row"), 0),
    "after_sessions": (gettext_lazy("%(value)s sessions without anything shared"), 0),
}

# What a newer answer showed, in the terms of what was looked for: no answer that was missing lies in a "range".
RECOVERED = {
    "rupture": gettext_lazy("Back in the expected range"),
    "component_low": gettext_lazy("A higher answer has come"),
    "low_start": gettext_lazy("The score has risen"),
    "different_views": gettext_lazy("Not apart in the same way any more"),
    "flat_top": gettext_lazy("An answer below the highest has come"),
    "feedback_missing": gettext_lazy("An answer has come"),
    "getting_worse": gettext_lazy("No longer clearly lower than at the start"),
}
RETURNED = {
    "rupture": gettext_lazy("Fell again after a recovery"),
    "component_low": gettext_lazy("Low again after a recovery"),
    "low_start": gettext_lazy("Low again after a recovery"),
    "different_views": gettext_lazy("Apart again after a recovery"),
    "flat_top": gettext_lazy("All at the highest again"),
    "feedback_missing": gettext_lazy("Nothing shared again"),
    "getting_worse": gettext_lazy("Clearly lower again after a recovery"),
}


@dataclass(frozen=True)
class Number:
    label: str
    value: str


@dataclass(frozen=True)
class Explanation:
    """`provisional`: the rule rests on assumed norms, because these questions have not been measured yet.

    `settings` are the numbers the rule was set to when it fired.
    """

    headline: str
    sentence: str
    numbers: tuple[Number, ...]
    rule_name: str
    settings: tuple[str, ...]
    rate_sentence: str
    provisional: bool


def explain(signal: Signal) -> Explanation:
    sentence, numbers = _BY_KIND[signal.kind](signal.evidence, signal.parameters)
    return Explanation(
        headline=_("%(kind)s, session %(session)d")
        % {"kind": signal.get_kind_display(), "session": signal.session_number},
        sentence=sentence,
        numbers=numbers,
        rule_name=str(RULE_NAMES[signal.rule]),
        settings=_settings(signal.parameters),
        rate_sentence=_rate(signal),
        provisional=signal.kind != "feedback_missing",
    )


def _rate(signal: Signal) -> str:
    if signal.false_alarm_rate is None and signal.kind != "feedback_missing":
        return _("How often this rule fires without a change has not been simulated for these questions.")
    if signal.false_alarm_rate is None:
        return _("This rule counts; it does not measure, so it has no false-alarm rate.")
    percent = {"percent": say_number(signal.false_alarm_rate * 100)}
    if signal.false_alarm_low is None or signal.false_alarm_high is None:
        return (
            _(
                "In simulated relationships that never change, this rule would still fire at least once in 12 sessions "
                "in %(percent)s of 100."
            )
            % percent
        )
    interval = {"low": say_number(signal.false_alarm_low * 100), "high": say_number(signal.false_alarm_high * 100)}
    return _(
        "In simulated relationships that never change, this rule would still fire at least once in 12 sessions "
        "in %(percent)s of 100 (95 %% interval: %(low)s to %(high)s)."
    ) % (percent | interval)


def _settings(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(words) % {"value": say_number(float(parameters[name]), decimals)}
        for name, (words, decimals) in SETTINGS.items()
        if parameters.get(name) is not None
    )


def _shown(value: Any) -> str:
    return "–" if value is None else say_number(float(value))


Evidence = list[dict[str, Any]]
Parts = tuple[str, tuple[Number, ...]]


def _rupture(evidence: Evidence, parameters: Mapping[str, Any]) -> Parts:
    seen = evidence[0]
    sentence = _(
        "The score was %(score)s. From this person's earlier check-ins about %(expected)s was expected, "
        "and hardly ever less than %(limit)s."
    ) % {"score": _shown(seen["score"]), "expected": _shown(seen["expected"]), "limit": _shown(seen["limit"])}
    return sentence, (
        Number(_("Score"), _shown(seen["score"])),
        Number(_("Expected"), _shown(seen["expected"])),
        Number(_("Lower limit"), _shown(seen["limit"])),
        Number(_("Since session"), str(seen["onset"])),
        Number(_("Distance in standard deviations at onset"), _shown(seen["z"])),
    )


def _component_low(evidence: Evidence, parameters: Mapping[str, Any]) -> Parts:
    names = ", ".join(str(COMPONENT_NAMES[seen["component"]]) for seen in evidence)
    sentence = _("%(names)s: at or below %(cut_off)s the last two times it was answered.") % {
        "names": names,
        "cut_off": _shown(parameters["cut_off"]),
    }
    return sentence, tuple(Number(str(COMPONENT_NAMES[seen["component"]]), _shown(seen["score"])) for seen in evidence)


def _low_start(evidence: Evidence, parameters: Mapping[str, Any]) -> Parts:
    sentence = _(
        "The score is %(score)s, below %(cut_off)s, and has been so since the first sessions, where trust is built."
    ) % {"score": _shown(evidence[0]["score"]), "cut_off": _shown(parameters["cut_off"])}
    return sentence, _by_session(evidence)


def _different_views(evidence: Evidence, parameters: Mapping[str, Any]) -> Parts:
    gap = float(evidence[0]["gap"])
    text = (
        _("The therapist rated the last session %(gap)s points higher than the client did.")
        if gap > 0
        else _("The therapist rated the last session %(gap)s points lower than the client did.")
    )
    return text % {"gap": _shown(abs(gap))}, tuple(
        Number(
            _("Session %(number)d") % {"number": seen["session"]},
            _("client %(client)s, therapist %(therapist)s")
            % {"client": _shown(seen["client"]), "therapist": _shown(seen["therapist"])},
        )
        for seen in evidence
    )


def _flat_top(evidence: Evidence, parameters: Mapping[str, Any]) -> Parts:
    sentence = _("The last %(count)d shared check-ins were all the highest possible score.") % {"count": len(evidence)}
    return sentence, _by_session(evidence)


def _feedback_missing(evidence: Evidence, parameters: Mapping[str, Any]) -> Parts:
    last = evidence[0]["last_shared"]
    sentence = _("Nothing was shared with the therapist about the last %(count)d sessions.") % {
        "count": parameters["after_sessions"]
    }
    return sentence, (
        Number(_("Sessions held"), str(evidence[0]["sessions"])),
        Number(_("Last shared check-in"), _("session %(number)d") % {"number": last} if last else _("none yet")),
    )


def _getting_worse(evidence: Evidence, parameters: Mapping[str, Any]) -> Parts:
    sentence = _(
        "Wellbeing is %(score)s; it was %(first)s at the start. "
        "A change of this size is rarely chance between two answers."
    ) % {"score": _shown(evidence[0]["score"]), "first": _shown(parameters["first"])}
    return sentence, (
        Number(_("At the start"), _shown(parameters["first"])),
        *_by_session(evidence),
        Number(_("Reliable change index"), _shown(evidence[0]["rc"])),
    )


def _by_session(evidence: Evidence) -> tuple[Number, ...]:
    return tuple(
        Number(_("Session %(number)d") % {"number": seen["session"]}, _shown(seen["score"])) for seen in evidence
    )


_BY_KIND: dict[str, Callable[[Evidence, Mapping[str, Any]], Parts]] = {
    "rupture": _rupture,
    "component_low": _component_low,
    "low_start": _low_start,
    "different_views": _different_views,
    "flat_top": _flat_top,
    "feedback_missing": _feedback_missing,
    "getting_worse": _getting_worse,
}
