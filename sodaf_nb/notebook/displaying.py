"""Hooks IPython's display of sessions and dry runs: the result first, controls below where a person watches.

The types are named and not imported, so that loading the extension stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from sodaf_nb.commands import Context
    from sodaf_nb.results import DryRunResult
    from sodaf_nb.session import PlanSession

_SESSION = ("sodaf_nb.session.session", "PlanSession")
_DRY_RUN = ("sodaf_nb.results.dry_run", "DryRunResult")


def hook(shell: InteractiveShell, context: Context) -> None:
    """Show sessions as panels, and the dry runs that commands return with controls below."""
    formatter = _formatter(shell)

    def show_session(session: PlanSession) -> None:
        from sodaf_nb.notebook.panel import Panel  # noqa: PLC0415  light start

        Panel(session, f"{context.program} panel {session.snapshot.doctype}").show()

    def show_dry_run(found: DryRunResult) -> None:
        from sodaf_nb.notebook.panel import Panel  # noqa: PLC0415  light start

        session = context.session_of(found.plan)
        if session is None:
            raise NotImplementedError  # IPython's word for: show it in the usual way
        Panel(session, f"{context.program} panel {found.doctype}").show(found)

    formatter.for_type_by_name(*_SESSION, show_session)
    formatter.for_type_by_name(*_DRY_RUN, show_dry_run)


def unhook(shell: InteractiveShell) -> None:
    """Take the hooks away."""
    formatter = _formatter(shell)
    for module, name in (_SESSION, _DRY_RUN):
        formatter.deferred_printers.pop((module, name), None)
        for known in [t for t in formatter.type_printers if (t.__module__, t.__name__) == (module, name)]:
            formatter.pop(known)


def _formatter(shell: InteractiveShell) -> Any:
    return shell.display_formatter.ipython_display_formatter  # type: ignore[union-attr]  # None only before it is made
