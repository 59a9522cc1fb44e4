"""Do what Binder does with this project, without its image: install, build, run the quickstart in a clean environment.

Takes a minute or two, most of it for the packages, so `make test` leaves it out and CI runs it once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).resolve().parent.parent
BINDER = ROOT / "binder"
QUICKSTART = ROOT / "notebooks" / "00_quickstart.ipynb"


def main() -> int:
    """Run every step in a folder that is gone afterwards; return 1 at the first that fails."""
    started = monotonic()
    with tempfile.TemporaryDirectory(prefix="sodaf-binder-") as temporary:
        folder = Path(temporary)
        prefix = folder / "env"
        venv.create(prefix, with_pip=True)
        for what, words in steps(prefix, folder):
            done = subprocess.run(words, cwd=ROOT, env=environment(prefix, folder), capture_output=True, text=True)  # noqa: PLW1510, S603  our own words; the code is looked at below
            if done.returncode:
                print(f"{done.stdout}\n{done.stderr}\nFAILED: {what}", file=sys.stderr)
                return 1
    print(f"binder: installed, built, and the quickstart ran in a clean environment, in {monotonic() - started:.0f} s")
    return 0


def steps(prefix: Path, folder: Path) -> list[tuple[str, list[str]]]:
    """Return (what, words) of each step, in the order of repo2docker."""
    python = str(prefix / "bin" / "python")
    # Not compiled ahead, as an image would be: it is used once.
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
    run = [python, "-m", "papermill", "--no-progress-bar", "-k", "python3", "--cwd", str(folder), str(QUICKSTART)]
    return [
        ("pip install", [*install, "-r", str(BINDER / "requirements.txt")]),
        ("pip check", [python, "-m", "pip", "check"]),
        ("binder/postBuild", [str(BINDER / "postBuild")]),
        ("the quickstart", [*run, str(folder / "quickstart.ipynb")]),
    ]


def environment(prefix: Path, folder: Path) -> dict[str, str]:
    """Return the variables of that environment, with nothing of the one this script runs in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return kept | {
        "PATH": f"{prefix / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "NB_PYTHON_PREFIX": str(prefix),
        "IPYTHONDIR": str(folder / "ipython"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


if __name__ == "__main__":
    sys.exit(main())
