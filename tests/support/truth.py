"""What is in a database by its own catalogue, what arrived of it in OpenMetadata, and where the two differ.

All three speak of one structure: {database: {schema: {table: Table}}} with

    type         "Regular" or "View"
    definition   of a view, else None
    comment      or None
    columns      [{"name", "type", "nullable", "comment"}] in order; nullable is True, False or None (not said)
    primary_key  [column]
    unique       [[column]], sorted
    foreign_keys [{"columns", "schema", "table", "referred"}], sorted

In `truth` a type is in the source's own words ("numeric(10,2)"), in `arrived` it is OpenMetadata's
data type with what belongs to it ("NUMERIC(10,2)", "ARRAY<INT>"). `TYPES` is the bridge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

from tests.support.openmetadata import RecordingServer, split_fqn
from tests.support.systems import System

Table = dict[str, Any]
Catalogue = dict[str, dict[str, dict[str, Table]]]

# What systems without databases above their schemas are filed under, as the framework does.
ONE_DATABASE = "default"

# The OpenMetadata data type of each source type that the seeds use, by system and bare name. It is
# what the framework's own table of source types says wherever that has the name.
TYPES: dict[str, dict[str, str]] = {
    "postgres": {
        "smallint": "SMALLINT",
        "integer": "INT",
        "bigint": "BIGINT",
        "numeric": "NUMERIC",
        "real": "FLOAT",
        "double precision": "DOUBLE",
        "boolean": "BOOLEAN",
        "character": "CHAR",
        "character varying": "VARCHAR",
        "text": "TEXT",
        "date": "DATE",
        "time without time zone": "TIME",
        "timestamp without time zone": "TIMESTAMP",
        "timestamp with time zone": "TIMESTAMP",
        "uuid": "UUID",
        "json": "JSON",
        "jsonb": "JSON",
        "bytea": "BYTEA",
        "enum": "ENUM",
    },
    "mariadb": {
        "tinyint": "TINYINT",
        "smallint": "SMALLINT",
        "mediumint": "INT",
        "int": "INT",
        "int unsigned": "INT",
        "bigint": "BIGINT",
        "decimal": "DECIMAL",
        "float": "FLOAT",
        "double": "DOUBLE",
        "char": "CHAR",
        "varchar": "VARCHAR",
        "text": "TEXT",
        "longtext": "TEXT",
        "date": "DATE",
        "time": "TIME",
        "datetime": "DATETIME",
        "timestamp": "TIMESTAMP",
        "uuid": "UUID",
        "blob": "BLOB",
        "binary": "BINARY",
        "varbinary": "VARBINARY",
        "enum": "ENUM",
    },
    "sqlite": {
        "smallint": "SMALLINT",
        "int": "INT",
        "integer": "INT",
        "bigint": "BIGINT",
        "numeric": "NUMERIC",
        "decimal": "DECIMAL",
        "real": "FLOAT",
        "double": "DOUBLE",
        "boolean": "BOOLEAN",
        "char": "CHAR",
        "varchar": "VARCHAR",
        "text": "TEXT",
        "date": "DATE",
        "time": "TIME",
        "datetime": "DATETIME",
        "timestamp": "TIMESTAMP",
        "json": "JSON",
        "blob": "BLOB",
        # an expression in a view has no declared type at all
        "": "NULL",
    },
}

# The data types whose length, and whose precision and scale, belong to them. The framework sends
# a length of 1 with every other type too; that says nothing.
WITH_LENGTH = {"CHAR", "VARCHAR", "BINARY", "VARBINARY"}
WITH_PRECISION = {"NUMERIC", "DECIMAL"}


def truth(system: System) -> Catalogue:
    """The catalogue of a running system, all its databases, without the system's own schemas."""
    if system.name == "postgres":
        return {name: _postgres(system, name) for name in system.databases}
    read = {"mariadb": _mariadb, "sqlite": _sqlite}[system.name]
    return {ONE_DATABASE: read(system)}


def _table(kind: str, definition: str | None, comment: str | None) -> Table:
    return {
        "type": kind,
        "definition": definition,
        "comment": comment or None,
        "columns": [],
        "primary_key": [],
        "unique": [],
        "foreign_keys": [],
    }


def _column(name: str, words: str, nullable: bool | None, comment: str | None) -> dict[str, Any]:
    return {"name": name, "type": words, "nullable": nullable, "comment": comment or None}


def _sorted(tables: Iterable[Table]) -> None:
    """Constraints have no order of their own."""
    for table in tables:
        table["unique"].sort()
        table["foreign_keys"].sort(key=lambda key: (key["columns"], key["schema"], key["table"]))


