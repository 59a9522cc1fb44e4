"""The same changes by us and by Alembic, sqlite-utils and Django: `python -m tests.torture.peers docs/torture.md`.

Each runs on a file of its own. Kept means: the feature still does what it did, no row of it is gone and no
table is left over. A process of its own, because Django can be configured once and only for all.
"""

from __future__ import annotations

import importlib.metadata
import json
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sodaf_nb.errors import SodafError, UnsupportedChangeError
from tests.torture.bench import Bench, Circumstance, application, build, outcomes
from tests.torture.census import quoted, take
from tests.torture.changes import DROP, RETYPE
from tests.torture.features import FEATURES, fits
from tests.torture.model import TABLE, Change, Feature, shop

CHANGES: Mapping[str, Change] = {"retype": RETYPE, "drop": DROP}
CIRCUMSTANCE = Circumstance(wal=False, keys=True)
PEERS = ("alembic", "sqlite-utils", "django")
MEMORY = Path("/dev/shm")
Verdicts = Mapping[str, Mapping[str, str]]
"""Peer to its verdict by case, `feature | change`"""


def cases() -> Iterator[tuple[str, Feature, Change]]:
    """Yield every case with its name."""
    for feature in FEATURES:
        for word, change in CHANGES.items():
            if (feature.meaning or feature.always) and fits(feature, change):
                yield f"{feature.id} | {word}", feature, change


def ours(folder: Path, feature: Feature, change: Change) -> str:
    """Return our own verdict of one case."""
    bench = Bench(folder, shop([(feature, None)]), CIRCUMSTANCE)
    before = meaning(bench.file, feature)
    try:
        bench.sync(change)
    except UnsupportedChangeError:
        return "refused"
    except SodafError as error:
        return f"error: {error.code}"
    finally:
        bench.close()
    return "kept" if meaning(bench.file, feature) == before else "lost"


def theirs(folder: Path, feature: Feature, change: Change, make: Callable[[Path, str], None]) -> str:
    """Return a peer's verdict of one case."""
    path, word = folder / "shop.db", next(word for word, each in CHANGES.items() if each == change)
    build(path, shop([(feature, None)]), CIRCUMSTANCE)
    before, census = meaning(path, feature), take(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make(path, word)
    except Exception:  # noqa: BLE001 - whatever a peer raises is its verdict
        return "error" if take(path) == census else "error, file changed"
    return "kept" if meaning(path, feature) == before else "lost"


def meaning(path: Path, feature: Feature) -> list[Any]:
    """Return what a feature does, the tables there are, and the rows of the table but for the changed columns."""
    with application(path, CIRCUMSTANCE) as app:
        tables = app.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'tabMigration%'")
        names = sorted(tables.fetchall())
        rows = outcomes(app, [f"SELECT name, city, state, must, maybe, label_1 FROM {quoted(TABLE)}"])
        return [names, rows, *outcomes(app, shop([(feature, None)]).meaning())]


def alembic(path: Path, word: str) -> None:
    """Make a change with Alembic: a batch with reflection, foreign keys enforced as the application has them."""
    import sqlalchemy as sa
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
    sa.event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys=ON"))
    with engine.begin() as connection:
        batch = Operations(MigrationContext.configure(connection)).batch_alter_table(TABLE)
        with batch as table:
            if word == "drop":
                table.drop_column("gone")
            else:
                table.alter_column("qty", type_=sa.Integer())


def sqlite_utils(path: Path, word: str) -> None:
    """Make a change with sqlite-utils: `transform`, which keeps what it finds in the table's text."""
    from sqlite_utils import Database

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        table = Database(connection)[TABLE]
        table.transform(drop={"gone"}) if word == "drop" else table.transform(types={"qty": int})
        connection.commit()


def django(path: Path, word: str) -> None:
    """Make a change with Django: the schema editor on a model that describes the table's columns."""
    from django import setup
    from django.apps.registry import Apps
    from django.conf import settings
    from django.db import connections, models

    if not settings.configured:
        settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ""}})
        setup()
    connection = connections["default"] = connections.create_connection("default")
    connection.settings_dict["NAME"] = str(path)
    with closing(sqlite3.connect(path)) as db:
        columns = db.execute(f"PRAGMA table_info({quoted(TABLE)})").fetchall()
    meta = type("Meta", (), {"app_label": "torture", "db_table": TABLE, "apps": Apps()})
    fields = {f"field_{row[0]}": _django_field(models, *row[1:]) for row in columns}
    model = type("Thing", (models.Model,), {"__module__": "torture", "Meta": meta, **fields})
    column = "gone" if word == "drop" else "qty"
    old = next(field for field in model._meta.local_fields if field.column == column)
    with closing(connection), connection.schema_editor() as editor:
        if word == "drop":
            editor.remove_field(model, old)
        else:
            new = models.IntegerField(null=True, db_column=column)
            new.set_attributes_from_name(old.name)
            new.model = model
            editor.alter_field(model, old, new)


