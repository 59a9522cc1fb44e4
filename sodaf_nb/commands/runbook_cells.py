"""The runbook of one migration, as the cells of a notebook; a pure function of the plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sodaf_nb.plan import AddColumn, AlterColumn, CreateIndex, CreateTable, DropColumn, Plan, RenameColumn, RenameTable
from sodaf_nb.schema import Kind

if TYPE_CHECKING:
    from sodaf_nb.options import SyncOptions

_WHOLE = frozenset({Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT})

Cell = tuple[Literal["markdown", "code"], str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a runbook is to be written for.

    Args:
        plan: The plan.
        source: The JSON of the DocType.
        options: The answers that lead to that plan.
        database: The database, as a path from the folder of the runbook.
        backup_dir: The folder of the backups, from there too.
        environment: The word for the kind of database.
        production: True when that is a word for production.
        table_now: The table's present name; None when the plan makes it.
        columns_now: Live columns that the plan changes.
    """

    plan: Plan
    source: str
    options: SyncOptions
    database: str
    backup_dir: str
    environment: str
    production: bool
    table_now: str | None
    columns_now: tuple[str, ...]


def as_notebook(cells: Iterable[Cell]) -> str:
    """Return the text of a notebook of those cells, in nbformat 4.5 and not executed."""
    made = {
        "cells": [_cell(number, *cell) for number, cell in enumerate(cells, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _cell(number: int, kind: str, text: str, tags: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": f"step-{number:02d}",
        "metadata": {"tags": list(tags)} if tags else {},
        "source": text.strip("\n").splitlines(keepends=True),
    }
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _cells(order: Order) -> Iterator[Cell]:
    yield "markdown", _introduction(order), ()
    yield "code", _parameters(order), ("parameters",)
    yield "code", _setup(order), ()
    yield "markdown", "## 1. What must hold before\n\nThe DocType as it was reviewed, and the very plan.", ()
    yield "code", f"%%migrate doctype\n{order.source}", ()
    yield "code", _preconditions(order), ()
    if order.table_now is not None:
        yield "markdown", "## 2. The rows as they are\n\nThe last column says what would not fit.", ()
        yield "code", f"%migrate explore {order.plan.doctype}", ()
        for column in order.columns_now:
            yield "code", f"%migrate explore {order.plan.doctype}.{column}", ()
    yield "markdown", "## 3. Dry run\n\nUp and back on a private copy, with the rows; nothing is changed.", ()
    yield "code", f"dry = target.applier.dry_run({order.plan.doctype!r}, options)\ndry", ()
    yield "markdown", _GATE, ()
    yield "code", _gate(order), ()
    yield "markdown", "## 5. Apply\n\nBacked up and proven first, then one transaction.", ()
    yield "code", _apply(order), ()
    yield "markdown", "## 6. See that it holds\n\nAsked of the live database itself.", ()
    yield "code", _verification(order), ()
    yield "markdown", _ROLLBACK, ()
    yield "code", _rollback(order), ()
    yield "markdown", _SIGN_OFF, ()
    yield "code", _END, ()


def _introduction(order: Order) -> str:
    listed = "\n".join(f"| {row['']} | {row['object']} | {row['change']} |" for row in order.plan.to_rows())
    where = f"`{order.database}`" + (" (**PRODUCTION**)" if order.production else f" ({order.environment})")
    return f"""
# Migration of {order.plan.doctype}

Database: {where}. Plan: `{order.plan.id[:12]}`.

| | object | change |
|---|---|---|
{listed}

As it stands this runbook works on a *copy* of the database and takes the change back at the end, so it can be run as
often as one likes. With `trial = False` it changes the database itself.
"""


def _parameters(order: Order) -> str:
    accept = "all" if order.options.accept == "all" else sorted(order.options.accept)
    confirm = 'confirm = ""  # the name of the database, typed, when trial is False: it is PRODUCTION\n'
    return f"""
database = {order.database!r}
backup_dir = {order.backup_dir!r}
trial = True  # False: change the database itself
accept = {accept!r}  # ids of the findings you take on
take_back = False  # True: roll the change back at the end, also when it is no trial
{confirm if order.production else ""}"""


def _setup(order: Order) -> str:
    return f"""
import os
import shlex
import tempfile
from dataclasses import replace

import sodaf_nb as sn
from sodaf_nb.database import trial_copy

%load_ext sodaf_nb

start = os.getcwd()
folder = tempfile.TemporaryDirectory(prefix="sodaf-runbook-") if trial else None
db = sn.Database(database)
if trial:
    db = trial_copy(db, os.path.join(folder.name, "trial.db"))
    os.chdir(folder.name)
saved = "backups" if trial else backup_dir
words = ["connect", "db", "--as", "target", "--backup-dir", saved, "--environment", {order.environment!r}]
target = get_ipython().run_line_magic("migrate", shlex.join(words))


def live(sql):
    with db.read() as session:
        return session.rows(sql)
"""


def _preconditions(order: Order) -> str:
    options = {
        "field_renames": dict(order.options.field_renames),
        "renamed_from": order.options.renamed_from,
        "removed_fields": order.options.removed_fields,
        "backfill": dict(order.options.backfill),
        "dedupe": dict(order.options.dedupe),
        "widen": tuple(order.options.widen),
    }
    given = "".join(f", {name}={value!r}" for name, value in options.items() if value)
    return f"""
options = sn.SyncOptions(accept=accept{given})
assert not target.applier.interrupted(), "a crash left a migration open: run %migrate recover first"

plan = target.applier.plan({order.plan.doctype!r}, options)
assert plan.id == {order.plan.id!r}, "the table or the DocType changed since this runbook was written"
plan
"""


_GATE = """
## 4. Gate

What blocks stops here: correct the rows, or take a finding on by its id in `accept`.
"""


def _gate(order: Order) -> str:
    name = order.database.rpartition("/")[2]
    confirmed = (
        f'\nassert trial or confirm == {name!r}, "type the name of the database into confirm"'
        if order.production
        else ""
    )
    return f"""
blocking = sorted({{f.rule for f in dry.findings if f.severity == "block"}} - set(accept)) if accept != "all" else []
assert not blocking, f"not accepted: {{blocking}}"
assert dry.success and dry.rehearsal.ran_up and dry.rehearsal.ran_down{confirmed}
"""


def _apply(order: Order) -> str:
    table = order.table_now
    key = f'SELECT * FROM "{table}" ORDER BY 1 LIMIT 10000'
    count = f'SELECT COUNT(*) FROM "{table}"'
    before = f"count, before = live({count!r}), live({key!r})\n" if table else ""
    return f"""
{before}result = target.applier.sync_doctype({order.plan.doctype!r}, replace(options, plan_id=plan.id))
assert result.outcome == "applied"
result
"""


def _verification(order: Order) -> str:
    table = order.plan.table
    lines = [f"""columns = {{row[1] for row in live('PRAGMA table_info("{table}")')}}"""]
    present, absent = _expected(order.plan)
    if present:
        lines.append(f"assert columns >= {_listed(present)}")
    if absent:
        lines.append(f"assert columns.isdisjoint({_listed(absent)})")
    if order.table_now:
        lines.append(f"""assert live('SELECT COUNT(*) FROM "{table}"') == count""")
    lines.extend(_claims(order.plan))
    lines.append(f"assert not target.applier.diff({order.plan.doctype!r}, options).has_changes")
    return "\n".join(lines)


def _listed(names: list[str]) -> str:
    return "{" + ", ".join(map(repr, names)) + "}"


def _expected(plan: Plan) -> tuple[list[str], list[str]]:
    """Return the columns that must be there afterwards, and those that must not."""
    present, absent = [], []
    for operation in plan.operations:
        match operation:
            case AddColumn(column=column):
                present.append(column.name)
            case AlterColumn(after=after):
                present.append(after.name)
            case DropColumn(column=column):
                absent.append(column.name)
            case RenameColumn(old=old, new=new):
                present.append(new)
                absent.append(old)
            case CreateTable(table=table):
                present.extend(table.column_names())
            case _:
                continue
    return list(dict.fromkeys(present)), [name for name in dict.fromkeys(absent) if name not in present]


def _claims(plan: Plan) -> Iterator[str]:
    """Yield an assertion about the rows for each change that promises something about them."""
    for operation in plan.operations:
        match operation:
            case AlterColumn(after=after) if operation.retypes and after.type.kind in _WHOLE:
                classes = f'SELECT DISTINCT typeof("{after.name}") FROM "{plan.table}"'
                yield f"assert {{kind for (kind,) in live({classes!r})}} <= {{'integer', 'null'}}"
            case _:
                pass
        match operation:
            case AlterColumn(after=column) | AddColumn(column=column) if not column.nullable:
                yield _none(f'SELECT COUNT(*) FROM "{plan.table}" WHERE "{column.name}" IS NULL')
            case CreateIndex(index=index) if index.unique:
                names = ", ".join(f'"{name}"' for name in index.columns)
                there = " AND ".join(f'"{name}" IS NOT NULL' for name in index.columns)
                groups = f'SELECT 1 FROM "{plan.table}" WHERE {there} GROUP BY {names} HAVING COUNT(*) > 1'
                yield _none(f"SELECT COUNT(*) FROM ({groups})")
            case _:
                continue


def _none(sql: str) -> str:
    return f"assert live({sql!r}) == [(0,)]"


_ROLLBACK = """
## 7. The way back

A trial always takes the change back, and compares the rows with those of before. Later, `%migrate rollback NUMBER` does
the same to the live database; rows that were written meanwhile stay.
"""


def _rollback(order: Order) -> str:
    compared = ""
    if order.table_now:
        key = f'SELECT * FROM "{order.table_now}" ORDER BY 1 LIMIT 10000'
        count = f'SELECT COUNT(*) FROM "{order.table_now}"'
        compared = f"\n    assert live({count!r}) == count\n    assert live({key!r}) == before"
    return f"""
if trial or take_back:
    undone = target.applier.rollback_migration(result.migration_id, sn.RollbackOptions(accept="all"))
    assert undone.outcome == "applied"{compared}
    display(undone)
else:
    print("Applied, and not taken back.")
"""


_SIGN_OFF = """
## 8. Sign-off

| | name | date | decision |
|---|---|---|---|
| written by | | | |
| reviewed by | | | |
| applied by | | | |
"""

_END = """
%migrate connect --close target
db.close()
os.chdir(start)
if folder:
    folder.cleanup()
"""


def text(order: Order) -> str:
    """Return the notebook as the text of its file."""
    return as_notebook(_cells(order))


def changed_columns(plan: Plan) -> tuple[str, ...]:
    """Return the live names of the columns whose values a plan touches."""
    back: Mapping[str, str] = {o.new: o.old for o in plan.operations if isinstance(o, RenameColumn)}
    names = []
    for operation in plan.operations:
        match operation:
            case AlterColumn(before=before):
                names.append(back.get(before.name, before.name))
            case DropColumn(column=column):
                names.append(column.name)
            case CreateIndex(index=index) if index.unique and len(index.columns) == 1:
                names.append(back.get(index.columns[0], index.columns[0]))
            case _:
                continue
    added = {o.column.name for o in plan.operations if isinstance(o, AddColumn)}
    return tuple(name for name in dict.fromkeys(names) if name not in added)


def table_now(plan: Plan) -> str | None:
    """Return the name the table has before the plan; None when the plan makes it."""
    if any(isinstance(operation, CreateTable) for operation in plan.operations):
        return None
    return next((o.old for o in plan.operations if isinstance(o, RenameTable)), plan.table)
