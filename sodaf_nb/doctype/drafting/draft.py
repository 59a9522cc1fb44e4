"""A DocType that was drafted and not reviewed yet: its JSON, and what a person should look at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sodaf_nb.errors import Step, UsageError
from sodaf_nb.tabular import Row, Tabular

FieldJson = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Draft(Tabular):
    """A first draft of a DocType.

    Args:
        document: Its JSON, ready for `DocTypeEngine.register`.
        remarks: What was guessed, changed or left out, a sentence each.
        origin: What it was drafted from, such as `table customers`.
        columns: (column, field) of the table it was drafted from, where its rows still have to be brought over.
        rows_sql: SQL that brings them over once the DocType is applied; empty when there is none to offer.
    """

    document: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    origin: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    rows_sql: str = ""

    @property
    def name(self) -> str:
        """The DocType's name."""
        return str(self.document["name"])

    def to_json(self) -> str:
        """Return the JSON text, one space a level as in DocType files."""
        return json.dumps(self.document, indent=1, ensure_ascii=False)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write it to a file of its own in a folder, made when missing, and return the file.

        Args:
            folder: Where to.
            overwrite: True replaces a file that is there; it may hold what a person wrote.

        Raises:
            UsageError: If the file is there already.
        """
        path = Path(folder) / f"{self.name.lower().replace(' ', '_').replace('-', '_')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("w" if overwrite else "x", encoding="utf-8") as file:
                file.write(self.to_json() + "\n")
        except FileExistsError:
            raise UsageError(
                f"{path.name} is there already.", hint=("save it elsewhere, or replace it with ", Step("overwrite"))
            ) from None
        return path

    def heading(self) -> str:
        """Return what it is in one line."""
        return f"Draft of {self.name} from {self.origin}" if self.origin else f"Draft of {self.name}"

    def to_rows(self) -> list[Row]:
        """Return one row a field."""
        return [
            {
                "field": field["fieldname"],
                "fieldtype": field["fieldtype"],
                "label": field.get("label", ""),
                "attributes": ", ".join(_attributes(field)),
            }
            for field in self.document["fields"]
        ]

    def empty_text(self) -> str:
        """Say that only the standard columns are left."""
        return "no fields beside the standard columns"

    def notes(self) -> tuple[str, ...]:
        """Return the remarks."""
        return self.remarks

    def code(self) -> list[tuple[str, str]]:
        """Return the SQL that brings the rows over."""
        return [("Its rows, once it is applied", self.rows_sql)] if self.rows_sql else []


def _attributes(field: FieldJson) -> Iterator[str]:
    shown = {key: value for key, value in field.items() if key not in {"fieldname", "fieldtype", "label"}}
    for key, value in shown.items():
        yield key if value == 1 and isinstance(value, int) else f"{key} {str(value).replace(chr(10), '|')}"


def document(name: str, fields: list[FieldJson], **flags: object) -> dict[str, Any]:
    """Return the JSON of a DocType; flags that are false or empty are left out."""
    return {
        "doctype": "DocType",
        "name": name,
        **{key: value for key, value in flags.items() if value},
        "fields": fields,
    }
