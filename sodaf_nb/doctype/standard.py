"""The columns every table has beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sodaf_nb.doctype.values import DocType, Field
from sodaf_nb.schema import Column, DataType, Kind
from sodaf_nb.schema.types import varchar

_INTEGER = DataType(kind=Kind.INTEGER)
_DATETIME = DataType(kind=Kind.DATETIME)

_NAMED = Column(name="name", type=varchar(140), nullable=False)
_NUMBERED = Column(name="name", type=_INTEGER, nullable=False, autoincrement=True)
_EVERY = (
    Column(name="creation", type=_DATETIME),
    Column(name="modified", type=_DATETIME),
    Column(name="modified_by", type=varchar(140)),
    Column(name="owner", type=varchar(140)),
    Column(name="docstatus", type=DataType(kind=Kind.SMALLINT), nullable=False, default=0),
    Column(name="idx", type=_INTEGER, nullable=False, default=0),
)
_CHILD = tuple(Column(name=name, type=varchar(140)) for name in ("parent", "parentfield", "parenttype"))
_TREE = tuple(Column(name=name, type=_INTEGER, nullable=False, default=0) for name in ("lft", "rgt"))

# Names that a field of a parent DocType may not take: the day the DocType becomes a child table, the
# framework would write its own values into the user's column.
CHILD_COLUMNS = frozenset(column.name for column in _CHILD)

_WHOLE = frozenset({Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT})
_FAMILIES: Mapping[Kind, frozenset[Kind]] = MappingProxyType(dict.fromkeys(_WHOLE, _WHOLE))


def standard_columns(doctype: DocType) -> tuple[Column, ...]:
    """Return the standard columns of a DocType's table, in order, the key first."""
    key = _NUMBERED if doctype.autoname == "autoincrement" else _NAMED
    child = _CHILD if doctype.is_table else ()
    tree = _TREE if doctype.is_tree else ()
    return (key, *_EVERY, *child, *tree)


def standard_problem(doctype: DocType, field: Field) -> str | None:
    """Return why a field cannot share its name with a standard column; None when it can or does not."""
    if field.fieldname in CHILD_COLUMNS and not doctype.is_table:
        return f"{field.fieldname!r} is reserved for the rows of child DocTypes; choose another name"
    column = next((c for c in standard_columns(doctype) if c.name == field.fieldname), None)
    if column is None or _agrees(column.type, field.column_type):
        return None
    held = field.column_type or "nothing"
    return f"{field.fieldname!r} is a standard column that holds {column.type}; a {field.fieldtype} holds {held}"


def _agrees(standard: DataType, declared: DataType | None) -> bool:
    family = _FAMILIES.get(standard.kind, frozenset({standard.kind}))
    return declared is not None and declared.kind in family
