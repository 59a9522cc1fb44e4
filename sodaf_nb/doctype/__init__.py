"""DocType JSON to values and to the tables they want. The fieldtype table is in `fieldtypes`."""

from sodaf_nb.doctype.engine import DocTypeEngine
from sodaf_nb.doctype.fieldtypes import FieldType
from sodaf_nb.doctype.values import DocIndex, DocType, Field

__all__ = ["DocIndex", "DocType", "DocTypeEngine", "Field", "FieldType"]
