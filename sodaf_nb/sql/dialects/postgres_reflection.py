"""The live schema as values. Reads the catalog only: the cost does not depend on rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sodaf_nb.schema import Column, Index, Schema, SchemaObject, Table
from sodaf_nb.sql.dialect import Rows
from sodaf_nb.sql.dialects import postgres_queries as queries
from sodaf_nb.sql.dialects.postgres import column_sql, further, parse_default, parse_type
from sodaf_nb.sql.quoting import literal, quote

Row = tuple[Any, ...]
Groups = Mapping[str, list[Row]]

_IDENTITIES = {"a": "ALWAYS", "d": "BY DEFAULT"}
_ENABLED = {"D": "DISABLE TRIGGER", "R": "ENABLE REPLICA TRIGGER", "A": "ENABLE ALWAYS TRIGGER"}
_COMMANDS = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}

# What a sequence of each type is like when nobody asked for anything.
_PLAIN_SEQUENCES = {
    f"{name},1,1,1,{2**bits - 1},1,f" for name, bits in (("smallint", 15), ("integer", 31), ("bigint", 63))
}


def reflect(source: Rows, namespace: str) -> Schema:
    """Return what one schema of the database holds, without our own bookkeeping tables.

    Args:
        source: A transaction whose search path begins with the schema.
        namespace: The schema's name.
    """
    found = _read(source, namespace)
    objects = tuple(found.objects())
    texts = {o.name: o.sql for o in objects if o.kind == "table"}
    tables = {name: found.table(name, str(sql)) for name, sql in texts.items()}
    return Schema(tables=MappingProxyType(tables), objects=objects)


def _read(source: Rows, namespace: str) -> _Catalog:
    def grouped(query: str, *, there: bool = True) -> Groups:
        groups: defaultdict[str, list[Row]] = defaultdict(list)
        for table, *rest in source.rows(query, (namespace,)) if there else ():
            groups[table].append(tuple(rest))
        return groups

    ((triggers, rules, policies, statistics, functions),) = source.rows(queries.PRESENT)
    return _Catalog(
        relations=source.rows(queries.RELATIONS, (namespace,)),
        columns=grouped(queries.COLUMNS),
        constraints=grouped(queries.CONSTRAINTS),
        indexes=grouped(queries.INDEXES),
        triggers=grouped(queries.TRIGGERS, there=triggers),
        rules=grouped(queries.RULES, there=rules),
        policies=grouped(queries.POLICIES, there=policies),
        statistics=grouped(queries.STATISTICS, there=statistics),
        functions=source.rows(queries.FUNCTIONS, (namespace,)) if functions else [],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Catalog:
    """What the queries returned, by table."""

    relations: list[Row]
    columns: Groups
    constraints: Groups
    indexes: Groups
    triggers: Groups
    rules: Groups
    policies: Groups
    statistics: Groups
    functions: list[Row]

    def table(self, name: str, sql: str) -> Table:
        key = next((tuple(names) for _n, kind, _d, names, _r in self.constraints[name] if kind == "p"), ())
        return Table(
            name=name,
            columns=tuple(self._columns(name)),
            primary_key=key,
            indexes=tuple(self._indexes(name)),
            sql=sql,
        )

    def _columns(self, table: str) -> Iterator[Column]:
        own: defaultdict[str, list[str]] = defaultdict(list)
        for name, _kind, text, columns, _other in self._constraints(table, own=True):
            own[columns[0]].append(f"CONSTRAINT {quote(name)} {text}")
        for row in self.columns[table]:
            yield _column(row, own[row[0]])

    def _constraints(self, table: str, *, own: bool) -> Iterator[Row]:
        """Yield a table's constraints that belong to one of its columns, or the others; not the key."""
        for row in self.constraints[table]:
            _name, kind, _text, columns, _other = row
            if kind != "p" and own == (kind in "cf" and len(columns or ()) == 1):
                yield row

    def _indexes(self, table: str) -> Iterator[Index]:
        for name, unique, primary, valid, constraint, where, text, columns, loose in self.indexes[table]:
            if not primary:
                # One that treats NULLs as equal, or that a failed build left behind, is no index a DocType means.
                odd = not valid or loose
                yield Index(
                    table=table,
                    columns=("",) if odd else tuple(columns),
                    unique=unique,
                    name=name,
                    where=where,
                    sql=None if constraint else text,
                )

    def objects(self) -> Iterator[SchemaObject]:
        """Yield every entry: tables first, in an order in which they can be made."""
        for relation in self.relations:
            if relation[1] in "rpf":
                yield _entry("table", relation[0], relation[0], self._table_sql(relation))
        for table in (r[0] for r in self.relations):
            for name, _kind, text, _columns, _other in self._constraints(table, own=False):
                sql = f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {text}"
                yield _entry("constraint", name, table, sql)
        for relation in self.relations:
            if relation[1] in "vm":
                yield _entry("view", relation[0], relation[0], _view(relation))
        for table in (r[0] for r in self.relations):
            yield from self._attached(table)
        for name, arguments, source in self.functions:
            yield _entry("function", f"{name}({arguments})", f"{name}({arguments})", source)

    def _attached(self, table: str) -> Iterator[SchemaObject]:
        for name, *_rest, constraint, _where, text, _columns, _loose in self.indexes[table]:
            if not constraint:
                yield _entry("index", name, table, text)
        for name, text, enabled, _function in self.triggers[table]:
            state = f"; ALTER TABLE {quote(table)} {_ENABLED[enabled]} {quote(name)}" if enabled in _ENABLED else ""
            yield _entry("trigger", name, table, text + state)
        for name, text in self.rules[table]:
            yield _entry("rule", name, table, text.rstrip().rstrip(";"))
        for row in self.policies[table]:
            yield _entry("policy", row[0], table, _policy(table, row))
        for name, text in self.statistics[table]:
            yield _entry("statistics", name, table, text)

    def _table_sql(self, relation: Row) -> str:
        name, _kind, persistence, *_rest, special = relation
        columns = list(self._columns(name))
        lines = [f"{quote(column.name)} {column_sql(column)}" for column in columns]
        lines += [f"CONSTRAINT {quote(n)} {t}" for n, kind, t, _c, _o in self.constraints[name] if kind == "p"]
        unlogged = "UNLOGGED " if persistence == "u" else ""
        # What we do not change is told apart by its first words.
        kind = (
            f"CREATE {unlogged}TABLE {quote(name)}" if special is None else f"-- {special}\nCREATE TABLE {quote(name)}"
        )
        text = f"{kind} (\n  " + ",\n  ".join(lines) + "\n)"
        more = [statement for column in columns for statement in further(quote(name), column)]
        return ";\n".join([text, *more, *_about_table(relation)])