# PostgreSQL keeps a view parsed, not as text; `true` asks for the form with no more parentheses than needed.
POSTGRES_TABLES = """
select n.nspname, c.oid, c.relname, c.relkind = 'v',
       case when c.relkind = 'v' then pg_get_viewdef(c.oid) end, obj_description(c.oid, 'pg_class')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'v') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by 1, 3
"""

POSTGRES_COLUMNS = """
select a.attrelid, a.attname, not a.attnotnull, col_description(a.attrelid, a.attnum),
       case when t.typtype = 'e'
            then 'enum(' || (select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder)
                             from pg_enum e where e.enumtypid = t.oid) || ')'
            else format_type(a.atttypid, a.atttypmod) end
from pg_attribute a join pg_type t on t.oid = a.atttypid
where a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
"""

# Columns of a key in the key's order, of this table and of the one it refers to.
POSTGRES_KEYS = """
select k.conrelid, k.contype::text, rn.nspname, r.relname,
       array(select a.attname::text from unnest(k.conkey) with ordinality u(num, pos)
             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num order by u.pos),
       array(select a.attname::text from unnest(k.confkey) with ordinality u(num, pos)
             join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num order by u.pos)
from pg_constraint k
left join pg_class r on r.oid = k.confrelid
left join pg_namespace rn on rn.oid = r.relnamespace
where k.contype in ('p', 'u', 'f')
"""


def _postgres(system: System, database: str) -> dict[str, dict[str, Table]]:
    with closing(system.connect(database, admin=True)) as connection, connection.cursor() as cursor:
        cursor.execute("select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'")
        schemas: dict[str, dict[str, Table]] = {name: {} for (name,) in cursor.fetchall()}
        by_id: dict[int, Table] = {}
        cursor.execute(POSTGRES_TABLES)
        for schema, oid, name, is_view, definition, comment in cursor.fetchall():
            table = _table("View" if is_view else "Regular", definition, comment)
            schemas[schema][name] = by_id[oid] = table
        cursor.execute(POSTGRES_COLUMNS)
        for oid, name, nullable, comment, words in cursor.fetchall():
            if oid in by_id:
                by_id[oid]["columns"].append(_column(name, words, nullable, comment))
        cursor.execute(POSTGRES_KEYS)
        for oid, kind, schema, table_name, columns, referred in cursor.fetchall():
            if oid in by_id:
                _add_key(by_id[oid], kind, columns, schema, table_name, referred)
    _sorted(by_id.values())
    return schemas


def _add_key(
    table: Table, kind: str, columns: list[str], schema: str | None, referred_table: str | None, referred: list[str]
) -> None:
    """Add a key of PostgreSQL's kinds p (primary), u (unique) or f (foreign)."""
    if kind == "p":
        table["primary_key"] = columns
    elif kind == "u":
        table["unique"].append(columns)
    else:
        table["foreign_keys"].append(
            {"columns": columns, "schema": schema, "table": referred_table, "referred": referred}
        )


MARIADB_SYSTEM_SCHEMAS = "('information_schema', 'mysql', 'performance_schema', 'sys')"

MARIADB_TABLES = f"""
select t.table_schema, t.table_name, t.table_type, v.view_definition, t.table_comment
from information_schema.tables t
left join information_schema.views v on v.table_schema = t.table_schema and v.table_name = t.table_name
where t.table_schema not in {MARIADB_SYSTEM_SCHEMAS}
order by 1, 2
"""

MARIADB_COLUMNS = f"""
select table_schema, table_name, column_name, column_type, is_nullable, column_comment
from information_schema.columns
where table_schema not in {MARIADB_SYSTEM_SCHEMAS}
order by table_schema, table_name, ordinal_position
"""

MARIADB_KEYS = f"""
select k.table_schema, k.table_name, k.constraint_name, c.constraint_type, k.column_name,
       k.referenced_table_schema, k.referenced_table_name, k.referenced_column_name
from information_schema.key_column_usage k
join information_schema.table_constraints c
  on c.constraint_schema = k.constraint_schema and c.constraint_name = k.constraint_name
 and c.table_schema = k.table_schema and c.table_name = k.table_name
where k.table_schema not in {MARIADB_SYSTEM_SCHEMAS}
order by k.table_schema, k.table_name, k.constraint_name, k.ordinal_position
"""


