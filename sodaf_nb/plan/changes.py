"""What differs between two plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sodaf_nb.plan.review import Review, Verdict
from sodaf_nb.plan.summaries import summary
from sodaf_nb.tabular import Row, Tabular, counted

if TYPE_CHECKING:
    from sodaf_nb.plan.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlanChanges(Tabular):
    """The difference from one plan to another; empty when the second does the same on the same ground.

    Args:
        doctype: The DocType of the later plan.
        rows: One row a difference: sign (+ - ~), what, and in words.
        remarks: What is said below it where it is shown.
    """

    doctype: str
    rows: tuple[Row, ...] = ()
    remarks: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows)

    def heading(self) -> str:
        """Return the count in one line."""
        return f"Changes of the plan for {self.doctype}: {counted(len(self.rows), 'difference')}"

    def to_rows(self) -> list[Row]:
        """Return one row a difference."""
        return list(self.rows)

    def notes(self) -> tuple[str, ...]:
        """Return the remarks."""
        return self.remarks

    def empty_text(self) -> str:
        """Say that the plans agree."""
        return "The plans do the same, starting from the same schema."


def changes(before: Plan, now: Plan) -> PlanChanges:
    """Return what differs from one plan to another."""
    return PlanChanges(doctype=now.doctype, rows=tuple(_rows(before, now)))


def _rows(before: Plan, now: Plan) -> Iterator[Row]:
    if before.made_for != now.made_for:
        yield _row("~", "schema", "it starts from another schema")
    if (before.doctype, before.table) != (now.doctype, now.table):
        yield _row("~", "doctype", f"{before.doctype} -> {now.doctype}")
    old, new = ([" ".join(summary(operation)) for operation in plan.operations] for plan in (before, now))
    yield from _only(old, new, "operation")
    if before.operations != now.operations and sorted(old) == sorted(new):
        yield _row("~", "operation", "the same changes in another order, or with other values")
    yield from _reviews(before.review or Review(), now.review or Review())


def _reviews(before: Review, now: Review) -> Iterator[Row]:
    if before.head != now.head:
        yield _row("~", "history", "other migrations were recorded")
    if before.sql != now.sql:
        yield _row("~", "SQL", f"{counted(len(before.sql), 'statement')} -> {counted(len(now.sql), 'statement')}")
    yield from _only(list(before.kept), list(now.kept), "kept object")
    yield from _only([_shown(v) for v in before.verdicts], [_shown(v) for v in now.verdicts], "finding")


def _only(old: Sequence[str], new: Sequence[str], what: str) -> Iterator[Row]:
    yield from (_row("-", what, text) for text in old if text not in new)
    yield from (_row("+", what, text) for text in new if text not in old)


def _row(sign: str, what: str, text: str) -> Row:
    return {"": sign, "what": what, "difference": text}


def _shown(verdict: Verdict) -> str:
    return f"{verdict.severity.upper()} {verdict.rule}: {verdict.message}"


def worse(approved: Sequence[Verdict], now: Sequence[Verdict]) -> tuple[str, ...]:
    """Return what is worse now than it was when a plan was approved, a sentence each.

    A finding that is only a note, and one that concerns no more rows, is not worse.
    """
    known = {(v.rule, v.object): v for v in approved}
    return tuple(text for verdict in now if (text := _worse(known.get((verdict.rule, verdict.object)), verdict)))


def _worse(before: Verdict | None, now: Verdict) -> str:
    if now.severity == "info":
        return ""
    if before is None:
        return f"new: {now.rule}: {now.message.rstrip('.')}"
    if (now.count or 0) > (before.count or 0):
        return f"more rows: {now.rule}: {now.message.rstrip('.')} ({before.count or 0} when it was approved)"
    return f"graver: {now.rule}: {now.message.rstrip('.')}" if _RANK[now.severity] > _RANK[before.severity] else ""


_RANK = {"info": 0, "warn": 1, "block": 2}
