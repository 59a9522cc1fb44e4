"""Reads the guides and runs their examples, so that what a reader copies works and shows what the page shows.

Python, notebook lines and `sodaf-nb` lines run in order, in one folder a page that holds the sample
application: `v1/`, `v2/` and `library.db` with the first version and its rows. A `text` block right below
an example is what the example shows.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sodaf_nb.cli import main
from sodaf_nb.commands import Context, run_line
from sodaf_nb.errors import SodafError

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```(?P<language>[\w-]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_UNTESTED = re.compile(r"<!-- not run: .+ -->\s*\Z")
RUN = frozenset({"python", "ipython3", "sh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One block of a page that runs.

    Args:
        language: What it is written in.
        text: What it says.
        line: Where it starts, from 1.
        shown: What the page says it shows; None when the page says nothing.
        span: Where that stands in the page.
    """

    language: str
    text: str
    line: int
    shown: str | None = None
    span: tuple[int, int] = (0, 0)


def pages() -> list[Path]:
    """Return the pages of the guides."""
    return sorted(DOCS.glob("*.md"))


def examples(text: str) -> list[Example]:
    """Return the examples of a page that run, in order."""
    return list(_examples(text))


def _examples(text: str) -> Iterator[Example]:
    fences = list(_FENCE.finditer(text))
    for place, fence in enumerate(fences):
        if fence["language"] not in RUN or _UNTESTED.search(text[: fence.start()]):
            continue
        following = fences[place + 1] if place + 1 < len(fences) else None
        is_output = following and following["language"] == "text" and not text[fence.end() : following.start()].strip()
        yield Example(
            language=fence["language"],
            text=fence["text"],
            line=text.count("\n", 0, fence.start()) + 1,
            shown=following["text"] if following and is_output else None,
            span=following.span("text") if following and is_output else (0, 0),
        )


@dataclass(slots=True)
class Reader:
    """Somebody who reads a page and types each example."""

    names: dict[str, Any] = field(default_factory=dict)
    context: Context = field(default_factory=Context)

    def show(self, example: Example) -> str:
        """Run an example and return what it shows."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            getattr(self, f"_{example.language}")(example)
        return out.getvalue()

    def close(self) -> None:
        """Close what the examples opened."""
        self.context.close_all()
        for value in self.names.values():
            if type(value).__name__ == "Database":
                value.close()

    def _python(self, example: Example) -> None:
        """Run statements; the value of the last line shows, as in a notebook."""
        module = ast.parse(example.text)
        last = module.body.pop() if isinstance(module.body[-1], ast.Expr) else None
        exec(compile(module, "example", "exec"), self.names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "example", "eval"), self.names)
            if value is not None:
                sys.stdout.write(f"{value!r}\n")

    def _ipython3(self, example: Example) -> None:
        cell = re.match(r"%%migrate ([^\n]*)\n(.*)", example.text, re.DOTALL)
        lines = [(cell[1], cell[2])] if cell else [(line, None) for line in _magics(example.text)]
        for line, body in lines:
            name, assigned, command = line.rpartition(" = %migrate ")
            value = self._ran(command if assigned else line.removeprefix("%migrate "), body)
            if assigned:
                self.names[name] = value
            elif value is not None:
                sys.stdout.write(f"{value!r}\n")

    def _ran(self, line: str, body: str | None) -> Any:
        try:
            return run_line(self.context, line, body)
        except SodafError as error:
            sys.stdout.write("\n".join(error._render_traceback_()) + "\n")

    def _sh(self, example: Example) -> None:
        for line in example.text.replace("\\\n", "").splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] == "sodaf-nb":
                main(words[1:])
            elif words:
                raise AssertionError(f"only sodaf-nb is run here: {line}")


def _magics(text: str) -> list[str]:
    lines = (line.split("  #")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("%load_ext")]
