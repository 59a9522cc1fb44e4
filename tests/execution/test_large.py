"""A table larger than every cache: memory stays bounded, and Ctrl-C stops at once, in a process of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(folder, what):
    (folder / "scratch").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.execution.large", str(folder), what],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder / "scratch")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list((folder / "scratch").iterdir()) == [], "nothing stays behind"
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("path", ["in place", "rebuild"])
def test_a_large_table_takes_less_than_100_mb_of_memory(path, tmp_path):
    found = run(tmp_path, path)
    assert found["size"] > 100
    assert found["grown"] < 100


@pytest.mark.parametrize("phase", ["back up", "qty"])
def test_an_interrupt_stops_a_large_migration_at_once_and_leaves_all_as_before(phase, tmp_path):
    found = run(tmp_path, phase)
    assert found["outcome"] == "cancelled"
    assert found["late"] < 3, "seconds; a statement over the table takes longer where the machine is loaded"
    assert found["same"]
    assert found["statuses"] == ["applied", "failed"]
