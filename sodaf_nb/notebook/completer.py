"""Tab behind `%migrate`: the words the commands offer, as IPython wants them."""

from __future__ import annotations

import re
from typing import cast

from IPython.core.completer import (
    CompletionContext,
    Matcher,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from sodaf_nb.commands import Context, completions

# The magic at the start of a line or behind an assignment; what follows it is completed.
_LINE = re.compile(r"\s*(?:[^\W\d][\w.\[\]'\"]*\s*=\s*)?%{1,2}migrate\s(?P<rest>.*)")


def completer(commands_context: Context) -> Matcher:
    """Return a matcher for IPython's completer.

    A matcher and not the older `complete_command` hook: only a matcher can keep Python's own keywords
    out of the list, and sees lines such as `plan = %migrate diff Bo`.
    """

    @context_matcher(identifier="sodaf_nb")  # type: ignore[untyped-decorator]  # IPython has no types for it
    def match(context: CompletionContext) -> SimpleMatcherResult:
        found = _LINE.fullmatch(context.line_with_cursor[: context.cursor_position])
        if found is None:
            return {"completions": [], "suppress": False}
        rest = found["rest"]
        words = completions(commands_context, rest)
        return {
            "completions": [SimpleCompletion(word, type="magic") for word in words],
            "suppress": bool(words),
            "ordered": True,
            "matched_fragment": "" if rest[-1:].isspace() else rest.rpartition(" ")[2],
        }

    return cast("Matcher", match)
