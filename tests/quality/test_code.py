"""What must not stand in the package, and what must."""

import ast
import re
import subprocess
import sys

import pytest

from tests.quality.project import calls, modules, name, tree

# Calls that run what a stored file or a name says.
RUNS_DATA = re.compile(
    r"(^|\.)(eval|exec|compile|__import__)$|pickle|marshal|shelve|(^|\.)yaml\.(unsafe_|full_)?load$|read_pickle|to_pickle"
)
ALLOWED = {"re.compile"}
# A patch in Python is the user's own code, given with the call as a cell is. What the history keeps of it is never run.
RUNS_CODE = {"sodaf_nb/database/patching/python.py": {"eval", "exec", "compile"}}

each_module = pytest.mark.parametrize("path", modules(), ids=name)


@each_module
def test_nothing_runs_stored_data(path):
    allowed = ALLOWED | RUNS_CODE.get(name(path), set())
    running = [(called, c) for called, c in calls(path) if RUNS_DATA.search(called) and called not in allowed]
    imported = [a.name for n in ast.walk(tree(path)) if isinstance(n, ast.Import) for a in n.names]
    imported += [str(n.module) for n in ast.walk(tree(path)) if isinstance(n, ast.ImportFrom)]
    assert [f"line {c.lineno}: {called}" for called, c in running] == []
    assert {"pickle", "marshal", "shelve", "dill", "cloudpickle"}.isdisjoint(m.partition(".")[0] for m in imported)


@each_module
def test_statements_run_one_by_one_and_without_bind_parsing(path):
    """executescript commits first; text() takes a colon in DDL for a parameter."""
    found = [f"line {c.lineno}: {called}" for called, c in calls(path)]
    assert [f for f in found if re.search(r"\.executescript$|: (sa\.|sqlalchemy\.)?text$", f)] == []


@each_module
def test_every_public_name_has_a_docstring(path):
    missing = [] if ast.get_docstring(tree(path)) else ["the module"]
    missing += undocumented(tree(path).body, prefix="")
    assert missing == []


def undocumented(body, prefix):
    set_below = {ast.unparse(t) for node in body if isinstance(node, ast.Assign) for t in node.targets}
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        is_overload = any(ast.unparse(d).endswith("overload") for d in node.decorator_list)
        if not ast.get_docstring(node) and not is_overload and f"{node.name}.__doc__" not in set_below:
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node.body, prefix=f"{node.name}.")


def exported(path):
    for node in tree(path).body:
        if isinstance(node, ast.Assign) and any(ast.unparse(t) == "__all__" for t in node.targets):
            return [ast.unparse(e) for e in node.value.elts] if isinstance(node.value, ast.List | ast.Tuple) else None
    return None


@pytest.mark.parametrize("path", [p for p in modules() if exported(p)], ids=name)
def test_exported_names_are_sorted(path):
    assert exported(path) == sorted(set(exported(path)))


def test_importing_the_package_loads_nothing_heavy():
    heavy = "{'pandas', 'numpy', 'sqlalchemy', 'IPython', 'ipywidgets', 'zstandard', 'pyrage'}"
    script = f"import sys, sodaf_nb; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_every_public_name_can_be_loaded():
    import sodaf_nb

    assert sodaf_nb.__all__ == sorted(set(sodaf_nb.__all__))
    assert [n for n in sodaf_nb.__all__ if not hasattr(sodaf_nb, n)] == []
    assert set(sodaf_nb.__all__) <= set(dir(sodaf_nb))
