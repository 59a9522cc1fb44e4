"""A live table to the DocType that asks for just that table, or says where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sodaf_nb.doctype.drafting.columns import default_for, field_for
from sodaf_nb.doctype.drafting.draft import Draft, FieldJson, document
from sodaf_nb.doctype.drafting.naming import STANDARD, doctype_name_for, fieldname_for, label_for
from sodaf_nb.doctype.fieldtypes import column_type
from sodaf_nb.doctype.names import fieldname_problem, table_name
from sodaf_nb.schema import Column, DataType, Index, Kind, Table

_CHILD = frozenset({"parent", "parentfield", "parenttype"})
_TREE = frozenset({"lft", "rgt"})
_NONE: Mapping[str, str] = MappingProxyType({})


def draft_table(table: Table, name: str | None = None, *, links: Mapping[str, str] = _NONE) -> Draft:
    """Return the draft of a DocType for a live table.

    For a table of a DocType, `tab<Name>` with the key `name`, the draft asks for what is there: its diff is
    empty, but for what the remarks name. For any other table it is a DocType of its own, into whose new table
    the rows still have to be brought.

    Args:
        table: The table, as reflected.
        name: What to call the DocType; None makes a name of the table's.
        links: {column, small letters: DocType} of columns whose values are names of that DocType's rows.

    Raises:
        UsageError: If no name can be made of the table's.
    """
    called = name or doctype_name_for(table.name)
    return (_same if stays_in_place(table, called) else _other)(table, called, links)


def stays_in_place(table: Table, name: str) -> bool:
    """Return True when a DocType of that name keeps its rows in just this table."""
    return table.name == table_name(name) and _has_key(table)


def _has_key(table: Table) -> bool:
    return tuple(map(str.lower, table.primary_key)) == ("name",)


def _same(table: Table, name: str, links: Mapping[str, str]) -> Draft:
    names = {column.name for column in table.columns}
    tree, child = names >= _TREE, names >= _CHILD
    standard = STANDARD - (frozenset() if child else _CHILD) | (_TREE if tree else frozenset())
    fields, remarks = list[FieldJson](), list[str]()
    for column in table.columns:
        if column.name in standard or column.hidden:
            continue
        field, why = _field_in_place(column, table, links.get(column.name.lower()))
        fields += [field] if field else []
        remarks += [f"{column.name}: {why}"] if why else []
    numbered = any(column.autoincrement for column in table.columns)
    declared = {field["fieldname"] for field in fields} | standard
    return Draft(
        document=document(
            name,
            fields,
            istable=int(child),
            is_tree=int(tree),
            autoname="autoincrement" if numbered else "",
            indexes=[_index(index) for index in _together(table) if declared >= set(index.columns)],
        ),
        remarks=tuple(remarks),
        origin=f"table {table.name}",
    )


def _field_in_place(column: Column, table: Table, target: str | None) -> tuple[FieldJson | None, str]:
    """Return the field for a column that stays as it is, and what a person should know."""
    if problem := fieldname_problem(column.name):
        return None, f"left out and kept as it is; {problem}"
    found = field_for(column.type)
    if target and found and found["fieldtype"] == "Data":
        found = {**found, "fieldtype": "Link", "options": target}
    if found is None:
        return None, f"left out and kept as it is; no fieldtype stores {column.type}"
    default = default_for(column.type, column.default)
    field = _field(column.name, found, column, table, default or {})
    return field, "" if default is not None else f"its default {column.default!r} cannot be declared and would go"


def _field(fieldname: str, found: FieldJson, column: Column, table: Table, default: FieldJson) -> dict[str, Any]:
    flags = {} if column.nullable else {"not_nullable": 1}
    return {
        "fieldname": fieldname,
        "label": label_for(column.name),
        **found,
        **flags,
        **_index_flags(column.name, table),
        **default,
    }


def _index_flags(column: str, table: Table) -> dict[str, int]:
    alone = [index for index in _whole(table) if [c.lower() for c in index.columns] == [column.lower()]]
    if any(index.unique for index in alone):
        return {"unique": 1}
    return {"search_index": 1} if alone else {}


def _whole(table: Table) -> Iterator[Index]:
    """Yield the indexes that a DocType can declare: of whole columns, of all rows, of bounded values."""
    texts = {column.name.lower() for column in table.columns if column.type.kind is Kind.TEXT}
    for index in table.indexes:
        if index.where is None and "" not in index.columns and not texts & {c.lower() for c in index.columns}:
            yield index


def _together(table: Table) -> Iterator[Index]:
    return (index for index in _whole(table) if len(index.columns) > 1)


def _index(index: Index) -> dict[str, Any]:
    return {"columns": list(index.columns), **({"unique": 1} if index.unique else {})}


def _other(table: Table, name: str, links: Mapping[str, str]) -> Draft:
    fields, names, remarks = list[FieldJson](), dict[str, str](), _about_rows(table, name)
    for column in table.columns:
        names[column.name.lower()] = fieldname = fieldname_for(column.name, set(names.values()))
        target = links.get(column.name.lower())
        found, why = ({"fieldtype": "Link", "options": target}, []) if target else _nearest(column.type)
        default = default_for(_stored(found), column.default)
        why += _not_the_same(column, declared=default is not None)
        fields.append(_field(fieldname, found, column, table, default or {}))
        changes = [f"is called {fieldname}"] if fieldname != column.name else []
        remarks += [f"{column.name}: {'; '.join([*changes, *why])}"] if changes or why else []
    remarks += _undrafted(table)
    indexes = [{**_index(i), "columns": [names[c.lower()] for c in i.columns]} for i in _together(table)]
    return Draft(
        document=document(name, fields, indexes=indexes),
        remarks=tuple(remarks),
        origin=f"table {table.name}",
        columns=tuple((column.name, names[column.name.lower()]) for column in table.columns),
    )


def _not_the_same(column: Column, *, declared: bool) -> Iterator[str]:
    if not declared:
        yield f"its default {column.default!r} is left out"
    if column.default_sql is not None:
        yield f"its default {column.default_sql} is an expression and left out"
    if column.hidden:
        yield "is computed there and stored here"


def _undrafted(table: Table) -> Iterator[str]:
    """Yield what a draft would lose in silence: indexes that its DocType cannot declare as it stands."""
    drafted = set(_whole(table))
    for index in table.indexes:
        if index.unique and index not in drafted and index.columns != table.primary_key:
            why = "for some rows" if index.where is not None else "for a Text or an expression; a Data can have it"
            columns = ", ".join(column or "an expression" for column in index.columns)
            yield f"{columns}: unique in {table.name}, not in the draft, which cannot say so {why}"
        elif index not in drafted and not index.unique:
            yield f"index {index.name} of {table.name}: left out, for some rows, a Text or an expression"


def _about_rows(table: Table, name: str) -> list[str]:
    remarks = [f"a DocType keeps its rows in {table_name(name)}; those of {table.name} are not moved"]
    key = ", ".join(table.primary_key)
    return [*remarks, *([f"the key of a DocType is the column name; take its values from {key}"] if key else [])]


def _stored(found: FieldJson) -> DataType:
    type_ = column_type(found["fieldtype"], length=found.get("length"), precision=found.get("precision"))
    return type_ or DataType(kind=Kind.TEXT)


# A piece of the engine's spelling and the fieldtype that comes nearest, first hit wins.
_NEAREST = (
    ("BOOL", "Check"),
    ("INT", "Long Int"),
    ("SERIAL", "Long Int"),
    ("TIMESTAMP", "Datetime"),
    ("DATETIME", "Datetime"),
    ("DATE", "Date"),
    ("TIME", "Time"),
    ("DOUBLE", "Float"),
    ("FLOAT", "Float"),
    ("REAL", "Float"),
    ("DEC", "Currency"),
    ("NUM", "Currency"),
    ("MONEY", "Currency"),
    ("JSON", "JSON"),
    ("CHAR", "Data"),
)


def _nearest(type_: DataType) -> tuple[FieldJson, list[str]]:
    """Return the field that comes nearest to a type, and what is not the same."""
    if found := field_for(type_):
        return found, []
    spelled = str(type_).upper()
    fieldtype = next((fieldtype for piece, fieldtype in _NEAREST if piece in spelled), "Text")
    return {"fieldtype": fieldtype}, [f"{type_} comes nearest to {fieldtype}"]
