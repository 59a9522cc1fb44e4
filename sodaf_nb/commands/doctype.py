"""`%%migrate doctype`: register the DocType whose JSON is the cell's body."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.doctypes import listing
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.wording import in_shell
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    if not (args.body or "").strip():
        written = f"write %{context.program} doctype and the JSON below it in the cell"
        piped = f"give it on standard input: {context.program} doctype < customer.json"
        raise UsageError("The DocType's JSON is missing.", hint=piped if in_shell(context.program) else written)
    doctype = context.doctypes.register(args.body)
    remarks = context.doctypes.notes(doctype.name)
    return listing([doctype], title=f"Registered {doctype.name}", remarks=remarks)


COMMAND = Command(
    name="doctype", help="Register a DocType from the JSON in the cell below the line.", run=_run, takes_body=True
)
