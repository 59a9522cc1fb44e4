"""Is a step right? Compares two raw readings of the file with what the DocType and the oracle say."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from tests.replay.oracle import (
    Doc,
    Kind,
    Wanted,
    converted,
    has_table,
    kind_of,
    naming_columns,
    wanted_columns,
    wanted_indexes,
)
from tests.replay.snapshot import ROWID, Cell, Column, Row, State, Table

Losses = Mapping[tuple[str, str], int]
"""(rule, column) to the number of values the step cannot keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a history as the user asks for it.

    Args:
        doc: The DocType wanted now.
        last: The DocType of the step before; None at the first.
        renames: {old: new} columns, as the user answers.
        drop: True when removed fields lose their columns.
    """

    doc: Doc
    last: Doc | None
    renames: Mapping[str, str]
    drop: bool

    @property
    def table(self) -> str:
        """The table's name afterwards."""
        return f"tab{self.doc['name']}"

    def table_before(self, state: State) -> Table | None:
        """Return the DocType's table at the start of the step, whatever its name was then."""
        return state.tables.get(f"tab{(self.last or self.doc)['name']}")

    def now(self, column: str) -> str:
        """Return what a column of the start is called afterwards."""
        return self.renames.get(column, column)

    def survives(self, column: str) -> bool:
        """Return True when a column of the start is still there afterwards."""
        return not self.drop or self.now(column) in wanted_columns(self.doc)


def judge(step: Step, before: State, after: State) -> list[str]:
    """Return everything that is wrong after an applied step; empty when it is right."""
    old, new = step.table_before(before), after.tables.get(step.table)
    if new is None:
        return [f"{step.table} is missing"]
    return [*_bystanders(step, before, after), *_structure(step, old, new), *_rows(step, old, new)]


def _bystanders(step: Step, before: State, after: State) -> Iterator[str]:
    # One DocType a file: every other table would be litter of the product or a table it must not touch.
    own = step.table_before(before)
    others = {name for name in before.tables if own is None or name != own.name}
    if others != after.tables.keys() - {step.table}:
        yield f"tables {sorted(before.tables)} -> {sorted(after.tables)}"


def _structure(step: Step, old: Table | None, new: Table) -> Iterator[str]:
    wanted = wanted_columns(step.doc)
    kept = {step.now(c.name): _shape(c) for c in old.columns if step.survives(c.name)} if old else {}
    expected, found = {**kept, **wanted}, {c.name: _shape(c) for c in new.columns}
    if expected != found:
        yield f"columns: {set(expected.items()) ^ set(found.items())}"
    if {c.name for c in new.columns if c.key_place} != {"name"}:
        yield "the primary key is not name"
    indexes = {(i.columns[0], i.unique) for i in new.indexes if i.origin != "pk" and len(i.columns) == 1}
    if indexes != wanted_indexes(step.doc):
        yield f"indexes: {indexes ^ wanted_indexes(step.doc)}"


def _rows(step: Step, old: Table | None, new: Table) -> Iterator[str]:
    if old is None:
        return
    if old.rows.keys() != new.rows.keys():
        yield f"rows lost or added: {old.rows.keys() ^ new.rows.keys()}"
        return
    for key, row in old.rows.items():
        found = new.rows[key]
        yield from (f"row {key}: {line}" for line in (*_kept(step, old, new, row, found), *_new(step, old, found)))
        if found[ROWID] != row[ROWID] and not _rekeyed(old, new):
            yield f"row {key}: rowid {row[ROWID]} -> {found[ROWID]}"


def _kept(step: Step, old: Table, new: Table, row: Row, now: Row) -> Iterator[str]:
    for column in (c for c in old.columns if step.survives(c.name)):
        wanted, found = _expected(step, column, new, row), now[step.now(column.name)]
        if wanted != found and not (wanted is None and _numbered_anew(column, old, new, found)):
            yield f"{column.name} {row[column.name]!r:.99} -> {found!r:.99}, not {wanted!r:.99}"


def _new(step: Step, old: Table, now: Row) -> Iterator[str]:
    wanted = wanted_columns(step.doc)
    for name in wanted.keys() - set(map(step.now, old.names())):
        if now[name][1] != wanted[name].default:
            yield f"the new {name} starts as {now[name]!r:.99}, not {wanted[name].default!r:.99}"


def _expected(step: Step, column: Column, new: Table, row: Row) -> Cell | None:
    name = step.now(column.name)
    cell = converted(row[column.name], column.declared, new.column(name).declared)
    if name in naming_columns(step.doc) and step.last and cell == ("text", step.last["name"]):
        return ("text", step.doc["name"])
    return cell if cell is not None or name == "name" else ("null", None)


def _numbered_anew(column: Column, old: Table, new: Table, found: Cell) -> bool:
    # A key cannot be empty: where the text is no number, the row gets one nobody has.
    kept = {converted(row["name"], column.declared, "INTEGER") for row in old.rows.values()}
    return column.name == "name" and _rekeyed(old, new) and found[0] == "integer" and found not in kept


def _rekeyed(old: Table, new: Table) -> bool:
    # A number as key is the rowid itself, so rows whose key becomes or was one cannot keep theirs.
    return kind_of(old.column("name").declared) is not kind_of(new.column("name").declared)


def losses(step: Step, before: State) -> Losses:
    """Return what the findings that stop the step must say, worked out before it."""
    old = step.table_before(before)
    if old is None or not has_table(step.doc):
        return {}
    found = {}
    for column in old.columns:
        name, cells = step.now(column.name), [row[column.name] for row in old.rows.values()]
        if not step.survives(column.name):
            found["DS03", name] = _filled(column, cells)
            continue
        wanted = wanted_columns(step.doc).get(name, _shape(column)).declared
        found["DS08", name] = sum(converted(cell, column.declared, wanted) is None for cell in cells)
        if wanted != column.declared and step.last and column.name not in wanted_columns(step.last):
            found["DS12", name] = _filled(column, cells)
    return {key: count for key, count in found.items() if count}


def _filled(column: Column, cells: list[Cell]) -> int:
    default = _default(column)
    return sum(value is not None and value != default for _, value in cells)


def _shape(column: Column) -> Wanted:
    # An INTEGER key is NOT NULL with or without the words, which the pragma does not say.
    return Wanted(column.declared, column.not_null or bool(column.key_place), _default(column))


def _default(column: Column) -> Any:
    if column.default is None:
        return None
    with closing(sqlite3.connect(":memory:")) as db:
        # The column's affinity decides whether a default of 0 is a number or a text.
        db.execute(f"CREATE TABLE t (x, y {column.declared} DEFAULT {column.default})")
        db.execute("INSERT INTO t (x) VALUES (1)")
        return db.execute("SELECT y FROM t").fetchone()[0]


def empty_columns(table: Table) -> list[str]:
    """Return the columns that no row fills: a replay over empty columns would prove nothing."""
    names = [c.name for c in table.columns if kind_of(c.declared) is not Kind.FLAG]
    return [name for name in names if all(row[name][1] is None for row in table.rows.values())]
