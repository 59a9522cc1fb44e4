"""A real JupyterLab and a real browser in front of it, for tests and for pictures.

Only what the system has is used: its Chromium, and the front end of the installed packages. Nothing is fetched.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WAIT_MS = 60_000

# No news over the corner of the screen, and no question whether to save.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}

READY = """async () => {
  const shown = window.jupyterapp?.shell?.currentWidget;
  const session = shown?.context?.sessionContext;
  if (!session) return false;
  await shown.context.ready; await session.ready;
  const kernel = session.session?.kernel;
  if (!kernel) return false;
  await kernel.info;
  return kernel.status === 'idle' && kernel.connectionStatus === 'connected';
}"""


def find_browser() -> str | None:
    """Return the path of the system's Chromium; None when there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


class Lab:
    """A running JupyterLab.

    Args:
        url: Where it listens.
        folder: The folder it shows.
        browser: The browser in front of it.
    """

    def __init__(self, url: str, folder: Path, browser: Browser) -> None:
        self.url = url
        self.folder = folder
        self.browser = browser
        self.outside: list[str] = []

    def write(self, name: str, *cells: str) -> Path:
        """Write a notebook of code cells."""
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / name
        nbformat.write(made, path)
        return path

    @contextmanager
    def opened(self, name: str, *, width: int = 1280, height: int = 1000) -> Iterator[Sheet]:
        """Open a notebook in a page of its own and wait for its kernel."""
        page = self.browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(WAIT_MS)
        page.on("request", self._note)
        # A workspace of its own: else the tabs of the page before come back and hide this one.
        page.goto(f"{self.url}/lab/workspaces/{uuid.uuid4().hex}/tree/{name}")
        try:
            _until_ready(page)
            yield Sheet(page)
        finally:
            page.close()

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws", 1), "data:", "blob:")):
            self.outside.append(request.url)


class Sheet:
    """An open notebook.

    Args:
        page: The page it is open in.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.outputs = page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output")

    def command(self, name: str, **args: Any) -> Any:
        """Run one of JupyterLab's own commands."""
        return self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, args])

    def run_all(self) -> None:
        """Run every cell, as the menu does, and do not wait for them."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def text(self, words: str) -> Locator:
        """Return the first visible place in the outputs that holds these words."""
        return self.outputs.get_by_text(words).locator("visible=true").first

    def sees(self, words: str) -> None:
        """Wait until these words stand in an output."""
        self.text(words).wait_for(timeout=WAIT_MS)

    def button(self, words: str) -> Locator:
        """Return the visible button with these words."""
        return self.outputs.locator("button.jupyter-button:visible", has_text=words)

    def click(self, words: str) -> None:
        """Click a button once it can be."""
        self.button(words).click(timeout=WAIT_MS)

    def theme(self, name: str) -> None:
        """Switch the theme and wait until the page wears it."""
        self.command("apputils:change-theme", theme=name)
        light = "false" if "Dark" in name else "true"
        self.page.wait_for_function("want => document.body.dataset.jpThemeLight === want", arg=light)
        self.page.wait_for_timeout(500)  # its colours come with a style sheet

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def last_in_view(self) -> None:
        """Scroll to the end of the notebook."""
        self.outputs.last.scroll_into_view_if_needed()


@contextmanager
def running_lab(folder: Path, executable: str) -> Iterator[Lab]:
    """Run a JupyterLab on a folder with a browser in front; both are gone when the block ends."""
    url, server = _server(folder)
    try:
        _wait_for(url, server)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
            try:
                yield Lab(url, folder / "work", browser)
            finally:
                browser.close()
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _until_ready(page: Page) -> None:
    # Asked again and again from here: `wait_for_function` takes the promise of an async function for an answer.
    until = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(READY):
        if time.monotonic() > until:
            raise RuntimeError("the notebook's kernel did not get ready")
        page.wait_for_timeout(100)


def _server(folder: Path) -> tuple[str, subprocess.Popen[bytes]]:
    homes = {name: folder / name.lower() for name in _HOMES}
    for path in (*homes.values(), folder / "work", folder / "jupyter_config_dir" / "labconfig"):
        path.mkdir(parents=True, exist_ok=True)
    overrides = folder / "jupyter_config_dir" / "labconfig" / "default_setting_overrides.json"
    overrides.write_text(json.dumps(SETTINGS))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, **{name: str(path) for name, path in homes.items()}, "PYTHONPATH": str(ROOT)}
    options = ("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--expose-app-in-browser")
    more = ("--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password=", "--log-level=ERROR")
    command = [sys.executable, "-m", "jupyterlab", *options, *more, f"--ServerApp.root_dir={folder / 'work'}"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder)
    return f"http://127.0.0.1:{port}", server


_HOMES = (
    *("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR"),
)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + WAIT_MS / 1000
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/status", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("JupyterLab did not start; its log is server.log in the folder")
