"""From text or mapping to frozen data."""

import json
from collections import OrderedDict
from types import MappingProxyType

import pytest

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import InvalidDocTypeError
from tests.doctype.making import doctype, field, refused, register


def test_syntax_error_names_line_and_column():
    assert refused('{\n "name": "A",\n "module" "B"}')["$"].endswith("at line 3 column 11")


def test_merge_conflict_names_its_line():
    text = '{\n<<<<<<< HEAD\n "name": "A"\n=======\n "name": "B"\n>>>>>>> other\n}'
    assert "merge conflict markers (line 2)" in refused(text)["$"]


def test_byte_order_mark_alone_is_accepted():
    assert DocTypeEngine().register("\ufeff" + json.dumps(doctype())).name == "Customer"


@pytest.mark.parametrize("source", ["[]", "null", '"DocType"', "7", [], None, 7, b"{}", {1, 2}, object()])
def test_anything_but_an_object_is_refused(source):
    assert "$" in refused(source)


def test_mappings_of_any_kind_are_read():
    source = MappingProxyType(OrderedDict(doctype(name="Any", fields=(MappingProxyType(field()),))))
    assert DocTypeEngine().register(source).fields[0].fieldname == "title"


def test_python_values_that_are_not_json_are_refused():
    problems = refused(doctype(a={1}, b=b"x", c={1: 2}))
    assert set(problems) == {"$.a", "$.b", "$.c"}


def test_paths_quote_keys_that_are_no_words():
    assert list(refused(doctype(**{'a "b"': {1}}))) == ['$["a \\"b\\""]']


def test_the_callers_mapping_may_change_later():
    source = doctype(field())
    made = DocTypeEngine().register(source)
    source["fields"].clear()
    source["name"] = "Other"
    assert json.loads(made.to_json()) == doctype(field())


def test_source_is_read_only():
    with pytest.raises(TypeError):
        register(field()).source["name"] = "Other"


def test_to_json_gives_back_what_was_read():
    source = doctype(field(label="Größe", description=None, columns=[1, 2.5, True]), permissions=[{"role": "All"}])
    made = DocTypeEngine().register(json.dumps(source))
    assert json.loads(made.to_json()) == source
    assert DocTypeEngine().register(made.to_json()) == made


def test_str_subclasses_become_plain_text():
    class Loud(str):
        __slots__ = ()

    made = register(field(Loud("title"), Loud("Data")), name=Loud("Customer"))
    assert type(made.name) is str
    assert type(made.fields[0].fieldname) is str


def test_a_refused_doctype_is_named_in_the_message():
    with pytest.raises(InvalidDocTypeError, match=r"DocType 'Customer' has 1 problem: \$\.fields\[0\]\.fieldname"):
        register(field("a b"))
    with pytest.raises(InvalidDocTypeError, match="unnamed"):
        DocTypeEngine().register("{")
