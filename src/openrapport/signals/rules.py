"""When a relationship deserves a look: one pure function a rule. No Django, no clock, no words.

Each rule says whether what it looks for holds in the newest shared check-in, with the numbers it saw. Thresholds come
from the instrument; what is chosen here stands in the parameters, which every signal keeps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from openrapport.analysis.change import CRITERION, reliable_change_of
from openrapport.analysis.detector import DETECTOR_MIN_SESSIONS, detect, detector
from openrapport.analysis.one_course import ends_in_rupture
from openrapport.signals.course import Course

IN_A_ROW = 2  # one low answer is a moment; the same one twice running is worth a question

Numbers = Mapping[str, object]


@dataclass(frozen=True)
class Finding:
    """What a rule saw. `session` is the newest session of its evidence; `evidence` has the numbers, newest first."""

    kind: str
    rule: str
    session: int
    parameters: Numbers
    evidence: tuple[Numbers, ...]
    version: int = 1


def instruments_behind(kind: str, course: Course) -> tuple[str, ...]:
    """The versions of the questionnaires whose scores a rule of this kind compares; numbers of others are no evidence.

    Empty where a rule only counts what was shared.
    """
    by_kind = {
        "different_views": (course.alliance, course.mirror),
        "getting_worse": (course.wellbeing,),
        "feedback_missing": (),
    }
    return tuple(one.ref for one in by_kind.get(kind, (course.alliance,)) if one is not None)


Rule = Callable[[Course], Finding | None]


def find_rupture(course: Course) -> Finding | None:
    """The newest score lies in an open drop below what this person's own scores lead to expect."""
    scored = [(seen.session, seen.total) for seen in course.client if seen.total is not None]
    direction = course.alliance.total.direction
    if not scored or not ends_in_rupture(
        [total for _, total in scored], detector(course.alliance), direction=direction
    ):
        return None
    detection = detect([total for _, total in scored], course.alliance, sessions=[session for session, _ in scored])
    episode = detection.result.open_episode
    if episode is None:
        return None
    newest, score = scored[-1]
    return Finding(
        kind="rupture",
        rule=detection.result.rule,
        session=newest,
        parameters=dict(detection.result.parameters),
        evidence=(
            {
                "session": newest,
                "score": score,
                "onset": episode.onset,
                "onset_score": episode.onset_score,
                "expected": episode.reference,
                "limit": episode.limit,
                "depth": episode.depth,
                "z": episode.statistic,
            },
        ),
    )


def find_component_low(course: Course) -> Finding | None:
    """The same component at or below the instrument's cut-off the last two times it was answered."""
    cut_off = course.alliance.cut_off("component_low")
    if cut_off is None:
        return None
    low: list[tuple[str, int, float]] = []
    for item in course.alliance.items:
        component = item.component
        if component is None:
            continue
        answered = [(s.session, s.components[component]) for s in course.client if component in s.components]
        recent = answered[-IN_A_ROW:]
        if len(recent) == IN_A_ROW and all(cut_off.is_crossed(points) for _, points in recent):
            low.append((component, *recent[-1]))
    if not low:
        return None
    low.sort(key=lambda found: (-found[1], found[2]))
    return Finding(
        kind="component_low",
        rule="component-at-or-below",
        session=low[0][1],
        parameters={"cut_off": cut_off.value, "in_a_row": IN_A_ROW},
        evidence=tuple({"component": name, "session": session, "score": points} for name, session, points in low),
    )


def find_low_start(course: Course) -> Finding | None:
    """Totals below the instrument's early cut-off that began inside the trust-building window and have not risen.

    After as many better check-ins as the rupture detector needs, a fall is a rupture, not a low start.
    """
    cut_off = course.alliance.cut_off("early_low")
    scored = [(seen.session, seen.total) for seen in course.client if seen.total is not None]
    if cut_off is None:
        return None
    run: list[tuple[int, float]] = []
    for session, total in reversed(scored):
        if not cut_off.is_crossed(total):
            break
        run.append((session, total))
    began_low = len(scored) - len(run) < DETECTOR_MIN_SESSIONS
    if not began_low or not any(cut_off.applies_at(session) for session, _ in run):
        return None
    return Finding(
        kind="low_start",
        rule="early-total-below",
        session=run[0][0],
        parameters={"cut_off": cut_off.value, "last_session": cut_off.last_session},
        evidence=tuple({"session": session, "score": total} for session, total in run),
    )


