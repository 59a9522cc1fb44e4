"""The sample library: what it declares, what it holds, and that both versions apply and go back."""

from collections import Counter

import pytest

from sodaf_nb.applier import MigrationApplier
from sodaf_nb.database import Database
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.errors import BlockedMigrationError, UsageError
from sodaf_nb.options import ApplyOptions, SyncOptions
from sodaf_nb.sample import rows, seed, write_sample

NAMES = ("Author", "Book", "Book Copy", "Branch", "Genre", "Library Settings", "Loan", "Member")


@pytest.fixture
def paths(tmp_path):
    return write_sample(tmp_path / "library")


@pytest.fixture
def doctypes(paths):
    engine = DocTypeEngine()
    engine.load(paths.v1)
    return engine


@pytest.fixture
def database(tmp_path):
    db = Database(f"sqlite:///{tmp_path}/library.db")
    yield db
    db.close()


@pytest.fixture
def applier(database, doctypes, tmp_path):
    return MigrationApplier(database, doctypes, ApplyOptions(backup_dir=tmp_path / "backups"))


@pytest.fixture
def filled(applier, database):
    """The first version, applied and filled."""
    assert not applier.sync_all_doctypes(SyncOptions()).failed
    seed(database)
    return applier


def table(database, name):
    with database.read() as session:
        columns = [row[1] for row in session.rows(f'PRAGMA table_info("{name}")')]
        return columns, sorted(session.rows(f'SELECT * FROM "{name}"'), key=repr)


def column(doctype, name):
    data = next(d for d in rows() if d["doctype"] == doctype)
    return [row[data["columns"].index(name)] for row in data["rows"]]


def test_both_versions_declare_the_same_linked_doctypes(paths):
    for folder in (paths.v1, paths.v2):
        engine = DocTypeEngine()
        engine.load(folder)
        assert engine.names() == NAMES
        kinds = {d.name: (d.is_table, d.is_single, d.is_tree) for d in engine}
        assert kinds["Book Copy"] == (True, False, False)
        assert kinds["Library Settings"] == (False, True, False)
        assert kinds["Genre"] == (False, False, True)
        targets = {f.options for d in engine for f in d.fields if f.fieldtype in ("Link", "Table")}
        assert targets <= set(NAMES)


def test_writing_again_changes_nothing_and_an_edited_file_is_kept(paths):
    assert write_sample(paths.directory) == paths
    book = paths.v1 / "book.json"
    book.write_text("mine")
    with pytest.raises(UsageError, match=r"v1/book\.json was edited"):
        write_sample(paths.directory)
    assert book.read_text() == "mine"


def test_the_rows_hold_the_dirt_of_real_life():
    pages, isbn = column("Book", "pages"), column("Book", "isbn")
    assert {"007", "", None, "640 p.", " 352 ", "1,024"} <= set(pages)
    assert {None, ""} <= set(isbn)
    assert sorted(n for value, n in Counter(isbn).items() if value)[-2:] == [2, 2]
    assert set(column("Book", "author")) - set(column("Author", "name")) == {"AUTH-099", None}
    assert set(column("Loan", "book")) - set(column("Book", "name")) == {"BOOK-0912"}
    assert any(len(code or "") > 8 for code in column("Member", "postcode"))
    assert any(not title.isascii() for title in column("Book", "title"))
    assert None in column("Member", "email")


def test_seeding_fills_every_table_and_says_how_much(filled, database):
    counts = {d["doctype"]: len(d["rows"]) for d in rows()}
    assert counts == {"Author": 20, "Book": 40, "Book Copy": 50, "Branch": 3, "Genre": 9, "Loan": 60, "Member": 25}
    assert {name: len(table(database, f"tab{name}")[1]) for name in counts} == counts


def test_seeding_twice_or_too_early_writes_nothing(applier, database):
    with pytest.raises(UsageError, match="There is no table tabAuthor yet"):
        seed(database)
    applier.sync_all_doctypes(SyncOptions())
    seed(database)
    before = table(database, "tabLoan")
    with pytest.raises(UsageError, match="tabAuthor has rows already"):
        seed(database)
    assert table(database, "tabLoan") == before


def test_the_tree_is_a_sound_nested_set(filled, database):
    with database.read() as session:
        tree = session.rows('SELECT name, parent_genre, lft, rgt FROM "tabGenre"')
    ends = {name: (lft, rgt) for name, _, lft, rgt in tree}
    assert sorted(end for pair in ends.values() for end in pair) == list(range(1, 2 * len(tree) + 1))
    for name, parent, _, _ in tree:
        assert parent is None or ends[parent][0] < ends[name][0] < ends[name][1] < ends[parent][1]


# What the second version of each DocType asks of the user before it can be applied.
ANSWERS = {
    "Author": SyncOptions(),
    "Book": SyncOptions(accept={"DS03", "DS08", "DS07"}, removed_fields="drop"),
    "Book Copy": SyncOptions(),
    "Loan": SyncOptions(),
    "Member": SyncOptions(accept={"DS07"}, backfill={"email": "unknown@library.example"}),
}


def clean(database):
    """Mend by hand what no migration may decide: which of two books has a wrong ISBN."""
    with database.write() as session:
        session.execute("UPDATE \"tabBook\" SET isbn = NULL WHERE isbn = '' OR name IN ('BOOK-0024', 'BOOK-0031')")


@pytest.mark.parametrize("doctype", ["Book", "Member"])
def test_the_second_version_asks_before_it_touches_dirty_rows(filled, doctypes, paths, database, doctype):
    doctypes.load(paths.v2)
    before = table(database, f"tab{doctype}")
    with pytest.raises(BlockedMigrationError):
        filled.sync_doctype(doctype, SyncOptions())
    assert table(database, f"tab{doctype}") == before


@pytest.mark.parametrize("doctype", ANSWERS)
def test_the_second_version_applies_and_goes_back_to_the_same_rows(filled, doctypes, paths, database, doctype):
    clean(database)
    before = table(database, f"tab{doctype}")
    doctypes.load(paths.v2)
    result = filled.sync_doctype(doctype, ANSWERS[doctype])
    assert result.outcome == "applied"
    assert not filled.diff(doctype, ANSWERS[doctype]).has_changes
    filled.rollback_migration(result.migration_id)
    assert table(database, f"tab{doctype}") == before


@pytest.mark.parametrize("doctype", ["Branch", "Genre"])
def test_some_doctypes_stay_as_they_are(filled, doctypes, paths, doctype):
    doctypes.load(paths.v2)
    assert filled.sync_doctype(doctype, SyncOptions()).outcome == "nothing_to_do"
