"""Whether a plan is still the one that was reviewed, and what moved since if it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sodaf_nb.errors import StalePlanError, Step, UsageError
from sodaf_nb.plan import Plan, summary
from sodaf_nb.plan.names import concerned
from sodaf_nb.schema import Column, Schema
from sodaf_nb.schema.closure import closure

SHORT = 12
"""Characters of a plan's id that are shown to people."""

# 32 bits: two plans that one person reviews will not share them.
_LEAST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A plan as it was made, and what it stood on then.

    Args:
        plan: The plan.
        columns: (table, column) to its shape, of the tables it concerns.
        objects: (kind, name) to the text of every catalog entry that concerns it.
    """

    plan: Plan
    columns: Mapping[tuple[str, str], object]
    objects: Mapping[tuple[str, str], str | None]


def reviewed(plan: Plan, live: Schema) -> Reviewed:
    """Return what a later look at the same plan is compared with."""
    names = concerned(plan.operations, plan.table)
    tables = [table for name in names if (table := live.table(name)) is not None]
    objects = {(o.kind, o.name): o.sql for o in closure(live, names)}
    columns = {(table.name, column.name): _shape(column) for table in tables for column in table.columns}
    return Reviewed(plan=plan, columns=columns, objects=objects)


def _shape(column: Column) -> object:
    return column.shape()


def require_reviewed(plan: Plan, live: Schema, plan_id: str, seen: Mapping[str, Reviewed]) -> None:
    """Stop unless a plan has the id, or the first characters of the id, that was reviewed.

    Args:
        plan: The plan that is needed now.
        live: The schema it was made for.
        plan_id: At least eight characters of the reviewed plan's id.
        seen: Plans made in this session, by id.

    Raises:
        UsageError: If so few characters are given that another plan could have them.
        StalePlanError: If it is another plan, with what moved as far as that is known.
    """
    wanted = plan_id.strip().lower()
    if len(wanted) < _LEAST:
        raise UsageError(
            f"{plan_id!r} is too short for the id of a plan.",
            hint=(f"give {_LEAST} characters or more of the id in ", Step("plan", (plan.doctype,))),
        )
    if not plan.id.startswith(wanted):
        before = next((r for full, r in dict(seen).items() if full.startswith(wanted)), None)
        raise stale(
            f"The plan for {plan.doctype} is now {plan.id[:SHORT]}, not the reviewed {wanted[:SHORT]}",
            plan,
            live,
            before,
        )


def stale(message: str, plan: Plan, live: Schema, before: Reviewed | None) -> StalePlanError:
    """Return the error that says what moved since a plan was reviewed.

    Args:
        message: What is the case, without a full stop.
        plan: The plan that is needed now.
        live: The schema as it is now.
        before: The plan that was reviewed; None when this session has not seen it.
    """
    details = tuple(_moved(before, reviewed(plan, live))) if before else ()
    text = message if details else f"{message}."
    hint = ("review it again with ", Step("plan", (plan.doctype,)))
    return StalePlanError(text, details=details, hint=hint)


def _moved(before: Reviewed, now: Reviewed) -> Iterator[str]:
    columns = {f"{table}.{name}": shape for (table, name), shape in before.columns.items()}
    columns_now = {f"{table}.{name}": shape for (table, name), shape in now.columns.items()}
    yield from _changes(columns, columns_now)
    # A table's own text is its columns and what stands between them: named only when no column explains it.
    told = columns != columns_now
    others = {f"{kind} {name}": sql for (kind, name), sql in before.objects.items() if kind != "table" or not told}
    others_now = {f"{kind} {name}": sql for (kind, name), sql in now.objects.items() if kind != "table" or not told}
    yield from _changes(others, others_now)
    yield from _other_answers(before.plan, now.plan)


def _changes(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    yield from (f"{name} is gone" for name in before if name not in now)
    yield from (f"{name} is new" for name in now if name not in before)
    yield from (f"{name} was changed" for name in before if name in now and before[name] != now[name])


def _other_answers(before: Plan, now: Plan) -> Iterator[str]:
    """Yield the operations that only one of the plans has: the DocType or the options differ."""
    old, new = ([" ".join(summary(operation)) for operation in plan.operations] for plan in (before, now))
    yield from (f"no longer planned: {text}" for text in old if text not in new)
    yield from (f"now planned: {text}" for text in new if text not in old)
