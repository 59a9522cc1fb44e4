"""`audit`: who did what; `audit verify`: whether somebody changed that afterwards."""

from __future__ import annotations

import argparse

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.commands.values import Listing
from sodaf_nb.commands.wording import words
from sodaf_nb.tabular import Tabular, counted


def _list(context: Context, _args: argparse.Namespace) -> Tabular:
    log = context.applier.history.audit
    entries = log.entries() if log is not None else ()
    return Listing(
        title=f"Audit log: {counted(len(entries), 'entry', 'entries')}",
        rows=tuple({"#": e.number, "event": e.event, "doctype": e.doctype, "who": e.actor} for e in entries),
        items=entries,
        empty="Nothing was done yet.",
        remarks=(f"Times, ids and digests: {words(context.program)['frame'](())}",) if entries else (),
        details=tuple({name: getattr(e, name) for name in e.__dataclass_fields__} for e in entries),
    )


def _verify(context: Context, _args: argparse.Namespace) -> Tabular:
    return context.applier.history.verify_audit()


COMMAND = Command(
    name="audit",
    help="List who did what, oldest first; verify says whether somebody changed that afterwards.",
    run=_list,
    actions=(Command(name="verify", help="Check that the log and the history hang together.", run=_verify),),
)
