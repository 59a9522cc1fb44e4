"""BC01 and BC02: a table or a column gets another name."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import RenameColumn, RenameTable
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="BC01",
        what="A table gets another name.",
        why="Programs and reports that name the old table stop working when this is applied.",
        remedy="Change them at the same time. Views and triggers of the database are renamed along.",
    ),
    About(
        rule="BC02",
        what="A column gets another name.",
        why="Programs and reports that name the old column stop working when this is applied.",
        remedy="Change them at the same time. Views and triggers of the database are renamed along.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of each rename; it is a note in a table without rows yet, and in a rollback, which gives back old names."""
    used = any(evidence.facts.rows.values()) and evidence.plan.kind == "sync"
    severity = Severity.WARN if used else Severity.INFO
    for operation in evidence.plan.operations:
        if isinstance(operation, RenameTable):
            yield _finding("BC01", operation.old, operation.new, severity)
        if isinstance(operation, RenameColumn):
            yield _finding("BC02", f"{operation.table}.{operation.old}", operation.new, severity)


def _finding(rule: str, old: str, new: str, severity: Severity) -> Finding:
    return Finding(
        rule=rule,
        group=Group.OTHERS,
        severity=severity,
        object=old,
        message=f"{old} becomes {new}; programs that name it must change at the same time.",
        fix="change what reads it together with this migration",
    )
