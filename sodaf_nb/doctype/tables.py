"""A DocType to the table it wants."""

from __future__ import annotations

from collections.abc import Iterator

from sodaf_nb.doctype.defaults import default_literal
from sodaf_nb.doctype.standard import standard_columns
from sodaf_nb.doctype.values import DocType, Field
from sodaf_nb.schema import Column, Index, Table

_KEY = ("name",)


def wanted_table(doctype: DocType, *, reqd_not_null: bool = False) -> Table | None:
    """Return the table a DocType asks for; None when it has no table of its own.

    Args:
        doctype: A DocType that was read without problems.
        reqd_not_null: True when Frappe's `reqd` makes NOT NULL as well.
    """
    if not doctype.has_table:
        return None
    standard = standard_columns(doctype)
    taken = {column.name for column in standard}
    declared = [_column(f, reqd_not_null=reqd_not_null) for f in doctype.fields if f.fieldname not in taken]
    columns = (*standard, *(column for column in declared if column is not None))
    return Table(name=doctype.table, columns=columns, primary_key=_KEY, indexes=_indexes(doctype))


def _column(field: Field, *, reqd_not_null: bool) -> Column | None:
    type_ = field.column_type
    if type_ is None:
        return None
    default = default_literal(type_, field.default, choices=field.choices)
    return Column(
        name=field.fieldname,
        type=type_,
        nullable=not (field.required or (reqd_not_null and field.reqd)),
        default=field.kind.default if default is None else default,
    )


def _indexes(doctype: DocType) -> tuple[Index, ...]:
    distinct: dict[object, Index] = {}
    for index in _wanted(doctype):
        distinct.setdefault(index.structure(), index)
    distinct.pop((_KEY, True), None)  # the primary key is that index already
    return tuple(distinct.values())


def _wanted(doctype: DocType) -> Iterator[Index]:
    table = doctype.table
    if doctype.is_table:
        yield Index(table=table, columns=("parent",))
    for field in doctype.fields:
        if field.column_type is not None and (field.unique or field.search_index):
            yield Index(table=table, columns=(field.fieldname,), unique=field.unique)
    for index in doctype.indexes:
        yield Index(table=table, columns=index.columns, unique=index.unique)
