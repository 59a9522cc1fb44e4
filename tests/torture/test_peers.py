"""Side by side with Alembic, sqlite-utils and Django; only our own column is a promise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.peers import PEERS, cases, own_column, page

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def verdicts():
    # A process of its own: Django is configured once and for all, and the peers warn.
    command = [sys.executable, "-m", "tests.torture.peers"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    sys.stdout.write(page(found))
    return found


def test_we_keep_everything_or_refuse_and_the_page_says_so(verdicts):
    ours = verdicts["sodaf_nb"]
    assert {name: verdict for name, verdict in ours.items() if verdict not in ("kept", "refused")} == {}
    assert own_column((ROOT / "docs/torture.md").read_text()) == ours, "run: make torture"
    assert all(set(verdicts[peer]) == set(ours) for peer in PEERS)


def test_every_feature_that_shows_what_it_means_has_a_row(verdicts):
    assert list(verdicts["sodaf_nb"]) == [name for name, _feature, _change in cases()]
    assert len(verdicts["sodaf_nb"]) > 100
