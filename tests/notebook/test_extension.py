"""Loading and unloading the extension."""

import subprocess
import sys
import textwrap

from sodaf_nb.notebook.extension import load_ipython_extension, unload_ipython_extension


def test_loading_twice_keeps_the_open_connections(shell):
    before = shell.magics_manager.registry["SodafMagics"]
    load_ipython_extension(shell)
    assert shell.magics_manager.registry["SodafMagics"] is before
    assert shell.configurables.count(before) == 1


def test_unloading_takes_everything_back(shell, offered):
    shell.run_cell("%migrate connect sqlite://").raise_error()
    magics = shell.magics_manager.registry["SodafMagics"]
    unload_ipython_extension(shell)
    assert shell.find_line_magic("migrate") is None
    assert shell.find_cell_magic("migrate") is None
    assert magics not in shell.configurables
    assert not magics.context.connections
    assert "dry-run" not in offered("%migrate dry")


def test_unloading_without_loading_does_nothing(bare_shell):
    unload_ipython_extension(bare_shell)
    assert bare_shell.find_line_magic("migrate") is None


def test_loading_again_after_unloading_works(shell):
    unload_ipython_extension(shell)
    load_ipython_extension(shell)
    assert shell.run_cell("%migrate help").success


def test_load_ext_waits_for_no_heavy_import(tmp_path):
    program = textwrap.dedent("""
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config
        shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
        shell.run_line_magic("load_ext", "sodaf_nb")
        shell.run_line_magic("migrate", "help")
        heavy = {"pandas", "numpy", "sqlalchemy", "ipywidgets", "zstandard", "pyrage"} & set(sys.modules)
        print("heavy:", sorted(heavy))
    """)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert done.stdout.splitlines()[-1] == "heavy: []"
