"""How sources write types, and what arrives of them: the table of tests/test_column_types.py."""

from __future__ import annotations

from typing import Any

Facts = dict[str, Any]


def column(kind: str, display: str | None = None, **more: Any) -> Facts:
    """What is expected of a column, by OpenMetadata's names; what is not said here is not there."""
    return {"dataType": kind, "dataTypeDisplay": display} | more


def named(**children: str | Facts) -> list[Facts]:
    """Children by their names: with a type alone, or with all that is expected of them."""
    return [
        {"name": name.removeprefix("_")} | (child if isinstance(child, dict) else {"dataType": child})
        for name, child in children.items()
    ]


XY = named(x="INT", y="STRING")
KEY_VALUE = named(key="STRING", value="INT")

# What a record says beside its name, and what its column is. Where the display is not given, it is the text itself.
TEXTS: dict[str, Facts] = {
    "int": column("INT"),
    "INTEGER": column("INT"),
    "bigint": column("BIGINT"),
    "int(11)": column("INT"),
    "tinyint(1)": column("TINYINT"),
    "int unsigned": column("INT"),
    "bigint(20) unsigned": column("BIGINT"),
    "unsigned bigint": column("BIGINT"),
    "varchar(20)": column("VARCHAR", dataLength=20),
    "VARCHAR2(20 CHAR)": column("VARCHAR", dataLength=20),
    "varchar(max)": column("VARCHAR", dataLength=0),
    "varchar": column("VARCHAR", dataLength=0),
    "varchar(20) NOT NULL": column("VARCHAR", dataLength=20),
    "character varying(20)": column("VARCHAR", dataLength=20),
    "char(1)": column("CHAR", dataLength=1),
    "nvarchar(4000)": column("VARCHAR", dataLength=4000),
    "varbinary(16)": column("VARBINARY", dataLength=16),
    "binary": column("BINARY", dataLength=0),
    "FixedString(16)": column("CHAR", dataLength=16),
    "fixed[16]": column("FIXED", dataLength=16),
    "text": column("TEXT"),
    "string": column("STRING"),
    "STRING(MAX)": column("STRING"),
    "STRING(36)": column("STRING", dataLength=36),
    "decimal(10,2)": column("DECIMAL", precision=10, scale=2),
    "DECIMAL( 10 , 2 )": column("DECIMAL", precision=10, scale=2),
    "numeric(10)": column("NUMERIC", precision=10),
    "numeric": column("NUMERIC"),
    "NUMBER(38,0)": column("NUMBER", precision=38, scale=0),
    "number(3,5)": column("NUMBER", precision=3),
    "Decimal64(4)": column("DECIMAL", precision=18, scale=4),
    "double precision": column("DOUBLE"),
    "FLOAT64": column("DOUBLE"),
    "float(7,4)": column("FLOAT", precision=7, scale=4),
    "real": column("FLOAT"),
    "timestamp(3) with time zone": column("TIMESTAMP"),
    "timestamp without time zone": column("TIMESTAMP"),
    "TIMESTAMP_NTZ(9)": column("TIMESTAMP"),
    "DateTime64(3, 'UTC')": column("DATETIME"),
    "interval day(3) to second(6)": column("INTERVAL"),
    "boolean": column("BOOLEAN"),
    "uuid": column("UUID"),
    "uniqueidentifier": column("UUID"),
    "jsonb": column("JSON"),
    "Enum8('a' = 1, 'b,(' = 2)": column("ENUM"),
    "type/Integer": column("INT"),
    "Edm.Int32": column("BIGINT"),
    "whatever(1)": column("UNKNOWN"),
    "array<string>": column("ARRAY", arrayDataType="STRING"),
    "array(varchar)": column("ARRAY", arrayDataType="VARCHAR"),
    "array<decimal(10,2)>": column("ARRAY", arrayDataType="DECIMAL"),
    "Array(Nullable(Int64))": column("ARRAY", arrayDataType="BIGINT"),
    "array<array<int>>": column("ARRAY", arrayDataType="ARRAY"),
    "integer[]": column("ARRAY", arrayDataType="INT"),
    "varchar(20)[3]": column("ARRAY", arrayDataType="VARCHAR"),
    "array": column("ARRAY", arrayDataType="UNKNOWN"),
    "list<int>": column("ARRAY", arrayDataType="INT"),
    "array<struct<x:int,y:string>>": column("ARRAY", arrayDataType="STRUCT", children=XY),
    "Nullable(Int64)": column("BIGINT"),
    "LowCardinality(Nullable(String))": column("STRING"),
    "Nullable(Decimal(10, 2))": column("DECIMAL", precision=10, scale=2),
    "struct<x:int,y:string>": column("STRUCT", children=XY),
    "STRUCT<x INT, y STRING>": column("STRUCT", children=XY),
    "row(x int, y varchar(5))": column(
        "STRUCT", children=named(x="INT", y=column("VARCHAR", "varchar(5)", dataLength=5))
    ),
    "row(integer, double precision)": column("STRUCT", children=named(_1="INT", _2="DOUBLE")),
    "struct<x:decimal(10,2),y:array<struct<z:int>>>": column(
        "STRUCT",
        children=named(
            x=column("DECIMAL", "decimal(10,2)", precision=10, scale=2),
            y=column("ARRAY", "array<struct<z:int>>", arrayDataType="STRUCT", children=named(z="INT")),
        ),
    ),
    'row("x y" timestamp(3) with time zone)': column("STRUCT", children=[{"name": "x y", "dataType": "TIMESTAMP"}]),
    "struct<x:int COMMENT 'The number.'>": column(
        "STRUCT", children=named(x={"dataType": "INT", "description": "The number."})
    ),
    "struct": column("STRUCT", children=[]),
    "Tuple(a Int64, b String)": column("TUPLE", children=named(a="BIGINT", b="STRING")),
    "Tuple(Int64, String)": column("TUPLE", children=named(_1="BIGINT", _2="STRING")),
    "Tuple(`a(b` Int64, c String)": column(
        "TUPLE", children=[{"name": "a(b", "dataType": "BIGINT"}, *named(c="STRING")]
    ),
    "Nested(a Int64, b String)": column("ARRAY", arrayDataType="STRUCT", children=named(a="BIGINT", b="STRING")),
    "map<string,int>": column("MAP", children=KEY_VALUE),
    "Map(String, Array(Int64))": column(
        "MAP",
        children=named(key="STRING", value=column("ARRAY", "Array(Int64)", arrayDataType="BIGINT")),
    ),
    "uniontype<int,string>": column("UNION", children=named(_1="INT", _2="STRING")),
    "array<int": column("ARRAY", arrayDataType="INT"),
    "": column("UNKNOWN"),
}

