"""What the project's files are and what is in them, for the tests of this folder."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "sodaf_nb"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> tuple[Path, ...]:
    """Return every module of the package."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """Return a module parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def files() -> tuple[Path, ...]:
    """Return every text file that is, or would be, under version control."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        hidden = (".venv", ".git", "build")
        paths = [p for p in ROOT.rglob("*") if not any(part in hidden for part in p.relative_to(ROOT).parts)]
    return tuple(sorted(p for p in paths if p.is_file() and b"\0" not in p.read_bytes()[:8000]))


def name(path: Path) -> str:
    """Return a file's name as seen from the project's root."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a module."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield (dotted name, call) of every call in a module."""
    return ((ast.unparse(node.func), node) for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
