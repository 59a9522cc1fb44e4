"""`diagram`: the loaded DocTypes and their links, what would change marked; as a drawing and as text."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sodaf_nb.commands.arguments import add_doctype, doctype_of
from sodaf_nb.commands.context import Context
from sodaf_nb.commands.registry import Command, doctype_names
from sodaf_nb.errors import SodafError, UsageError
from sodaf_nb.tabular import Row, Tabular, counted

if TYPE_CHECKING:
    from sodaf_nb.diff import SchemaDiff
    from sodaf_nb.doctype import DocType, Field

_NEW, _GONE, _CHANGED, _KEPT = "+", "-", "~", "="


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A field of a box.

    Args:
        sign: `+` new, `~` changed, `-` dropped, `=` kept without a field; empty as it is.
        name: The field.
        type: What its column holds, one word.
        change: What becomes of it, in words; empty when nothing does.
    """

    sign: str
    name: str
    type: str
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """A field that leads to another DocType.

    Args:
        field: The field.
        target: The DocType.
        child: True when the target's rows belong to this one's.
        sign: As of the field.
    """

    field: str
    target: str
    child: bool
    sign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A DocType.

    Args:
        name: Its name.
        state: Where it stands, in words.
        lines: Its fields that have a column.
        arrows: Where its fields lead.
    """

    name: str
    state: str
    lines: tuple[Line, ...]
    arrows: tuple[Arrow, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Diagram(Tabular):
    """DocTypes and their links.

    Args:
        boxes: The DocTypes.
        full: True to show every field, not only links and changes.
    """

    boxes: tuple[Box, ...]
    full: bool = False

    def heading(self) -> str:
        """Return the counts in one line."""
        links = sum(len(box.arrows) for box in self.boxes)
        return f"Diagram of {counted(len(self.boxes), 'DocType')} and {counted(links, 'link')}"

    def to_rows(self) -> list[Row]:
        """Return one row a link: from, field, to."""
        return [
            {
                "": a.sign,
                "from": box.name,
                "field": a.field,
                "to": a.target,
                "kind": "child rows" if a.child else "link",
            }
            for box in self.boxes
            for a in box.arrows
        ]

    def mermaid(self) -> str:
        """Return the drawing as Mermaid text, which JupyterLab and GitHub show as a picture."""
        lines = ["erDiagram"]
        shown = {box.name for box in self.boxes}
        for box in self.boxes:
            lines.append(f"  {_named(box.name, box.state)} {{")
            lines.extend(f"    {line.type} {line.name}{_comment(line)}" for line in self._visible(box))
            lines.append("  }")
        for box in self.boxes:
            lines.extend(_arrow(box.name, arrow) for arrow in box.arrows if arrow.target in shown)
        return "\n".join(lines)

    def _visible(self, box: Box) -> list[Line]:
        linking = {arrow.field for arrow in box.arrows}
        return [line for line in box.lines if self.full or line.sign or line.name in linking]

    def __repr__(self) -> str:
        return "\n".join([self.heading(), *(text for box in self.boxes for text in self._text(box))])

    def _text(self, box: Box) -> Iterator[str]:
        yield f"{box.name}  ({box.state})"
        to = {arrow.field: arrow for arrow in box.arrows}
        for line in self._visible(box):
            arrow = to.pop(line.name, None)
            leads = f" -> {arrow.target}" if arrow else ""
            change = f"  {line.change}" if line.change else ""
            yield f"  {line.sign or ' '} {line.name}{leads}{change}"
        for arrow in to.values():
            yield f"    {arrow.field} => rows of {arrow.target}"

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, str]:
        # No HTML beside it: JupyterLab would show that instead of drawing.
        return {"text/vnd.mermaid": self.mermaid(), "text/plain": repr(self)}


def _named(name: str, state: str) -> str:
    # The names of DocTypes are letters, digits, blanks, _ and -; an id holds no blank.
    return f'{_id(name)}["{name} ({state})"]'


def _id(name: str) -> str:
    return name.replace(" ", "_")


def _comment(line: Line) -> str:
    text = f"{line.sign} {line.change}".strip().replace('"', "'")
    return f' "{text}"' if text else ""


def _arrow(name: str, arrow: Arrow) -> str:
    shape = "||--o{" if arrow.child else "}o--o|"
    return f'  {_id(name)} {shape} {_id(arrow.target)} : "{f"{arrow.sign} {arrow.field}".strip()}"'


def _configure(parser: argparse.ArgumentParser) -> None:
    add_doctype(parser, optional=True, help="only this DocType and those next to it")
    parser.add_argument("--full", action="store_true", help="every field, not only links and changes")


def _run(context: Context, args: argparse.Namespace) -> Tabular:
    boxes = [_box(context, doctype) for doctype in context.doctypes]
    name = doctype_of(args)
    if name is not None:
        context.doctypes.get(name)
        boxes = [box for box in boxes if box.name in _next_to(name, boxes)]
    return Diagram(boxes=tuple(boxes), full=args.full)


def _next_to(name: str, boxes: Sequence[Box]) -> set[str]:
    leads = {arrow.target for box in boxes if box.name == name for arrow in box.arrows}
    comes = {box.name for box in boxes for arrow in box.arrows if arrow.target == name}
    return {name, *leads, *comes}


def _box(context: Context, doctype: DocType) -> Box:
    signs, lost, state = _changes(context, doctype)
    fields = [f for f in doctype.fields if f.column_type is not None]
    lines = (_line(f, *signs.get(f.fieldname, ("", ""))) for f in fields)
    return Box(
        name=doctype.name,
        state=state,
        lines=(*lines, *lost),
        arrows=tuple(_arrows(doctype, {name: sign for name, (sign, _) in signs.items()})),
    )


def _line(field: Field, sign: str, change: str) -> Line:
    return Line(sign=sign, name=field.fieldname, type=str(field.column_type).partition("(")[0], change=change)


def _arrows(doctype: DocType, signs: Mapping[str, str]) -> Iterator[Arrow]:
    from sodaf_nb.doctype.fieldtypes import Options  # noqa: PLC0415  light start

    for field in doctype.fields:
        if field.kind.options in {Options.DOCTYPE, Options.CHILD} and field.options:
            child = field.kind.options is Options.CHILD
            sign = signs.get(field.fieldname, "")
            yield Arrow(field=field.fieldname, target=field.options, child=child, sign=sign)


def _changes(context: Context, doctype: DocType) -> tuple[dict[str, tuple[str, str]], list[Line], str]:
    """Return field to (sign, change), the lines of columns without a field, and where the DocType stands."""
    if not doctype.has_table:
        return {}, [], "no table of its own"
    try:
        diff = context.applier.diff(doctype.name)
    except UsageError:
        return {}, [], "not compared"
    except SodafError:
        return {}, [], "cannot be applied"
    return _signs(diff), _lost(diff), _state(diff)


def _signs(diff: SchemaDiff) -> dict[str, tuple[str, str]]:
    signs = {c.name: (_NEW, "new") for c in diff.added_columns}
    signs |= {r.new: (_CHANGED, f"was {r.old}") for r in diff.renamed_columns}
    for change in diff.modified_columns:
        said = signs.get(change.after.name, ("", ""))[1]
        shapes = f"{change.before.type} to {change.after.type}" if change.before.type != change.after.type else ""
        required = "required" if change.before.nullable and not change.after.nullable else ""
        signs[change.after.name] = (_CHANGED, ", ".join(filter(None, (said, shapes, required))) or "changed")
    return signs


def _lost(diff: SchemaDiff) -> list[Line]:
    kept = [(c, _KEPT, "kept, no longer a field") for c in diff.orphan_columns]
    gone = [(c, _GONE, "dropped") for c in diff.removed_columns]
    return [Line(sign=s, name=c.name, type=str(c.type.kind), change=text) for c, s, text in (*kept, *gone)]


def _state(diff: SchemaDiff) -> str:
    if diff.created:
        return "new table"
    count = len(diff.to_rows()) - len(diff.orphan_columns)
    return counted(count, "change") if diff.has_changes else "up to date"


COMMAND = Command(
    name="diagram",
    help="Draw the loaded DocTypes and their links, what would change marked.",
    configure=_configure,
    run=_run,
    names=doctype_names,
)
