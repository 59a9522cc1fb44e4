"""Rivals: one migrates, the others wait or find nothing to do, and whoever reads never sees a mix."""

import os
import sqlite3
import time
from contextlib import closing

from sodaf_nb.errors import LockedError, SodafError
from sodaf_nb.options import SyncOptions
from tests.acceptance.making import World
from tests.faults.faulty import ANSWERS, V2, copied, template

PROCESSES = 4


def forked(work):
    """Run work in a process of its own; its exit code is what the work returns."""
    pid = os.fork()
    if pid:
        return pid
    code = 99
    try:
        code = work()
    finally:
        os._exit(code)


def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def apply(folder):
    """Bring the second version, waiting while somebody else is at it: 1 it was applied here, 2 nothing to do."""
    world = World(folder, lock_timeout_s=2.0).declare(V2)
    for _try in range(200):
        try:
            result = world.applier.sync_doctype("Thing", SyncOptions(**ANSWERS))
        except LockedError:
            time.sleep(0.02)
        except SodafError:  # planned before another's change: plan again
            continue
        else:
            return {"applied": 1, "nothing_to_do": 2}[result.outcome]
    return 3


def write(folder, until):
    """Insert rows as a program that knows nothing of us; the new columns have defaults."""
    with closing(sqlite3.connect(folder / "shop.db", timeout=10, isolation_level=None)) as db:
        number = 0
        while number < 60 or not until.exists():
            db.execute("INSERT INTO tabThing (name, title) VALUES (?, ?)", (f"W{number}", f"w{number}"))
            number += 1
            time.sleep(0.002)
    return 0


def read(folder, until):
    """Look at columns, index, rows and history in one snapshot each time: 0 when all were of one version."""
    seen = set()
    with closing(sqlite3.connect(folder / "shop.db", timeout=10, isolation_level=None)) as db:
        while not until.exists():
            db.execute("BEGIN")
            columns = {row[1] for row in db.execute("PRAGMA table_info(tabThing)")}
            index = bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'ix_tabThing_done'").fetchall())
            kinds = {kind for (kind,) in db.execute("SELECT DISTINCT typeof(qty) FROM tabThing WHERE name LIKE 'R%'")}
            applied = db.execute("SELECT count(*) FROM tabMigrationHistory WHERE status = 'applied'").fetchone()[0]
            db.execute("COMMIT")
            seen.add(("gone" in columns, "done" in columns, index, "text" in kinds, applied))
    return 0 if seen <= {(True, False, False, True, 1), (False, True, True, False, 2)} else 4


def test_of_four_processes_one_applies_and_the_others_have_nothing_to_do(tmp_path):
    folder, until = tmp_path / "run", tmp_path / "until"
    copied(template(tmp_path / "source", journal="wal"), folder).close()
    others = [forked(lambda: read(folder, until)), forked(lambda: write(folder, until))]
    appliers = [forked(lambda: apply(folder)) for _each in range(PROCESSES)]
    ends = sorted(ended(pid) for pid in appliers)
    until.touch()
    assert [ended(pid) for pid in others] == [0, 0]
    assert ends == [1, *[2] * (PROCESSES - 1)]
    world = World(folder)
    assert world.statuses()[:1] == ["applied"]
    assert world.statuses().count("applied") == 2
    names = [key for key in world.state().rows["tabThing"] if key.startswith("W")]
    assert len(names) >= 60  # no write was lost
    assert not world.applier.recover().attempts
    world.close()


def test_of_two_kernels_one_applies_and_the_other_has_nothing_to_do(tmp_path):
    from jupyter_client.manager import start_new_kernel

    folder = tmp_path / "run"
    copied(template(tmp_path / "source"), folder).close()
    code = f"""
import sys; sys.path.insert(0, {str(__import__("pathlib").Path(__file__).resolve().parents[2])!r})
from pathlib import Path
from tests.faults.test_rivals import apply
print(apply(Path({str(folder)!r})))
"""
    kernels = [start_new_kernel(kernel_name="python3") for _each in range(2)]
    try:
        asked = [(client, client.execute(code)) for _manager, client in kernels]
        told = sorted(printed(client, message) for client, message in asked)
    finally:
        for manager, client in kernels:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    assert told == ["1", "2"]
    world = World(folder)
    assert world.statuses().count("applied") == 2
    world.close()


def printed(client, message):
    """Return what a kernel printed for a message."""
    text = ""
    while True:
        reply = client.get_iopub_msg(timeout=60)
        if reply["parent_header"].get("msg_id") != message:
            continue
        if reply["msg_type"] == "stream":
            text += reply["content"]["text"]
        if reply["msg_type"] == "error":
            raise AssertionError(reply["content"]["evalue"])
        if reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
            return text.strip()