def _mariadb(system: System) -> dict[str, dict[str, Table]]:
    with closing(system.connect(admin=True)) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"select schema_name from information_schema.schemata where schema_name not in {MARIADB_SYSTEM_SCHEMAS}"
        )
        schemas: dict[str, dict[str, Table]] = {name: {} for (name,) in cursor.fetchall()}
        cursor.execute(MARIADB_TABLES)
        for schema, name, kind, definition, comment in cursor.fetchall():
            is_view = kind == "VIEW"
            # MariaDB fills a view's comment with the word itself
            schemas[schema][name] = _table(
                "View" if is_view else "Regular", definition, None if is_view and comment == "VIEW" else comment
            )
        cursor.execute(MARIADB_COLUMNS)
        for schema, table, name, words, nullable, comment in cursor.fetchall():
            schemas[schema][table]["columns"].append(_column(name, words, nullable == "YES", comment))
        cursor.execute(MARIADB_KEYS)
        keys: dict[tuple[str, str, str], list[Any]] = {}
        for schema, table, name, kind, column, *referred in cursor.fetchall():
            found = keys.setdefault((schema, table, name), [kind, [], referred[0], referred[1], []])
            found[1].append(column)
            found[4].append(referred[2])
        for (schema, table, _), (kind, *key) in keys.items():
            _add_key(schemas[schema][table], kind[0].lower(), *key)
    for tables in schemas.values():
        _sorted(tables.values())
    return schemas


def _sqlite(system: System) -> dict[str, dict[str, Table]]:
    tables: dict[str, Table] = {}
    with closing(system.connect()) as connection:
        listed = connection.execute(
            "select name, type, sql from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%'"
        ).fetchall()
        for name, kind, sql in listed:
            table = tables[name] = _table(
                "View" if kind == "view" else "Regular", sql if kind == "view" else None, None
            )
            columns = connection.execute(
                'select name, type, "notnull", pk from pragma_table_info(?)', (name,)
            ).fetchall()
            table["primary_key"] = [column for column, _, _, pk in sorted(columns, key=lambda row: row[3]) if pk]
            for column, words, not_null, pk in columns:
                # a lone INTEGER primary key is the row's own number and never null, without saying so
                row_number = bool(pk) and words.lower() == "integer" and len(table["primary_key"]) == 1
                table["columns"].append(_column(column, words, not (not_null or row_number), None))
            for (index,) in connection.execute(
                "select name from pragma_index_list(?) where origin = 'u'", (name,)
            ).fetchall():
                parts = connection.execute("select name from pragma_index_info(?) order by seqno", (index,)).fetchall()
                table["unique"].append([column for (column,) in parts])
            foreign: dict[int, dict[str, Any]] = {}
            for number, referred_table, column, referred in connection.execute(
                'select id, "table", "from", "to" from pragma_foreign_key_list(?) order by id, seq', (name,)
            ).fetchall():
                key = foreign.setdefault(
                    number, {"columns": [], "schema": "main", "table": referred_table, "referred": []}
                )
                key["columns"].append(column)
                key["referred"].append(referred)
            table["foreign_keys"] = list(foreign.values())
    _sorted(tables.values())
    return {"main": tables}


def arrived(server: RecordingServer) -> Catalogue:
    """What the server holds of databases, schemas and tables, patches applied."""
    found: Catalogue = {entity["name"]: {} for entity in server.entities("databases")}
    for entity in server.entities("databaseSchemas"):
        found[split_fqn(entity["fullyQualifiedName"])[1]][entity["name"]] = {}
    for entity in server.entities("tables"):
        _, database, schema, _ = split_fqn(entity["fullyQualifiedName"])
        found[database][schema][entity["name"]] = _arrived_table(entity)
    return found


def _arrived_table(entity: dict[str, Any]) -> Table:
    table = _table(entity.get("tableType", "Regular"), entity.get("schemaDefinition"), entity.get("description"))
    for constraint in entity.get("tableConstraints") or []:
        columns = constraint["columns"]
        if constraint["constraintType"] == "FOREIGN_KEY":
            referred = [split_fqn(fqn) for fqn in constraint["referredColumns"]]
            table["foreign_keys"].append(
                {
                    "columns": columns,
                    "schema": referred[0][2],
                    "table": referred[0][3],
                    "referred": [parts[-1] for parts in referred],
                }
            )
        elif constraint["constraintType"] == "PRIMARY_KEY":
            table["primary_key"] = columns
        elif constraint["constraintType"] == "UNIQUE":
            table["unique"].append(columns)
    for column in entity["columns"]:
        constraint = column.get("constraint")
        if constraint == "PRIMARY_KEY":
            table["primary_key"] = [*table["primary_key"], column["name"]]
        elif constraint == "UNIQUE":
            table["unique"].append([column["name"]])
        nullable = {"NULL": True, "NOT_NULL": False}.get(constraint or "")
        if column["name"] in table["primary_key"]:
            nullable = False
        table["columns"].append(_column(column["name"], _arrived_type(column), nullable, column.get("description")))
    _sorted([table])
    return table


