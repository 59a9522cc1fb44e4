"""The table a DocType wants."""

import pytest

from sodaf_nb.doctype.fieldtypes import FIELDTYPES, column_type
from sodaf_nb.schema import Column, DataType, Index, Kind, Table
from sodaf_nb.schema.types import decimal, varchar
from tests.doctype.making import column, field, refused_fields, table

STANDARD = ("name", "creation", "modified", "modified_by", "owner", "docstatus", "idx")
CHILD = ("parent", "parentfield", "parenttype")
INTEGER = DataType(kind=Kind.INTEGER)

BOUNDED = ("Data", "Link", "Dynamic Link", "Select", "Read Only", "Autocomplete", "Color", "Phone", "Icon")
UNBOUNDED = (
    *("Small Text", "Text", "Long Text", "Code", "Text Editor", "HTML Editor", "Markdown Editor", "Markdown"),
    *("Password", "Attach", "Attach Image", "File", "Signature", "Geolocation", "Barcode", "JSON"),
)
LAYOUT = ("Section Break", "Column Break", "Tab Break", "Fold", "Heading", "Button", "HTML", "Image")
OTHER = {
    "Int": Kind.INTEGER,
    "Long Int": Kind.BIGINT,
    "Check": Kind.SMALLINT,
    "Float": Kind.REAL,
    "Date": Kind.DATE,
    "Datetime": Kind.DATETIME,
    "Time": Kind.TIME,
}
EXPECTED = {
    **dict.fromkeys(BOUNDED, varchar(140)),
    **dict.fromkeys(UNBOUNDED, DataType(kind=Kind.TEXT)),
    **dict.fromkeys((*LAYOUT, "Table", "Table MultiSelect")),
    **dict.fromkeys(("Currency", "Percent", "Duration"), decimal(21, 9)),
    "Rating": decimal(3, 2),
    **{name: DataType(kind=kind) for name, kind in OTHER.items()},
}


def test_fieldtype_table():
    assert {name: row.type for name, row in FIELDTYPES.items()} == EXPECTED


@pytest.mark.parametrize(
    ("fieldtype", "length", "precision", "expected"),
    [
        ("Data", 40, None, varchar(40)),
        ("Data", 0, None, varchar(140)),
        ("Link", 280, None, varchar(280)),
        ("Text", 40, None, DataType(kind=Kind.TEXT)),
        ("Int", 11, None, INTEGER),
        ("Int", 12, None, DataType(kind=Kind.BIGINT)),
        ("Long Int", 5, None, DataType(kind=Kind.BIGINT)),
        ("Currency", 4, 2, decimal(21, 2)),
        ("Percent", None, 0, decimal(21, 0)),
        ("Duration", None, 2, decimal(21, 9)),
        ("Float", None, 3, DataType(kind=Kind.REAL)),
        ("HTML", 40, 2, None),
    ],
)
def test_length_and_precision(fieldtype, length, precision, expected):
    assert column_type(fieldtype, length=length, precision=precision) == expected


def test_standard_columns_come_first():
    assert table(field("title")) == Table(
        name="tabCustomer",
        columns=(
            Column(name="name", type=varchar(140), nullable=False),
            Column(name="creation", type=DataType(kind=Kind.DATETIME)),
            Column(name="modified", type=DataType(kind=Kind.DATETIME)),
            Column(name="modified_by", type=varchar(140)),
            Column(name="owner", type=varchar(140)),
            Column(name="docstatus", type=DataType(kind=Kind.SMALLINT), nullable=False, default=0),
            Column(name="idx", type=INTEGER, nullable=False, default=0),
            Column(name="title", type=varchar(140)),
        ),
        primary_key=("name",),
    )


def test_child_table_has_a_parent_with_an_index():
    wanted = table(field("title"), istable=1)
    assert wanted.column_names() == (*STANDARD, *CHILD, "title")
    assert {wanted.column(name).type for name in CHILD} == {varchar(140)}
    assert wanted.indexes == (Index(table="tabCustomer", columns=("parent",)),)


def test_autoincrement_makes_an_integer_key():
    expected = Column(name="name", type=INTEGER, nullable=False, autoincrement=True)
    assert table(autoname="autoincrement").columns[0] == expected


def test_tree_has_its_nested_set():
    wanted = table(field("lft", "Int", default="5"), field("title"), is_tree=1)
    assert wanted.column_names() == (*STANDARD, "lft", "rgt", "title")
    assert wanted.column("lft") == Column(name="lft", type=INTEGER, nullable=False, default=0)


