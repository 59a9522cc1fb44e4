"""DocType files: finding and reading them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sodaf_nb.doctype.jsontext import MAX_BYTES, Json, read_text
from sodaf_nb.doctype.problems import Problems
from sodaf_nb.errors import DocTypeNotFoundError


def find_files(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name to show, path) of the file, or of every JSON file below the folder, in a fixed order.

    Hidden folders are left out: Jupyter keeps stale copies in `.ipynb_checkpoints`. So are packages of JavaScript.

    Raises:
        DocTypeNotFoundError: If there is neither.
    """
    if path.is_file():
        yield path.name, path
    elif path.is_dir():
        below = ((file.relative_to(path), file) for file in path.rglob("*.json") if file.is_file())
        shown = ((name.as_posix(), file) for name, file in below if not _foreign(name))
        yield from sorted(shown)
    else:
        raise DocTypeNotFoundError(
            f"There is no DocType file or folder at {str(path)!r}.", hint="check the path and the current folder"
        )


def _foreign(name: Path) -> bool:
    return any(part.startswith(".") or part == "node_modules" for part in name.parts)


def is_in_place(file: Path) -> bool:
    """Return True where an application keeps its DocTypes: `doctype/customer/customer.json`."""
    return file.parent.parent.name == "doctype" and file.parent.name == file.stem


def is_doctype(data: Json) -> bool:
    """Return True for JSON that says that it is a DocType."""
    return isinstance(data, Mapping) and data.get("doctype") == "DocType"


def read_file(file: Path, problems: Problems) -> Json:
    """Return the frozen JSON of a file; None with problems added when it cannot be read."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        # The one byte too many may cut a character in two; what matters then is the size.
        text = content.decode(errors="replace" if len(content) > MAX_BYTES else "strict")
    except OSError as error:
        problems.add("$", f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        problems.add("$", f"is not UTF-8 at byte {error.start}")
    else:
        return read_text(text, problems)
    return None


def is_other_kind(data: Json) -> bool:
    """Return True for a JSON object that says it is something else than a DocType, such as a Report."""
    kind = data.get("doctype") if isinstance(data, Mapping) else None
    return isinstance(kind, str) and kind != "DocType"
