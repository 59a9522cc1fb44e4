"""BC06: a kept and a new column look like one column renamed."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Repair, Severity

ABOUT = (
    About(
        rule="BC06",
        what="A kept and a new column look like one field renamed.",
        why="The new column starts empty; the values stay under the old name, where the application no longer looks.",
        remedy="Answer with the rename if it is one. A drop of the old column asks first; accept BC06 to drop it.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn that data stays in the old column; when the old one is dropped the applier asks instead."""
    for old, new in evidence.rename_candidates:
        repair = Repair(action="rename", column=old, target=new)
        yield Finding(
            rule="BC06",
            group=Group.DATA_LOSS_RISK,
            severity=Severity.WARN,
            object=f"{evidence.plan.table}.{new}",
            message=f"{new} starts empty while {old} keeps its values; it may be the same field renamed.",
            fix=f"if it is, answer with {repair.said()}",
            repair=repair,
        )
