"""Lines into words, words into values."""

import argparse

import pytest

from sodaf_nb.commands.parsing import Parser, id_list, number_or_text, pair, split
from sodaf_nb.errors import UsageError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("diff Book", ["diff", "Book"]),
        ('diff "Book Copy"', ["diff", "Book Copy"]),
        ("diff Book # a note", ["diff", "Book"]),
        ("diff Book # don't worry", ["diff", "Book"]),
        ("# only a note", []),
        ("rollback #3", ["rollback", "#3"]),
        ("rollback #3  # the last one", ["rollback", "#3"]),
        ("rollback 3 # see #2", ["rollback", "3"]),
        ("diff '# not a note'", ["diff", "# not a note"]),
        ("doctypes load C#/types", ["doctypes", "load", "C#/types"]),
        ("apply Book --backfill title='a # b'", ["apply", "Book", "--backfill", "title=a # b"]),
        ("diff {x} $y", ["diff", "{x}", "$y"]),
        (r"doctypes load my\ types", ["doctypes", "load", "my types"]),
        ("diff \t Bücher", ["diff", "Bücher"]),
    ],
)
def test_a_line_is_split_as_a_shell_would_and_a_comment_is_left_out(line, words):
    assert split(line) == words


def test_an_open_quote_is_named_with_the_way_to_write_it():
    with pytest.raises(UsageError, match=r"no closing quotation\. Hint: close every quote"):
        split('diff "Book')


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("1.5", 1.5),
        ("007", "007"),
        ("1e3", "1e3"),
        ("1_000", "1_000"),
        ("inf", "inf"),
        ("nan", "nan"),
        ("", ""),
        ("n/a", "n/a"),
        ("٣", "٣"),
    ],
)
def test_a_backfill_value_is_a_number_only_when_written_like_one(text, value):
    found = number_or_text(text)
    assert (found, type(found)) == (value, type(value))


def test_ids_are_upper_case_and_all_stays_a_word():
    assert id_list("ds03, DS08,,all") == ["DS03", "DS08", "all"]


def test_a_pair_is_split_at_the_first_separator():
    assert pair(":")("old:new") == ("old", "new")
    assert pair("=")("url=a=b") == ("url", "a=b")


@pytest.mark.parametrize("text", ["old", ":new", ""])
def test_a_pair_needs_both_its_left_side_and_the_separator(text):
    with pytest.raises(argparse.ArgumentTypeError):
        pair(":")(text)


def test_a_bad_argument_never_exits(capsys):
    parser = Parser(prog="%migrate x")
    with pytest.raises(UsageError, match="unrecognized arguments: --nope"):
        parser.parse_args(["--nope"])
    assert capsys.readouterr() == ("", "")


def test_options_cannot_be_shortened_so_new_ones_never_change_what_an_old_line_means():
    parser = Parser(prog="%migrate x")
    parser.add_argument("--drop-removed", action="store_true")
    with pytest.raises(UsageError, match="--drop"):
        parser.parse_args(["--drop"])
