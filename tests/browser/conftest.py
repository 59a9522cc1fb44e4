"""One JupyterLab and one browser for all tests of this folder."""

import os

import pytest

MISSING = "no Chromium is installed (on Debian: apt-get install chromium), so nothing in a browser is tested"


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    from tests.browser.lab import find_browser, running_lab

    executable = find_browser()
    if executable is None:
        # In CI nobody reads the list of skipped tests.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(MISSING)
    with running_lab(tmp_path_factory.mktemp("lab"), executable) as running:
        yield running
        assert running.outside == []  # everything came from the loopback: no CDN, no JavaScript of others
