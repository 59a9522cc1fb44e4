"""Short ways to a wanted table, a live schema and their difference."""

from types import MappingProxyType

from sodaf_nb.diff import Answers, compare
from sodaf_nb.schema import Column, DataType, Index, Kind, Schema, SchemaObject, Table
from sodaf_nb.schema.types import varchar

TEXT, INTEGER = DataType(kind=Kind.TEXT), DataType(kind=Kind.INTEGER)
NAME = Column(name="name", type=varchar(), nullable=False)


def column(name="city", data_type=None, **attributes):
    return Column(name=name, type=data_type or varchar(), **attributes)


def table(*columns, name="tabCustomer", **attributes):
    return Table(name=name, columns=(NAME, *columns), primary_key=("name",), **attributes)


def schema(*tables, objects=()):
    return Schema(tables=MappingProxyType({t.name: t for t in tables}), objects=tuple(objects))


def entry(kind, name, table="tabCustomer", sql="CREATE ..."):
    return SchemaObject(kind=kind, name=name, table=table, sql=sql)


def index(*columns, table="tabCustomer", **attributes):
    return Index(table=table, columns=columns, **attributes)


def live_index(*columns, name="ix_tabCustomer_city", **attributes):
    return index(*columns, name=name, sql="CREATE INDEX ...", **attributes)


def diff(wanted, *live, objects=(), **answers):
    return compare("Customer", wanted, schema(*live, objects=objects), Answers(**answers))


def names(columns):
    return [c.name for c in columns]
