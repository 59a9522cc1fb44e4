"""Fail when a test run skipped a test or ran none: a skipped test proves nothing, and nobody looks at it."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(reports: list[str]) -> int:
    """Read JUnit reports and print each skipped test with its reason; return 1 when there is one."""
    found = [problem for report in reports for problem in problems(Path(report))]
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


def problems(report: Path) -> list[str]:
    """Return one line a skipped test of a report, or one line when it holds no test at all."""
    cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314  our own file, written a moment ago
    if not cases:
        return [f"{report}: no test ran"]
    return [
        f"skipped, which is not allowed here: {case.get('classname')}.{case.get('name')}: {skip.get('message')}"
        for case in cases
        for skip in case.iter("skipped")
        if skip.get("type") == "pytest.skip"  # an expected failure is written as a skip too
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
