"""Attributes of fields and DocTypes, in both flavours."""

import pytest

from sodaf_nb.doctype import DocIndex, DocType, DocTypeEngine, Field
from sodaf_nb.errors import InvalidDocTypeError
from tests.doctype.making import doctype, field, refused, refused_fields, register, table


def test_frappe_flavour():
    made = register(
        field("code", label="Code", reqd=1, unique=1, length=40, in_list_view=1, oldfieldname="old_code"),
        field("hint", options=None, search_index=1),
        istable=1,
        is_tree=0,
        autoname="field:code",
        track_changes=1,
    )
    code, hint = made.fields
    assert code == Field(
        fieldname="code",
        fieldtype="Data",
        label="Code",
        reqd=True,
        unique=True,
        length=40,
        renamed_from="old_code",
        extra={"in_list_view": 1},
    )
    assert (code.required, hint.search_index, hint.path) == (False, True, "$.fields[1]")
    assert (made.is_table, made.is_tree, made.autoname) == (True, False, "field:code")
    assert made.extra == {"track_changes": 1}


def test_sodaf_flavour():
    made = register(
        field("code", required=True, unique=True, old_fieldname="old_code", openapi_example="x"),
        field("amount", "Currency", not_nullable="true", indexed=True, precision=2, default=0),
        doctype=None,
        is_virtual=False,
        indexes=[{"name": "by_both", "columns": ["code", "amount"], "unique": True}, {"fields": ["modified"]}],
        renamed_from="Client",
    )
    code, amount = made.fields
    assert (code.required, code.renamed_from, code.extra) == (True, "old_code", {"openapi_example": "x"})
    assert (amount.required, amount.search_index, amount.precision, amount.default) == (True, True, 2, 0)
    assert made.indexes == (
        DocIndex(columns=("code", "amount"), unique=True, name="by_both"),
        DocIndex(columns=("modified",)),
    )
    assert made.renamed_from == "Client"


def test_values_are_hashable_and_equal_wherever_a_field_stands():
    one, two = register(field("a"), field("b")), register(field("b"), field("a"))
    assert one.field_named("a") == two.field_named("a")
    assert len({one, two, register(field("a"), field("b"))}) == 2
    assert one.field_named("gone") is None


def test_values_made_by_hand_have_nothing_extra():
    assert (Field(fieldname="a", fieldtype="Data").extra, DocType(name="A").source) == ({}, {})


def test_doctype_key_may_be_left_out():
    assert table(field(), doctype=None).name == "tabCustomer"


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"doctype": "Report"}, "$.doctype"),
        ({"doctype": ""}, "$.doctype"),
        ({"doctype": 1}, "$.doctype"),
        ({"name": None}, "$.name"),
        ({"name": ""}, "$.name"),
        ({"name": 7}, "$.name"),
        ({"fields": None}, "$.fields"),
        ({"fields": {}}, "$.fields"),
        ({"fields": [7]}, "$.fields[0]"),
        ({"fields": [[]]}, "$.fields[0]"),
        ({"istable": 1, "issingle": 1}, "$.issingle"),
        ({"istable": 2}, "$.istable"),
        ({"is_tree": "perhaps"}, "$.is_tree"),
        ({"is_virtual": []}, "$.is_virtual"),
        ({"autoname": 7}, "$.autoname"),
        ({"renamed_from": "a;b"}, "$.renamed_from"),
        ({"indexes": {}}, "$.indexes"),
        ({"indexes": [7]}, "$.indexes[0]"),
        ({"indexes": [{}]}, "$.indexes[0].fields"),
        ({"indexes": [{"columns": []}]}, "$.indexes[0].columns"),
        ({"indexes": [{"columns": "name"}]}, "$.indexes[0].columns"),
        ({"indexes": [{"columns": [7]}]}, "$.indexes[0].columns[0]"),
        ({"indexes": [{"columns": ["owner", "owner"]}]}, "$.indexes[0].columns"),
        ({"indexes": [{"columns": ["ownr"]}]}, "$.indexes[0].columns"),
        ({"indexes": [{"columns": ["owner"], "unique": 3}]}, "$.indexes[0].unique"),
        ({"indexes": [{"columns": ["owner"], "where": "owner > ''"}]}, "$.indexes[0].where"),
        ({"indexes": [{"fields": ["owner"], "partial": True}]}, "$.indexes[0].partial"),
    ],
)
def test_doctype_attribute_is_refused(attributes, path):
    assert list(refused(doctype() | attributes)) == [path]


