"""One line of the history: stored and read back, and how the lines show."""

import json

from hypothesis import given
from hypothesis import strategies as st

from sodaf_nb.history import History, MigrationRecord
from sodaf_nb.history.records import COLUMNS, from_stored, to_stored
from tests.history.making import record
from tests.schema.strategies import RELAXED

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.text(), JSON, max_size=3)
STATEMENTS = st.lists(st.text(), max_size=3).map(tuple)
RECORDS = st.builds(
    MigrationRecord,
    **dict.fromkeys(("id", "doctype", "timestamp", "applied_by", "fingerprint_before", "plan_id"), st.text()),
    version=st.integers(0),
    sql=STATEMENTS,
    rollback_sql=STATEMENTS,
    status=st.sampled_from(["applied", "rolled_back", "failed"]),
    execution_time=st.floats(0, 1e9),
    affected_rows=st.integers(0),
    **dict.fromkeys(("backup_path", "error", "fingerprint_after"), st.none() | st.text()),
    **dict.fromkeys(("rollback_info", "environment", "metadata"), MAPPINGS),
)


@RELAXED
@given(RECORDS)
def test_a_record_comes_back_as_it_was_stored(given_record):
    assert from_stored(dict(zip(COLUMNS, to_stored(given_record), strict=True))) == given_record


@RELAXED
@given(RECORDS)
def test_a_stored_row_holds_only_what_a_database_can_hold(given_record):
    assert all(isinstance(value, str | int | float | None) for value in to_stored(given_record))


def test_the_columns_of_the_table_are_the_fields_of_a_record():
    assert COLUMNS[:4] == ("id", "doctype", "version", "timestamp")
    assert len(to_stored(record())) == len(COLUMNS) == 23


def test_stored_json_is_the_same_whatever_the_order_of_its_keys():
    one, two = record(metadata={"a": 1, "b": 2}), record(metadata={"b": 2, "a": 1})
    assert to_stored(one) == to_stored(two)
    assert json.loads(to_stored(one)[COLUMNS.index("metadata")]) == {"a": 1, "b": 2}


# ---------------------------------------------------------------- the history as a value


def test_a_history_is_a_sequence_of_its_records():
    newest, oldest = record("B"), record("A")
    history = History([newest, oldest], [2, 1])
    assert (len(history), history[0], history[-1], history[:1]) == (2, newest, oldest, (newest,))
    assert list(history) == [newest, oldest]
    assert oldest in history


def test_a_history_shows_one_row_a_migration_numbered_from_the_oldest():
    history = History(
        [
            record("B", version=2, rollback_info={"rollback_of": "A"}, metadata={"summary": ["- x", "+ y"]}),
            record("A", version=1, status="failed", error="no disk", backup_path="/backups/1", metadata={}),
        ],
        [7, 3],
    )
    assert [tuple(row.values()) for row in history.to_rows()] == [
        (7, "Customer", 2, "rollback", "applied", "- x; + y", "", ""),
        (3, "Customer", 1, "sync", "failed", "", "yes", "no disk"),
    ]
    assert list(history.to_rows()[0]) == ["#", "doctype", "version", "kind", "status", "changes", "backup", "error"]
    assert history.heading() == "History: 2 migrations, newest first"


def test_neither_ids_nor_times_nor_paths_are_shown():
    shown = History([record(backup_path="/backups/1")], [1])
    for text in ("01J0", "2024-02-29", "/backups/1", "1.5"):
        assert text not in repr(shown) + shown._repr_html_()
    assert shown.heading() == "History: 1 migration, newest first"


def test_an_empty_history_says_so():
    assert repr(History([], [])) == "History: 0 migrations, newest first\nNo migrations yet."
