"""What somebody changed by hand since the last migration of a table: told from the hashes that it left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sodaf_nb.history.records import History, MigrationRecord
from sodaf_nb.plan import Plan
from sodaf_nb.plan.names import concerned
from sodaf_nb.schema import Schema, SchemaObject, decode, fingerprint
from sodaf_nb.schema.closure import mentions
from sodaf_nb.tabular import Row, Tabular, counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    """One object that is not as the last migration left it.

    Args:
        doctype: The DocType whose table it belongs to.
        kind: `table`, `index`, `trigger` or `view`.
        name: Its name.
        change: `added`, `changed` or `removed`.
    """

    doctype: str
    kind: str
    name: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Drift(Tabular):
    """What is not as the migrations left it.

    Args:
        objects: The objects, by DocType.
        unknown: DocTypes whose last migration was recorded by a version that kept no list of objects.
    """

    objects: tuple[Drifted, ...] = ()
    unknown: tuple[str, ...] = ()

    def heading(self) -> str:
        """Return the count in one line."""
        return f"Drift: {counted(len(self.objects), 'object')} changed by hand since the last migration"

    def to_rows(self) -> list[Row]:
        """Return one row an object."""
        return [{"doctype": d.doctype, "object": f"{d.kind} {d.name}", "change": d.change} for d in self.objects]

    def empty_text(self) -> str:
        """Say that there is none."""
        return "Every table is as its last migration left it."

    def notes(self) -> list[str]:
        """Say which tables could not be looked at."""
        names = ", ".join(self.unknown)
        return [f"Not known of {names}: recorded by an older version, which kept no list."] if names else []


def objects_of(schema: Schema, table: str) -> dict[str, str]:
    """Return what a table consists of, `kind name` to the hash of its text: itself, what is on it, and its views."""
    return {f"{o.kind} {o.name}": fingerprint(o.sql) for o in schema.objects if _belongs(o, table)}


def _belongs(entry: SchemaObject, table: str) -> bool:
    if entry.kind == "view":
        return mentions(entry.sql, table)
    return entry.table.lower() == table.lower() and entry.sql is not None


def drift(history: History, live: Schema) -> Drift:
    """Return what differs between a schema and what the newest migration of each table left.

    Args:
        history: All records, newest first.
        live: The schema now.
    """
    newest = _newest(history)
    known = [(record, table) for table, record in newest.items() if record.objects]
    found = (each for record, table in known for each in _differences(record, objects_of(live, table)))
    unknown = (r.doctype for table, r in newest.items() if not r.objects and live.table(table) is not None)
    return Drift(objects=tuple(found), unknown=tuple(unknown))


def _newest(history: History) -> dict[str, MigrationRecord]:
    newest: dict[str, MigrationRecord] = {}
    seen: set[str] = set()
    for record in (r for r in history if r.status != "failed"):
        plan: Plan = decode(record.rollback_info["plan"])
        if plan.table not in seen:
            newest[plan.table] = record
        # Nothing is to be found any more under a name that the table gave up.
        seen |= concerned(plan.operations, plan.table)
    return dict(reversed(newest.items()))


def _differences(record: MigrationRecord, now: dict[str, str]) -> Iterator[Drifted]:
    for name in sorted({*record.objects, *now}):
        before, after = record.objects.get(name), now.get(name)
        if before != after:
            change = "added" if before is None else "removed" if after is None else "changed"
            kind, _, rest = name.partition(" ")
            yield Drifted(doctype=record.doctype, kind=kind, name=rest, change=change)
