"""What a restore says of itself is what became of it."""

import pytest

from sodaf_nb.backup.outcome import told_truly
from sodaf_nb.backup.values import RestoreResult
from sodaf_nb.errors import MigrationCancelledError, MigrationRestoreError

RESULT = RestoreResult(backup_id="B", table="tabThing", row_count=1, created=False, migration_id="A")


def restoring(error, *, noted=True):
    def restore(note):
        if noted:
            note(None, RESULT, None)
        raise error

    return restore


def record(_session, result, _manifest):
    return result


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_what_is_in_the_history_was_restored_whatever_came_last(error):
    assert told_truly(restoring(error), record, lambda _id: True) is RESULT


@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left"), MigrationRestoreError),
        (KeyboardInterrupt(), MigrationCancelledError),
        (MemoryError(), MemoryError),
    ],
)
def test_what_is_not_in_the_history_was_not_restored_and_says_why(error, told, noted):
    with pytest.raises(told):
        told_truly(restoring(error, noted=noted), record, lambda _id: False)
