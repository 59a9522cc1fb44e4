"""The state machine of one migration in front of a person; whatever shows it only calls and shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from sodaf_nb.errors import (
    PYTHON,
    MigrationCancelledError,
    MigrationPendingError,
    SodafError,
    StalePlanError,
    Step,
    UsageError,
    Words,
)
from sodaf_nb.options import Dedupe, RollbackOptions, SyncOptions
from sodaf_nb.results import DryRunResult
from sodaf_nb.session.confirmation import accepted, decided_state, finding_key, missing
from sodaf_nb.session.planning import Planner, applied_options
from sodaf_nb.session.runner import Runner
from sodaf_nb.session.values import ANSWERABLE, DECIDING, Progress, Snapshot, State
from sodaf_nb.session.view import Review
from sodaf_nb.tabular import Row, Tabular
from sodaf_nb.validation import Finding

if TYPE_CHECKING:
    from sodaf_nb.applier import MigrationApplier

Listener = Callable[[Snapshot], None]


class PlanSession(Tabular):
    """One DocType's migration: planned, asked about, confirmed, applied, and taken back.

    Every method may be called from any thread. Those that take long run in a thread of their own, one at a
    time: they return True when they began and False when something runs already, which makes a second click
    harmless. What a plan is carried out on is checked again by the applier, under the lock of the database and
    inside the transaction; a second session or process changes nothing about that.

    Args:
        applier: What migrates the database.
        doctype: The DocType.
        options: The answers given so far.
        connection: What the user calls the database; empty takes its own name.
        words: How the next steps of errors are written.
        clock: Seconds; an argument for tests.
    """

    def __init__(
        self,
        applier: MigrationApplier,
        doctype: str,
        options: SyncOptions | None = None,
        *,
        connection: str = "",
        words: Words = PYTHON,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.applier = applier
        self.clock = clock
        self._words = words
        self._planner = Planner(applier, doctype, words)
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._runner = Runner(self._told, self._rows)
        self._now = Snapshot(
            state=State.NEW,
            doctype=doctype,
            target=self._planner.target(connection),
            answers=options or SyncOptions(),
        )

    @property
    def snapshot(self) -> Snapshot:
        """The session as it is now."""
        return self._now

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every new snapshot, in the thread that made it; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def is_blocked(self) -> bool:
        """Return True when the plan would not go through as it stands."""
        return self._now.dry_run is not None and self._now.dry_run.is_blocked()

    def plan_now(self) -> Snapshot:
        """Make the plan in this thread and return what came of it; what goes wrong is kept for `wait` and `dry_run`.

        Raises:
            KeyboardInterrupt: If the user interrupts it.
        """
        self._begin(State.PLANNING, **_UNDECIDED)
        self._runner.run_here(self._plan, self._ended)
        return self._now

    def dry_run(self) -> DryRunResult:
        """Return the plan as tried.

        Raises:
            SodafError: What kept it from being made.
        """
        if self._now.error is not None:
            raise self._now.error
        if self._now.dry_run is None:  # the question, with its hint: the applier words it
            return self.applier.dry_run(self._now.doctype, self._now.answers)
        return self._now.dry_run

    def plan(self) -> bool:
        """Make a new plan in a thread, with the answers given so far."""
        return self._start(State.PLANNING, self._plan, ANSWERABLE | DECIDING | {State.APPLIED}, **_UNDECIDED)

    def answer(
        self,
        *,
        field_renames: Mapping[str, str] | None = None,
        not_renamed: bool | None = None,
        removed_fields: Literal["keep", "drop"] | None = None,
        backfill: Mapping[str, str | int | float] | None = None,
        dedupe: Mapping[str, Dedupe] | None = None,
        widen: Collection[str] | None = None,
    ) -> bool:
        """Answer what the plan asks, which leads to a new plan; None leaves an answer as it is.

        Args:
            field_renames: {old: new} of all fields that go on under another name.
            not_renamed: True says that columns which may look renamed are not.
            removed_fields: What becomes of columns that have no field any more.
            backfill: {fieldname: value} for rows that would hold NULL in a required field.
            dedupe: {fieldname: how} for rows that share a value of a field that becomes unique.
            widen: Fields whose column keeps the room it has.

        Raises:
            UsageError: If the plan is past its questions.
        """
        with self._lock:
            if self._now.state.busy:
                return False
            self._require(ANSWERABLE, "answer")
            old = self._now.answers
            new = replace(
                old,
                accept=_with_bc06(old.accept, not_renamed),
                field_renames=old.field_renames if field_renames is None else MappingProxyType(dict(field_renames)),
                removed_fields=removed_fields or old.removed_fields,
                backfill=old.backfill if backfill is None else MappingProxyType(dict(backfill)),
                dedupe=old.dedupe if dedupe is None else MappingProxyType(dict(dedupe)),
                widen=old.widen if widen is None else tuple(widen),
            )
            self._set(answers=new)
            return self.plan()

    def tick(self, finding: Finding, on: bool = True) -> None:  # noqa: FBT001, FBT002  what a checkbox gives
        """Take on one finding, or take that back."""
        with self._lock:
            self._require(DECIDING, "tick a finding")
            key = frozenset({finding_key(finding)})
            self._decide(ticked=self._now.ticked | key if on else self._now.ticked - key)

    def type_name(self, text: str) -> None:
        """Type the name of the table, which takes on every finding that can be accepted."""
        with self._lock:
            self._require(DECIDING, "type a name")
            self._decide(typed=text)

    def check(self) -> bool:
        """Return True while the database is as the plan was made for; else the session is stale."""
        from sodaf_nb.execution import plan_fingerprint  # noqa: PLC0415  light start

        with self._lock:
            found = self._now.dry_run
            if found is None or self._now.state not in DECIDING:
                return True
            if plan_fingerprint(found.plan, self.applier.database.reflect()) == found.plan.made_for:
                return True
            message = f"The schema of {found.plan.table} changed after the plan was made."
            self._set(state=State.STALE, error=StalePlanError(message, hint="make a new plan and review it again"))
            return False

    def apply(self) -> bool:
        """Carry out the plan in a thread.

        Raises:
            UsageError: If it may not be applied; the details say what is missing.
        """
        return self._start(State.APPLYING, self._apply, {State.READY})

    def preview_rollback(self) -> bool:
        """Try the rollback of the newest migration in force on a copy, in a thread.

        Raises:
            UsageError: If there is nothing to take back.
        """
        with self._lock:
            if self._now.undoable is None:
                raise UsageError(f"There is no migration of {self._now.doctype} to take back.")
            settled = ANSWERABLE | DECIDING | {State.APPLIED}
            return self._start(State.PREVIEWING, self._preview, settled, undo=None, ticked=frozenset(), typed="")

    def rollback(self) -> bool:
        """Take back the migration whose rollback was tried, in a thread.

        Raises:
            UsageError: If it was not tried, or something is missing.
        """
        with self._lock:
            if not self._now.state.busy and self._now.missing:
                raise self._refusal("roll back")
            return self._start(State.ROLLING_BACK, self._rollback, {State.UNDO})

    def backup_facts(self) -> Mapping[str, Any]:
        """Return where backups go, the bytes that are free there and that the database has, and for how many keys."""
        return self._planner.backup_facts()

    def cancel(self) -> bool:
        """Ask what runs to stop; False when nothing runs or it is too late. After True nothing is committed."""
        with self._lock:
            if not self._runner.stop():
                return False
            self._set(state=State.CANCELLING)
            return True

    def wait(self, timeout: float | None = None) -> Snapshot:
        """Wait until nothing runs and return what came of it; an interrupt cancels what runs.

        Raises:
            SodafError: What the work failed with.
            TimeoutError: If it takes longer than `timeout` seconds; it goes on.
        """
        try:
            ended = self._runner.join(timeout)
        except KeyboardInterrupt:
            self.cancel()
            ended = self._runner.join(None)
        if not ended:
            raise TimeoutError(f"{self._now.state} after {timeout} s; wait again, or cancel")
        if self._now.error is not None:
            raise self._now.error
        return self._now

    def require_applied(self) -> None:
        """Go on only when the database is as the DocType says: the gate for the cells below a panel.

        Raises:
            MigrationPendingError: If the plan was not applied yet.
        """
        if self._now.state not in {State.APPLIED, State.NOTHING}:
            pending = MigrationPendingError(
                f"The migration of {self._now.doctype} is not applied: {self._now.state}.",
                hint=("press Apply in the panel above and run this cell again, or look at ", Step("history")),
            )
            pending.words = self._words
            raise pending

    # ------------------------------------------------------------ what is shown

    def heading(self) -> str:
        """Return the verdict in one line."""
        return Review(self._now).heading()

    def to_rows(self) -> Sequence[Row]:
        """Return one row a change."""
        return Review(self._now).to_rows()

    def empty_text(self) -> str:
        """Say why there are no changes."""
        return Review(self._now).empty_text()

    def notes(self) -> Sequence[str]:
        """Return what is changed, the findings, the backup, the rehearsal and the history."""
        return Review(self._now).notes()

    def code(self) -> Sequence[tuple[str, str]]:
        """Return rows before and after, the table's structure and the SQL both ways."""
        return Review(self._now).code()

    def text_code(self) -> Sequence[tuple[str, str]]:
        """Return what the text shows of it."""
        return Review(self._now).text_code()

    # ------------------------------------------------------------ inside

    def _plan(self) -> dict[str, Any]:
        return self._planner.planned(self._now.answers)

    def _apply(self) -> dict[str, Any]:
        options = applied_options(self._now, accepted(self._now), self._planner.yes_on(self._now))
        done = self.applier.sync_doctype(self._now.doctype, options)
        return {"state": State.APPLIED, "result": done, **self._planner.standing()}

    def _preview(self) -> dict[str, Any]:
        undoable = self._now.undoable
        found = self.applier.dry_run_rollback(undoable.id) if undoable else None
        return {"state": State.UNDO, "undo": found}

    def _rollback(self) -> dict[str, Any]:
        undoable = self._now.undoable
        options = RollbackOptions(accept=accepted(self._now), yes_on=self._planner.yes_on(self._now))
        done = self.applier.rollback_migration(undoable.id, options) if undoable else None
        return {"state": State.ROLLED_BACK, "undone": done, **self._planner.standing()}

    def _start(
        self, state: State, work: Callable[[], dict[str, Any]], allowed: frozenset[State] | set[State], **fields: Any
    ) -> bool:
        with self._lock:
            if self._now.state.busy:
                return False
            if self._now.state not in allowed:
                raise self._refusal(_DOING[state])
            self._begin(state, **fields)
            self._runner.start(work, self._ended)
            return True

    def _begin(self, state: State, **fields: Any) -> None:
        found = self._now.decided
        estimate = found.estimated_time_s if found and state in {State.APPLYING, State.ROLLING_BACK} else None
        progress = Progress(started=self.clock(), estimated_s=estimate)
        self._set(state=state, error=None, progress=progress, **fields)

    def _ended(self, fields: dict[str, Any], error: BaseException | None) -> None:
        with self._lock:
            if error is not None:
                fields = {"state": _state_after(error), "error": self._kept(error)}
            self._decide(**({"progress": None} | fields))

    def _kept(self, error: BaseException) -> BaseException:
        if isinstance(error, KeyboardInterrupt):
            text = "It was stopped by the user; nothing was changed."
            error = MigrationCancelledError(text, hint="plan again when ready")
        if isinstance(error, SodafError):
            error.words = self._words
        return error

    def _decide(self, **fields: Any) -> None:
        """Take new facts in and find out where a plan stands with them."""
        now = replace(self._now, **fields)
        if "state" not in fields:
            now = replace(now, state=decided_state(now))
        left = missing(now) if now.state in DECIDING else ()
        self._set(**(fields | {"state": now.state, "missing": left}))

    def _set(self, **fields: Any) -> None:
        with self._lock:
            self._now = replace(self._now, **fields)
            now, listeners = self._now, tuple(self._listeners)
        for listener in listeners:
            with suppress(Exception):  # what is shown must not stop what is done
                listener(now)

    def _told(self, what: str, done: int, total: int) -> None:
        before = self._now.progress
        if before is not None and (what != before.what or done != before.done):
            finished = (*before.finished, before.what) if before.what and before.what != what else before.finished
            self._set(progress=replace(before, what=what, done=done, total=total, rows=0, finished=finished))

    def _rows(self, count: int) -> None:
        if (before := self._now.progress) is not None:
            self._set(progress=replace(before, rows=before.rows + count))

    def _require(self, allowed: frozenset[State], what: str) -> None:
        if self._now.state not in allowed:
            raise self._refusal(what)

    def _refusal(self, what: str) -> SodafError:
        message = f"This is not the time to {what} ({self._now.doctype}: {self._now.state})"
        if self._now.missing:
            return UsageError(message, details=[text.rstrip(".") for text in self._now.missing])
        return UsageError(f"{message}.", hint="make a new plan first" if not self._now.state.busy else "wait or cancel")


# A tick stands for a finding that was read, and a result for the plan it came from: a new plan has neither.
_UNDECIDED: Mapping[str, Any] = MappingProxyType(
    {"ticked": frozenset(), "typed": "", "result": None, "undo": None, "undone": None}
)

_DOING = {
    State.PLANNING: "plan",
    State.APPLYING: "apply",
    State.PREVIEWING: "try a rollback",
    State.ROLLING_BACK: "roll back",
}


def _with_bc06(accept: Any, not_renamed: bool | None) -> Any:  # noqa: FBT001  None leaves it as it is
    if accept == "all" or not_renamed is None:
        return accept
    return frozenset(accept) | {"BC06"} if not_renamed else frozenset(accept) - {"BC06"}


def _state_after(error: BaseException) -> State:
    if isinstance(error, (KeyboardInterrupt, MigrationCancelledError)):
        return State.CANCELLED
    return State.STALE if isinstance(error, StalePlanError) else State.FAILED