def _django_field(models: Any, column: str, declared: str, notnull: int, _default: Any, key: int) -> Any:
    options = {"db_column": column, "null": not notnull and not key, "primary_key": bool(key)}
    if declared.startswith("VARCHAR"):
        return models.CharField(max_length=140, **options)
    kinds = {"INTEGER": models.IntegerField, "SMALLINT": models.SmallIntegerField, "DATETIME": models.DateTimeField}
    if key and declared == "INTEGER":
        return models.AutoField(db_column=column, primary_key=True)
    return kinds.get(declared, models.TextField)(**options)


MAKERS: Mapping[str, Callable[[Path, str], None]] = {"alembic": alembic, "sqlite-utils": sqlite_utils, "django": django}


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="sodaf-peers-") as folder:
        yield Path(folder)


def run() -> Verdicts:
    """Return everybody's verdicts."""
    found: dict[str, dict[str, str]] = {"sodaf_nb": {}, **{peer: {} for peer in PEERS}}
    for name, feature, change in cases():
        with _folder() as folder:
            found["sodaf_nb"][name] = ours(folder, feature, change)
        for peer, make in MAKERS.items():
            with _folder() as folder:
                found[peer][name] = theirs(folder, feature, change, make)
    return found


def page(verdicts: Verdicts) -> str:
    """Return the table as Markdown."""
    names = {peer: f"{peer} {importlib.metadata.version(peer)}" for peer in PEERS}
    labels = {"retype": "one column gets another type", "drop": "one column is dropped"}
    lines = [INTRODUCTION.format(sqlite=sqlite3.sqlite_version)]
    for word, label in labels.items():
        lines += [f"## When {label}", "", f"| on or about the table | {' | '.join(['sodaf_nb', *names.values()])} |"]
        lines += ["|---|" + "---|" * (1 + len(PEERS))]
        for name in (name for name in verdicts["sodaf_nb"] if name.endswith(f" | {word}")):
            cells = [verdicts[who][name] for who in ("sodaf_nb", *PEERS)]
            lines.append(f"| {name.removesuffix(f' | {word}')} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


INTRODUCTION = """\
# What a change keeps

Written by `make torture`; a test compares our own column. SQLite {sqlite}. Each case is one table with three rows and
one thing on or about it that the tool was not told of; then another column of that table is changed, with foreign keys
enforced as the application has them.

- **kept**: it does afterwards what it did before, no row is gone, no table is left over.
- **refused**: nothing was touched, and the error names what stands in the way.
- **lost**: the change was made, and it does something else now, or is gone.
- **error**: the tool stopped with an error, be it a clear one; *file changed*: and left the file different.

Alembic runs `batch_alter_table` with reflection, sqlite-utils `transform`, Django its schema editor on a model with the
table's columns. That Django drops what its model does not say is its design: there the model is the truth. For more on
our side, and every combination, see `tests/torture`.
"""


def own_column(text: str) -> dict[str, str]:
    """Return our verdicts as a page has them."""
    found, word = {}, ""
    words = {"type": "retype", "dropped": "drop"}
    for line in text.splitlines():
        word = words[line.split()[-1]] if line.startswith("## ") else word
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "on or about the table":
            found[f"{cells[0]} | {word}"] = cells[1]
    return found


if __name__ == "__main__":
    result = run()
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(page(result))
    else:
        json.dump(result, sys.stdout)
