"""DS07: values do not fit into the room a column's new type declares."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.plan import AlterColumn
from sodaf_nb.tabular import counted
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Count, Evidence
from sodaf_nb.validation.findings import Finding, Group, Repair, Severity

ABOUT = (
    About(
        rule="DS07",
        what="Values need more room than the new type of their column declares.",
        why="SQLite keeps them whole, so nothing is lost; other databases and the application may refuse them.",
        remedy="Keep the wider column (`widen`), shorten those values, or declare more room. "
        "It does not stop an apply.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of values that need more room. SQLite does not cut them, so none is lost."""
    for number, operation in enumerate(evidence.plan.operations):
        if isinstance(operation, AlterColumn):
            yield from _finding(operation, evidence.facts.count(number, "too_long"), "longer than", _LONGER)
            yield from _finding(operation, evidence.facts.count(number, "too_wide"), "beyond", _WIDER)


_LONGER = "shorten them, or declare a greater length"
_WIDER = "correct them, or declare a type that has room for them"


def _finding(operation: AlterColumn, beyond: Count, how: str, fix: str) -> Iterator[Finding]:
    name, repair = f"{operation.table}.{operation.after.name}", Repair(action="widen", column=operation.after.name)
    if beyond.rows:
        yield Finding(
            rule="DS07",
            group=Group.DATA_LOSS_RISK,
            severity=Severity.WARN,
            object=name,
            message=f"{counted(beyond.rows, f'value of {name} is', f'values of {name} are')} {how} "
            f"{operation.after.type}; {'it is' if beyond.rows == 1 else 'they are'} kept whole.",
            fix=f"keep the room there is with {repair.said()}, {fix}",
            repair=repair,
            count=beyond.rows,
            samples=beyond.samples,
        )