def test_missing_fields_attribute_is_refused():
    assert list(refused({"name": "A"})) == ["$.fields"]


@pytest.mark.parametrize(
    ("attributes", "key"),
    [
        ({"fieldname": 7}, "fieldname"),
        ({"fieldtype": None}, "fieldtype"),
        ({"fieldtype": ""}, "fieldtype"),
        ({"fieldtype": 7}, "fieldtype"),
        ({"fieldtype": "Data "}, "fieldtype"),
        ({"label": 7}, "label"),
        ({"options": []}, "options"),
        ({"fieldtype": "Link", "options": 7}, "options"),
        ({"fieldtype": "Link", "options": {}}, "options"),
        ({"fieldtype": "Link", "options": " "}, "options"),
        ({"fieldtype": "Table"}, "options"),
        ({"fieldtype": "Table MultiSelect", "options": ""}, "options"),
        ({"fieldtype": "Dynamic Link"}, "options"),
        ({"fieldtype": "Dynamic Link", "options": "gone"}, "options"),
        ({"unique": "maybe"}, "unique"),
        ({"required": 1, "not_nullable": 5}, "not_nullable"),
        ({"length": -1}, "length"),
        ({"length": "-1"}, "length"),
        ({"length": 10_001}, "length"),
        ({"length": 1.5}, "length"),
        ({"length": True}, "length"),
        ({"length": "²"}, "length"),
        ({"length": "1" * 20}, "length"),
        ({"length": []}, "length"),
        ({"fieldtype": "Currency", "precision": "10"}, "precision"),
        ({"fieldtype": "Float", "precision": -1}, "precision"),
        ({"default": []}, "default"),
        ({"default": {}}, "default"),
        ({"renamed_from": "a b"}, "renamed_from"),
        ({"old_fieldname": "a;b"}, "old_fieldname"),
        ({"is_virtual": 1, "unique": 1}, "unique"),
        ({"fieldtype": "Table", "options": "Item", "search_index": 1}, "search_index"),
        ({"fieldtype": "Text", "unique": 1}, "unique"),
        ({"fieldtype": "JSON", "indexed": 1}, "search_index"),
        ({"fieldtype": "HTML", "search_index": 1}, "fieldtype"),
    ],
)
def test_field_attribute_is_refused(attributes, key):
    assert list(refused_fields(field() | attributes)) == [f"$.fields[0].{key}"]


def test_all_problems_come_at_once():
    problems = refused({"name": "a;b", "fields": [{}, field("a b", "Int", default="x", length=-1), 7]})
    assert set(problems) == {
        "$.name",
        "$.fields[0].fieldname",
        "$.fields[0].fieldtype",
        "$.fields[1].fieldname",
        "$.fields[1].default",
        "$.fields[1].length",
        "$.fields[2]",
    }


@pytest.mark.parametrize(("wrong", "right"), [("data", "Data"), ("Datatime", "Datetime"), ("Smal Text", "Small Text")])
def test_unknown_fieldtype_gets_a_suggestion(wrong, right):
    assert refused_fields(field(fieldtype=wrong))["$.fields[0].fieldtype"].endswith(f"did you mean {right!r}?")


