"""Compare one wanted table with the live schema. Pure: two values and the user's answers in, a diff out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sodaf_nb.diff.renames import Clues, candidates
from sodaf_nb.diff.room import widened
from sodaf_nb.diff.unmanaged import unmanaged
from sodaf_nb.diff.values import ColumnChange, ColumnRename, SchemaDiff
from sodaf_nb.errors import Step, UnsupportedChangeError, UsageError
from sodaf_nb.schema import Column, Index, Schema, Table
from sodaf_nb.schema.naming import is_ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the user or the DocType's hints say about the change.

    Args:
        renamed_from: Former table name given by the user; None when the DocType was not renamed.
        former: Former table name written in the DocType; used only where it fits.
        field_renames: {old: new} given by the user; a name that is not there is an error.
        hints: {new: old} written in the DocType; used only where they fit.
        widen: Columns that keep the type they have where the wanted one has less room, in lower case.
        drop_removed: True drops columns without a field, False keeps them.
        clues: What is known of the fields before and now, by which likely renames are found.
    """

    renamed_from: str | None = None
    former: str | None = None
    field_renames: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    widen: frozenset[str] = frozenset()
    drop_removed: bool = False
    clues: Clues = field(default_factory=Clues)


def compare(doctype: str, wanted: Table, live: Schema, answers: Answers) -> SchemaDiff:
    """Return the difference between a wanted table and the live schema.

    Raises:
        UnsupportedChangeError: If the primary key differs, or both the old and the new table exist.
        UsageError: If an answer names a column that does not exist.
    """
    present, renamed_from = _live_table(wanted, live, answers)
    if present is None:
        return SchemaDiff(doctype=doctype, table=wanted.name, created=wanted, added_indexes=wanted.indexes)
    renames = _renames(wanted, present, answers)
    now = _after_renames(present, renames)
    _require_same_key(wanted, now)
    named = SchemaDiff(doctype=doctype, table=wanted.name, renamed_from=renamed_from, renamed_columns=renames)
    found = _compared(named, widened(wanted, now, answers.widen), now, drop=answers.drop_removed, live=live)
    gone = (*found.removed_columns, *found.orphan_columns)
    return replace(found, candidates=candidates(gone, found.added_columns, _ordered(answers.clues, wanted, now)))


def _ordered(clues: Clues, wanted: Table, now: Table) -> Clues:
    return replace(clues, old_order=clues.old_order or now.column_names(), new_order=wanted.column_names())


def _live_table(wanted: Table, live: Schema, answers: Answers) -> tuple[Table | None, str | None]:
    present = live.table(wanted.name)
    former = live.table(answers.renamed_from) if answers.renamed_from else None
    if former is None and present is None and answers.former:
        former = live.table(answers.former)
    if former is not None and present is not None and former != present:
        raise UnsupportedChangeError(
            f"Both {former.name} and {present.name} exist, so {former.name} cannot be renamed.",
            objects=(former.name, present.name),
            hint=("leave ", Step("renamed_from"), " out to change the table that is there, or move its rows first"),
        )
    found = present or former
    renamed = found is not None and found.name != wanted.name
    return found, found.name if found is not None and renamed else None


def _renames(wanted: Table, present: Table, answers: Answers) -> tuple[ColumnRename, ...]:
    for old, new in answers.field_renames.items():
        _require_rename(wanted, present, old, new)
    _require_one_source(answers)
    given = [(old, new) for old, new in answers.field_renames.items() if present.column(new) is None]
    hinted = [(old, new) for new, old in answers.hints.items() if _hint_fits(wanted, present, old, new)]
    taken: set[str] = set()
    renames = []
    for old, new in (*given, *hinted):  # an answer goes before a hint
        if taken.isdisjoint({f"-{old.lower()}", f"+{new.lower()}"}):
            renames.append(ColumnRename(old=_live_name(present, old), new=new))
            taken |= {f"-{old.lower()}", f"+{new.lower()}"}
    return tuple(renames)


def _live_name(present: Table, name: str) -> str:
    column = present.column(name)
    return column.name if column else name


def _require_rename(wanted: Table, present: Table, old: str, new: str) -> None:
    if wanted.column(new) is None:
        raise UsageError(
            f"{new!r} is not a field of the DocType.", hint=("write it like ", Step("rename", ("old", "new")))
        )
    if present.column(old) is None and present.column(new) is None:
        raise UsageError(
            f"{present.name} has no column {old!r} to rename.", hint=f"columns: {', '.join(present.column_names())}"
        )
    if wanted.column(old) is not None:
        raise UsageError(f"{old!r} is still a field, so it cannot become {new!r}.", hint="drop that rename")
    _require_free_target(present, old, new)


