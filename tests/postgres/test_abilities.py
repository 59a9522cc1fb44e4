"""Servers that speak the same protocol: what one lacks is said, and nothing is begun on it."""

from dataclasses import fields, replace

import pytest

from sodaf_nb.database import Database
from sodaf_nb.database.postgres import database as module
from sodaf_nb.database.postgres.abilities import FULL, Abilities, require_all, told
from sodaf_nb.errors import DatabaseError

FLAGS = [field.name for field in fields(Abilities)]


@pytest.mark.parametrize("flag", FLAGS)
def test_a_server_without_one_ability_is_refused_by_name(flag, pg_url, monkeypatch):
    lacking = replace(FULL, **{flag: False})
    monkeypatch.setattr(module, "abilities", lambda _connection: ("Likeness", lacking))
    with pytest.raises(DatabaseError, match=f"Likeness cannot be migrated safely: it lacks {lacking.missing()[0]}"):
        Database(pg_url)


@pytest.mark.parametrize(
    ("version", "spread", "server", "number"),
    [
        ("PostgreSQL 16.4 (Debian 16.4-1) on x86_64-pc-linux-gnu", False, "PostgreSQL", 0),
        ("PostgreSQL 16.4 (Debian 16.4-1) on x86_64-pc-linux-gnu", True, "Citus", 2),
        ("CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu)", False, "CockroachDB", 4),
        ("PostgreSQL 15.2-YB-2.25.0.0-b0 on x86_64-pc-linux-gnu", False, "YugabyteDB", 4),
    ],
)
def test_a_server_is_told_by_what_it_says_of_itself(version, spread, server, number):
    name, has = told(version, spread=spread)
    assert (name, len(has.missing())) == (server, number)
    if number:
        with pytest.raises(DatabaseError, match=f"{server} cannot be migrated safely"):
            require_all(name, has)


def test_a_database_with_spread_tables_is_refused_and_one_without_is_not(pg, pg_url):
    """A table of that name in the catalog's schema cannot be made by hand, so its name is looked up elsewhere."""
    from sodaf_nb.database.postgres import abilities

    assert abilities.abilities(pg) == ("PostgreSQL", FULL)
    pg.execute("CREATE TABLE pg_dist_partition (logicalrelid regclass)")
    for count, server in enumerate(("PostgreSQL", "Citus")):
        pg.execute(f"INSERT INTO pg_dist_partition SELECT 'pg_class'::regclass FROM generate_series(1, {count})")
        asked = (
            abilities._ASKED.replace("pg_catalog.", "public."),
            abilities._SPREAD.replace("pg_catalog.", "public."),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(abilities, "_ASKED", asked[0])
            patch.setattr(abilities, "_SPREAD", asked[1])
            assert abilities.abilities(pg)[0] == server
