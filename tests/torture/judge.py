"""The verdict on one change: exactly the planned difference, or a refusal by name and nothing touched."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sodaf_nb.errors import MigrationExecutionError, UnsupportedChangeError
from tests.torture.bench import Bench, application, outcomes, words
from tests.torture.census import difference
from tests.torture.model import Change


def judge(bench: Bench, change: Change, *, refused: Sequence[str] = (), late: Sequence[str] = ()) -> None:
    """Make a change while the application has the file open, compare, take it back, compare.

    Args:
        bench: The file.
        change: The change.
        refused: Words of its refusal; empty: it is made.
        late: Words of its failure where only the rows show that it cannot be made.
    """
    with application(bench.file, bench.circumstance) as app:
        start, raw = bench.census(), bench.bytes()
        held = outcomes(app, bench.shop.meaning())
        if refused:
            require_refused(bench, change, refused)
            assert bench.bytes() == raw, "a refusal changes no byte"
            assert not (bench.folder / "backups").exists()
        elif late:
            with pytest.raises(MigrationExecutionError) as raised:
                bench.sync(change)
            assert missing(late, bench, raised.value) == []
        else:
            result = bench.sync(change)
            assert difference(bench.fresh(change), bench.census()) == []
            now, wanted = bench.meanings(change)
            assert now == wanted
            bench.back(result.migration_id)
        assert difference(start, bench.census()) == []
        assert outcomes(app, bench.shop.meaning()) == held
    bench.close()


def require_refused(bench: Bench, change: Change, refused: Sequence[str]) -> None:
    """Make a change that has to be refused by name, with a way out."""
    with pytest.raises(UnsupportedChangeError) as raised:
        bench.sync(change)
    assert missing(refused, bench, raised.value) == []
    assert raised.value.objects
    assert raised.value.hint


def missing(wanted: Sequence[str], bench: Bench, error: Exception) -> list[str]:
    """Return the words that an error does not say."""
    column = bench.shop.features[0][1] if bench.shop.features else ""
    return [word for word in (bench.shop.spelled(each, column) for each in wanted) if word not in words(error)]
