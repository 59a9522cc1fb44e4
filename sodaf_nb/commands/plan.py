"""`plan DOCTYPE`: the plan as a value that can be reviewed, kept, applied later, and handed to other tools."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from sodaf_nb.commands.arguments import add_answers, add_doctype, add_values, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.tabular import Tabular

if TYPE_CHECKING:
    from sodaf_nb.plan import Plan


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser)
    add_answers(parser)
    add_values(parser)
    parser.add_argument("--save", metavar="FILE", help="write it to a JSON file, which apply --plan FILE takes")
    parser.add_argument("--sql", metavar="FILE", help="write its statements to a new file, as a plain SQL script")
    parser.add_argument(
        "--alembic", metavar="FILE", help="write it to a new file as an Alembic revision, with upgrade and downgrade"
    )
    parser.add_argument("--since", metavar="FILE", help="show what differs from a plan that was saved before")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    from sodaf_nb.plan import Plan  # noqa: PLC0415  light start

    before = Plan.load(args.since) if args.since else None
    plan = context.applier.plan(required_doctype(args), sync_options(args))
    if args.save:
        plan.save(args.save)
    _export(context, plan, args)
    plan = replace(plan, remarks=tuple(_written(context, plan, args)))
    if before is None:
        return plan
    changes = plan.changes_since(before)
    return replace(changes, remarks=plan.remarks)


def _written(context: Context, plan: Plan, args: argparse.Namespace) -> Iterator[str]:
    if args.save:
        later = ", once what stops it is mended or accepted" if plan.is_blocked() else ""
        yield f"Saved to {args.save}; {context.program} apply --plan {shlex.quote(args.save)} carries it out{later}."
    if args.sql:
        yield (
            f"Written to {args.sql}; run it with sqlite3 -bail or psql -v ON_ERROR_STOP=1: without that, what follows "
            "a refused statement is run all the same."
        )
    if args.alembic:
        yield f"Written to {args.alembic}, a revision for the versions folder of Alembic."


def _export(context: Context, plan: Plan, args: argparse.Namespace) -> None:
    if not args.sql and not args.alembic:
        return
    from sodaf_nb.commands.exchange import exports  # noqa: PLC0415  light start
    from sodaf_nb.database.peers import alembic_heads  # noqa: PLC0415  light start

    database = context.connection.database
    ways = exports.ways(plan, database)
    if args.sql:
        exports.save(args.sql, exports.to_script(plan, ways), suffix=".sql")
    if args.alembic:
        text = exports.to_revision(plan, ways, down_revision=alembic_heads(database))
        exports.save(args.alembic, text, suffix=".py")


COMMAND = Command(
    name="plan",
    help="Show the plan for a DocType with what the rules say, and save it for a review; changes nothing.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