def _require_free_target(present: Table, old: str, new: str) -> None:
    # A column kept from a field removed earlier; taking the rename for done would show its stale values.
    source, target = present.column(old), present.column(new)
    if source is not None and target is not None and source != target:
        raise UnsupportedChangeError(
            f"{present.name} has a column {target.name} already, so {source.name} cannot be renamed to it.",
            objects=(source.name, target.name),
            hint=f"rename or drop the kept column {target.name} first, or leave that rename out",
        )


def _require_one_source(answers: Answers) -> None:
    targets = [new.lower() for new in answers.field_renames.values()]
    twice = sorted({new for new in targets if targets.count(new) > 1})
    if twice:
        raise UsageError(f"Two columns cannot both become {', '.join(twice)}.", hint="keep one of those renames")


def _hint_fits(wanted: Table, present: Table, old: str, new: str) -> bool:
    return present.column(new) is None and present.column(old) is not None and wanted.column(old) is None


def _compared(named: SchemaDiff, wanted: Table, now: Table, *, drop: bool, live: Schema) -> SchemaDiff:
    added = tuple(c for c in wanted.columns if now.column(c.name) is None)
    gone = tuple(c for c in now.columns if wanted.column(c.name) is None and not c.hidden)
    added_indexes, removed_indexes = _index_changes(wanted, now)
    return replace(
        named,
        added_columns=added,
        removed_columns=gone if drop else (),
        orphan_columns=() if drop else gone,
        modified_columns=(*_changes(wanted, now), *(() if drop else _relaxed(gone))),
        added_indexes=added_indexes,
        removed_indexes=removed_indexes,
        unmanaged=tuple(unmanaged(wanted, now, live)),
    )


def _after_renames(present: Table, renames: tuple[ColumnRename, ...]) -> Table:
    if not renames:
        return present
    names = {r.old.lower(): r.new for r in renames}

    def renamed(name: str) -> str:
        return names.get(name.lower(), name)

    columns = tuple(replace(c, name=renamed(c.name)) for c in present.columns)
    indexes = tuple(replace(i, columns=tuple(map(renamed, i.columns))) for i in present.indexes)
    return replace(present, columns=columns, indexes=indexes, primary_key=tuple(map(renamed, present.primary_key)))


def _require_same_key(wanted: Table, now: Table) -> None:
    if tuple(map(str.lower, now.primary_key)) != tuple(map(str.lower, wanted.primary_key)):
        raise UnsupportedChangeError(
            f"The primary key of {now.name} is ({', '.join(now.primary_key)}), "
            f"a DocType's is ({', '.join(wanted.primary_key)}).",
            objects=(now.name,),
            hint="rename the table out of the way and let the DocType make its own",
        )


def _changes(wanted: Table, now: Table) -> tuple[ColumnChange, ...]:
    pairs = ((now.column(column.name), column) for column in wanted.columns)
    kept = ((before, _kept_default(before, after)) for before, after in pairs if before is not None)
    return tuple(ColumnChange(before=b, after=a) for b, a in kept if b.shape() != a.shape())


def _kept_default(before: Column, after: Column) -> Column:
    # A DocType cannot say an expression, so a live one stands for "not mentioned" and is kept.
    keep = before.default_sql if after.default is None else None
    same = (after.name, after.default_sql) == (before.name, keep)
    return after if same else replace(after, name=before.name, default_sql=keep)


def _relaxed(orphans: tuple[Column, ...]) -> tuple[ColumnChange, ...]:
    # Nobody writes a column that has no field, so a required one would refuse every new row.
    strict = (c for c in orphans if not c.nullable and c.default is None and c.default_sql is None and not c.hidden)
    return tuple(ColumnChange(before=c, after=replace(c, nullable=True, definition=None)) for c in strict)


def _index_changes(wanted: Table, now: Table) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
    whole = [index for index in now.indexes if index.where is None and "" not in index.columns]
    have = {index.structure() for index in whole}
    want = {index.structure() for index in wanted.indexes}
    added = tuple(index for index in wanted.indexes if index.structure() not in have)
    removed = tuple(index for index in whole if is_ours(index) and index.structure() not in want)
    return added, removed
