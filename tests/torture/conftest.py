"""The shared fixtures of the tests around real databases."""

from tests.acceptance.fixtures import tmp_path

__all__ = ["tmp_path"]
