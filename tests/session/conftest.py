"""The shared fixtures of the tests around real databases."""

from tests.acceptance.fixtures import tmp_path, world

__all__ = ["tmp_path", "world"]
