"""A person in front of the panel, in a real JupyterLab and a real Chromium."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import nbformat
import pytest

from tests.browser.cells import GATE, LIBRARY, PANEL, hostile

# Playwright's loop and JupyterLab's client warn about things that are not ours.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),  # on a machine that does other things as well
    pytest.mark.filterwarnings("default"),
]

NAME = '.jp-OutputArea-output input[placeholder="name of the table"]'

CONTRAST = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, place) => sum + v * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = node => {
    for (let n = node; n; n = n.parentElement) {
      const colour = channels(getComputedStyle(n).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const seen = [...document.querySelectorAll('.jp-OutputArea-output *')].filter(n => n.checkVisibility()
    && !n.closest('button:disabled') && !['STYLE', 'OPTION'].includes(n.tagName)
    && [...n.childNodes].some(c => c.nodeType === 3 && c.textContent.trim()));
  return seen.map(n => {
    const [one, two] = [light(channels(getComputedStyle(n).color)), light(ground(n))].sort((a, b) => b - a);
    return [(one + 0.05) / (two + 0.05), n.tagName + ' ' + n.className + ': ' + n.textContent.trim().slice(0, 40)];
  }).filter(([ratio]) => ratio < 4.5);
}"""


def rows(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def test_a_person_applies_a_migration_with_the_keyboard_and_takes_it_back_and_the_notebook_lasts(lab):
    path = lab.write("flow.ipynb", LIBRARY, PANEL, GATE)
    database = lab.folder / "library.db"
    with lab.opened("flow.ipynb") as sheet:
        sheet.run_all()
        sheet.sees("WAITING FOR YOUR CONFIRMATION")
        sheet.sees("MigrationPendingError")  # Run All stopped at the gate, and nothing was applied
        assert rows(database, "SELECT typeof(pages), COUNT(*) FROM tabBook GROUP BY 1") == [("null", 2), ("text", 38)]
        confirm_by_keyboard(sheet)
        sheet.sees("Book: applied")
        assert rows(database, "SELECT typeof(pages), COUNT(*) FROM tabBook GROUP BY 1") == [
            ("integer", 30),
            ("null", 10),
        ]
        sheet.click("Try rollback of #")
        sheet.sees("ROLLBACK TRIED")
        sheet.click("Roll back #")
        sheet.sees("ROLLED BACK")
        assert rows(database, "SELECT typeof(pages), COUNT(*) FROM tabBook GROUP BY 1") == [("null", 2), ("text", 38)]
        sheet.save()
        sheet.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
        sheet.command("kernelmenu:shutdown")
    reopened(lab)
    recorded_equals_a_run_without_controls(path)


def confirm_by_keyboard(sheet):
    """Tick by Space, apply by Enter; the order of the Tab key is that of reading."""
    ticks = sheet.page.locator(".jp-OutputArea-output input[type=checkbox]:visible")
    assert sheet.button("Apply 5 changes to library.db").is_disabled()
    ticks.first.focus()
    keyboard = sheet.page.keyboard
    keyboard.press("Space")
    keyboard.press("Tab")
    keyboard.press("Space")
    sheet.sees("READY:")
    keyboard.press("Tab")
    assert sheet.page.evaluate("document.activeElement.placeholder") == "name of the table"
    keyboard.press("Tab")
    assert sheet.page.evaluate("document.activeElement.textContent") == "Apply 5 changes to library.db"
    keyboard.press("Enter")


def reopened(lab):
    """What is left when the kernel is gone: all that was known, and how to go on."""
    with lab.opened("flow.ipynb") as sheet:
        sheet.sees("5 changes: 2 safe, 1 needs care, 2 DATA LOSS; way back: tried and exact")
        sheet.sees("The controls live as long as the kernel")
        assert sheet.button("Apply").count() == 0


def recorded_equals_a_run_without_controls(path):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "require_applied" not in cell.source]
    # A dry run of more than a second leaves an output without data, where its progress was.
    outputs = [set(output.data) for output in notebook.cells[1].outputs if output.data]
    assert outputs == [{"text/plain", "text/html"}, {"application/vnd.jupyter.widget-view+json"}]
    nbformat.write(notebook, path)
    for left in ("library.db", "library.db.sodaf-lock"):
        (path.parent / left).unlink(missing_ok=True)
    compare = [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    more = ["-p", "no:randomly", "-p", "no:xdist", "--rootdir", str(path.parent), str(path)]
    done = subprocess.run([*compare, *more], cwd=path.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_progress_is_seen_and_cancel_takes_everything_back(lab):
    lab.write("cancel.ipynb", hostile("cancel"), "applier.panel('Customer')")
    database = lab.folder / "shop-cancel.db"
    with lab.opened("cancel.ipynb") as sheet:
        sheet.run_all()
        sheet.page.locator(NAME).fill("tabCustomer")
        sheet.sees("READY:")
        sheet.click("Apply 2 changes")
        sheet.sees("back up and verify (running")
        sheet.sees("(step 1 of 2)")
        sheet.click("Cancel")
        sheet.sees("CANCELLED:")
        sheet.sees("nothing was changed")
        assert rows(database, "SELECT typeof(age), COUNT(*) FROM tabCustomer GROUP BY 1") == [("text", 2)]
        sheet.click("Plan again")
        sheet.sees("WAITING FOR YOUR CONFIRMATION")


@pytest.fixture(scope="module")
def evil(lab):
    """The panel of a shop whose rows would run in a page that does not escape them."""
    lab.write("evil.ipynb", hostile("evil"), "applier.panel('Customer')")
    with lab.opened("evil.ipynb") as sheet:
        sheet.run_all()
        sheet.page.locator(NAME).fill("tabCustomer")
        sheet.sees("READY:")  # now every button can be pressed and so has to be read
        for folded in sheet.outputs.locator("summary").all():
            folded.click()
        yield sheet


def test_a_hostile_row_is_text(evil):
    assert "<script>window.pwned" in evil.page.locator(".jp-NotebookPanel").inner_text()
    assert evil.page.evaluate("window.pwned") is None
    assert evil.outputs.locator("script, img, iframe").count() == 0


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_has_the_contrast_to_be_read(evil, theme):
    evil.theme(theme)
    assert evil.page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [1280, 800])
def test_nothing_is_cut_off(evil, width):
    evil.page.set_viewport_size({"width": width, "height": 1000})
    wide = """() => [...document.querySelectorAll('.jp-OutputArea-output .widget-vbox, .jp-OutputArea-output button')]
      .filter(n => n.checkVisibility() && n.scrollWidth > n.clientWidth + 1).map(n => n.className + n.textContent)"""
    assert evil.page.evaluate(wide) == []
