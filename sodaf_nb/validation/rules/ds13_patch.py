"""DS13, DS14 and HY14: what a patch does to rows."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import RunPatch
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Effect, Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="DS13",
        what="A patch deletes rows.",
        why="The rows go; how many was counted by running the patch on a copy.",
        remedy="Narrow its WHERE, or accept it: the table is backed up before, and a rollback brings the rows back.",
    ),
    About(
        rule="DS14",
        what="A patch overwrites values.",
        why="Rows that held a value in the column hold another one, or none, afterwards.",
        remedy="Write into an empty column instead, or accept it: the values are backed up before.",
    ),
    About(
        rule="HY14",
        what="A patch writes rows.",
        why="Says how many it makes, changes and takes away, counted by running it on a copy.",
        remedy="Look whether these are the rows you mean.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Report what a patch did when it was tried."""
    effect = evidence.facts.effect
    for operation in evidence.plan.operations:
        if isinstance(operation, RunPatch) and effect is not None:
            yield from _losses(operation, effect)
            made, changed = counted(effect.inserted, "row is", "rows are"), counted(effect.updated, "row")
            yield Finding(
                rule="HY14",
                group=Group.DATA_LOSS_RISK,
                severity=Severity.INFO,
                object=operation.table,
                message=f"{operation.name}: {made} inserted, {changed} updated, {effect.deleted} deleted.",
                count=effect.rows,
            )


def _losses(patch: RunPatch, effect: Effect) -> Iterator[Finding]:
    if effect.deleted:
        yield Finding(
            rule="DS13",
            group=Group.DATA_LOSS_RISK,
            severity=Severity.BLOCK,
            object=patch.table,
            message=f"{patch.name} deletes {counted(effect.deleted, 'row')} of {patch.table}.",
            fix="narrow its WHERE",
            count=effect.deleted,
            samples=effect.samples.get("", ()),
        )
    for column, rows in effect.overwritten.items():
        name = f"{patch.table}.{column}"
        yield Finding(
            rule="DS14",
            group=Group.DATA_LOSS_RISK,
            severity=Severity.BLOCK,
            object=name,
            message=f"{patch.name} overwrites {counted(rows, 'value')} of {name}.",
            fix="write into an empty column instead",
            count=rows,
            samples=effect.samples.get(column, ()),
        )
