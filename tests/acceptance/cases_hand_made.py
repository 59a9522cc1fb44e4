"""What no DocType mentions is kept: triggers, views, CHECKs, collations, foreign keys, partial indexes."""

from sodaf_nb.options import SyncOptions
from tests.acceptance.case import Case
from tests.acceptance.making import doctype, field

TITLE_QTY = doctype(field("title"), field("qty"))
RETYPED = doctype(field("title"), field("qty", "Int"))
ROWS = ({"title": "a", "qty": "1"}, {"title": "b", "qty": "2"})
STANDARD = (
    "name VARCHAR(140) NOT NULL PRIMARY KEY, creation DATETIME, modified DATETIME, modified_by VARCHAR(140), "
    "owner VARCHAR(140), docstatus SMALLINT NOT NULL DEFAULT 0, idx INTEGER NOT NULL DEFAULT 0"
)

CASES = (
    Case(
        id="a retype keeps triggers, also those of other tables that name it",
        before=TITLE_QTY,
        after=RETYPED,
        by_hand=(
            "CREATE TABLE log (what TEXT)",
            "CREATE TRIGGER mine AFTER UPDATE ON tabThing BEGIN INSERT INTO log VALUES (new.title); END",
            "CREATE TRIGGER theirs AFTER INSERT ON log BEGIN UPDATE tabThing SET idx = idx + 1; END",
        ),
        rows=ROWS,
        becomes={"qty": (1, 2)},
        keeps=("TRIGGER mine", "TRIGGER theirs"),
        backed_up=True,
        path="in place",
    ),
    Case(
        id="a retype keeps views and views on views",
        findings=("BC05?",),
        before=TITLE_QTY,
        after=RETYPED,
        by_hand=("CREATE VIEW v1 AS SELECT name, qty FROM tabThing", "CREATE VIEW v2 AS SELECT sum(qty) FROM v1"),
        rows=ROWS,
        keeps=("VIEW v1", "VIEW v2"),
        backed_up=True,
        path="in place",
    ),
    Case(
        id="a retype keeps partial, expression, descending and collated indexes",
        before=TITLE_QTY,
        after=RETYPED,
        by_hand=(
            "CREATE INDEX i_part ON tabThing (title) WHERE docstatus = 1",
            "CREATE INDEX i_expr ON tabThing (lower(title))",
            "CREATE INDEX i_desc ON tabThing (title DESC, idx)",
            "CREATE UNIQUE INDEX i_coll ON tabThing (title COLLATE NOCASE)",
        ),
        rows=ROWS,
        extra_indexes=4,
        keeps=("WHERE docstatus = 1", "lower(title)", "title DESC", "title COLLATE NOCASE"),
        backed_up=True,
        path="in place",
    ),
    Case(
        id="a retype keeps CHECK, COLLATE, ON CONFLICT, a comment and a default that is an expression",
        after=RETYPED,
        by_hand=(
            (
                f"CREATE TABLE tabThing ({STANDARD}, title VARCHAR(140) COLLATE NOCASE UNIQUE ON CONFLICT FAIL, "
                "qty VARCHAR(140), born DATETIME DEFAULT CURRENT_TIMESTAMP, /* why */ CHECK (idx >= 0))"
            ),
        ),
        rows=({"title": "a", "qty": "1", "born": "x"}, {"title": "b", "qty": "2", "born": None}),
        becomes={"qty": (1, 2), "born": ("x", None)},
        extra=("born",),
        extra_indexes=1,
        keeps=("COLLATE NOCASE", "ON CONFLICT FAIL", "CHECK(idx >= 0)", "/* why */", "CURRENT_TIMESTAMP"),
        backed_up=True,
        path="in place",
    ),
    Case(
        id="a retype loses no child row of a foreign key that cascades",
        after=RETYPED,
        by_hand=(
            f"CREATE TABLE tabThing ({STANDARD}, title VARCHAR(140), qty VARCHAR(140))",
            "CREATE TABLE child (id INTEGER PRIMARY KEY, thing REFERENCES tabThing(name) ON DELETE CASCADE)",
            "INSERT INTO tabThing (name, qty) VALUES ('P', '1')",
            "INSERT INTO child VALUES (1, 'P')",
        ),
        rows=ROWS,
        other_becomes={"child.thing": ("P",)},
        keeps=("ON DELETE CASCADE",),
        backed_up=True,
        path="in place",
    ),
    Case(
        id="a foreign key that pointed nowhere before does not stop a change",
        after=RETYPED,
        by_hand=(
            f"CREATE TABLE tabThing ({STANDARD}, title VARCHAR(140) REFERENCES tabThing(name), qty VARCHAR(140))",
        ),
        rows=ROWS,
        keeps=("REFERENCES tabThing(name)",),
        backed_up=True,
    ),
    Case(
        id="a generated column is kept and computed on",
        after=RETYPED,
        by_hand=(
            (
                f"CREATE TABLE tabThing ({STANDARD}, title VARCHAR(140), qty VARCHAR(140), "
                "shout TEXT AS (upper(title)) STORED, twice TEXT AS (title || title))"
            ),
        ),
        rows=ROWS,
        becomes={"shout": ("A", "B"), "twice": ("aa", "bb")},
        extra=("shout", "twice"),
        backed_up=True,
        path="in place",
    ),
    Case(
        id="a WITHOUT ROWID table stays one",
        after=RETYPED,
        by_hand=(f"CREATE TABLE tabThing ({STANDARD}, title VARCHAR(140), qty VARCHAR(140)) WITHOUT ROWID",),
        rows=ROWS,
        keeps=("WITHOUT ROWID",),
        becomes={"qty": (1, 2)},
        backed_up=True,
    ),
    Case(
        id="rowids with gaps are the same after a retype",
        before=TITLE_QTY,
        after=RETYPED,
        by_hand=("INSERT INTO tabThing (rowid, name, qty) VALUES (40, 'A', '1'), (7, 'B', '2')",),
        becomes={"rowid": (40, 7)},
        backed_up=True,
    ),
    Case(
        id="a view follows a renamed column",
        findings=("BC02?",),
        before=doctype(field("city")),
        after=doctype(field("town")),
        by_hand=("CREATE VIEW v AS SELECT city FROM tabThing",),
        rows=({"city": "Rome"},),
        options=SyncOptions(field_renames={"city": "town"}),
        becomes={"town": ("Rome",)},
        keeps=("SELECT town FROM tabThing",),
    ),
    Case(
        id="a hand-made unique index that is what the DocType wants is taken as it is",
        before=doctype(field("title")),
        after=doctype(field("title", unique=1), field("extra")),
        by_hand=("CREATE UNIQUE INDEX by_hand ON tabThing (title)",),
        keeps=("INDEX by_hand",),
    ),
    Case(
        id="a dropped column that a foreign key of its own held comes back with it",
        after=doctype(field("title")),
        by_hand=(
            "CREATE TABLE city (id TEXT PRIMARY KEY)",
            f"CREATE TABLE tabThing ({STANDARD}, title VARCHAR(140), city TEXT REFERENCES city(id) DEFERRABLE)",
            "INSERT INTO city VALUES ('Rome')",
        ),
        rows=({"title": "a", "city": "Rome"},),
        options=SyncOptions(removed_fields="drop", accept={"DS03"}),
        findings=("DS03", "DS09?"),
        backed_up=True,
    ),
    Case(
        id="a table that names ours in a string only is nobody's business",
        before=TITLE_QTY,
        after=RETYPED,
        by_hand=("CREATE TABLE other (x TEXT DEFAULT 'tabThing')", "CREATE VIEW w AS SELECT 'tabThing' AS t"),
        rows=ROWS,
        keeps=("DEFAULT 'tabThing'",),
        backed_up=True,
    ),
)
