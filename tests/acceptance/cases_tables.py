"""Whole tables: renamed DocTypes, keys, child tables, trees."""

from sodaf_nb.options import SyncOptions
from tests.acceptance.case import Case
from tests.acceptance.making import doctype, field

ITEM = doctype(field("qty", "Int"), name="Item", istable=1)
NOTE = doctype(
    field("ref_type", "Link", options="DocType"), field("ref", "Dynamic Link", options="ref_type"), name="Note"
)
NUMBERED = doctype(field("title"), autoname="autoincrement")
PLAIN = doctype(field("title"))

CASES = (
    Case(
        id="a renamed DocType renames its table and what names it",
        findings=("BC01?",),
        before=doctype(field("title"), field("items", "Table", options="Item"), name="Order"),
        after=doctype(field("title"), field("items", "Table", options="Item"), name="Sale", renamed_from="Order"),
        others=(ITEM, NOTE),
        rows=({"title": "a"},),
        other_rows={
            "tabItem": ({"parent": "R1", "parenttype": "Order", "parentfield": "items"}, {"parenttype": "Else"}),
            "tabNote": ({"ref_type": "Order", "ref": "R1"}, {"ref_type": "Item", "ref": "R1"}),
        },
        becomes={"title": ("a",)},
        other_becomes={"tabItem.parenttype": ("Sale", "Else"), "tabNote.ref_type": ("Sale", "Item")},
    ),
    Case(
        id="a DocType renamed by the user's answer, with a field that changes as well",
        before=doctype(field("title"), field("qty"), name="Order"),
        after=doctype(field("title", search_index=1), field("qty", "Int"), name="Sale"),
        rows=({"title": "a", "qty": "1"}, {"title": "b", "qty": "x"}),
        options=SyncOptions(renamed_from="Order", accept={"DS08"}),
        findings=("BC01?", "DS08"),
        becomes={"qty": (1, None)},
        backed_up=True,
    ),
    Case(
        id="a DocType renamed in letter case only",
        findings=("BC01?",),
        before=doctype(field("title"), name="Order Line"),
        after=doctype(field("title"), name="Order line", renamed_from="Order Line"),
        rows=({"title": "a"},),
        becomes={"title": ("a",)},
    ),
    Case(
        id="a text key of numbers becomes autoincrement and keeps its numbers",
        before=PLAIN,
        after=NUMBERED,
        rows=({"name": "3", "title": "a"}, {"name": "7", "title": "b"}),
        becomes={"name": (3, 7), "title": ("a", "b")},
        backed_up=True,
    ),
    Case(
        id="a text key of words is numbered anew with consent",
        before=PLAIN,
        after=NUMBERED,
        rows=({"name": "x", "title": "a"}, {"name": "7", "title": "b"}, {"name": "y", "title": "c"}),
        options=SyncOptions(accept={"DS08"}),
        findings=("DS08",),
        becomes={"name": (7, 8, 9), "title": ("b", "a", "c")},
        backed_up=True,
    ),
    Case(
        id="an autoincrement key becomes text",
        findings=("DS04?",),
        before=NUMBERED,
        after=PLAIN,
        rows=({"name": 3, "title": "a"}, {"name": 7, "title": "b"}),
        becomes={"name": ("3", "7")},
        backed_up=True,
    ),
    Case(
        id="an autoincrement key becomes text while a field is dropped",
        before=doctype(field("title"), field("gone"), autoname="autoincrement"),
        after=PLAIN,
        rows=({"name": 3, "title": "a", "gone": "g"}, {"name": 7, "title": "b"}),
        options=SyncOptions(removed_fields="drop", accept={"DS03"}),
        findings=("DS03", "DS04?"),
        becomes={"name": ("3", "7")},
        backed_up=True,
    ),
    Case(
        id="a changed autoincrement table never gives an id twice",
        before=doctype(field("title"), autoname="autoincrement"),
        after=doctype(field("title", required=1), autoname="autoincrement"),
        rows=({"name": 1, "title": "a"}, {"name": 9, "title": "b"}),
        by_hand=(
            "INSERT INTO tabThing (name, title) VALUES (99, 'gone')",
            "DELETE FROM tabThing WHERE name = 99",
        ),
        path="metadata only",
    ),
    Case(
        id="a child table is made with its index on parent",
        after=doctype(field("qty", "Int"), name="Item", istable=1),
    ),
    Case(
        id="a DocType that becomes a child table gets its columns",
        before=doctype(field("qty", "Int"), name="Item"),
        after=ITEM,
        rows=({"qty": 1},),
        becomes={"parent": (None,)},
    ),
    Case(
        id="a DocType that becomes a tree gets lft and rgt",
        before=doctype(field("title"), name="Group"),
        after=doctype(field("title"), name="Group", is_tree=1),
        rows=({"title": "a"},),
        becomes={"lft": (0,), "rgt": (0,)},
    ),
    Case(
        id="a DocType that is no tree any more keeps lft and rgt as they are",
        before=doctype(field("title"), name="Group", is_tree=1),
        after=doctype(field("title"), field("colour"), name="Group"),
        rows=({"title": "a", "lft": 4},),
        becomes={"lft": (4,)},
        extra=("lft", "rgt"),
    ),
    Case(
        id="a table of another application gets the standard columns",
        after=doctype(field("title")),
        by_hand=("CREATE TABLE tabThing (name VARCHAR(140) NOT NULL PRIMARY KEY, title VARCHAR(140))",),
        rows=({"title": "a"},),
        becomes={"docstatus": (0,), "title": ("a",)},
    ),
    Case(
        id="a field and a DocType with Unicode rows and long names",
        before=doctype(field("a" * 60), name="Long " + "N" * 50),
        after=doctype(field("a" * 60, unique=1), field("b" * 60, search_index=1), name="Long " + "N" * 50),
        rows=({"a" * 60: "žluťoučký 🐎"},),
        becomes={"a" * 60: ("žluťoučký 🐎",)},
    ),
)
