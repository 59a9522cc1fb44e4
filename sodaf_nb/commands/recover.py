"""`recover`: settle what a crash interrupted."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.tabular import Tabular


def _run(context: Context, _args: argparse.Namespace) -> Tabular:
    return context.applier.recover()


COMMAND = Command(
    name="recover", help="Settle migrations that a crash interrupted, and say how each one ended.", run=_run
)
