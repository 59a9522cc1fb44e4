"""What the table of cases is made of: an ordinary table, features on it, changes of it, circumstances."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from types import MappingProxyType
from typing import Any

from tests.torture.census import quoted

DATA = "VARCHAR(140)"
FIELDTYPES = {DATA: "Data", "INTEGER": "Int"}
NOTHING: Mapping[str, Any] = MappingProxyType({})
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Col:
    """One column of the ordinary table that the DocType has a field for.

    Args:
        name: Its name; also the fieldname.
        type: Its declared type, a key of `FIELDTYPES`.
        required: True makes NOT NULL.
        default: A text; None: no default.
        clause: SQL behind it that no DocType mentions.
        spelled: Its name as the table's text spells it; empty: as `name`.
    """

    name: str
    type: str = DATA
    required: bool = False
    default: str | None = None
    clause: str = ""
    spelled: str = ""

    def sql(self) -> str:
        """Return its definition."""
        words = [self.spelled or quoted(self.name), self.type]
        words += ["NOT NULL"] if self.required else []
        words += [f"DEFAULT '{self.default}'"] if self.default is not None else []
        return " ".join([*words, self.clause]).strip()

    def field(self) -> Mapping[str, Any]:
        """Return its field."""
        found = {"fieldname": self.name, "fieldtype": FIELDTYPES[self.type], "label": self.name.title()}
        return found | ({"required": 1} if self.required else {}) | ({"default": self.default} if self.default else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Something on or about the table that no DocType mentions.

    In all SQL `{t}` is the table in quotes and `{T}` its bare name, `{c}` the bare name of the column in question.

    Args:
        id: What it is, in words.
        traps: The traps it is about, by their ids.
        clause: Stands behind the definition of `{c}`.
        spelled: How the table's text spells `{c}`.
        fields: Further columns that have a field.
        columns: Definitions of further columns that have none.
        constraints: Table constraints.
        head: Stands before the first column, comments for example.
        tail: Stands behind the last column.
        options: Stands behind the closing parenthesis.
        key: The key column's definition.
        keys: The three rows' keys.
        values: Values of `{c}` in further rows.
        before: SQL before the table is made.
        after: SQL when its rows are in.
        meaning: Statements that show what it does; their outcomes are the same as long as it is kept.
        refused: Change to the words of its refusal, when the change is made to `{c}` itself.
        late: Change to the words of its failure, where only the rows show that it cannot be made.
        always: Words of the refusal of every change; empty: it is kept.
        reasons: Change to why it fails today; strict, so that the reason goes when the failure does.
        attributes: Attributes of the DocType.
        only: True when the change can only be made to another column than `{c}`.
        apart: True when it does not go together with the others.
    """

    id: str
    traps: str = ""
    clause: str = ""
    spelled: str = ""
    fields: tuple[Col, ...] = ()
    columns: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    head: str = ""
    tail: str = ""
    options: str = ""
    key: str = "name VARCHAR(140) NOT NULL PRIMARY KEY"
    keys: tuple[Any, ...] = ("R1", "R2", "R3")
    values: tuple[Any, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    meaning: tuple[str, ...] = ()
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)
    late: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)
    always: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    attributes: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    only: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a change does to one column.

    Args:
        old: Its name; None: it is new.
        new: Its definition afterwards, the clause aside; None: it is dropped.
        value: What becomes of a value.
        backfill: The answer for rows that would hold NULL.
    """

    old: str | None
    new: Col | None
    value: Callable[[Any], Any] = lambda value: value
    backfill: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of the DocType.

    Args:
        id: A word for it.
        edits: What it does to columns.
        table: The table afterwards; None: as before.
        traps: The traps of the change itself.
    """

    id: str
    edits: tuple[Edit, ...] = ()
    table: str | None = None
    traps: str = ""

    @property
    def column(self) -> str | None:
        """The column that the change is made to; None for one that is not there yet, or for several."""
        return self.edits[0].old if len(self.edits) == 1 else None