RECORDS: list[tuple[Facts, Facts]] = [
    ({}, column("UNKNOWN")),
    ({"type": None}, column("UNKNOWN")),
    ({"type": "varchar", "length": 20}, column("VARCHAR", "varchar", dataLength=20)),
    ({"type": "varchar", "max_length": "20"}, column("VARCHAR", "varchar", dataLength=20)),
    ({"type": "varchar(30)", "length": 20}, column("VARCHAR", "varchar(30)", dataLength=30)),
    ({"type": "varchar", "length": -1}, column("VARCHAR", "varchar", dataLength=0)),
    ({"type": "int", "length": 4, "precision": 32}, column("INT", "int")),
    ({"type": "decimal", "precision": 10, "scale": 2}, column("DECIMAL", "decimal", precision=10, scale=2)),
    ({"type": "decimal", "scale": 2}, column("DECIMAL", "decimal")),
    ({"type": "string", "precision": 0, "scale": 0}, column("STRING", "string")),
    ({"type": "numeric", "numericPrecision": 5, "numericScale": 0}, column("NUMERIC", "numeric", precision=5, scale=0)),
    # Avro.
    ({"type": ["null", "integer"]}, column("INT", "union<null,integer>")),
    (
        {"type": ["null", "int", "string"]},
        column("UNION", "union<null,int,string>", children=named(_1="NULL", _2="INT", _3="STRING")),
    ),
    ({"type": {"type": "array", "items": "string"}}, column("ARRAY", "array<string>", arrayDataType="STRING")),
    ({"type": {"type": "map", "values": "int"}}, column("MAP", "map", children=KEY_VALUE)),
    (
        {
            "type": {
                "type": "record",
                "name": "r",
                "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "string"}],
            }
        },
        column("STRUCT", "record", children=XY),
    ),
    (
        {"type": "record", "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "string"}]},
        column("STRUCT", "record", children=XY),
    ),
    (
        {
            "type": [
                "null",
                {
                    "type": "record",
                    "name": "r",
                    "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "string"}],
                },
            ]
        },
        column("STRUCT", "union<null,record>", children=XY),
    ),
    (
        {
            "type": {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "r",
                    "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "string"}],
                },
            }
        },
        column("ARRAY", "array<record>", arrayDataType="STRUCT", children=XY),
    ),
    ({"type": {"type": "enum", "name": "e", "symbols": ["A", "B"]}}, column("ENUM", "enum(A,B)")),
    ({"type": {"type": "fixed", "name": "f", "size": 16}}, column("FIXED", "fixed", dataLength=16)),
    (
        {"type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}},
        column("DECIMAL", "bytes (decimal)", precision=4, scale=2),
    ),
    ({"type": {"type": "long", "logicalType": "timestamp-millis"}}, column("TIMESTAMP", "long (timestamp-millis)")),
    ({"type": ["null", {"type": "int", "logicalType": "date"}]}, column("DATE", "union<null,int (date)>")),
    ({"type": {"type": "string", "logicalType": "uuid"}}, column("UUID", "string (uuid)")),
    ({"type": "com.example.Address"}, column("UNKNOWN", "com.example.Address")),
    # JSON Schema and OpenAPI.
    (
        {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}},
        column("STRUCT", "object", children=XY),
    ),
    ({"type": "object"}, column("JSON", "object")),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, column("MAP", "object", children=KEY_VALUE)),
    ({"type": "array", "items": {"type": "number"}}, column("ARRAY", "array<number>", arrayDataType="NUMBER")),
    (
        {"type": ["null", "array"], "items": {"type": "string"}},
        column("ARRAY", "union<null,array<string>>", arrayDataType="STRING"),
    ),
    (
        {
            "type": "array",
            "items": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "string"}}},
        },
        column("ARRAY", "array<object>", arrayDataType="STRUCT", children=XY),
    ),
    ({"type": "string", "format": "date-time"}, column("TIMESTAMP", "string (date-time)")),
    ({"type": "string", "format": "email"}, column("STRING", "string")),
    ({"type": "integer", "format": "int64"}, column("BIGINT", "integer (int64)")),
    ({"type": "string", "maxLength": 20}, column("STRING", "string", dataLength=20)),
    ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, column("INT", "union<null,integer>")),
    (
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        column("UNION", "union<string,integer>", children=named(_1="STRING", _2="INT")),
    ),
    ({"enum": ["a", "b"]}, column("ENUM", "enum(a,b)")),
    ({"$ref": "#/definitions/address"}, column("UNKNOWN", "#/definitions/address")),
    # BigQuery, Iceberg, Unity Catalog.
    (
        {
            "type": "RECORD",
            "mode": "REPEATED",
            "fields": [{"name": "x", "type": "INTEGER"}, {"name": "y", "type": "STRING"}],
        },
        column("ARRAY", "array<RECORD>", arrayDataType="STRUCT", children=XY),
    ),
    (
        {"type": {"type": "list", "element": "string", "element-id": 3}},
        column("ARRAY", "list<string>", arrayDataType="STRING"),
    ),
    ({"type": {"type": "map", "key": "string", "value": "int", "key-id": 1}}, column("MAP", "map", children=KEY_VALUE)),
    (
        {
            "type": {
                "type": "struct",
                "fields": [{"id": 1, "name": "x", "type": "int"}, {"id": 2, "name": "y", "type": "string"}],
            }
        },
        column("STRUCT", "struct", children=XY),
    ),
    # Objects that name a type, columns in columns, and properties that are something else.
    ({"type": {"id": 3, "name": "varchar(20)"}}, column("VARCHAR", "varchar(20)", dataLength=20)),
    (
        {"type": "varchar", "columns": {"x": "int", "y": {"type": "string"}}},
        column("STRUCT", "varchar", children=XY, dataLength=None),
    ),
    ({"type": "object", "children": ["x"]}, column("STRUCT", "object", children=named(x="UNKNOWN"))),
    ({"type": "bigint", "properties": {"owner": "ann"}}, column("BIGINT", "bigint")),
]

