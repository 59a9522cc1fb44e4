"""One way to show a value: rows that become a text table, an HTML table or a DataFrame.

No times, paths or ids stand in what is shown by default, so that a recorded notebook compares equal
when it runs again. Everything put into HTML is escaped; colours come from the theme, and words carry
the meaning without them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import pandas as pd

    from sodaf_nb.errors import Words

Row = Mapping[str, object]

# The longest cell shown in a table; the whole value is in `to_frame()`.
WIDEST = 100

# `[role]` makes the selectors stronger than JupyterLab's own, which align cells to the right.
_STYLE = (
    "<style>.sodaf table{border-collapse:collapse;font-family:var(--jp-ui-font-family,sans-serif);margin:0 0 4px 0;"
    "color:var(--jp-ui-font-color1,#222);font-size:var(--jp-ui-font-size1,13px)}"
    ".sodaf table[role] caption,.sodaf table[role] th,.sodaf table[role] td{text-align:left;padding:3px 10px}"
    ".sodaf table[role] caption{font-weight:600;padding-left:0;caption-side:top;white-space:nowrap;"
    "color:var(--jp-ui-font-color1,#222)}"
    ".sodaf table[role] th,.sodaf table[role] td{border-bottom:1px solid var(--jp-border-color1,#bbb);"
    "vertical-align:top}"
    ".sodaf pre{background:var(--jp-layout-color2,#eee);color:var(--jp-ui-font-color1,#222);padding:8px;"
    "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);overflow-x:auto}"
    ".sodaf p,.sodaf summary{color:var(--jp-ui-font-color1,#222);font-size:var(--jp-ui-font-size1,13px);margin:4px 0}"
    "</style>"
)


class Tabular:
    """Mixin for values that show as a table.

    A class says its heading, rows, the line shown when there are none, and notes below.
    """

    __slots__ = ()

    def heading(self) -> str:
        """Return the line above the table."""
        return type(self).__name__

    def to_rows(self) -> Sequence[Row]:
        """Return the rows; every row has the same keys in the same order."""
        return ()

    def frame_rows(self) -> Sequence[Row]:
        """Return the rows of the DataFrame, which may hold what differs from run to run as well."""
        return self.to_rows()

    def empty_text(self) -> str:
        """Return the line shown when there are no rows."""
        return "nothing to show"

    def notes(self) -> Sequence[str]:
        """Return lines shown below the table."""
        return ()

    def code(self) -> Sequence[tuple[str, str]]:
        """Return (title, text) of blocks shown word for word below the notes, such as SQL."""
        return ()

    def text_code(self) -> Sequence[tuple[str, str]]:
        """Return the blocks that the text shows; text cannot fold a long one as HTML does."""
        return self.code()

    def is_blocked(self) -> bool:
        """Return True when it says that something stops a migration."""
        return False

    def pending_changes(self) -> int | None:
        """Return how many changes wait to be applied; None for a value that does not compare."""
        return None

    def in_words(self, words: Words) -> Self:  # noqa: ARG002  most values name no next step
        """Return the same value with its next steps as they are written on another surface than in Python."""
        return self

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame."""
        return frame_of(self.frame_rows())

    def __repr__(self) -> str:
        parts = [self.heading(), text_table(self.to_rows()) or self.empty_text(), *map(printable, self.notes())]
        parts += [f"{title}:\n{text}" for title, text in self.text_code()]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        rows = self.to_rows()
        body = html_table(rows, caption=self.heading()) if rows else _empty_html(self.heading(), self.empty_text())
        notes = "".join(f"<p>{html.escape(printable(note))}</p>" for note in self.notes())
        blocks = "".join(_block_html(title, text) for title, text in self.code())
        return f'<div class="sodaf">{_STYLE}{body}{notes}{blocks}</div>'


def frame_of(rows: Sequence[Row], names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return rows as a pandas DataFrame.

    Args:
        rows: The rows.
        names: The columns, whose values stay Python objects and are None where a row has none; None takes the
            columns of the first row, with the types pandas finds.
    """
    import pandas as pd  # noqa: PLC0415  heavy, and only needed here

    if names is not None:
        return pd.DataFrame([[row.get(name) for name in names] for row in rows], columns=list(names), dtype=object)
    return pd.DataFrame([dict(row) for row in rows], columns=list(rows[0]) if rows else None)


def counted(number: int, thing: str, things: str = "") -> str:
    """Return a number with its noun, such as `1 row` or `2 rows`; `things` is for plurals that take no s."""
    return f"{number} {thing if number == 1 else things or f'{thing}s'}"


def text_table(rows: Sequence[Row]) -> str:
    """Return rows as aligned text; the empty string when there are none."""
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def html_table(rows: Sequence[Row], *, caption: str) -> str:
    """Return rows as an HTML table, every name and value escaped."""
    names = list(rows[0])
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names)
    body = "".join(_row_html(row, names) for row in rows)
    return (
        f'<table role="table"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def printable(text: str) -> str:
    """Return a text on one line, what would steer a terminal or turn its direction written as an escape."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def markdown(value: object) -> str:
    """Return a value as Markdown that shows as it is: no column, tag or line of its own."""
    return re.sub(r"([\\|<])", r"\\\1", printable(str(value)))


def markdown_table(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a Markdown table."""
    names = [markdown(name) for name in rows[0]]
    lines = (f"| {' | '.join(map(markdown, row.values()))} |" for row in rows)
    return [f"| {' | '.join(names)} |".replace("|  |", "| |"), f"|{'---|' * len(names)}", *lines]


def markdown_fold(title: str, statements: Sequence[str]) -> list[str]:
    """Return the lines of SQL that is folded under a title; none without statements.

    The fence is longer than any run of backticks in the SQL, so that no name can end it.
    """
    text = "".join(f"{statement};\n" for statement in statements)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    if not text:
        return []
    summary = f"<details><summary>{title} ({counted(len(statements), 'statement')})</summary>"
    return ["", summary, "", f"{fence}sql", text.rstrip("\n"), fence, "", "</details>"]


def _row_html(row: Row, names: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<td>{html.escape(_cell(row[name]))}</td>" for name in names) + "</tr>"


def _empty_html(heading: str, text: str) -> str:
    return f"<p><b>{html.escape(heading)}</b></p><p>{html.escape(text)}</p>"


def _block_html(title: str, text: str) -> str:
    return f"<details><summary>{html.escape(title)}</summary><pre>{html.escape(text)}</pre></details>"


def _cell(value: object) -> str:
    clean = printable("" if value is None else str(value))
    return clean if len(clean) <= WIDEST else f"{clean[: WIDEST - 3]}..."
