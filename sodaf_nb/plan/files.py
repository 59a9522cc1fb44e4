"""Plans as files: canonical, indented JSON that a person can review and a later process can apply."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sodaf_nb.errors import PlanFileError
from sodaf_nb.schema import decode, encode

if TYPE_CHECKING:
    from sodaf_nb.plan.plan import Plan

FORMAT = "sodaf_nb plan"
VERSION = 1
# A plan over a thousand columns has about a megabyte.
_MOST_BYTES = 16 * 1024 * 1024


def to_text(plan: Plan) -> str:
    """Return a plan as JSON text: keys sorted, one value a line, so that two plans compare line by line."""
    document = {"format": FORMAT, "version": VERSION, "id": plan.id, "plan": encode(plan)}
    return _text({**document, "sha256": _digest(document)})


def write(plan: Plan, path: str | os.PathLike[str]) -> Path:
    """Write a plan's file, at once or not at all.

    Raises:
        PlanFileError: If it cannot be written.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        beside.write_text(to_text(plan), encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise PlanFileError(
            f"The plan cannot be written to {target.name!r}: {error.strerror}.", hint="check the folder"
        ) from None
    return target


def read(path: str | os.PathLike[str]) -> Any:
    """Return the plan of a file.

    Raises:
        PlanFileError: If it is missing, damaged, changed by hand, of an unknown version or no plan.
    """
    name = Path(path).name
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise PlanFileError(
            f"The plan {name!r} cannot be read: {error.strerror}.", hint="check the path and the current folder"
        ) from None
    return from_text(content, name)


def from_text(content: bytes | str, name: str) -> Any:
    """Return the plan that a file's content holds; `name` stands in errors.

    Raises:
        PlanFileError: As `read` raises.
    """
    document = _document(content, name)
    if document.get("format") != FORMAT:
        raise _refused(name, "is no plan", "a plan is written by save")
    if document.get("version") != VERSION:
        raise _refused(name, "is of a version this program does not know", "plan again with this version")
    if document.get("sha256") != _digest({key: document[key] for key in document if key != "sha256"}):
        raise _refused(name, "was changed after it was saved", "plan again and review that")
    return _plan(document, name)


def _document(content: bytes | str, name: str) -> Mapping[str, Any]:
    if len(content) > _MOST_BYTES:
        raise _refused(name, "is too large for a plan", "a plan is written by save")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _refused(name, "is no JSON object", "a plan is written by save")
    return document


def _plan(document: Mapping[str, Any], name: str) -> Any:
    from sodaf_nb.plan.plan import Plan  # noqa: PLC0415  a plan saves itself

    try:
        plan = decode(document.get("plan"))
    except (ValueError, TypeError, KeyError, RecursionError):
        plan = None
    if not isinstance(plan, Plan) or plan.id != document.get("id"):
        raise _refused(name, "does not hold what it says", "plan again and review that")
    if plan.kind == "patch":
        raise _refused(name, "holds a data step", "run patch again, which tries it on a copy before it is applied")
    if plan.kind != "sync":
        raise _refused(name, "takes a migration back", "use rollback, which reads its plan from the history")
    return plan


def _refused(name: str, what: str, hint: str) -> PlanFileError:
    return PlanFileError(f"The plan {name!r} {what}; nothing was changed.", hint=hint)


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(_text(document).encode(errors="surrogatepass")).hexdigest()