def _entry(kind: str, name: str, table: str, sql: str) -> SchemaObject:
    return SchemaObject(kind=kind, name=name, table=table, sql=sql)


def _column(row: Row, constraints: list[str]) -> Column:
    name, declared, collation, required, default, identity, generated, *rest = row
    comment, target, storage, grants, sequence = rest
    data_type = parse_type(declared)
    value, expression = (None, None) if generated else parse_default(default, data_type)
    pieces = [declared + (f" COLLATE {collation}" if collation else "")]
    if identity:
        pieces.append(f"GENERATED {_IDENTITIES[identity]} AS IDENTITY{_sequence_options(sequence)}")
    if generated:
        pieces.append(f"GENERATED ALWAYS AS ({default}){' STORED' if generated == 's' else ''}")
    elif default is not None:
        pieces.append(f"DEFAULT {default}")
    pieces += ["NOT NULL"] if required else []
    pieces += constraints
    pieces += [f"COMMENT {literal(comment)}"] if comment is not None else []
    pieces += [f"STATISTICS {target}"] if target >= 0 else []
    pieces += [f"STORAGE {storage}"] if storage else []
    pieces += [f"GRANT {grant}" for grant in _grants(grants)]
    pieces += [f"SEQUENCE {sequence}"] if sequence and not identity else []
    return Column(
        name=name,
        type=data_type,
        nullable=not required,
        default=value,
        default_sql=expression,
        autoincrement=sequence is not None,
        definition="; ".join(pieces),
        hidden=bool(generated),
    )


def _sequence_options(sequence: str | None) -> str:
    _name, _, values = (sequence or "").rpartition(" ")
    if not values or values in _PLAIN_SEQUENCES:
        return ""
    _type, start, increment, least, most, cache, cycle = values.split(",")
    cycling = " CYCLE" if cycle == "t" else ""
    return f" (START {start} INCREMENT {increment} MINVALUE {least} MAXVALUE {most} CACHE {cache}{cycling})"


def _grants(grants: Iterable[str] | None) -> Iterator[str]:
    for grant in grants or ():
        privilege, _, role = grant.partition(" ")
        option = " WITH GRANT OPTION" if role.startswith("* ") else ""
        yield f"{privilege} TO {role.removeprefix('* ')}{option}"


def _about_table(relation: Row) -> Iterator[str]:
    name, _kind, _persistence, secured, forced, identity, identity_index, options, comment, grants, *_rest = relation
    table = quote(name)
    if options:
        yield f"ALTER TABLE {table} SET ({', '.join(options)})"
    if comment is not None:
        yield f"COMMENT ON TABLE {table} IS {literal(comment)}"
    if secured:
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    if forced:
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    if identity in "fn":
        yield f"ALTER TABLE {table} REPLICA IDENTITY {'FULL' if identity == 'f' else 'NOTHING'}"
    if identity == "i" and identity_index:
        yield f"ALTER TABLE {table} REPLICA IDENTITY USING INDEX {identity_index}"
    for grant in _grants(grants):
        privilege, _, to = grant.partition(" TO ")
        yield f"GRANT {privilege} ON {table} TO {to}"


def _view(relation: Row) -> str:
    name, kind, *_rest = relation
    options, definition = relation[7], relation[10]
    given = f" WITH ({', '.join(options)})" if options else ""
    if kind == "m":
        return f"CREATE MATERIALIZED VIEW {quote(name)}{given} AS {definition.strip().rstrip(';')} WITH NO DATA"
    return f"CREATE VIEW {quote(name)}{given} AS {definition.strip().rstrip(';')}"


def _policy(table: str, row: Row) -> str:
    name, permissive, command, roles, using, check = row
    kind = "PERMISSIVE" if permissive else "RESTRICTIVE"
    text = f"CREATE POLICY {quote(name)} ON {quote(table)} AS {kind} FOR {_COMMANDS[command]} TO {roles}"
    return text + (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
