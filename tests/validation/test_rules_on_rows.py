"""Rules on real rows: each pair of cases differs only in rows, and only one of them has the finding."""

from dataclasses import dataclass
from dataclasses import field as dataclass_field

import pytest

from sodaf_nb.options import SyncOptions
from tests.acceptance.making import World, doctype, field

DROP = {"removed_fields": "drop"}
TITLE = field("title")
CHILD = doctype(TITLE, name="Kid", istable=1)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A change, rows it has a finding for, and rows it has none for."""

    rule: str
    before: tuple
    after: tuple
    bad: tuple
    good: tuple
    options: dict = dataclass_field(default_factory=dict)
    by_hand: tuple = ()
    table: str = "tabThing"
    bad_sql: tuple = ()
    good_sql: tuple = ()
    count: int | None = 1


def thing(*fields, **attributes):
    return (doctype(TITLE, *fields, **attributes),)


PAIRS = (
    Pair(
        rule="DS03",
        before=thing(field("city")),
        after=thing(),
        bad=({"city": "Oslo"},),
        good=({},),
        options=DROP | {"accept": {"BC06"}},
    ),
    Pair(
        rule="DS04",
        before=thing(autoname="autoincrement"),
        after=thing(),
        bad=({"name": 7},),
        good=(),
        count=None,
    ),
    Pair(
        rule="DS07",
        before=thing(field("a", length=50)),
        after=thing(field("a", length=5)),
        bad=({"a": "abcdef"},),
        good=({"a": "abcde"},),
    ),
    Pair(
        rule="DS07",
        before=thing(field("a", "Int")),
        after=thing(field("a", "Check")),
        bad=({"a": 32768},),
        good=({"a": 32767},),
    ),
    Pair(
        rule="DS07",
        before=thing(field("a", "Currency", precision=4)),
        after=thing(field("a", "Currency", precision=2)),
        bad=({"a": 1.005},),
        good=({"a": 1.25},),
    ),
    Pair(
        rule="DS08", before=thing(field("a")), after=thing(field("a", "Int")), bad=({"a": "007"},), good=({"a": "7"},)
    ),
    Pair(
        rule="MF01",
        before=thing(field("a")),
        after=thing(field("a", unique=1)),
        bad=({"a": "x"}, {"a": "x"}),
        good=({"a": None}, {"a": None}, {"a": "x"}),
    ),
    Pair(
        rule="MF02",
        before=thing(field("a", search_index=1)),
        after=thing(field("a", unique=1)),
        bad=({"a": "x"}, {"a": "x"}),
        good=({"a": "x"}, {"a": "X"}),
    ),
    Pair(rule="MF03", before=thing(), after=thing(field("a", required=1)), bad=({},), good=()),
    Pair(rule="MF04", before=thing(field("a")), after=thing(field("a", required=1)), bad=({},), good=({"a": ""},)),
    Pair(
        rule="MF05",
        before=thing(field("a")),
        after=thing(field("a", "Int")),
        bad=({"a": "5"},),
        good=({"a": "50"}, {"a": None}),
    ),
    Pair(
        rule="MF07",
        before=thing(field("a", "Select", options="Open\nClosed")),
        after=thing(field("a", "Select", options="Open"), field("b")),
        bad=({"a": "Closed"},),
        good=({"a": "Open"}, {"a": None}, {"a": ""}),
    ),
    Pair(
        rule="MF08",
        before=thing(),
        after=thing(field("a", unique=1, default="x")),
        bad=({}, {}),
        good=({},),
    ),
    Pair(
        rule="MF08",
        before=thing(field("a")),
        after=thing(field("a", unique=1, required=1, default="x")),
        bad=({"a": None}, {"a": "x"}),
        good=({"a": None}, {"a": "y"}),
    ),
    Pair(
        rule="MF09",
        before=thing(field("a", unique=1)),
        after=thing(field("a", "Datetime", unique=1)),
        bad=({"a": "2024-05-01"}, {"a": "2024-05-01 00:00:00"}),
        good=({"a": "2024-05-01"}, {"a": "2024-05-02 00:00:00"}, {"a": None}, {"a": None}),
    ),
    Pair(
        rule="MF11",
        before=(CHILD, doctype(field("kids", "Table", options="Kid"))),
        after=(CHILD, doctype(field("children", "Table", options="Kid"), TITLE)),
        bad=(),
        good=(),
        bad_sql=("INSERT INTO tabKid (name, parent, parenttype, parentfield) VALUES ('K', 'R1', 'Thing', 'kids')",),
        good_sql=(
            "INSERT INTO tabKid (name, parent, parenttype, parentfield) VALUES ('K', 'R1', 'Thing', 'children')",
        ),
    ),
    Pair(
        rule="BC02",
        before=thing(field("city")),
        after=thing(field("town")),
        options={"field_renames": {"city": "town"}},
        bad=({"city": "Oslo"},),
        good=(),
        count=None,
    ),
)


def case_id(pair):
    return f"{pair.rule}-{PAIRS.index(pair)}"


def verdicts(world, pair, rows, statements=()):
    for each in pair.before:
        world.sync(each)
    if pair.rule == "MF05":
        add_check(world)
    world.insert(pair.table, rows)
    world.run(*statements)
    world.declare(*pair.after)
    plan = world.applier.plan("Thing", SyncOptions(**pair.options))
    return {v.rule: v for v in plan.review.verdicts if v.severity != "info"}


def add_check(world):
    (text,) = world.ask("SELECT sql FROM sqlite_master WHERE name = 'tabThing'")[0]
    checked = text.removesuffix("\n)") + ',\n  CHECK ("a" > 10) -- large\n)'
    world.run("DROP TABLE tabThing", checked)


@pytest.mark.parametrize("pair", PAIRS, ids=case_id)
def test_the_rows_decide(pair, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "good").mkdir()
    bad, good = World(tmp_path / "bad"), World(tmp_path / "good")
    found = verdicts(bad, pair, pair.bad, pair.bad_sql)
    assert pair.rule in found
    assert found[pair.rule].count == pair.count
    assert pair.rule not in verdicts(good, pair, pair.good, pair.good_sql)
    bad.close()
    good.close()


# ---------------------------------------------------------------- what the finding says comes true


def refused(world, after, **options):
    """Return the rules that stop a change, and check that the engine would have refused it."""
    from sodaf_nb.errors import BlockedMigrationError

    with pytest.raises(BlockedMigrationError) as caught:
        world.sync(after, **options)
    return [f.rule for f in caught.value.findings]


def test_two_spellings_of_one_moment_under_a_unique_index_are_found_before_the_engine_refuses(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(field("at", unique=1)))
    world.insert("tabThing", [{"at": "2024-05-01"}, {"at": "2024-05-01 00:00:00"}])
    assert refused(world, doctype(field("at", "Datetime", unique=1)), accept="all") == ["MF09"]
    world.close()


def test_a_collation_of_the_column_decides_what_is_equal(tmp_path):
    world = World(tmp_path)
    world.run("CREATE TABLE tabThing (name VARCHAR(140) NOT NULL PRIMARY KEY, a VARCHAR(140) COLLATE NOCASE)")
    world.run("INSERT INTO tabThing VALUES ('R1', 'x'), ('R2', 'X')")
    assert "MF01" in refused(world, doctype(field("a", unique=1)), accept="all")
    world.close()


def test_a_foreign_key_to_columns_that_are_not_unique_is_a_warning_and_stops_nothing(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(TITLE))
    world.run("CREATE TABLE kid (id INTEGER PRIMARY KEY, thing TEXT REFERENCES tabThing(title))")
    result = world.sync(doctype(TITLE, field("city")))
    assert [w for w in result.warnings if w.startswith("MF06")] == [
        "MF06: kid.thing points to tabThing.title, which is not unique, so its rows are not checked."
    ]
    world.close()


def test_a_plan_that_takes_the_uniqueness_a_foreign_key_needs_is_stopped(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(field("code", unique=1)))
    world.run("CREATE TABLE kid (id INTEGER PRIMARY KEY, thing TEXT REFERENCES tabThing(code))")
    assert refused(world, doctype(field("code"))) == ["MF06"]
    world.close()


def test_making_the_target_of_a_loose_key_unique_mends_it(tmp_path):
    world = World(tmp_path)
    world.sync(doctype(field("code")))
    world.run("CREATE TABLE kid (id INTEGER PRIMARY KEY, thing TEXT REFERENCES tabThing(code))")
    assert [f.rule for f in world.sync(doctype(field("code", unique=1))).findings] == []
    world.close()


def test_rows_of_other_tables_keep_a_table_from_being_dropped(tmp_path):
    from sodaf_nb.errors import BlockedMigrationError
    from sodaf_nb.options import RollbackOptions

    world = World(tmp_path)
    made = world.sync(doctype(TITLE))
    world.insert("tabThing", [{}])
    world.run("CREATE TABLE kid (thing TEXT REFERENCES tabThing)")
    dry = world.applier.dry_run_rollback(made.migration_id, RollbackOptions(accept="all"))
    assert "DS10" not in {f.rule for f in dry.findings}
    world.run("INSERT INTO kid VALUES ('R1'), (NULL)")
    with pytest.raises(BlockedMigrationError, match="DS10: 1 row of other tables points to tabThing"):
        world.applier.rollback_migration(made.migration_id, RollbackOptions(accept="all"))
    world.close()


def test_a_check_is_judged_on_what_the_values_become_and_accepting_leaves_it_to_the_engine(tmp_path):
    from sodaf_nb.errors import MigrationExecutionError

    world = World(tmp_path)
    world.sync(doctype(TITLE, field("a")))
    add_check(world)
    world.insert("tabThing", [{"a": "5"}])
    after = doctype(TITLE, field("a", "Int"))
    assert refused(world, after) == ["MF05"]
    with pytest.raises(MigrationExecutionError, match="CHECK"):
        world.sync(after, accept={"MF05"})
    world.close()
