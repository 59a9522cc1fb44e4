"""Hostile input, one test an entry of the catalogue S1-S20, S36-S38."""

import json

import pytest

from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.schema import Kind
from tests.doctype.making import column, doctype, field, refused, refused_fields, register, table

NAME = "$.fields[0].fieldname"
DEFAULT = "$.fields[0].default"


def refuses(fieldname):
    problems = refused_fields(field(fieldname))
    assert list(problems) == [NAME]
    return problems[NAME]


def test_s01_statement_in_fieldname():
    assert "DROP TABLE s" in refuses('name"); DROP TABLE s;--')


@pytest.mark.parametrize("name", ['a"b', "a'b", "a`b", "a]b"])
def test_s02_quote_in_fieldname(name):
    refuses(name)


@pytest.mark.parametrize("name", ["a;b", "--", "/*", "a.b"])
def test_s03_punctuation_in_fieldname(name):
    refuses(name)


@pytest.mark.parametrize("name", ["a\nb", "a  b", "name ", "name\n", "\tname", "a\x1b[31mb"])
def test_s04_space_or_control_character_in_fieldname(name):
    assert refuses(name).isprintable()


def test_s05_nul_in_fieldname():
    assert r"'a\x00b'" in refuses("a\0b")


@pytest.mark.parametrize("name", ["", None])
def test_s06_empty_fieldname(name):
    assert refuses(name) == "is missing"


@pytest.mark.parametrize(
    ("name", "code_point"),
    [
        ("аdmin", r"\u0430"),  # noqa: RUF001 (a Cyrillic a on purpose)
        ("n\u00e4me", r"\xe4"),
        ("na\u0308me", r"\u0308"),
        ("a\u202eb", r"\u202e"),
        ("a\u200bb", r"\u200b"),
        ("１st", r"\uff11"),  # noqa: RUF001
        ("ſ", r"\u017f"),  # noqa: RUF001
    ],
)
def test_s07_non_ascii_fieldname_is_shown_as_code_points(name, code_point):
    message = refuses(name)
    assert code_point in message
    assert message.isascii()


@pytest.mark.parametrize("name", ["\N{PILE OF POO}", "x" * 300, "x" * 61])
def test_s08_emoji_or_too_long_fieldname(name):
    assert len(refuses(name)) < 200


def test_s08_sixty_characters_are_a_fieldname():
    assert register(field("x" * 60)).fields[0].fieldname == "x" * 60


@pytest.mark.parametrize("name", ["%s", "a%(x)s", "a:b"])
def test_s09_placeholder_in_fieldname(name):
    refuses(name)


def test_s10_fieldnames_that_differ_only_in_case():
    problems = refused_fields(field("id"), field("ID"))
    assert "also the name of $.fields[0]" in refused_fields(field("id"), field("id"))["$.fields[1].fieldname"]
    assert list(problems) == ["$.fields[1].fieldname"]


def test_s10_doctypes_that_differ_only_in_case():
    engine = DocTypeEngine()
    engine.register(doctype(name="Customer"))
    with pytest.raises(Exception, match="would share one table"):
        engine.register(doctype(name="CUSTOMER"))
    assert engine.names() == ("Customer",)


@pytest.mark.parametrize("name", ["rowid", "oid", "_rowid_", "ctid", "xmin", "tableoid"])
def test_s11_names_of_the_row_number(name):
    assert "reserved" in refuses(name)


@pytest.mark.parametrize("name", ["sqlite_x", "pg_x"])
def test_s12_engine_prefixes_are_reserved(name):
    assert "reserved" in refuses(name)


@pytest.mark.parametrize("name", ["select", "order", "group", "table", "index"])
def test_s12_keywords_are_fieldnames(name):
    assert table(field(name)).column(name) is not None


def test_s12_framework_columns_are_reserved():
    assert "child DocTypes" in refuses("parent")
    assert list(refused_fields(field("docstatus", "Data"))) == [NAME]


@pytest.mark.parametrize(
    "name", ['A"; drop table s; --', "A'", "A`", "a b  c", " A", "A ", "A\n", "Ünder", "1A", "-A", "A%s", "A.B", "A:B"]
)
def test_s13_hostile_doctype_name(name):
    assert list(refused(doctype(name=name))) == ["$.name"]


@pytest.mark.parametrize("name", ["Sales Invoice", "C-Form", "HD_Team 2", "x" * 60])
def test_s13_ordinary_doctype_name(name):
    assert register(name=name).table == f"tab{name}"


@pytest.mark.parametrize("name", ["x" * 61, "Singles", "singles", "MigrationHistory"])
def test_s13_name_too_long_or_of_the_framework(name):
    assert list(refused(doctype(name=name))) == ["$.name"]


@pytest.mark.parametrize("raw", ["x", '"dq"', "'sq'"])
def test_s14_text_default_is_a_literal(raw):
    assert column(default=raw).default == raw


HOSTILE_DEFAULTS = {
    "s15": ["'a'); drop table secret; --"],
    "s16": ["(select x from secret)"],
    "s17": ["(load_extension('/x'))"],
    "s18": ["(randomblob(1e9))", "(printf('%.*c',100000000,'x'))"],
    "s19": ["pg_read_file('/etc/passwd')", "pg_sleep(1000)", "current_setting('x')"],
}
EACH_DEFAULT = [
    pytest.param(raw, id=f"{name}-{i}") for name, raws in HOSTILE_DEFAULTS.items() for i, raw in enumerate(raws)
]


