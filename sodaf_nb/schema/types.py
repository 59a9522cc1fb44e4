"""Logical column types. How a dialect spells them is the dialect's business."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, whatever the engine calls it."""

    VARCHAR = "varchar"
    TEXT = "text"
    SMALLINT = "smallint"
    INTEGER = "integer"
    BIGINT = "bigint"
    REAL = "real"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataType:
    """A logical type with its parameters.

    Args:
        kind: The family.
        length: Characters of a VARCHAR; None for every other kind.
        precision: Digits in all of a DECIMAL; None for every other kind.
        scale: Digits after the point of a DECIMAL; None for every other kind.
        declared: The engine's own spelling, set only for `Kind.OTHER`: a live type outside the closed table.
    """

    kind: Kind
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    declared: str | None = None

    def __str__(self) -> str:
        """Return the type as a person reads it, such as `varchar(140)`."""
        if self.kind is Kind.OTHER:
            return self.declared or "untyped"
        if self.length is not None:
            return f"{self.kind}({self.length})"
        if self.precision is not None:
            return f"{self.kind}({self.precision},{self.scale or 0})"
        return str(self.kind)


def varchar(length: int = 140) -> DataType:
    """Return a bounded text type; `length` in characters."""
    return DataType(kind=Kind.VARCHAR, length=length)


def decimal(precision: int = 21, scale: int = 9) -> DataType:
    """Return an exact number type of `precision` digits, `scale` of them after the point."""
    return DataType(kind=Kind.DECIMAL, precision=precision, scale=scale)


def other(declared: str) -> DataType:
    """Return the type of a live column whose spelling is outside the closed table."""
    return DataType(kind=Kind.OTHER, declared=declared)
