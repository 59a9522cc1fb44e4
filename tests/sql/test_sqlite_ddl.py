"""Edited table texts are created in SQLite itself; what nobody asked to change must stay word for word."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.sql.dialects.sqlite_ddl import (
    UNSET,
    alter_column_text,
    default_text,
    normalise,
    parse_create_table,
)
from sodaf_nb.sql.dialects.sqlite_tokens import tokens
from tests.sql.memory import memory

NASTY = """CREATE TABLE "my ""odd"" table" ( -- all, of (it
  id INTEGER PRIMARY KEY ASC ON CONFLICT FAIL AUTOINCREMENT, -- the key, (yes)
  "check" TEXT COLLATE NOCASE NOT NULL ON CONFLICT ABORT DEFAULT 'it''s, ok' CHECK ("check" <> 'a,(b'),
  [no type],
  `q``x` VARCHAR ( 140 ) CONSTRAINT nn NOT NULL CONSTRAINT "u (" UNIQUE ON CONFLICT IGNORE, /* c1 */ amount DECIMAL( 9 )
    DEFAULT -5 /* minus, five) */,
  "a" DEFAULT (1+1),
  made DATETIME DEFAULT CURRENT_TIMESTAMP, -- when
  parent INT REFERENCES other (id) ON DELETE SET NULL ON UPDATE SET DEFAULT MATCH FULL
     NOT DEFERRABLE INITIALLY IMMEDIATE DEFAULT 7 NOT NULL,
  twice INT GENERATED ALWAYS AS (amount * 2) STORED,
  thrice AS (amount * 3, (1)) CONSTRAINT dangling -- last column, no (type
  , CONSTRAINT "x" CHECK (amount > 0 OR "check" IN ('amount, (', "a")),
  UNIQUE (id, [no type] COLLATE BINARY DESC) ON CONFLICT REPLACE,
  FOREIGN KEY ("a") REFERENCES other (made) DEFERRABLE INITIALLY DEFERRED -- end )
) -- tail
""".replace("amount * 3, (1)", "(amount * 3)")
COLUMNS = ("id", "check", "no type", "q`x", "amount", "a", "made", "parent", "twice", "thrice")


def info(sql):
    """Create the table and return what SQLite says of it: column to (type, notnull, default, pk, hidden)."""
    db = memory()
    db.execute(sql)
    ((name, stored),) = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    rows = db.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall()
    assert parse_create_table(stored).columns == tuple(row[1] for row in rows)
    return {row[1]: row[2:] for row in rows}


def column(text):
    """Return what SQLite says of one column definition called `a`, next to another one."""
    return info(f"CREATE TABLE t (z, {text}\n)")["a"]


# --- tokens


@example("CREATE /* open")
@example("'open ''")
@example("x'00' 0x1F 1.5e-3 .5 a$b é ?1 \0 [x y] `a``b` -- c")
@given(st.text())
def test_tokens_lose_nothing(sql):
    assert "".join(token.text for token in tokens(sql)) == sql


def test_tokens_know_their_kinds():
    found = [
        (t.kind, t.text) for t in tokens("""a "b""c" `d` [e] 'f''g' x'00' 1.5e-3 -- h\n/* i */->>""") if t.text.strip()
    ]
    assert found == [
        ("word", "a"), ("quoted", '"b""c"'), ("quoted", "`d`"), ("quoted", "[e]"), ("string", "'f''g'"),
        ("blob", "x'00'"), ("number", "1.5e-3"), ("comment", "-- h"), ("comment", "/* i */"), ("punct", "->>"),
    ]  # fmt: skip


# --- parsing


def test_a_nasty_table_is_read_as_sqlite_reads_it():
    text = parse_create_table(NASTY)
    assert text.to_sql() == NASTY
    assert text.name == 'my "odd" table'
    assert text.columns == COLUMNS == tuple(info(NASTY))
    assert [part.kind for part in text.parts[10:]] == ["constraint"] * 3


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIRTUAL TABLE t USING fts5(a, b)",
        "CREATE TABLE t AS SELECT 1 AS a",
        "CREATE TABLE t(a INT",
        "CREATE TABLE t(a INT))",
        "CREATE TABLE t(a 'open)",
        "CREATE TABLE t(a /* open)",
        "CREATE TABLE t(a INT,)",
        "CREATE TABLE t()",
        "CREATE TABLE t(5 INT)",
        "CREATE INDEX i ON t(a)",
        "CREATE VIEW v(a) AS SELECT 1",
        "",
        "garbage",
    ],
)
def test_what_is_not_a_plain_table_is_refused(sql):
    with pytest.raises(UnsupportedChangeError):
        parse_create_table(sql)


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("create temp table if not exists main . t(a)", "t"),
        ("CREATE TABLE 't u'('a' INT, PRIMARY KEY('a')) WITHOUT ROWID , STRICT;", "t u"),
        ("CREATE TABLE[x y](a)", "x y"),
        ("CREATE TABLE IF NOT EXISTS `t`(a, CHECK (a) UNIQUE (a))", "t"),
        ("CREATE TABLE ünï\u00a0(a\u00a0 INT\u00a0)", "ünï\u00a0"),
    ],
)
def test_other_spellings_are_read(sql, name):
    text = parse_create_table(sql)
    assert (text.name, text.to_sql()) == (name, sql)
    assert text.columns in (("a",), ("a\u00a0",))


spaces = st.sampled_from([" ", "\n", "\t", " /* c, ( */ ", " -- d, )\n", "  -- e  \n  ", "/**/", "\r\n"])
names = st.sampled_from(["a", '"b ""c"', "[d,e]", "`f(`", "'g'", "é", '"check"'])
clauses = st.sampled_from(
    ["NOT NULL", "DEFAULT 'x, ('", "DEFAULT (1, 2)", "CHECK (a IN (1, ')'))", "COLLATE NOCASE",
     "UNIQUE ON CONFLICT FAIL",
     "REFERENCES o(x, y) ON DELETE SET NULL", "CONSTRAINT k NULL", "PRIMARY KEY DESC"]
)  # fmt: skip
types = st.sampled_from(["", "INT", "VARCHAR ( 3 )", "DECIMAL(2,1)", "DOUBLE PRECISION", '"my type"'])
constraints = st.sampled_from(["CHECK (a > (1))", "UNIQUE(a, b)", "CONSTRAINT x FOREIGN KEY (a) REFERENCES o(b)"])


@st.composite
def tables(draw):
    def join(pieces):
        return "".join(draw(spaces) + piece for piece in pieces) + draw(spaces)

    given_names = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    columns = [join([name, draw(types), *draw(st.lists(clauses, max_size=3))]) for name in given_names]
    rest = [join([draw(constraints)]) for _ in range(draw(st.integers(0, 2)))]
    return f"CREATE{draw(spaces)}TABLE{join([draw(names)])}({','.join([*columns, *rest])}){draw(spaces)}WITHOUT ROWID"


@settings(deadline=None)
@given(tables())
def test_a_table_that_is_only_read_keeps_its_text(sql):
    text = parse_create_table(sql)
    assert text.to_sql() == sql
    for name in text.columns:
        assert text.with_column_text(name, text.column_text(name)).to_sql() == sql
        assert alter_column_text(text.column_text(name)) == text.column_text(name)


@settings(deadline=None)
@given(tables())
def test_edits_leave_a_table_that_reads_the_same(sql):
    text = parse_create_table(sql)
    longer = text.with_column("fresh INT -- why", after=text.columns[0])
    again = parse_create_table(longer.to_sql())
    assert again.columns == (text.columns[0], "fresh", *text.columns[1:])
    assert normalise(again.without_column("FRESH").to_sql()) == normalise(sql)
    if len(text.columns) > 1:
        shorter = parse_create_table(text.without_column(text.columns[-1]).to_sql())
        assert len(shorter.parts) == len(text.parts) - 1


# --- table edits


def test_renaming_changes_one_name_only():
    text = parse_create_table("CREATE TABLE t(t INT, -- t\n u REFERENCES t(t), CHECK (t > 0))")
    new = text.renamed('n "x"')
    assert new.to_sql() == 'CREATE TABLE "n ""x"""(t INT, -- t\n u REFERENCES t(t), CHECK (t > 0))'
    assert new.name == 'n "x"'
    assert tuple(info(new.to_sql())) == ("t", "u")


def test_a_dropped_column_takes_its_own_comment_and_no_other():
    sql = "CREATE TABLE t ( -- head\n  a INT, -- of a\n  b INT, -- of b\n  c INT -- of c\n)"
    text = parse_create_table(sql)
    assert text.without_column("B").to_sql() == "CREATE TABLE t ( -- head\n  a INT, -- of a\n  c INT -- of c\n)"
    assert text.without_column("a").to_sql() == "CREATE TABLE t ( -- head\n  b INT, -- of b\n  c INT -- of c\n)"
    assert text.without_column("c").to_sql() == "CREATE TABLE t ( -- head\n  a INT, -- of a\n  b INT -- of b\n)"


@pytest.mark.parametrize("name", ["no type", "q`x", "made", "parent", "twice", "thrice"])
def test_each_column_nobody_needs_can_go(name):
    sql = NASTY.replace("UNIQUE (id, [no type]", "UNIQUE (id, id").replace("id, id COLLATE BINARY DESC", "id")
    before, after = info(sql), info(parse_create_table(sql).without_column(name).to_sql())
    assert after == {k: v for k, v in before.items() if k != name}


def test_the_only_or_an_unknown_column_cannot_go():
    text = parse_create_table("CREATE TABLE t(a, CHECK (1))")
    for name in ("a", "b", "", "CHECK"):
        with pytest.raises(UnsupportedChangeError):
            text.without_column(name)


@pytest.mark.parametrize(
    ("after", "place"), [(None, 10), ("", 0), ("ID", 1), ("amount", 5), ("thrice", 10), ("long gone", 10)]
)
def test_a_new_column_lands_where_it_was_asked_to(after, place):
    new = parse_create_table(NASTY).with_column("fresh TEXT DEFAULT 'a,b' -- why", after=after).to_sql()
    assert tuple(info(new)) == (*COLUMNS[:place], "fresh", *COLUMNS[place:])
    assert parse_create_table(new).without_column("fresh").to_sql() == NASTY or "-- why" in new


def test_a_new_column_takes_its_neighbours_indent():
    text = parse_create_table("CREATE TABLE t (\n  a INT, -- of a\n  b INT -- of b\n)")
    assert text.with_column("c", after="a").to_sql() == "CREATE TABLE t (\n  a INT, -- of a\n  c,\n  b INT -- of b\n)"
    assert text.with_column("c").to_sql() == "CREATE TABLE t (\n  a INT, -- of a\n  b INT, -- of b\n  c\n)"
    assert (
        parse_create_table("CREATE TABLE t(a, CHECK (a))").with_column("b").to_sql()
        == "CREATE TABLE t(a, b, CHECK (a))"
    )


@pytest.mark.parametrize("text", ["a INT, b INT", "a INT) --", "a /* open", "CHECK (1)", "", "a '", "a (", "a; b"])
def test_a_text_that_is_not_one_column_is_refused(text):
    table = parse_create_table("CREATE TABLE t(x INT)")
    with pytest.raises(UnsupportedChangeError):
        table.with_column(text)
    with pytest.raises(UnsupportedChangeError):
        table.with_column_text("x", text)


def test_a_replaced_column_keeps_the_comments_around_it():
    text = parse_create_table("CREATE TABLE t(a INT, -- of a\n b INT)").with_column_text("A", "a TEXT -- new")
    assert text.to_sql() == "CREATE TABLE t(a TEXT -- new\n, -- of a\n b INT)"
    assert info(text.to_sql())["a"][0] == "TEXT"


def test_mentions_are_the_texts_that_name_the_column():
    text = parse_create_table(NASTY)
    check = """CONSTRAINT "x" CHECK (amount > 0 OR "check" IN ('amount, (', "a"))"""
    generated = ("twice GENERATED ALWAYS AS (amount * 2) STORED", "thrice AS ((amount * 3))")
    assert text.mentions("Amount") == (*generated, check)
    assert text.mentions("check") == (check,)
    assert [m[:11] for m in text.mentions("a")] == [check[:11], "FOREIGN KEY"]
    assert text.mentions("made") == text.mentions("x") == text.mentions("parent") == ()
    assert text.mentions("NO TYPE") == ("UNIQUE (id, [no type] COLLATE BINARY DESC) ON CONFLICT REPLACE",)


def test_mentions_see_references_to_the_table_itself_and_names_in_quotes():
    text = parse_create_table(
        "CREATE TABLE t(a, b REFERENCES [T](a), PRIMARY KEY('a') CHECK (length(b) > 'a' AND a(b)))"
    )
    assert text.mentions("A") == ("b REFERENCES [T](a)", "PRIMARY KEY('a') CHECK (length(b) > 'a' AND a(b))")
    assert text.mentions("length") == ()


def test_a_letter_that_only_python_takes_for_ascii_makes_no_keyword():
    text = parse_create_table("CREATE TABLE t(un\u0131que INT, \u017fet INT, CHECK (un\u0131que))")
    assert text.columns == ("un\u0131que", "\u017fet") == tuple(info(text.to_sql()))
    assert normalise("un\u0131que") != normalise("UNIQUE")


# --- column edits


@pytest.mark.parametrize(
    ("text", "type_text", "wanted"),
    [
        ("a", "INT", "a INT"),
        ("a INT", "", "a"),
        ("[a]", "TEXT", "[a] TEXT"),
        ('"a"INT', "TEXT", '"a" TEXT'),
        ("a VARCHAR ( 140 )CHECK (a)", "TEXT", "a TEXT CHECK (a)"),
        ("a DECIMAL(21, 9) /* money */ NOT NULL", "DECIMAL(3,2)", "a DECIMAL(3,2) /* money */ NOT NULL"),
        ("a UNSIGNED BIG INT DEFAULT 1", "REAL", "a REAL DEFAULT 1"),
        ("a DEFAULT (1+1)", "REAL", "a REAL DEFAULT (1+1)"),
        ("a -- why\n INT", "TEXT", "a -- why\n TEXT"),
        ("a -- why\n INT CHECK (1)", "", "a -- why\n  CHECK (1)"),
        ("a GENERATED ALWAYS AS (z)", "INT", "a INT GENERATED ALWAYS AS (z)"),
        ("a GENERATED", "INT", "a INT"),
        ("a CONSTRAINT k", "INT", "a INT CONSTRAINT k"),
    ],
)
def test_the_type_alone_is_replaced(text, type_text, wanted):
    assert alter_column_text(text, type_text=type_text) == wanted
    assert column(wanted)[0] == type_text
    assert column(wanted)[1:] == column(text)[1:]


@pytest.mark.parametrize(
    ("required", "optional"),
    [
        ("a INT NOT NULL", "a INT"),
        ("a NOT NULL", "a"),
        ("a INT NOT NULL DEFAULT 1 -- n", "a INT DEFAULT 1 -- n"),
        ("a VARCHAR(3) NOT NULL CHECK (a NOT NULL)", "a VARCHAR(3) CHECK (a NOT NULL)"),
        (
            "a INT NOT NULL REFERENCES o ON DELETE SET NULL NOT DEFERRABLE",
            "a INT REFERENCES o ON DELETE SET NULL NOT DEFERRABLE",
        ),
        ("a INT NOT NULL CONSTRAINT d", "a INT CONSTRAINT d"),
    ],
)
def test_not_null_comes_and_goes(required, optional):
    assert alter_column_text(optional, nullable=False) == required
    assert alter_column_text(required, nullable=True) == optional
    assert alter_column_text(required, nullable=False) == required
    assert alter_column_text(optional, nullable=True) == optional
    assert (column(required)[1], column(optional)[1]) == (1, 0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a INT CONSTRAINT x NOT NULL ON CONFLICT IGNORE UNIQUE", "a INT UNIQUE"),
        ("a INT NOT /* really */ NULL NOT NULL", "a INT"),
        ("a INT NULL", "a INT"),
        ("a INT -- why\n NOT NULL", "a INT -- why\n "),
        ("a INT DEFAULT'x'NOT NULL/* c */UNIQUE", "a INT DEFAULT'x' /* c */UNIQUE"),
        ("a INT CONSTRAINT d CONSTRAINT e NOT NULL CHECK (1)", "a INT CONSTRAINT d CHECK (1)"),
    ],
)
def test_not_null_goes_with_all_that_belongs_to_it(text, wanted):
    assert alter_column_text(text, nullable=True) == wanted
    assert column(wanted)[1] == 0


