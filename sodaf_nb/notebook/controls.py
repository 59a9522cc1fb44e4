"""The live controls of a session: plain widgets that call it and show what it says. They decide nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import ipywidgets as w

from sodaf_nb.errors import SodafError
from sodaf_nb.notebook import plan_html as page
from sodaf_nb.notebook.forms import Answers, Confirmation
from sodaf_nb.results import DryRunResult
from sodaf_nb.session import PlanSession, Progress, Snapshot, State, change_rows
from sodaf_nb.session.values import DECIDING
from sodaf_nb.tabular import counted

# Ten changes a second are more than a person reads; a front end that gets more falls behind.
_BETWEEN_S = 0.1
_TICK_S = 0.5
_SHORT_S = 0.1

_ABOVE = "as above"


def _button(text: str, hint: str, act: Callable[[], object], style: str = "") -> w.Button:
    made = w.Button(description=text, tooltip=hint, button_style=style, layout=w.Layout(width="auto"))
    made.on_click(lambda _button: act())
    return made


class Controls:
    """Buttons, ticks and progress of one session.

    Made in the thread of a cell. A click may arrive in any thread, and the session's news come from the one
    that works: both end in `_show`, the only place that changes a widget, one at a time.

    Args:
        session: The session.
        above: The plan that stands above them and need not be shown again.
    """

    def __init__(self, session: PlanSession, above: DryRunResult | None) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._last = 0.0
        self._ticking = False
        self._plan = above
        self.state = w.HTML()
        self.answers = Answers(lambda **given: self._guarded(lambda: session.answer(**given)))
        self.confirmation = Confirmation(
            lambda finding, on: self._guarded(lambda: session.tick(finding, on)),
            lambda text: self._guarded(lambda: session.type_name(text)),
        )
        self.filter = w.Dropdown(options=[_ABOVE], value=_ABOVE, description="Show changes:", layout=_FIT, style=_WIDE)
        self.filter.observe(lambda _change: self._show(session.snapshot), names="value")
        self.changes = w.HTML()
        self.missing = w.HTML()
        self.apply = _button("Apply", "Carry out this plan", lambda: self._guarded(session.apply))
        self.cancel = _button("Cancel", "Stop and take everything back; possible until the commit", self._cancel)
        self.again = _button("Plan again", "Look at the database anew", lambda: self._guarded(session.plan))
        self.check = _button("Check for changes", "Is the schema still the one this plan is for?", self._check)
        self.try_back = _button(
            "Try rollback", "Try it on a copy first", lambda: self._guarded(session.preview_rollback)
        )
        self.back = _button("Roll back", "Take it back for good", lambda: self._guarded(session.rollback), "danger")
        self.bar = w.IntProgress(min=0, max=100, layout=w.Layout(width="100%", max_width="480px"))
        self.progress = w.HTML()
        self.message = w.HTML()
        self.outcome = w.HTML()
        self.details = w.HTML()
        buttons = w.HBox(
            [self.apply, self.cancel, self.try_back, self.back, self.again, self.check],
            layout=w.Layout(flex_flow="row wrap"),
        )
        self.box = w.VBox(
            [
                *(self.state, self.answers.box, self.filter, self.changes, self.confirmation.box, self.missing),
                *(buttons, self.bar, self.progress, self.message, self.outcome, self.details),
            ],
            layout=w.Layout(width="100%", max_width="1100px"),
        )
        self.box.add_class("sodaf-controls")
        self._show(session.snapshot)
        self._end = session.subscribe(self._news)

    def close(self) -> None:
        """Take the controls away; the session goes on."""
        self._end()
        self.box.close()

    # ------------------------------------------------------------ what a click does

    def _guarded(self, act: Callable[[], object]) -> None:
        """Do what a click asks for; a refusal is shown here, because nobody sees what a callback raises."""
        try:
            act()
        except SodafError as error:
            with self._lock:
                self.message.value = page.block(page.trouble(error))
        except Exception as error:  # noqa: BLE001  see above
            with self._lock:
                self.message.value = page.block(page.trouble(error))

    def _cancel(self) -> None:
        if not self._session.cancel() and self._session.snapshot.state.busy:
            self._say("It is being committed: too late to cancel. It can be rolled back.")

    def _check(self) -> None:
        def look() -> None:
            if self._session.check():
                self._say("The schema is still the one this plan is for.")

        self._guarded(look)

    def _say(self, text: str) -> None:
        with self._lock:
            self.message.value = page.block(f'<p class="calm" role="status">{page.esc(text)}</p>')

    # ------------------------------------------------------------ what is shown

    def _news(self, now: Snapshot) -> None:
        """Show a new snapshot, unless it is one more step of the same work and the last was shown just now."""
        moment = time.monotonic()
        if now.state.busy and now.state == self._shown and moment - self._last < _BETWEEN_S:
            return
        self._last = moment
        self._show(now)
        if now.state.busy and not self._ticking:
            self._ticking = True
            threading.Thread(target=self._tick, name="sodaf-clock", daemon=True).start()

    def _tick(self) -> None:
        """Keep the seconds going while a step takes long."""
        while (now := self._session.snapshot).state.busy:
            with self._lock:
                self._show_progress(now.progress)
            time.sleep(_TICK_S)
        self._ticking = False

    def _show(self, now: Snapshot) -> None:
        with self._lock:
            self._shown = now.state
            self.state.value = page.framed(_state_line(now))
            self.answers.show(now)
            self._show_changes(now)
            self.confirmation.show(now)
            self._show_missing(now)
            self._show_buttons(now)
            self._show_progress(now.progress if now.state.busy else None)
            self._show_outcome(now)

    def _show_changes(self, now: Snapshot) -> None:
        found = now.decided
        rows = change_rows(found) if found and found.plan.operations else []
        risks = list(dict.fromkeys(str(row["risk"]) for row in rows))
        options = [_ABOVE, f"all {len(rows)}", *risks] if rows else [_ABOVE]
        if not _same(found, self._plan):  # another plan than the one above: it has to be seen without asking
            self._plan = found
            self.filter.options = options
            self.filter.value = options[1] if rows else _ABOVE
        elif list(self.filter.options) != options:
            self.filter.options = options
        chosen = self.filter.value
        visible(self.filter, on=len(rows) > 0 and now.state in DECIDING)
        risk = chosen if chosen in risks else None
        shown = found and rows and chosen != _ABOVE and now.state in DECIDING
        self.changes.value = page.block(page.changes(found, risk)) if found and shown else ""

    def _show_missing(self, now: Snapshot) -> None:
        lines = "".join(f"<li>{page.esc(text)}</li>" for text in now.missing)
        self.missing.value = page.block(f'<p class="care">Before it can go on:</p><ul>{lines}</ul>') if lines else ""

    def _show_buttons(self, now: Snapshot) -> None:
        state, found = now.state, now.decided
        self.apply.description = _apply_text(now)
        self.apply.disabled = state is not State.READY
        loud = "danger" if now.destructive or now.target.is_production else "primary"
        self.apply.button_style = "" if self.apply.disabled else loud  # pale red says less than grey
        visible(self.apply, on=bool(found and found.plan.operations) and state in DECIDING and not state.undoing)
        self.cancel.disabled = state is State.CANCELLING
        visible(self.cancel, on=state.busy)
        number = now.undoable.number if now.undoable else ""
        self.try_back.description = f"Try rollback of #{number} ..."
        visible(self.try_back, on=bool(now.undoable) and state in {State.APPLIED, State.NOTHING})
        self.back.description = f"Roll back #{number} on {now.target.name}"
        self.back.disabled = bool(now.missing)
        visible(self.back, on=state is State.UNDO)
        visible(self.again, on=not state.busy)
        visible(self.check, on=state in DECIDING)

    def _show_progress(self, progress: Progress | None) -> None:
        visible(self.bar, on=progress is not None)
        if progress is None:
            self.progress.value = ""
            return
        elapsed = self._session.clock() - progress.started
        self.bar.value = int(100 * min(progress.done / max(progress.total, 1), 1.0))
        self.progress.value = page.block(_progress_text(progress, elapsed))

    def _show_outcome(self, now: Snapshot) -> None:
        parts = [page.outcome(result) for result in (now.result, now.undone) if result]
        parts += [page.trouble(now.error)] if now.error else []
        if now.state.busy or now.state in DECIDING:
            self.message.value = ""
        self.outcome.value = page.block(*parts) if parts else ""
        found = now.decided
        folded = [page.history(now)]
        if found and found.plan.operations:
            folded = [page.checked(found), page.saved(found), _space(now, self._session), page.structure(now)]
            folded += [page.preview(found), page.sql(found), page.history(now), page.export(found)]
        body = "".join(folded)
        self.details.value = page.block(f"<details><summary>Everything about this plan</summary>{body}</details>")


_FIT = w.Layout(width="auto", max_width="420px")
_WIDE = {"description_width": "initial"}


def visible(widget: w.DOMWidget, *, on: bool) -> None:
    """Show a widget or take it out of sight and out of the order of the Tab key."""
    widget.layout.display = None if on else "none"


def _same(one: DryRunResult | None, other: DryRunResult | None) -> bool:
    """Return True when two dry runs say the same; the times of their rehearsals differ always."""
    if one is None or other is None:
        return one is other
    return (one.plan.id, one.findings, one.preview_rows) == (other.plan.id, other.findings, other.preview_rows)


def _state_line(now: Snapshot) -> str:
    sign, mark = page.state_mark(now.state)
    target = now.target
    environment = "PRODUCTION" if target.is_production else target.environment
    where = f"{target.path} ({target.engine})"
    time_text = ""
    if now.state in DECIDING and now.decided and now.decided.estimated_time_s is not None:
        lock = now.decided.estimated_lock_s or 0.0
        time_text = f"; takes {_seconds(now.decided.estimated_time_s)}, others cannot write for {_seconds(lock)}"
    return (
        f'<p class="{mark}" role="status" aria-live="polite"><span class="badge">{page.esc(environment)}</span> '
        f"{sign} <b>{page.esc(str(now.state).upper())}:</b> {page.esc(now.doctype)} in {page.esc(where)}"
        f"{page.esc(time_text)}</p>"
    )


def _seconds(value: float) -> str:
    return "less than 0.1 s" if value < _SHORT_S else f"about {value:.1f} s"


def _apply_text(now: Snapshot) -> str:
    count = len(now.dry_run.plan.operations) if now.dry_run else 0
    where = f"PRODUCTION {now.target.connection}" if now.target.is_production else now.target.connection
    return f"Apply {counted(count, 'change')} to {where}"


def _progress_text(progress: Progress, elapsed: float) -> str:
    done = "".join(f"<li>\u2713 {page.esc(step)} (done)</li>" for step in progress.finished)
    rows = f", {progress.rows:,} rows" if progress.rows else ""
    what = progress.what or "starting"
    step = f" (step {min(progress.done + 1, progress.total)} of {progress.total})" if progress.total else ""
    estimate = f", estimated: {_seconds(progress.estimated_s)}" if progress.estimated_s is not None else ""
    now = f"<li>\u25b6 {page.esc(what)} (running{page.esc(rows)}){page.esc(step)}</li>"
    return f'<ul class="ticked" role="status">{done}{now}</ul><p>{page.esc(f"{elapsed:.0f} s{estimate}")}</p>'


def _space(now: Snapshot, session: PlanSession) -> str:
    found = now.decided
    if not found or not found.backup_preview:
        return ""
    facts = session.backup_facts()
    locked = f"encrypted for {counted(facts['recipients'], 'recipient')}" if facts["recipients"] else "not encrypted"
    room = f"{facts['free'] / 1e9:.1f} GB free, the database has {facts['size'] / 1e6:.1f} MB"
    text = f"Backups go to {facts['folder']} ({room}), {locked}."
    return f"<p>{page.esc(text)}</p>"
