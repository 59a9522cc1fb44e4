"""explore, rows, duplicates, orphans and backup open: looking at live rows, and only looking."""

import hashlib
import json

import pytest

from sodaf_nb.commands.explore import drawn
from sodaf_nb.database import profile as profiling
from sodaf_nb.errors import DocTypeNotFoundError, SodafError, UsageError
from tests.commands.conftest import doctype


@pytest.fixture
def library(run):
    """The sample's first version with its rows, and the second version loaded."""
    run("sample library")
    run("connect library.db --create")
    run("doctypes load library/v1")
    run("apply --all")
    run("sample --rows")
    run("doctypes load library/v2")
    return run


def by_column(profile):
    return {row["column"]: row for row in profile.frame_rows()}


def test_explore_counts_every_column(library):
    pages = by_column(library("explore Book"))["pages"]
    assert (pages["rows"], pages["nulls"], pages["blank"], pages["distinct"]) == (40, 2, 2, 37)
    assert (pages["min"], pages["max"], pages["longest"]) == ("", "xii, 342", 8)
    assert pages["top"][0] == ("", 2)


def test_explore_says_what_the_rules_of_a_dry_run_say(library):
    aspects = {"DS08": "inexact", "MF04": "nulls", "DS07": "too_long", "MF01": "duplicates"}
    for name in ("Book", "Member"):
        findings = library(f"dry-run {name}").findings
        said = {(f.object.partition(".")[2], aspects[f.rule]): f.count for f in findings if f.rule in aspects}
        misfits = library(f"explore {name}").misfits
        assert {(c, a): n for c, kinds in misfits.items() for a, n in kinds.items()} == said
        assert said


def test_what_is_declared_already_is_looked_at_too(shop, context):
    shop("doctype", doctype("Book", "title Data,length=5", "pages Data"))
    with context.connection.database.write() as session:
        session.execute("CREATE TABLE tabDay (name VARCHAR(140) PRIMARY KEY NOT NULL, day DATE, size INTEGER)")
        session.execute("INSERT INTO tabDay VALUES ('a', '2024-02-30', 1), ('b', '2024-02-29', 'big')")
    shop("doctype", doctype("Day", "day Date", "size Int"))
    assert shop("explore Day").misfits == {"day": {"inexact": 1}, "size": {"inexact": 1}}
    assert shop("explore Book").misfits == {"title": {"too_long": 1}}


def test_explore_of_a_field_shows_its_spread_and_the_offending_rows(library):
    found = library("explore Book.pages")
    assert sum(row["rows"] for row in found.to_rows()) == 40
    frame = found.offending()
    assert list(frame.columns[:4]) == ["name", "pages", "why", "title"]
    assert len(frame) == 8
    assert set(frame["why"]) == {"no exact integer"}
    assert "640 p." in repr(found)
    assert "640 p." in found._repr_html_()


def test_numbers_are_spread_over_ranges(run, context):
    run("connect sqlite://")
    with context.connection.database.write() as session:
        session.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER)")
        session.execute("INSERT INTO t SELECT value, value FROM json_each(?)", (json.dumps(list(range(101))),))
    rows = run("explore t.b").to_rows()
    assert [row["rows"] for row in rows] == [10] * 9 + [11]
    assert rows[0]["value"] == "0 to 10"


def test_a_bar_is_seen_whenever_there_is_something():
    assert [drawn(0), drawn(1), drawn(0.0001), drawn(0.5)] == ["", "█" * 30, "▏", "█" * 15]


def test_a_large_table_is_sampled_and_says_so_while_misfits_stay_exact(run, context, monkeypatch):
    monkeypatch.setattr(profiling, "MOST_EXACT", 1000)
    monkeypatch.setattr(profiling, "SAMPLE", 500)
    run("connect sqlite://")
    with context.connection.database.write() as session:
        session.execute("CREATE TABLE tabT (name VARCHAR(140) PRIMARY KEY NOT NULL, size VARCHAR(140))")
        numbers = json.dumps(list(range(5000)))
        session.execute("INSERT INTO tabT SELECT 'k' || value, value % 10 FROM json_each(?)", (numbers,))
        session.execute("UPDATE tabT SET size = 'x' WHERE name = 'k4999'")
    run("doctype", doctype("T", "size Int"))
    found = run("explore T")
    assert found.misfits == {"size": {"inexact": 1}}
    assert 400 < found.found.looked_at < 600
    assert by_column(found)["size"]["distinct"] in {10, 11}
    assert f"those of {found.found.looked_at} rows, spread over the table" in repr(found)