def test_unknown_fieldtype_without_neighbour_gets_none():
    assert refused_fields(field(fieldtype="Hologram"))["$.fields[0].fieldtype"] == "'Hologram' is not a fieldtype"


def test_unknown_column_gets_a_suggestion():
    index = {"indexes": [{"columns": ["titel"]}]}
    assert "did you mean 'title'?" in refused_fields(field(), **index)["$.indexes[0].columns"]


def test_index_on_unbounded_text_is_refused():
    assert list(refused_fields(field(fieldtype="Text"), indexes=[{"columns": ["title"]}])) == ["$.indexes[0].columns"]


def test_layout_entries_need_no_name_and_may_share_one():
    made = register(
        {"fieldtype": "Section Break"},
        field("Any Thing!", "Column Break", label=None),
        field("any thing!", "Column Break"),
        field("parent", "HTML", options="<b>x</b>"),
    )
    assert [f.fieldname for f in made.fields] == ["", "Any Thing!", "any thing!", "parent"]
    assert [f.column_type for f in made.fields] == [None] * 4


def test_layout_entry_and_column_may_not_share_a_name():
    assert list(refused_fields(field("a", "HTML"), field("a"))) == ["$.fields[1].fieldname"]


def test_table_field_is_named_like_a_column():
    assert list(refused_fields(field("a b", "Table", options="Item"))) == ["$.fields[0].fieldname"]


def test_empty_length_and_precision_are_none_given():
    made = register(field(length=0, precision=""), field("b", length="0", precision=None)).fields
    assert [(f.length, f.precision) for f in made] == [(None, None)] * 2


@pytest.mark.parametrize(
    ("hints", "former"),
    [
        ({}, None),
        ({"oldfieldname": "title"}, None),
        ({"oldfieldname": "Old Name"}, None),
        ({"oldfieldname": 7}, None),
        ({"oldfieldname": "first"}, "first"),
        ({"old_fieldname": "second", "oldfieldname": "first"}, "second"),
        ({"renamed_from": "third", "old_fieldname": "second"}, "third"),
        ({"renamed_from": "title", "old_fieldname": "second"}, "second"),
    ],
)
def test_former_name(hints, former):
    assert register(field("title", **hints)).fields[0].renamed_from == former


def test_former_name_of_a_doctype_that_is_its_name_says_nothing():
    assert register(renamed_from="Customer").renamed_from is None


@pytest.mark.parametrize("value", [1, True, "1", "true", "True"])
def test_flag_is_set(value):
    assert register(field(unique=value)).fields[0].unique


@pytest.mark.parametrize("value", [0, False, "0", "false", "", None])
def test_flag_is_not_set(value):
    assert not register(field(unique=value)).fields[0].unique


def test_dynamic_link_may_name_a_standard_column():
    assert register(field("x", "Dynamic Link", options="parenttype"), istable=1).name == "Customer"


def test_choices_belong_to_a_select_only():
    made = register(
        field("s", "Select", options="\nA\nB"), field("t", "Link", options="A"), field("u", "Select")
    ).fields
    assert [f.choices for f in made] == [("", "A", "B"), (), ("",)]


@pytest.mark.parametrize(
    ("fieldtype", "answer"),
    [
        ("Txt", "did you mean 'Text'?"),
        ("String", "did you mean 'Data' or 'Small Text'?"),
        ("VARCHAR", "did you mean 'Data' or 'Small Text'?"),
        ("bool", "did you mean 'Check'?"),
        ("Dat", "did you mean 'Date' or 'Data'?"),
        ("data", "did you mean 'Data'?"),
    ],
)
def test_an_unknown_fieldtype_is_answered_with_those_that_are_near(fieldtype, answer):
    engine = DocTypeEngine()
    with pytest.raises(InvalidDocTypeError) as caught:
        engine.register({"name": "Book", "fields": [{"fieldname": "a", "fieldtype": fieldtype}]})
    assert caught.value.problems[0].message.endswith(answer)
