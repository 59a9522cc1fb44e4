"""What a session looks like at one moment, frozen, so that whoever shows it shows one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sodaf_nb.access import is_production
from sodaf_nb.diff import RenameCandidate, SchemaDiff
from sodaf_nb.options import SyncOptions
from sodaf_nb.results import DryRunResult, MigrationResult
from sodaf_nb.tabular import Row

FindingKey = tuple[str, str]
"""(rule, object) of a finding."""


class State(StrEnum):
    """Where a session stands; the value is the word a person reads."""

    NEW = "not planned yet"
    PLANNING = "planning"
    QUESTION = "question open"
    NOTHING = "nothing to do"
    BLOCKED = "blocked"
    CONFIRMING = "waiting for your confirmation"
    READY = "ready"
    APPLYING = "applying"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    APPLIED = "applied"
    PREVIEWING = "trying the rollback"
    UNDO = "rollback tried"
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    STALE = "stale"

    @property
    def busy(self) -> bool:
        """True while work runs in a thread."""
        return self in _BUSY

    @property
    def undoing(self) -> bool:
        """True from the try of a rollback to its end: then the findings are about the rollback."""
        return self in {State.UNDO, State.ROLLING_BACK}


_BUSY = frozenset({State.PLANNING, State.APPLYING, State.CANCELLING, State.PREVIEWING, State.ROLLING_BACK})

# States in which the answers may change and lead to a new plan.
ANSWERABLE = frozenset(
    {
        State.NEW,
        State.QUESTION,
        State.NOTHING,
        State.BLOCKED,
        State.CONFIRMING,
        State.READY,
        State.CANCELLED,
        State.FAILED,
    }
    | {State.STALE, State.ROLLED_BACK}
)

# States in which a plan lies before the person who decides.
DECIDING = frozenset({State.BLOCKED, State.CONFIRMING, State.READY, State.UNDO})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What would be changed.

    Args:
        connection: What the user calls the database.
        name: The database's short name.
        path: Its file as shown to people; differs from machine to machine.
        engine: The engine and its version.
        environment: A word for the kind of database, such as `dev`.
        protected: True when its profile asks for a name and an approval.
    """

    connection: str
    name: str
    path: str
    engine: str
    environment: str
    protected: bool = False

    @property
    def is_production(self) -> bool:
        """True for a word for production."""
        return is_production(self.environment)

    @property
    def asks_name(self) -> bool:
        """True where every change needs the typed name of its table."""
        return self.protected or self.is_production


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the work is that runs.

    Args:
        what: The step that runs.
        done: Steps done.
        total: Steps in all.
        finished: Names of the steps that are done, in order.
        rows: Rows handled within the step, where it goes by chunks.
        started: The session's clock when the work began, in seconds.
        estimated_s: Seconds it should take by the rehearsal; None when that is not known.
    """

    what: str = ""
    done: int = 0
    total: int = 0
    finished: tuple[str, ...] = ()
    rows: int = 0
    started: float = 0.0
    estimated_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """The migration that a rollback would take back: its id and its number in the history."""

    id: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A session at one moment.

    Args:
        state: Where it stands.
        doctype: The DocType it is for.
        target: What would be changed.
        answers: What the person answered so far; a new answer leads to a new plan.
        dry_run: The plan as tried; None before it is made.
        diff: What differs; None before the plan is made.
        candidates: Removed and new columns that may be renames.
        removed: Columns without a field, which `removed_fields` keeps or drops.
        fillable: Required fields for which rows have no value.
        shared: Fields that become unique and of which rows share values.
        narrowed: Fields whose column would get less room than values need.
        structure: The table's columns now and as wanted, one row each.
        ticked: Findings that the person took on one by one.
        typed: What the person typed as the name of the table.
        missing: What still keeps the plan from being applied, a sentence each.
        progress: How far the work is; None while none runs.
        result: What the apply did; None before.
        undo: The rollback as tried; None before.
        undone: What the rollback did; None before.
        undoable: What a rollback would take back; None when there is nothing.
        error: Why the last work failed; None when it did not.
        history: The newest migrations of the DocType, one row each.
        interrupted: Migrations that a crash left open.
    """

    state: State
    doctype: str
    target: Target
    answers: SyncOptions = field(default_factory=SyncOptions)
    dry_run: DryRunResult | None = None
    diff: SchemaDiff | None = None
    candidates: tuple[RenameCandidate, ...] = ()
    removed: tuple[str, ...] = ()
    fillable: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    structure: tuple[Row, ...] = ()
    ticked: frozenset[FindingKey] = frozenset()
    typed: str = ""
    missing: tuple[str, ...] = ()
    progress: Progress | None = None
    result: MigrationResult | None = None
    undo: DryRunResult | None = None
    undone: MigrationResult | None = None
    undoable: Undoable | None = None
    error: BaseException | None = None
    history: tuple[Row, ...] = ()
    interrupted: int = 0

    @property
    def decided(self) -> DryRunResult | None:
        """The dry run whose findings are to be decided on: the rollback's, once that was tried."""
        return self.undo if self.state.undoing else self.dry_run

    @property
    def destructive(self) -> bool:
        """True when what is decided on would lose data or cannot be taken back exactly."""
        return self.decided is not None and any(f.severity == "block" for f in self.decided.findings)