def test_a_large_table_without_row_numbers_is_sampled_from_its_beginning(run, context, monkeypatch):
    monkeypatch.setattr(profiling, "MOST_EXACT", 1000)
    monkeypatch.setattr(profiling, "SAMPLE", 500)
    run("connect sqlite://")
    with context.connection.database.write() as session:
        session.execute("CREATE TABLE t (a INTEGER PRIMARY KEY) WITHOUT ROWID")
        session.execute("INSERT INTO t SELECT value FROM json_each(?)", (json.dumps(list(range(2000))),))
    assert "those of 500 rows, the first by key" in repr(run("explore t"))


def test_masked_values_are_shown_nowhere(library):
    for line in ("explore Member --mask email", "explore Member.email --mask email", "rows Member --mask email"):
        found = library(line)
        text = repr(found) + found._repr_html_() + found.to_frame().to_string()
        assert "aisha@" not in text
        assert "***" in text
    with pytest.raises(UsageError, match="did you mean email"):
        library("explore Member --mask emial")


def test_a_table_without_a_doctype_can_be_explored(shop, context):
    with context.connection.database.write() as session:
        session.execute("CREATE TABLE plain (a, b BLOB)")
        session.execute("INSERT INTO plain VALUES (CAST(x'ff41' AS TEXT), x'0001')")
    assert by_column(shop("explore plain"))["b"]["max"] == "2 bytes"
    assert shop("rows plain").to_rows()[0]["a"] == "\\xffA"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("explore Bok", "did you mean Book"),
        ("explore Book.pagse", "did you mean pages"),
        ("explore Library Settings", "no table of its own"),
        ("duplicates Book titel", "did you mean title"),
        ("duplicates Author", "name columns"),
        ("rows Nothing", "no DocType or table"),
    ],
)
def test_what_is_not_there_is_said_with_what_is_near(library, line, words):
    with pytest.raises(UsageError, match=words):
        library(line)


def test_a_table_that_was_not_made_yet_is_said_with_the_command_that_makes_it(run):
    run("connect sqlite://")
    run("doctype", doctype("Book", "title Data"))
    with pytest.raises(UsageError, match="apply Book makes it"):
        run("explore Book")


def test_a_renamed_table_and_column_are_looked_at_where_they_are_now(shop):
    shop(
        "doctype",
        json.dumps(
            {
                "name": "Tome",
                "renamed_from": "Book",
                "fields": [
                    {"fieldname": "title", "fieldtype": "Data"},
                    {"fieldname": "leaves", "fieldtype": "Int", "oldfieldname": "pages"},
                ],
            }
        ),
    )
    assert shop("explore Tome").misfits == {"pages": {"inexact": 1}}
    assert shop("explore Tome.leaves").offending()["pages"].tolist() == ["204 p."]


def test_rows_are_those_of_the_condition(library):
    found = library("""rows Book --where "pages LIKE '%p%'" --columns title,pages""")
    assert found.values == (("Идиот", "640 p."),)
    assert len(library('rows Book --where "author NOT IN (SELECT name FROM tabAuthor)"').values) == 1
    some = library("rows Book --limit 3")
    assert len(some.values) == 3
    assert "the first 3 by key; there are more" in some.heading()


HOSTILE = [
    "1); DROP TABLE tabBook; --",
    "1) UNION SELECT sql FROM sqlite_master WHERE (1",
    "1 /* hidden",
    "name IN (SELECT sql FROM sqlite_master)",
    "name IN (SELECT name FROM pragma_table_info('tabBook'))",
    "load_extension('evil')",
    "fts3_tokenizer('simple') IS NULL",
    "name IN (WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x FROM r)",
    "(SELECT 1 FROM (DELETE FROM tabBook))",
    "ATTACH 'other.db' AS other",
    "title = 'unclosed",
    "nothing = 1",
    "writefile('x', 'y')",
    "title = 1, pages",
]


@pytest.mark.parametrize("condition", HOSTILE)
def test_a_condition_that_is_more_than_an_expression_is_refused_and_changes_nothing(shop, rows, condition, context):
    before = rows()
    with pytest.raises(UsageError) as refused:
        shop(f'rows Book --where "{condition}"')
    assert refused.value.hint or "closed" in refused.value.message
    assert rows() == before
    assert context.connection.database.reflect().table("tabBook")


def test_brackets_and_semicolons_in_quotes_are_text(shop):
    assert shop("""rows Book --where "title = ');--' OR title LIKE '<b>%'" """).values[0][0] == "B2"


