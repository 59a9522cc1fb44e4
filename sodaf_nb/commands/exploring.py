"""What a person means who names a DocType or one of its fields to look at: the live table, and what is wanted of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sodaf_nb.commands.context import Context
from sodaf_nb.errors import SodafError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sodaf_nb.database.profile import Wanted
    from sodaf_nb.schema import Column, Schema, Table
    from sodaf_nb.validation.evidence import Aspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A live table to look at.

    Args:
        name: The DocType, or the table when no DocType is loaded for it.
        table: The live table.
        columns: Its columns, with what they are to be.
        together: Columns that are to be unique together, by their live names.
    """

    name: str
    table: Table
    columns: tuple[Wanted, ...]
    together: tuple[tuple[str, ...], ...] = ()

    def column(self, name: str) -> Wanted:
        """Return a column by its live or its wanted name.

        Raises:
            UsageError: If there is none; the hint names what is near.
        """
        for wanted in self.columns:
            if name.lower() in {wanted.here.name.lower(), wanted.after.name.lower() if wanted.after else ""}:
                return wanted
        names = [wanted.here.name for wanted in self.columns]
        raise UsageError(f"{self.name} has no column {name!r} in the database.", hint=near(name, names))


def near(word: str, names: Iterable[str]) -> str:
    """Return a hint that names what is near to a word, or what there is."""
    known = sorted(names)
    found = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {found[0]}?" if found else f"there are {', '.join(known) or 'none'}"


def split_field(context: Context, words: str) -> tuple[str, str | None]:
    """Return the DocType and the field of `Book.pages`; None for the field of `Book`."""
    if words in context.doctypes or "." not in words:
        return words, None
    name, _, field = words.rpartition(".")
    return name.strip(), field.strip()


def _meant(name: str, known: set[str]) -> str:
    first, _, rest = name.partition(" ")
    if first in known and rest:
        return f"explore takes a field as {first}.FIELD, rows takes a condition behind --where"
    return near(name, known)


def subject(context: Context, name: str) -> Subject:
    """Return the live table that a name stands for.

    Raises:
        UsageError: If there is no such table.
    """
    live = context.connection.database.reflect()
    if name in context.doctypes:
        return _of_doctype(context, name, live)
    table = live.table(f"tab{name}") or live.table(name)
    if table is None:
        known = {*context.doctypes.names(), *(t.removeprefix("tab") for t in live.tables)}
        raise UsageError(f"There is no DocType or table {name!r}.", hint=_meant(name, known))
    return Subject(name=name, table=table, columns=_wanted(table, None, {}))


def _of_doctype(context: Context, name: str, live: Schema) -> Subject:
    doctype = context.doctypes.get(name)
    if not doctype.has_table:
        raise UsageError(f"{name} has no table of its own.", hint="look at a DocType that has one")
    former, renames = _renames(context, name)
    table = live.table(former or doctype.table)
    if table is None:
        raise UsageError(
            f"{doctype.table} is not in the database yet.", hint=f"{context.program} apply {name} makes it"
        )
    wanted = context.doctypes.wanted_table(name)
    columns = _wanted(table, wanted, renames)
    back = {new: old for old, new in renames.items()}
    together = (tuple(back.get(c, c) for c in i.columns) for i in (wanted.indexes if wanted else ()) if i.unique)
    present = {column.name for column in table.columns}
    return Subject(
        name=name,
        table=table,
        columns=columns,
        together=tuple(names for names in together if len(names) > 1 and present.issuperset(names)),
    )


def _renames(context: Context, name: str) -> tuple[str | None, Mapping[str, str]]:
    """Return the table's former name and {old: new} of the columns that are to be renamed."""
    try:
        diff = context.applier.diff(name)
    except SodafError:  # a change that is not possible keeps nobody from looking
        return None, MappingProxyType({})
    return diff.renamed_from, {rename.old: rename.new for rename in diff.renamed_columns}


def _wanted(table: Table, wanted: Table | None, renames: Mapping[str, str]) -> tuple[Wanted, ...]:
    from sodaf_nb.database.profile import Wanted  # noqa: PLC0415  light start

    unique = {i.columns[0].lower() for i in (wanted.indexes if wanted else ()) if i.unique and len(i.columns) == 1}

    def one(here: Column) -> Wanted:
        name = renames.get(here.name, here.name)
        return Wanted(here=here, after=wanted.column(name) if wanted else None, unique=name.lower() in unique)

    return tuple(map(one, table.columns))


def described(aspect: Aspect, count: int, wanted: Wanted) -> str:
    """Return in words what would not fit, such as `8 no exact integer`."""
    kind = wanted.after.type if wanted.after else ""
    match aspect:
        case "inexact":
            return f"{count} no exact {kind}"
        case "too_long":
            return f"{count} longer than {kind}"
        case "too_wide":
            return f"{count} with more digits than {kind} has room for"
        case "nulls":
            return f"{count} empty, but required"
        case "duplicates":
            return f"{count} {'value' if count == 1 else 'values'} more than once, but unique"
        case _:
            return f"{count} {aspect}"