def find_different_views(course: Course) -> Finding | None:
    """Both answered about the last two sessions they both answered, and lie far apart in the same direction."""
    cut_off = course.mirror.cut_off("views_differ") if course.mirror is not None else None
    if course.mirror is None or cut_off is None or not _same_scale(course):
        return None
    pairs = [
        (seen.session, seen.total, course.therapist[seen.session])
        for seen in course.client
        if seen.total is not None and seen.session in course.therapist
    ][-IN_A_ROW:]
    gaps = [theirs - own for _, own, theirs in pairs]
    if len(gaps) < IN_A_ROW or not all(cut_off.is_crossed(gap) for gap in gaps):
        return None
    if min(gaps) < 0 < max(gaps):
        return None
    return Finding(
        kind="different_views",
        rule="views-differ",
        session=pairs[-1][0],
        parameters={"cut_off": cut_off.value, "in_a_row": IN_A_ROW},
        evidence=tuple(
            {"session": session, "client": own, "therapist": theirs, "gap": theirs - own}
            for session, own, theirs in reversed(pairs)
        ),
    )


def _same_scale(course: Course) -> bool:
    own, theirs = course.alliance.total, course.mirror.total if course.mirror else None
    return theirs is not None and (own.minimum, own.maximum) == (theirs.minimum, theirs.maximum)


def find_flat_top(course: Course) -> Finding | None:
    """The highest possible total several times running: perhaps politeness, never a reproach."""
    cut_off = course.alliance.cut_off("flat_top")
    scored = [seen for seen in course.client if seen.total is not None]
    if cut_off is None or len(scored) < cut_off.in_a_row:
        return None
    recent = scored[-cut_off.in_a_row :]
    if not all(seen.at_ceiling for seen in recent):
        return None
    return Finding(
        kind="flat_top",
        rule="highest-in-a-row",
        session=recent[-1].session,
        parameters={"in_a_row": cut_off.in_a_row},
        evidence=tuple({"session": seen.session, "score": seen.total} for seen in reversed(recent)),
    )


def find_getting_worse(course: Course) -> Finding | None:
    """Wellbeing reliably below the first check-in (Jacobson & Truax 1991), two check-ins running."""
    scores = course.wellbeing_scores
    if course.wellbeing is None or len(scores) < IN_A_ROW + 1:
        return None
    first = scores[0][1]
    recent = scores[-IN_A_ROW:]
    changes = [(session, score, reliable_change_of(first, score, course.wellbeing)) for session, score in recent]
    worse = [(session, score, change) for session, score, change in changes if change is not None]
    if len(worse) < IN_A_ROW or any(change.verdict != "worse" for _, _, change in worse):
        return None
    return Finding(
        kind="getting_worse",
        rule="reliable-deterioration",
        session=worse[-1][0],
        parameters={"criterion": CRITERION, "in_a_row": IN_A_ROW, "first_session": scores[0][0], "first": first},
        evidence=tuple(
            {"session": session, "score": score, "change": score - first, "rc": change.index}
            for session, score, change in reversed(worse)
        ),
    )


def find_feedback_missing(course: Course, *, after_sessions: int) -> Finding | None:
    """None of the last sessions has a shared check-in. What was kept private counts as not shared: nothing leaks."""
    recent = course.held[-after_sessions:]
    if len(recent) < after_sessions or course.last_shared >= recent[0]:
        return None
    return Finding(
        kind="feedback_missing",
        rule="nothing-shared",
        session=recent[-1],
        parameters={"after_sessions": after_sessions},
        evidence=({"sessions": len(course.held), "last_shared": course.last_shared or None},),
    )


RULES: dict[str, Rule] = {
    "rupture": find_rupture,
    "component_low": find_component_low,
    "low_start": find_low_start,
    "different_views": find_different_views,
    "flat_top": find_flat_top,
    "getting_worse": find_getting_worse,
}