TABLE = "tabBig Thing"
STANDARD = (
    "creation DATETIME, modified DATETIME, modified_by VARCHAR(140), owner VARCHAR(140), "
    "docstatus SMALLINT NOT NULL DEFAULT 0, idx INTEGER NOT NULL DEFAULT 0"
)
COLUMNS = (
    Col(name="qty"),
    Col(name="city"),
    Col(name="gone"),
    Col(name="state", default="Open"),
    Col(name="must", required=True),
    Col(name="maybe"),
    Col(name="last"),
)
ROWS: tuple[Row, ...] = (
    {"qty": "7", "city": "Rome", "gone": "x", "state": "Open", "must": "m1", "maybe": "a", "last": "1"},
    {"qty": "-12", "city": "Oslo", "gone": "y", "state": "Shut", "must": "m2", "maybe": "b", "last": None},
    {"qty": None, "city": None, "gone": None, "state": None, "must": "m3", "maybe": None, "last": "3"},
)
LABELS = ("alpha", "Beta", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A database to be: the ordinary table with features, before or after a change.

    Args:
        features: The features, each with its column.
        table: The table's bare name.
        columns: The columns with a field.
        rows: The rows, by column.
    """

    features: tuple[tuple[Feature, str], ...]
    table: str
    columns: tuple[Col, ...]
    rows: tuple[Row, ...]

    def after(self, change: Change) -> Shop:
        """Return what the change has to make of it."""
        return replace(
            self,
            table=change.table or self.table,
            columns=reduce(_edited, change.edits, self.columns),
            rows=tuple(_changed(row, change) for row in self.rows),
            features=tuple((feature, _renamed(column, change)) for feature, column in self.features),
        )

    def statements(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Return the SQL that makes it, with parameters."""
        before = [(self.spelled(sql, column), ()) for feature, column in self.features for sql in feature.before]
        after = [(self.spelled(sql, column), ()) for feature, column in self.features for sql in feature.after]
        return [*before, (self.create_table(), ()), *map(self._insert, self.rows), *after]

    def create_table(self) -> str:
        """Return the table's text."""
        features = [feature for feature, _column in self.features]
        tail = "".join(f.tail for f in features)
        key = next((f.key for f in features if f.key != Feature.key), Feature.key) if features else KEY
        mentioned = {column: f for f, column in self.features} | {"last": Feature(id="", clause=tail)}
        parts = [f"{key}, {STANDARD}"]
        parts += [self.spelled(sql, c) for f, c in self.features for sql in f.columns]
        parts += [self.spelled(_with_clause(c, mentioned.get(c.name)).sql(), c.name) for c in self.columns]
        parts += [self.spelled(sql, c) for f, c in self.features for sql in f.constraints]
        head, options = ("".join(getattr(f, name) for f in features) for name in ("head", "options"))
        body = f"({head}\n  " + ",\n  ".join(parts) + ")"
        strict = re.sub(r"VARCHAR\(140\)|DATETIME", "TEXT", body).replace("SMALLINT", "INT")
        return self.spelled(f"CREATE TABLE {{t}} {strict if 'STRICT' in options else body}{options}", "")

    def meaning(self) -> list[str]:
        """Return the statements that show what the features do."""
        return [self.spelled(sql, column) for feature, column in self.features for sql in feature.meaning]

    def spelled(self, sql: str, column: str) -> str:
        """Return a feature's SQL for this table and that column."""
        places = {"{t}": quoted(self.table), "{T}": self.table, "{c}": column}
        return reduce(lambda text, place: text.replace(*place), places.items(), sql)

    def doctype(self) -> Mapping[str, Any]:
        """Return the DocType of the table."""
        attributes = {k: v for feature, _column in self.features for k, v in feature.attributes.items()}
        fields = [column.field() for column in self.columns]
        return {"doctype": "DocType", "name": self.table.removeprefix("tab"), "fields": fields, **attributes}

    def _insert(self, row: Row) -> tuple[str, tuple[Any, ...]]:
        names, marks = ", ".join(map(quoted, row)), ", ".join("?" * len(row))
        return f"INSERT INTO {quoted(self.table)} ({names}) VALUES ({marks})", tuple(row.values())


KEY = "name VARCHAR(140) NOT NULL PRIMARY KEY"


def shop(features: Sequence[tuple[Feature, str | None]]) -> Shop:
    """Return the shop before the change; a feature without a column gets one of its own."""
    placed = tuple((f, column or f"label_{n}") for n, (f, column) in enumerate(features, start=1))
    own = [column for (_f, column), (_same, given) in zip(placed, features, strict=True) if given is None]
    keys = next((f.keys for f, _column in placed if f.keys != ("R1", "R2", "R3")), ("R1", "R2", "R3"))
    labels = [dict.fromkeys(own, label) for label in LABELS]
    rows = [{"name": key} | row | more for key, row, more in zip(keys, ROWS, labels, strict=True)]
    empty = dict.fromkeys([*ROWS[0], *own]) | {"must": "m"}
    more = [{"name": f"{f.id} {n}"} | empty | {column: v} for f, column in placed for n, v in enumerate(f.values)]
    fields = [column for f, _column in placed for column in f.fields]
    columns = (*COLUMNS[:-1], *(Col(name=column) for column in own), *fields, COLUMNS[-1])
    return Shop(features=placed, table=TABLE, columns=columns, rows=(*rows, *more))


def _with_clause(column: Col, feature: Feature | None) -> Col:
    return replace(column, clause=feature.clause or column.clause, spelled=feature.spelled) if feature else column


def _edited(columns: tuple[Col, ...], edit: Edit) -> tuple[Col, ...]:
    if edit.old is None:
        return (*columns, edit.new) if edit.new else columns
    found = [edit.new if column.name == edit.old else column for column in columns]
    return tuple(column for column in found if column is not None)


def _changed(row: Row, change: Change) -> Row:
    edits = {edit.old: edit for edit in change.edits if edit.old}
    kept = {name: value for name, value in row.items() if name not in edits}
    moved = {e.new.name: e.value(row[o]) for o, e in edits.items() if e.new and o in row}
    return kept | moved | {e.new.name: e.value(None) for e in change.edits if e.old is None and e.new}


def _renamed(column: str, change: Change) -> str:
    return next((edit.new.name for edit in change.edits if edit.old == column and edit.new), column)
