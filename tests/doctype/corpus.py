"""The corpus of real DocType histories: beside the repository, or where SODAF_CORPUS says."""

import gzip
import json
import os
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("SODAF_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")


def corpus() -> Path:
    """Return the folder; skip the test where it is absent, which on CI is a failure."""
    if not CORPUS.is_dir():
        reason = f"no corpus at {CORPUS}: real DocType histories stay outside the repository (set SODAF_CORPUS)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return CORPUS


def versions():
    """Yield every version of every history, in order."""
    for file in sorted(corpus().glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
