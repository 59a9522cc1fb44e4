"""The fieldtype table: what each fieldtype stores. A new fieldtype is one more row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from sodaf_nb.schema import DataType, Kind
from sodaf_nb.schema.types import decimal, varchar


class Options(StrEnum):
    """What the `options` of a fieldtype must name."""

    DOCTYPE = "a DocType"
    CHILD = "a child DocType"
    FIELD = "a field of the same DocType"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldType:
    """One row of the table.

    Args:
        type: The column's type; None when the fieldtype has no column.
        length_counts: True when the field's `length` sets the characters of a VARCHAR.
        precision_counts: True when the field's `precision` sets the digits after the point.
        wide: The type taken when `length` is above 11, the display width Frappe reserves for Int; None: never.
        default: The default when the field declares none; None: no default.
        options: What `options` has to name; None: free.
        layout: True for entries that only arrange the form and need no fieldname.
    """

    type: DataType | None = None
    length_counts: bool = False
    precision_counts: bool = False
    wide: DataType | None = None
    default: int | None = None
    options: Options | None = None
    layout: bool = False

    def described(self) -> dict[str, str]:
        """Return what it stores and what its attributes do, in words."""
        column = "none, arranges the form" if self.layout else "none, rows of a child table"
        counts = {
            "length sets the characters": self.length_counts,
            "precision sets the digits": self.precision_counts,
            f"{self.wide} when length is above {_INT_WIDTH}": self.wide,
            f"default {self.default}": self.default is not None,
            f"options name {self.options}": self.options,
        }
        return {"column": str(self.type or column), "notes": "; ".join(text for text, holds in counts.items() if holds)}


_BOUNDED = FieldType(type=varchar(140), length_counts=True)
_TEXT = FieldType(type=DataType(kind=Kind.TEXT))
_EXACT = FieldType(type=decimal(21, 9), precision_counts=True)
_LAYOUT = FieldType(layout=True)
_BIGINT = DataType(kind=Kind.BIGINT)

FIELDTYPES: Mapping[str, FieldType] = MappingProxyType(
    {
        "Data": _BOUNDED,
        "Link": replace(_BOUNDED, options=Options.DOCTYPE),
        "Dynamic Link": replace(_BOUNDED, options=Options.FIELD),
        "Select": _BOUNDED,
        "Read Only": _BOUNDED,
        "Autocomplete": _BOUNDED,
        "Color": _BOUNDED,
        "Phone": _BOUNDED,
        "Icon": _BOUNDED,
        "Small Text": _TEXT,
        "Text": _TEXT,
        "Long Text": _TEXT,
        "Code": _TEXT,
        "Text Editor": _TEXT,
        "HTML Editor": _TEXT,
        "Markdown Editor": _TEXT,
        "Markdown": _TEXT,
        "Password": _TEXT,
        "Attach": _TEXT,
        "Attach Image": _TEXT,
        "File": _TEXT,
        "Signature": _TEXT,
        "Geolocation": _TEXT,
        "Barcode": _TEXT,
        "JSON": _TEXT,
        "Int": FieldType(type=DataType(kind=Kind.INTEGER), wide=_BIGINT),
        "Long Int": FieldType(type=_BIGINT),
        "Check": FieldType(type=DataType(kind=Kind.SMALLINT), default=0),
        "Float": FieldType(type=DataType(kind=Kind.REAL)),
        "Currency": _EXACT,
        "Percent": _EXACT,
        "Duration": FieldType(type=decimal(21, 9)),
        "Rating": FieldType(type=decimal(3, 2)),
        "Date": FieldType(type=DataType(kind=Kind.DATE)),
        "Datetime": FieldType(type=DataType(kind=Kind.DATETIME)),
        "Time": FieldType(type=DataType(kind=Kind.TIME)),
        "Table": FieldType(options=Options.CHILD),
        "Table MultiSelect": FieldType(options=Options.CHILD),
        "Section Break": _LAYOUT,
        "Column Break": _LAYOUT,
        "Tab Break": _LAYOUT,
        "Fold": _LAYOUT,
        "Heading": _LAYOUT,
        "Button": _LAYOUT,
        "HTML": _LAYOUT,
        "Image": _LAYOUT,
    }
)

# What other tools call it: only for the answer to an unknown fieldtype, never read as one.
ELSEWHERE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(("string", "str", "varchar", "char", "email", "url"), ("Data", "Small Text")),
        **dict.fromkeys(("integer", "smallint"), ("Int",)),
        **dict.fromkeys(("bigint", "biginteger"), ("Long Int",)),
        **dict.fromkeys(("boolean", "bool", "checkbox"), ("Check",)),
        **dict.fromkeys(("decimal", "numeric", "money", "number"), ("Currency", "Float")),
        **dict.fromkeys(("real", "double"), ("Float",)),
        **dict.fromkeys(("timestamp",), ("Datetime",)),
        **dict.fromkeys(("enum", "choice"), ("Select",)),
        **dict.fromkeys(("reference", "foreign key", "foreignkey"), ("Link",)),
    }
)

_INT_WIDTH = 11


def column_type(fieldtype: str, *, length: int | None = None, precision: int | None = None) -> DataType | None:
    """Return the column type of a field; None when its fieldtype has no column.

    Args:
        fieldtype: A key of `FIELDTYPES`.
        length: Characters, or display digits for Int; None or 0: the usual length.
        precision: Digits after the point; None: the usual 9.

    Raises:
        KeyError: If there is no such fieldtype.
    """
    row = FIELDTYPES[fieldtype]
    if row.wide and (length or 0) > _INT_WIDTH:
        return row.wide
    if row.type and row.length_counts and length:
        return replace(row.type, length=length)
    if row.type and row.precision_counts and precision is not None:
        return replace(row.type, scale=precision)
    return row.type
