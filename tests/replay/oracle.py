"""What a table and its values must be after a step, worked out here and not asked from the product."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from enum import Enum, auto
from typing import Any, NamedTuple

from tests.replay.snapshot import Cell

Doc = Mapping[str, Any]


class Kind(Enum):
    """The families of column types, told by the declared type."""

    TEXT = auto()
    INTEGER = auto()
    FLAG = auto()
    REAL = auto()
    DECIMAL = auto()
    DATE = auto()
    DATETIME = auto()
    TIME = auto()


_KINDS = {
    "VARCHAR": Kind.TEXT,
    "TEXT": Kind.TEXT,
    "INTEGER": Kind.INTEGER,
    "BIGINT": Kind.INTEGER,
    "SMALLINT": Kind.FLAG,
    "REAL": Kind.REAL,
    "DECIMAL": Kind.DECIMAL,
    "DATE": Kind.DATE,
    "DATETIME": Kind.DATETIME,
    "TIME": Kind.TIME,
}
_SHORT = ("Data", "Link", "Dynamic Link", "Select", "Read Only", "Autocomplete", "Color")
_LONG = ("Small Text", "Text", "Long Text", "Text Editor", "Code", "HTML Editor", "Markdown Editor", "JSON")
_DECLARED = {
    **dict.fromkeys(_SHORT, "VARCHAR(140)"),
    **dict.fromkeys((*_LONG, "Attach", "Attach Image", "Password"), "TEXT"),
    **dict.fromkeys(("Currency", "Percent", "Duration"), "DECIMAL(21,9)"),
    "Rating": "DECIMAL(3,2)",
    "Float": "REAL",
    "Int": "INTEGER",
    "Check": "SMALLINT",
    "Date": "DATE",
    "Datetime": "DATETIME",
    "Time": "TIME",
}


class Wanted(NamedTuple):
    """A column as a DocType asks for it: declared type, NOT NULL, and the value of a row that names none."""

    declared: str
    not_null: bool = False
    default: Any = None


_ZERO = Wanted("INTEGER", not_null=True, default=0)
_NAME = Wanted("VARCHAR(140)", not_null=True)
_NUMBERED = Wanted("INTEGER", not_null=True)
_STANDARD = {
    "creation": Wanted("DATETIME"),
    "modified": Wanted("DATETIME"),
    "modified_by": Wanted("VARCHAR(140)"),
    "owner": Wanted("VARCHAR(140)"),
    "docstatus": Wanted("SMALLINT", not_null=True, default=0),
    "idx": _ZERO,
}
_CHILD = dict.fromkeys(("parent", "parentfield", "parenttype"), Wanted("VARCHAR(140)"))
_TREE = dict.fromkeys(("lft", "rgt"), _ZERO)
# The application fills these in when a document is made; they are no values to store.
_APPLICATION = re.compile(r"Today|Now|user|__\w+|:\w+")


def kind_of(declared: str) -> Kind:
    """Return the family of a declared type, such as `VARCHAR(140)`; a spelling outside the table is an error."""
    return _KINDS[declared.upper().partition("(")[0]]


def bound(declared: str) -> int | None:
    """Return the first number of a declared type: a text's length, a decimal's digits; None without one."""
    found = re.search(r"\((\d+)", declared)
    return int(found[1]) if found else None


def has_table(doc: Doc) -> bool:
    """Return False for single and virtual DocTypes."""
    return not (doc.get("issingle") or doc.get("is_virtual"))


def wanted_columns(doc: Doc) -> dict[str, Wanted]:
    """Return the columns of a DocType's table by name; standard columns win over fields of their name."""
    key = {"name": _NUMBERED if doc.get("autoname") == "autoincrement" else _NAME}
    fields = {f["fieldname"]: Wanted(_declared(f), default=_default(f)) for f in stored_fields(doc)}
    child = _CHILD if doc.get("istable") else {}
    return {**fields, **key, **_STANDARD, **child, **(_TREE if doc.get("is_tree") else {})}


def stored_fields(doc: Doc) -> Iterator[Mapping[str, Any]]:
    """Yield the fields that have a column."""
    return (f for f in doc["fields"] if f.get("fieldtype") in _DECLARED and not f.get("is_virtual"))


