"""Dialect-free values that describe tables: what the diff compares and the plan carries."""

from sodaf_nb.schema.codec import canonical, decode, encode, fingerprint, storable
from sodaf_nb.schema.types import DataType, Kind
from sodaf_nb.schema.values import Column, Index, Schema, SchemaObject, Table, is_virtual

__all__ = [
    "Column",
    "DataType",
    "Index",
    "Kind",
    "Schema",
    "SchemaObject",
    "Table",
    "canonical",
    "decode",
    "encode",
    "fingerprint",
    "is_virtual",
    "storable",
]

for _value in (Column, DataType, Index, SchemaObject, Table):
    storable(_value)
