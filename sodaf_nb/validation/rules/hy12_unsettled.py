"""HY12: the plan would not lead to what the DocType says."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="HY12",
        what="Comparing again after the plan would find differences.",
        why="The same change would be planned again and again; the engine stores it otherwise than it was asked for.",
        remedy="Report it with the DocType; nothing was changed. It cannot be accepted.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report what a second comparison on the empty copy still finds."""
    for difference in evidence.unsettled:
        yield Finding(
            rule="HY12",
            group=Group.SQL_SYNTAX,
            severity=Severity.BLOCK,
            object=evidence.plan.table,
            message=f"After the plan this would still differ: {difference}.",
            fix="report this with the DocType; nothing was changed",
            acceptable=False,
        )
