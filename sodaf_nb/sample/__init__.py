"""A small public library to practise on: DocTypes in two versions, and rows with the dirt of real life.

The tables of `v1` hold what years of typing leave behind: page counts such as `640 p.` and `007`, one ISBN
on two books, blanks next to NULLs, links to records that are gone, names in many scripts. `v2` wants a
number for the pages, a unique ISBN, a renamed field and a shorter postcode, so every kind of question a
migration asks comes up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.errors import UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from sodaf_nb.database import Database
    from sodaf_nb.database.session import Session

VERSIONS = ("v1", "v2")

# What an application fills in for every row; `modified` starts out as `creation`.
_CLERK = "clerk@library.example"
_STANDARD: Mapping[str, object] = {"modified_by": _CLERK, "owner": _CLERK, "docstatus": 0, "idx": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePaths:
    """Where `write_sample` put the DocTypes.

    Args:
        directory: The folder that was asked for.
        v1: Folder of the DocTypes to start with.
        v2: Folder of the same DocTypes, changed.
    """

    directory: Path
    v1: Path
    v2: Path

    def files(self) -> list[Path]:
        """Return every DocType file, in a fixed order."""
        return sorted([*self.v1.glob("*.json"), *self.v2.glob("*.json")])


def write_sample(directory: str | Path) -> SamplePaths:
    """Write the DocType files of both versions into a folder, which is made when missing.

    Raises:
        UsageError: If a file of the same name with other content is there; nothing was written.
    """
    folder = Path(directory)
    wanted = {folder / version / f.name: f.read_bytes() for version in VERSIONS for f in _json_files(version)}
    changed = [path for path, data in wanted.items() if path.exists() and path.read_bytes() != data]
    if changed:
        raise UsageError(
            f"{changed[0].parent.name}/{changed[0].name} was edited, so it is not written over.",
            hint="take another folder, or remove that file",
        )
    for path, data in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return SamplePaths(directory=folder, v1=folder / "v1", v2=folder / "v2")


def seed(database: Database) -> dict[str, int]:
    """Fill the tables of `v1` with rows, all or none, and return how many each DocType got.

    Raises:
        UsageError: If a table is missing or has rows already; nothing was written.
    """
    with database.write() as session:
        return {data["doctype"]: _fill(session, data) for data in rows()}


def rows() -> Iterator[dict[str, Any]]:
    """Yield `doctype`, `columns` and `rows` of each table that is filled."""
    return (json.loads(file.read_text(encoding="utf-8")) for file in _json_files("rows"))


def _json_files(folder: str) -> list[Traversable]:
    found = (entry for entry in files(__name__).joinpath(folder).iterdir() if entry.name.endswith(".json"))
    return sorted(found, key=lambda entry: entry.name)


def _fill(session: Session, data: Mapping[str, Any]) -> int:
    # Imported here: writing the DocTypes must not wait for the SQL layer.
    from sodaf_nb.sql.quoting import quote  # noqa: PLC0415

    table = f"tab{data['doctype']}"
    _require_empty(session, table, quote(table))
    given = [{**_STANDARD, **dict(zip(data["columns"], row, strict=True))} for row in data["rows"]]
    complete = [{**row, "modified": row["creation"]} for row in given]
    names = ", ".join(map(quote, complete[0]))
    marks = ", ".join("?" for _ in complete[0])
    for row in complete:
        session.execute(f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})", tuple(row.values()))
    return len(complete)


def _require_empty(session: Session, table: str, quoted: str) -> None:
    if not session.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)):
        raise UsageError(f"There is no table {table} yet.", hint="load the sample's v1 and apply it first")
    if session.rows(f"SELECT 1 FROM {quoted} LIMIT 1"):
        raise UsageError(f"{table} has rows already.", hint="seed a new database")
