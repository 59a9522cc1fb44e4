"""A text that may become longer is a change of the catalog alone: it takes no longer with more rows."""

import sqlite3

import pytest

from sodaf_nb.errors import BlockedMigrationError
from tests.acceptance.making import doctype, field

SHORT = field("a", length=50)


@pytest.fixture
def touched(world, monkeypatch):
    """The tables of the file that statements read or write, as the engine itself names them when it compiles one."""
    seen: set[str] = set()
    connect = sqlite3.connect

    def note(action, table, *_rest):
        seen.update([table] if action in (sqlite3.SQLITE_READ, sqlite3.SQLITE_UPDATE) else [])
        return sqlite3.SQLITE_OK

    def watched(database, *args, **kwargs):
        connection = connect(database, *args, **kwargs)
        if str(world.file) in str(database):
            connection.set_authorizer(note)
        return connection

    monkeypatch.setattr(sqlite3, "connect", watched)
    return seen


@pytest.mark.parametrize(
    ("after", "unique"),
    [(field("a", length=99), 0), (field("a", length=99), 1), (field("a", "Text"), 0)],
    ids=["longer", "unique and longer", "unbounded"],
)
def test_no_statement_looks_at_a_row(world, touched, after, unique):
    world.sync(doctype(field("title"), SHORT | {"unique": unique}))
    world.insert("tabThing", ({"a": "x" * 120}, {"a": "y"}))
    rows = world.state().rows
    touched.clear()
    result = world.sync(doctype(field("title"), after | {"unique": unique}))
    assert "tabThing" not in touched
    assert "sqlite_master" in touched
    assert (result.success, result.findings) == (True, ())
    assert world.state().rows == rows
    world.sync(doctype(field("title"), after | {"unique": unique}, field("b")))
    assert "tabThing" in touched  # another change counts them, and is noticed


def test_a_dry_run_still_says_how_many_rows_it_was_tried_on(world):
    world.sync(doctype(SHORT))
    world.insert("tabThing", ({"a": "x"}, {"a": "y"}))
    dry = world.declare(doctype(field("a", length=99))).applier.dry_run("Thing")
    assert (dry.rehearsal.rows, dry.rehearsal.total_rows, dry.rehearsal.success) == (2, 2, True)


def test_a_text_that_becomes_longer_and_required_is_looked_at(world):
    world.sync(doctype(SHORT))
    world.insert("tabThing", ({"a": None},))
    with pytest.raises(BlockedMigrationError, match=r"MF04: .* 1 row has no value"):
        world.sync(doctype(field("a", length=99, required=1)))


def test_the_way_back_to_the_shorter_one_counts_what_has_no_room(world):
    world.sync(doctype(SHORT))
    result = world.sync(doctype(field("a", length=99)))
    world.insert("tabThing", ({"a": "x" * 60},))
    undone = world.applier.rollback_migration(result.migration_id)
    assert [(f.rule, f.count) for f in undone.findings] == [("DS07", 1)]
