"""A DocType as a value: what its JSON says, nothing about a database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sodaf_nb.doctype.fieldtypes import FIELDTYPES, FieldType, column_type
from sodaf_nb.doctype.jsontext import Json
from sodaf_nb.doctype.names import table_name
from sodaf_nb.schema import DataType


def _nothing() -> Mapping[str, Json]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One entry of a DocType's `fields`.

    Args:
        fieldname: Its name; empty only for layout entries.
        fieldtype: A key of `FIELDTYPES`.
        label: What people read; None when the JSON has none.
        options: Link target, child DocType or choices, by fieldtype; None when the JSON has none.
        required: True when the database must refuse NULL (`required` or `not_nullable`).
        reqd: Frappe's flag, enforced by the application.
        unique: True when no two rows may hold the same value.
        search_index: True when the column gets an index (`search_index` or `indexed`).
        length: Characters; None when not given or 0.
        precision: Digits after the point; None when not given.
        default: The default as the JSON has it; None when not given.
        is_virtual: True when the value is computed and has no column.
        renamed_from: The field's former name; None when it never had another.
        path: Its JSON path.
        extra: Every other attribute, untouched.
    """

    fieldname: str
    fieldtype: str
    label: str | None = None
    options: str | None = None
    required: bool = False
    reqd: bool = False
    unique: bool = False
    search_index: bool = False
    length: int | None = None
    precision: int | None = None
    default: str | int | float | None = None
    is_virtual: bool = False
    renamed_from: str | None = None
    path: str = field(default="$", compare=False)
    extra: Mapping[str, Json] = field(default_factory=_nothing, hash=False, repr=False)

    @property
    def kind(self) -> FieldType:
        """Return the row of the fieldtype table."""
        return FIELDTYPES[self.fieldtype]

    @property
    def column_type(self) -> DataType | None:
        """Return the type of the column; None when the field has no column."""
        if self.is_virtual:
            return None
        return column_type(self.fieldtype, length=self.length, precision=self.precision)

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the choices of a Select, in order; empty for every other fieldtype."""
        return tuple((self.options or "").split("\n")) if self.fieldtype == "Select" else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocIndex:
    """One entry of a DocType's `indexes`.

    Args:
        columns: Its columns in order.
        unique: True for UNIQUE.
        name: The name the JSON gives it; None when it gives none. The planner names the real index.
    """

    columns: tuple[str, ...]
    unique: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocType:
    """One DocType; one table unless it is single or virtual.

    Args:
        name: Its name.
        fields: Its fields in order, layout entries included.
        is_table: True for a child DocType, whose rows belong to a parent row.
        is_single: True when its values live in `tabSingles`.
        is_virtual: True when it has no storage at all.
        is_tree: True when its rows form a nested set (lft, rgt).
        autoname: The naming rule; None when the JSON has none.
        indexes: The indexes declared beside the fields.
        renamed_from: The DocType's former name; None when it never had another.
        extra: Every other attribute, untouched.
        source: The whole JSON, read-only.
        file: The file it was loaded from, as it was named; empty when it came from none.
    """

    name: str
    fields: tuple[Field, ...] = ()
    is_table: bool = False
    is_single: bool = False
    is_virtual: bool = False
    is_tree: bool = False
    autoname: str | None = None
    indexes: tuple[DocIndex, ...] = ()
    renamed_from: str | None = None
    extra: Mapping[str, Json] = field(default_factory=_nothing, hash=False, repr=False)
    source: Mapping[str, Json] = field(default_factory=_nothing, hash=False, repr=False, compare=False)
    file: str = field(default="", repr=False, compare=False)

    @property
    def table(self) -> str:
        """Return the name of its table."""
        return table_name(self.name)

    @property
    def has_table(self) -> bool:
        """Return False for single and virtual DocTypes."""
        return not (self.is_single or self.is_virtual)

    def field_named(self, fieldname: str) -> Field | None:
        """Return the field of that name, or None."""
        return next((f for f in self.fields if f.fieldname == fieldname), None)

    def to_json(self) -> str:
        """Return the JSON text it was made from, in one layout: keys as given, one space a level."""
        return json.dumps(self.source, default=dict, indent=1, ensure_ascii=False, allow_nan=False)
