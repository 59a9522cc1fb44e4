"""What a DocType asks of a database: the difference, its plan, and the job that is judged on the rows."""

from __future__ import annotations

from sodaf_nb.database import Database
from sodaf_nb.diff import Answers, SchemaComparisonEngine, SchemaDiff
from sodaf_nb.diff.renames import Clues
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.execution.answering import require_answers, require_renames_answered
from sodaf_nb.execution.job import Job
from sodaf_nb.execution.judging import Again, Background, Judge
from sodaf_nb.options import SyncOptions
from sodaf_nb.plan import Plan
from sodaf_nb.plan.planner import Context, make_plan
from sodaf_nb.schema import Schema
from sodaf_nb.schema.closure import schema_fingerprint
from sodaf_nb.validation.acceptance import require_known
from sodaf_nb.validation.freshness import Reviewed, reviewed

# Plans that are remembered, so that one that moved can be told from the one that was reviewed.
_MOST_REVIEWED = 100


class Planning:
    """Makes plans for DocTypes, with the answers that were given.

    Args:
        database: The database that is read.
        doctypes: The loaded DocTypes.
        judge: Judges a plan on the rows, and knows what DocTypes said before.
    """

    def __init__(self, database: Database, doctypes: DocTypeEngine, judge: Judge) -> None:
        self.reviewed: dict[str, Reviewed] = {}
        self._database = database
        self._doctypes = doctypes
        self._judge = judge
        self._comparison = SchemaComparisonEngine(database, doctypes)

    def diff(self, doctype: str, options: SyncOptions, live: Schema) -> SchemaDiff:
        """Return what differs between a DocType and a schema."""
        plain = self._comparison.compare_schema(doctype, self._answers(doctype, options, clues=False), live=live)
        # What the history knows only tells renames from drops and adds: where nothing differs it is not asked.
        if not plain.has_changes:
            return plain
        return self._comparison.compare_schema(doctype, self._answers(doctype, options), live=live)

    def job(self, doctype: str, options: SyncOptions) -> Job:
        """Return the plan that a DocType needs now, judged on the rows.

        Raises:
            RenameQuestionError: If columns would be dropped that may have been renamed.
            UnsupportedChangeError: If the change would damage something no DocType mentions.
        """
        live = self._database.reflect()
        diff = self._answered(doctype, options, live)
        plan = self._planned(diff, options, live)
        kept = {column.name for column in diff.orphan_columns}
        pairs = tuple((c.old, c.new) for c in diff.candidates if c.old in kept)
        return self._judge.job(
            plan, live, options, Background(rename_candidates=pairs, again=self._again(doctype, options))
        )

    def columns(self, doctype: str) -> tuple[str, ...]:
        """Return the columns that a DocType's table has when it is in force; none for one without a table."""
        wanted = self._doctypes.wanted_table(doctype)
        return wanted.column_names() if wanted else ()

    def _answered(self, doctype: str, options: SyncOptions, live: Schema) -> SchemaDiff:
        require_known(options.accept)
        diff = self._comparison.compare_schema(doctype, self._answers(doctype, options), live=live)
        require_renames_answered(diff, options)
        require_answers(doctype, self.columns(doctype), options)
        return diff

    def _planned(self, diff: SchemaDiff, options: SyncOptions, live: Schema) -> Plan:
        names = [name for name in (diff.table, diff.renamed_from) if name]
        context = Context(
            live=live,
            made_for=schema_fingerprint(live, names),
            references=self._doctypes.references_to(diff.doctype),
            backfill=options.backfill,
            dedupe=options.dedupe,
        )
        plan = make_plan(diff, context)
        self.reviewed[plan.id] = reviewed(plan, live)
        while len(self.reviewed) > _MOST_REVIEWED:
            self.reviewed.pop(next(iter(self.reviewed)), None)
        return plan

    def _again(self, doctype: str, options: SyncOptions) -> Again:
        answers = self._answers(doctype, options)
        return lambda after: self._comparison.compare_schema(doctype, answers, live=after)

    def _answers(self, doctype: str, options: SyncOptions, *, clues: bool = True) -> Answers:
        former = options.renamed_from or self._doctypes.get(doctype).renamed_from
        return Answers(
            renamed_from=options.renamed_from,
            field_renames=options.field_renames,
            widen=frozenset(name.lower() for name in options.widen),
            drop_removed=options.removed_fields == "drop",
            clues=self._judge.clues(doctype, former) if clues else Clues(),
        )
