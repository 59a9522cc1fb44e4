"""`approve PLAN`: agree to a plan that somebody else will carry out."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta

from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command
from sodaf_nb.errors import UsageError
from sodaf_nb.tabular import Tabular

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", metavar="PLAN", help="file of the plan, or its whole id; or the id of a backup")
    parser.add_argument(
        "--expires", metavar="TIME", default="1d", help="how long it holds, such as 30m, 8h or 2d; a day without it"
    )


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    from sodaf_nb.commands.apply import is_file  # noqa: PLC0415  light start
    from sodaf_nb.plan import Plan  # noqa: PLC0415  light start

    plan = Plan.load(args.plan) if is_file(args.plan) else args.plan
    return context.applier.approve(plan, expires=_time(args.expires))


def _time(word: str) -> timedelta:
    if not (found := re.fullmatch(r"(\d{1,5})([mhd])", word)):
        raise UsageError(f"{word!r} is no time that an approval can hold.", hint="write it like 30m, 8h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


COMMAND = Command(
    name="approve",
    help="Agree to a plan that somebody else will carry out on a protected connection.",
    configure=_configure,
    run=_run,
)
