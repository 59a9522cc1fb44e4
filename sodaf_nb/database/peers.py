"""Tables of other migration tools: known by name, named in reports, and left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sodaf_nb.database.base import Database
from sodaf_nb.sql.quoting import quote

ALEMBIC = "alembic_version"

OWNERS: Mapping[str, str] = MappingProxyType(
    {
        ALEMBIC: "Alembic",
        "django_migrations": "Django",
        "flyway_schema_history": "Flyway",
        "atlas_schema_revisions": "Atlas",
        "databasechangelog": "Liquibase",
        "databasechangeloglock": "Liquibase",
        **dict.fromkeys(
            ("tabpatch log", "tabdoctype", "tabdocfield", "tabdocperm", "tabcustom field", "tabproperty setter"),
            "Frappe",
        ),
    }
)
"""Names of tables, in small letters, and whose they are"""


def owner(table: str) -> str | None:
    """Return whose bookkeeping a table is; None when it is nobody's we know."""
    return OWNERS.get(table.lower())


def kept(tables: Iterable[str]) -> tuple[str, ...]:
    """Return one line for each tool whose tables are there; none when there is none."""
    found: dict[str, list[str]] = {}
    for table in sorted(tables):
        if (whose := owner(table)) is not None:
            found.setdefault(whose, []).append(table)
    return tuple(f"Left alone: {', '.join(names)}, what {whose} keeps here." for whose, names in found.items())


def alembic_heads(database: Database) -> tuple[str, ...]:
    """Return the revisions that Alembic has noted in a database; empty when it was never there."""
    with database.read() as session:
        if not session.has_table(ALEMBIC):
            return ()
        return tuple(str(head) for (head,) in session.rows(f"SELECT version_num FROM {quote(ALEMBIC)} ORDER BY 1"))
