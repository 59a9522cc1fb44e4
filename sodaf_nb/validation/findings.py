"""What a rule says about a plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters; only BLOCK stops an apply."""

    INFO = "info"
    WARN = "warn"
    BLOCK = "block"


class Group(StrEnum):
    """The kinds of question a rule answers."""

    SQL_SYNTAX = "SQL_SYNTAX"
    DATA_LOSS_RISK = "DATA_LOSS_RISK"
    ROLLBACK_POSSIBILITY = "ROLLBACK_POSSIBILITY"
    OTHERS = "OTHERS"  # what programs and people beside this one will notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One judgement about one object.

    Args:
        rule: Stable id, such as `DS03`.
        group: Which question it belongs to.
        severity: Whether it stops the apply.
        object: The table or `table.column` it is about.
        message: What is the case, with live counts, in one sentence.
        fix: What the user or the planner can do; empty when nothing is needed.
        count: Rows concerned; None when rows were not counted.
        samples: Up to five keys of such rows.
        acceptable: False when the engine would refuse the change whoever accepts it.
        path: JSON path of what it is about in the DocType's file, such as `$.fields[3]`; empty when not known.
        file: That file, as it was named when it was loaded; empty when the DocType came from no file.
    """

    rule: str
    group: Group
    severity: Severity
    object: str
    message: str
    fix: str = ""
    count: int | None = None
    samples: tuple[str, ...] = ()
    acceptable: bool = True
    path: str = ""
    # A path of this machine has no place in a repr that a notebook may have recorded.
    file: str = field(default="", repr=False)


class Findings(tuple[Finding, ...]):
    """Findings in the order in which they are shown; a tuple that can be handed on to other tools."""

    __slots__ = ()
