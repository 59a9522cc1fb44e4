"""Objects beside the table: triggers, views, indexes, full-text tables."""

from tests.torture.model import Feature

NEW_ROW = "INSERT INTO {t} (name, must, {c}) VALUES ('R9', 'm', 'delta')"
TOUCH = "UPDATE {t} SET {c} = 'touched' WHERE idx = 0"

FEATURES = (
    Feature(
        id="triggers after each event",
        traps="R1 A8",
        before=("CREATE TABLE heard_all (what TEXT, value)",),
        after=(
            "CREATE TRIGGER t_ins AFTER INSERT ON {t} BEGIN INSERT INTO heard_all VALUES ('ins', new.{c}); END",
            "CREATE TRIGGER t_upd AFTER UPDATE ON {t} BEGIN INSERT INTO heard_all VALUES ('upd', old.{c}); END",
            "CREATE TRIGGER t_del AFTER DELETE ON {t} BEGIN INSERT INTO heard_all VALUES ('del', old.{c}); END",
        ),
        meaning=(NEW_ROW, TOUCH, "DELETE FROM {t}", "SELECT * FROM heard_all"),
        refused={"drop": ("trigger t_ins", "trigger t_upd", "trigger t_del")},
    ),
    Feature(
        id="a trigger before an update of one column, with WHEN and CASE",
        traps="R1",
        before=("CREATE TABLE heard_of (what TEXT, value)",),
        after=(
            (
                "CREATE TRIGGER t_of BEFORE UPDATE OF {c}, idx ON {t} FOR EACH ROW WHEN old.{c} IS NOT new.{c} "
                "BEGIN INSERT INTO heard_of VALUES (CASE WHEN new.{c} = 'touched' THEN 'yes' ELSE 'no' END, 1); END"
            ),
        ),
        meaning=(TOUCH, "UPDATE {t} SET owner = 'o'", "SELECT * FROM heard_of"),
        refused={"drop": ("trigger t_of",)},
    ),
    Feature(
        id="a trigger that names a column in UPDATE OF only",
        traps="R1 A15",
        before=("CREATE TABLE heard_only (what TEXT, value)",),
        after=(
            "CREATE TRIGGER t_only_of AFTER UPDATE OF {c} ON {t} BEGIN INSERT INTO heard_only VALUES ('x', 1); END",
        ),
        meaning=(TOUCH, "UPDATE {t} SET owner = 'o'", "SELECT * FROM heard_only"),
        refused={"drop": ("trigger t_only_of",)},
    ),
    Feature(
        id="a trigger of another table that writes to it",
        traps="R4 A8",
        before=("CREATE TABLE bell (x)",),
        after=("CREATE TRIGGER t_other AFTER INSERT ON bell BEGIN UPDATE {t} SET {c} = 'rung' WHERE idx = 0; END",),
        meaning=("INSERT INTO bell VALUES (1)", "SELECT {c} FROM {t}"),
        refused={"drop": ("trigger t_other",)},
    ),
    Feature(
        id="a trigger with a query in double quotes",
        traps="R1 T10 A20",
        before=("CREATE TABLE heard_dq (what TEXT, value)",),
        after=('CREATE TRIGGER t_dq AFTER INSERT ON {t} BEGIN INSERT INTO heard_dq SELECT "{c}", 1 FROM {t}; END',),
        meaning=(NEW_ROW, "SELECT * FROM heard_dq"),
        refused={"drop": ("trigger t_dq",)},
    ),
    Feature(
        id="views and views on views",
        traps="R3 A6 A9",
        after=(
            "CREATE VIEW v_one AS SELECT name, {c} FROM {t}",
            "CREATE VIEW v_two (n, text) AS WITH x AS (SELECT * FROM v_one) SELECT count(*), max({c}) FROM x",
            "CREATE VIEW a_three AS SELECT n FROM v_two JOIN {t} AS big ON big.{c} = text",
        ),
        meaning=("SELECT * FROM v_one", "SELECT * FROM v_two", "SELECT * FROM a_three"),
        # A view on a view knows the column by the name that it had, which SQLite does not follow.
        refused={"drop": ("view v_one", "view v_two", "view a_three"), "rename": ("view v_two",)},
    ),
    Feature(
        id="a view with a column in double quotes",
        traps="R3 T10 A20",
        after=('CREATE VIEW v_dq AS SELECT "{c}" AS shown FROM {t}',),
        meaning=("SELECT * FROM v_dq",),
        refused={"drop": ("view v_dq",)},
    ),
    Feature(
        id="INSTEAD OF triggers on a view",
        traps="R1 R3 A9",
        after=(
            "CREATE VIEW v_io AS SELECT name, {c} AS text FROM {t}",
            (
                "CREATE TRIGGER t_io INSTEAD OF UPDATE OF text ON v_io "
                "BEGIN UPDATE {t} SET {c} = new.text WHERE name = old.name; END"
            ),
            "CREATE TRIGGER t_io_del INSTEAD OF DELETE ON v_io BEGIN DELETE FROM {t} WHERE {c} = old.text; END",
        ),
        meaning=(
            "UPDATE v_io SET text = 'via view'",
            "SELECT {c} FROM {t}",
            "DELETE FROM v_io",
            "SELECT name FROM {t}",
        ),
        refused={"drop": ("view v_io", "trigger t_io", "trigger t_io_del")},
    ),
    Feature(
        id="a plain index",
        traps="R2",
        after=("CREATE INDEX i_plain ON {t} ({c}, idx)",),
        meaning=("SELECT sql IS NOT NULL FROM sqlite_master WHERE name = 'i_plain'",),
        refused={"drop": ("i_plain",)},
    ),
    Feature(
        id="a partial index",
        traps="R2 A15",
        after=("CREATE INDEX i_part ON {t} (idx) WHERE {c} <> '' AND docstatus = 0",),
        meaning=("SELECT count(*) FROM {t} INDEXED BY i_part WHERE {c} <> '' AND docstatus = 0",),
        refused={"drop": ("i_part",)},
    ),
    Feature(
        id="an expression index",
        traps="R2",
        after=("CREATE INDEX i_expr ON {t} (lower({c}) DESC, idx + 1)",),
        meaning=("SELECT count(*) FROM {t} INDEXED BY i_expr WHERE lower({c}) = 'beta'",),
        refused={"drop": ("i_expr",)},
    ),
    Feature(
        id="an expression index in double quotes",
        traps="R2 T10",
        after=("CREATE INDEX i_dq ON {t} (idx) WHERE \"{c}\" <> 'x'",),
        meaning=("SELECT count(*) FROM {t} INDEXED BY i_dq WHERE {c} <> 'x'",),
        refused={"drop": ("i_dq",)},
    ),
    Feature(
        id="a descending collated index with a comment",
        traps="R2 A19",
        after=("CREATE INDEX i_desc ON {t} ({c} COLLATE NOCASE DESC /* newest first */, owner COLLATE RTRIM)",),
        meaning=(
            "SELECT sql LIKE '%DESC /* newest first */%' FROM sqlite_master WHERE name = 'i_desc'",
            "SELECT name, \"desc\", coll FROM pragma_index_xinfo('i_desc') WHERE key",
        ),
        refused={"drop": ("i_desc",)},
    ),
    Feature(
        id="a unique index made by hand",
        traps="R2 R20",
        after=("CREATE UNIQUE INDEX i_uniq ON {t} ({c} COLLATE NOCASE)",),
        meaning=("UPDATE {t} SET {c} = 'same'", "SELECT {c} FROM {t}"),
        refused={"drop": ("i_uniq",)},
    ),
    Feature(
        id="FTS5 with external content and its triggers",
        traps="A27 R11",
        before=("CREATE VIRTUAL TABLE fts USING fts5({c}, content='{T}', content_rowid='rowid')",),
        after=(
            "INSERT INTO fts (fts) VALUES ('rebuild')",
            (
                "CREATE TRIGGER t_fts_i AFTER INSERT ON {t} "
                "BEGIN INSERT INTO fts (rowid, {c}) VALUES (new.rowid, new.{c}); END"
            ),
            (
                "CREATE TRIGGER t_fts_d AFTER DELETE ON {t} "
                "BEGIN INSERT INTO fts (fts, rowid, {c}) VALUES ('delete', old.rowid, old.{c}); END"
            ),
        ),
        meaning=(
            NEW_ROW,
            "SELECT rowid, {c} FROM fts('delta OR beta')",
            "INSERT INTO fts (fts, rank) VALUES ('integrity-check', 1)",
        ),
        refused=dict.fromkeys(("drop", "rename", "rename table", "everything"), ("fts",)),
    ),
    Feature(
        id="an FTS5 table and tables whose names begin with its name",
        traps="A27",
        before=(
            "CREATE VIRTUAL TABLE docs USING fts5(body)",
            "INSERT INTO docs VALUES ('some words')",
            "CREATE TABLE docs_archive (x TEXT UNIQUE)",
            "CREATE TRIGGER t_docs AFTER INSERT ON docs_archive BEGIN INSERT INTO docs VALUES (new.x); END",
            "CREATE INDEX i_docs ON docs_archive (lower(x))",
        ),
        meaning=("INSERT INTO docs_archive VALUES ('more')", "SELECT * FROM docs('some OR more')"),
    ),
    Feature(
        id="names with quotes, brackets, keywords and semicolons",
        traps="A20",
        before=('CREATE TABLE "au""dit; --" ("a b" TEXT)',),
        columns=('"Größe (cm)" REAL DEFAULT 1.5', '"semi;colon" TEXT', "[order] INT", '"quo""te" TEXT'),
        after=(
            (
                'CREATE TRIGGER "we""ird; END" AFTER UPDATE ON {t} '
                'BEGIN INSERT INTO "au""dit; --" VALUES (new."quo""te"); END'
            ),
            'CREATE VIEW "select" AS SELECT "Größe (cm)", [order], {c} FROM {t}',
            'CREATE INDEX [br acket] ON {t} ("semi;colon", `quo"te`)',
            'UPDATE {t} SET [order] = 5, "Größe (cm)" = 170.5, "semi;colon" = \'a;b\', "quo""te" = name',
        ),
        meaning=('SELECT * FROM "select"', TOUCH, 'SELECT * FROM "au""dit; --"'),
    ),
)
