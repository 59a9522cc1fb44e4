"""Clauses of the table itself: constraints, collations, generated columns, keys, comments, kinds of table."""

from tests.torture.features_objects import NEW_ROW, TOUCH
from tests.torture.model import Col, Feature

CODES = ("alpha", "Beta", "7", "-12", "Rome", "Oslo", "x", "y", "Open", "Shut", "m1", "m2", "m3", "a", "b", "none yet")


def parent(name):
    values = ", ".join(f"('{code}')" for code in CODES)
    return (f"CREATE TABLE {name} (code TEXT PRIMARY KEY)", f"INSERT INTO {name} VALUES {values}")


ORPHAN = "UPDATE {t} SET {c} = 'nobody' WHERE name = (SELECT max(name) FROM {t})"

FEATURES = (
    Feature(
        id="a column CHECK without a name",
        traps="R13 A19",
        clause="CHECK ({c} <> 'bad')",
        meaning=("UPDATE {t} SET {c} = 'bad'",),
    ),
    Feature(
        id="a column CHECK with a name",
        traps="R13 A19",
        clause="CONSTRAINT no_bad CHECK (length({c}) < 20 AND {c} NOT IN ('bad', 'a)b'))",
        meaning=("UPDATE {t} SET {c} = 'bad'", "UPDATE {t} SET {c} = 'a)b'"),
    ),
    Feature(
        id="table CHECKs with and without a name",
        traps="R13 A19 A15",
        constraints=("CHECK (idx >= 0 OR {c} IS NULL)", "CONSTRAINT c_named CHECK ({c} <> 'bad')"),
        meaning=("UPDATE {t} SET {c} = 'bad'", "UPDATE {t} SET idx = -1"),
        refused={"drop": ("CHECK (idx >= 0 OR gone IS NULL)", "CONSTRAINT c_named CHECK (gone <> 'bad')")},
    ),
    Feature(
        id="a table CHECK in double quotes",
        traps="R13 T10",
        constraints=("CHECK (\"{c}\" <> 'bad')",),
        meaning=("UPDATE {t} SET {c} = 'bad'",),
        refused={"drop": ("CHECK (\"gone\" <> 'bad')",)},
    ),
    Feature(
        id="a virtual generated column with an index",
        traps="R12 A13",
        columns=("made_v TEXT GENERATED ALWAYS AS ({c} || '/' || docstatus) VIRTUAL",),
        after=("CREATE INDEX i_made_v ON {t} (made_v)",),
        meaning=("SELECT made_v FROM {t}", TOUCH, "SELECT made_v FROM {t}"),
        refused={"drop": ("made_v",)},
    ),
    Feature(
        id="a stored generated column with NOT NULL",
        traps="R12 A13",
        columns=("made_s TEXT NOT NULL AS (coalesce({c}, '') || '!') STORED",),
        meaning=("SELECT made_s FROM {t}", TOUCH, "SELECT made_s FROM {t}"),
        refused={"drop": ("made_s",)},
    ),
    Feature(
        id="a generated column in double quotes",
        traps="R12 T10",
        columns=('made_q TEXT AS ("{c}") VIRTUAL',),
        meaning=("SELECT made_q FROM {t}",),
        refused={"drop": ("made_q",)},
    ),
    Feature(
        id="COLLATE NOCASE on a column",
        traps="R13 A19",
        clause="COLLATE NOCASE",
        meaning=("SELECT name FROM {t} WHERE {c} = 'BETA'", "SELECT {c} FROM {t} ORDER BY {c}"),
    ),
    Feature(
        id="UNIQUE with ON CONFLICT IGNORE",
        traps="R13 R20",
        clause="UNIQUE ON CONFLICT IGNORE",
        meaning=("UPDATE {t} SET {c} = 'same'", "SELECT {c} FROM {t}"),
        refused={"drop": ("sqlite_autoindex_{T}_2",)},
    ),
    Feature(
        id="a composite UNIQUE with ON CONFLICT REPLACE",
        traps="R13 R20",
        constraints=("CONSTRAINT u_pair UNIQUE ({c} COLLATE NOCASE, owner DESC) ON CONFLICT REPLACE",),
        meaning=("UPDATE {t} SET owner = 'o', {c} = 'same'", "SELECT count(*) FROM {t}"),
        refused={"drop": ("sqlite_autoindex_{T}_2",)},
    ),
    Feature(
        id="NOT NULL with ON CONFLICT and a default that is text with quotes",
        traps="R13 R20",
        columns=("strict_note TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'it''s (fine), -- really'",),
        meaning=("UPDATE {t} SET strict_note = NULL", "SELECT strict_note FROM {t}"),
    ),
    Feature(
        id="defaults that are expressions",
        traps="A14 A19",
        columns=(
            "born DATETIME DEFAULT CURRENT_TIMESTAMP",
            "two INT DEFAULT (1 + 1)",
            "who TEXT DEFAULT (lower('ME') || ',' || 'you')",
            "less INT DEFAULT -5",
            "bare TEXT DEFAULT word",
        ),
        after=("UPDATE {t} SET born = '2020-01-01'",),
        meaning=(NEW_ROW, "SELECT two, typeof(two), who, less, bare, born IS NOT NULL FROM {t}"),
    ),
    Feature(
        id="a foreign key that deletes along",
        traps="R6 A4",
        clause="REFERENCES up_cascade (code) ON DELETE CASCADE ON UPDATE SET NULL",
        before=parent("up_cascade"),
        meaning=(ORPHAN, "DELETE FROM up_cascade", "SELECT {c} FROM {t}"),
    ),
    Feature(
        id="a deferred foreign key",
        traps="R8 R13 T4",
        clause="CONSTRAINT f_late REFERENCES up_late (code) MATCH SIMPLE DEFERRABLE INITIALLY DEFERRED",
        before=parent("up_late"),
        meaning=(ORPHAN, "SELECT {c} FROM {t}", "PRAGMA foreign_key_check"),
    ),
    Feature(
        id="foreign keys of the table that are not deferrable and deferrable",
        traps="R8 R13",
        constraints=(
            "FOREIGN KEY ({c}) REFERENCES up_table (code) ON DELETE SET DEFAULT NOT DEFERRABLE INITIALLY IMMEDIATE",
            "FOREIGN KEY (owner, {c}) REFERENCES pair (a, b) DEFERRABLE",
        ),
        before=(*parent("up_table"), "CREATE TABLE pair (a, b, PRIMARY KEY (a, b))"),
        meaning=(ORPHAN, "UPDATE {t} SET owner = 'o'", "DELETE FROM up_table"),
        refused={"drop": ("FOREIGN KEY (gone)", "FOREIGN KEY (owner, gone)")},
    ),
    Feature(
        id="children that delete along",
        traps="R6 A4 A3 T4",
        before=("CREATE TABLE kid_cascade (id INTEGER PRIMARY KEY, thing REFERENCES {t} ON DELETE CASCADE)",),
        after=("INSERT INTO kid_cascade (thing) SELECT name FROM {t}",),
        meaning=("SELECT * FROM kid_cascade", "DELETE FROM {t} WHERE idx = 0", "SELECT * FROM kid_cascade"),
    ),
    Feature(
        id="children that are set to NULL",
        traps="R7 A4",
        before=("CREATE TABLE kid_null (id INTEGER PRIMARY KEY, thing REFERENCES {t} (name) ON DELETE SET NULL)",),
        after=("INSERT INTO kid_null (thing) SELECT name FROM {t}",),
        meaning=("SELECT * FROM kid_null", "DELETE FROM {t} WHERE idx = 0", "SELECT * FROM kid_null"),
    ),
    Feature(
        id="children that restrict, and children that wait until the end",
        traps="R8 A4 T6",
        before=(
            "CREATE TABLE kid_restrict (thing REFERENCES {t} (name) ON DELETE RESTRICT)",
            "CREATE TABLE kid_late (thing, FOREIGN KEY (thing) REFERENCES {t} (name) DEFERRABLE INITIALLY DEFERRED)",
        ),
        after=(
            "INSERT INTO kid_restrict SELECT name FROM {t} LIMIT 1",
            "INSERT INTO kid_late SELECT name FROM {t}",
        ),
        meaning=("DELETE FROM {t} WHERE idx = 0", "SELECT count(*) FROM {t}", "SELECT * FROM kid_late"),
    ),
    Feature(
        id="children that point to a unique column",
        traps="R8 A7",
        before=("CREATE TABLE kid_unique (ref TEXT REFERENCES {t} ({c}) ON UPDATE CASCADE)",),
        after=(
            "CREATE UNIQUE INDEX i_ref ON {t} ({c})",
            "INSERT INTO kid_unique SELECT CAST({c} AS TEXT) FROM {t} WHERE {c} <> 'none yet'",
        ),
        meaning=("UPDATE {t} SET {c} = 'moved' WHERE name = (SELECT min(name) FROM {t})", "SELECT * FROM kid_unique"),
        refused={"drop": ("i_ref",)},
    ),
    Feature(
        id="a reference to the table itself",
        traps="R5 A7",
        fields=(Col(name="boss", clause="REFERENCES {t} (name) ON DELETE SET NULL"),),
        after=("UPDATE {t} SET boss = (SELECT min(name) FROM {t}) WHERE name <> (SELECT min(name) FROM {t})",),
        meaning=("DELETE FROM {t} WHERE boss IS NULL", "SELECT name, boss FROM {t}", "UPDATE {t} SET boss = 'nobody'"),
    ),
    Feature(
        id="a key of the table that refers to the table itself",
        traps="R5 A7",
        constraints=("FOREIGN KEY ({c}) REFERENCES {t} (name) DEFERRABLE INITIALLY DEFERRED",),
        meaning=("PRAGMA foreign_key_list({t})",),
        refused={"drop": ("FOREIGN KEY (gone)",)},
        late={"require": ("would point to rows that no longer exist",)},
    ),
    Feature(
        id="foreign keys that point nowhere already",
        traps="R9 A5",
        fields=(Col(name="lost", clause="REFERENCES nowhere_to_be (id)"),),
        before=(
            "CREATE TABLE nowhere_to_be (id TEXT PRIMARY KEY)",
            "CREATE TABLE kid_lost (thing REFERENCES {t} (name))",
        ),
        after=(
            "UPDATE {t} SET lost = 'nobody'",
            "INSERT INTO kid_lost VALUES ('nobody'), ('nobody')",
        ),
        meaning=("PRAGMA foreign_key_check",),
    ),
    Feature(
        id="comments everywhere",
        traps="R13 A30",
        head=" -- the first, with a ) and a , in it\n",
        columns=("noted TEXT /* why it's (here), */ DEFAULT 'x' -- and a last word\n",),
        tail=" /* the end; */\n",
        meaning=(
            (
                "SELECT instr(sql, 'the first, with') > 0, instr(sql, 'why it''s (here), */') > 0, "
                "instr(sql, 'and a last word') > 0, instr(sql, 'the end; */') > 0 "
                "FROM sqlite_master WHERE name = '{T}'"
            ),
        ),
    ),
    Feature(
        id="a column spelled in other letters",
        traps="R28",
        spelled="[LABEL_1]",
        only=True,
        apart=True,
        after=("CREATE VIEW v_case AS SELECT Label_1 FROM {t}",),
        meaning=("SELECT * FROM v_case", "SELECT name FROM pragma_table_xinfo('{T}') WHERE name LIKE 'label%'"),
    ),
    Feature(
        id="STRICT",
        traps="R14 A16",
        options=" STRICT",
        key="name TEXT NOT NULL PRIMARY KEY",
        always=("STRICT",),
        apart=True,
    ),
    Feature(
        id="WITHOUT ROWID",
        traps="R14 A16",
        options=" WITHOUT ROWID",
        apart=True,
        meaning=("SELECT rowid FROM {t}",),
    ),
    Feature(
        id="AUTOINCREMENT with a counter above all keys",
        traps="R10 A11",
        key="name INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        keys=(1, 5, 9),
        attributes={"autoname": "autoincrement"},
        apart=True,
        after=("UPDATE sqlite_sequence SET seq = 40 WHERE name = '{T}'",),
        meaning=("INSERT INTO {t} (must) VALUES ('m')", "SELECT max(name) FROM {t}"),
    ),
    Feature(
        id="AUTOINCREMENT of an emptied table",
        traps="R10 A11",
        key="name INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        keys=(1, 5, 9),
        attributes={"autoname": "autoincrement"},
        apart=True,
        after=("DELETE FROM {t}",),
        meaning=("INSERT INTO {t} (must) VALUES ('m')", "SELECT max(name) FROM {t}"),
    ),
    Feature(
        id="a key with ON CONFLICT",
        traps="R13",
        key="name VARCHAR(140) NOT NULL ON CONFLICT FAIL PRIMARY KEY ON CONFLICT REPLACE",
        apart=True,
        meaning=("INSERT INTO {t} (name, must, {c}) VALUES ('R1', 'm', 'again')", "SELECT name, {c} FROM {t}"),
    ),
)
