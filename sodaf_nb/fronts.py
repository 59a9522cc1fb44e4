"""Front ends of the core, which the core does not import: asked for by name, when somebody wants one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sodaf_nb.options import SyncOptions


class WithPanel:
    """Mixin of the applier: what it does in front of a person."""

    def panel(self, doctype: str, options: SyncOptions | None = None) -> Any:
        """Return a DocType's plan as a panel to answer, apply and take back; changes nothing by itself.

        Its controls need a notebook front end; without one it shows the plan, and `.session` has the same
        actions as methods.
        """
        return importlib.import_module("sodaf_nb.notebook.panel").open_panel(self, doctype, options)
