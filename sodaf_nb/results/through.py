"""What taking several migrations back would do, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sodaf_nb.errors import SodafError
from sodaf_nb.results.dry_run import DryRunResult
from sodaf_nb.tabular import Row, Tabular, counted


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BatchDryRunResult(Tabular):
    """What a rollback through newer migrations would do, in its order; nothing was changed and nothing is left behind.

    Args:
        results: Each migration's name, such as `#3 Customer`, to its dry run, made when those before it were taken
            back on the copy.
        errors: The one that could not be tried, to its error; those after it were not tried.
    """

    results: Mapping[str, DryRunResult]
    errors: Mapping[str, SodafError] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def success(self) -> bool:
        """True when all of them would go through as asked."""
        return not self.errors and all(result.success for result in self.results.values())

    def is_blocked(self) -> bool:
        """Return True when one of them would not go through as asked."""
        return not self.success

    @property
    def failed(self) -> Mapping[str, str]:
        """What could not be tried, with its error as text."""
        return {name: f"[{error.code}] {error}" for name, error in self.errors.items()}

    def heading(self) -> str:
        """Return the verdict in one line."""
        stopped = next((n for n, r in self.results.items() if not r.success), next(iter(self.errors), None))
        count = counted(len(self.results) + len(self.errors), "migration")
        return f"Dry run of a rollback of {count}: {'ready to apply' if stopped is None else f'stops at {stopped}'}"

    def to_rows(self) -> list[Row]:
        """Return one row a change, in the order in which they would be made."""
        return [{"migration": name, **row} for name, result in self.results.items() for row in result.to_rows()]

    def notes(self) -> list[str]:
        """Return the notes of each dry run, and what could not be tried."""
        told = [f"{name}: {note}" for name, result in self.results.items() for note in result.notes()]
        return [*told, *(f"ERROR {name}: {text}" for name, text in self.failed.items())]
