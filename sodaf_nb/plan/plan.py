"""The plan: ordered operations, bound to the schema they were made for."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast

from sodaf_nb.errors import Step, UsageError
from sodaf_nb.plan import files
from sodaf_nb.plan.changes import PlanChanges, changes
from sodaf_nb.plan.operations import RESTORES, Operation
from sodaf_nb.plan.review import Review
from sodaf_nb.plan.summaries import summary
from sodaf_nb.schema import fingerprint, storable
from sodaf_nb.tabular import Row, Tabular, markdown, markdown_fold, markdown_table


@storable
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan(Tabular):
    """What will be done to one DocType's table, in order.

    Args:
        doctype: The DocType it is for.
        table: The table as it will be called afterwards.
        operations: The changes; empty when there is nothing to do.
        made_for: Fingerprint of the live schema the plan starts from.
        kind: Whether it brings a DocType to the database, takes a migration back, notes that a backup was
            restored, or changes rows alone.
        undoes: Id of the migration it takes back; None for a sync.
        reason: Why there is nothing to do, for DocTypes without a table; empty elsewhere.
        review: What it was shown with; no part of its id, and None where nobody looked at the rows.
        remarks: What is said below it where it is shown, such as where it was saved; no part of its id, and not saved.
    """

    doctype: str
    table: str
    operations: tuple[Operation, ...]
    made_for: str
    kind: Literal["sync", "rollback", "restore", "patch"] = "sync"
    undoes: str | None = None
    reason: str = ""
    review: Review | None = field(default=None, compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def id(self) -> str:
        """The content hash: the same operations on the same schema have the same id."""
        return fingerprint(replace(self, review=None, remarks=()))

    def reversed(self) -> tuple[Operation, ...]:
        """Return the operations that take the plan back, in the order to run them."""
        lasting = (operation for operation in self.operations if not isinstance(operation, RESTORES))
        return tuple(operation.reverse() for operation in reversed(tuple(lasting)))

    def pending_changes(self) -> int:
        """Return how many changes it makes."""
        return len(self.operations)

    def heading(self) -> str:
        """Return the plan in one line."""
        count = len(self.operations)
        blocked = ", BLOCKED by findings" if self.is_blocked() else ""
        return f"Plan for {self.doctype}: {count} {'change' if count == 1 else 'changes'}{blocked}"

    def is_blocked(self) -> bool:
        """Return True when a rule stops it unless its findings are accepted."""
        return any(verdict.severity == "block" for verdict in self.review.verdicts) if self.review else False

    def to_rows(self) -> list[Row]:
        """Return one row an operation: sign, object, change, and its path where that is known."""
        rows = [dict(zip(("", "object", "change"), summary(o), strict=True)) for o in self.operations]
        paths = self.review.paths if self.review else ()
        return [{**row, "path": path} for row, path in zip(rows, paths, strict=True)] if paths else list(rows)

    def frame_rows(self) -> list[Row]:
        """Return the same rows with why each takes its path, where that is known."""
        rows, reasons = self.to_rows(), self.review.reasons if self.review else ()
        return [{**row, "why": why} for row, why in zip(rows, reasons, strict=True)] if reasons else rows

    def empty_text(self) -> str:
        """Say why there is nothing to do."""
        return self.reason or "No changes: the database matches the DocType."

    def notes(self) -> list[str]:
        """Return what the rules said and what is kept, a line each; nothing without a review."""
        review = self.review or Review()
        kept = [f"Kept as it is: {', '.join(review.kept)}."] if review.kept else []
        return [*(f"{v.severity.upper()} {v.rule}: {v.message}" for v in review.verdicts), *kept, *self.remarks]

    def to_sql(self) -> str:
        """Return its statements as one script, in the order in which they run inside one transaction.

        Raises:
            UsageError: If the plan was made by hand: SQL depends on the live schema.
        """
        if self.review is None:
            raise UsageError(
                "This plan was not made by looking at a database, so it has no SQL yet.",
                hint=("make it with ", Step("plan", (self.doctype,))),
            )
        return "".join(f"{statement};\n" for statement in self.review.sql)

    def to_markdown(self) -> str:
        """Return the plan for a pull request: changes, findings, what is kept, and the SQL both ways, folded."""
        rows = self.to_rows()
        table = markdown_table(rows) if rows else [self.empty_text()]
        notes = [f"- {markdown(note)}" for note in self.notes()]
        review = self.review or Review()
        blocks = [*markdown_fold("SQL", review.sql), *markdown_fold("Rollback SQL", review.rollback_sql)]
        parts = [f"### {self.heading()} (plan {self.id[:12]})", "", *table, *(["", *notes] if notes else []), *blocks]
        return "\n".join(parts)

    def to_text(self) -> str:
        """Return the plan as the JSON text that `save` writes."""
        return files.to_text(replace(self, remarks=()))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the plan to a file that can be reviewed, compared and applied later, and return its path.

        Raises:
            PlanFileError: If it cannot be written.
        """
        return files.write(replace(self, remarks=()), path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Plan:
        """Return the plan of a file.

        A plan decides which SQL runs, as a program does: load only files whose origin you know.

        Raises:
            PlanFileError: If it is missing, damaged, changed by hand, of an unknown version or no plan.
        """
        return cast("Plan", files.read(path))

    def changes_since(self, other: Plan) -> PlanChanges:
        """Return what differs from another, earlier plan to this one."""
        return changes(other, self)
