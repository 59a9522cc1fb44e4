"""A column that would get less room than its values need keeps the room it has, where that is asked for."""

import pytest

from sodaf_nb.errors import BlockedMigrationError, UsageError
from sodaf_nb.options import SyncOptions
from sodaf_nb.schema import DataType, Kind
from sodaf_nb.schema.room import has_room
from sodaf_nb.schema.types import decimal, other, varchar
from sodaf_nb.validation import repaired
from tests.acceptance.making import doctype, field

TEXT, SMALL, INT, BIG, REAL = (
    DataType(kind=kind) for kind in (Kind.TEXT, Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.REAL)
)


@pytest.mark.parametrize(
    ("before", "after", "rows", "rule"),
    [
        (field("a", length=50), field("a", length=5), ({"a": "abcdef"},), "DS07"),
        (field("a", "Long Int"), field("a", "Int"), ({"a": 2**40},), "DS07"),
        (field("a"), field("a", "Int"), ({"a": "640 p."},), "DS08"),
        (
            field("a", unique=1),
            field("a", "Datetime", unique=1),
            ({"a": "2024-05-01"}, {"a": "2024-05-01 00:00:00"}),
            "MF09",
        ),
    ],
)
def test_a_finding_about_too_little_room_is_answered_by_keeping_the_column(world, before, after, rows, rule):
    world.sync(doctype(field("title"), before))
    world.insert("tabThing", rows)
    state = world.state()
    world.declare(doctype(field("title"), after))
    found = next(f for f in world.applier.dry_run("Thing").findings if f.rule == rule)
    assert 'with widen={"a"}' in found.fix
    options = repaired(SyncOptions(), found)
    dry = world.applier.dry_run("Thing", options)
    assert (dry.success, dry.findings, dry.plan.operations) == (True, (), ())
    assert not world.applier.diff("Thing", options).has_changes
    assert world.sync(doctype(field("title"), after), widen={"A"}).outcome == "nothing_to_do"
    assert (world.state().rows, world.state().columns) == (state.rows, state.columns)


def test_everything_else_about_the_column_still_changes(world):
    world.sync(doctype(field("a", length=50)))
    world.insert("tabThing", ({"a": "abcdef"},))
    result = world.sync(doctype(field("a", length=5, default="x", search_index=1)), widen={"a"})
    assert result.findings == ()
    assert not world.applier.diff("Thing", SyncOptions(widen={"a"})).has_changes
    table = world.database.reflect().table("tabThing")
    assert (table.column("a").type, table.column("a").default, len(table.indexes)) == (varchar(50), "x", 1)
    world.applier.rollback_migration(result.migration_id)
    assert world.database.reflect().table("tabThing").column("a").default is None


def test_a_type_with_more_room_is_taken_all_the_same(world):
    world.sync(doctype(field("a", length=50), field("b", "Int")))
    world.sync(doctype(field("a", length=99), field("b", "Long Int"), field("c")), widen={"a", "b", "c"})
    table = world.database.reflect().table("tabThing")
    assert [table.column(name).type for name in "abc"] == [varchar(99), BIG, varchar(140)]


def test_a_field_that_is_not_there_is_refused_and_others_are_not_widened(world):
    world.sync(doctype(field("a"), field("b")))
    world.insert("tabThing", ({"b": "x"},))
    with pytest.raises(UsageError, match="no field 'q' to widen"):
        world.sync(doctype(field("a"), field("b")), widen={"q"})
    with pytest.raises(BlockedMigrationError, match="DS08"):
        world.sync(doctype(field("a"), field("b", "Int")), widen={"a"})


def test_a_batch_gives_each_doctype_its_own_answers(world):
    world.sync(doctype(field("a"), name="One"))
    world.sync(doctype(field("b", length=50), name="Two"))
    world.insert("tabOne", ({"a": "x"}, {"a": "x"}))
    world.declare(doctype(field("a", unique=1), name="One"), doctype(field("b", length=5), name="Two"))
    options = SyncOptions(dedupe={"a": "blank"}, widen={"b"})
    assert world.applier.sync_all_doctypes(options).success
    assert world.ask("SELECT a FROM tabOne ORDER BY name") == [("x",), (None,)]
    assert world.database.reflect().table("tabTwo").column("b").type == varchar(50)


@pytest.mark.parametrize(
    ("kept", "wanted", "fits"),
    [
        (varchar(5), varchar(9), True),
        (varchar(9), varchar(5), False),
        (varchar(9), TEXT, True),
        (TEXT, varchar(9), False),
        (SMALL, BIG, True),
        (BIG, INT, False),
        (INT, TEXT, False),
        (INT, REAL, False),
        (decimal(21, 9), decimal(21, 9), True),
        (decimal(21, 9), decimal(21, 2), False),
        (decimal(10, 2), decimal(21, 9), True),
        (decimal(21, 2), decimal(21, 9), False),
        (other("CHAR(5)"), TEXT, False),
    ],
)
def test_a_type_has_room_for_another_when_it_holds_each_of_its_values(kept, wanted, fits):
    assert has_room(kept, wanted) is fits
