"""Whatever the schema and the rows: the rehearsal says what the apply and its rollback then really do."""

import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sodaf_nb.errors import SodafError
from sodaf_nb.options import RollbackOptions, SyncOptions
from sodaf_nb.rehearsal import shown
from tests.acceptance.fixtures import MEMORY
from tests.acceptance.making import World, doctype, field

NAMES = ("a", "b", "c", "d")
TYPES = ("Data", "Int", "Float", "Check", "Date", "Text", "Currency", "Small Text")
cells = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=4),
    st.sampled_from(["", "0", "7", "007", "1.5", "2024-02-29", "x", "Ž\n", "1e3"]),
)
fields = st.fixed_dictionaries(
    {}, optional={name: st.tuples(st.sampled_from(TYPES), st.booleans(), st.booleans()) for name in NAMES}
)
keys = st.dictionaries(st.sampled_from([*"klmnop", "1", "22", "K"]), st.tuples(*[cells] * len(NAMES)), max_size=6)


@contextmanager
def in_memory():
    """A folder where nothing waits for a disk; a rehearsal's copies lie there, too."""
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder, pytest.MonkeyPatch.context() as patch:
        (scratch := Path(folder) / "scratch").mkdir()
        patch.setattr(tempfile, "tempdir", str(scratch))
        yield Path(folder)
        assert [*scratch.iterdir()] == []


def declared(chosen, key="hash"):
    made = [
        field(
            name,
            kind,
            **({"default": "1"} if default and kind in {"Int", "Data"} else {}),
            unique=int(unique and "Text" not in kind),
        )
        for name, (kind, default, unique) in chosen.items()
    ]
    return doctype(*made, autoname=key)


@settings(max_examples=40, deadline=None)
@given(
    before=fields,
    after=fields,
    rows=keys,
    key=st.sampled_from(["hash", "hash", "autoincrement"]),
    renamed=st.booleans(),
    sample=st.booleans(),
)
def test_a_rehearsal_foresees_the_apply_and_the_rollback(before, after, rows, key, renamed, sample):
    with in_memory() as folder:
        world = World(folder)
        world.sync(declared({name: (kind, False, False) for name, (kind, _default, _unique) in before.items()}))
        insert(world, before, rows)
        world.declare(declared(after, key))
        gone, new = [n for n in before if n not in after], [n for n in after if n not in before]
        renames = {gone[0]: new[0]} if renamed and gone and new else {}
        options = SyncOptions(
            accept="all", removed_fields="drop", field_renames=renames, rehearsal="sample" if sample else "full"
        )
        compare(world, options, renames)
        world.close()


def insert(world, chosen, rows):
    with closing(sqlite3.connect(world.file)) as db:
        for key, values in rows.items():
            given = {"name": key} | {name: value for name, value in zip(NAMES, values, strict=True) if name in chosen}
            marks = ", ".join("?" * len(given))
            db.execute(f"INSERT INTO tabThing ({', '.join(given)}) VALUES ({marks})", tuple(given.values()))
        db.commit()


def compare(world, options, renames):
    try:
        dry = world.applier.dry_run("Thing", options)
    except SodafError:
        return  # refused before anything ran; an apply is refused by the same code
    if dry.rehearsal is None:
        return
    state, rows = world.state(), content(world)
    try:
        result = world.applier.sync_doctype("Thing", options)
    except SodafError:
        assert not dry.success, "the rehearsal foresaw no failure"
        assert world.state() == state
        return
    assert dry.rehearsal.ran_up, dry.rehearsal
    assert dry.rehearsal.script == result.metadata["script"]
    if not any(c.column == "name" for c in dry.changes):
        assert counted(dry.changes) == really(rows, content(world), renames)
        require_preview(dry.preview_rows, rows, content(world))
    world.applier.rollback_migration(result.migration_id, RollbackOptions(accept="all"))
    assert dry.success
    assert (dry.rehearsal.rows_equal, dry.rehearsal.objects_equal) == (True, True)
    assert world.state() == state


def content(world):
    """Return the rows by key: column to value, as the standard library reads them."""
    with closing(sqlite3.connect(world.file)) as db:
        cursor = db.execute("SELECT * FROM tabThing")
        names = [column[0] for column in cursor.description]
        return {str(row[0]): dict(zip(names, row, strict=True)) for row in cursor}


def counted(changes):
    return {(c.column, c.what): c.rows for c in changes}


def really(before, after, renames):
    """Count what became of the values, in plain Python."""
    found = {}
    for key, old in before.items():
        new = after[key]
        names = {name: renames.get(name, name) for name in old}
        for name, value in old.items():
            what = kind(value, new[names[name]]) if names[name] in new else ("dropped" if value is not None else None)
            label = names[name] if names[name] in new else name
            found[label, what] = found.get((label, what), 0) + 1
        for name in set(new) - set(names.values()):
            what = "added" if new[name] is not None else None
            found[name, what] = found.get((name, what), 0) + 1
    return {label: rows for label, rows in found.items() if label[1] is not None}


def kind(old, new):
    if old is None or new is None:
        return None if old is new else ("filled" if old is None else "nulled")
    return None if (type(old), old) == (type(new), new) else "converted"


def require_preview(preview, before, after):
    assert sorted(row.key for row in preview) == sorted(before)
    for row in preview:
        for cell in row.cells:
            for name, text, rows in ((cell.before_name, cell.before, before), (cell.after_name, cell.after, after)):
                assert name is None or text == shown(rows[row.key][name])
