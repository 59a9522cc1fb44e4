"""help fieldtypes, help rules, help DS08: written from what the code itself says."""

import re

import pytest

from sodaf_nb.commands import Help
from sodaf_nb.doctype.fieldtypes import FIELDTYPES
from sodaf_nb.validation import catalogue
from tests.quality.project import ROOT

RULES = sorted(
    {
        *re.findall(
            r"\b[A-Z]{2}\d\d\b",
            "".join(path.read_text() for path in (ROOT / "sodaf_nb" / "validation" / "rules").glob("*.py")),
        )
    }
)


def test_every_rule_that_can_be_reported_is_explained():
    assert sorted(catalogue()) == RULES
    for about in catalogue().values():
        for text in (about.what, about.why, about.remedy):
            assert text.endswith(".")


@pytest.mark.parametrize("rule", RULES)
def test_help_of_a_rule_says_what_why_and_what_to_do(run, rule):
    about = catalogue()[rule]
    for word in (rule, rule.lower()):
        assert repr(run(f"help {word}")) == f"{rule}: {about.what}\n\n{about.why}\n{about.remedy}"


def test_help_lists_the_rules(run):
    assert [row["rule"] for row in run("help rules").to_rows()] == RULES


def test_help_lists_every_fieldtype_with_its_column(run):
    value = run("help fieldtypes")
    assert isinstance(value, Help)
    shown = {row["fieldtype"]: (row["column"], row["notes"]) for row in value.to_rows()}
    assert set(shown) == set(FIELDTYPES)
    assert shown["Data"] == ("varchar(140)", "length sets the characters")
    assert shown["Int"] == ("integer", "bigint when length is above 11")
    assert shown["Link"] == ("varchar(140)", "length sets the characters; options name a DocType")
    assert shown["Check"] == ("smallint", "default 0")
    assert shown["Table"][0] == "none, rows of a child table"
    assert shown["Section Break"][0] == "none, arranges the form"


def test_help_of_the_cell_command_is_written_with_two_signs(run):
    assert repr(run("help doctype")).startswith("usage: %%migrate doctype [--help]")
