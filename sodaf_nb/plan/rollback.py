"""From a recorded plan to the plan that takes it back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from sodaf_nb.options import ConflictPolicy
from sodaf_nb.plan.names import Origins, endangered_now
from sodaf_nb.plan.operations import (
    RESTORES,
    ROW_CHANGES,
    AddColumn,
    AlterColumn,
    CreateIndex,
    DedupeColumn,
    DropTable,
    Operation,
    RestoreColumn,
    RestoreTable,
)
from sodaf_nb.plan.plan import Plan
from sodaf_nb.schema import Column, Index, Kind

KEY = "name"
Risk = tuple[str, str | None]
_TEXTS = (Kind.VARCHAR, Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.OTHER)


def make_rollback(
    plan: Plan,
    *,
    undoes: str,
    made_for: str,
    backed_up: Collection[Risk],
    on_conflict: ConflictPolicy = "keep_newer",
) -> Plan:
    """Return the plan that takes `plan` back: structure first, then data from its backup.

    Args:
        plan: The plan as it was applied.
        undoes: Id of the migration that applied it.
        made_for: Fingerprint of the schema as it is now.
        backed_up: (table, column) that its backup holds and that may have been lost, by their names then.
        on_conflict: What becomes of values that were edited since.
    """
    restores = tuple(_settled(each, on_conflict) for each in _restores(plan, backed_up))
    rows = tuple(o.undone(undoes, on_conflict) for o in reversed(plan.operations) if isinstance(o, ROW_CHANGES))
    structure, late = _split(plan, frozenset((r.table, r.column) for r in restores if isinstance(r, RestoreColumn)))
    return Plan(
        doctype=plan.doctype,
        table=_first_name(plan),
        operations=(*structure, *restores, *rows, *late),
        made_for=made_for,
        kind="rollback",
        undoes=undoes,
    )


def _settled(operation: Operation, policy: ConflictPolicy) -> Operation:
    # The key is how rows are found: one that was edited since belongs to another row.
    if isinstance(operation, RestoreColumn) and operation.column != operation.key:
        return replace(operation, on_conflict=policy)
    return operation


def _split(plan: Plan, restored: Collection[tuple[str, str]]) -> tuple[list[Operation], list[Operation]]:
    """Return the way back in order, and from it the indexes that must wait until values are restored.

    Until then a required column holds the same filler in every row, which a unique index would refuse.
    """
    origins, now, late = Origins(plan.operations), list[Operation](), list[Operation]()
    for number, operation in reversed(list(enumerate(plan.operations))):
        if isinstance(operation, RESTORES):
            continue
        back = _fillable(operation.reverse())
        index = _by_first_names(back.index, origins, number) if isinstance(back, CreateIndex) else None
        if index and any((index.table, column) in restored for column in index.columns):
            late.append(CreateIndex(index=index))
        else:
            now.append(back)
    return now, late


def _by_first_names(index: Index, origins: Origins, number: int) -> Index:
    columns = (origins.column(index.table, column, until=number) or column for column in index.columns)
    return replace(index, table=origins.table(index.table, until=number) or index.table, columns=tuple(columns))


def _first_name(plan: Plan) -> str:
    return Origins(plan.operations).table(plan.table, until=len(plan.operations)) or plan.table


def _fillable(operation: Operation) -> Operation:
    # A required column comes back before its values do; rows written since keep this filler.
    if not isinstance(operation, (AddColumn, AlterColumn)) or operation.backfill is not None:
        return operation
    if isinstance(operation, AddColumn) and _needs_filler(operation.column):
        return replace(operation, backfill=_filler(operation.column))
    if isinstance(operation, AlterColumn) and _needs_filler(operation.after) and operation.before.nullable:
        return replace(operation, backfill=_filler(operation.after))
    return operation


def _needs_filler(column: Column) -> bool:
    return not column.nullable and column.default is None and column.default_sql is None


def _filler(column: Column) -> str | int:
    return "" if column.type.kind in _TEXTS else 0


def _restores(plan: Plan, backed_up: Collection[Risk]) -> Iterator[Operation]:
    endangered = [(plan.operations[n], table, column) for n, table, column in endangered_now(plan.operations)]
    found = [each for each in endangered if not isinstance(each[0], ROW_CHANGES)]
    key = next((o for o, _t, c in found if c == KEY and isinstance(o, AlterColumn)), None)
    # Of a table that was dropped empty nothing was saved: it only has to be made again.
    dropped = (o for o, table, _c in found if isinstance(o, DropTable) and (table, None) in backed_up)
    yield from (RestoreTable(table=o.table) for o in dropped)
    # The key last: the others are matched by it.
    places = sorted(dict.fromkeys((table, column) for _o, table, column in found), key=lambda each: each[1] == KEY)
    for table, column in places:
        if column is not None and (table, column) in backed_up:
            done = [o for o, *place in found if place == [table, column]]
            retyped = next((o for o in done if isinstance(o, AlterColumn)), None)
            deduped = next((o for o in done if isinstance(o, DedupeColumn)), None)
            yield RestoreColumn(table=table, column=column, key=KEY, retyped=retyped, key_retyped=key, deduped=deduped)
