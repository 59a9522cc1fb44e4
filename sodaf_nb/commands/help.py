"""`help [COMMAND]`: all commands, how one is written, or what a rule or the fieldtypes are."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from types import MappingProxyType

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, commands
from sodaf_nb.commands.values import Help
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular

# What an id looks like; anything else is taken for the name of a command.
_RULE = re.compile(r"[A-Z]{2}[0-9]{2}")


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "command", metavar="COMMAND", nargs="*", help="a command, fieldtypes, rules, or a rule's id such as DS08"
    )


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    # The runner imports the registry, and the registry this module.
    from sodaf_nb.commands.runner import run_words  # noqa: PLC0415

    if topic := _TOPICS.get(" ".join(args.command)):
        return topic()
    return (_rule(args.command) if len(args.command) == 1 else None) or run_words(context, [*args.command, "--help"])


def _fieldtypes() -> Help:
    from sodaf_nb.doctype.fieldtypes import FIELDTYPES  # noqa: PLC0415  light start

    return Help(
        title="Fieldtypes and the columns they make",
        rows=tuple({"fieldtype": name, **row.described()} for name, row in FIELDTYPES.items()),
    )


def _rules() -> Help:
    from sodaf_nb.validation import catalogue  # noqa: PLC0415  light start

    rows = tuple({"rule": about.rule, "what": about.what} for about in catalogue().values())
    return Help(title="Rules; help ID explains one", rows=rows)


def _rule(command: Sequence[str]) -> Help | None:
    from sodaf_nb.validation import catalogue  # noqa: PLC0415  light start
    from sodaf_nb.validation.elsewhere import ELSEWHERE  # noqa: PLC0415  light start

    rule = command[0].upper()
    if reason := ELSEWHERE.get(rule):
        return Help(title=rule, text=f"{rule}: a danger that other tools know; no rule here reports it: {reason}.")
    about = catalogue().get(rule)
    if about is None and _RULE.fullmatch(rule):
        raise UsageError(f"There is no rule {rule}.", hint=f"ids: {', '.join(catalogue())}")
    if about is None:
        return None
    return Help(title=about.rule, text=f"{about.rule}: {about.what}\n\n{about.why}\n{about.remedy}")


_TOPICS = MappingProxyType({"fieldtypes": _fieldtypes, "rules": _rules})


COMMAND = Command(
    name="help",
    help="List the commands, or explain one; also fieldtypes, rules, and a rule by its id.",
    configure=_configure,
    run=_run,
    names=lambda _context: (*commands(), *_TOPICS),
)
