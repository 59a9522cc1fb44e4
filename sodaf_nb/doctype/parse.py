"""A DocType's JSON to a `DocType`, with every problem of the whole text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sodaf_nb.doctype.fields import read_field
from sodaf_nb.doctype.fieldtypes import FIELDTYPES, Options
from sodaf_nb.doctype.jsontext import Json, freeze, read_text
from sodaf_nb.doctype.names import doctype_name_problem
from sodaf_nb.doctype.problems import Problems, did_you_mean, shown, step
from sodaf_nb.doctype.reader import Reader
from sodaf_nb.doctype.standard import standard_columns, standard_problem
from sodaf_nb.doctype.values import DocIndex, DocType, Field
from sodaf_nb.schema import DataType, Kind

MAX_COLUMNS = 500  # fields with a column; PostgreSQL ends at 1600 columns, SQLite at 2000

KNOWN = (
    *("doctype", "name", "fields", "istable", "issingle", "is_virtual", "is_tree", "autoname"),
    *("indexes", "renamed_from"),
)


def read_source(source: object, problems: Problems) -> Json:
    """Return the frozen data of a mapping or a JSON text; problems are added."""
    return read_text(source, problems) if isinstance(source, str) else freeze(source, problems)


def read_doctype(data: Json, problems: Problems) -> DocType | None:
    """Return the DocType that `data` describes; None when it is no object. Only valid without problems."""
    if not isinstance(data, Mapping):
        # Nothing is added when the text could not be read at all: that problem is there already.
        if data is not None or not problems:
            problems.add("$", "must be an object")
        return None
    reader = Reader(data=data, path="$", problems=problems)
    _check_kind(reader)
    doctype = DocType(
        name=_name(reader),
        is_table=reader.flag("istable"),
        is_single=reader.flag("issingle"),
        is_virtual=reader.flag("is_virtual"),
        is_tree=reader.flag("is_tree"),
        autoname=reader.text("autoname"),
        renamed_from=_former_name(reader),
        extra=reader.rest(*KNOWN),
        source=data,
    )
    if doctype.is_table and doctype.is_single:
        reader.wrong("issingle", "a child DocType cannot be single as well")
    return _with_fields(reader, doctype)


def _with_fields(reader: Reader, doctype: DocType) -> DocType:
    doctype = replace(doctype, fields=_fields(reader))
    columns = _columns(doctype)
    _check_fields(doctype, columns, reader.problems)
    return replace(doctype, indexes=_indexes(reader, columns))


def _check_kind(reader: Reader) -> None:
    kind = reader.text("doctype")
    if kind is not None and kind != "DocType":
        reader.wrong("doctype", f"{shown(kind)} is not 'DocType'")


def _name(reader: Reader) -> str:
    name = reader.text("name")
    if not reader.data.get("name"):
        reader.wrong("name", "is missing")
    elif name is not None and (problem := doctype_name_problem(name)):
        reader.wrong("name", problem)
    return name or ""


def _former_name(reader: Reader) -> str | None:
    name = reader.text("renamed_from")
    if not name or name == reader.data.get("name"):
        return None
    if problem := doctype_name_problem(name):
        reader.wrong("renamed_from", problem)
    return name


def _fields(reader: Reader) -> tuple[Field, ...]:
    if reader.data.get("fields") is None:
        reader.wrong("fields", "is missing")
    entries = reader.entries("fields")
    read = [read_field(entry, f"$.fields[{place}]", reader.problems) for place, entry in enumerate(entries)]
    _check_duplicates(entries, reader.problems)
    return tuple(field for field in read if field is not None)


def _columns(doctype: DocType) -> Mapping[str, DataType]:
    """Return name to type of every column the table will have."""
    declared = {f.fieldname: f.column_type for f in doctype.fields if f.column_type is not None}
    return declared | {c.name: c.type for c in standard_columns(doctype)}


def _check_fields(doctype: DocType, columns: Mapping[str, DataType], problems: Problems) -> None:
    named = [f for f in doctype.fields if f.fieldname and not f.kind.layout]
    for field in named:
        if problem := standard_problem(doctype, field):
            problems.add(step(field.path, "fieldname"), problem)
        if field.kind.options is Options.FIELD and field.options and field.options not in columns:
            guess = did_you_mean(field.options, columns)
            problems.add(
                step(field.path, "options"), f"{shown(field.options)} has no column here; {guess}".rstrip("; ")
            )
    stored = sum(1 for f in doctype.fields if f.column_type is not None)
    if stored > MAX_COLUMNS:
        problems.add("$.fields", f"has {stored} fields with a column, at most {MAX_COLUMNS} are allowed")


def _check_duplicates(entries: tuple[Json, ...], problems: Problems) -> None:
    """Refuse names that differ at most in case, which SQLite takes for one column (trap S10)."""
    first: dict[str, tuple[str, bool]] = {}
    for place, entry in enumerate(entries):
        name = entry.get("fieldname") if isinstance(entry, Mapping) else None
        if isinstance(entry, Mapping) and isinstance(name, str) and name:
            path, layout = f"$.fields[{place}]", _is_layout(entry)
            earlier, also_layout = first.setdefault(name.lower(), (path, layout))
            if earlier != path and not (layout and also_layout):
                message = f"{shown(name)} is also the name of {earlier} (case is ignored)"
                problems.add(step(path, "fieldname"), message)


def _is_layout(entry: Mapping[str, Json]) -> bool:
    fieldtype = entry.get("fieldtype")
    return isinstance(fieldtype, str) and fieldtype in FIELDTYPES and FIELDTYPES[fieldtype].layout


def _indexes(reader: Reader, columns: Mapping[str, DataType]) -> tuple[DocIndex, ...]:
    read = [
        _index(entry, f"$.indexes[{place}]", columns, reader.problems)
        for place, entry in enumerate(reader.entries("indexes"))
    ]
    return tuple(index for index in read if index is not None)


def _index(data: Json, path: str, columns: Mapping[str, DataType], problems: Problems) -> DocIndex | None:
    if not isinstance(data, Mapping):
        problems.add(path, "must be an object")
        return None
    entry = Reader(data=data, path=path, problems=problems)
    for key in ("where", "partial"):
        if data.get(key):  # leaving it out would make a unique index refuse rows the author allowed
            entry.wrong(key, "partial indexes are not supported; leave it out or create the index by hand")
    key = "columns" if data.get("columns") is not None else "fields"
    index = DocIndex(columns=_index_columns(entry, key), unique=entry.flag("unique"), name=entry.text("name"))
    _check_index(entry, key, index, columns)
    return index


def _index_columns(entry: Reader, key: str) -> tuple[str, ...]:
    names = entry.entries(key)
    for place, name in enumerate(names):
        if not isinstance(name, str):
            entry.problems.add(f"{step(entry.path, key)}[{place}]", "must be text")
    return tuple(name for name in names if isinstance(name, str))


def _check_index(entry: Reader, key: str, index: DocIndex, columns: Mapping[str, DataType]) -> None:
    if not entry.data.get(key):
        entry.wrong(key, "an index needs at least one column")
    if len(set(index.columns)) < len(index.columns):
        entry.wrong(key, "names a column twice")
    for name in dict.fromkeys(index.columns):
        if name not in columns:
            guess = did_you_mean(name, columns)
            entry.wrong(key, f"{shown(name)} has no column here; {guess}".rstrip("; "))
        elif columns[name].kind is Kind.TEXT:
            entry.wrong(key, f"{name!r} has no bounded length and cannot be indexed")
