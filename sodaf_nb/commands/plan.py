"""`plan DOCTYPE [--save FILE]`: the plan as a value that can be reviewed, kept and applied later."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace

from sodaf_nb.commands.arguments import add_answers, add_doctype, add_values, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser)
    add_answers(parser)
    add_values(parser)
    parser.add_argument("--save", metavar="FILE", help="write it to a JSON file, which apply --plan FILE takes")
    parser.add_argument("--since", metavar="FILE", help="show what differs from a plan that was saved before")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    from sodaf_nb.plan import Plan  # noqa: PLC0415  light start

    before = Plan.load(args.since) if args.since else None
    plan = context.applier.plan(required_doctype(args), sync_options(args))
    if args.save:
        plan.save(args.save)
        told = f"Saved to {args.save}; {context.program} apply --plan {shlex.quote(args.save)} carries it out."
        plan = replace(plan, remarks=(told,))
    if before is None:
        return plan
    changes = plan.changes_since(before)
    return replace(changes, remarks=plan.remarks)


COMMAND = Command(
    name="plan",
    help="Show the plan for a DocType with what the rules say, and save it for a review; changes nothing.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
