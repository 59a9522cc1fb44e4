"""Asks a person at a terminal before a command that changes something, after showing what it would do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from sodaf_nb.cli.answers import Answer
from sodaf_nb.commands import Context
from sodaf_nb.commands.runner import preview_words
from sodaf_nb.errors import MigrationCancelledError
from sodaf_nb.results import DryRunResult
from sodaf_nb.tabular import Tabular


def agreed(context: Context, words: Sequence[str], answer: Answer) -> list[str]:
    """Show what a command would do, ask, and return the words to run: bound to the plan that was shown.

    Nothing is asked when the command changes nothing, or would be refused anyway.

    Raises:
        MigrationCancelledError: If the answer is not yes.
        SodafError: As the command itself would.
    """
    shown = preview_words(context, words)
    if shown is None or _needs_no_question(shown):
        return list(words)
    answer.value(words[0], shown, 0)
    sys.stdout.write("Go on? Type yes: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise MigrationCancelledError("Declined; nothing was changed.", hint="--yes asks nothing")
    return [*words, *_bound(shown, words)]


def _needs_no_question(shown: Tabular) -> bool:
    # A rehearsal that failed does not stop the command, so it is a reason to ask and none to go on.
    return shown.pending_changes() == 0 or (isinstance(shown, DryRunResult) and shown.is_refused())


def _bound(shown: Tabular, words: Sequence[str]) -> list[str]:
    """Return what makes the command refuse any plan but the one that was shown."""
    single = isinstance(shown, DryRunResult) and shown.plan.kind == "sync"
    given = any(word == "--plan" or word.startswith("--plan=") for word in words)
    return ["--plan", shown.plan.id] if isinstance(shown, DryRunResult) and single and not given else []
