"""The plan: ordered operations, bound to the schema they were made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sodaf_nb.plan.operations import RESTORES, Operation, summary
from sodaf_nb.schema import fingerprint, storable
from sodaf_nb.tabular import Row, Tabular


@storable
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Plan(Tabular):
    """What will be done to one DocType's table, in order.

    Args:
        doctype: The DocType it is for.
        table: The table as it will be called afterwards.
        operations: The changes; empty when there is nothing to do.
        made_for: Fingerprint of the live schema the plan starts from.
        kind: Whether it brings a DocType to the database or takes a migration back.
        undoes: Id of the migration it takes back; None for a sync.
        reason: Why there is nothing to do, for DocTypes without a table; empty elsewhere.
    """

    doctype: str
    table: str
    operations: tuple[Operation, ...]
    made_for: str
    kind: Literal["sync", "rollback"] = "sync"
    undoes: str | None = None
    reason: str = ""

    @property
    def id(self) -> str:
        """The content hash: the same operations on the same schema have the same id."""
        return fingerprint(self)

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
        return f"Plan for {self.doctype}: {count} {'change' if count == 1 else 'changes'}"

    def to_rows(self) -> list[Row]:
        """Return one row an operation: sign, object, change."""
        rows = (summary(operation) for operation in self.operations)
        return [{"": sign, "object": thing, "change": change} for sign, thing, change in rows]

    def empty_text(self) -> str:
        """Say why there is nothing to do."""
        return self.reason or "No changes: the database matches the DocType."
