"""From a plan to a job: its SQL, the facts on the live rows, and what the rules say of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from sodaf_nb.database import Database, gather
from sodaf_nb.diff import SchemaDiff
from sodaf_nb.diff.engine import traits
from sodaf_nb.diff.renames import Clues, Trait
from sodaf_nb.diff.unmanaged import orphans, unmanaged
from sodaf_nb.doctype import DocType, DocTypeEngine
from sodaf_nb.doctype.fieldtypes import Options
from sodaf_nb.doctype.names import table_name
from sodaf_nb.errors import UsageError
from sodaf_nb.execution.job import Job, Source
from sodaf_nb.history import MigrationHistoryManager, MigrationRecord
from sodaf_nb.options import Choices
from sodaf_nb.plan import DropColumn, Plan, RenameColumn, RenameTable
from sodaf_nb.plan.names import Origins
from sodaf_nb.schema import Schema
from sodaf_nb.schema.closure import mentions
from sodaf_nb.sql import Script, SQLGenerator, syntax_errors
from sodaf_nb.validation import Evidence, Findings, MigrationValidator
from sodaf_nb.validation.evidence import Contents, Effect
from sodaf_nb.validation.findings import Finding

Again = Callable[[Schema], SchemaDiff]
"""Compares a DocType once more with a schema, given the same answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What a plan came from, beside the plan itself.

    Args:
        source: The backup that a rollback reads; None when none is read.
        rename_candidates: (old, new) of kept and new columns that look like one column renamed.
        effect: What a change of rows alone did on a copy; None where the plan makes none.
        again: Compares once more with the schema the plan leads to; None where no DocType is compared.
    """

    source: Source | None = None
    rename_candidates: tuple[tuple[str, str], ...] = ()
    again: Again | None = None
    effect: Effect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges plans for one database.

    Args:
        database: The database, which is only read.
        doctypes: The loaded DocTypes.
        history: Tells which columns a DocType had before.
        generator: Makes the SQL.
        validator: Runs the rules.
    """

    database: Database
    doctypes: DocTypeEngine
    history: MigrationHistoryManager
    generator: SQLGenerator
    validator: MigrationValidator = field(default_factory=MigrationValidator)

    def job(self, plan: Plan, live: Schema, options: Choices, background: Background | None = None) -> Job:
        """Return a plan with everything the executor needs.

        Raises:
            UnsupportedChangeError: If the change would damage something no DocType mentions.
            UsageError: If a column to mask is nowhere.
        """
        plan, known = replace(plan, review=None, remarks=()), background or Background()
        backup_sql = known.source.sql if known.source else ()
        script = self.generator.generate(plan, live, backup=backup_sql)
        _require_columns(options.mask, live, script)
        doctype = self.doctypes.get(plan.doctype) if plan.doctype in self.doctypes else None
        contents = self._contents(doctype, plan) if doctype and plan.kind == "sync" else None
        with self.database.read() as session:
            facts = gather(session, plan, session.reflect(), options.mask, contents)
        facts = replace(facts, effect=known.effect)
        refused = syntax_errors(script, live, backup=backup_sql, dialect=self.database.dialect)
        evidence = Evidence(
            plan=plan,
            script=script,
            facts=facts,
            syntax_errors=refused,
            managed=self._managed_before(plan),
            rename_candidates=known.rename_candidates,
            unsettled=() if refused or known.again is None else self._unsettled(plan, script, known.again),
        )
        return Job(
            plan=plan,
            script=script,
            live=live,
            dialect=self.database.dialect,
            evidence=evidence,
            findings=Findings(_located(found, doctype) for found in self.validator.validate(evidence)),
            accept=options.accept,
            managed=self._managed_after(plan),
            fields=traits(doctype) if doctype and plan.kind == "sync" else {},
            source=known.source,
            kept=self._kept(plan, live),
        )

    def _unsettled(self, plan: Plan, script: Script, again: Again) -> tuple[str, ...]:
        if not plan.operations:
            return ()
        rows = again(Schema(tables=script.tables, objects=script.objects)).to_rows()
        # A column that is kept without a field is no difference that a plan should remove.
        return tuple(f"{row['what']} {row['name']}" for row in rows if row[""] != "=")

    def _contents(self, doctype: DocType, plan: Plan) -> Contents:
        former = (o.old.removeprefix("tab") for o in plan.operations if isinstance(o, RenameTable))
        choices = {f.fieldname: f.choices for f in doctype.fields if f.column_type is not None and any(f.choices)}
        # Every loaded child table is asked: a Table field that is gone cannot tell where its rows lie.
        loaded: dict[str, tuple[str, ...]] = {child.table: () for child in self.doctypes if child.is_table}
        children = loaded | dict(_table_fields(doctype))
        return Contents(choices=choices, children=children, names=(doctype.name, *former))

    def clues(self, doctype: str, former: str | None) -> Clues:
        """Return what a DocType said of its columns when it was last migrated, under its former name if it has one."""
        for name in filter(None, (former, doctype)):
            if (record := self._last_with_columns(name)) is not None:
                stored = record.metadata.get("fields", {})
                old = {column: Trait(**trait) for column, trait in stored.items()}
                return Clues(old=old, old_order=tuple(record.metadata["columns"]))
        return Clues()

    def _managed_before(self, plan: Plan) -> frozenset[str] | None:
        former = (o.old.removeprefix("tab") for o in plan.operations if isinstance(o, RenameTable))
        record = self._last_with_columns(next(former, plan.doctype))
        return None if record is None else frozenset(record.metadata["columns"])

    def _last_with_columns(self, doctype: str) -> MigrationRecord | None:
        records = self.history.get_migration_history(doctype, status="applied")
        # A rollback names no columns: what is in force again is what the migration before it left.
        return next((r for r in records if r.metadata["columns"]), None)

    def _managed_after(self, plan: Plan) -> tuple[str, ...]:
        wanted = self.doctypes.wanted_table(plan.doctype) if plan.doctype in self.doctypes else None
        return wanted.column_names() if wanted and plan.kind == "sync" else ()

    def _kept(self, plan: Plan, live: Schema) -> tuple[str, ...]:
        origin = Origins(plan.operations).table(plan.table, until=len(plan.operations))
        present = live.table(origin) if origin is not None else None
        wanted = self.doctypes.wanted_table(plan.doctype) if plan.doctype in self.doctypes else None
        if present is None:
            return ()
        gone = {o.column.name for o in plan.operations if isinstance(o, DropColumn)}
        renamed = {o.old for o in plan.operations if isinstance(o, RenameColumn)}
        left = [n for n in (orphans(wanted, present) if wanted else ()) if n not in gone | renamed]
        return (*(f"column {name} without a field" for name in left), *unmanaged(wanted, present, live))


def _table_fields(doctype: DocType) -> Iterator[tuple[str, tuple[str, ...]]]:
    found = [f for f in doctype.fields if f.kind.options is Options.CHILD and f.options]
    for target in dict.fromkeys(str(f.options) for f in found):
        yield table_name(target), tuple(f.fieldname for f in found if f.options == target)


def _located(finding: Finding, doctype: DocType | None) -> Finding:
    """Return a finding with the place in the DocType's JSON that it is about."""
    if doctype is None:
        return finding
    named = doctype.field_named(finding.object.rpartition(".")[2])
    return replace(finding, path=named.path if named else "$", file=doctype.file)


def _require_columns(mask: Collection[str], live: Schema, script: Script) -> None:
    """Stop at a mask that names no column: a slip of the pen must not show what was to be hidden."""
    names = {column.name.lower() for table in live.tables.values() for column in table.columns}
    texts = [o.sql for o in script.objects if o.kind == "table"]
    unknown = sorted(n for n in mask if n.lower() not in names and not any(mentions(text, n) for text in texts))
    if unknown:
        raise UsageError(
            f"There is no column {', '.join(map(repr, unknown))} to mask.", hint="write column names, such as phone"
        )
