"""Operations as SQLite statements: columns of one table together, everything else one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from sodaf_nb.plan import AddColumn, AlterColumn, DropColumn, Operation, RestoreRows, RunPatch, table_of
from sodaf_nb.sql.dialect import SchemaCopy
from sodaf_nb.sql.dialects.sqlite_columns import column_steps
from sodaf_nb.sql.dialects.sqlite_patch import rows_step
from sodaf_nb.sql.dialects.sqlite_plain import plain_step
from sodaf_nb.sql.script import Step

# Each DROP COLUMN, and each UPDATE of most rows, is one pass over the table (0.2 of a rebuild, measured).
MOST_PASSES = 4


def render(operations: Sequence[Operation], shadow: SchemaCopy, *, most_passes: int = MOST_PASSES) -> tuple[Step, ...]:
    """Return the steps for operations, running each on the shadow as it is made.

    Args:
        operations: What to do, in order.
        shadow: The empty copy; it has the wanted schema afterwards.
        most_passes: Passes over a table from which on a rebuild is cheaper; below 0, columns always mean a rebuild.

    Raises:
        EngineRefusedError: If the engine refuses a statement on every path.
    """
    return tuple(step for batch in _batches(operations) for step in _steps(batch, shadow, most_passes))


def _batches(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    def together(operation: Operation) -> tuple[bool, str]:
        return isinstance(operation, (AddColumn, DropColumn, AlterColumn)), table_of(operation)

    for (is_column, _table), batch in groupby(operations, key=together):
        if is_column:
            yield list(batch)
        else:
            yield from ([operation] for operation in batch)


def _steps(batch: list[Operation], shadow: SchemaCopy, most_passes: int) -> Iterator[Step]:
    columns = [o for o in batch if isinstance(o, (AddColumn, DropColumn, AlterColumn))]
    if columns:
        yield from column_steps(columns, shadow, most_passes)
    elif isinstance(batch[0], (RunPatch, RestoreRows)):
        yield rows_step(batch[0])
    else:
        yield plain_step(batch[0], shadow)
