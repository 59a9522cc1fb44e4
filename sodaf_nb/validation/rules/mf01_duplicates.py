"""MF01, MF02 and MF08: a unique index on columns that hold, or would hold, equal values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sodaf_nb.plan import AddColumn, AlterColumn, CreateIndex, DedupeColumn, DropIndex, Operation
from sodaf_nb.plan.dedupe import TEXTS
from sodaf_nb.schema import Index
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Repair, Severity

ABOUT = (
    About(
        rule="MF01",
        what="A column is to be unique but holds equal values.",
        why="The engine would refuse the unique index whoever accepts it; rows without a value do not count as equal.",
        remedy="Let one row keep each value (`dedupe`), make the values differ, or leave the field not unique. "
        "It cannot be accepted.",
    ),
    About(
        rule="MF02",
        what="An index is to become unique but its columns hold equal values.",
        why="The engine would refuse the unique index whoever accepts it; rows without a value do not count as equal.",
        remedy="Let one row keep each value (`dedupe`), make the values differ, or leave the index as it is. "
        "It cannot be accepted.",
    ),
    About(
        rule="MF08",
        what="A unique field would get one and the same value in several rows.",
        why="A default or backfill is one value, and the engine refuses it from the second row on.",
        remedy="Add the field without a value first and fill it with values that differ. It cannot be accepted.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report groups of equal values; NULLs are distinct to the engine and do not count."""
    for number, operation in enumerate(evidence.plan.operations):
        groups = evidence.facts.count(number, "duplicates")
        if isinstance(operation, CreateIndex) and groups.rows:
            rule = _rule(operation.index, evidence.plan.operations)
            name = f"{operation.index.table}.{', '.join(operation.index.columns)}"
            repair = _repair(operation.index, rule, evidence)
            yield Finding(
                rule=rule,
                group=Group.DATA_LOSS_RISK,
                severity=Severity.BLOCK,
                object=name,
                message=f"{name} is to be unique but {'would get' if rule == 'MF08' else 'holds'} "
                f"{counted(groups.rows, 'group')} of equal values.",
                fix=f"{f'let one row keep each with {repair.said()}, ' if repair else ''}make those values differ, "
                "or leave the field not unique",
                repair=repair,
                count=groups.rows,
                samples=groups.samples,
                acceptable=False,
            )


def _repair(index: Index, rule: str, evidence: Evidence) -> Repair | None:
    """Return what the planner can do; nothing where it was done, where values are new, or for several columns."""
    done = any(isinstance(o, DedupeColumn) and o.column in index.columns for o in evidence.plan.operations)
    table = evidence.script.tables.get(index.table)
    column = table.column(index.columns[0]) if table and len(index.columns) == 1 else None
    if rule == "MF08" or done or column is None or not (column.nullable or column.type.kind in TEXTS):
        return None
    return Repair(action="dedupe", column=column.name, target="blank" if column.nullable else "suffix")


def _rule(index: Index, operations: Sequence[Operation]) -> str:
    added = {o.column.name for o in operations if isinstance(o, AddColumn)}
    filled = {o.after.name for o in operations if isinstance(o, AlterColumn) and o.fills}
    if not (added | filled).isdisjoint(index.columns):
        return "MF08"
    dropped = {o.index.structure()[0] for o in operations if isinstance(o, DropIndex)}
    return "MF02" if index.structure()[0] in dropped else "MF01"
