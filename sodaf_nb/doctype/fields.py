"""One entry of `fields`: JSON object to `Field`, with every problem it has."""

from __future__ import annotations

from collections.abc import Mapping

from sodaf_nb.doctype.defaults import DefaultError, default_literal
from sodaf_nb.doctype.fieldtypes import ELSEWHERE, FIELDTYPES, Options
from sodaf_nb.doctype.jsontext import Json
from sodaf_nb.doctype.names import doctype_name_problem, fieldname_problem
from sodaf_nb.doctype.problems import Problems, did_you_mean, shown
from sodaf_nb.doctype.reader import Reader
from sodaf_nb.doctype.values import Field
from sodaf_nb.schema import Kind

MAX_LENGTH = 10_000  # characters; PostgreSQL and MariaDB rows end far below what more would need
MAX_PRECISION = 9  # digits after the point; the standard DECIMAL(21,9) has as many

# Former names, the plainest spelling first. `oldfieldname` stands on thousands of ERPNext fields since 2013
# and may hold anything, so a name there that no column can have is passed over and not an error.
_HINTS = ("renamed_from", "old_fieldname")
_LEGACY_HINT = "oldfieldname"

KNOWN = (
    *("fieldname", "fieldtype", "label", "options", "required", "not_nullable", "reqd", "unique"),
    *("search_index", "indexed", "length", "precision", "default", "is_virtual"),
    *(*_HINTS, _LEGACY_HINT),
)


def read_field(data: Json, path: str, problems: Problems) -> Field | None:
    """Return the field that `data` describes; None when it has no usable fieldtype. Problems are added."""
    if not isinstance(data, Mapping):
        problems.add(path, "must be an object")
        return None
    entry = Reader(data=data, path=path, problems=problems)
    fieldtype = _fieldtype(entry)
    if fieldtype is None:
        _check_fieldname(entry, entry.text("fieldname"))
        return None
    if FIELDTYPES[fieldtype].layout:
        return _layout(entry, fieldtype)
    return _stored(entry, fieldtype)


def _fieldtype(entry: Reader) -> str | None:
    fieldtype = entry.text("fieldtype")
    if fieldtype in FIELDTYPES:
        return fieldtype
    if not entry.data.get("fieldtype"):
        entry.wrong("fieldtype", "is missing")
    elif fieldtype is not None:
        entry.wrong("fieldtype", f"{shown(fieldtype)} is not a fieldtype; {_near_fieldtypes(fieldtype)}".rstrip("; "))
    return None


def _near_fieldtypes(fieldtype: str) -> str:
    if same := ELSEWHERE.get(fieldtype.strip().lower()):
        return f"did you mean {' or '.join(map(repr, same))}?"
    return did_you_mean(fieldtype, FIELDTYPES, most=3)


def _check_fieldname(entry: Reader, fieldname: str | None) -> None:
    if not entry.data.get("fieldname"):
        entry.wrong("fieldname", "is missing")
    elif fieldname is not None and (problem := fieldname_problem(fieldname)):
        entry.wrong("fieldname", problem)


def _layout(entry: Reader, fieldtype: str) -> Field:
    """Return an entry that only arranges the form: its name reaches no database, so it is not checked."""
    if entry.flag("unique") | entry.flag("search_index", "indexed"):
        entry.wrong("fieldtype", f"a {fieldtype} has no column, so it cannot be unique or indexed")
    return Field(
        fieldname=entry.text("fieldname") or "",
        fieldtype=fieldtype,
        label=entry.text("label"),
        options=entry.text("options"),
        path=entry.path,
        extra=entry.rest("fieldname", "fieldtype", "label", "options"),
    )


def _stored(entry: Reader, fieldtype: str) -> Field:
    fieldname = entry.text("fieldname")
    _check_fieldname(entry, fieldname)
    precision_most = MAX_PRECISION if FIELDTYPES[fieldtype].precision_counts else MAX_LENGTH
    field = Field(
        fieldname=fieldname or "",
        fieldtype=fieldtype,
        label=entry.text("label"),
        options=entry.text("options"),
        required=entry.flag("required", "not_nullable"),
        reqd=entry.flag("reqd"),
        unique=entry.flag("unique"),
        search_index=entry.flag("search_index", "indexed"),
        length=entry.whole("length", most=MAX_LENGTH) or None,
        precision=entry.whole("precision", most=precision_most),
        default=entry.scalar("default"),
        is_virtual=entry.flag("is_virtual"),
        renamed_from=_former_name(entry, fieldname),
        path=entry.path,
        extra=entry.rest(*KNOWN),
    )
    _check_options(entry, field)
    _check_index_flags(entry, field)
    _check_default(entry, field)
    return field


def _former_name(entry: Reader, fieldname: str | None) -> str | None:
    for key in _HINTS:
        name = entry.text(key)
        if name and (problem := fieldname_problem(name)):
            entry.wrong(key, problem)
        elif name and name != fieldname:
            return name
    legacy = entry.data.get(_LEGACY_HINT)
    usable = isinstance(legacy, str) and legacy != fieldname and not fieldname_problem(legacy)
    return str(legacy) if usable else None


def _check_options(entry: Reader, field: Field) -> None:
    needed = field.kind.options
    if needed is None:
        return
    if not (field.options or "").strip():
        if isinstance(entry.data.get("options"), (str, type(None))):  # anything else was reported as no text
            entry.wrong("options", f"a {field.fieldtype} needs the name of {needed} here")
    elif needed is not Options.FIELD and (problem := doctype_name_problem(field.options or "")):
        entry.wrong("options", problem)


def _check_index_flags(entry: Reader, field: Field) -> None:
    type_ = field.column_type
    for key, on in (("unique", field.unique), ("search_index", field.search_index)):
        if on and type_ is None:
            entry.wrong(key, f"this {field.fieldtype} has no column, so there is nothing to index")
        elif on and type_ is not None and type_.kind is Kind.TEXT:
            entry.wrong(key, f"a {field.fieldtype} has no bounded length and cannot be indexed; use Data")


def _check_default(entry: Reader, field: Field) -> None:
    if field.column_type is None:
        return
    try:
        default_literal(field.column_type, field.default, choices=field.choices)
    except DefaultError as error:
        entry.wrong("default", str(error))
