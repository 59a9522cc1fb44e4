"""Code stays in pieces that one person can read at once."""

from statistics import median

import pytest

from tests.quality.project import functions, modules, name


def length(function) -> int:
    return function.end_lineno - function.lineno + 1


@pytest.mark.parametrize("path", modules(), ids=name)
def test_module_has_at_most_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


def test_no_function_has_more_than_50_lines():
    long = {f"{name(p)}:{f.name}": length(f) for p in modules() for f in functions(p) if length(f) > 50}
    assert long == {}


def test_half_of_all_functions_have_fewer_than_10_lines():
    assert median(length(f) for p in modules() for f in functions(p)) < 10
