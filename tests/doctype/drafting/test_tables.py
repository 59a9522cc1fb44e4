"""A live table drafted as a DocType asks for what is there."""

import pytest

from sodaf_nb import Database, DocTypeEngine, SchemaComparisonEngine
from sodaf_nb.doctype.drafting import draft_table
from sodaf_nb.errors import UsageError
from sodaf_nb.sample import write_sample

STANDARD = (
    "name VARCHAR(140) NOT NULL PRIMARY KEY, creation DATETIME, modified DATETIME, modified_by VARCHAR(140), "
    "owner VARCHAR(140), docstatus SMALLINT NOT NULL DEFAULT 0, idx INTEGER NOT NULL DEFAULT 0"
)


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "live.db")
    yield made
    made.close()


def made(database, *statements):
    with database.write() as session:
        for statement in statements:
            session.execute(statement)
    return database.reflect()


def diff(database, draft):
    doctypes = DocTypeEngine()
    doctypes.register(draft.document)
    return SchemaComparisonEngine(database, doctypes).compare_schema(draft.name)


def test_every_kind_of_column_comes_back_without_a_difference(database):
    live = made(
        database,
        f"""CREATE TABLE "tabThing" ({STANDARD}, a VARCHAR(140), b VARCHAR(20) NOT NULL DEFAULT 'x', c TEXT,
        d SMALLINT DEFAULT 0, e INTEGER DEFAULT 7, f BIGINT, g REAL DEFAULT 1.5, h DECIMAL(21,9),
        i DECIMAL(21,2) DEFAULT 2.5, j DECIMAL(3,2), k DATE DEFAULT '2024-12-31', l DATETIME, m TIME)""",
        'CREATE UNIQUE INDEX one ON "tabThing" (a)',
        'CREATE INDEX two ON "tabThing" (e)',
        'CREATE UNIQUE INDEX three ON "tabThing" (b, e)',
    )
    draft = draft_table(live.table("tabThing"))

    assert draft.name == "Thing"
    assert draft.remarks == ()
    assert not diff(database, draft).has_changes


def test_the_sample_application_drafted_from_its_tables_asks_for_the_same(database, tmp_path):
    from sodaf_nb import ApplyOptions, MigrationApplier

    declared = DocTypeEngine()
    write_sample(tmp_path)
    declared.load(tmp_path / "v2")
    MigrationApplier(database, declared, ApplyOptions(backup_dir=tmp_path / "b")).sync_all_doctypes()
    live = database.reflect()

    drafts = [draft_table(table) for table in live.tables.values()]

    assert {draft.name for draft in drafts} == {d.name for d in declared if d.has_table}
    assert [diff(database, draft).to_rows() for draft in drafts if diff(database, draft).has_changes] == []


def test_child_tables_trees_and_numbered_keys_are_recognised(database):
    child = "parent VARCHAR(140), parentfield VARCHAR(140), parenttype VARCHAR(140)"
    tree = "lft INTEGER NOT NULL DEFAULT 0, rgt INTEGER NOT NULL DEFAULT 0"
    numbered = STANDARD.replace("VARCHAR(140) NOT NULL PRIMARY KEY", "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT")
    live = made(
        database,
        f'CREATE TABLE "tabRow" ({STANDARD}, {child})',
        'CREATE INDEX p ON "tabRow" (parent)',
        f'CREATE TABLE "tabNode" ({STANDARD}, {tree})',
        f'CREATE TABLE "tabCount" ({numbered})',
    )
    row, node, count = (draft_table(live.table(f"tab{name}")) for name in ("Row", "Node", "Count"))

    assert row.document["istable"] == 1
    assert node.document["is_tree"] == 1
    assert count.document["autoname"] == "autoincrement"
    assert not any(diff(database, draft).has_changes for draft in (row, node, count))


def test_what_no_fieldtype_stores_is_left_out_kept_and_named(database):
    live = made(database, f'CREATE TABLE "tabOdd" ({STANDARD}, pic BLOB, "Old Name" TEXT, n DECIMAL(10,4))')
    draft = draft_table(live.table("tabOdd"))

    assert draft.document["fields"] == []
    assert [remark.partition(":")[0] for remark in draft.remarks] == ["pic", "Old Name", "n"]
    assert not diff(database, draft).has_changes


def test_a_default_that_cannot_be_declared_is_named(database):
    live = made(database, f'CREATE TABLE "tabOdd" ({STANDARD}, d SMALLINT DEFAULT 5)')

    assert draft_table(live.table("tabOdd")).remarks == ("d: its default 5 cannot be declared and would go",)


def test_a_table_without_the_prefix_becomes_a_doctype_of_its_own(database):
    live = made(
        database,
        """CREATE TABLE order_items (id INTEGER PRIMARY KEY, name TEXT, "Unit Price" NUMERIC,
        qty INT NOT NULL DEFAULT 1, active BOOLEAN, made TIMESTAMP, note CLOB,
        code CHAR(5), ratio DOUBLE, amount DECIMAL(12,4))""",
        "CREATE INDEX both ON order_items (qty, active)",
    )
    draft = draft_table(live.table("order_items"))
    fields = {field["fieldname"]: field["fieldtype"] for field in draft.document["fields"]}

    assert draft.name == "Order Items"
    assert fields == {
        "id": "Int",
        "name_2": "Text",
        "unit_price": "Currency",
        "qty": "Int",
        "active": "Check",
        "made": "Datetime",
        "note": "Text",
        "code": "Data",
        "ratio": "Float",
        "amount": "Currency",
    } | {"id": fields["id"]}
    assert draft.document["indexes"] == [{"columns": ["qty", "active"]}]
    assert "those of order_items are not moved" in draft.remarks[0]
    assert "take its values from id" in draft.remarks[1]
    assert "name: is called name_2" in draft.remarks
    assert diff(database, draft).created


def test_uniqueness_that_a_draft_cannot_declare_is_named(database):
    live = made(
        database,
        "CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, code VARCHAR(9) UNIQUE, a INT, b INT)",
        "CREATE UNIQUE INDEX some ON people (a) WHERE b > 0",
        "CREATE TABLE lines (a INT, b TEXT, PRIMARY KEY (a, b))",
    )
    people, lines = draft_table(live.table("people")), draft_table(live.table("lines"))
    named = [remark for remark in people.remarks if "unique" in remark]
    assert sorted(remark.partition(":")[0] for remark in named) == ["a", "mail"]
    assert {field["fieldname"] for field in people.document["fields"] if "unique" in field} == {"code"}
    assert not [remark for remark in lines.remarks if "unique" in remark]


def test_a_draft_shows_its_fields_and_is_written_once(database, tmp_path):
    live = made(database, f'CREATE TABLE "tabThing" ({STANDARD}, a VARCHAR(20) NOT NULL)', "CREATE TABLE t (a)")
    draft = draft_table(live.table("tabThing"))
    path = draft.save(tmp_path / "out")

    assert path.name == "thing.json"
    assert DocTypeEngine().load(path)[0].name == "Thing"
    assert "a      Data       A      length 20, not_nullable" in repr(draft)
    with pytest.raises(UsageError, match="is there already"):
        draft.save(tmp_path / "out")
    assert draft.save(tmp_path / "out", overwrite=True) == path


def test_a_table_whose_name_no_doctype_can_have_needs_one(database):
    live = made(database, 'CREATE TABLE "表" (a INTEGER)')

    with pytest.raises(UsageError, match="cannot be called that"):
        draft_table(live.table("表"))
    assert draft_table(live.table("表"), "Table").name == "Table"
