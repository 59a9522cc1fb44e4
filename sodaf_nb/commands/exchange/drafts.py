"""Drafts of live tables, with what stands around them: foreign keys as Links, and all that is left out, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sodaf_nb.database import Database
from sodaf_nb.database.references import Reference, references
from sodaf_nb.diff.unmanaged import unmanaged
from sodaf_nb.doctype.drafting import Draft, draft_table
from sodaf_nb.doctype.drafting.naming import doctype_name_for
from sodaf_nb.doctype.names import table_name
from sodaf_nb.schema import Schema, Table
from sodaf_nb.sql.quoting import quote


def drafts_of(tables: Sequence[Table], live: Schema, database: Database) -> tuple[Draft, ...]:
    """Return the drafts of some live tables; each says what of its table it does not hold.

    Args:
        tables: The tables.
        live: The schema they are in.
        database: The database, asked for its foreign keys.

    Raises:
        UsageError: If no name can be made of a table's.
    """
    with database.read() as session:
        keys = references(session)
    names = {table.name.lower(): doctype_name_for(table.name) for table in tables}
    return tuple(_draft(table, live, database, [k for k in keys if k.child == table.name], names) for table in tables)


def _draft(
    table: Table, live: Schema, database: Database, keys: Sequence[Reference], names: Mapping[str, str]
) -> Draft:
    links = {key.columns[0].lower(): names[key.parent.lower()] for key in keys if _is_link(key, live, names)}
    draft = draft_table(table, links=links)
    drafted = {field.get("options"): field["fieldname"] for field in draft.document["fields"]}
    remarks = (
        *draft.remarks,
        *(_about_key(key, links, drafted) for key in keys),
        *(f"CHECK ({check}): {_WHERE[bool(draft.columns)]}" for check in _checks(table, live, database)),
        *(f"{thing}: {_WHERE[bool(draft.columns)]}" for thing in _built(table, live)),
    )
    return replace(draft, remarks=remarks, rows_sql=_rows_sql(table, draft, links) if draft.columns else "")


# By whether the DocType has a table of its own to come.
_WHERE = {False: "kept as it is; the DocType does not mention it", True: "left out; the new table does not have it"}


def _is_link(key: Reference, live: Schema, names: Mapping[str, str]) -> bool:
    """Return True for a key of one column to the key of a drafted table: its values are that table's names."""
    parent = live.table(key.parent)
    if parent is None or len(key.columns) != 1 or parent.name.lower() not in names:
        return False
    target = tuple(name.lower() for name in key.targets or parent.primary_key)
    return target == tuple(map(str.lower, parent.primary_key))


def _about_key(key: Reference, links: Mapping[str, str], drafted: Mapping[str | None, str]) -> str:
    columns = ", ".join(key.columns)
    target = links.get(key.columns[0].lower()) if len(key.columns) == 1 else None
    if target in drafted and target is not None:
        return f"{columns}: foreign key to {key.parent}; a Link to {target}, which the database does not enforce"
    return f"{columns}: foreign key to {key.parent}, left out; no Link can stand for it"


def _checks(table: Table, live: Schema, database: Database) -> Iterator[str]:
    for entry in live.of_table(table.name):
        if entry.kind in ("table", "constraint"):
            yield from database.dialect.checks(entry.sql or "")


def _built(table: Table, live: Schema) -> Iterator[str]:
    """Yield triggers, views and the like; indexes and columns are the draft's own matter."""
    return (thing for thing in unmanaged(None, table, live) if not thing.startswith(_OWN))


_OWN = ("index ", "constraint ", "generated column ")


def _rows_sql(table: Table, draft: Draft, links: Iterable[str]) -> str:
    """Return the INSERT that brings the rows over; empty for a table whose key is not one column.

    Keys become text, as names are; TEXT and not VARCHAR, because that cast would cut on PostgreSQL.
    """
    if len(table.primary_key) != 1:
        return ""
    as_text = set(links)
    values = [
        f"CAST({quote(column)} AS TEXT)" if column.lower() in as_text else quote(column) for column, _ in draft.columns
    ]
    into = ", ".join(quote(name) for name in ("name", *(field for _, field in draft.columns)))
    taken = ", ".join((f"CAST({quote(table.primary_key[0])} AS TEXT)", *values))
    return f"INSERT INTO {quote(table_name(draft.name))} ({into})\nSELECT {taken}\nFROM {quote(table.name)};"
