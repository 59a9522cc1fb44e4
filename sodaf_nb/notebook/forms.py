"""What a person fills in: answers that lead to a new plan, and confirmations of the present one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets as w

from sodaf_nb.commands.parsing import number_or_text
from sodaf_nb.notebook import plan_html as page
from sodaf_nb.session import Snapshot, State, finding_key
from sodaf_nb.session.values import ANSWERABLE, DECIDING
from sodaf_nb.tabular import counted
from sodaf_nb.validation import Finding, blocking

_WIDE = {"description_width": "initial"}
_FULL = w.Layout(width="auto", max_width="560px")

_OTHER = "No, another field"
_UNSAID = "Please choose"


def heading(text: str) -> w.HTML:
    """Return a line above some fields."""
    return w.HTML(page.block(f"<p><b>{page.esc(text)}</b></p>"))


class Answers:
    """Renames, removed fields and values for empty rows.

    Args:
        send: Called with the arguments of `PlanSession.answer`.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._asked: object = None
        self._renames: dict[tuple[str, str], w.Dropdown] = {}
        self._removed: w.Dropdown | None = None
        self._fills: dict[str, w.Text] = {}
        self._shared: dict[str, w.Dropdown] = {}
        self._narrowed: dict[str, w.Dropdown] = {}
        self.submit = w.Button(
            description="Plan with these answers",
            tooltip="Make a new plan; changes nothing",
            layout=w.Layout(width="auto", align_self="flex-start"),
        )
        self.submit.on_click(lambda _button: self._submit())
        self.box = w.VBox()

    def show(self, now: Snapshot) -> None:
        """Show what is asked; what was typed stays until there is another plan."""
        asked = (now.candidates, now.removed, now.fillable, now.shared, now.narrowed, now.answers)
        if now.state in ANSWERABLE and asked != self._asked:
            self._asked = asked
            self.box.children = tuple(self._fields(now))
        hidden = now.state not in ANSWERABLE or not self.box.children
        self.box.layout.display = "none" if hidden else None

    def _fields(self, now: Snapshot) -> Iterator[w.Widget]:
        self._renames = {(c.old, c.new): _rename(now, c.old, c.new) for c in now.candidates}
        known = now.answers.field_renames.items()
        self._renames |= {pair: _rename(now, *pair) for pair in known if pair not in self._renames}
        self._removed = _removed(now) if now.removed else None
        self._fills = {name: _fill(now, name) for name in now.fillable}
        self._shared = {name: _dedupe(now, name) for name in now.shared}
        self._narrowed = {name: _widen(now, name) for name in now.narrowed}
        fields = [*self._renames.values(), *([self._removed] if self._removed else []), *self._fills.values()]
        fields += [*self._shared.values(), *self._narrowed.values()]
        if fields:
            yield heading("Your answers (each leads to a new plan, nothing is changed)")
            yield from fields
            yield self.submit

    def _submit(self) -> None:
        renames = {pair: field.value for pair, field in self._renames.items()}
        given: dict[str, Any] = {
            "field_renames": {old: new for (old, new), word in renames.items() if word == _same(old)},
            "backfill": {name: number_or_text(field.value) for name, field in self._fills.items() if field.value},
            "dedupe": {name: field.value for name, field in self._shared.items() if field.value},
            "widen": tuple(name for name, field in self._narrowed.items() if field.value),
        }
        if _OTHER in renames.values():
            given["not_renamed"] = True
        if self._removed is not None:
            given["removed_fields"] = self._removed.value
        self._send(**given)


def _same(old: str) -> str:
    return f"Yes, it is {old} renamed"


def _rename(now: Snapshot, old: str, new: str) -> w.Dropdown:
    given = now.answers.field_renames.get(old) == new
    declined = now.answers.accept != "all" and "BC06" in now.answers.accept
    value = _same(old) if given else _OTHER if declined else _UNSAID
    return w.Dropdown(
        description=f"Is {new} the former {old}?",
        options=[_UNSAID, _same(old), _OTHER],
        value=value,
        style=_WIDE,
        layout=_FULL,
    )


def _removed(now: Snapshot) -> w.Dropdown:
    names = ", ".join(now.removed)
    keep, drop = ("Keep the columns", "Drop the columns") if len(now.removed) > 1 else ("Keep it", "Drop it")
    return w.Dropdown(
        description=f"No longer a field: {names}",
        options=[(keep, "keep"), (drop, "drop")],
        value=now.answers.removed_fields,
        style=_WIDE,
        layout=_FULL,
    )


def _fill(now: Snapshot, name: str) -> w.Text:
    given = now.answers.backfill.get(name)
    return w.Text(
        value="" if given is None else str(given),
        description=f"Value of {name} for rows without one:",
        placeholder="a value",
        style=_WIDE,
        layout=_FULL,
    )


def _dedupe(now: Snapshot, name: str) -> w.Dropdown:
    return w.Dropdown(
        description=f"Rows that share a value of {name}, all but the first:",
        options=[("Stop", ""), ("Empty it", "blank"), ("Put their key behind it", "suffix")],
        value=now.answers.dedupe.get(name, ""),
        style=_WIDE,
        layout=_FULL,
    )


def _widen(now: Snapshot, name: str) -> w.Dropdown:
    return w.Dropdown(
        description=f"Less room in {name} than values need:",
        options=[("Take the DocType's type", False), ("Keep the type there is", True)],
        value=name in now.answers.widen,
        style=_WIDE,
        layout=_FULL,
    )


class Confirmation:
    """A tick for each finding that stops the plan, and the typed name that stands for all.

    Args:
        tick: Called with a finding and whether it is taken on.
        type_name: Called with what was typed.
    """

    def __init__(self, tick: Callable[[Finding, bool], None], type_name: Callable[[str], None]) -> None:
        self._tick = tick
        self._type_name = type_name
        self._plan: object = None
        self.ticks: tuple[w.Checkbox, ...] = ()
        self.name = w.Text(placeholder="name of the table", style=_WIDE, layout=_FULL)
        self.name.observe(lambda change: self._type_name(str(change["new"])), names="value")
        self.box = w.VBox()

    def show(self, now: Snapshot) -> None:
        """Show what has to be taken on; what is ticked and typed stays for the same plan."""
        found = now.decided
        if found is not self._plan:
            self._plan = found
            self.name.value = now.typed
            self.box.children = tuple(self._fields(now))
        deciding = now.state in DECIDING and now.state is not State.BLOCKED
        self.box.layout.display = None if deciding and self.box.children else "none"

    def _fields(self, now: Snapshot) -> Iterator[w.Widget]:
        found = now.decided
        given = now.answers.accept
        stopping = [f for f in blocking(found.findings, given) if f.acceptable] if found else []
        self.ticks = tuple(self._checkbox(now, finding) for finding in stopping)
        if found and (stopping or now.target.asks_name):
            yield heading("I take this on (it is recorded in the history):")
            yield from self.ticks
            what = "and type" if now.target.asks_name else "or type"
            self.name.description = f"{what if stopping else 'type'} {found.plan.table}:"
            yield self.name

    def _checkbox(self, now: Snapshot, finding: Finding) -> w.Checkbox:
        count = f" ({counted(finding.count, 'value')})" if finding.count else ""
        box = w.Checkbox(
            value=finding_key(finding) in now.ticked,
            description=f"{finding.rule} {finding.object}{count}",
            tooltip=finding.message,
            indent=False,
            layout=w.Layout(width="auto"),
        )
        box.observe(lambda change: self._tick(finding, bool(change["new"])), names="value")
        return box
