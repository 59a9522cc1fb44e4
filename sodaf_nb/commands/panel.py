"""`panel DOCTYPE`: a plan with controls to answer, confirm, apply and take back."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.arguments import add_doctype, add_rehearsal, add_sync, required_doctype, sync_options
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.commands.reviewing import session_for
from sodaf_nb.commands.wording import in_shell
from sodaf_nb.tabular import Tabular


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser)
    add_sync(parser)
    add_rehearsal(parser)


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    session = session_for(context, required_doctype(args), sync_options(args))
    session.plan_now()
    if in_shell(context.program):
        session.dry_run()  # raises what kept the plan from being made; nobody can answer or press anything here
    return session


COMMAND = Command(
    name="panel",
    help="Show a plan with controls to answer what it asks, apply it and take it back; changes nothing by itself.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
