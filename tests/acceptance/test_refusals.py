"""Changes that must not happen: a clear error, and not a byte of the database is touched."""

import pytest

from sodaf_nb.errors import (
    BlockedMigrationError,
    DocTypeNotFoundError,
    RenameQuestionError,
    UnsupportedChangeError,
    UsageError,
)
from sodaf_nb.options import SyncOptions
from tests.acceptance.case import Refusal
from tests.acceptance.making import World, doctype, field

TITLE = field("title")
BEFORE = doctype(TITLE, field("qty", "Int"))
DROP = SyncOptions(removed_fields="drop", accept="all")

REFUSALS = (
    Refusal(
        id="values in a dropped field need consent",
        before=BEFORE,
        after=doctype(TITLE),
        rows=({"qty": 5},),
        options=SyncOptions(removed_fields="drop"),
        words=("DS03: tabThing.qty is dropped; 1 row holds a value", 'accept={"DS03"}'),
    ),
    Refusal(
        id="consent to one finding is no consent to another",
        before=doctype(TITLE, field("gone")),
        after=doctype(field("title", "Int")),
        rows=({"title": "x", "gone": "g"},),
        options=SyncOptions(removed_fields="drop", accept={"DS03"}),
        words=("DS08",),
    ),
    Refusal(
        id="values that do not convert need consent",
        before=doctype(TITLE),
        after=doctype(field("title", "Int")),
        rows=({"title": "x"}, {"title": "1"}),
        words=("DS08: 1 value of tabThing.title is no exact integer",),
    ),
    Refusal(
        id="a required field without values cannot be taken on",
        before=doctype(TITLE),
        after=doctype(TITLE, field("qty", "Int", required=1)),
        rows=({},),
        options=SyncOptions(accept="all"),
        words=("MF03", 'backfill={"qty": VALUE}'),
    ),
    Refusal(
        id="a field that becomes required while it is empty",
        before=doctype(TITLE),
        after=doctype(field("title", required=1)),
        rows=({},),
        options=SyncOptions(accept="all"),
        words=("MF04",),
    ),
    Refusal(
        id="values that do not convert in a required field cannot be taken on",
        before=doctype(field("title", required=1)),
        after=doctype(field("title", "Int", required=1)),
        rows=({"title": "x"},),
        options=SyncOptions(accept="all"),
        words=("DS08", "cannot be accepted"),
    ),
    Refusal(
        id="duplicates under a unique index",
        before=doctype(TITLE),
        after=doctype(field("title", unique=1)),
        rows=({"title": "a"}, {"title": "a"}, {"title": None}, {"title": None}),
        options=SyncOptions(accept="all"),
        words=("MF01", "1 group of equal values"),
    ),
    Refusal(
        id="one default for all rows under a unique index",
        before=doctype(TITLE),
        after=doctype(TITLE, field("code", unique=1, default="x")),
        rows=({}, {}),
        options=SyncOptions(accept="all"),
        words=("MF08",),
    ),
    Refusal(
        id="a drop and an add that look like a rename",
        before=doctype(field("city_name")),
        after=doctype(field("town_name")),
        rows=({"city_name": "Rome"},),
        options=SyncOptions(removed_fields="drop"),
        error=RenameQuestionError,
        words=("city_name -> town_name", 'field_renames={"city_name": "town_name"}'),
    ),
    Refusal(
        id="an index that no DocType mentions holds a column that is to be dropped",
        before=BEFORE,
        after=doctype(TITLE),
        by_hand=("CREATE INDEX by_hand ON tabThing (qty)",),
        options=DROP,
        error=UnsupportedChangeError,
        words=("by_hand",),
    ),
    Refusal(
        id="a view holds a column that is to be dropped",
        before=BEFORE,
        after=doctype(TITLE),
        by_hand=("CREATE VIEW v AS SELECT qty FROM tabThing",),
        options=DROP,
        error=UnsupportedChangeError,
        words=("view v",),
    ),
    Refusal(
        id="a trigger holds a column that is to be dropped",
        before=BEFORE,
        after=doctype(TITLE),
        by_hand=("CREATE TRIGGER tr AFTER INSERT ON tabThing BEGIN UPDATE tabThing SET idx = new.qty; END",),
        options=DROP,
        error=UnsupportedChangeError,
        words=("tr",),
    ),
    Refusal(
        id="a CHECK holds a column that is to be dropped",
        after=doctype(TITLE),
        by_hand=("CREATE TABLE tabThing (name VARCHAR(140) NOT NULL PRIMARY KEY, qty INT, CHECK (qty > 0))",),
        options=DROP,
        error=UnsupportedChangeError,
        words=("tabThing",),
    ),
    Refusal(
        id="a table with another key",
        after=doctype(TITLE),
        by_hand=("CREATE TABLE tabThing (id INTEGER PRIMARY KEY, name TEXT)",),
        error=UnsupportedChangeError,
        words=("primary key of tabThing is (id)",),
    ),
    Refusal(
        id="a rename onto a table that is there",
        before=doctype(TITLE),
        after=doctype(TITLE),
        by_hand=("CREATE TABLE tabOld (name VARCHAR(140) NOT NULL PRIMARY KEY)",),
        options=SyncOptions(renamed_from="Old"),
        error=UnsupportedChangeError,
        words=("Both tabOld and tabThing exist",),
    ),
    Refusal(
        id="a rename of a column that is not there",
        before=doctype(TITLE),
        after=doctype(TITLE, field("town")),
        options=SyncOptions(field_renames={"city": "town"}),
        error=UsageError,
        words=("no column 'city'",),
    ),
    Refusal(
        id="a DocType that is not loaded",
        after=doctype(TITLE, name="Other"),
        error=DocTypeNotFoundError,
        words=("Thing",),
    ),
    Refusal(
        id="a virtual table in the place of a table",
        after=doctype(TITLE),
        by_hand=("CREATE VIRTUAL TABLE tabThing USING fts5(name, title)",),
        error=UnsupportedChangeError,
        words=("tabThing",),
    ),
)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.id)
def test_refusal(case, tmp_path):
    world = World(tmp_path)
    if case.before:
        world.sync(case.before)
    world.run(*case.by_hand)
    world.insert("tabThing", case.rows)
    world.declare(case.after)
    if case.after["name"] == "Other" and "Thing" in world.doctypes:
        world.doctypes.unregister("Thing")
    raw = world.file.read_bytes()

    with pytest.raises(case.error) as raised:
        world.applier.sync_doctype("Thing", case.options)

    assert [w for w in case.words if w not in str(raised.value)] == []
    assert world.file.read_bytes() == raw
    assert not world.backups.exists()
    if case.error is BlockedMigrationError:
        dry = world.applier.dry_run("Thing", case.options)
        assert (dry.success, bool(dry.errors)) == (False, True)
    else:
        with pytest.raises(case.error):
            world.applier.dry_run("Thing", case.options)
    world.close()


