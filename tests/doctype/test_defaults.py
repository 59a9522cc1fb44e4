"""Declared defaults become typed literals, nothing, or a problem."""

import pytest

from tests.doctype.making import column, field, refused_fields


@pytest.mark.parametrize(
    ("fieldtype", "raw", "literal"),
    [
        ("Data", "abc", "abc"),
        ("Data", 'it\'s "quoted"', 'it\'s "quoted"'),
        ("Data", 5, "5"),
        ("Data", 2.5, "2.5"),
        ("Data", True, "1"),
        ("Data", " ", " "),
        ("Data", "User", "User"),
        ("Select", "Gone", "Gone"),
        ("Text", "user", "user"),
        ("Text", ":Company", ":Company"),
        ("Code", "(a) => now()", "(a) => now()"),
        ("Markdown Editor", "__bold__ text", "__bold__ text"),
        ("Int", "12", 12),
        ("Int", " -1 ", -1),
        ("Int", "+3", 3),
        ("Int", 7, 7),
        ("Int", 7.0, 7),
        ("Int", "7.00", 7),
        ("Int", True, 1),
        ("Int", -(2**31), -(2**31)),
        ("Long Int", 2**63 - 1, 2**63 - 1),
        ("Check", 1, 1),
        ("Check", "1", 1),
        ("Check", True, 1),
        ("Check", "True", 1),
        ("Check", "False", 0),
        ("Check", False, 0),
        ("Float", "150000", 150000),
        ("Float", "-1.5e3", -1500),
        ("Float", ".5", 0.5),
        ("Float", 0.1, 0.1),
        ("Float", 1e300, 1e300),
        ("Float", 2**60, float(2**60)),
        ("Currency", "0.1", 0.1),
        ("Currency", "0.00", 0),
        ("Currency", 12, 12),
        ("Currency", "999999999999", 999999999999),
        ("Percent", "-33.333333333", -33.333333333),
        ("Rating", "0.75", 0.75),
        ("Date", "2024-02-29", "2024-02-29"),
        ("Time", "9:05", "09:05:00"),
        ("Time", "23:59:59.5", "23:59:59.500000"),
        ("Datetime", "2024-02-29", "2024-02-29 00:00:00"),
        ("Datetime", "2024-02-29T9:05", "2024-02-29 09:05:00"),
        ("Datetime", "2024-02-29 09:05:06.123456", "2024-02-29 09:05:06.123456"),
    ],
)
def test_literal(fieldtype, raw, literal):
    default = column(fieldtype=fieldtype, default=raw).default
    assert (default, type(default)) == (literal, type(literal))


@pytest.mark.parametrize(
    ("fieldtype", "raw"),
    [
        ("Data", ""),
        ("Int", ""),
        ("Data", None),
        ("Data", "__user"),
        ("Text", "__user"),
        ("Data", "user"),
        ("Data", "Today"),
        ("Data", "now"),
        ("Data", ":Company"),
        ("Int", ":Selling Settings"),
        ("Currency", "__rate"),
        ("Date", "Today"),
        ("Date", "TODAY".lower()),
        ("Datetime", "Now"),
        ("Time", "now"),
        ("Time", "current_time"),
        ("Datetime", "date('now')"),
    ],
)
def test_the_application_fills_it_in(fieldtype, raw):
    assert column(fieldtype=fieldtype, default=raw).default is None


def test_word_among_the_choices_of_a_select_is_a_literal():
    assert column(fieldtype="Select", options="user\nadmin", default="user").default == "user"
    assert column(fieldtype="Select", options="guest\nadmin", default="user").default is None


@pytest.mark.parametrize("raw", [None, "", "0", "Missing"])
def test_check_without_default_is_zero(raw):
    attributes = {} if raw == "Missing" else {"default": raw}
    assert column(fieldtype="Check", **attributes).default == 0


@pytest.mark.parametrize(
    ("fieldtype", "raw"),
    [
        ("Data", "x" * 141),
        ("Int", "twelve"),
        ("Int", "1_000"),
        ("Int", "٣"),
        ("Int", "1.5"),
        ("Int", 1.5),
        ("Int", "Today"),
        ("Int", 2**31),
        ("Int", 1e20),
        ("Long Int", 2**63),
        ("Long Int", 10**90),
        ("Check", "yes"),
        ("Check", 2),
        ("Check", 1.0),
        ("Float", "nan"),
        ("Float", "inf"),
        ("Float", "1,5"),
        ("Float", "1e400"),
        ("Float", True),
        ("Currency", "1,000.00"),
        ("Currency", "0.1234567891"),
        ("Currency", "1000000000000"),
        ("Currency", "1e999"),
        ("Currency", "123456789012.123456789"),
        ("Rating", "10"),
        ("Date", "31-02-2024"),
        ("Date", "2023-02-29"),
        ("Date", "0000-01-01"),
        ("Date", "20240229"),
        ("Date", "2024-02-29 00:00"),
        ("Date", 20240229),
        ("Time", "25:61"),
        ("Time", "24:00"),
        ("Time", "9"),
        ("Datetime", "2024-02-30 00:00"),
        ("Datetime", "2024-02-29 00:00+02:00"),
        ("Datetime", "tomorrow"),
    ],
)
def test_default_that_does_not_fit_is_refused(fieldtype, raw):
    assert list(refused_fields(field(fieldtype=fieldtype, default=raw))) == ["$.fields[0].default"]


def test_length_and_precision_of_the_field_count():
    assert column(length=3, default="abc").default == "abc"
    assert "has 4 characters" in refused_fields(field(length=3, default="abcd"))["$.fields[0].default"]
    assert "does not fit decimal(21,2)" in next(
        iter(refused_fields(field(fieldtype="Currency", precision=2, default="0.125")).values())
    )


@pytest.mark.parametrize("fieldtype", ["HTML", "Button"])
def test_default_of_a_layout_entry_is_not_read(fieldtype):
    assert column(fieldtype=fieldtype, default={"any": 1}) is None


def test_default_of_a_virtual_field_is_not_read():
    assert column(fieldtype="Int", is_virtual=1, default="twelve") is None
