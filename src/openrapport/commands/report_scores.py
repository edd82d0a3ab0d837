"""The report on the scores themselves: the data, the growth curve, the course to expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openrapport.analysis.growth.result import GrowthFit
from openrapport.analysis.least_squares import NotEstimable
from openrapport.analysis.plots import courses
from openrapport.analysis.scan import Courses
from openrapport.commands.report_findings import ExpectedFinding, Findings, told_places
from openrapport.commands.report_html import numbers, paragraph, table
from openrapport.commands.report_parts import DIGITS, drawn, scale_of, score_label
from openrapport.commands.report_table import ReportTable
from openrapport.commands.showing import counted, printable, say, share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from openrapport.analysis.expected_response import ExpectedPoint


def say_data(found: Findings, given: ReportTable) -> str:
    summary, seen = found.summary, found.ceiling
    at_best = "-" if seen.share_at_ceiling is None else share(seen.share_at_ceiling)
    straight = counted(len(seen.straight_lined), "client")
    parts = [
        numbers(
            [
                (f"{summary.clients:,}", "clients"),
                (f"{summary.scores:,}", "scores"),
                (at_best, "of scores at the best end"),
                (f"{len(seen.straight_lined):,}", "clients with the same score every time"),
            ]
        ),
        drawn(
            courses.draw_spread(given.courses.scores, score=score_label(given), best=found.best),
            name="spread",
            title="How scores spread",
            described=courses.describe_spread(given.courses.scores, best=found.best),
            caption="How many scores lie where on the scale.",
        ),
        table("Scores and courses", ["What", "Value"], _data_rows(found), kind="facts"),
    ]
    if seen.share_at_ceiling or seen.straight_lined:
        parts.append(
            paragraph(
                f"{at_best} of the scores lie at the best end, and {straight} gave the same score three times or more. "
                "A crowded end skews every chart, and from a course that never moves no drop can be judged.",
                kind="note",
            )
        )
    return "".join(parts)


def _data_rows(found: Findings) -> list[list[str]]:
    one = found.summary
    return [
        ["Scores per client", f"{one.fewest} to {one.most}, median {one.median:g}"],
        ["Mean", say(one.mean, DIGITS)],
        ["Standard deviation of all scores", say(one.sd, DIGITS)],
        ["Lowest and highest", f"{one.lowest:g} and {one.highest:g}"],
    ]


def say_growth(found: Findings) -> str:
    grown = found.growth
    if isinstance(grown, NotEstimable):
        return paragraph(f"No growth curve can be had from this table. {grown.reason}", kind="note")
    fit = grown.fit
    slope = fit.fixed[grown.formula]
    return "".join(
        [
            paragraph(
                f"A multilevel growth curve: score on {grown.formula}, each client with a start and a slope of their "
                f"own (restricted maximum likelihood). {fit.message}"
            ),
            table("What all share", ["Effect", "Estimate", "SE", "Estimate / SE"], _fixed_rows(fit)),
            table("How clients differ", ["Effect", "SD", "Correlation with the start"], _random_rows(fit)),
            paragraph(
                f"The slope is {say(slope.estimate, DIGITS)} points for each unit of {grown.formula} "
                f"(standard error {say(slope.se, DIGITS)}). Deviance {say(fit.deviance, DIGITS)}.",
                kind="quiet",
            ),
        ]
    )


def _fixed_rows(fit: GrowthFit) -> list[list[str]]:
    return [
        [name, say(each.estimate), say(each.se), say(each.estimate / each.se if each.se else None, DIGITS)]
        for name, each in fit.fixed.items()
    ]


def _random_rows(fit: GrowthFit) -> list[list[str]]:
    rows = []
    for effects in fit.random.values():
        for place, name in enumerate(effects.names):
            rows.append([name, say(effects.sd[name]), say(effects.corr[place][0], DIGITS) if place else ""])
    return [*rows, ["what is left, from session to session", say(fit.residual_sd), ""]]


def say_expected(found: Findings, given: ReportTable) -> str:
    if found.expected is not None:
        return _expected_by_intake(found.expected, found, given)
    grown = found.growth
    if isinstance(grown, NotEstimable):
        return paragraph("Without a growth curve there is no course to expect.", kind="note")
    band = grown.band
    rows = [
        [
            f"{grown.at[i]:g}",
            *(say(float(column[i]), DIGITS) for column in (band.expected, band.score_low, band.score_high)),
        ]
        for i in told_places(len(grown.at))
    ]
    session = printable(given.rows.columns.session)
    return _band_parts(
        courses.draw_course_band(
            band, grown.at, score=score_label(given), session=session, courses=given.courses, scale=scale_of(found)
        ),
        courses.describe_course_band(band, grown.at),
        f"Single scores of a new client lie in the band in {band.level:.0%} of cases.",
        session,
        rows,
    )


def _expected_by_intake(one: ExpectedFinding, found: Findings, given: ReportTable) -> str:
    response = one.expected
    said = paragraph(
        f"Expected for a client whose intake score is {say(response.intake_mean, 1)}, the mean of "
        f"{counted(response.n_clients, 'client')}. Sessions are counted 1, 2, 3 within each client. {response.message}"
        + (f" {counted(one.left_out, 'client')} without an intake score left out." if one.left_out else "")
    )
    return said + _band_parts(
        courses.draw_expected(
            one.course,
            score=score_label(given),
            coverage=one.coverage,
            courses=_by_number(given),
            scale=scale_of(found),
        ),
        courses.describe_expected(one.course, coverage=one.coverage),
        f"Single scores of a new client with this intake lie in the band in {one.coverage:.0%} of cases.",
        "Session",
        [_expected_row(point) for point in one.course],
    )


def _expected_row(point: ExpectedPoint) -> list[str]:
    return [str(point.session), *(say(value, DIGITS) for value in (point.expected, point.low, point.high))]


def _band_parts(figure: Figure, described: str, caption: str, session: str, rows: list[list[str]]) -> str:
    shown = drawn(
        figure,
        name="expected-course",
        title="The course to expect",
        described=described,
        caption=f"{caption} The band follows a normal distribution, so that it may pass the ends of the scale. Faint "
        "lines are some of the clients, chosen without looking at their scores.",
    )
    return shown + table("The course to expect", [session, "Expected", "Low", "High"], rows)


def _by_number(given: ReportTable) -> Courses:
    one = given.courses
    return Courses(one.clients, one.first, given.number.astype(float), one.scores)