def test_nested_set_names_are_free_elsewhere():
    assert table(field("lft", "Data")).column("lft").type == varchar(140)
    assert list(refused_fields(field("lft", "Data"), is_tree=1)) == ["$.fields[0].fieldname"]


@pytest.mark.parametrize("flag", ["issingle", "is_virtual"])
def test_single_and_virtual_doctypes_have_no_table(flag):
    assert table(field(), **{flag: 1}) is None


def test_virtual_single_has_no_table():
    assert table(field(), issingle=1, is_virtual=1) is None


@pytest.mark.parametrize(
    ("name", "fieldtype"),
    [
        ("name", "Data"),
        ("owner", "Link"),
        ("modified_by", "Read Only"),
        ("creation", "Datetime"),
        ("idx", "Int"),
        ("idx", "Check"),
        ("docstatus", "Long Int"),
    ],
)
def test_field_of_the_same_kind_merges_into_the_standard_column(name, fieldtype):
    plain = table(field("title"))
    merged = table(field(name, fieldtype, options="User", required=1), field("title"))
    assert merged == plain


def test_parent_fields_merge_in_child_tables_only():
    fields = [field("parent", "Link", options="Order"), field("parenttype"), field("parentfield", "Read Only")]
    assert table(*fields, istable=1) == table(istable=1)
    assert set(refused_fields(*fields)) == {f"$.fields[{i}].fieldname" for i in range(3)}


@pytest.mark.parametrize(
    ("name", "fieldtype"),
    [
        ("name", "Int"),
        ("name", "Text"),
        ("owner", "Table"),
        ("creation", "Date"),
        ("modified", "Data"),
        ("idx", "Data"),
        ("docstatus", "Float"),
    ],
)
def test_field_of_another_kind_clashes_with_the_standard_column(name, fieldtype):
    problems = refused_fields(field(name, fieldtype, options="Item"))
    assert "standard column" in problems["$.fields[0].fieldname"]


def test_virtual_field_cannot_take_the_name_of_a_standard_column():
    assert "nothing" in refused_fields(field("owner", is_virtual=1))["$.fields[0].fieldname"]


def test_key_of_an_autoincrement_doctype_is_a_number():
    assert list(refused_fields(field("name", "Data"), autoname="autoincrement")) == ["$.fields[0].fieldname"]
    assert table(field("name", "Int"), autoname="autoincrement").columns[0].autoincrement


@pytest.mark.parametrize("flag", ["required", "not_nullable"])
def test_required_makes_not_null(flag):
    assert not column(**{flag: 1}).nullable


def test_reqd_makes_not_null_only_with_the_option():
    assert table(field(reqd=1)).column("title").nullable
    assert not table(field(reqd=1), reqd_not_null=True).column("title").nullable
    assert table(field(), reqd_not_null=True).column("title").nullable


def test_layout_table_and_virtual_fields_have_no_column():
    fields = [field(f"f{i}", fieldtype) for i, fieldtype in enumerate(LAYOUT)]
    fields += [field("rows", "Table", options="Item"), field("total", "Currency", is_virtual=1), field("title")]
    assert table(*fields).column_names() == (*STANDARD, "title")


def index(*columns, unique=False):
    return Index(table="tabCustomer", columns=columns, unique=unique)


def test_indexes_of_fields_and_of_the_doctype():
    wanted = table(
        field("a", unique=1),
        field("b", search_index=1),
        field("c", unique=1, search_index=1),
        field("owner", search_index=1),
        indexes=[{"name": "x", "columns": ["a", "b"], "unique": 1}, {"fields": ["modified"]}],
    )
    assert wanted.indexes == (
        index("a", unique=True),
        index("b"),
        index("c", unique=True),
        index("owner"),
        index("a", "b", unique=True),
        index("modified"),
    )


def test_equal_indexes_are_one():
    wanted = table(
        field("a", search_index=1),
        field("parent", search_index=1),
        istable=1,
        indexes=[{"columns": ["a"]}, {"columns": ["a"], "unique": 1}, {"columns": ["parent"]}],
    )
    assert wanted.indexes == (index("parent"), index("a"), index("a", unique=True))


def test_unique_key_is_the_primary_key():
    assert table(field("name", unique=1)).indexes == ()
