"""The comparison engine: DocType names in, differences out."""

from __future__ import annotations

from typing import Protocol

from sodaf_nb.diff.compare import Answers, compare
from sodaf_nb.diff.values import SchemaDiff
from sodaf_nb.doctype import DocType, DocTypeEngine
from sodaf_nb.schema import Schema


class Reflects(Protocol):
    """Whatever can read the live schema: a `Database`."""

    def reflect(self) -> Schema:
        """Return the live schema."""
        ...


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
        """
        wanted = self._doctypes.wanted_table(doctype)
        described = self._doctypes.get(doctype)
        if wanted is None:
            return SchemaDiff(doctype=doctype, table=described.table, reason=reason_without_table(described))
        given = answers or Answers()
        return compare(doctype, wanted, live or self._database.reflect(), _with_hints(given, described))

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
        drop_removed=answers.drop_removed,
    )


def _table_name(doctype: str | None) -> str | None:
    return f"tab{doctype}" if doctype else None
