"""Says what a long migration is doing, without leaving anything in the recorded notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

from IPython.display import display

from sodaf_nb.notebook.watching import person_watches

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import DisplayHandle

Mode = Literal["auto", "text", "none"]

# Shorter work is over before a person wonders; longer work then reports at most ten times a second.
_SILENT_S = 1.0
_BETWEEN_S = 0.1


class Screen(Protocol):
    """Where steps are shown."""

    def write(self, text: str) -> None:
        """Show a step."""

    def clear(self) -> None:
        """Take away what should not stay."""


class Nowhere:
    """Shows nothing."""

    def write(self, text: str) -> None:
        """Show nothing."""

    def clear(self) -> None:
        """Do nothing."""


class Lines(Nowhere):
    """Prints a line a step, which stays: the same lines in every run."""

    def write(self, text: str) -> None:
        """Print the step."""
        sys.stdout.write(f"{text}\n")


class TerminalLine(Nowhere):
    """One line of a terminal that is written over."""

    _ERASE = "\r\x1b[K"

    def write(self, text: str) -> None:
        """Write over the step before."""
        sys.stderr.write(f"{self._ERASE}{text}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Erase the line."""
        self.write("")


class CellLine(Nowhere):
    """One line below a notebook cell that is written over.

    At the end it becomes an output without data, which front ends show as nothing and nbval does not
    compare. `clear_output` would take the user's own prints away as well.
    """

    def __init__(self) -> None:
        self._handle: DisplayHandle | None = None

    def write(self, text: str) -> None:
        """Write over the step before."""
        self._show({"text/plain": text})

    def clear(self) -> None:
        """Leave an output without data."""
        self._show({})

    def _show(self, data: dict[str, str]) -> None:
        # IPython has no types for display.
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)  # type: ignore[no-untyped-call]


class Unhurried:
    """Passes steps on only once the work takes long, and not too many of them.

    Args:
        screen: Where they go.
        clock: Seconds.
    """

    def __init__(self, screen: Screen, clock: Callable[[], float]) -> None:
        self._screen = screen
        self._clock = clock
        self._next = clock() + _SILENT_S
        self._used = False

    def write(self, text: str) -> None:
        """Show a step, if it is time."""
        if (now := self._clock()) >= self._next:
            self._next, self._used = now + _BETWEEN_S, True
            self._screen.write(text)

    def clear(self) -> None:
        """Take the steps away, if any were shown."""
        if self._used:
            self._screen.clear()


class Progress:
    """Reports the steps of the command that runs now.

    Args:
        shell: Tells whether a person is watching.
        clock: Seconds; an argument for tests.
    """

    def __init__(self, shell: InteractiveShell, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._shell = shell
        self._clock = clock
        self._screen: Screen = Nowhere()

    def report(self, what: str, done: int, total: int) -> None:
        """Show a step; `ApplyOptions.progress` of every connection."""
        self._screen.write(f"[{done}/{total}] {what}")

    @contextmanager
    def shown(self, mode: Mode) -> Iterator[None]:
        """Show the steps reported inside the block."""
        self._screen = self._screen_for(mode)
        try:
            yield
        finally:
            screen, self._screen = self._screen, Nowhere()
            screen.clear()

    def _screen_for(self, mode: Mode) -> Screen:
        match mode:
            case "none":
                return Nowhere()
            case "text":
                return Lines()
            case "auto":
                return Unhurried(_watched(self._shell), self._clock)


def _watched(shell: InteractiveShell) -> Screen:
    """Return the screen a person looks at; nowhere when nobody does."""
    if not hasattr(shell, "kernel"):
        return TerminalLine() if sys.stderr.isatty() else Nowhere()
    return CellLine() if person_watches(shell) else Nowhere()
