"""The report as a page: its parts in their order, those that were asked for."""

from __future__ import annotations

from openrapport import __version__
from openrapport.commands.report_findings import Findings
from openrapport.commands.report_html import page
from openrapport.commands.report_outcomes import say_change, say_dropout
from openrapport.commands.report_ruptures import say_ruptures
from openrapport.commands.report_scores import say_data, say_expected, say_growth
from openrapport.commands.report_table import ReportTable
from openrapport.commands.showing import counted


def as_page(found: Findings, given: ReportTable, *, title: str) -> str:
    """The whole file. Raises ModuleNotFoundError without matplotlib."""
    sections = [
        ("data", "The data", say_data(found, given)),
        ("growth", "How scores grow", say_growth(found)),
        ("expected", "The course to expect", say_expected(found, given)),
        ("ruptures", "Ruptures", say_ruptures(found, given)),
    ]
    if found.change is not None:
        sections.append(("change", "Reliable change", say_change(found.change)))
    if found.dropout is not None:
        sections.append(("leaving", "Leaving", say_dropout(found.dropout)))
    better = "higher" if found.direction == "higher_is_better" else "lower"
    summary = found.summary
    return page(
        title=title,
        lead=f"{counted(summary.scores, 'score')} of {counted(summary.clients, 'client')}; {better} is better.",
        sections=sections,
        foot=f"Made by OpenRapport {__version__} from {found.file}. This file loads nothing and sends nothing. "
        "It holds what the client column held: keep it as safe as the table.",
    )
