"""The report on ruptures: the rule, how often it is wrong, the deepest courses, the list."""

from __future__ import annotations

import re

import numpy as np

from openrapport.analysis.expected_response import ExpectedPoint, expected_course
from openrapport.analysis.plots import trajectory
from openrapport.analysis.plots.style import spoken
from openrapport.analysis.rules import Parameters
from openrapport.analysis.rupture import rupture
from openrapport.analysis.scan import FoundEpisode
from openrapport.commands.report_findings import Findings, RuptureFinding
from openrapport.commands.report_html import heading, numbers, paragraph, table
from openrapport.commands.report_parts import DIGITS, drawn, scale_of, score_label
from openrapport.commands.report_table import ReportTable
from openrapport.commands.rupture_rules import RULES
from openrapport.commands.showing import counted, printable, say, share

# Ruptures in the table and courses in pictures: a report is for reading; `ruptures --out` writes all.
MOST_RUPTURES, MOST_COURSES = 40, 4


def say_ruptures(found: Findings, given: ReportTable) -> str:
    one = found.ruptures
    rate, seen, people = one.false_alarms, one.scan, one.population
    spread = f"SD between clients {say(people.between_sd, DIGITS)}, within {say(people.within_sd, DIGITS)}"
    ends = f"scale {people.minimum:g} to {people.maximum:g}" if people.minimum is not None else "scale without ends"
    return "".join(
        [
            paragraph(
                "No rule for ruptures is agreed on. A rupture here is a drop that the rule named below sees; "
                "it can be a bad week or chance."
            ),
            numbers(
                [
                    (f"{seen.flagged_clients:,} of {seen.clients:,}", "clients with a rupture"),
                    (share(seen.flagged_clients / seen.clients), "of clients"),
                    (share(rate.rate), "of people who never change would be flagged, too"),
                    (f"{seen.recovered:,} of {len(seen.found):,}", "ruptures that came back"),
                ]
            ),
            table("Rule and false alarms", ["What", "Value"], _rule_rows(one), kind="facts"),
            paragraph(
                f"Compared with people of mean {say(people.mean, DIGITS)}, {spread}, {ends}: {one.population_source}. "
                f"False alarms were simulated: {counted(rate.people, 'person', 'people')}, courses as long as those of "
                f"the table, seed {rate.seed}. A trend that all share counts as going up and down.",
                kind="quiet",
            ),
            *_rupture_pictures(found, given),
            _rupture_table(one),
        ]
    )


def _rule_rows(one: RuptureFinding) -> list[list[str]]:
    rate = one.false_alarms
    interval = f"{share(rate.low)} to {share(rate.high)}"
    return [
        ["Rule", one.word],
        ["It flags a score that is", in_words(one.word, one.rule.parameters)],
        ["People who never change, flagged", f"{share(rate.rate)} (95% interval {interval})"],
    ]


def in_words(word: str, parameters: Parameters) -> str:
    """What the rule says, with its numbers in place of the options' names."""
    if word == "point-drop":
        cut_off, drop = parameters["cut_off"], parameters["drop"]
        parts = [] if cut_off is None else [f"beyond {cut_off:g}"]
        parts += [] if drop is None else [f"{drop:g} points or more worse than the last score"]
        return ", or ".join(parts)

    def put(option: re.Match[str]) -> str:
        value = parameters.get(option[1].replace("-", "_"))
        return option[1] if value is None else f"{value:g}"

    return re.sub(r"--([a-z][a-z-]*)", put, RULES[word].says)


def _rupture_pictures(found: Findings, given: ReportTable) -> list[str]:
    deepest = sorted(found.ruptures.scan.found, key=lambda one: -one.episode.depth)
    clients = list(dict.fromkeys(one.client for one in deepest))[:MOST_COURSES]
    return [_course(client, place, found, given) for place, client in enumerate(clients, start=1)]


def _course(client: str, place: int, found: Findings, given: ReportTable) -> str:
    person = given.courses.clients.index(client)
    begin = int(given.courses.first[person])
    rows = slice(begin, begin + int(given.courses.lengths[person]))
    sessions, counts = given.courses.sessions[rows], given.number[rows]
    band = _band_of(found, given, begin, int(counts[-1]))
    own = not band and bool((np.diff(sessions) > 0).all() and (sessions == np.round(sessions)).all())
    label = printable(given.rows.columns.session) if own else "Session, counted from 1"
    result = rupture(
        given.courses.scores[rows].tolist(),
        found.ruptures.rule,
        direction=found.direction,
        sessions=[int(each) for each in (sessions if own else counts)],
    )
    figure = trajectory.draw_trajectory(
        result, score=score_label(given), session=label, band=band, scale=scale_of(found)
    )
    described = trajectory.describe_trajectory(result)
    title = f"Client {printable(client)}"
    return heading(title) + drawn(figure, name=f"course-{place}", title=title, described=described, caption=described)


def _band_of(found: Findings, given: ReportTable, row: int, sessions: int) -> tuple[ExpectedPoint, ...]:
    """The course to expect from this client's intake score; nothing where there is none."""
    one = found.expected
    if one is None or given.intake is None or np.isnan(given.intake[row]):
        return ()
    return expected_course(
        one.expected, float(given.intake[row]), coverage=one.coverage, sessions=range(1, sessions + 1)
    )


def _rupture_table(one: RuptureFinding) -> str:
    if not one.scan.found:
        return paragraph("The rule found no rupture in this table.")
    shown = one.scan.found[:MOST_RUPTURES]
    caption = f"Ruptures: {len(shown):,} of {len(one.scan.found):,}"
    header = ["Client", "From session", "Expected", "Worst", "Depth", "Scores", "Came back at"]
    more = len(one.scan.found) - len(shown)
    rest = paragraph("The others: ./openrapport ruptures --out FILE writes all.", kind="quiet") if more else ""
    return table(caption, header, [_rupture_row(each) for each in shown]) + rest


def _rupture_row(one: FoundEpisode) -> list[str]:
    episode = one.episode
    back = "not by the last score" if one.recovered_at is None else f"{one.recovered_at:g}"
    middle = [spoken(value) for value in (episode.reference, episode.worst_score, episode.depth)]
    return [printable(one.client), f"{one.onset_session:g}", *middle, str(episode.length), back]