def _declared(field: Mapping[str, Any]) -> str:
    usual = _DECLARED[field["fieldtype"]]
    return f"VARCHAR({field['length']})" if usual.startswith("VARCHAR") and field.get("length") else usual


def _default(field: Mapping[str, Any]) -> Any:
    declared, text = str(field.get("default") or ""), _DECLARED[field["fieldtype"]]
    if field["fieldtype"] == "Check":
        return int(declared in ("1", "True", "true"))
    if not declared or _APPLICATION.fullmatch(declared):
        return None
    return declared if kind_of(text) is Kind.TEXT else float(declared)


def wanted_indexes(doc: Doc) -> set[tuple[str, bool]]:
    """Return (column, unique) of every index a DocType asks for."""
    fields = stored_fields(doc)
    asked = {(f["fieldname"], bool(f.get("unique"))) for f in fields if f.get("unique") or f.get("search_index")}
    return asked | ({("parent", False)} if doc.get("istable") else set())


def naming_columns(doc: Doc) -> set[str]:
    """Return the columns whose values are names of DocTypes; a renamed DocType is renamed there too."""
    links = {f["fieldname"] for f in doc["fields"] if f.get("fieldtype") == "Link" and f.get("options") == "DocType"}
    return links | {f["options"] for f in doc["fields"] if f.get("fieldtype") == "Dynamic Link"}


def converted(cell: Cell, before: str, after: str) -> Cell | None:
    """Return what a stored value becomes when its column's declared type changes; None when it is lost.

    A value is kept only if it says the same afterwards: the text '007' is not the number 7.
    """
    _, value = cell
    old, new = kind_of(before), kind_of(after)
    if value is None or old is new or {old, new} == {Kind.INTEGER, Kind.FLAG}:
        return cell
    return _CONVERTERS[new](value)


def _to_text(value: Any) -> Cell | None:
    if isinstance(value, bytes):
        return ("blob", value)
    return ("text", value if isinstance(value, str) else repr(value))


def _to_integer(value: Any) -> Cell | None:
    if isinstance(value, float):
        return ("integer", int(value)) if value.is_integer() else None
    return _canonical(value) if isinstance(value, str) else ("integer", value) if isinstance(value, int) else None


def _to_real(value: Any) -> Cell | None:
    number = _number(value)
    # Beyond 2^53 neighbouring integers share one REAL, so none is taken for exact.
    if number is None or (isinstance(number, int) and abs(number) > 2**53):
        return None
    return ("real", float(number))


def _to_decimal(value: Any) -> Cell | None:
    number = _number(value)
    if isinstance(value, str) and isinstance(number, float) and number.is_integer():
        return None  # NUMERIC affinity stores 1.0 as 1, so the text '1.0' could not come back
    if number is None:
        return None
    return ("integer", int(number)) if number == int(number) else ("real", number)


def _number(value: Any) -> int | float | None:
    if not isinstance(value, str):
        return value if isinstance(value, (int, float)) else None
    whole = _canonical(value)
    if whole is not None:
        return int(whole[1])
    return float(value) if re.fullmatch(r"-?\d+\.\d+", value) and repr(float(value)) == value else None


def _canonical(text: str) -> Cell | None:
    fits = re.fullmatch(r"-?[0-9]{1,19}", text) and str(int(text)) == text and -(2**63) <= int(text) < 2**63
    return ("integer", int(text)) if fits else None


def _to_date(value: Any) -> Cell | None:
    moment = _moment(value)
    return ("text", moment.date().isoformat()) if moment and moment.time() == time() else None


def _to_datetime(value: Any) -> Cell | None:
    moment = _moment(value)
    return None if moment is None else ("text", value if len(value) > len("2024-12-31") else f"{value} 00:00:00")


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value) if len(value) > len("2024-12-31") else _midnight(value)
    except ValueError:
        return None


def _midnight(value: str) -> datetime:
    return datetime.combine(date.fromisoformat(value), time())


def _to_time(value: Any) -> Cell | None:
    try:
        time.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return ("text", value)


_CONVERTERS = {
    Kind.TEXT: _to_text,
    Kind.INTEGER: _to_integer,
    Kind.FLAG: _to_integer,
    Kind.REAL: _to_real,
    Kind.DECIMAL: _to_decimal,
    Kind.DATE: _to_date,
    Kind.DATETIME: _to_datetime,
    Kind.TIME: _to_time,
}