CASES: list[tuple[Facts, Facts]] = [
    *(({"type": text}, expected | {"dataTypeDisplay": text or None}) for text, expected in TEXTS.items()),
    *RECORDS,
]


# What the types of columns are among those of a search index, and among those of the schemas of an API.
IN_SEARCH = {
    "INT": "INTEGER",
    "BIGINT": "LONG",
    "TINYINT": "BYTE",
    "VARCHAR": "TEXT",
    "CHAR": "TEXT",
    "STRING": "TEXT",
    "VARBINARY": "BINARY",
    "FIXED": "BINARY",
    "DECIMAL": "NUMBER",
    "NUMERIC": "NUMBER",
    "INTERVAL": "UNKNOWN",
    "NULL": "UNKNOWN",
    "UUID": "KEYWORD",
    "ENUM": "KEYWORD",
    "JSON": "OBJECT",
    "STRUCT": "OBJECT",
    "TUPLE": "OBJECT",
    "MAP": "OBJECT",
    "UNION": "OBJECT",
}
IN_AN_API = {
    "BIGINT": "LONG",
    "TINYINT": "INT",
    "VARCHAR": "STRING",
    "CHAR": "STRING",
    "TEXT": "STRING",
    "UUID": "STRING",
    "BINARY": "BYTES",
    "VARBINARY": "BYTES",
    "DECIMAL": "DOUBLE",
    "NUMERIC": "DOUBLE",
    "NUMBER": "DOUBLE",
    "DATETIME": "TIMESTAMP",
    "INTERVAL": "UNKNOWN",
    "JSON": "RECORD",
    "STRUCT": "RECORD",
    "TUPLE": "RECORD",
}

