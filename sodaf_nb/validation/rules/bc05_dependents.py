"""BC05: views and triggers use a column whose type changes."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.schema import SchemaObject
from sodaf_nb.schema.closure import mentions
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="BC05",
        what="A view or a trigger uses a column whose type changes.",
        why="It still compiles, or the change would be refused, but the values it compares are others.",
        remedy="Read those views and triggers with the new type in mind. It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of each retyped column that catalog texts name beside its table."""
    for operation in evidence.plan.operations:
        if isinstance(operation, AlterColumn) and operation.retypes:
            name = operation.after.name
            users = [f"{o.kind} {o.name}" for o in evidence.script.objects if _uses(o, evidence.plan.table, name)]
            if users:
                yield Finding(
                    rule="BC05",
                    group=Group.OTHERS,
                    severity=Severity.WARN,
                    object=f"{operation.table}.{name}",
                    message=f"{', '.join(users)} may use {operation.table}.{name}, "
                    f"which becomes {operation.after.type}.",
                    fix="read them with the new type in mind",
                )


def _uses(entry: SchemaObject, table: str, column: str) -> bool:
    return entry.kind in ("view", "trigger") and mentions(entry.sql, table) and mentions(entry.sql, column)
