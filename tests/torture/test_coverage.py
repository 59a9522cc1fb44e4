"""Which trap is covered where, and that a feature shows something that can be lost."""

import re
from pathlib import Path

import pytest

from tests.torture.bench import CIRCUMSTANCES, application, build, outcomes
from tests.torture.changes import CHANGES
from tests.torture.features import FEATURES
from tests.torture.model import shop

ELSEWHERE = {
    "A2": "tests/database/test_traps.py: a pragma inside a transaction",
    "A22": "tests/database/test_traps.py: transactions of the driver",
    "A25": "tests/backup: cost and exactness of backups",
    "A26": "tests/sql/test_native.py: a native path is tried on the empty copy first, and whatever the version",
    "A28": "attached databases are never written to",
    "A29": "tests/execution/test_space.py: free disk is asked for before the first write",
    "R16": "tests/sql/test_sqlite_values.py: affinities of declared types",
}


def test_every_trap_of_sqlite_is_in_a_test_id_or_has_its_reason():
    named = {trap for each in (*FEATURES, *CHANGES) for trap in each.traps.split()}
    special = Path(__file__).with_name("test_special.py").read_text()
    named |= {trap.upper() for test in re.findall(r"def test_(\w+)", special) for trap in re.findall(r"[art]\d+", test)}
    wanted = {f"R{n}" for n in range(1, 31)} | {f"A{n}" for n in range(1, 31)}
    assert wanted - named == set(ELSEWHERE)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.id)
def test_a_feature_means_something_that_the_engine_understands(feature, tmp_path):
    made = shop([(feature, None)])
    build(tmp_path / "shop.db", made, CIRCUMSTANCES[1])
    with application(tmp_path / "shop.db", CIRCUMSTANCES[1]) as app:
        found = outcomes(app, made.meaning())
    assert feature.always or any(found)
    if feature.id != "WITHOUT ROWID":  # what shows it is that there is no rowid
        assert "SQLITE_ERROR" not in found
