"""The comparison engine: DocType names in, differences out."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Protocol

from sodaf_nb.diff.compare import Answers, compare
from sodaf_nb.diff.renames import Clues, Trait
from sodaf_nb.diff.values import SchemaDiff
from sodaf_nb.doctype import DocType, DocTypeEngine
from sodaf_nb.doctype.standard import standard_columns
from sodaf_nb.errors import Step, UsageError
from sodaf_nb.schema import Schema


class Reflects(Protocol):
    """Whatever can read the live schema: a `Database`."""

    def reflect(self) -> Schema:
        """Return the live schema."""
        ...


_MOST = 10  # names in one sentence


def reason_without_table(doctype: DocType) -> str:
    """Return why a DocType has no table of its own; the empty string when it has one."""
    if doctype.is_virtual:
        return "Nothing to do: a virtual DocType has no table."
    return "Nothing to do: a single DocType keeps its values in tabSingles." if doctype.is_single else ""


class SchemaComparisonEngine:
    """Compares DocTypes with the live database; reads the catalog only, never rows.

    Args:
        database: Where the live schema is read.
        doctypes: The loaded DocTypes.
    """

    def __init__(self, database: Reflects, doctypes: DocTypeEngine) -> None:
        self._database = database
        self._doctypes = doctypes

    def compare_schema(self, doctype: str, answers: Answers | None = None, *, live: Schema | None = None) -> SchemaDiff:
        """Return the difference for one DocType.

        Args:
            doctype: Its name.
            answers: Renames and what becomes of removed fields; None keeps every column.
            live: A schema read before; None reads it now.

        Raises:
            DocTypeNotFoundError: If no DocType of that name is loaded.
            UnsupportedChangeError: If the table cannot become the DocType's.
            UsageError: If an answer names a table or column that does not exist.
        """
        wanted = self._doctypes.wanted_table(doctype)
        described = self._doctypes.get(doctype)
        if wanted is None:
            return SchemaDiff(doctype=doctype, table=described.table, reason=reason_without_table(described))
        given = _with_hints(answers or Answers(), described)
        given = replace(given, clues=_clues(given.clues, described))
        present = live or self._database.reflect()
        _require_former(given, present, wanted.name)
        remarks = (*_unused_hint(given, present, wanted.name), *self._missing(doctype))
        return replace(compare(doctype, wanted, present, given), remarks=remarks)

    def _missing(self, doctype: str) -> tuple[str, ...]:
        missing = self._doctypes.missing_targets(doctype)
        return (f"Named by Link or Table fields, but not loaded: {', '.join(missing)}.",) if missing else ()

    def compare_all_schemas(self) -> dict[str, SchemaDiff]:
        """Return the difference of every loaded DocType, by name, from one reading of the catalog."""
        live = self._database.reflect()
        return {name: self.compare_schema(name, live=live) for name in self._doctypes.names()}


def _with_hints(answers: Answers, doctype: DocType) -> Answers:
    hints = {f.fieldname: f.renamed_from for f in doctype.fields if f.renamed_from and f.fieldname}
    return Answers(
        renamed_from=_table_name(answers.renamed_from),
        former=_table_name(doctype.renamed_from),
        field_renames=answers.field_renames,
        hints=hints,
        widen=answers.widen,
        drop_removed=answers.drop_removed,
        clues=answers.clues,
    )


def traits(doctype: DocType) -> dict[str, Trait]:
    """Return what a DocType says of each of its columns beside the column itself."""
    stored = (f for f in doctype.fields if f.column_type is not None)
    return {f.fieldname: Trait(fieldtype=f.fieldtype, label=f.label or "", options=f.options or "") for f in stored}


def _clues(given: Clues, doctype: DocType) -> Clues:
    standard = frozenset({column.name for column in standard_columns(doctype)} | _EVERYWHERE)
    return replace(given, new=traits(doctype), standard=standard)


# A DocType that becomes a child table or a tree gets them, and none is a field under another name.
_EVERYWHERE = frozenset({"parent", "parenttype", "parentfield", "lft", "rgt"})


def _require_former(answers: Answers, live: Schema, table: str) -> None:
    """Stop at a former name that is nowhere; once the rename was made, giving it again is no mistake."""
    former = answers.renamed_from
    if former and live.table(former) is None and live.table(table) is None:
        raise UsageError(
            f"There is no table {former}, so {table} cannot be made from it.",
            hint=(f"{_near(former, live)}; to make a new table, leave ", Step("renamed_from"), " out"),
        )


def _unused_hint(answers: Answers, live: Schema, table: str) -> tuple[str, ...]:
    """Return a remark when the DocType's own former name is nowhere; none once the rename was made."""
    former = answers.former
    if not former or answers.renamed_from or live.table(former) or live.table(table):
        return ()
    return (f"renamed_from: there is no table {former}, so {table} is a new, empty table; {_near(former, live)}.",)


def _near(former: str, live: Schema) -> str:
    names = sorted(name.removeprefix("tab") for name in live.tables if name.startswith("tab"))
    near = difflib.get_close_matches(former.removeprefix("tab"), names, n=1)
    there = f"there are {', '.join(names[:_MOST])}{' ...' if len(names) > _MOST else ''}" if names else "there is none"
    return f"did you mean {near[0]}? {there}" if near else there


def _table_name(doctype: str | None) -> str | None:
    return f"tab{doctype}" if doctype else None
