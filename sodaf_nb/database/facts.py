"""Counts on the live rows that the rules ask for, all within the session's one snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from sodaf_nb.database.questions import Question, about_contents, about_plan
from sodaf_nb.database.references import loose_keys, pointing_here, references
from sodaf_nb.database.session import Session
from sodaf_nb.database.uniqueness import SAMPLES, equal_values
from sodaf_nb.plan import AlterColumn, DropTable, Plan, table_of
from sodaf_nb.plan.names import Origins
from sodaf_nb.plan.operations import RESTORES, ROW_CHANGES
from sodaf_nb.rehearsal import MASKED, is_masked
from sodaf_nb.schema import Schema
from sodaf_nb.sql.quoting import quote
from sodaf_nb.validation.evidence import Contents, Count, Facts

# SQLite returns at most 2,000 columns, and a conversion's text has about a thousand characters.
_MOST_AT_ONCE = 100


def gather(
    session: Session, plan: Plan, live: Schema, mask: Collection[str] = (), contents: Contents | None = None
) -> Facts:
    """Return the facts of a plan; tables are asked by the names they have now, each table in one scan.

    Where texts may become longer and nothing else changes, no row is read, and rows are not counted either.

    Args:
        session: The snapshot to count in.
        plan: The plan.
        live: The schema in that snapshot.
        mask: Columns whose values must not be shown; samples of them are hidden.
        contents: What the DocType says beyond its columns; None asks nothing about it.
    """
    asked = [*about_plan(plan, live, session.dialect), *(about_contents(plan, live, contents) if contents else ())]
    rows, answers = _answers(session, asked, _tables(plan, live))
    counts = {key: _sampled(session, live, q, answers[key], mask) for key, q in _by_key(asked).items()}
    keys = references(session) if plan.operations else ()
    dropped = [(n, o.table.name) for n, o in enumerate(plan.operations) if isinstance(o, DropTable)]
    by_operation = {key: count for key, count in counts.items() if isinstance(key[0], int)}
    by_operation |= dict(equal_values(session, plan, live, mask))
    by_operation |= {(n, "pointing_here"): pointing_here(session, table, keys) for n, table in dropped}
    return Facts(
        rows=MappingProxyType(rows),
        counts=MappingProxyType(by_operation),
        counters=MappingProxyType(_counters(session, live, rows)),
        other_choices=MappingProxyType({key[1]: count for key, count in counts.items() if key[0] == "choice"}),
        strays=MappingProxyType({key[1]: count for key, count in counts.items() if key[0] == "stray"}),
        loose_keys=tuple(loose_keys(plan, live, keys)),
    )


def _by_key(asked: Sequence[Question]) -> dict[Any, Question]:
    return {question.key: question for question in asked}


def _tables(plan: Plan, live: Schema) -> list[str]:
    if all(isinstance(o, AlterColumn) and o.only_lengthens for o in plan.operations):
        return []  # the catalog alone changes, so it takes no longer with more rows
    origins = Origins(plan.operations)
    lasting = (
        (n, o) for n, o in enumerate(plan.operations) if isinstance(o, ROW_CHANGES) or not isinstance(o, RESTORES)
    )
    named = {origins.table(table_of(o), until=n) for n, o in lasting}
    return sorted(name for name in named if name is not None and live.table(name) is not None)


def _answers(
    session: Session, asked: Sequence[Question], tables: Sequence[str]
) -> tuple[dict[str, int], dict[Any, int]]:
    """Return the number of rows of each table, and of the rows each question is true of."""
    rows, answers = {}, dict[Any, int]()
    for table, questions in _by_table(asked, tables):
        found = [int(n) for n in session.rows(_scan(table, questions))[0]]
        rows[table] = found[0]
        answers |= {question.key: number for question, number in zip(questions, found[1:], strict=True)}
    return {table: rows[table] for table in tables}, answers


def _by_table(asked: Sequence[Question], tables: Sequence[str]) -> Iterator[tuple[str, list[Question]]]:
    unasked = set(tables) - {question.table for question in asked}
    yield from ((table, []) for table in sorted(unasked))
    for table, found in groupby(sorted(asked, key=lambda q: q.table), key=lambda q: q.table):
        questions = list(found)
        for start in range(0, len(questions), _MOST_AT_ONCE):
            yield table, questions[start : start + _MOST_AT_ONCE]


def _scan(table: str, questions: Sequence[Question]) -> str:
    counts = ", ".join(["COUNT(*)", *(f"COUNT(CASE WHEN {q.condition} THEN 1 END)" for q in questions)])
    return f"SELECT {counts} FROM {quote(table)}"


def _sampled(session: Session, live: Schema, question: Question, rows: int, mask: Collection[str]) -> Count:
    if not rows:
        return Count(rows=0)
    column = _key_column(live, question.table)
    key = session.dialect.row_name if column is None else quote(column)
    query = f"SELECT {key} FROM {quote(question.table)} WHERE {question.condition} ORDER BY {key} LIMIT {SAMPLES}"
    count = Count(rows=rows, samples=tuple(str(value) for (value,) in session.rows(query)))
    return replace(count, samples=(MASKED,) * len(count.samples)) if is_masked(column, mask) else count


def _key_column(live: Schema, table: str) -> str | None:
    present = live.table(table)
    return present.primary_key[0] if present and len(present.primary_key) == 1 else None


def _counters(session: Session, live: Schema, tables: Collection[str]) -> dict[str, int]:
    numbered = [name for name in tables if (table := live.table(name)) and any(c.autoincrement for c in table.columns)]
    if not numbered:
        return {}
    return session.counters(numbered)
