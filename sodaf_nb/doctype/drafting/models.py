"""SQLAlchemy models to DocTypes, read by their attributes.

SQLAlchemy is not imported: whoever has a model has it already.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sodaf_nb.doctype.drafting.columns import default_for, text_field
from sodaf_nb.doctype.drafting.draft import Draft, FieldJson, document
from sodaf_nb.doctype.drafting.naming import checked_name, doctype_name_for, fieldname_for, label_for
from sodaf_nb.doctype.fields import MAX_PRECISION
from sodaf_nb.doctype.fieldtypes import column_type
from sodaf_nb.schema import DataType, Kind

# Types whose Python type does not tell them apart.
_NAMED = {"BIGINT": "Long Int", "BigInteger": "Long Int", "JSON": "JSON", "JSONB": "JSON"}
_TEXTS = frozenset({"Text", "UnicodeText", "TEXT", "CLOB"})

_PYTHON = {
    bool: "Check",
    int: "Int",
    float: "Float",
    datetime: "Datetime",
    date: "Date",
    time: "Time",
    timedelta: "Duration",
    dict: "JSON",
    list: "JSON",
}


def model_tables(source: object) -> tuple[Any, ...]:
    """Return the SQLAlchemy tables that a Table, MetaData, declarative class or base holds; empty for anything else."""
    if hasattr(source, "primary_key") and hasattr(source, "columns") and hasattr(source, "foreign_keys"):
        return (source,)
    if (table := getattr(source, "__table__", None)) is not None:
        return (table,)
    metadata = getattr(source, "metadata", source)
    return tuple(getattr(metadata, "sorted_tables", ()))


def draft_model(table: Any, name: str | None = None) -> Draft:
    """Return the draft of a DocType for a SQLAlchemy table.

    A foreign key of one column becomes a Link; the key of the table is left to the DocType's own, `name`.

    Args:
        table: The `sqlalchemy.Table`.
        name: What to call the DocType; None makes a name of the table's.

    Raises:
        UsageError: If no name can be made of the table's.
    """
    called = checked_name(name) if name else doctype_name_for(table.name)
    fields, names, remarks = list[FieldJson](), dict[str, str](), list[str]()
    key = ", ".join(column.name for column in table.primary_key)
    if key:
        remarks.append(f"{key}: the key; a DocType has its own, the column name")
    for column in table.columns:
        if column.primary_key and not column.foreign_keys:
            continue
        names[column.name] = fieldname = fieldname_for(column.name, set(names.values()))
        found, why = _field(column)
        fields.append({"fieldname": fieldname, "label": label_for(column.name), **found, **_flags(column)})
        changes = [*([f"is called {fieldname}"] if fieldname != column.name else []), *why]
        remarks += [f"{column.name}: {'; '.join(changes)}"] if changes else []
    indexes = list(_indexes(table, names))
    return Draft(
        document=document(called, fields, indexes=indexes), remarks=tuple(remarks), origin=f"model {table.name}"
    )


def _field(column: Any) -> tuple[FieldJson, list[str]]:
    targets = [key.target_fullname.split(".") for key in column.foreign_keys]
    if targets:
        return {"fieldtype": "Link", "options": doctype_name_for(targets[0][-2])}, []
    found, why = _typed(column.type)
    default, remark = _default(column, found)
    return {**found, **default}, [*why, *remark]


def _typed(type_: Any) -> tuple[FieldJson, list[str]]:
    spelled, python = type(type_).__name__, _python_type(type_)
    if choices := getattr(type_, "enums", None):
        return {"fieldtype": "Select", "options": "\n".join(choices)}, []
    if spelled in _NAMED:
        return {"fieldtype": _NAMED[spelled]}, []
    if spelled in _TEXTS or (python is str and not getattr(type_, "length", None)):
        return {"fieldtype": "Text"}, []
    if python is str:
        return text_field(type_.length), []
    if python is Decimal:
        return _decimal(type_)
    if python in _PYTHON:
        return {"fieldtype": _PYTHON[python]}, []
    return {"fieldtype": "Text"}, [f"{type_!r} has no fieldtype of its own; Text is a guess"]


def _python_type(type_: Any) -> type:
    try:
        found: type = type_.python_type
    except NotImplementedError:
        return object
    return found


def _decimal(type_: Any) -> tuple[FieldJson, list[str]]:
    scale = type_.scale if type_.scale is not None else MAX_PRECISION
    if scale > MAX_PRECISION:
        return {"fieldtype": "Data"}, [f"has {scale} digits after the point; as text they stay exact"]
    return {"fieldtype": "Currency", **({} if scale == MAX_PRECISION else {"precision": scale})}, []


def _default(column: Any, found: FieldJson) -> tuple[FieldJson, list[str]]:
    server = column.server_default is not None
    value = getattr(column.default, "arg", None)
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, (str, int, float)):
        type_ = column_type(found["fieldtype"], length=found.get("length"), precision=found.get("precision"))
        declared = default_for(type_ or DataType(kind=Kind.TEXT), value)
        return (declared, []) if declared is not None else ({}, [f"its default {value!r} does not fit"])
    told = ["its default is made by the server or by code; the application has to fill it in"]
    return {}, told if server or column.default is not None else []


def _flags(column: Any) -> dict[str, int]:
    indexable = column.type.__class__.__name__ not in _TEXTS
    return {
        **({} if column.nullable else {"not_nullable": 1}),
        **({"unique": 1} if column.unique and indexable else {}),
        **({"search_index": 1} if column.index and not column.unique and indexable else {}),
    }


def _indexes(table: Any, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the indexes and UNIQUE constraints of several columns, each once."""
    unique = [c for c in table.constraints if type(c).__name__ == "UniqueConstraint"]
    seen: set[tuple[str, ...]] = set()
    for found, is_unique in [*((c, True) for c in unique), *((i, bool(i.unique)) for i in table.indexes)]:
        columns = tuple(names[c.name] for c in found.columns if c.name in names)
        if len(columns) == len(found.columns) > 1 and columns not in seen:
            seen.add(columns)
            yield {"columns": list(columns), **({"unique": 1} if is_unique else {})}
