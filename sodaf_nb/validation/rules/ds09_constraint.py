"""DS09: a constraint goes with a column or an index."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sodaf_nb.plan import CreateIndex, DropColumn, DropIndex
from sodaf_nb.validation.about import About
from sodaf_nb.validation.evidence import Evidence
from sodaf_nb.validation.findings import Finding, Group, Severity

ABOUT = (
    About(
        rule="DS09",
        what="A constraint goes: the CHECK or foreign key of a dropped column, or the uniqueness of a field.",
        why="The engine no longer refuses what it refused before, and nobody is told when such rows are written.",
        remedy="Keep the column or the unique flag if the rule still matters; a rollback brings the constraint back.",
    ),
)


def check(evidence: Evidence) -> Iterator[Finding]:
    """Warn of constraints that the plan drops along with something else; one made anew is not lost.

    A rollback takes away what the migration brought, so there it is a note.
    """
    severity = Severity.INFO if evidence.plan.kind == "rollback" else Severity.WARN
    made = {o.index.structure() for o in evidence.plan.operations if isinstance(o, CreateIndex)}
    for operation in evidence.plan.operations:
        if isinstance(operation, DropColumn):
            kinds = [name for word, name in _KINDS.items() if word in _words(operation.column.definition or "")]
            yield from (_finding(f"{operation.table}.{operation.column.name}", kind, severity) for kind in kinds)
        if isinstance(operation, DropIndex) and operation.index.unique and operation.index.structure() not in made:
            yield _finding(f"{operation.index.table}.{', '.join(operation.index.columns)}", "uniqueness", severity)


_KINDS = {"CHECK": "CHECK", "REFERENCES": "foreign key"}

# A text or a quoted name may hold such a word, which then is none.
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?\*/""", re.DOTALL)


def _words(definition: str) -> set[str]:
    return set(re.findall(r"\w+", _QUOTED.sub(" ", definition).upper()))


def _finding(name: str, kind: str, severity: Severity) -> Finding:
    return Finding(
        rule="DS09",
        group=Group.OTHERS,
        severity=severity,
        object=name,
        message=f"The {kind} of {name} goes; the database no longer enforces it.",
        fix="keep it if the rule still matters",
    )
