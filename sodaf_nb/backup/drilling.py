"""The part of a restore drill that runs in a process of its own: a directory of backups in, lines of JSON out."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sodaf_nb.backup.encryption import find_identities
from sodaf_nb.backup.reader import Unpacked, unpacked
from sodaf_nb.backup.restore import Target, restore_table
from sodaf_nb.backup.store import BackupStore
from sodaf_nb.database import SQLiteDatabase
from sodaf_nb.database.sidefile import hold
from sodaf_nb.database.workspace import workspace
from sodaf_nb.errors import SodafError


def main(arguments: Sequence[str] | None = None) -> None:
    """Restore each backup into an empty database, look at what came out, and print a line of JSON about it."""
    parser = argparse.ArgumentParser(prog="python -m sodaf_nb.backup")
    parser.add_argument("directory")
    parser.add_argument("backups", nargs="+")
    parser.add_argument("--identity", type=Path)
    given = parser.parse_args(arguments)
    for backup_id in given.backups:
        print(json.dumps(_drilled(BackupStore(given.directory), backup_id, given.identity)), flush=True)  # noqa: T201  the parent reads it


def _drilled(store: BackupStore, backup_id: str, identity: Path | None) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        facts = _restored(store, backup_id, identity)
    except SodafError as error:
        facts = {"problem": error.message}
    return {"id": backup_id, **facts, "seconds": time.perf_counter() - started}


def _restored(store: BackupStore, backup_id: str, identity: Path | None) -> dict[str, Any]:
    keys = partial(find_identities, identity)
    with (
        unpacked(store, backup_id, keys) as copy,
        workspace("backup") as folder,
        closing(SQLiteDatabase(str(Path(folder) / "scratch.db"))) as scratch,
    ):
        # An empty database holds nothing that would have to be saved first.
        target = Target(database=scratch, any_database=True, dry_run=False, save=str)
        result = restore_table(target, copy)
        return {"table": result.table, "rows": result.row_count, "problem": _difference(copy, scratch)}


def _difference(copy: Unpacked, scratch: SQLiteDatabase) -> str:
    """Return what of a restored table is not what the manifest says; empty when all is."""
    manifest = copy.manifest
    with hold(scratch) as held:
        facts = held.facts(manifest.table)
        checks = {
            "rows": manifest.digest(held.rows(facts)) == manifest.content_digest,
            "definition": facts.create_sql == manifest.create_sql,
            "indexes or triggers": facts.objects == manifest.objects,
            "counter": facts.sequence == manifest.sequence,
        }
    wrong = [what for what, equal in checks.items() if not equal]
    return f"other {', '.join(wrong)} than were saved" if wrong else ""
