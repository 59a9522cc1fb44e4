"""What lies in the rows and in the file: values, rowids, statistics, numbers in the header."""

from tests.torture.model import Feature

RAW = (
    "UPDATE {t} SET raw = 'a' || char(0) || 'b' WHERE qty = '7'",
    "UPDATE {t} SET raw = CAST(x'ff41c328' AS TEXT), num = -9.5e300 WHERE qty = '-12'",
    "UPDATE {t} SET raw = x'00ff00', num = 9223372036854775807 WHERE qty IS NULL",
)

FEATURES = (
    Feature(
        id="every storage class in one column",
        traps="R21 R22 R23",
        columns=("raw", "num NUMERIC"),
        after=RAW,
        meaning=("SELECT typeof(raw), hex(raw), typeof(num), num FROM {t}",),
    ),
    Feature(
        id="numbers at the edge",
        traps="R17 R18 R24 A12",
        columns=("edge", "real_edge REAL"),
        after=(
            "UPDATE {t} SET edge = -0.0, real_edge = 9e999 WHERE qty = '7'",
            "UPDATE {t} SET edge = -9e999, real_edge = 0.1 + 0.2 WHERE qty = '-12'",
            "UPDATE {t} SET edge = 9007199254740993, real_edge = 5e-324 WHERE qty IS NULL",
        ),
        meaning=("SELECT typeof(edge), edge, real_edge, 1 / edge FROM {t}",),
    ),
    Feature(
        id="texts that look like numbers and numbers among texts",
        traps="A12 R15 R19",
        values=("007", "1e3", "9007199254740993.0", "12 ", "abc", "", "0x1F", "+5", "9223372036854775808", b"\x00\xff"),
        meaning=("SELECT typeof({c}), {c} FROM {t}",),
    ),
    Feature(
        id="texts with NUL, blobs and bytes that are no text",
        traps="R22 R23",
        values=("a\0b", b"7", "\ufeff", "e\u0301", "\U0010ffff"),
        only=True,
        after=("UPDATE {t} SET {c} = CAST(x'fffe00' AS TEXT) WHERE {c} = x'37'",),
        apart=True,
        meaning=("SELECT typeof({c}), hex({c}) FROM {t}",),
    ),
    Feature(
        id="rowids with gaps",
        traps="R11 A17",
        after=("UPDATE {t} SET rowid = 1000 - 7 * rowid",),
        meaning=("SELECT rowid, name FROM {t} ORDER BY rowid",),
    ),
    Feature(
        id="a column that is called rowid",
        traps="R11 A17",
        columns=("rowid TEXT", "_rowid_ INT"),
        after=("UPDATE {t} SET oid = oid * 10", "UPDATE {t} SET rowid = 'mine', _rowid_ = 3"),
        apart=True,
        meaning=("SELECT oid, rowid, _rowid_, name FROM {t} ORDER BY oid",),
    ),
    Feature(
        id="equal rows of a table without a key",
        traps="R11 R30",
        before=(
            "CREATE TABLE twins (a, b TEXT COLLATE RTRIM)",
            "INSERT INTO twins VALUES (1, 'x'), (1, 'x'), (2, NULL), (NULL, NULL), (NULL, NULL)",
            "DELETE FROM twins WHERE rowid = 2",
        ),
        meaning=("SELECT rowid, * FROM twins",),
    ),
    Feature(
        id="strict, keyless and numbered tables beside it",
        traps="R10 R14 A16",
        before=(
            "CREATE TABLE aside_strict (a INT PRIMARY KEY, b ANY) STRICT, WITHOUT ROWID",
            "INSERT INTO aside_strict VALUES (1, x'00'), (2, 'two')",
            "CREATE TABLE aside_count (id INTEGER PRIMARY KEY AUTOINCREMENT, x)",
            "INSERT INTO aside_count VALUES (70, 1)",
            "DELETE FROM aside_count",
        ),
        meaning=(
            "INSERT INTO aside_count (x) VALUES (2)",
            "SELECT id FROM aside_count",
            "INSERT INTO aside_strict VALUES ('no', 1)",
        ),
    ),
    Feature(
        id="statistics of ANALYZE",
        traps="A1",
        after=("CREATE INDEX i_stat ON {t} ({c})", "ANALYZE"),
        meaning=("SELECT * FROM sqlite_stat1 WHERE tbl = '{T}' ORDER BY idx",),
        refused={"drop": ("i_stat",)},
        apart=True,
    ),
    Feature(
        id="numbers in the file's header",
        traps="A1",
        before=("PRAGMA user_version=7", "PRAGMA application_id=1234567"),
        meaning=("PRAGMA user_version", "PRAGMA application_id"),
    ),
    Feature(
        id="text in UTF-16",
        traps="A19",
        before=("PRAGMA encoding='UTF-16le'",),
        values=("e\u0301\u4e2d", "\U0001f600"),
        apart=True,
        meaning=("PRAGMA encoding", "SELECT {c}, hex({c}) FROM {t}"),
    ),
    Feature(
        id="a page size and auto_vacuum of its own",
        traps="A1",
        before=("PRAGMA page_size=1024", "PRAGMA auto_vacuum=INCREMENTAL"),
        apart=True,
        meaning=("PRAGMA page_size", "PRAGMA auto_vacuum"),
    ),
)
