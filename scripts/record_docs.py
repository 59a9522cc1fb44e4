"""Runs the examples of the guides and writes what they show below them; look at the difference before you commit it."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sodaf_nb.cli import main as sodaf_nb
from sodaf_nb.sample import write_sample
from tests.docs.pages import Reader, examples, pages


def record(page: Path) -> bool:
    """Record one page and return True when it changed."""
    text = page.read_text()
    reader = Reader()
    shown = [(example, reader.show(example)) for example in examples(text)]
    reader.close()
    recorded = text
    for example, output in reversed(shown):
        if example.shown is not None:
            recorded = recorded[: example.span[0]] + output + recorded[example.span[1] :]
    page.write_text(recorded)
    return recorded != text


def prepare(folder: Path) -> None:
    """Write the sample application into a folder, its first version applied and filled."""
    write_sample(folder)
    for words in (["--create", "--doctypes", "v1", "apply", "--all"], ["sample", "--rows"]):
        with contextlib.redirect_stdout(io.StringIO()):
            if sodaf_nb(["--database", "library.db", *words]):
                raise SystemExit(f"sodaf-nb {' '.join(words)} failed")


def main() -> int:
    """Record every page, each in a folder of its own."""
    for page in filter(lambda page: examples(page.read_text()), pages()):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            prepare(Path(folder))
            print(f"{page.name}: {'recorded anew' if record(page) else 'as it was'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
