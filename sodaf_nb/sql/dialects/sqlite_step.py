"""A step of a script: put together, and run on the empty copy before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sodaf_nb.plan import Operation, summary, table_of
from sodaf_nb.sql.dialect import SchemaCopy
from sodaf_nb.sql.dialects.sqlite_fulltext import checks, concerned, told
from sodaf_nb.sql.quoting import quote
from sodaf_nb.sql.script import Guard, Path, Step


def step_of(
    batch: Sequence[Operation], path: Path, why: str, statements: Sequence[str], guards: Sequence[Guard] = ()
) -> Step:
    """Return the step of operations on one table, titled with what becomes of each thing."""
    title = "; ".join(f"{sign} {thing}: {change}" for sign, thing, change in map(summary, batch))
    return Step(
        title=title,
        path=path,
        why=why,
        table=table_of(batch[0]),
        statements=tuple(statements),
        guards=tuple(guards),
        covers=len(batch),
    )


def ran(step: Step, batch: Sequence[Operation], shadow: SchemaCopy) -> Step:
    """Return a step, with full-text indexes told of the values it writes, having run it on the shadow.

    Raises:
        EngineRefusedError: If the engine refuses a statement.
    """
    indexes = concerned(batch, shadow)
    whole = replace(step, statements=(*step.statements, *told(indexes)), checks=checks(indexes))
    for statement in whole.statements:
        shadow.run(statement)
    return whole


def undisturbed(table: str, shadow: SchemaCopy, statements: Sequence[str]) -> list[str]:
    """Return the statements with the table's triggers out of the way: a migration is no edit by a user."""
    catalog = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE"
    found = shadow.rows(catalog, (table,))
    dropped = [f"DROP TRIGGER {quote(name)}" for name, _sql in found]
    return [*dropped, *statements, *(str(sql) for _name, sql in found)]
