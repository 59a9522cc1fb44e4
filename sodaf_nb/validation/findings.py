"""What a rule says about a plan."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from importlib import metadata
from typing import Any, Literal

from sodaf_nb.errors import PYTHON, Step, Words
from sodaf_nb.options import Accept
from sodaf_nb.tabular import Row, Tabular, counted

FORMAT = "sodaf_nb findings"
VERSION = 1
"""Of the JSON form, described by findings.schema.json beside this module"""


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
class Repair:
    """What the planner can do about a finding; `repaired` puts it into the options of a migration.

    Args:
        action: `backfill` rows with a value, `keep` removed columns, take two columns for one `rename`, `dedupe` rows
            that share a value, or `widen` a column to the room it has now.
        column: The field or column it is done to.
        target: The new name of a rename, or what `dedupe` does with the later rows; None elsewhere.
    """

    action: Literal["backfill", "keep", "rename", "dedupe", "widen"]
    column: str
    target: str | None = None

    @property
    def step(self) -> Step:
        """How the caller asks for it, to be worded by each surface."""
        return Step(self.action, (self.column, *([self.target] if self.target else [])))

    def said(self, words: Words = PYTHON) -> str:
        """Return how the caller asks for it, as it is written on one surface."""
        return words[self.action](self.step.values)


# Rules about equal values sample those values, and DS10 the tables that point here; all others the keys of rows.
_OTHER_SAMPLES = frozenset({"DS10", "MF01", "MF08", "MF09"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One judgement about one object.

    Args:
        rule: Stable id, such as `DS03`.
        group: Which question it belongs to.
        severity: Whether it stops the apply.
        object: The table or `table.column` it is about.
        message: What is the case, with live counts, in one sentence.
        fix: What the user or the planner can do, in the words of Python; empty when nothing is needed.
        repair: The same for the planner; None where only a person can do something.
        count: Rows concerned; None when rows were not counted.
        samples: Up to five keys of such rows; of rules in `_OTHER_SAMPLES` values or tables.
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
    repair: Repair | None = None
    count: int | None = None
    samples: tuple[str, ...] = ()
    acceptable: bool = True
    path: str = ""
    # A path of this machine has no place in a repr that a notebook may have recorded.
    file: str = field(default="", repr=False)

    def in_words(self, words: Words) -> Finding:
        """Return it with its fix as it is written on another surface than in Python."""
        if self.repair is None:
            return self
        return replace(self, fix=self.fix.replace(self.repair.said(), self.repair.said(words)))

    def next_step(self) -> tuple[str | Step, ...]:
        """Return its fix as a hint that each surface words for its reader; empty when nothing is needed."""
        said = self.repair.said() if self.repair else ""
        before, found, after = self.fix.partition(said) if said else (self.fix, "", "")
        parts = (before, self.repair.step, after) if self.repair and found else (before,)
        return tuple(part for part in parts if part)

    def such_as(self) -> str:
        """Return the samples as a sentence that follows the message, keys told from values; empty without any."""
        if not self.samples:
            return ""
        what = "Such as" if self.rule in _OTHER_SAMPLES else "Rows such as"
        return f" {what} {', '.join(map(repr, self.samples))}."

    def to_data(self) -> dict[str, Any]:
        """Return it as plain JSON data; every key is always there."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


class Findings(Tabular, tuple[Finding, ...]):
    """Findings in the order in which they are shown; a tuple that can be handed on to other tools."""

    __slots__ = ()

    def heading(self) -> str:
        """Return the count in one line."""
        return counted(len(self), "finding")

    def to_rows(self) -> list[Row]:
        """Return one row a finding."""
        return [
            {"": str(f.severity), "rule": f.rule, "object": f.object, "rows": f.count, "what": f.message, "fix": f.fix}
            for f in self
        ]

    def in_words(self, words: Words) -> Findings:
        """Return them with their fixes as they are written on another surface."""
        return Findings(finding.in_words(words) for finding in self)

    def empty_text(self) -> str:
        """Say that there is nothing to say."""
        return "No rule has anything to say."

    def to_json(self) -> str:
        """Return them as JSON in the form that findings.schema.json describes."""
        document = {"format": FORMAT, "version": VERSION, "findings": [finding.to_data() for finding in self]}
        return json.dumps(document, indent=2, ensure_ascii=False)

    def to_sarif(self, accept: Accept = ()) -> str:
        """Return them as a SARIF 2.1.0 log for code review tools.

        Args:
            accept: What was taken on; such findings are marked as suppressed, with the reason.
        """
        from sodaf_nb.validation.sarif import sarif  # noqa: PLC0415  it imports the rules, which import this module

        return json.dumps(
            sarif(self, version=metadata.version("sodaf_nb"), accept=accept), indent=2, ensure_ascii=False
        )
