"""One line at the end of the run that says what was replayed."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.postgres.fixtures import pg, pg_server, pg_url

__all__ = ["pg", "pg_server", "pg_url"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up what the tests recorded; properties reach this process from xdist workers too."""
    reports = (report for found in terminalreporter.stats.values() for report in found)
    counts: Counter[str] = Counter()
    for report in reports:
        # The teardown's report carries the same properties once more.
        if getattr(report, "when", "") == "call":
            counts.update(dict(report.user_properties).get("replay", {}))
    if counts:
        terminalreporter.write_line(_line(counts))


def _line(counts: Counter[str]) -> str:
    plain = [f"{counts[name]} {name.replace('_', ' ')}" for name in ("histories", "steps", "applied", "nothing_to_do")]
    kinds = [_by_code(counts, kind) for kind in ("refused", "accepted after a finding")]
    return f"replay: {', '.join([*plain, *kinds])}, {counts['rolled back']} rolled back"


def _by_code(counts: Counter[str], kind: str) -> str:
    found = {name.removeprefix(f"{kind}: "): n for name, n in sorted(counts.items()) if name.startswith(f"{kind}: ")}
    return f"{sum(found.values())} {kind} ({', '.join(f'{code} {n}' for code, n in found.items())})"