@pytest.mark.parametrize("raw", EACH_DEFAULT)
def test_s15_to_s19_expression_on_a_text_is_a_literal_and_no_sql(raw):
    for fieldtype in ("Data", "Text"):
        wanted = column(fieldtype=fieldtype, default=raw)
        assert (wanted.default, wanted.default_sql) == (raw, None)


@pytest.mark.parametrize("raw", EACH_DEFAULT)
@pytest.mark.parametrize(
    "fieldtype", ["Int", "Long Int", "Check", "Float", "Currency", "Percent", "Rating", "Duration"]
)
def test_s16_to_s19_expression_on_a_number_is_refused(fieldtype, raw):
    assert list(refused_fields(field(fieldtype=fieldtype, default=raw))) == [DEFAULT]


@pytest.mark.parametrize("raw", ["(select x from secret)", "pg_sleep(1000)", "CURRENT_TIMESTAMP", "now()"])
@pytest.mark.parametrize("fieldtype", ["Date", "Datetime", "Time"])
def test_s16_to_s19_expression_on_a_date_makes_no_default(fieldtype, raw):
    wanted = column(fieldtype=fieldtype, default=raw)
    assert (wanted.default, wanted.default_sql) == (None, None)


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a/b", "C:\\x", "..", ".partial-x"])
def test_s20_path_as_doctype_name(name):
    assert list(refused(doctype(name=name))) == ["$.name"]
    assert list(refused(doctype(renamed_from=name))) == ["$.renamed_from"]


def test_s36_too_many_fields():
    fields = [field(f"f{i}") for i in range(500)]
    assert len(register(*fields, field("more", "HTML")).fields) == 501
    assert "has 501 fields" in refused_fields(*fields, field("more"))["$.fields"]


def test_s36_depth_fifty_is_the_deepest():
    def nested(levels):
        value = 1
        for _ in range(levels):
            value = [value]
        return doctype(deep=value)

    assert register(**nested(49) | {"name": "Deep"}).name == "Deep"
    for source in (nested(50), json.dumps(nested(50))):
        assert "deeper than 50" in next(iter(refused(source).values()))


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_s36_depth_100_000_does_not_exhaust_the_stack(opening):
    problems = refused(opening * 100_000)
    assert list(problems) == ["$"]
    assert "nested deeper" in problems["$"]


@pytest.mark.parametrize(("unit", "times"), [("x", 1_000_001), ("ä", 500_001), ("0,", 5_000_000)])
def test_s36_more_than_a_megabyte(unit, times):
    text = json.dumps(doctype(note=unit * times), ensure_ascii=False)
    assert "larger than" in refused(text)["$"]


def test_s36_mapping_of_more_than_a_megabyte():
    assert "larger than" in refused(doctype(note="x" * 1_000_001))["$"]


def test_s36_mapping_that_holds_itself():
    loop = doctype()
    loop["self"] = loop
    assert "deeper" in next(iter(refused(loop).values()))


def test_s36_shared_lists_that_double_at_each_level():
    value = ["laughs"]
    for _ in range(45):
        value = [value, value]
    assert "larger than" in refused(doctype(note=value))["$"]


def test_s36_a_flood_of_problems_is_cut():
    problems = refused(json.dumps(doctype(*[{}] * 50_000)))
    assert len(problems) == 101
    assert problems["$"].endswith("more problems")


def test_s36_duplicate_keys():
    text = '{"name": "A", "name": "B", "fields": [{"fieldname": "a", "fieldtype": "Data", "fieldtype": "Int"}]}'
    assert set(refused(text)) == {"$.name", "$.fields[0].fieldtype"}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_s36_numbers_that_are_none(number):
    text = '{"name": "A", "fields": [{"fieldname": "a", "fieldtype": "Float", "default": %s}]}' % number  # noqa: UP031
    assert list(refused(text)) == [DEFAULT]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**200])
def test_s36_numbers_that_json_cannot_hold_in_a_mapping(number):
    assert list(refused_fields(field(fieldtype="Float", default=number))) == [DEFAULT]


def test_s36_number_with_ten_thousand_digits():
    assert "too many digits" in refused('{"name": "A", "fields": [], "x": ' + "9" * 10_000 + "}")["$"]


def test_s37_link_to_itself_cycle_and_missing_target():
    engine = DocTypeEngine()
    engine.register(doctype(field("self", "Link", options="A"), field("b", "Link", options="B"), name="A"))
    engine.register(doctype(field("a", "Link", options="A"), field("c", "Link", options="Gone"), name="B"))
    assert engine.dependency_order() == ("B", "A")


@pytest.mark.parametrize("fieldtype", ["Link", "Table", "Table MultiSelect"])
def test_s37_hostile_target(fieldtype):
    assert list(refused_fields(field("x", fieldtype, options='tabX"'))) == ["$.fields[0].options"]


def test_s38_control_characters_reach_no_message():
    bad = "a\x1b[2J\r\nb"
    problems = refused(
        {"name": bad, "doctype": bad, bad: {1}, "fields": [field(bad, bad), field("d", "Int", default=bad)]}
    )
    assert len(problems) == 6
    assert all((path + message).isprintable() for path, message in problems.items())


def test_lone_surrogate_cannot_be_stored():
    assert "surrogate" in refused('{"name": "A", "fields": [], "title": "\\ud800"}')["$.title"]


def test_nul_in_a_text_default_cannot_be_stored():
    assert list(refused_fields(field(default="a\0b"))) == [DEFAULT]
    assert column(default="a\nb").type.kind is Kind.VARCHAR