# Where those have a nearer one: by the type's own name.
NEARER = {
    "search": {"Edm.Int32": "INTEGER", "varchar": "TEXT"},
    "api": {"Edm.Int32": "INT", "varchar": "STRING"},
}


def as_field(reader: str, record: Facts, expected: Facts) -> Facts:
    """What is expected of a field of `reader`, search or api, where `expected` is of a column; it has no length."""
    types = {"search": IN_SEARCH, "api": IN_AN_API}[reader]
    kind = types.get(expected["dataType"], expected["dataType"])
    facts = expected | {"dataType": NEARER[reader].get(str(record.get("type")), kind)}
    facts["children"] = [as_field(reader, {}, child) for child in expected.get("children") or ()] or None
    return {key: value for key, value in facts.items() if key in ("name", "dataType", "dataTypeDisplay", "children")}


def differences(expected: Facts, made: Facts, place: str = "") -> list[str]:
    """Where an entity is not what is expected; children are compared by what is said of them, the rest in full."""
    faults = []
    facts = {key: value for key, value in made.items() if key not in ("tags", "customMetrics", "children")}
    if place:
        facts = {key: value for key, value in facts.items() if key in expected or key in ("dataLength", "precision")}
        expected = {"dataLength": facts.get("dataLength") if expected["dataType"] == "VARCHAR" else None} | expected
    else:
        facts.pop("name")
    wanted = {key: value for key, value in expected.items() if key != "children" and value is not None}
    if facts != wanted:
        faults.append(f"{place}: {facts} is not {wanted}")
    children, known = made.get("children"), expected.get("children")
    if place and known is None and not children:
        return faults
    if len(children or ()) != len(known or ()) or (children is None) != (known is None):
        return [*faults, f"{place}: it has {children}, and not {known}"]
    for child, told in zip(children or (), known or (), strict=True):
        faults += differences(told, child, f"{place}/{told['name']}")
    return faults


def refusals(made: Facts) -> list[str]:
    """What the server refuses of a column, and of those in it: rules that no schema says."""
    kind, faults = made["dataType"], []
    if kind in ("CHAR", "VARCHAR", "BINARY", "VARBINARY") and "dataLength" not in made:
        faults.append(f"{kind} without a length")
    if kind == "ARRAY" and "arrayDataType" not in made:
        faults.append("an array of nothing")
    if kind == "STRUCT" and "children" not in made:
        faults.append("a structure without children")
    if "scale" in made and made["scale"] > made.get("precision", -1):
        faults.append("a scale without a precision, or a larger one")
    names = [child["name"] for child in made.get("children", ())]
    if len(set(names)) < len(names):
        faults.append("a name twice")
    return faults + [fault for child in made.get("children", ()) for fault in refusals(child)]
