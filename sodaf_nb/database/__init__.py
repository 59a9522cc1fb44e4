"""The only place where SQL reaches an engine."""

from sodaf_nb.database.address import is_file
from sodaf_nb.database.base import Database
from sodaf_nb.database.database import SQLiteDatabase
from sodaf_nb.database.facts import gather
from sodaf_nb.database.lock import exclusive, is_held
from sodaf_nb.database.patience import Patience
from sodaf_nb.database.session import Session, SQLiteSession
from sodaf_nb.database.trial import trial_copy
from sodaf_nb.database.verification import require_catalog, require_same_violations

__all__ = [
    "Database",
    "Patience",
    "SQLiteDatabase",
    "SQLiteSession",
    "Session",
    "exclusive",
    "gather",
    "is_file",
    "is_held",
    "require_catalog",
    "require_same_violations",
    "trial_copy",
]
