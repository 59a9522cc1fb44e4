"""Completion in shells: a script asks the program itself for the words that may come next."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from sodaf_nb.cli import arguments
from sodaf_nb.cli.context import ShellContext
from sodaf_nb.commands import completions
from sodaf_nb.errors import SodafError, UsageError
from sodaf_nb.options import ApplyOptions

WORD = "--complete"
"""`sodaf-nb --complete SHELL` prints the script; `sodaf-nb --complete -- LINE` prints candidates, one a line."""

_BASH = f"""\
_sodaf_nb() {{
  local IFS=$'\\n' line="${{COMP_LINE:0:COMP_POINT}}"
  COMPREPLY=($(sodaf-nb {WORD} -- "${{line#* }}" 2>/dev/null))
}}
complete -o default -F _sodaf_nb sodaf-nb"""

_ZSH = f"""\
_sodaf_nb() {{
  local line="${{BUFFER[1,CURSOR]}}"
  compadd -- ${{(f)"$(sodaf-nb {WORD} -- "${{line#* }}" 2>/dev/null)"}}
}}
compdef _sodaf_nb sodaf-nb"""

_FISH = f"""\
function __sodaf_nb
  sodaf-nb {WORD} -- (string split -m 1 " " -- (commandline -cp))[2] 2>/dev/null
end
complete -c sodaf-nb -f -a '(__sodaf_nb)'"""

_SCRIPTS = MappingProxyType({"bash": _BASH, "zsh": _ZSH, "fish": _FISH})


def answer(words: Sequence[str]) -> str:
    """Return the script of a shell, or the words that may come next on a line.

    Raises:
        UsageError: If there is no script for that shell.
    """
    if words[:1] == ["--"]:
        return "\n".join(_candidates(" ".join(words[1:])))
    if len(words) != 1 or words[0] not in _SCRIPTS:
        raise UsageError("Name a shell: bash, zsh or fish.", hint=f"{arguments.PROGRAM} {WORD} bash")
    return _SCRIPTS[words[0]]


def _candidates(line: str) -> list[str]:
    try:
        args, _rest = arguments.divided(line.split())
        context = ShellContext(ApplyOptions(), connect=None, paths=arguments.doctype_paths(args))
        found = completions(context, line)
    except SodafError:  # broken DocTypes or half an option: nothing to offer
        return []
    last = line.rsplit(" ", 1)[-1]
    shared = [s for s in arguments.parser().option_strings() if last.startswith("-") and s.startswith(last)]
    return [*found, *shared]
