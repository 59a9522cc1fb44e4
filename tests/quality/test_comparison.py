"""What the pages say of us beside other tools is held by tests that exist."""

import re

from tests.quality.project import ROOT, tree

PAGE = (ROOT / "docs" / "comparison.md").read_text()
COMPARED, SHOWN = PAGE.split("## What shows it")
# Those in which nothing is claimed for us.
MODEST = {"steps of data written by hand", "in use for years"}


def lines(text):
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\| .*\|$", text, re.MULTILINE)
    ]
    return [row for row in rows if row[0] not in ("line", "")]


def test_every_line_of_ours_names_tests_and_no_other_line_does():
    assert {row[0] for row in lines(SHOWN)} == {row[0] for row in lines(COMPARED)} - MODEST


def test_every_test_that_is_named_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SHOWN)
    assert named
    for path, test in named:
        assert test in {getattr(node, "name", None) for node in tree(ROOT / path).body}, f"{path}::{test}"


def test_the_readme_says_the_same():
    readme = [row for row in lines((ROOT / "README.md").read_text()) if len(row) == 6]
    assert readme
    assert [row for row in readme if row not in lines(COMPARED)] == []


def test_the_recording_is_small_and_asks_no_network():
    picture = (ROOT / "docs" / "images" / "terminal.svg").read_text()

    assert len(picture) < 100_000
    assert set(re.findall(r"""(?:href|src|url\()=?["'(]?(\w+:[^"')]+)""", picture)) == set()
    assert "<script" not in picture
    for shown in ("MF04", "applied", "backfill"):
        assert shown in picture