def test_looking_writes_nothing(library, tmp_path):
    def digest():
        return hashlib.sha256((tmp_path / "library.db").read_bytes()).hexdigest()

    before = digest()
    for line in ("explore Book", "explore Book.pages", "rows Book", "orphans", "duplicates Book", "diagram"):
        library(line)
    assert digest() == before


def test_duplicates_are_grouped_with_their_number(library):
    assert [(row["values"], row["rows"]) for row in library("duplicates Book isbn").to_rows()] == [
        ("(blank)", 3),
        ("979-8-600-00951-6", 2),
        ("979-8-600-00210-4", 2),
    ]
    assert library("duplicates Book").to_rows() == library("duplicates Book isbn").to_rows()
    assert "1 more groups" in repr(library("duplicates Book isbn --limit 2"))


def test_loose_duplicates_ignore_case_and_outer_blanks(shop, context):
    with context.connection.database.write() as session:
        session.execute("UPDATE tabBook SET title = '  emma ' WHERE name = 'B3'")
    assert shop("duplicates Book title").to_rows() == []
    assert shop("duplicates Book title --loose").to_rows()[0]["rows"] == 2


def test_the_name_of_a_doctype_may_be_several_words(library):
    assert library("duplicates Book Copy barcode").to_rows()[0]["values"] == "00000022"
    assert library("explore Book Copy.barcode").name == "Book Copy.barcode"


def test_orphans_are_columns_links_and_child_rows(library, context):
    with context.connection.database.write() as session:
        session.execute("UPDATE \"tabBook Copy\" SET parent = 'GONE' WHERE name = 'COPY-0001'")
    found = {(row["kind"], row["object"]): row for row in library("orphans").to_rows()}
    assert found["column without a field", "tabBook.card_number"]["rows"] == 38
    assert found["link that points nowhere", "tabBook.author"]["such as"] == "BOOK-0040"
    assert found["child row without a parent", "tabBook Copy.parent"]["such as"] == "COPY-0001"
    assert {row["object"].partition(".")[0] for row in library("orphans Member").to_rows()} == {"tabMember"}
    with pytest.raises(DocTypeNotFoundError):
        library("orphans Membre")


def test_a_dynamic_link_is_followed_to_the_doctype_that_its_row_names(shop, context):
    fields = [
        {"fieldname": "kind", "fieldtype": "Link", "options": "DocType"},
        {"fieldname": "about", "fieldtype": "Dynamic Link", "options": "kind"},
    ]
    shop("doctype", json.dumps({"name": "Note", "fields": fields}))
    shop("apply Note")
    with context.connection.database.write() as session:
        session.execute("INSERT INTO tabNote (name, kind, about) VALUES ('n1', 'Book', 'B1'), ('n2', 'Book', 'B9')")
    (row,) = shop("orphans Note").to_rows()
    assert (row["object"], row["rows"], row["such as"]) == ("tabNote.about", 1, "n2")


def test_a_database_without_orphans_says_so(shop):
    assert "None: every column has a field" in repr(shop("orphans"))


def test_an_opened_backup_stands_beside_the_live_rows(shop, context):
    shop("backup create Book")
    with context.connection.database.write() as session:
        session.execute("UPDATE tabBook SET pages = 204 WHERE name = 'B2'")
        session.execute("DELETE FROM tabBook WHERE name = 'B3'")
    found = shop("backup open 1")
    assert [row["now"] for row in found.to_rows()] == ["as saved", "differs: pages", "gone"]
    frame = found.beside()
    assert frame["pages"].tolist() == ["474", "204 p.", None]
    assert frame["pages (live)"].tolist() == ["474", "204", None]
    assert "1 as saved, 1 differs, 1 gone" in repr(found)


def test_an_opened_backup_of_a_table_that_is_gone_shows_its_rows_alone(shop, context):
    shop("backup create Book")
    with context.connection.database.write() as session:
        session.execute("DROP TABLE tabBook")
    found = shop("backup open 1")
    assert len(found.to_frame()) == 3
    assert "Not compared" in repr(found)


def test_every_way_of_looking_needs_a_connection(run):
    for line in ("explore Book", "rows Book", "orphans", "duplicates Book a"):
        with pytest.raises(SodafError, match="No database is connected"):
            run(line)


def test_words_behind_a_table_are_told_where_they_belong(shop):
    with pytest.raises(UsageError, match=r"Hint: explore takes a field as Book\.FIELD, rows takes a condition behind"):
        shop("explore Book title")
