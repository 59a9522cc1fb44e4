"""Who makes a change, each as its users would; a contestant returns what does the work, ready to be timed."""

from __future__ import annotations

import re
import shutil
import sqlite3
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.benchmarks.table import TABLE, doctype, options

Work = Callable[[], None]


class NotOffered(Exception):  # noqa: N818 - not an error: the tool has no such change
    """The contestant has no such change."""


def ours(path: Path, change: str) -> Work:
    """An apply as everybody gets it: backup, its proof, one transaction, verification, history."""
    from sodaf_nb.applier import MigrationApplier
    from sodaf_nb.database import Database
    from sodaf_nb.doctype import DocTypeEngine
    from sodaf_nb.options import ApplyOptions

    doctypes = DocTypeEngine()
    doctypes.register(doctype(change))
    database = Database(f"sqlite:///{path}")
    applier = MigrationApplier(database, doctypes, ApplyOptions(backup_dir=path.parent / "backups"))

    def work() -> None:
        assert applier.sync_doctype("Item", options(change)).outcome == "applied"
        database.close()

    return work


COLUMN_EDITS: Mapping[str, tuple[str, str]] = {
    "widen": ('"title" VARCHAR(140)', '"title" VARCHAR(200)'),
    "rename": ('"tags"', '"labels"'),
    "relax": ('"must" VARCHAR(140) NOT NULL', '"must" VARCHAR(140)'),
    "retype": ('"qty" VARCHAR(140)', '"qty" INTEGER'),
}


def rebuild(path: Path, change: str) -> Work:
    """The bare statements of a rebuild: new table, copy, drop, rename, indexes; no backup, no look at anything."""

    def work() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA cache_size=-64000")
            (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone()
            indexes = db.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (TABLE,)
            ).fetchall()
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({TABLE})")]
            text, names, values = edited(sql, columns, change)
            db.execute("BEGIN IMMEDIATE")
            db.execute(text.replace(f'"{TABLE}"', '"new_item"', 1))
            db.execute(f"INSERT INTO new_item ({names}) SELECT {values} FROM {TABLE}")
            db.execute(f"DROP TABLE {TABLE}")
            db.execute(f"ALTER TABLE new_item RENAME TO {TABLE}")
            for (index,) in indexes:
                db.execute(index)
            db.execute("COMMIT")

    return work


def edited(sql: str, columns: list[str], change: str) -> tuple[str, str, str]:
    """Return the table's new text, the names to fill and where from."""
    for part in ("retype",) if change == "together" else (change,):
        if part in COLUMN_EDITS:
            assert COLUMN_EDITS[part][0] in sql, sql
            sql = sql.replace(*COLUMN_EDITS[part], 1)
    if change in ("drop", "together"):
        sql = re.sub(r'"note" TEXT,?\s*', "", sql, count=1)
    if change in ("add", "together"):
        sql = sql.rstrip().removesuffix(")").rstrip() + ',\n  "extra" VARCHAR(140)\n)'
    kept = [name for name in columns if name != "note" or change not in ("drop", "together")]
    values = ["CAST(qty AS INTEGER)" if n == "qty" and change in ("retype", "together") else n for n in kept]
    names = ["labels" if n == "tags" and change == "rename" else n for n in kept]
    return sql, ", ".join(names), ", ".join(values)


def alembic(path: Path, change: str) -> Work:
    """A batch with reflection."""
    import sqlalchemy as sa
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    text = sa.String(140)

    def alter(table: Any) -> None:
        match change:
            case "widen":
                table.alter_column("title", type_=sa.String(200))
            case "rename":
                table.alter_column("tags", new_column_name="labels")
            case "relax":
                table.alter_column("must", nullable=True)
        if change in ("retype", "together"):
            table.alter_column("qty", type_=sa.Integer())
        if change in ("drop", "together"):
            table.drop_column("note")
        if change in ("add", "together"):
            table.add_column(sa.Column("extra", text))

    def work() -> None:
        engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
        with engine.begin() as connection:
            operations = Operations(MigrationContext.configure(connection))
            with operations.batch_alter_table(TABLE) as table:
                alter(table)

    return work


