"""From a data step somebody wrote to a job: tried on a private copy, which says what it writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import get_args

from sodaf_nb.database import Database
from sodaf_nb.database.sidefile import SideFileError
from sodaf_nb.doctype.names import table_name
from sodaf_nb.errors import MigrationExecutionError, Step, UnsupportedChangeError, UsageError
from sodaf_nb.execution.job import Job
from sodaf_nb.execution.judging import Background, Judge
from sodaf_nb.execution.standing import already_done
from sodaf_nb.options import PatchOptions
from sodaf_nb.plan import Plan, RunPatch
from sodaf_nb.plan.patches import Language
from sodaf_nb.rehearsal import MASKED, is_masked
from sodaf_nb.schema import Schema, is_virtual
from sodaf_nb.schema.closure import mentions, schema_fingerprint
from sodaf_nb.validation import require_known
from sodaf_nb.validation.evidence import Effect

# A name stands in tables, messages and the history.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")

# A body is kept in the history and hashed; what is longer than this is data rather than a step.
_LONGEST = 1_000_000


def patch_job(judge: Judge, doctype: str, body: str, options: PatchOptions, tell: Callable[[str], None]) -> Job:
    """Return the job of a patch, having run it on a private copy with all rows; without operations if it is done.

    Args:
        judge: Judges the plan.
        doctype: The DocType whose rows it writes.
        body: Its text.
        options: Its name and language, and what is taken on.
        tell: Told what is being done.

    Raises:
        UsageError: If its name or text cannot be used, or another patch of that name is in force.
        UnsupportedChangeError: If rows of that table cannot be changed so that they can be taken back.
        PatchRefusedError: If it wants what it may not do, or fails.
        MigrationExecutionError: If the engine refuses a statement, or there is no room for the copy.
    """
    require_known(options.accept)
    table = table_name(judge.doctypes.get(doctype).name)
    patch = _named(RunPatch(table=table, name=options.name or "", language=options.language, body=body))
    live = judge.database.reflect()
    _require_possible(judge.database, live, doctype, table)
    plan = Plan(doctype=doctype, table=table, operations=(), made_for=schema_fingerprint(live, [table]), kind="patch")
    if (done := already_done(judge.history.get_migration_history(doctype), patch)) is not None:
        return judge.job(replace(plan, reason=done), live, options)
    effect = _masked(_tried(judge.database, live, patch, tell), live, table, options.mask)
    if not effect.rows:
        return judge.job(replace(plan, reason=f"The patch {patch.name} changes no row."), live, options)
    found = replace(patch, columns=effect.columns, inserts=bool(effect.inserted), deletes=bool(effect.deleted))
    return judge.job(replace(plan, operations=(found,)), live, options, Background(effect=effect))


def _named(patch: RunPatch) -> RunPatch:
    if patch.language not in get_args(Language):
        raise UsageError(f"A patch is not written in {patch.language!r}.", hint="choose from sql, python")
    if not patch.body.strip():
        raise UsageError("The patch is empty.", hint="write SQL statements, or Python with language python")
    if len(patch.body) > _LONGEST:
        raise UsageError(
            f"The patch is longer than {_LONGEST} characters.",
            hint="load data into a table first and read it from there",
        )
    if not patch.name:
        return replace(patch, name=f"patch-{patch.digest[:8]}")
    if not _NAME.fullmatch(patch.name):
        raise UsageError(
            f"{patch.name!r} is no name for a patch.", hint="use up to 80 letters, digits, blanks, dots, _ and -"
        )
    return patch


def _require_possible(database: Database, live: Schema, doctype: str, table: str) -> None:
    if not database.dialect.has_fence:
        raise UnsupportedChangeError(
            f"{database.dialect.version} has no fence that a patch could run in, so none is run there.",
            objects=(table,),
            hint="take a backup and run the statements in a transaction of your own",
        )
    present = live.table(table)
    if present is None:
        raise UnsupportedChangeError(
            f"{doctype} has no table {table} whose rows could be patched.",
            objects=(table,),
            hint=("apply the DocType first; what is missing is shown by ", Step("plan", (doctype,))),
        )
    over = [o.name for o in live.objects if is_virtual(o.sql) and mentions(o.sql, table)]
    if over:
        raise UnsupportedChangeError(
            f"{', '.join(over)} is built on {table}, and a patch cannot keep it up to date.",
            objects=over,
            hint="drop it, run the patch, and make it again",
        )


def _tried(database: Database, live: Schema, patch: RunPatch, tell: Callable[[str], None]) -> Effect:
    try:
        with database.rehearsal_copy(live, live.tables, "full", tell) as copy, copy.database.write() as session:
            return session.change_rows(patch).effect
    except (SideFileError, OSError) as error:
        raise MigrationExecutionError(
            f"The patch cannot be tried on a copy: {error}. Nothing was changed.", hint="mend that and run it again"
        ) from None


def _masked(effect: Effect, live: Schema, table: str, mask: Collection[str]) -> Effect:
    present = live.table(table)
    hidden = present is not None and any(is_masked(name, mask) for name in present.primary_key)
    masked = {what: (MASKED,) * len(keys) for what, keys in effect.samples.items()}
    return replace(effect, samples=masked) if hidden else effect
