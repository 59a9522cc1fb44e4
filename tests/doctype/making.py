"""Short ways to make DocTypes and to read what was refused."""

import pytest

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import InvalidDocTypeError


def field(fieldname="title", fieldtype="Data", **attributes):
    return {"fieldname": fieldname, "fieldtype": fieldtype, **attributes}


def doctype(*fields, name="Customer", **attributes):
    return {"doctype": "DocType", "name": name, "fields": list(fields), **attributes}


def register(*fields, **attributes):
    return DocTypeEngine().register(doctype(*fields, **attributes))


def table(*fields, reqd_not_null=False, **attributes):
    engine = DocTypeEngine(reqd_not_null=reqd_not_null)
    return engine.wanted_table(engine.register(doctype(*fields, **attributes)).name)


def column(**attributes):
    """Return the column that the one field with these attributes makes."""
    return table(field(**attributes)).column(attributes.get("fieldname", "title"))


def refused(source) -> dict[str, str]:
    """Register something that must be refused; return its problems as path to message."""
    with pytest.raises(InvalidDocTypeError) as caught:
        DocTypeEngine().register(source)
    return {problem.path: problem.message for problem in caught.value.problems}


def refused_fields(*fields, **attributes) -> dict[str, str]:
    return refused(doctype(*fields, **attributes))
