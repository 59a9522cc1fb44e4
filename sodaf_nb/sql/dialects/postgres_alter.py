"""All changes of one table's columns as the clauses of one ALTER TABLE, and what has to run around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.plan import AddColumn, AlterColumn, DropColumn
from sodaf_nb.schema import Column, DataType, Kind, Table
from sodaf_nb.sql.dialects.postgres import collation, column_sql, default_sql, facets, further, name_sql, type_sql
from sodaf_nb.sql.dialects.postgres_copy import PostgresCopy
from sodaf_nb.sql.dialects.postgres_dependents import dependents, require_free
from sodaf_nb.sql.dialects.postgres_values import conversion, holds_all
from sodaf_nb.sql.quoting import literal, quote

Change = AddColumn | DropColumn | AlterColumn
Scalar = str | int | float

_TEXTS = (Kind.VARCHAR, Kind.TEXT)
_INTEGERS = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT)

# What stands in a required column that comes back until its values do: the empty text is no date here.
_FILLERS = {Kind.DATE: "0001-01-01", Kind.DATETIME: "0001-01-01 00:00:00", Kind.TIME: "00:00:00"}


@dataclass(slots=True, kw_only=True)
class Alteration:
    """One ALTER TABLE and what runs around it.

    Args:
        before: Statements that come first, with triggers out of the way.
        clauses: The clauses.
        after: Statements that follow.
        writes: True when rows are written without the table being rewritten.
        reads: True when rows are looked at.
    """

    before: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    writes: bool = False
    reads: bool = False


def altered(operations: Sequence[Change], table: Table, qualified: str, version: int, copy: PostgresCopy) -> Alteration:
    """Return the change of one table.

    Args:
        operations: What happens to its columns, in order.
        table: The table as it is on the copy.
        qualified: Its name, quoted and qualified.
        version: The server's version number.
        copy: Asked what depends on a column.

    Raises:
        UnsupportedChangeError: If something that is not ours depends on a column.
    """
    made = Alteration()
    for operation in operations:
        match operation:
            case DropColumn(column=column):
                _require_droppable(operation, copy)
                made.clauses.append(f"DROP COLUMN {quote(column.name)}")
            case AddColumn():
                _add(operation, qualified, made)
            case AlterColumn():
                _Alter(operation, table, qualified, version, copy).put(made)
    return made


def _require_droppable(operation: DropColumn, copy: PostgresCopy) -> None:
    name = operation.column.name
    used = dependents(copy, copy.namespace, operation.table, name)
    require_free(f"drop {operation.table}.{name}", used)
    _require_no_sequence(operation.table, operation.column, "drop")


def _require_no_sequence(table: str, column: Column, what: str) -> None:
    owned = [facet for facet in facets(column) if facet.startswith("SEQUENCE ")]
    if owned:
        raise UnsupportedChangeError(
            f"{table}.{column.name} owns the sequence {owned[0].split()[1]}, which would be lost when it is to {what}.",
            objects=(owned[0].split()[1],),
            hint="make it an identity column first, or keep the column as it is",
        )


# ------------------------------------------------------------------------------ new columns


def _add(operation: AddColumn, qualified: str, made: Alteration) -> None:
    column, filler = operation.column, _filler(operation.column, operation.backfill)
    made.after += further(qualified, column)
    if filler is None:
        made.clauses.append(f"ADD COLUMN {name_sql(column.name)} {column_sql(column)}")
        return
    # Rows read a constant default from the catalog (11 and later), so all are filled and none is written.
    kept = [facet for facet in facets(column) if not facet.startswith("DEFAULT ")]
    filled = replace(column, definition="; ".join([kept[0], f"DEFAULT {literal(filler)}", *kept[1:]]))
    made.clauses.append(f"ADD COLUMN {name_sql(column.name)} {column_sql(filled)}")
    made.after.insert(0, f"ALTER TABLE {qualified} ALTER COLUMN {quote(column.name)} {_default_clause(column)}")


def _default_clause(column: Column) -> str:
    default = default_sql(column)
    return "DROP DEFAULT" if default is None else f"SET DEFAULT {default}"


def _filler(column: Column, backfill: Scalar | None) -> Scalar | None:
    return _FILLERS.get(column.type.kind, backfill) if backfill == "" else backfill


# ------------------------------------------------------------------------------ changed columns


class _Alter:
    """The clauses for one column.

    Args:
        operation: What happens to it.
        table: Its table.
        qualified: The table's name, quoted and qualified.
        version: The server's version number.
        copy: Asked what depends on the column.
    """

    def __init__(self, operation: AlterColumn, table: Table, qualified: str, version: int, copy: PostgresCopy) -> None:
        self._operation = operation
        self._before = operation.before
        self._after = operation.after
        self._live = table.column(operation.before.name) or operation.before
        self._table = qualified
        self._version = version
        self._copy = copy
        self._name = quote(operation.before.name)
        self._start = f"ALTER COLUMN {self._name}"

    def put(self, made: Alteration) -> None:
        """Add what the change needs."""
        self._require_possible()
        if self._before.autoincrement and not self._after.autoincrement:
            # Likewise: a text cannot be numbered, not even for as long as one statement takes.
            made.before.append(f"ALTER TABLE {self._table} {self._start} DROP IDENTITY")
        if not self._before.nullable and self._after.nullable:
            made.clauses.append(f"{self._start} DROP NOT NULL")
        rewrites = self._put_type(made)
        self._put_default(made)
        self._put_required(made, rewrites=rewrites)
        if self._after.autoincrement and not self._before.autoincrement:
            # In the same ALTER TABLE the engine would still look at the old type.
            made.after.append(f"ALTER TABLE {self._table} {self._start} ADD {self._identity()}")
            made.after.append(next_number(self._table, self._before.name))

    def _require_possible(self) -> None:
        if self._operation.retypes:
            used = dependents(self._copy, self._copy.namespace, self._operation.table, self._before.name)
            require_free(f"change the type of {self._operation.table}.{self._before.name}", used)
        if self._before.autoincrement != self._after.autoincrement:
            _require_no_sequence(self._operation.table, self._live, "stop numbering")

    def _put_type(self, made: Alteration) -> bool:
        """Add the change of type and return True when values are converted."""
        if not self._operation.retypes:
            return False
        trivial = holds_all(self._before.type, self._after.type)
        filler = self._filler()
        if self._numbers():
            made.before.append(self._numbering())
        using = "" if trivial and filler is None else f" USING {self._converted(filler)}"
        if self._live.default is not None or self._live.default_sql is not None:
            made.clauses.append(f"{self._start} DROP DEFAULT")  # it would be cast, and a cast may fail
        made.clauses.append(f"{self._start} TYPE {type_sql(self._after.type)}{self._collation()}{using}")
        return bool(using)

    def _converted(self, filler: Scalar | None) -> str:
        value = conversion(self._name, self._before.type, self._after.type, version=self._version).expression
        cast = f"{value}::{type_sql(self._after.type)}"
        return cast if filler is None else f"COALESCE({cast}, {literal(filler)}::{type_sql(self._after.type)})"

    def _collation(self) -> str:
        # A new type brings its own collation along, so one that somebody chose is said again.
        if self._after.type.kind not in (*_TEXTS, Kind.OTHER):
            return ""
        return collation(self._after) or (collation(self._live) if self._before.type.kind in _TEXTS else "")

    def _put_default(self, made: Alteration) -> None:
        wanted, present = default_sql(self._after), default_sql(self._before)
        if wanted != present or (self._operation.retypes and wanted is not None):
            if self._operation.retypes and wanted is None:
                return  # dropped with the type
            made.clauses.append(f"{self._start} {_default_clause(self._after)}")

    def _put_required(self, made: Alteration, *, rewrites: bool) -> None:
        filler = self._filler()
        if not self._operation.retypes and filler is not None and self._before.nullable:
            made.before.append(f"UPDATE {self._table} SET {self._name} = {literal(filler)} WHERE {self._name} IS NULL")
            made.writes = True
        if self._before.nullable and not self._after.nullable:
            if rewrites:
                made.clauses.append(f"{self._start} SET NOT NULL")
            else:
                made.reads = True
                made.after += self._validated()

    def _validated(self) -> list[str]:
        """Return SET NOT NULL by way of a CHECK: once it is valid, the engine need not look again (12 and later)."""
        check = name_sql("sodaf_not_null")
        start = f"ALTER TABLE {self._table}"
        return [
            f"{start} ADD CONSTRAINT {check} CHECK ({self._name} IS NOT NULL) NOT VALID",
            f"{start} VALIDATE CONSTRAINT {check}",
            f"{start} {self._start} SET NOT NULL",
            f"{start} DROP CONSTRAINT {check}",
        ]

    def _filler(self) -> Scalar | None:
        """Return what rows get that would hold NULL; None leaves the NULL."""
        given = _filler(self._after, self._operation.backfill)
        return given if given is not None else (None if self._after.nullable else self._after.default)

    def _numbers(self) -> bool:
        begins = self._after.autoincrement and not self._before.autoincrement
        return begins and self._before.type.kind in _TEXTS and self._after.type.kind in _INTEGERS

    def _numbering(self) -> str:
        """Return the statement that writes numbers into a text key: USING takes no query over other rows."""
        number = renumbered(self._name, self._before.type, self._after.type, self._table)
        keys = f"SELECT {self._name} AS sodaf_key, ({number})::text AS sodaf_number FROM {self._table}"
        return (
            f"UPDATE {self._table} AS t SET {self._name} = k.sodaf_number FROM ({keys}) AS k "
            f"WHERE t.{self._name} = k.sodaf_key AND t.{self._name} <> k.sodaf_number"
        )

    def _identity(self) -> str:
        found = (facet for facet in facets(self._after) if facet.startswith("GENERATED "))
        return next(found, "GENERATED BY DEFAULT AS IDENTITY")


def renumbered(value: str, before: DataType, after: DataType, table: str) -> str:
    """Return the SQL of a text key as a number: itself where it is one, else the next free numbers by key."""
    exact = conversion(value, before, after).expression
    largest = f"(SELECT COALESCE(MAX({exact}), 0) FROM {table})"
    place = f'ROW_NUMBER() OVER (PARTITION BY {exact} IS NULL ORDER BY {value}::text COLLATE "C")'
    return f"COALESCE({exact}, {largest} + {place})"


def next_number(table: str, column: str) -> str:
    """Return the statement after which the numbering goes on behind the largest key; it never uses one twice."""
    # The table is said by its rows: a name in a text would mean the live table while this runs on a copy, and a
    # sequence keeps what it was set to whatever becomes of the transaction.
    sequence = f"pg_get_serial_sequence(MAX(tableoid::regclass::text), {literal(column)})"
    largest = f"MAX({quote(column)})"
    return f"SELECT setval({sequence}, GREATEST({largest}, 1), {largest} > 0) FROM {table}"
