"""What the commands of one session share: open connections, loaded DocTypes, choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sodaf_nb.access import Access, is_production
from sodaf_nb.config import Config, nearest
from sodaf_nb.errors import SodafError, UsageError
from sodaf_nb.options import ApplyOptions
from sodaf_nb.tabular import Row, Tabular, counted

# The core brings SQLAlchemy, which `%load_ext` must not wait for: imported at the first connect.
if TYPE_CHECKING:
    from sodaf_nb.applier import MigrationApplier
    from sodaf_nb.database import Database
    from sodaf_nb.doctype import DocTypeEngine
    from sodaf_nb.plan import Plan
    from sodaf_nb.session import PlanSession

# Dry runs that a person may still be looking at.
_REMEMBERED = 20


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Connection(Tabular):
    """An open database under a name.

    Args:
        name: What the user calls it.
        database: The database.
        applier: Migrates it.
        environment: A word for the kind of database, such as `dev`.
        ours: True when we opened it and so close it.
        own: Choices that were made for it, not for the session; kept when it is opened again.
        remarks: Lines below it, such as what a crash left.
    """

    name: str
    database: Database
    applier: MigrationApplier
    environment: str
    ours: bool
    own: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    remarks: tuple[str, ...] = ()

    def heading(self) -> str:
        """Return which database is open now."""
        return f"Connected to {self.database.shown}{', PRODUCTION' if self.is_production else ''}"

    def to_rows(self) -> list[Row]:
        """Return one row; a path and never an address, which may hold secrets."""
        return [self.row()]

    def notes(self) -> tuple[str, ...]:
        """Return the remarks."""
        return self.remarks

    def close(self) -> None:
        """Close its database if we opened it."""
        if self.ours:
            self.database.close()

    @property
    def is_production(self) -> bool:
        """True when its environment is a word for production: what is changed there needs its name typed."""
        return is_production(self.environment)

    def row(self) -> Row:
        """Return the connection as a row."""
        environment = f"{self.environment} (PRODUCTION)" if self.is_production else self.environment
        return {"connection": self.name, "database": self.database.shown, "environment": environment}


class Context:
    """The state of one notebook or one command line.

    Args:
        program: How commands are typed, for usage texts: `%migrate` or `sodaf-nb`.
        options: Choices that hold for every connection made from now on, unless pyproject.toml says otherwise.
        variables: Names a target of `connect` may stand for, such as a notebook's variables.
    """

    def __init__(
        self,
        *,
        program: str = "%migrate",
        options: ApplyOptions | None = None,
        variables: Mapping[str, object] | None = None,
    ) -> None:
        self.program = program
        self.base = options or ApplyOptions()
        self.chosen: Mapping[str, object] = MappingProxyType({})
        self._numbers: dict[str, int] = {}
        self._backups: dict[str, int] = {}
        self.variables = MappingProxyType({}) if variables is None else variables
        self._connections: dict[str, Connection] = {}
        self._active: str | None = None
        self._reviewed: list[tuple[Plan, PlanSession]] = []

    @cached_property
    def doctypes(self) -> DocTypeEngine:
        """The loaded DocTypes."""
        from sodaf_nb.doctype import DocTypeEngine  # noqa: PLC0415  light start

        return DocTypeEngine()

    @property
    def config(self) -> Config:
        """What the nearest pyproject.toml says, from the current folder upwards."""
        return nearest(Path.cwd())

    @property
    def options(self) -> ApplyOptions:
        """Choices for every connection made from now on: the base, pyproject.toml, then what this session chose."""
        return replace(self.base, **{**self.config.choices, **self.chosen})  # type: ignore[arg-type]  # checked when read

    @property
    def migrations(self) -> int:
        """How many migrations the connection in use had when this session last looked; 0 without one."""
        return self._numbers.get(self._active or "", 0)

    @property
    def backups(self) -> int:
        """How many usable backups the connection in use had when this session last looked; 0 without one."""
        return self._backups.get(self._active or "", 0)

    def remember_backups(self, count: int) -> None:
        """Note how many backups there are, for completion, which reads no folder."""
        if self._active is not None:
            self._backups[self._active] = count

    def remember_numbers(self) -> None:
        """Look at how many migrations there are, for completion, which must not wait for a database."""
        if self._active is not None:
            self._numbers[self._active] = len(self.applier.history.get_migration_history())

    @property
    def connections(self) -> Mapping[str, Connection]:
        """Open connections by name."""
        return MappingProxyType(self._connections)

    @property
    def has_database(self) -> bool:
        """True when there is a connection that commands work on."""
        return self._active is not None

    @property
    def connection(self) -> Connection:
        """The connection that commands work on.

        Raises:
            UsageError: If none is open.
        """
        if self._active is None:
            raise UsageError("No database is connected.", hint=f"start with {self.program} connect sqlite:///your.db")
        return self._connections[self._active]

    @property
    def applier(self) -> MigrationApplier:
        """The applier of the connection that commands work on."""
        return self.connection.applier

    def remember(self, plan: Plan, session: PlanSession) -> None:
        """Keep the session that a returned plan came from, so that it can be shown with controls."""
        self._reviewed = [*self._reviewed[1 - _REMEMBERED :], (plan, session)]

    def session_of(self, plan: Plan) -> PlanSession | None:
        """Return the session that this very plan came from; None when it is not remembered."""
        return next((session for known, session in self._reviewed if known is plan), None)

    def open(self, database: Database, *, name: str | None, own: Mapping[str, object], ours: bool) -> Connection:
        """Connect to a database and make it the one that commands work on.

        Args:
            database: The database.
            name: What to call it; None takes the name it had, or the first of its short names that is free.
            own: Choices for its applier only, by their names in `ApplyOptions`; those it had are kept.
            ours: True when we close it.
        """
        from sodaf_nb.applier import MigrationApplier  # noqa: PLC0415  light start

        name = name or self._name_for(database)
        kept = {**self._choices(name, database), **own}
        options = replace(self.options, **kept)  # type: ignore[arg-type]  # the command read them
        options = replace(options, access=replace(options.access or Access(), connection=name))
        known = any(connection.database is database for connection in self._connections.values())
        with _closed_on_error(database, ours=ours and not known):
            connection = Connection(
                name=name,
                database=database,
                applier=MigrationApplier(database, self.doctypes, options),
                environment=options.environment,
                ours=ours,
                own=MappingProxyType(kept),
            )
            # Read once, so that a wrong path fails at `connect` and not at the first apply.
            with database.read():
                pass
        if (before := self._connections.pop(name, None)) and before.database is not database:
            before.close()
        self._connections[name] = connection
        return self.use(name)

    def _name_for(self, database: Database) -> str:
        same = (c.name for c in self._connections.values() if c.database.uri == database.uri)
        free = (name for name in _names(database) if name not in self._connections)
        return next(same, None) or next(free, database.name)

    def _choices(self, name: str, database: Database) -> Mapping[str, object]:
        before = self._connections.get(name)
        return before.own if before and before.database.shown == database.shown else {}

    def use(self, name: str) -> Connection:
        """Make an open connection the one that commands work on, and return it."""
        connection = self._connections[name]
        self._connections[name] = replace(connection, remarks=interrupted(connection.applier, self.program))
        self._active = name
        self.remember_numbers()
        return self._connections[name]

    def close(self, name: str) -> None:
        """Close a connection if it is open."""
        connection = self._connections.pop(name, None)
        if connection is not None:
            connection.close()
        if self._active == name:
            self._active = next(reversed(self._connections), None)

    def close_all(self) -> None:
        """Close every connection."""
        for name in tuple(self._connections):
            self.close(name)


def _names(database: Database) -> Iterator[str]:
    """Yield what a database may be called, the shortest first; two files of one name must differ."""
    yield database.name
    if database.file:
        yield f"{database.file.parent.name}/{database.name}"
        yield database.shown
        yield str(database.file)


def interrupted(applier: MigrationApplier, program: str) -> tuple[str, ...]:
    """Return a line about migrations that a crash interrupted; none when there is nothing to settle."""
    count = len(applier.interrupted())
    return (f"{counted(count, 'interrupted migration')}: run {program} recover",) if count else ()


def settled(applier: MigrationApplier, program: str) -> tuple[str, ...]:
    """Settle what a crash interrupted and return a line about each; where that cannot be done, who can do it."""
    if not applier.interrupted():
        return ()
    try:
        recovery = applier.recover()
    except SodafError:  # read only, or somebody migrates by now
        return interrupted(applier, program)
    return tuple(f"An interrupted migration of {row['doctype']} {row['meaning']}." for row in recovery.to_rows())


@contextmanager
def _closed_on_error(database: Database, *, ours: bool) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if ours:
            database.close()
        raise
