"""CREATE TABLE text edited by tokens, so that everything nobody asked to change stays word for word.

SQLite keeps a table's own text; regenerating it loses COLLATE, CHECK, ON CONFLICT, DEFERRABLE and
comments (traps R13, A19). What cannot be read raises UnsupportedChangeError, here and in every function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from sodaf_nb.errors import UnsupportedChangeError
from sodaf_nb.sql.dialects.sqlite_tokens import Token, tokens
from sodaf_nb.sql.quoting import literal, quote

Span = tuple[int, int]
_SPACE = " \t\n\f\r"  # not str.strip's set: a no-break space is a letter to SQLite
_DEPTH = {"(": 1, ")": -1}
# Only ASCII letters: SQLite takes `tabÉ` and `tabé` for two names (trap R28).
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_CONSTANTS = ("NULL", "TRUE", "FALSE", "CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP")
# A comment that ends the line of the comma before, and the rest.
_NOTE = re.compile(r"((?:(?:[ \t]*(?>--[^\n]*|/\*(?s:.*?)\*/))+[ \t\r]*(?=\n))?)((?s:.*))")

# SQLite's grammar over the pieces of `_Shape`. REFERENCES swallows its ON DELETE SET NULL and
# SET DEFAULT, which are no clauses of their own; a CONSTRAINT name may stand without a constraint.
_ON = r"(?:ON CONFLICT \S+ )?"
_VALUE = r"(?:\(\) |[-+] 0 |[^-+(,;]\S* )"
_CLAUSE = re.compile(
    rf"(?:CONSTRAINT \S+ )?(?:(?P<NOT_NULL>NOT NULL {_ON})|(?P<NULL>NULL {_ON})|(?P<UNIQUE>UNIQUE {_ON})"
    rf"|(?P<DEFAULT>DEFAULT (?P<value>{_VALUE}))|(?P<CHECK>CHECK \(\) {_ON})|(?P<COLLATE>COLLATE \S+ )"
    rf"|(?P<PRIMARY_KEY>PRIMARY KEY (?:ASC |DESC )?{_ON}(?P<counter>(?:AUTOINCREMENT )?))"
    r"|(?P<REFERENCES>REFERENCES \S+ (?:\(\) )?(?:ON \S+ (?:SET |NO )?\S+ |MATCH \S+ )*)"
    r"|(?P<DEFERRABLE>(?:NOT )?DEFERRABLE (?:INITIALLY \S+ )?)"
    r"|(?P<AS>(?:GENERATED ALWAYS )?AS \(\) (?:STORED |VIRTUAL )?)|(?P<NOTHING>(?=CONSTRAINT |\Z)))"
)
_TYPE = re.compile(
    r"(?:(?:(?!(?:CONSTRAINT|NOT|NULL|DEFAULT|PRIMARY|UNIQUE|CHECK|REFERENCES|DEFERRABLE|COLLATE|AS"
    r'|GENERATED ALWAYS AS) )[A-Z_"]\S* )+(?:\(\) )?)?'
)
_TABLE = re.compile(
    r"CREATE (?:TEMP |TEMPORARY )?TABLE (?:IF NOT EXISTS )?(?:\S+ \. )?"
    r'(?P<name>[A-Z_"]\S* )(?P<columns>\(\) )(?:STRICT |WITHOUT ROWID |, )*(?:; )?'
)
_NAMING = re.compile(r"\b(?P<word>CHECK|AS|KEY|UNIQUE|REFERENCES) (?P<table>[^(\s]+ )?(?P<names>\(\) )")


class Unset(Enum):
    """The one value that means "leave this alone" where None means "take it away"."""

    UNSET = "unset"


UNSET = Unset.UNSET


def _significant(sql: str) -> tuple[Token, ...]:
    return tuple(t for t in tokens(sql) if t.kind not in ("space", "comment"))


def _trimmed(text: str) -> Span:
    """Return the place of a text without the space around it; a comment is not space."""
    kept = [token for token in tokens(text) if token.kind != "space"]
    return (kept[0].start, kept[-1].stop) if kept else (0, len(text))


def _fold(name: str) -> str:
    return name.translate(_LOWER)


def _refuse(what: str, text: str) -> UnsupportedChangeError:
    return UnsupportedChangeError(f"{what}: {text.strip()[:80]!r}.", hint="make this change by hand in SQL")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A text as pieces that a regular expression can read, with their places in the original."""

    text: str  # a space behind each: WORD, `()` for a whole group, `0` a number, `"` another name or a string
    spans: tuple[Span, ...]

    def span(self, part: Span) -> Span:
        """Return the place in the original of a place here; for an empty one, behind the piece before."""
        first, last = self.text.count(" ", 0, part[0]), self.text.count(" ", 0, part[1])
        stop = self.spans[last - 1][1]
        return (self.spans[first][0] if first < last else stop, stop)


