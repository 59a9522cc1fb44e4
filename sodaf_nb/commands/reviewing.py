"""Sessions in which a person decides on a plan, as the commands open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sodaf_nb.commands.wording import words
from sodaf_nb.options import SyncOptions

if TYPE_CHECKING:
    from sodaf_nb.commands.context import Context
    from sodaf_nb.session import PlanSession


def session_for(context: Context, doctype: str, options: SyncOptions) -> PlanSession:
    """Return a session on the connection that commands work on; its errors name next steps as commands."""
    from sodaf_nb.session import PlanSession  # noqa: PLC0415  light start

    connection = context.connection
    return PlanSession(connection.applier, doctype, options, connection=connection.name, words=words(context.program))
