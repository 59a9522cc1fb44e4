"""What tables and columns were called before a plan ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sodaf_nb.plan.operations import (
    AddColumn,
    CreateTable,
    Operation,
    RenameColumn,
    RenameTable,
    endangered,
)


class Origins:
    """Follows the renames of a plan, so that live rows can be asked before anything is renamed.

    Args:
        operations: The plan's operations, in order.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations

    def table(self, table: str, *, until: int) -> str | None:
        """Return what `table` at operation number `until` is called now; None when the plan makes it."""
        for operation in reversed(self._operations[:until]):
            if isinstance(operation, RenameTable) and operation.new == table:
                table = operation.old
            if isinstance(operation, CreateTable) and operation.table.name == table:
                return None
        return table

    def column(self, table: str, column: str, *, until: int) -> str | None:
        """Return what a column at operation number `until` is called now; None when the plan adds it."""
        for operation in reversed(self._operations[:until]):
            if isinstance(operation, RenameTable) and operation.new == table:
                table = operation.old
            if isinstance(operation, RenameColumn) and (operation.table, operation.new) == (table, column):
                column = operation.old
            if isinstance(operation, AddColumn) and (operation.table, operation.column.name) == (table, column):
                return None
        return column


def endangered_now(operations: Sequence[Operation]) -> Iterator[tuple[int, str, str | None]]:
    """Yield (operation number, table, column) of live data at risk, by its names now.

    Column None means the whole table. Data that the plan itself makes is not at risk.
    """
    origins = Origins(operations)
    for number, operation in enumerate(operations):
        for table, column in endangered(operation):
            here = origins.table(table, until=number)
            now = None if column is None else origins.column(table, column, until=number)
            if here is not None and (column is None or now is not None):
                yield number, here, now


def concerned(operations: Sequence[Operation], table: str) -> frozenset[str]:
    """Return every name that a plan's table bears before, during and after it."""
    renames = [o for o in operations if isinstance(o, RenameTable)]
    return frozenset({table, *(o.old for o in renames), *(o.new for o in renames)})
