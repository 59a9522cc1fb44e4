"""One way to show a value: text, HTML, DataFrame; nothing in it can break out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.tabular import WIDEST, Tabular, html_table, printable, text_table
from tests.schema.strategies import RELAXED


class Shown(Tabular):
    def __init__(self, *rows, heading="Heading", notes=(), code=()):
        self._rows, self._heading, self._notes, self._code = rows, heading, notes, code

    def heading(self):
        return self._heading

    def to_rows(self):
        return self._rows

    def notes(self):
        return self._notes

    def code(self):
        return self._code


SCRIPT = '<script>alert("x")</script>'


def test_text_is_aligned_under_its_names():
    rows = [{"name": "a", "count": 1}, {"name": "longer", "count": None}]
    assert text_table(rows) == "name    count\n------  -----\na       1\nlonger"


def test_no_rows_are_no_table():
    assert text_table([]) == ""
    assert repr(Tabular()) == "Tabular\nnothing to show"
    assert "<table" not in Tabular()._repr_html_()
    assert "<p><b>Tabular</b></p><p>nothing to show</p>" in Tabular()._repr_html_()


def test_text_is_heading_table_notes_and_code():
    shown = Shown({"a": 1}, notes=["one", "two"], code=[("SQL", "SELECT 1;\nSELECT 2;")])
    assert repr(shown) == "Heading\na\n-\n1\none\ntwo\nSQL:\nSELECT 1;\nSELECT 2;"


@pytest.mark.parametrize(
    "shown",
    [
        Shown({"a": SCRIPT}),
        Shown({SCRIPT: 1}),
        Shown({"a": 1}, heading=SCRIPT),
        Shown(heading=SCRIPT),
        Shown({"a": 1}, notes=[SCRIPT]),
        Shown({"a": 1}, code=[("SQL", SCRIPT)]),
        Shown({"a": 1}, code=[(SCRIPT, "x")]),
    ],
    ids=["cell", "name", "heading", "heading without rows", "note", "code", "title of code"],
)
def test_nothing_put_into_html_is_html(shown):
    found = shown._repr_html_()
    assert "<script" not in found
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in found


def test_an_attribute_cannot_be_broken_out_of():
    assert "'><img" not in html_table([{"'><img src=x>": "\"'"}], caption="c")


@RELAXED
@given(st.text(), st.text(), st.text())
def test_any_text_adds_no_tag(name, cell, note):
    plain = tags(Shown({"a": "b"}, notes=["c"])._repr_html_())
    assert tags(Shown({name: cell}, notes=[note], heading=note)._repr_html_()) == plain


def tags(page):
    return re.findall(r"<[^>]*>", page)


def test_a_table_says_what_its_names_stand_for():
    found = html_table([{"a": 1, "b": 2}], caption="Two columns")
    assert found.count('<th scope="col">') == 2
    assert "<caption>Two columns</caption>" in found
    assert "<tbody><tr><td>1</td><td>2</td></tr></tbody>" in found


def test_colours_come_from_the_theme():
    style = Shown({"a": 1})._repr_html_().partition("</style>")[0]
    assert re.findall(r"(?:color|background):(?!var\(--jp-)", style) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("a\tb\r", "a\\tb\\r"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\0b", "a\\x00b"),
        ("abc\u202ecba", "abc\\u202ecba"),
        ("\ud800", "\\ud800"),
        ("käse 🧀 '\"\\", "käse 🧀 '\"\\"),
    ],
)
def test_what_would_steer_a_terminal_is_written_out(text, shown):
    assert printable(text) == shown
    assert text_table([{"a": text}]).splitlines()[2:] == [shown]
    assert repr(Shown({"a": 1}, notes=[text])).splitlines()[-1] == shown
    if text != shown:
        assert text not in Shown({"a": text}, notes=[text])._repr_html_()


def test_a_long_cell_is_cut_where_it_is_shown_and_whole_in_the_frame():
    fits, long = "x" * WIDEST, "x" * (WIDEST + 1)
    assert text_table([{"a": fits}]).splitlines()[2] == fits
    assert text_table([{"a": long}]).splitlines()[2] == "x" * (WIDEST - 3) + "..."
    assert long not in Shown({"a": long})._repr_html_()
    assert Shown({"a": long}).to_frame()["a"].tolist() == [long]


def test_a_frame_has_the_rows_with_their_names_in_order():
    frame = Shown({"z": 1, "a": "x"}, {"z": 2, "a": "y"}).to_frame()
    assert list(frame.columns) == ["z", "a"]
    assert frame.to_dict("records") == [{"z": 1, "a": "x"}, {"z": 2, "a": "y"}]


def test_a_frame_of_no_rows_is_empty():
    assert Tabular().to_frame().empty
