"""Short ways to operations and plans."""

from sodaf_nb.plan import AddColumn, AlterColumn, DropColumn, Plan, RenameColumn, RenameTable
from sodaf_nb.schema import Column, DataType, Kind, Table
from sodaf_nb.schema.types import varchar

TEXT, INTEGER, DATE = (DataType(kind=kind) for kind in (Kind.TEXT, Kind.INTEGER, Kind.DATE))
TABLE = "tabCustomer"
NAME = Column(name="name", type=varchar(), nullable=False)


def column(name="city", data_type=TEXT, **attributes):
    return Column(name=name, type=data_type, **attributes)


def table(*columns, name=TABLE, **attributes):
    return Table(name=name, columns=(NAME, *columns), primary_key=("name",), **attributes)


def add(name="city", data_type=TEXT, *, on=TABLE, after=None, backfill=None, **attributes):
    return AddColumn(table=on, column=column(name, data_type, **attributes), after=after, backfill=backfill)


def drop(name="city", data_type=TEXT, *, on=TABLE, after=None, filler=None, **attributes):
    return DropColumn(table=on, column=column(name, data_type, **attributes), after=after, filler=filler)


def alter(name="city", before=TEXT, after=INTEGER, *, on=TABLE, backfill=None, filler=None, was=None, **attributes):
    old, new = column(name, before, **(was or {})), column(name, after, **attributes)
    return AlterColumn(table=on, before=old, after=new, backfill=backfill, filler=filler)


def rename(old, new, *, on=TABLE):
    return RenameColumn(table=on, old=old, new=new)


def rename_table(old, new):
    return RenameTable(old=old, new=new)


def plan(*operations, doctype="Customer", on=TABLE, made_for="f00d", **attributes):
    return Plan(doctype=doctype, table=on, operations=operations, made_for=made_for, **attributes)
