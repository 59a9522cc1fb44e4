"""Whether a person is in front of the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def person_watches(shell: InteractiveShell) -> bool:
    """Return True in a kernel whose front end lets it ask for input.

    nbclient, papermill and nbval do not, and nothing else in a request tells them apart.
    """
    if not hasattr(shell, "kernel"):
        return False
    parent: dict[str, Any] = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return bool(parent.get("content", {}).get("allow_stdin"))