def _arrived_type(column: dict[str, Any]) -> str:
    data_type: str = column["dataType"]
    if data_type in WITH_LENGTH:
        return f"{data_type}({column.get('dataLength')})"
    if data_type in WITH_PRECISION and column.get("precision") is not None:
        return f"{data_type}({column['precision']},{column.get('scale')})"
    if data_type == "ARRAY":
        return f"ARRAY<{column.get('arrayDataType')}>"
    return data_type


def expected_type(words: str, system: str) -> str:
    """The OpenMetadata type of a source type in the source's words. KeyError for one that TYPES does not hold."""
    if words.endswith("[]"):
        return f"ARRAY<{expected_type(words[:-2], system)}>"
    bare = " ".join(re.sub(r"\(.*\)", " ", words.lower()).split())
    data_type = TYPES[system][bare]
    inside = re.search(r"\((.*)\)", words)
    if inside and data_type in WITH_LENGTH | WITH_PRECISION:
        return f"{data_type}({inside[1].replace(' ', '')})"
    # a length that the source leaves out is 1
    return f"{data_type}(1)" if data_type in WITH_LENGTH else data_type


def folded(definition: str | None) -> str | None:
    """A view's query without its `create view ... as`, quotes and superfluous space, to compare by."""
    if definition is None:
        return None
    text = " ".join(re.sub(r'[`"]', "", definition).split()).rstrip("; ")
    return re.sub(r"^create\b.*?\bview\b.*?\bas\s+", "", text, flags=re.IGNORECASE)


# Where SQLAlchemy's dialect reads a view's columns from a listing and keeps name and type of it only:
# every column comes out as nullable and without a comment.
BARE_VIEW_COLUMNS = {"mariadb"}


def differences(truth: Catalogue, arrived: Catalogue, *, system: str, dialect_limits: bool = False) -> list[str]:
    """One line for everything in which `arrived` is not what `truth` of that system says; [] when equal.

    With `dialect_limits`, what no source on SQLAlchemy's plain dialect can know is not held against
    it: see BARE_VIEW_COLUMNS.
    """
    return list(_differences(truth, arrived, system, dialect_limits and system in BARE_VIEW_COLUMNS))


def _differences(truth: Catalogue, arrived: Catalogue, system: str, bare_views: bool) -> Iterator[str]:
    for database, schemas, found_schemas in _pairs("database", "", truth, arrived):
        if isinstance(found_schemas, str):
            yield found_schemas
            continue
        for schema, tables, found_tables in _pairs("schema", f"{database}.", schemas, found_schemas):
            if isinstance(found_tables, str):
                yield found_tables
                continue
            for name, table, found in _pairs("table", f"{database}.{schema}.", tables, found_tables):
                if isinstance(found, str):
                    yield found
                else:
                    bare = bare_views and table["type"] == "View"
                    yield from _table_differences(f"{database}.{schema}.{name}", table, found, system, bare)


def _pairs(kind: str, prefix: str, wanted: dict[str, Any], found: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(name, wanted, found) of what both have; (name, None, a difference) of what one lacks."""
    for name, value in wanted.items():
        yield name, value, found.get(name, f"{prefix}{name}: {kind} is missing")
    for name in found:
        if name not in wanted:
            yield name, None, f"{prefix}{name}: {kind} is not in the source"


def _table_differences(path: str, table: Table, found: Table, system: str, bare: bool) -> Iterator[str]:
    plain = {key: (table[key], found[key]) for key in ("type", "comment", "primary_key", "unique", "foreign_keys")}
    plain["definition"] = (folded(table["definition"]), folded(found["definition"]))
    order = [[column["name"] for column in side["columns"]] for side in (table, found)]
    if sorted(order[0]) == sorted(order[1]):
        plain["order of columns"] = (order[0], order[1])
    for key, (wanted, got) in plain.items():
        if wanted != got:
            yield f"{path}: {key}: {wanted!r} arrived as {got!r}"
    by_name = [{column["name"]: column for column in side["columns"]} for side in (table, found)]
    for name, column, other in _pairs("column", f"{path}.", by_name[0], by_name[1]):
        if isinstance(other, str):
            yield other
            continue
        wanted_type = expected_type(column["type"], system)
        if wanted_type != other["type"]:
            yield f"{path}.{name}: type: {column['type']!r} ({wanted_type}) arrived as {other['type']}"
        if bare:
            continue
        # A column has room for one constraint in OpenMetadata; UNIQUE leaves none for NULL or NOT_NULL.
        unsaid = other["nullable"] is None and [name] in found["unique"]
        if column["nullable"] != other["nullable"] and not unsaid:
            yield f"{path}.{name}: nullable: {column['nullable']} arrived as {other['nullable']}"
        if column["comment"] != other["comment"]:
            yield f"{path}.{name}: comment: {column['comment']!r} arrived as {other['comment']!r}"
