"""Working copies of killed processes are found and deleted; those in use are not."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sodaf_nb.database.workspace import remove_abandoned, workspace

LONG_AGO = time.time() - 7200


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def age(folder):
    os.utime(folder, (LONG_AGO, LONG_AGO))


def test_a_folder_in_use_stays_however_old_and_goes_with_its_block(scratch):
    with workspace("backup") as folder:
        (Path(folder) / "data.sqlite").write_bytes(b"x")
        age(folder)
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        assert remove_abandoned() == 0
        assert Path(folder).is_dir()
    assert list(scratch.iterdir()) == []


def test_what_a_killed_process_left_is_deleted_by_name_and_nothing_else(scratch):
    code = "import os\nfrom sodaf_nb.database.workspace import workspace\n"
    code += "with workspace('rehearsal') as f:\n    open(f + '/work.sqlite', 'w').close()\n    os._exit(9)"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(scratch)}, check=False)
    (left,) = scratch.iterdir()
    for name in ("sodaf-backup-old", "sodaf-other-x", "somebody-elses", "sodaf-backup-open"):
        (scratch / name).mkdir(mode=0o755 if name.endswith("open") else 0o700)
        age(scratch / name)
    (scratch / "sodaf-backup-link").symlink_to(scratch / "somebody-elses")
    assert remove_abandoned() == 1, "the killed one may still be written by a process without a lock"
    age(left)
    assert remove_abandoned() == 1
    assert sorted(p.name for p in scratch.iterdir()) == [
        "sodaf-backup-link",
        "sodaf-backup-open",
        "sodaf-other-x",
        "somebody-elses",
    ]
