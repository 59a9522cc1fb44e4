"""A script that stands alone: for other programs to run, with the questions that our executor would ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sodaf_nb.schema import Schema, SchemaObject
from sodaf_nb.sql.dialect import Dialect
from sodaf_nb.sql.script import Script, Step


def alone(
    script: Script, live: Schema, tables: Collection[str], dialect: Dialect
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements up and those down; each begins with what must hold and fails where it does not.

    Whoever runs them needs one transaction around them that is taken back at the first error.

    Args:
        script: The script of a plan.
        live: The schema it starts from.
        tables: The tables the plan works on, under every name they bear.
        dialect: The engine's dialect.
    """
    names = {name.lower() for name in tables}

    def whole(steps: Sequence[Step], ground: Collection[SchemaObject]) -> tuple[str, ...]:
        own = tuple(entry for entry in ground if entry.table.lower() in names)
        return *dialect.required_ground(own, names), *_statements(steps, dialect)

    return whole(script.up, live.objects), whole(script.down, script.objects) if script.down else ()


def _statements(steps: Sequence[Step], dialect: Dialect) -> Iterator[str]:
    for step in steps:
        checks = [check.statement for check in step.checks]
        yield from (*checks, *step.statements, *checks)
        for guard in step.guards:
            yield from dialect.refused_if(guard.query, guard.otherwise)