def test_a_field_that_comes_back_under_a_kept_column_with_another_type_is_ds12(world):
    world.sync(doctype(TITLE, field("note")))
    world.insert("tabThing", ({"note": "5"},))
    world.sync(doctype(TITLE, field("more")))  # note is kept, and no field any more
    with pytest.raises(BlockedMigrationError, match=r"DS12: tabThing\.note was kept"):
        world.sync(doctype(TITLE, field("more"), field("note", "Int")))
    result = world.sync(doctype(TITLE, field("more"), field("note", "Int")), accept={"DS12"})
    assert world.ask("SELECT note, typeof(note) FROM tabThing") == [(5, "integer")]
    world.applier.rollback_migration(result.migration_id)
    assert world.ask("SELECT note, typeof(note) FROM tabThing") == [("5", "text")]


@pytest.mark.parametrize(
    ("flags", "reason"), [({"issingle": 1}, "tabSingles"), ({"is_virtual": 1}, "virtual DocType has no table")]
)
def test_single_and_virtual_doctypes_have_nothing_to_do(world, flags, reason):
    result = world.sync(doctype(TITLE, **flags))
    assert (result.outcome, result.migration_id) == ("nothing_to_do", None)
    assert reason in result.metadata["reason"]
    assert world.state().columns == {}
    assert world.statuses() == []


def test_no_change_is_nothing_to_do_and_no_entry_in_the_history(world):
    world.sync(doctype(TITLE))
    assert world.sync(doctype(TITLE)).outcome == "nothing_to_do"
    assert world.statuses() == ["applied"]


def test_a_rename_question_is_answered_by_taking_on_the_drop(world):
    world.sync(doctype(field("city_name")))
    world.insert("tabThing", ({"city_name": "Rome"},))
    world.sync(doctype(field("town_name")), removed_fields="drop", accept={"BC06", "DS03"})
    assert world.ask("SELECT town_name FROM tabThing") == [(None,)]


def test_a_kept_column_that_looks_renamed_is_a_warning(world):
    world.sync(doctype(field("city_name")))
    dry = world.declare(doctype(field("town_name"))).applier.dry_run("Thing")
    assert [f.rule for f in dry.findings] == ["BC06"]
    assert dry.success


def test_what_the_history_knows_of_a_field_finds_its_new_name(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(TITLE, field("topic", label="Category")))
    world.insert("tabThing", [{"topic": "x"}])
    world.declare(doctype(TITLE, field("kind_of", label="Category")))
    with pytest.raises(RenameQuestionError, match=r"topic -> kind_of .*same label Category"):
        world.applier.plan("Thing", SyncOptions(removed_fields="drop", accept={"DS03"}))
    assert world.ask("SELECT topic FROM tabThing") == [("x",)], "nothing was dropped"
    world.close()
