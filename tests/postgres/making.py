"""A PostgreSQL database with what a test needs of it, in few words."""

from __future__ import annotations

from dataclasses import replace

from sodaf_nb.database.postgres import PostgresDatabase
from sodaf_nb.diff.compare import Answers, compare
from sodaf_nb.doctype import DocTypeEngine
from sodaf_nb.plan import Plan
from sodaf_nb.plan.planner import Context, make_plan
from sodaf_nb.sql import Script, SQLGenerator
from tests.acceptance.making import doctype, field

__all__ = ["Shop", "doctype", "field"]


class Shop:
    """A database whose tables are made and changed through plans, without rules or backups.

    Args:
        engine: The database.
        pg: A user's own connection to it.
    """

    def __init__(self, engine: PostgresDatabase, pg) -> None:
        self.engine = engine
        self.pg = pg
        self.generator = SQLGenerator(engine.dialect)

    def live(self):
        """Return the schema as it is now."""
        with self.engine.read() as session:
            return session.reflect()

    def catalog(self):
        """Return the catalog in comparison form."""
        return self.engine.dialect.catalog(self.live())

    def plan(self, json, *, backfill=None, **answers) -> Plan:
        """Return the plan that brings a DocType to the database."""
        doctypes = DocTypeEngine()
        doctypes.register(json)
        live = self.live()
        wanted = doctypes.wanted_table(json["name"])
        diff = compare(json["name"], wanted, live, Answers(**answers))
        return make_plan(diff, Context(live=live, made_for="x", backfill=backfill or {}))

    def script(self, plan: Plan, **more) -> Script:
        """Return a plan's SQL."""
        return self.generator.generate(plan, self.live(), **more)

    def run(self, steps) -> None:
        """Run steps in one transaction."""
        with self.engine.write() as session:
            for step in steps:
                for statement in step.statements:
                    session.execute(statement)

    def sync(self, json, *, backfill=None, **answers) -> Script:
        """Bring a DocType to the database, check that the outcome is what the copy foretold, and return the script."""
        plan = self.plan(json, backfill=backfill, **answers)
        script = self.script(plan)
        self.run(script.up)
        foretold = replace(self.live(), objects=script.objects)
        assert not (left := self.catalog().items() ^ self.engine.dialect.catalog(foretold).items()), left
        assert not self.plan(json, **answers).operations, "the second plan is empty"
        return script

    def there_and_back(self, json, **answers) -> Script:
        """Bring a DocType to the database and take the structure back; the catalog must be as before."""
        before = self.catalog()
        script = self.sync(json, **answers)
        assert not script.problem, script.problem
        self.run(script.down)
        assert self.catalog() == before
        return script
