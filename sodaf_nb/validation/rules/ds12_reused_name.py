"""DS12: a field comes back under the name of a kept column that has another type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from sodaf_nb.plan import AlterColumn, Operation, RenameColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group
from sodaf_nb.validation.severity import for_loss

ABOUT = (
    About(
        rule="DS12",
        what="A new field would take over the values that a removed field of its name left behind.",
        why="A removed field keeps its column unless the drop is asked for; its old values may mean something else.",
        remedy="Drop the old column first, give the new field another name, or accept that it takes the old values.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report a new field that would take over what a removed field of that name left behind."""
    if evidence.managed is None or evidence.plan.kind == "rollback":
        return
    # A column that the plan renames brings its values along because somebody said so.
    renamed = {operation.new for operation in evidence.plan.operations if isinstance(operation, RenameColumn)}
    known = evidence.managed | renamed
    for number, operation in enumerate(evidence.plan.operations):
        if _retypes(operation) and operation.after.name not in known:
            filled = evidence.facts.count(number, "filled")
            name = f"{operation.table}.{operation.after.name}"
            yield Finding(
                rule="DS12",
                group=Group.DATA_LOSS_RISK,
                severity=for_loss(filled.rows),
                object=name,
                message=f"{name} was kept when its field was removed as {operation.before.type}; "
                f"{counted(filled.rows, 'old value')} would become {operation.after.type}.",
                fix="drop the old column first, or give the new field another name",
                count=filled.rows,
                samples=filled.samples,
            )


def _retypes(operation: Operation) -> TypeGuard[AlterColumn]:
    # Longer texts are of the same type, and nobody counts them.
    return isinstance(operation, AlterColumn) and operation.retypes and not operation.lengthens
