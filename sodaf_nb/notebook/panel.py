"""A session as two outputs: what is known of it, which lasts, and controls, which live as long as the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython import get_ipython
from IPython.display import display

from sodaf_nb.notebook.plan_html import static_html, with_hint
from sodaf_nb.notebook.watching import person_watches
from sodaf_nb.options import SyncOptions
from sodaf_nb.session import PlanSession, Snapshot

if TYPE_CHECKING:
    from sodaf_nb.applier import MigrationApplier
    from sodaf_nb.notebook.controls import Controls
    from sodaf_nb.results import DryRunResult

VIEW = "application/vnd.jupyter.widget-view+json"


class Panel:
    """What `%migrate panel` and `applier.panel` return.

    Args:
        session: The session it shows.
        again: How its cell is written, for the line that says how to get live controls again.
    """

    def __init__(self, session: PlanSession, again: str) -> None:
        self.session = session
        self.hint = f"The controls live as long as the kernel: to get them (again), run this cell or {again}."

    def controls(self, above: DryRunResult | None) -> Controls:
        """Return live controls to stand below a plan; ipywidgets is imported here and nowhere earlier."""
        from sodaf_nb.notebook.controls import Controls  # noqa: PLC0415  light start

        return Controls(self.session, above)

    def wait(self, timeout: float | None = None) -> Snapshot:
        """Wait until nothing runs, and raise what the work failed with; as `PlanSession.wait`."""
        return self.session.wait(timeout)

    def require_applied(self) -> None:
        """Go on only when the database is as the DocType says; as `PlanSession.require_applied`."""
        self.session.require_applied()

    def __repr__(self) -> str:
        return f"{self.session!r}\n{self.hint}"

    def _repr_html_(self) -> str:
        return static_html(self.session.snapshot, self.hint)

    def _ipython_display_(self) -> None:
        self.show()

    def show(self, found: DryRunResult | None = None) -> None:
        """Show what lasts, and the controls below where a person is there to use them.

        Two outputs: a front end shows "model not found" for a dead widget and never looks at a text beside it.
        The second holds nothing but the reference to the widget, which nbval does not compare: a notebook
        recorded with controls equals one that ran without them.

        Args:
            found: The dry run to show instead of all that is known of the session.
        """
        if found is None:
            bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        else:
            bundle = {"text/plain": f"{found!r}\n{self.hint}", "text/html": with_hint(found, self.hint)}
        display(bundle, raw=True)  # type: ignore[no-untyped-call]
        shell = get_ipython()
        if shell is not None and person_watches(shell):
            box: Any = self.controls(found or self.session.snapshot.dry_run).box
            view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
            display({VIEW: view}, raw=True)  # type: ignore[no-untyped-call]


def open_panel(applier: MigrationApplier, doctype: str, options: SyncOptions | None = None) -> Panel:
    """Plan a DocType's migration in this thread and return it as a panel; what `applier.panel` calls.

    Raises:
        KeyboardInterrupt: If the user interrupts it.
    """
    session = PlanSession(applier, doctype, options)
    session.plan_now()
    return Panel(session, f"applier.panel({doctype!r})")