def sqlite_utils(path: Path, change: str) -> Work:
    """`add_column` and `transform`, which know no lengths."""
    from sqlite_utils import Database

    if change == "widen":
        raise NotOffered
    changes: Mapping[str, Mapping[str, Any]] = {
        "rename": {"rename": {"tags": "labels"}},
        "relax": {"not_null": {"must": False}},
        "drop": {"drop": {"note"}},
        "retype": {"types": {"qty": int}},
        "together": {"types": {"qty": int}, "drop": {"note"}},
    }

    def work() -> None:
        with closing(sqlite3.connect(path)) as connection:
            table = Database(connection)[TABLE]
            if change in ("add", "together"):
                table.add_column("extra", str)
            if change in changes:
                table.transform(**changes[change])
            connection.commit()

    return work


def django(path: Path, change: str) -> Work:
    """The schema editor, on a model that describes the table's columns."""
    from django import setup
    from django.apps.registry import Apps
    from django.conf import settings
    from django.db import connection, models

    settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}}, USE_TZ=False)
    setup()
    with closing(sqlite3.connect(path)) as db:
        columns = db.execute(f"PRAGMA table_info({TABLE})").fetchall()
    meta = type("Meta", (), {"app_label": "bench", "db_table": TABLE, "apps": Apps()})
    fields = {f"field_{row[0]}": django_field(models, *row[1:]) for row in columns}
    model = type("Item", (models.Model,), {"__module__": "bench", "Meta": meta, **fields})
    text = {"null": True, "max_length": 140}

    def altered(editor: Any, column: str, new: Any) -> None:
        old = next(field for field in model._meta.local_fields if field.column == column)
        new.set_attributes_from_name(old.name)
        new.column = new.db_column
        new.model = model
        editor.alter_field(model, old, new)

    def work() -> None:
        with connection.schema_editor() as editor:
            match change:
                case "widen":
                    altered(editor, "title", models.CharField(db_column="title", null=True, max_length=200))
                case "rename":
                    altered(editor, "tags", models.CharField(db_column="labels", **text))
                case "relax":
                    altered(editor, "must", models.CharField(db_column="must", **text))
            if change in ("retype", "together"):
                altered(editor, "qty", models.IntegerField(db_column="qty", null=True))
            if change in ("drop", "together"):
                editor.remove_field(model, next(f for f in model._meta.local_fields if f.column == "note"))
            if change in ("add", "together"):
                extra = models.CharField(db_column="extra", **text)
                extra.set_attributes_from_name("extra")
                extra.model = model
                editor.add_field(model, extra)
        connection.close()

    return work


def django_field(models: Any, column: str, declared: str, notnull: int, _default: Any, key: int) -> Any:
    """Return the field of a column."""
    given = {"db_column": column, "null": not notnull and not key, "primary_key": bool(key)}
    indexed = {"db_index": column in ("customer", "due_date")}
    if declared.startswith("VARCHAR"):
        return models.CharField(max_length=140, **given, **indexed)
    kinds = {
        "INTEGER": models.IntegerField,
        "SMALLINT": models.SmallIntegerField,
        "DATETIME": models.DateTimeField,
        "REAL": models.FloatField,
        "DATE": models.DateField,
    }
    return kinds.get(declared, models.TextField)(**given, **indexed)


def file_copy(path: Path, change: str) -> Work:
    """What somebody does who changes nothing and only keeps the file."""
    return lambda: (shutil.copyfile(path, path.with_suffix(".copy")), None)[1]


CONTESTANTS: Mapping[str, Callable[[Path, str], Work]] = {
    "sodaf_nb": ours,
    "rebuild SQL": rebuild,
    "alembic": alembic,
    "django": django,
    "sqlite-utils": sqlite_utils,
    "file copy": file_copy,
}


def prepared(name: str, path: Path, change: str) -> Work:
    """Return a contestant's work, with everything imported; warnings of theirs aside.

    Raises:
        NotOffered: If it has no such change.
    """
    warnings.simplefilter("ignore")
    return CONTESTANTS[name](path, change)
