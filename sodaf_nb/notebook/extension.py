"""What `%load_ext sodaf_nb` and `%unload_ext sodaf_nb` do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sodaf_nb.notebook.displaying import hook, unhook
from sodaf_nb.notebook.magics import SodafMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics and their completion; a second call changes nothing."""
    if _registered(shell) is not None:
        return
    magics = SodafMagics(shell)
    shell.register_magics(magics)
    hook(shell, magics.context)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(magics.matcher)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take back what loading did and close the connections; without loading before, change nothing."""
    magics = _registered(shell)
    if magics is None:
        return
    magics.context.close_all()
    unhook(shell)
    shell.configurables.remove(cast("Any", magics))  # Magics adds itself; IPython's type of the list is too narrow
    del shell.magics_manager.registry[SodafMagics.__name__]
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("migrate", None)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.remove(magics.matcher)


def _registered(shell: InteractiveShell) -> SodafMagics | None:
    found = shell.magics_manager.registry.get(SodafMagics.__name__)
    return found if isinstance(found, SodafMagics) else None