def test_an_explicit_null_gives_way():
    assert alter_column_text("a INT NULL UNIQUE", nullable=False) == "a INT NOT NULL UNIQUE"


DEFAULTS = [
    ("a DEFAULT (1+1)", "(1+1)"),
    ("a DEFAULT(')' || '(')", "(')' || '(')"),
    ("a DEFAULT -5", "-5"),
    ("a DEFAULT + 5.5 NOT NULL", "+ 5.5"),
    ("a TEXT DEFAULT 'it''s, ok' UNIQUE", "'it''s, ok'"),
    ("a DEFAULT CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
    ("a CONSTRAINT d DEFAULT x'00ff' CHECK (a)", "x'00ff'"),
    ('a DEFAULT "Word"', '"Word"'),
    ("a DEFAULT NULL", "NULL"),
    ("a DEFAULT 1 DEFAULT 2", "2"),
]


@pytest.mark.parametrize(("text", "value"), DEFAULTS)
def test_a_default_is_read_replaced_and_removed(text, value):
    assert default_text(text) == value
    changed = alter_column_text(text, default="'new'")
    assert default_text(changed) == column(changed)[2] == "'new'"
    assert alter_column_text(changed, default=value).replace(" ", "") == text.replace(" ", "")
    gone = alter_column_text(text, default=None)
    assert default_text(gone) is None
    assert column(gone)[2] is None
    assert (column(gone)[:2], column(gone)[3:]) == (column(text)[:2], column(text)[3:])
    assert alter_column_text(text, default=UNSET) == text


@pytest.mark.parametrize(
    ("text", "value", "wanted"),
    [
        ("a", "1", "a DEFAULT 1"),
        ("a INT", "-1.5", "a INT DEFAULT -1.5"),
        ("a INT NOT NULL UNIQUE", "0", "a INT NOT NULL DEFAULT 0 UNIQUE"),
        ("a INT REFERENCES o ON DELETE SET DEFAULT", "0", "a INT DEFAULT 0 REFERENCES o ON DELETE SET DEFAULT"),
        ("a INT -- c", " 1 + 1 -- d", "a INT DEFAULT (1 + 1) -- c"),
        ("a", "datetime('now')", "a DEFAULT (datetime('now'))"),
        ("a DEFAULT(1)UNIQUE", "2", "a DEFAULT 2 UNIQUE"),
    ],
)
def test_a_default_is_added_with_the_parentheses_it_needs(text, value, wanted):
    assert alter_column_text(text, default=value) == wanted
    assert column(wanted)[2] is not None


@pytest.mark.parametrize("value", ["", "(", "'open", "1)"])
def test_a_default_that_cannot_be_read_is_refused(value):
    with pytest.raises(UnsupportedChangeError):
        alter_column_text("a", default=value)


@pytest.mark.parametrize(
    ("plain", "counting"),
    [
        ("a INTEGER PRIMARY KEY", "a INTEGER PRIMARY KEY AUTOINCREMENT"),
        ("a INTEGER PRIMARY KEY CHECK (a)", "a INTEGER PRIMARY KEY AUTOINCREMENT CHECK (a)"),
        (
            "a INTEGER CONSTRAINT p PRIMARY KEY ASC ON CONFLICT FAIL -- c",
            "a INTEGER CONSTRAINT p PRIMARY KEY ASC ON CONFLICT FAIL AUTOINCREMENT -- c",
        ),
    ],
)
def test_autoincrement_comes_and_goes(plain, counting):
    assert alter_column_text(plain, autoincrement=True) == counting
    assert alter_column_text(counting, autoincrement=True) == counting
    assert alter_column_text(counting, autoincrement=False) == plain
    assert alter_column_text(plain, autoincrement=False) == plain
    assert column(counting)[3] == column(plain)[3] == 1


def test_autoincrement_without_a_key_is_refused_or_nothing():
    assert alter_column_text("a INT", autoincrement=False) == "a INT"
    with pytest.raises(UnsupportedChangeError, match="PRIMARY KEY"):
        alter_column_text("a INT", autoincrement=True)


def test_all_properties_change_at_once_and_the_rest_stays():
    text = "[b] /* n */ INT COLLATE nocase CHECK (1 NOT NULL) -- end"
    new = alter_column_text(text, name="a", type_text="VARCHAR(9)", nullable=False, default="'x'")
    assert new == """"a" /* n */ VARCHAR(9) NOT NULL DEFAULT 'x' COLLATE nocase CHECK (1 NOT NULL) -- end"""
    assert column(new) == ("VARCHAR(9)", 1, "'x'", 0, 0)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_of_the_nasty_table_can_be_edited_in_place(name):
    text = parse_create_table(NASTY)
    old = text.column_text(name)
    new = alter_column_text(old, nullable=False, default=None)
    before, after = info(NASTY), info(text.with_column_text(name, new).to_sql())
    assert (after[name][1], after[name][2]) == (1, None)
    assert {k: v for k, v in after.items() if k != name} == {k: v for k, v in before.items() if k != name}


@pytest.mark.parametrize(
    "text", ["a INT BOGUS (", "a INT (1) junk", "a CHECK 1", "a NOT", "a INT PRIMARY", "a COLLATE"]
)
def test_a_definition_that_cannot_be_read_is_refused(text):
    with pytest.raises(UnsupportedChangeError):
        alter_column_text(text, nullable=False)


# --- comparison


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CREATE TABLE t(a INT)", 'create table "t" ( "a"  INT );'),
        ("CREATE TABLE t(a INT -- c\n)", "CREATE TABLE [T](`A`int/* d */)"),
        ("a DEFAULT 1E3", "a default 1e3"),
        ("x'AB'", "X'ab'"),
        ('a DEFAULT "Word"', "a DEFAULT 'Word'"),
        ("a ON DELETE SET DEFAULT DEFERRABLE", "A on delete set default deferrable"),
    ],
)
def test_texts_of_one_meaning_compare_equal(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a DEFAULT 'x'", "a DEFAULT 'X'"),
        ('a DEFAULT "x"', 'a DEFAULT "X"'),
        ("a DEFAULT x", "a DEFAULT X"),
        ("CHECK (a IN ('b, c'))", "CHECK (a IN ('b,c'))"),
        ("a INT", "a TEXT"),
        ("tabÉ", "tabé"),
        ('"a b"', "a b"),
    ],
)
def test_texts_of_different_meaning_do_not(one, other):
    assert normalise(one) != normalise(other)
