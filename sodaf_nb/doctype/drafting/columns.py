"""The field that a column type asks for: the fieldtype table read backwards."""

from __future__ import annotations

from typing import Any

from sodaf_nb.doctype.defaults import DefaultError, default_literal
from sodaf_nb.doctype.fields import MAX_LENGTH, MAX_PRECISION
from sodaf_nb.doctype.fieldtypes import FIELDTYPES, column_type
from sodaf_nb.schema import DataType, Kind
from sodaf_nb.schema.values import Scalar

_USUAL_LENGTH = 140

_PLAIN = {
    Kind.TEXT: "Text",
    Kind.SMALLINT: "Check",
    Kind.INTEGER: "Int",
    Kind.BIGINT: "Long Int",
    Kind.REAL: "Float",
    Kind.DATE: "Date",
    Kind.DATETIME: "Datetime",
    Kind.TIME: "Time",
}


def field_for(type_: DataType) -> dict[str, Any] | None:
    """Return fieldtype and its attributes for a column type; None when no fieldtype stores exactly that."""
    match type_.kind:
        case Kind.VARCHAR:
            return text_field(type_.length or _USUAL_LENGTH) if (type_.length or 1) <= MAX_LENGTH else None
        case Kind.DECIMAL:
            return _number(type_)
        case Kind.OTHER:
            return None
        case kind:
            return {"fieldtype": _PLAIN[kind]}


def text_field(length: int) -> dict[str, Any]:
    """Return the field for text of at most `length` characters."""
    if length > MAX_LENGTH:
        return {"fieldtype": "Text"}
    return {"fieldtype": "Data"} if length == _USUAL_LENGTH else {"fieldtype": "Data", "length": length}


def _number(type_: DataType) -> dict[str, Any] | None:
    if type_ == FIELDTYPES["Rating"].type:
        return {"fieldtype": "Rating"}
    scale = type_.scale or 0
    if scale > MAX_PRECISION or column_type("Currency", precision=scale) != type_:
        return None
    return {"fieldtype": "Currency"} if scale == MAX_PRECISION else {"fieldtype": "Currency", "precision": scale}


def default_for(type_: DataType, default: Scalar | None) -> dict[str, Any] | None:
    """Return the attribute that declares a default; None when a DocType cannot say it, empty when there is none."""
    if default is None:
        return {}
    text = str(default)
    try:
        return {"default": text} if default_literal(type_, text) == default else None
    except DefaultError:
        return None
