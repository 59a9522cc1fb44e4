"""What a rehearsal found, as text and as tables."""

import pytest

from sodaf_nb.rehearsal import Cell, PreviewRow, Rehearsal, compact, flat_columns, is_masked, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (7, "7"),
        (-0.5, "-0.5"),
        (float("inf"), "inf"),
        ("it's", "'it's'"),
        (bytearray(b"\xff\n"), "'\\xff\\n'"),
        (b"\x00\xff", "x'00ff'"),
        ("", "''"),
        ("\u202eabc", "'\\u202eabc'"),
        ("x" * 61, f"'{'x' * 57}...'"),
        (b"\x01" * 100, f"x'{'01' * 28}0...'"),
    ],
)
def test_values_are_shown_on_one_line_with_their_storage_class(value, text):
    assert shown(value) == text


def test_a_masked_value_shows_only_that_it_is_there():
    assert (shown("secret", masked=True), shown(None, masked=True)) == ("***", None)
    assert is_masked("Phone", ["phone"])
    assert not is_masked(None, ["phone"])
    assert not is_masked("pho", ["phone"])


@pytest.mark.parametrize(
    ("cell", "name", "text"),
    [
        (("a", "a", "'1'", "1"), "a", "'1' -> 1"),
        (("a", "b", "'1'", "'1'"), "a -> b", "'1'"),
        (("a", "a", None, "'x'"), "a", "NULL -> 'x'"),
        (("a", None, "'1'", None), "a", "'1' -> dropped"),
        (("a", None, None, None), "a", "NULL -> dropped"),
        ((None, "a", None, "0"), "a", "-> 0"),
        ((None, "a", None, None), "a", "-> NULL"),
    ],
)
def test_a_cell_shows_both_sides(cell, name, text):
    made = Cell(before_name=cell[0], after_name=cell[1], before=cell[2], after=cell[3])
    assert (made.name, made.to_text()) == (name, text)


def test_rows_of_several_tables_stand_in_one_table():
    one = PreviewRow(table="t", key="1", cells=(Cell(before_name="a", after_name="b", before="1", after="2"),))
    two = PreviewRow(table="u", key="9", cells=(Cell(before_name=None, after_name="c", before=None, after="3"),))
    assert compact((one, two)) == [
        {"row": "t: 1", "a -> b": "1 -> 2", "c": ""},
        {"row": "u: 9", "a -> b": "", "c": "-> 3"},
    ]
    assert compact((one,)) == [{"row": "1", "a -> b": "1 -> 2"}]
    assert flat_columns((one, two)) == ("table", "row", "a (before)", "b (after)", "c (after)")
    assert (compact(()), flat_columns(())) == ([], ())


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "Rehearsed on a copy with all 5 rows: up and back, rows and objects equal."),
        ({"rows": 1}, "Rehearsed on a copy with its one row: up and back, rows and objects equal."),
        ({"rows": 0}, "Rehearsed on a copy without rows: up and back, rows and objects equal."),
        ({"problem": "boom"}, "The rehearsal on a copy with all 5 rows FAILED: boom"),
        (
            {"known": "gone"},
            "Rehearsed on a copy with all 5 rows: up; the way back is known not to be exact: gone.",
        ),
        (
            {"scope": "sample", "total_rows": 9, "reason": "too large"},
            "Rehearsed on a copy with the first 5 of 9 rows by key (too large): up and back, rows and objects equal.",
        ),
    ],
)
def test_a_rehearsal_says_what_was_done_and_found(given, text):
    made = Rehearsal(**({"scope": "full", "rows": 5, "total_rows": 5, "seconds_up": 1.25} | given))
    assert made.to_text() == text
    assert made.success is ("problem" not in given)
    assert "1.25" not in repr(made)
