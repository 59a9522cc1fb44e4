"""Which names may reach a database. Quoting is the second defence; this allow-list is the first."""

from __future__ import annotations

import re

from sodaf_nb.doctype.problems import shown

MAX_FIELDNAME = 60  # characters; leaves room under PostgreSQL's 63 bytes, which cuts longer names silently
MAX_TABLE = 63  # bytes, PostgreSQL's limit

_FIELDNAME = re.compile(r"[a-z_][a-z0-9_]*")
_DOCTYPE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*")

# SQLite's names for the row number (a column of that name hides it) and PostgreSQL's system columns.
_RESERVED = frozenset(
    {"rowid", "oid", "_rowid_", "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"},
)
_RESERVED_PREFIXES = ("sqlite_", "pg_")

# Tables that exist beside those of DocTypes: values of Single DocTypes, and the history of migrations.
_RESERVED_DOCTYPES = frozenset({"singles", "migrationhistory"})


def table_name(doctype: str) -> str:
    """Return the table of a DocType."""
    return f"tab{doctype}"


def fieldname_problem(name: str) -> str | None:
    """Return why `name` cannot be a column, or None when it can."""
    if len(name) > MAX_FIELDNAME:
        return f"{shown(name)} has {len(name)} characters, at most {MAX_FIELDNAME} are allowed"
    if not _FIELDNAME.fullmatch(name):
        return f"{shown(name)} is not a fieldname: use a-z, 0-9 and _, and do not start with a digit"
    if name in _RESERVED or name.startswith(_RESERVED_PREFIXES):
        return f"{shown(name)} is reserved by the database engines"
    return None


def doctype_name_problem(name: str) -> str | None:
    """Return why `name` cannot be a DocType, or None when it can."""
    if not _DOCTYPE.fullmatch(name):
        return (
            f"{shown(name)} is not a DocType name: use ASCII letters, digits, single spaces, - and _, "
            "and start with a letter"
        )
    if len(table_name(name)) > MAX_TABLE:
        return f"{shown(name)} is too long: its table name may have {MAX_TABLE} bytes"
    if name.casefold() in _RESERVED_DOCTYPES:
        return f"{shown(name)} is reserved: its table is kept by the framework itself"
    return None
