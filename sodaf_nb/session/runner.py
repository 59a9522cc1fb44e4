"""Runs one piece of work at a time in a thread that can be asked to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sodaf_nb.work import Work

Job = Callable[[], dict[str, Any]]
Ended = Callable[[dict[str, Any], BaseException | None], None]


class Runner:
    """Runs jobs; its owner sees to it that one is started only after the other has ended.

    Args:
        told: Told of each step.
        rows: Told of each chunk of rows.
    """

    def __init__(self, told: Callable[[str, int, int], None], rows: Callable[[int], None]) -> None:
        self._told = told
        self._rows = rows
        self._work: Work | None = None
        self._thread: threading.Thread | None = None

    def start(self, job: Job, ended: Ended) -> None:
        """Run a job in a thread; `ended` gets what it returned, or what it raised."""
        self._work = Work(self._told, self._rows)
        # A kernel that is shut down must not wait: the engine takes back what was not committed.
        self._thread = threading.Thread(
            target=self._run, args=(job, ended, self._work), name="sodaf-migration", daemon=True
        )
        self._thread.start()

    def run_here(self, job: Job, ended: Ended) -> None:
        """Run a job in this thread, which Ctrl-C interrupts.

        Raises:
            KeyboardInterrupt: If it is interrupted.
        """
        self._work = Work(self._told, self._rows)
        self._run(job, ended, self._work)

    def _run(self, job: Job, ended: Ended, work: Work) -> None:
        error: BaseException | None = None
        fields: dict[str, Any] = {}
        try:
            with work.running():
                fields = job()
            if work.asked:  # too late to be heard, in work that commits nothing
                error = KeyboardInterrupt()
        except BaseException as caught:  # noqa: BLE001  whatever it is, it is kept and raised by `wait`
            error = caught
        finally:
            self._work = None
        ended(fields, error)
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise error

    def stop(self) -> bool:
        """Ask what runs to stop; False when nothing does, or it is too late."""
        work = self._work
        return work is not None and work.stop()

    def join(self, timeout: float | None) -> bool:
        """Wait until nothing runs; False when the time was not enough."""
        if self._thread is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True
