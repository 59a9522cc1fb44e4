"""Plan in, SQL out: tried on an empty copy of the live schema before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.plan import DropIndex, DropTable, Operation, Plan, RenameTable
from sodaf_nb.schema import Schema
from sodaf_nb.schema.naming import is_ours
from sodaf_nb.sql.dialect import Dialect, EngineRefusedError, SchemaCopy
from sodaf_nb.sql.dialects.sqlite_dialect import SQLITE
from sodaf_nb.sql.script import Script, Step


class SQLGenerator:
    """Turns plans into scripts.

    Args:
        dialect: The engine's dialect.
    """

    def __init__(self, dialect: Dialect = SQLITE) -> None:
        self._dialect = dialect

    def generate(self, plan: Plan, live: Schema, *, backup: tuple[str, ...] = ()) -> Script:
        """Return the script of a plan, both directions, proven on an empty copy of the schema.

        Args:
            plan: The plan.
            live: The schema it starts from.
            backup: CREATE TABLE texts of the backup a rollback reads.

        Raises:
            UnsupportedChangeError: If the engine refuses the change, or it would break or lose an object
                that the plan does not name; nothing has touched the live database.
        """
        shadow = self._dialect.copy(live, backup=backup)
        try:
            return self._generated(plan, live, shadow)
        finally:
            shadow.close()

    def _generated(self, plan: Plan, live: Schema, shadow: SchemaCopy) -> Script:
        broken = shadow.broken()
        up = self._rendered(plan, shadow)
        after = shadow.schema()
        self._require_nothing_lost(plan, live, after)
        _require_nothing_broken(plan, broken, shadow.broken())
        down, problem = self._way_back(plan, live, shadow)
        return Script(up=up, down=down, objects=after.objects, tables=after.tables, problem=problem)

    def _rendered(self, plan: Plan, shadow: SchemaCopy) -> tuple[Step, ...]:
        try:
            return self._dialect.render(plan.operations, shadow)
        except EngineRefusedError as error:
            raise UnsupportedChangeError(
                f"The engine refuses the change of {plan.table}: {error}.",
                objects=(plan.table,),
                hint="something the DocType does not mention depends on it; change or drop that first",
            ) from None

    def _require_nothing_lost(self, plan: Plan, live: Schema, after: Schema) -> None:
        left = set(self._dialect.catalog(after))
        left |= set(_planned_losses(plan.operations, live))
        found = self._dialect.catalog(live)
        lost = [f"{kind} {name}" for kind, name in found if (kind, _moved(name, plan.operations)) not in left]
        if lost:
            raise UnsupportedChangeError(
                f"The change of {plan.table} would lose {', '.join(lost)}.",
                objects=lost,
                hint="drop those objects yourself first if they are not needed",
            )

    def _way_back(self, plan: Plan, live: Schema, shadow: SchemaCopy) -> tuple[tuple[Step, ...], str]:
        try:
            down = self._dialect.render(plan.reversed(), shadow)
        except (EngineRefusedError, UnsupportedChangeError) as error:
            return (), f"the way back fails: {error}"
        changed = sorted(set(self._dialect.catalog(shadow.schema()).items()) ^ set(self._dialect.catalog(live).items()))
        names = dict.fromkeys(f"{kind} {name}" for (kind, name), _text in changed)
        return down, f"the way back leaves {', '.join(names)} different" if names else ""


def _planned_losses(operations: Sequence[Operation], live: Schema) -> Iterator[tuple[str, str]]:
    for operation in operations:
        match operation:
            case DropIndex(index=index):
                yield "index", str(index.name).lower()
            case DropTable(table=table):
                yield "table", table.name.lower()
                present = live.table(table.name)
                own = present.indexes if present else ()
                yield from (("index", str(i.name).lower()) for i in own if is_ours(i))
            case RenameTable(old=old):
                yield "table", old.lower()
            case _:
                continue


def _moved(name: str, operations: Sequence[Operation]) -> str:
    """Return what an object is called after its table was renamed, where it is called by both names."""
    for operation in operations:
        if isinstance(operation, RenameTable) and name.startswith(f"{operation.old.lower()}."):
            name = f"{operation.new.lower()}{name[len(operation.old) :]}"
    return name


def _require_nothing_broken(plan: Plan, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    names = [name for name in after if name not in before]
    if names:
        reasons = "; ".join(f"{name}: {after[name]}" for name in names)
        raise UnsupportedChangeError(
            f"The change of {plan.table} would break {reasons}.",
            objects=names,
            hint="change or drop those objects first, then plan again",
        )


def syntax_errors(
    script: Script, live: Schema, *, backup: tuple[str, ...] = (), dialect: Dialect = SQLITE
) -> tuple[tuple[str, str], ...]:
    """Return (statement, error) of the first statement up that a fresh empty copy refuses; empty when none."""
    shadow = dialect.copy(live, backup=backup)
    try:
        refused = ((statement, shadow.refusal(statement)) for statement in script.sql)
        return tuple(islice((pair for pair in refused if pair[1]), 1))
    finally:
        shadow.close()
