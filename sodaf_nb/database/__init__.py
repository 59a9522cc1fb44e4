"""The only place where SQL reaches an engine."""

from sodaf_nb.database.database import Database
from sodaf_nb.database.facts import gather
from sodaf_nb.database.lock import exclusive
from sodaf_nb.database.patience import Patience
from sodaf_nb.database.session import Session
from sodaf_nb.database.verification import require_catalog, require_same_violations, violations

__all__ = [
    "Database",
    "Patience",
    "Session",
    "exclusive",
    "gather",
    "require_catalog",
    "require_same_violations",
    "violations",
]
