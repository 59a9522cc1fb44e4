"""`%migrate` and `%%migrate`: a line to the commands, their value back to the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Enum, Unicode

from sodaf_nb.commands import Context, commands, run_line
from sodaf_nb.notebook.completer import completer
from sodaf_nb.notebook.progress import Mode, Progress
from sodaf_nb.options import ApplyOptions

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from sodaf_nb.tabular import Tabular


def _docstring() -> str:
    width = max(map(len, commands()))
    listed = "\n".join(f"  {command.name.ljust(width)}  {command.help}" for command in commands().values())
    return (
        "Change the schema of a database safely: `%migrate COMMAND ...`.\n\n"
        f"{listed}\n\n"
        "`%migrate COMMAND --help` explains one. Each line returns a value: `plan = %migrate dry-run Book`;\n"
        "`.to_frame()` makes a DataFrame of it. `%%migrate doctype` registers the JSON in the cell's body.\n"
        "Text after # is a comment. Braces and $ are left as they are."
    )


@magics_class
class SodafMagics(Magics):
    """The magics of sodaf_nb, with the options that `%config SodafMagics` shows.

    Args:
        shell: The IPython shell they belong to.
    """

    progress = Enum(
        ["auto", "text", "none"],
        default_value="auto",
        help="How steps of apply and rollback are reported. auto: one line that goes away, only where a person "
        "is watching and only after a second; text: a line a step; none: nothing.",
    ).tag(config=True)
    backup_dir = Unicode(
        help="Folder of the backups for connections made from now on; empty: as pyproject.toml says, else `backups`."
    ).tag(config=True)
    backup = Enum(
        ["", "auto", "full", "column", "incremental"],
        default_value="",
        help="What is saved before a change, for connections made from now on; empty: as pyproject.toml says, or auto.",
    ).tag(config=True)

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._progress = Progress(shell)
        self.context = Context(program="%migrate", variables=shell.user_ns)
        self.matcher = completer(self.context)

    @no_var_expand
    @line_cell_magic
    def migrate(self, line: str, cell: str | None = None) -> Tabular:  # noqa: D102  set below, from the commands
        self.context.base = ApplyOptions(progress=self._progress.report)
        self.context.chosen = {name: getattr(self, name) for name in ("backup_dir", "backup") if getattr(self, name)}
        with self._progress.shown(cast("Mode", self.progress)):
            return run_line(self.context, line, cell)

    migrate.__doc__ = _docstring()
