"""What is shown while a migration runs, and what stays of it."""

import sys
from types import SimpleNamespace

import pytest

from sodaf_nb.notebook import progress
from sodaf_nb.notebook.progress import Progress


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Terminal(list):
    """A stream that a person reads."""

    write = list.append

    def flush(self):
        pass

    def isatty(self):
        return True


def kernel_shell(*, allow_stdin):
    parent = {"content": {"allow_stdin": allow_stdin}}
    return SimpleNamespace(kernel=object(), get_parent=lambda: parent)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook front end is told, in order."""
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data))

    def display(data, *, raw, display_id):
        shown.append(data)
        return handle

    monkeypatch.setattr(progress, "display", display)
    return shown


def steps(reporter, clock, seconds):
    with reporter.shown("auto"):
        for done, now in enumerate(seconds, start=1):
            clock.now = now
            reporter.report("copy", done, len(seconds))


def test_work_of_less_than_a_second_shows_nothing(clock, displayed):
    steps(Progress(kernel_shell(allow_stdin=True), clock=clock), clock, [0.1, 0.5, 0.99])
    assert displayed == []


def test_longer_work_shows_one_line_and_leaves_no_data_behind(clock, displayed):
    steps(Progress(kernel_shell(allow_stdin=True), clock=clock), clock, [0.5, 1.0, 2.0])
    assert displayed == [{"text/plain": "[2/3] copy"}, {"text/plain": "[3/3] copy"}, {}]


def test_steps_come_at_most_ten_times_a_second(clock, displayed):
    steps(Progress(kernel_shell(allow_stdin=True), clock=clock), clock, [1.0, 1.01, 1.05, 1.2])
    assert displayed == [{"text/plain": "[1/4] copy"}, {"text/plain": "[4/4] copy"}, {}]


@pytest.mark.parametrize(
    "shell",
    [kernel_shell(allow_stdin=False), SimpleNamespace(kernel=object()), SimpleNamespace()],
    ids=["nbclient", "a kernel that cannot tell", "a terminal that is piped"],
)
def test_nothing_is_shown_where_nobody_watches(clock, displayed, capsys, shell):
    steps(Progress(shell, clock=clock), clock, [5.0, 6.0])
    assert displayed == []
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_one_line_that_is_erased(clock, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    steps(Progress(SimpleNamespace(), clock=clock), clock, [1.0, 2.0])
    assert terminal == ["\r\x1b[K[1/2] copy", "\r\x1b[K[2/2] copy", "\r\x1b[K"]


def test_text_prints_every_step_at_once(clock, capsys):
    reporter = Progress(SimpleNamespace(), clock=clock)
    with reporter.shown("text"):
        reporter.report("back up", 1, 2)
        reporter.report("copy", 2, 2)
    assert capsys.readouterr() == ("[1/2] back up\n[2/2] copy\n", "")


def test_none_shows_nothing_and_after_the_block_nothing_is_shown_either(clock, capsys):
    reporter = Progress(SimpleNamespace(), clock=clock)
    with reporter.shown("none"):
        reporter.report("copy", 1, 1)
    with reporter.shown("text"):
        pass
    reporter.report("late", 1, 1)
    assert capsys.readouterr() == ("", "")


def test_the_line_goes_away_when_the_work_fails(clock, displayed):
    def work():
        clock.now = 2.0
        reporter.report("copy", 1, 2)
        raise RuntimeError

    reporter = Progress(kernel_shell(allow_stdin=True), clock=clock)
    with pytest.raises(RuntimeError), reporter.shown("auto"):
        work()
    assert displayed == [{"text/plain": "[1/2] copy"}, {}]
