"""A table with rows, and what its DocType says next."""

from tests.acceptance.making import doctype, field

V1 = doctype(field("title"), field("qty"), field("shade"))
SAFE = doctype(field("title"), field("qty"), field("shade"), field("fresh", "Int"))
RISKY = doctype(field("title"), field("qty", "Int"), field("shade"))
REQUIRED = doctype(field("title"), field("qty"), field("shade"), field("size", "Int", required=1))
RENAMED = doctype(field("title"), field("qty"), field("shade_code"))
DROPPED = doctype(field("title"), field("qty"))
UNIQUE = doctype(field("title", unique=1), field("qty"), field("shade"))

ROWS = [{"title": "a", "qty": "1", "shade": "red"}, {"title": "a", "qty": "two", "shade": "blue"}]


def seeded(world, rows=ROWS):
    """The first version with its rows."""
    world.sync(V1)
    world.insert("tabThing", rows)
    return world
