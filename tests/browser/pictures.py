"""Draws the pictures of README from the real thing: `python -m tests.browser.pictures FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.browser.cells import LIBRARY, PANEL
from tests.browser.lab import Lab, find_browser, running_lab

# Wide enough for the whole table, high enough for the buttons.
WIDTH, HEIGHT = 1120, 1180


def main(folder: str) -> int:
    """Draw the pictures into a folder; return 1 when there is no browser to do it with."""
    if (executable := find_browser()) is None:
        sys.stderr.write("no Chromium is installed (on Debian: apt-get install chromium)\n")
        return 1
    with tempfile.TemporaryDirectory() as scratch, running_lab(Path(scratch), executable) as lab:
        draw(lab, Path(folder))
    return 0


def draw(lab: Lab, folder: Path) -> None:
    """Draw a panel that waits for its findings to be taken on."""
    lab.write("panel.ipynb", LIBRARY, PANEL)
    with lab.opened("panel.ipynb", width=WIDTH, height=HEIGHT) as sheet:
        sheet.command("application:toggle-left-area")
        sheet.run_all()
        sheet.sees("WAITING FOR YOUR CONFIRMATION")
        sheet.page.wait_for_timeout(500)
        sheet.page.locator(".jp-Cell").nth(1).evaluate("cell => cell.scrollIntoView()")
        sheet.page.wait_for_timeout(500)
        sheet.page.screenshot(path=folder / "panel-light.png")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