def _shape(sql: str) -> _Shape:
    pieces, spans, depth, start = [], [], 0, 0
    for token in tokens(sql):
        open_comment = token.text.startswith("/*") and not token.text.endswith("*/", 2)
        start = start if depth else token.start
        depth += _DEPTH.get(token.key, 0)
        if token.kind == "illegal" or open_comment or depth < 0:
            raise _refuse("SQL that cannot be read", sql)
        if not depth and token.kind not in ("space", "comment"):
            word = "()" if token.key == ")" else token.key
            pieces.append(word or ("0" if token.kind == "number" else '"'))
            spans.append((start, token.stop))
    if depth or not pieces:
        raise _refuse("SQL that ends too early", sql)
    return _Shape(text=" ".join([*pieces, ""]), spans=tuple(spans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What stands between two commas of a CREATE TABLE."""

    text: str  # with the space and comments around it
    kind: str  # `column` or `constraint`
    name: str = ""  # unquoted; empty for a constraint
    note: str = ""  # the comment behind the comma that ends the line: it belongs here, not to the next part


@dataclass(frozen=True, slots=True, kw_only=True)
class TableText:
    """A CREATE TABLE text, cut where it can be edited; a column that is not there is refused."""

    head: str  # up to the opening parenthesis, with a comment that ends that line
    name: str  # unquoted
    parts: tuple[Part, ...]  # columns, then table constraints
    tail: str  # from the closing parenthesis on

    def to_sql(self) -> str:
        """Return the whole text; for an unedited table the very text it was parsed from."""
        middle = [piece for part in self.parts for piece in (part.text, ",", part.note)]
        return _glued([self.head, *middle[:-2], *middle[-1:], self.tail])

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns' names in order, unquoted."""
        return tuple(part.name for part in self.parts if part.kind == "column")

    def column_text(self, name: str) -> str:
        """Return a column's definition without the space around it."""
        text = self.parts[self._place(name)].text
        return text[slice(*_trimmed(text))]

    def renamed(self, new_table_name: str) -> TableText:
        """Return the same table under another name; other mentions of the old name are not touched."""
        name = _significant(self.head)[-2]
        head = self.head[: name.start] + quote(new_table_name) + self.head[name.stop :]
        return replace(self, head=head, name=new_table_name)

    def without_column(self, name: str) -> TableText:
        """Return the table without that column; the only one cannot go."""
        place = self._place(name)
        if len(self.columns) == 1:
            raise _refuse("A table cannot lose its only column", name)
        return replace(self, parts=self.parts[:place] + self.parts[place + 1 :])

    def with_column(self, text: str, after: str | None = None) -> TableText:
        """Return the table with one more column, behind `after`; None or a gone column: last, empty: first."""
        places = {_fold(name): place for place, name in enumerate(self.columns, start=1)} | {"": 0}
        place = len(self.columns) if after is None else places.get(_fold(after), len(self.columns))
        near = self.parts[max(place - 1, 0)].text
        lead = near[: _trimmed(near)[0]]
        indent = lead[lead.rfind("\n") :] if "\n" in lead else " " * (place > 0)
        part = _new_column(indent + text[slice(*_trimmed(text))])
        return replace(self, parts=(*self.parts[:place], part, *self.parts[place:]))

    def with_column_text(self, name: str, text: str) -> TableText:
        """Return the table with another definition in that column's place."""
        place = self._place(name)
        old = self.parts[place]
        start, stop = _trimmed(old.text)
        whole = _glued([old.text[:start], text[slice(*_trimmed(text))], old.text[stop:]])
        return replace(self, parts=(*self.parts[:place], _new_column(whole, old.note), *self.parts[place + 1 :]))

    def mentions(self, column: str) -> tuple[str, ...]:
        """Return the constraints, and the other columns with their clauses, that name that column, or seem to."""
        others = (part for part in self.parts if _fold(part.name) != _fold(column))
        texts = ((part.name, text) for part in others for text in _naming_texts(part))
        return tuple(f"{name} {text}".lstrip() for name, text in texts if _fold(column) in self._named_in(text))

    def _named_in(self, text: str) -> set[str]:
        """Return the folded names in the parentheses of a constraint, without another table's columns."""
        found: set[str] = set()
        shape = _shape(text)
        for match in _NAMING.finditer(shape.text):
            table = match["table"] and tokens(text[slice(*shape.span(match.span("table")))])[0].name
            if table and _fold(table) != _fold(self.name):
                continue
            group = _significant(text[slice(*shape.span(match.span("names")))])
            # A string in an expression is a value, in a list of columns a name; `x(` is a function.
            values = ("string",) if match["word"] in ("CHECK", "AS") else ()
            names = ((t.name, t.kind, after.key) for t, after in pairwise(group))
            found |= {_fold(name) for name, kind, after in names if kind not in values and after != "("}
        return found

    def _place(self, name: str) -> int:
        names = [_fold(part.name) for part in self.parts]
        if not name or _fold(name) not in names:
            raise _refuse(f"Table {self.name!r} has no such column", name)
        return names.index(_fold(name))


def parse_create_table(sql: str) -> TableText:
    """Return a CREATE TABLE cut into parts; a virtual table or a CREATE TABLE AS is refused."""
    shape = _shape(sql)
    match = _TABLE.fullmatch(shape.text)
    if match is None:
        raise _refuse("Not a plain CREATE TABLE", sql)
    start, stop = shape.span(match.span("columns"))
    texts = _between_commas(sql[start + 1 : stop - 1])
    notes, bodies = zip(*(_NOTE.findall(text)[0] for text in texts), strict=True)
    parts = tuple(_read_part(text, note) for text, note in zip(bodies[:-1], notes[1:], strict=True))
    name = tokens(sql[slice(*shape.span(match.span("name")))])[0].name
    head, tail = sql[: start + 1] + notes[0], bodies[-1] + sql[stop - 1 :]
    return TableText(head=head, name=name, parts=parts, tail=tail)


def _between_commas(inner: str) -> list[str]:
    """Return the texts between commas and, apart, the space behind the last one with its note."""
    shape = _shape(inner)
    commas = [span[0] for piece, span in zip(shape.text.split(), shape.spans, strict=True) if piece == ","]
    *texts, last = (inner[a + 1 : b] for a, b in pairwise([-1, *commas, len(inner)]))
    stop = shape.spans[-1][1] - len(inner) + len(last)
    stop = stop if _NOTE.findall(last[stop:])[0][0] else _trimmed(last)[1]
    return [*texts, last[:stop], last[stop:]]


def _read_part(text: str, note: str = "") -> Part:
    first = next(iter(_significant(text)), None)
    if first and first.key in ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"):
        return Part(text=text, kind="constraint", note=note)
    if not first or not first.name:
        raise _refuse("A column without a name", text)
    return Part(text=text, kind="column", name=first.name, note=note)


def _new_column(text: str, note: str = "") -> Part:
    part = _read_part(text, note)
    if part.kind != "column" or re.search("[,;] ", _shape(text).text):
        raise _refuse("Not one column definition", text)
    return part


def _naming_texts(part: Part) -> list[str]:
    if part.kind == "constraint":
        return [part.text[slice(*_trimmed(part.text))]]
    clauses = _clauses(part.text)
    return [part.text[slice(*s)] for word in ("CHECK", "AS", "REFERENCES") for s in clauses.get(word, ())]


def _glued(pieces: Iterable[str]) -> str:
    """Return the pieces joined, with a new line where a line comment would swallow the next piece."""
    text, open_comment = "", False
    for piece in filter(None, pieces):
        text += "\n" + piece if open_comment and not piece.startswith("\n") else piece
        open_comment = tokens(piece)[-1].text.startswith("--")
    return text


def _clauses(text: str) -> Mapping[str, tuple[Span, ...]]:
    """Return the places in a column definition by clause, and of its NAME, TYPE and the groups of `_CLAUSE`."""
    shape = _shape(text)
    kind = _TYPE.match(shape.text, shape.text.index(" ") + 1)
    at = kind.end() if kind else 0
    found = {"NAME": (shape.spans[0],), "TYPE": (shape.span(kind.span()),) if kind else ()}
    while at < len(shape.text):
        match = _CLAUSE.match(shape.text, at)
        if match is None or match.end() == at:
            raise _refuse("A column definition that cannot be read", text)
        for name in (name for name, held in match.groupdict().items() if held is not None):
            found[name] = (*found.get(name, ()), shape.span(match.span(0 if name.isupper() else name)))
        at = match.end()
    return found


def alter_column_text(
    text: str,
    *,
    name: str | None = None,
    type_text: str | None = None,
    nullable: bool | None = None,
    default: str | Unset | None = UNSET,
    autoincrement: bool | None = None,
) -> str:
    """Return a column definition with some properties changed and the rest word for word.

    None leaves a property alone, but takes a default away; an empty type means none.
    """
    if name is not None:
        text = _spliced(text, _clauses(text)["NAME"][0], quote(name))
    if type_text is not None:
        text = _spliced(text, _clauses(text)["TYPE"][0], type_text)
    if nullable is not None:
        text = _without(text, "NULL", *(("NOT_NULL",) if nullable else ()))
    if nullable is False and "NOT_NULL" not in _clauses(text):
        text = _with_clause(text, "NOT NULL")
    if default is not UNSET:
        text = _without(text, "DEFAULT") if default is None else _with_default(text, default)
    keys = _clauses(text).get("counter", ())
    if autoincrement and not keys:
        raise _refuse("AUTOINCREMENT needs a PRIMARY KEY in the column's own definition", text)
    counted = autoincrement is not None and keys
    return _spliced(text, keys[0], "AUTOINCREMENT" * bool(autoincrement)) if counted else text


def _with_default(text: str, default: str) -> str:
    shape, clauses = _shape(default), _clauses(text)
    value = default[shape.spans[0][0] : shape.spans[-1][1]]
    value = value if re.fullmatch(_VALUE, shape.text) else f"({value})"
    if "value" in clauses:
        return _spliced(text, clauses["value"][-1], value)
    return _with_clause(text, f"DEFAULT {value}")


def _with_clause(text: str, clause: str) -> str:
    clauses = _clauses(text)
    stop = max(span[1] for name in ("TYPE", "NOT_NULL") for span in clauses.get(name, ()))
    return _spliced(text, (stop, stop), clause)


def _without(text: str, *names: str) -> str:
    clauses = _clauses(text)
    for span in sorted((span for name in names for span in clauses.get(name, ())), reverse=True):
        text = _spliced(text, span, "")
    return text


def _spliced(text: str, span: Span, new: str) -> str:
    """Return the text with a span replaced and kept apart from its neighbours."""
    left, right = text[: span[0]], text[span[1] :]
    if not new and span[0] == span[1]:
        return text
    if not new and not tokens(left.rstrip(_SPACE))[-1].text.startswith("--"):
        left = left.rstrip(_SPACE)
    gaps = [" " * (bool(new) and left[-1:] not in _SPACE), " " * (right[:1] not in _SPACE)]
    return left + gaps[0] + new + gaps[1] + right


def default_text(text: str) -> str | None:
    """Return the SQL behind DEFAULT in a column definition; None when there is none."""
    values = _clauses(text).get("value", ())
    return text[slice(*values[-1])] if values else None  # SQLite takes the last one


def normalise(sql: str) -> str:
    """Return the form in which two texts of the same meaning are equal.

    Space and comments go, every word and quoted name is quoted in lower case; strings keep their case.
    """
    words, before = [], ("", "")
    for token in _significant(sql):
        named = token.kind in ("word", "quoted")
        # SQLite takes the name in DEFAULT Name for a string.
        is_text = before[1] == "DEFAULT" and before[0] != "SET" and token.key not in _CONSTANTS
        name = literal(token.name) if is_text else quote(_fold(token.name) or " ")
        words.append(name if named else token.text if token.kind == "string" else token.text.lower())
        before = (before[1], token.key)
    return " ".join(words).removesuffix(" ;")
