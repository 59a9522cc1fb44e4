"""Values of the schema and the plan, made at random."""

from dataclasses import fields, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sodaf_nb.plan import (
    AddColumn,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DedupeColumn,
    DropColumn,
    DropIndex,
    DropTable,
    Plan,
    RenameColumn,
    RenameTable,
    RestoreColumn,
    RestoreRows,
    RestoreTable,
    RetargetReference,
    RunPatch,
)
from sodaf_nb.schema import Column, DataType, Index, Kind, SchemaObject, Table
from sodaf_nb.schema.types import decimal, other, varchar

# No deadline: a busy machine is no failure.
RELAXED = settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
PLAIN_KINDS = [k for k in Kind if k not in {Kind.VARCHAR, Kind.DECIMAL, Kind.OTHER}]

names = st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z") | st.text(min_size=1, max_size=8)
types = st.one_of(
    st.builds(varchar, st.integers(1, 1000)),
    st.builds(decimal, st.integers(1, 38), st.integers(0, 9)),
    st.sampled_from(PLAIN_KINDS).map(lambda kind: DataType(kind=kind)),
    st.builds(other, st.text(max_size=8)),
)
scalars = st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
columns = st.builds(
    Column,
    name=names,
    type=types,
    nullable=st.booleans(),
    default=st.none() | scalars,
    default_sql=st.none() | st.text(),
    autoincrement=st.booleans(),
    definition=st.none() | st.text(),
    hidden=st.booleans(),
)
indexes = st.builds(
    Index,
    table=names,
    columns=st.lists(names, max_size=3).map(tuple),
    unique=st.booleans(),
    name=st.none() | names,
    where=st.none() | st.text(),
    sql=st.none() | st.text(),
)
tables = st.builds(
    Table,
    name=names,
    columns=st.lists(columns, max_size=3).map(tuple),
    primary_key=st.lists(names, max_size=2).map(tuple),
    indexes=st.lists(indexes, max_size=2).map(tuple),
    sql=st.none() | st.text(),
)
objects = st.builds(
    SchemaObject,
    kind=st.sampled_from(["table", "index", "trigger", "view"]),
    name=names,
    table=names,
    sql=st.none() | st.text(),
)

places = st.none() | st.just("") | names
alterations = st.builds(AlterColumn, table=names, before=columns, after=columns, backfill=st.none() | scalars)
dedupes = st.builds(
    DedupeColumn,
    table=names,
    column=names,
    how=st.sampled_from(["blank", "suffix"]),
    key=names,
    undone=st.booleans(),
)
row_changes = {
    "name": names,
    "body": st.text(),
    "columns": st.lists(names, max_size=2).map(tuple),
    "inserts": st.booleans(),
    "deletes": st.booleans(),
}
way_back = {key: value for key, value in row_changes.items() if key != "body"}
BY_CLASS = {
    CreateTable: st.builds(CreateTable, table=tables),
    DropTable: st.builds(DropTable, table=tables),
    RenameTable: st.builds(RenameTable, old=names, new=names),
    AddColumn: st.builds(AddColumn, table=names, column=columns, after=places, backfill=st.none() | scalars),
    DropColumn: st.builds(DropColumn, table=names, column=columns, after=places),
    RenameColumn: st.builds(RenameColumn, table=names, old=names, new=names),
    AlterColumn: alterations,
    CreateIndex: st.builds(CreateIndex, index=indexes),
    DropIndex: st.builds(DropIndex, index=indexes),
    RetargetReference: st.builds(RetargetReference, table=names, column=names, old=names, new=names),
    DedupeColumn: dedupes,
    RestoreColumn: st.builds(
        RestoreColumn,
        table=names,
        column=names,
        key=names,
        retyped=st.none() | alterations,
        key_retyped=st.none() | alterations,
        deduped=st.none() | dedupes,
    ),
    RestoreTable: st.builds(RestoreTable, table=tables),
    RunPatch: st.builds(RunPatch, table=names, language=st.sampled_from(["sql", "python"]), **row_changes),
    RestoreRows: st.builds(RestoreRows, table=names, noted=st.text(), mark=st.text(), **way_back),
}
operations = st.one_of(*BY_CLASS.values())
plans = st.builds(
    Plan,
    doctype=names,
    table=names,
    operations=st.lists(operations, max_size=3).map(tuple),
    made_for=st.text(max_size=8),
    kind=st.sampled_from(["sync", "rollback"]),
    undoes=st.none() | names,
    reason=st.text(),
)


def changed_fields(value, other_value):
    """Yield (field name, `value` with that field taken from `other_value`) wherever that makes a difference."""
    for field in fields(value):
        changed = getattr(other_value, field.name)
        if changed != getattr(value, field.name):
            yield field.name, replace(value, **{field.name: changed})
