"""What the commands of one session share: open connections, loaded DocTypes, choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from sodaf_nb.errors import UsageError
from sodaf_nb.options import ApplyOptions
from sodaf_nb.tabular import Row, Tabular

# The core brings SQLAlchemy, which `%load_ext` must not wait for: imported at the first connect.
if TYPE_CHECKING:
    from sodaf_nb.applier import MigrationApplier
    from sodaf_nb.database import Database
    from sodaf_nb.doctype import DocTypeEngine


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Connection(Tabular):
    """An open database under a name.

    Args:
        name: What the user calls it.
        database: The database.
        applier: Migrates it.
        environment: A word for the kind of database, such as `dev`.
        ours: True when we opened it and so close it.
    """

    name: str
    database: Database
    applier: MigrationApplier
    environment: str
    ours: bool

    def heading(self) -> str:
        """Return which database is open now."""
        return f"Connected to {self.database.name}"

    def to_rows(self) -> list[Row]:
        """Return one row; no path and no address, which may hold secrets."""
        return [self.row()]

    def row(self) -> Row:
        """Return the connection as a row."""
        return {"connection": self.name, "database": self.database.name, "environment": self.environment}


class Context:
    """The state of one notebook or one command line.

    Args:
        program: How commands are typed, for usage texts: `%migrate` or `sodaf-nb`.
        options: Choices that hold for every connection made from now on.
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
        self.options = options or ApplyOptions()
        self.variables = MappingProxyType({}) if variables is None else variables
        self._connections: dict[str, Connection] = {}
        self._active: str | None = None

    @cached_property
    def doctypes(self) -> DocTypeEngine:
        """The loaded DocTypes."""
        from sodaf_nb.doctype import DocTypeEngine  # noqa: PLC0415  light start

        return DocTypeEngine()

    @property
    def connections(self) -> Mapping[str, Connection]:
        """Open connections by name."""
        return MappingProxyType(self._connections)

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

    def open(self, target: str | Database, *, name: str | None = None, options: ApplyOptions) -> Connection:
        """Connect to a database and make it the one that commands work on.

        Args:
            target: A URL or an open Database.
            name: What to call it; None takes the database's own name.
            options: Choices for its applier.
        """
        from sodaf_nb.applier import MigrationApplier  # noqa: PLC0415  light start
        from sodaf_nb.database import Database  # noqa: PLC0415  light start

        ours = isinstance(target, str)
        database = Database(target, lock_timeout_s=options.lock_timeout_s) if isinstance(target, str) else target
        with _closed_on_error(database, ours=ours):
            connection = Connection(
                name=name or database.name,
                database=database,
                applier=MigrationApplier(database, self.doctypes, options),
                environment=options.environment,
                ours=ours,
            )
            # Read once, so that a wrong path fails at `connect` and not at the first apply.
            with database.read():
                pass
        self.close(connection.name)
        self._connections[connection.name] = connection
        return self.use(connection.name)

    def use(self, name: str) -> Connection:
        """Make an open connection the one that commands work on, and return it."""
        self._active = name
        return self._connections[name]

    def close(self, name: str) -> None:
        """Close a connection if it is open."""
        connection = self._connections.pop(name, None)
        if connection is not None and connection.ours:
            connection.database.close()
        if self._active == name:
            self._active = next(reversed(self._connections), None)

    def close_all(self) -> None:
        """Close every connection."""
        for name in tuple(self._connections):
            self.close(name)

    def options_for(
        self,
        *,
        backup_dir: str | None,
        environment: str | None,
        recipients: tuple[str, ...],
        identity: str | None,
    ) -> ApplyOptions:
        """Return the session's choices with those of one connection; None or none keeps the session's."""
        return replace(
            self.options,
            backup_dir=backup_dir or self.options.backup_dir,
            environment=environment or self.options.environment,
            recipients=recipients or self.options.recipients,
            identity=identity or self.options.identity,
        )


@contextmanager
def _closed_on_error(database: Database, *, ours: bool) -> Iterator[None]:
    try:
        yield
    except BaseException:
        if ours:
            database.close()
        raise
