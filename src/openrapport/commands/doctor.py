"""`doctor`: asks everything the practice's data depends on, and says how to mend what is not well."""

import argparse
import json
from collections.abc import Sequence

from openrapport.commands.configuration import add_data_argument, load_environment, start_django


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="machine-readable: a list of findings")
    add_data_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 when all is well, 1 when something is not."""
    folder = load_environment(arguments.data)
    start_django()
    from django.utils import timezone

    from openrapport.commands.examinations import Finding, examine

    findings = examine(folder, now=timezone.now())

    def as_text(findings: Sequence[Finding]) -> str:
        lines = []
        for finding in findings:
            lines.append(f"{'OK' if finding.is_well else 'PROBLEM':<8} {finding.about}: {finding.says}")
            if finding.mend:
                lines.append(f"         To mend it: {finding.mend}")
        return "\n".join(lines)

    if arguments.json:
        print(json.dumps([vars(finding) for finding in findings], indent=2))
    else:
        print(as_text(findings))
    return 0 if all(finding.is_well for finding in findings) else 1
