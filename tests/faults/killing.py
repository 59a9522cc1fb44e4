"""Work in a process of its own that is killed with -9 at a named call: forked, so that it costs no start."""

from __future__ import annotations

import os
import re
import signal
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.calls import watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place in a run.

    Args:
        name: What happens there, in words.
        call: How the name of the call begins, as a regular expression.
        nth: Which of those calls.
        after: True when the call is done before the process dies.
        since: The same of a call after whose first one they count; empty counts all.
    """

    name: str
    call: str
    nth: int = 1
    after: bool = False
    since: str = ""


def killed(work: Callable[[], Any], point: Point) -> bool:
    """Run work in a forked process and kill it at a point; False when it came to its end without reaching it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # no thread of ours holds anything
        pid = os.fork()
    if pid == 0:
        _run_and_die(work, point)
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, f"the process failed before it reached: {point.name}"
    return False


def _run_and_die(work: Callable[[], Any], point: Point) -> None:
    seen, counts = 0, not point.since

    def around(name: str, call: Callable[[], Any]) -> Any:
        nonlocal seen, counts
        hit = counts and re.match(point.call, name) is not None
        counts = counts or re.match(point.since, name) is not None
        seen += hit
        if hit and seen == point.nth and not point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = call()
        if hit and seen == point.nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    code = 1
    try:
        with watched(around):
            work()
        code = 0
    finally:
        os._exit(code)
