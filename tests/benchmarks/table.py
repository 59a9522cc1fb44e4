"""The table that is changed, the changes, and what each of them is called."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.options import ApplyOptions, SyncOptions

TABLE = "tabItem"
Field = dict[str, Any]
FIELDS: tuple[Field, ...] = (
    {"fieldname": "title", "fieldtype": "Data"},
    {"fieldname": "status", "fieldtype": "Data", "default": "Open"},
    {"fieldname": "qty", "fieldtype": "Data"},
    {"fieldname": "price", "fieldtype": "Float"},
    {"fieldname": "customer", "fieldtype": "Data", "search_index": 1},
    {"fieldname": "due_date", "fieldtype": "Date", "search_index": 1},
    {"fieldname": "must", "fieldtype": "Data", "required": 1},
    {"fieldname": "note", "fieldtype": "Small Text"},
    {"fieldname": "tags", "fieldtype": "Data"},
)
CHANGES: Mapping[str, str] = {
    "add": "add a column",
    "widen": "a longer length",
    "rename": "rename a column",
    "relax": "drop NOT NULL",
    "drop": "drop a column",
    "retype": "text to integer",
    "together": "text to integer, drop and add",
}
# Keys in random order, as names of documents are; about 180 bytes of values in a row.
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
INSERT INTO tabItem (name, creation, modified, modified_by, owner, docstatus, idx, title, status, qty, price, customer,
  due_date, must, note, tags)
SELECT printf('%013x', i * 715225739 % 1000000007),
  '2024-01-01 10:00:00.000000', '2024-02-01 10:00:00.000000', 'Administrator', 'Administrator', 0, i % 50,
  'Item number ' || i, 'Open', CAST(i % 1000 AS TEXT), i * 0.25, 'CUST-' || (i * 7919 % 9973),
  date('2024-01-01', (i % 700) || ' days'), 'yes', 'four words of note ' || i, 'red,blue' FROM n
"""


def doctype(change: str | None = None) -> dict[str, Any]:
    """Return the DocType, before or after a change."""
    fields = {field["fieldname"]: dict(field, label=field["fieldname"].title()) for field in FIELDS}
    match change:
        case "widen":
            fields["title"]["length"] = 200
        case "rename":
            fields["tags"]["fieldname"] = "labels"
        case "relax":
            del fields["must"]["required"]
    if change in ("drop", "together"):
        del fields["note"]
    if change in ("retype", "together"):
        fields["qty"]["fieldtype"] = "Int"
    if change in ("add", "together"):
        fields["extra"] = {"fieldname": "extra", "fieldtype": "Data", "label": "Extra"}
    return {"doctype": "DocType", "name": "Item", "fields": list(fields.values())}


def options(change: str) -> SyncOptions:
    """Return what the user answers."""
    return SyncOptions(
        accept="all",
        removed_fields="drop" if change in ("drop", "together") else "keep",
        field_renames={"tags": "labels"} if change == "rename" else {},
    )


def build(path: Path, rows: int) -> None:
    """Make the file with its table and rows."""
    doctypes = DocTypeEngine()
    doctypes.register(doctype())
    database = Database(f"sqlite:///{path}")
    MigrationApplier(database, doctypes, ApplyOptions(backup_dir=path.parent / "none")).sync_doctype("Item")
    database.close()
    with closing(sqlite3.connect(path)) as db:
        indexes = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall()
        mine = [(name, sql) for name, sql in indexes if name.startswith("ix_")]
        for name, _sql in mine:
            db.execute(f'DROP INDEX "{name}"')
        db.execute(FILL, {"rows": rows})
        for _name, sql in mine:
            db.execute(sql)
        db.commit()
