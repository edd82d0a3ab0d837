"""The report on how it ended: who changed reliably, and who may leave."""

from __future__ import annotations

from openrapport.analysis.dropout import DropoutRisk
from openrapport.analysis.least_squares import Estimate, NotEstimable
from openrapport.analysis.plots import calibration
from openrapport.analysis.plots.style import spoken
from openrapport.commands.report_findings import ChangeFinding
from openrapport.commands.report_html import paragraph, table
from openrapport.commands.report_parts import DIGITS, drawn
from openrapport.commands.showing import between, counted, say, say_p, share

_VERDICTS = {"better": "Reliably better", "no_reliable_change": "No reliable change", "worse": "Reliably worse"}


def say_change(one: ChangeFinding) -> str:
    rows = [
        [_VERDICTS[name], f"{count:,}", share(count / one.n) if one.n else "-"] for name, count in one.counts.items()
    ]
    left_out = f" {counted(one.left_out, 'client')} with only one of the two left out." if one.left_out else ""
    return paragraph(
        f"From {one.begins} to last score, a change of more than {say(one.threshold, DIGITS)} points is more than "
        f"measuring error explains (SD {one.sd:g}, reliability {one.reliability:g}, criterion {one.criterion:g}; "
        f"Jacobson & Truax 1991).{left_out}"
    ) + table(f"Reliable change of {counted(one.n, 'client')}", ["Verdict", "Clients", "Share"], rows)


def say_dropout(risk: DropoutRisk) -> str:
    hazard = risk.hazard
    rows = [
        [name, say(each.estimate), say(each.se), between(each.low, each.high), say_p(each.p)]
        for name, each in hazard.coefficients.items()
    ]
    ends, sessions = counted(hazard.n_events, "unplanned end"), counted(hazard.n_rows, "session")
    said = paragraph(
        f"Risk of leaving after a session, by the session's number and its score. It was learnt from {ends} in "
        f"{sessions} of {counted(hazard.n_people, 'client')}; after any one session {share(risk.base_rate)} leave."
    )
    told = said + table("Log odds of leaving", ["Effect", "Estimate", "SE", "95% interval", "p"], rows)
    return told + _checked(risk)


def _checked(risk: DropoutRisk) -> str:
    check = risk.check
    if check is None:
        return ""
    curve = [[f"{group.n:,}", share(group.predicted), share(group.observed)] for group in check.curve]
    skill = (
        "" if check.skill is None else f" Skill {say(check.skill, 3)}: 1 is perfect, 0 no better than the base rate."
    )
    return "".join(
        [
            paragraph(
                f"Checked on the {risk.held_out:.0%} of clients kept apart (seed {risk.seed}). Calibration slope "
                f"{_estimated(check.slope)}; 1 is ideal, below it risks are too extreme. Brier score "
                f"{say(check.brier)}, {say(check.brier_reference)} by always saying the base rate.{skill}"
            ),
            drawn(
                calibration.draw_calibration(check, event="leaving"),
                name="risk",
                title="Do predicted risks come true?",
                described=calibration.describe_calibration(check),
                caption="Sessions of the clients kept apart, in groups of similar risk; bars are 95% intervals.",
            ),
            table("Predicted and observed", ["Sessions", "Predicted", "Came true"], curve),
        ]
    )


def _estimated(one: Estimate | NotEstimable) -> str:
    if isinstance(one, NotEstimable):
        return f"not to be had ({one.reason})"
    return f"{spoken(one.estimate)} ({spoken(one.low)} to {spoken(one.high)})"
