"""Times changes of a large table by us and by others: `make bench`, `make bench-short`.

Every run is a process of its own on a fresh copy of the file, and all contestants take turns within each
round, so that what else the machine does hits them alike. Timed is the work alone, with everything imported.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.contestants import CONTESTANTS, NotOffered, prepared
from tests.benchmarks.table import CHANGES, build

ROOT = Path(__file__).resolve().parents[2]
FLOOR = "rebuild SQL"
Sample = Mapping[str, float]
"""seconds, cpu (seconds of processor time) and mb (peak memory above the interpreter with everything imported)"""

Samples = Mapping[str, Mapping[str, Sequence[Sample]]]
"""Change to contestant to its samples; none where it has no such change"""


def timed(name: str, path: Path, change: str) -> Sample | None:
    """Do one contestant's work and return what it took."""
    try:
        work = prepared(name, path, change)
    except NotOffered:
        return None
    idle = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - idle.ru_utime - idle.ru_stime
    return {"seconds": seconds, "cpu": cpu, "mb": (used.ru_maxrss - idle.ru_maxrss) / 1024}


def child(name: str, master: Path, change: str) -> Sample | None:
    """Return what one run took, in a process of its own on a fresh copy."""
    with tempfile.TemporaryDirectory(dir=master.parent) as folder:
        path = Path(folder) / "item.db"
        shutil.copyfile(master, path)
        os.sync()
        scratch = Path(folder) / "tmp"
        scratch.mkdir()
        command = [sys.executable, "-m", "tests.benchmarks.run", "--one", name, change, str(path)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(scratch)},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{name}, {change}: {done.stderr}")
    found: Sample | None = json.loads(done.stdout.splitlines()[-1])
    return found


def rounds(master: Path, number: int) -> Iterator[Samples]:
    """Run everybody on every change, a number of times; yield what is known after each round."""
    found: dict[str, dict[str, list[Sample]]] = {change: {name: [] for name in CONTESTANTS} for change in CHANGES}
    for turn in range(number):
        for change, names in found.items():
            for name, samples in names.items():
                sample = child(name, master, change)
                samples.extend([] if sample is None else [sample])
                words = "has no such change" if sample is None else f"{sample['seconds']:.2f} s"
                say(f"round {turn + 1}: {CHANGES[change]}, {name}: {words}")
        yield found


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def middle(samples: Sequence[Sample], what: str) -> float:
    """Return the median of one measure."""
    return statistics.median(sample[what] for sample in samples)


def cell(samples: Sequence[Sample], floor: Sequence[Sample]) -> str:
    """Return a contestant's ratio to the floor, with median and spread of its seconds."""
    if not samples:
        return "no such change"
    seconds = sorted(sample["seconds"] for sample in samples)
    ratio = middle(samples, "seconds") / middle(floor, "seconds")
    return f"**{ratio:.3g}** ({middle(samples, 'seconds'):.2f} s; {seconds[0]:.2f}-{seconds[-1]:.2f})"


def page(samples: Samples, facts: Mapping[str, Any]) -> str:
    """Return the tables as Markdown."""
    return "\n".join([*heading(facts), *ratios(samples), "", *details(samples), ""])


def heading(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was measured, on what."""
    size = facts["bytes"]
    yield f"{facts['rows']:,} rows, {size / 1024**2:.0f} MB with indexes ({size / facts['rows']:.0f} bytes a row);"
    yield f"{facts['rounds']} rounds; {facts['cores']} cores; Python {facts['python']}, SQLite {facts['sqlite']};"
    yield f"{', '.join(f'{name} {version}' for name, version in facts['versions'].items())}."
    yield ""


def ratios(samples: Samples) -> Iterator[str]:
    """Yield the table of ratios."""
    yield f"| change | {' | '.join(CONTESTANTS)} |"
    yield "|---|" + "---|" * len(CONTESTANTS)
    for change, names in samples.items():
        yield f"| {CHANGES[change]} | {' | '.join(cell(each, names[FLOOR]) for each in names.values())} |"


def details(samples: Samples) -> Iterator[str]:
    """Yield the table of processor time and memory."""
    yield "The same by processor time, which what else the machine does hardly changes; and MB of memory above the"
    yield "interpreter with everything imported:"
    yield ""
    yield f"| change | {' | '.join(CONTESTANTS)} |"
    yield "|---|" + "---|" * len(CONTESTANTS)
    for change, names in samples.items():
        cells = (cost(samples, names[FLOOR]) if samples else "" for samples in names.values())
        yield f"| {CHANGES[change]} | {' | '.join(cells)} |"


def cost(samples: Sequence[Sample], floor: Sequence[Sample]) -> str:
    """Return a contestant's processor time against the floor's, with its seconds, and its memory."""
    ratio = middle(samples, "cpu") / middle(floor, "cpu")
    return f"**{ratio:.3g}** ({middle(samples, 'cpu'):.2f} s; {middle(samples, 'mb'):.0f} MB)"


def main() -> None:
    """Build the file, run everybody and write the report."""
    parser = argparse.ArgumentParser(description="Time changes of a large table.")
    parser.add_argument("--one", nargs=3, metavar=("CONTESTANT", "CHANGE", "FILE"), help="one run, as JSON")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where the files lie; the default is a temporary one")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench")
    given = parser.parse_args()
    if given.one:
        name, change, path = given.one
        say(json.dumps(timed(name, Path(path), change)))
        return
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="sodaf-bench-") as folder:
        master = Path(folder) / "master.db"
        build(master, given.rows)
        size = master.stat().st_size
        for done, samples in enumerate(rounds(master, given.rounds), start=1):
            report(samples, machine() | {"rows": given.rows, "bytes": size, "rounds": done}, given.out)
    say((given.out / "report.md").read_text())


def machine() -> dict[str, Any]:
    """Return what the numbers were measured on."""
    return {
        "cores": os.cpu_count(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "sqlite": sqlite3.sqlite_version,
        "versions": {name: importlib.metadata.version(name) for name in ("alembic", "django", "sqlite-utils")},
    }


def report(samples: Samples, facts: Mapping[str, Any], folder: Path) -> None:
    """Write the report, as JSON and as Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps({"facts": facts, "samples": samples}, indent=2))
    (folder / "report.md").write_text(page(samples, facts))


if __name__ == "__main__":
    main()
