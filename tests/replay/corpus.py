"""Reading the corpus of real DocType histories; see its README for what it holds."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One schema version of a DocType.

    Args:
        seq: Its place in the history, from 0.
        doc: The DocType JSON; `doc["name"]` is the name at that time.
        renamed_from: The DocType's name one version earlier, where it changed; None elsewhere.
        field_renames: {old: new} of columns the app itself renamed between the versions.
    """

    seq: int
    doc: Mapping[str, Any]
    renamed_from: str | None = None
    field_renames: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The DocType's name at that time."""
        return str(self.doc["name"])


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All versions of one DocType, oldest first."""

    app: str
    doctype: str
    versions: tuple[Version, ...]

    @property
    def id(self) -> str:
        """The name of the test."""
        return f"{self.app}-{self.doctype}"


def folder() -> Path:
    """Return where the corpus should be; it is kept out of the repository for its licences."""
    return Path(os.environ.get("SODAF_CORPUS") or REPOSITORY.parent / "shared" / "corpus")


def histories() -> tuple[History, ...]:
    """Return every history, the longest first, so that parallel workers end together; empty without corpus."""
    found = (history for path in sorted(folder().glob("*.jsonl.gz")) for history in _read(path))
    return tuple(sorted(found, key=lambda h: (-len(h.versions), h.id)))


def _read(path: Path) -> Iterator[History]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    for (app, doctype), group in groupby(records, key=lambda r: (r["app"], r["doctype"])):
        yield History(app=app, doctype=doctype, versions=tuple(map(_version, group)))


def _version(record: Mapping[str, Any]) -> Version:
    return Version(
        seq=record["seq"],
        doc=record["doc"],
        renamed_from=record.get("renamed_from"),
        field_renames=record.get("field_renames", {}),
    )
