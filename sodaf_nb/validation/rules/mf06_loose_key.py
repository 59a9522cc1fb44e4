"""MF06: a foreign key points to columns that are not unique."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="MF06",
        what="A foreign key points to columns that are not unique.",
        why="The engine cannot check such a key, and with foreign keys on it refuses every write to the table with it.",
        remedy="Make the target columns unique together, or drop that foreign key.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Stop a plan that makes a key loose; warn of one that was loose before, whose rows nobody checks."""
    for key in evidence.facts.loose_keys:
        made = key.index is not None
        state = f"will not be unique without {key.index}" if made else "is not unique, so its rows are not checked"
        yield Finding(
            rule="MF06",
            group=Group.OTHERS,
            severity=Severity.BLOCK if made else Severity.WARN,
            object=key.child,
            message=f"{key.child} points to {key.parent}, which {state}.",
            fix="make the target columns unique together, or drop that foreign key",
        )
