"""What is timed is worth comparing: our apply and the bare statements end in the same table with the same rows."""

import sqlite3
from contextlib import closing

import pytest

from sodaf_nb.sql.dialects.sqlite_ddl import normalise
from tests.benchmarks.contestants import ours, rebuild
from tests.benchmarks.run import page
from tests.benchmarks.table import CHANGES, TABLE, build


def table(path):
    with closing(sqlite3.connect(path)) as db:
        texts = db.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (TABLE,)).fetchall()
        indexes = sorted(normalise(sql) for (sql,) in texts[1:])
        return normalise(texts[0][0]), indexes, db.execute(f"SELECT rowid, * FROM {TABLE}").fetchall()


@pytest.mark.parametrize("change", CHANGES)
def test_the_rebuild_and_our_apply_make_the_same_table(change, tmp_path):
    for name, contestant in (("ours", ours), ("theirs", rebuild)):
        (tmp_path / name).mkdir()
        build(tmp_path / name / "item.db", 20)
        contestant(tmp_path / name / "item.db", change)()
    assert table(tmp_path / "ours/item.db") == table(tmp_path / "theirs/item.db")


def test_the_report_has_a_row_a_change_and_a_ratio_to_the_rebuild():
    samples = {change: {"ours": [{"seconds": 1.0, "cpu": 1.0, "mb": 2.0}], "other": []} for change in CHANGES}
    samples = {
        change: names | {"rebuild SQL": [dict(names["ours"][0], seconds=4.0)]} for change, names in samples.items()
    }
    facts = {"rows": 10, "bytes": 2800, "rounds": 1, "cores": 2, "python": "3", "sqlite": "3", "versions": {}}
    text = page(samples, facts)
    assert text.count("**0.25** (1.00 s; 1.00-1.00) | no such change | **1**") == len(CHANGES)
