"""`approvals`: what was agreed to, by whom, and what each is worth now."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.tabular import Tabular


def _run(context: Context, _args: argparse.Namespace) -> Tabular:
    return context.applier.approvals()


COMMAND = Command(name="approvals", help="List who agreed to which plan, and what that is worth now.", run=_run)
