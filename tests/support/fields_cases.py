"""What a map may declare of records, and where each value has to arrive: a case for each property of the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# As the emitted models have it.
DECLARED = "@declared"

JSON_SCHEMA = '{"type": "object", "properties": {"code": {"type": "string"}}}'
NAMED = {"id": "one", "name": "one"}


@dataclass(frozen=True)
class Case:
    """A value, and where it arrives.

    `at` is a place in what the record becomes, `top` one in all that was made; without either it is the property's
    name. `given` is declared beside it. `alias` is what a source may call it; the model's name for it where left out.
    """

    value: Any
    expected: Any = None
    at: str = ""
    top: str = ""
    given: dict[str, Any] | None = None
    alias: str = ""

    @property
    def arrives(self) -> Any:
        return self.value if self.expected is None else self.expected


def nested(**fields: Any) -> list[dict[str, Any]]:
    """A list with one record that has no usual name."""
    return [{"Zz top": "x", DECLARED: fields}]


COMMON = {
    "id": Case("one", at="name", given={}),
    "name": Case("one", given={}),
    "displayName": Case("The one"),
    "description": Case("What it is."),
    "sourceUrl": Case("/x", "https://host/x"),
    "owners": Case(["ann@example.com"], "ann@example.com", at="owners.0.name"),
    "tags": Case(["gold"], "SomeThingTags.gold", at="tags.0.tagFQN"),
}

ORIGIN = {
    "sql": Case("select 1", top="sql"),
    "tables": Case(["s.t"], "s.t", top="tables.0"),
    "databaseSchema": Case("s", "s.t", top="tables.0", given=NAMED | {"tables": ["t"]}),
    "database": Case("d", "d.s.t", top="tables.0", given=NAMED | {"tables": ["s.t"]}),
}

FLOW = {
    "inputs": Case(["s.t"], "s.t", top="inputs.0"),
    "outputs": Case(["s.t"], "s.t", top="outputs.0"),
}

TIMES = {
    "startTime": Case(1767261600000, at="startTime"),
    "endTime": Case("2026-01-01T11:00:00+01:00", 1767261600000),
}

COLUMN = {
    "id": Case("c", at="name", given={"kind": "int"}),
    "name": Case("c", given={"kind": "int"}),
    "displayName": COMMON["displayName"],
    "description": COMMON["description"],
    "dataType": Case("bigint", "BIGINT"),
    "dataLength": Case(20, given=NAMED | {"kind": "varchar"}),
    "precision": Case("10", 10, given=NAMED | {"kind": "decimal"}),
    "scale": Case(2, given=NAMED | {"kind": "decimal", "precision": 10}),
    "children": Case(nested(name="x", kind="int"), "x", at="children.0.name", given=NAMED | {"kind": "struct"}),
}

FIELD = {
    "id": Case("f", at="name", given={}),
    "name": Case("f", given={}),
    "displayName": COMMON["displayName"],
    "description": COMMON["description"],
    "dataType": Case("long", "LONG"),
    "children": Case(nested(name="x", kind="int"), "x", at="children.0.name"),
}

TABLE = {
    "table": Case("s.t", top="inputs.0", given={}),
    "databaseSchema": Case("s", "s.t", top="inputs.0", given={"table": "t"}),
    "database": Case("d", "d.s.t", top="inputs.0", given={"table": "s.t"}),
}

# By the service type, the resource, and the property that holds nested records; by the property.
CASES: dict[str, dict[str, Case]] = {
    "database.databases": COMMON,
    "database.schemas": COMMON,
    "database.tables": COMMON
    | {
        "tableType": Case("View"),
        "schemaDefinition": Case("SELECT 1"),
        "columns": Case(nested(name="c", kind="int"), "c", at="columns.0.name"),
        "primaryKey": Case(
            ["c"], "PRIMARY_KEY", at="columns.0.constraint", given=NAMED | {"columns": nested(name="c", kind="int")}
        ),
        "updated": Case(1500000000000, True, top="unchanged"),
    },
    "database.columns": COLUMN
    | {
        "nullable": Case(False, "NOT_NULL", at="constraint"),
        "required": Case(True, "NOT_NULL", at="constraint"),
        "unique": Case(True, "UNIQUE", at="constraint"),
        "primaryKey": Case(True, "PRIMARY_KEY", at="constraint"),
    },
    "dashboard.dashboards": COMMON
    | ORIGIN
    | {
        "project": Case("Sales"),
        "views": Case(12, top="views"),
        "dataModels": Case(["set"], "service.model.set", at="dataModels.0"),
    },
    "dashboard.charts": COMMON
    | ORIGIN
    | {"chartType": Case("Bar"), "dataModels": Case(["set"], "service.model.set", top="models.0")},
    "dashboard.data_models": COMMON
    | ORIGIN
    | {
        "project": Case("Sales"),
        "sql": Case("select 1"),
        "columns": Case(nested(name="c", kind="int"), "c", at="columns.0.name"),
    },
    "dashboard.data_models.columns": COLUMN,
    "pipeline.pipelines": COMMON | FLOW | {"scheduleInterval": Case("0 6 * * *")},
    "pipeline.pipelines.inputs": TABLE,
    "pipeline.tasks": COMMON
    | FLOW
    | {
        "taskType": Case("sql"),
        "taskSQL": Case("SELECT 1"),
        "upstreamTasks": Case(["other"], "one", top="request.tasks.1.downstreamTasks.0"),
        "downstreamTasks": Case(["other"], "other", at="downstreamTasks.0"),
    },
    "pipeline.runs": TIMES
    | {
        "id": Case("one", at="executionId", given={"started": 0.5}),
        "name": Case("one", at="executionId", given={"started": 0.5}),
        "status": Case("Failed", at="executionStatus"),
        "created": Case(1767261600000, top="queued", alias="queuedat"),
        "startTime": Case(1767261600000, at="timestamp", given={"id": "one", "ended": 0.5}),
    },
    "pipeline.task_runs": TIMES
    | {
        "id": Case("one", at="taskId", given={"tasks": "load"}),
        "name": Case("load", given={}),
        "task": Case("load", at="name", given={"id": "one"}, alias="task_id"),
        "status": Case("Failed", at="executionStatus"),
        "logLink": Case("https://logs.example.com/1"),
    },
    "messaging.topics": COMMON
    | {
        "partitions": Case(3),
        "replicationFactor": Case(2),
        "minimumInSyncReplicas": Case("2", 2),
        "retentionTime": Case("7d", 604_800_000.0),
        "retentionSize": Case(5, 5.0),
        "maximumMessageSize": Case(5),
        "cleanupPolicies": Case(["compact"], "compact", at="cleanupPolicies.0"),
        "topicConfig": Case({"a": 1}, top="settings", alias="config"),
        "schemaText": Case(JSON_SCHEMA, at="messageSchema.schemaText"),
        "schemaType": Case("json", "JSON", at="messageSchema.schemaType", given=NAMED | {"schema_text": "text"}),
    },
    "messaging.schemas": {
        # Those of keys are left out, so that the older one remains.
        "name": Case("orders-key", "{}", top="text", given={"schema_text": "new", "version": 9}),
        "subject": Case("orders-key", "{}", top="text", given={"schema_text": "new", "version": 9}),
        "version": Case(4, "new", top="text", given={"schema_text": "new"}),
        "schemaText": Case("new", top="text", given={"version": 9}),
        "schemaType": Case("PROTOBUF", "Protobuf", top="kind", given={"schema_text": "new", "version": 9}),
    },
    "messaging.messages": {"message": Case("hello", top="request", alias="payload")},
    "mlmodel.models": COMMON
    | {
        "algorithm": Case("xgboost"),
        "mlFeatures": Case(nested(name="age"), "age", at="mlFeatures.0.name"),
        "mlHyperParameters": Case(nested(name="depth", value=6), "6", at="mlHyperParameters.0.value"),
        "mlStore": Case("s3://models", at="mlStore.storage"),
        "imageRepository": Case("registry/image", at="mlStore.imageRepository"),
        "target": Case("churn"),
        "server": Case("https://models.example.com/1"),
        "dashboard": Case("bi.board"),
        "tables": Case(["s.t"], "s.t", top="tables.0"),
    },
    "mlmodel.models.mlFeatures": {
        "id": Case("age", at="name", given={}),
        "name": Case("age", given={}),
        "description": COMMON["description"],
        "dataType": Case("int", "numerical"),
        "featureAlgorithm": Case("PCA"),
        "featureSources": Case(nested(table="s.t", column="c"), ["s.t", "c"], top="sources.0.0"),
    },
    "mlmodel.models.mlFeatures.featureSources": {
        "table": Case("s.t", top="sources.0.0.0", given={}),
        "column": Case("c", top="sources.0.0.1", given={"table": "t"}),
        "databaseSchema": Case("s", "s.t", top="sources.0.0.0", given={"table": "t"}),
        "database": Case("d", "d.s.t", top="sources.0.0.0", given={"table": "s.t"}),
    },
    "mlmodel.models.mlHyperParameters": {
        "id": Case("depth", at="name", given={}),
        "name": Case("depth", given={}),
        "description": COMMON["description"],
        "value": Case({"a": 1}, '{"a": 1}'),
    },
    "search.indexes": COMMON
    | {
        "fields": Case(nested(name="f", kind="text"), "f", at="fields.0.name"),
        "searchIndexSettings": Case({"shards": 1}),
    },
    "search.fields": FIELD,
    "search.documents": {"document": Case({"a": 1}, '{"a": 1}', top="request")},
    "storage.containers": COMMON
    | {
        "size": Case(10, 10.0),
        "numberOfObjects": Case("7", 7.0),
        "prefix": Case("/p"),
        "fullPath": Case("/store/one"),
        "fileFormats": Case(["csv"], "csv", at="fileFormats.0"),
    },
    "storage.objects": {
        "key": Case("a.csv", top="key", given={}),
        "size": Case(10, top="size", given={"key": "a"}),
    },
    "drive.directories": COMMON
    | {
        "directoryType": Case("SharedDrive"),
        "path": Case("/a"),
        "isShared": Case(True),
        "parent": Case("root", top="parent"),
    },
    "drive.files": COMMON
    | {
        "path": Case("/a"),
        "isShared": Case(True),
        "size": Case(10),
        "mimeType": Case("text/csv"),
        "fileExtension": Case("csv"),
        "checksum": Case("abc"),
        "fileVersion": Case("3"),
    },
    "api.collections": COMMON | {"endpointURL": Case("https://api.example.com/v1")},
    "api.endpoints": COMMON
    | {
        "requestMethod": Case("get", "GET"),
        "path": Case("https://api.example.com/v1", at="endpointURL"),
        "endpointURL": Case("https://api.example.com/v1"),
        "requestSchema": Case(nested(name="f", kind="int"), "f", at="requestSchema.schemaFields.0.name"),
        "responseSchema": Case(nested(name="f", kind="int"), "f", at="responseSchema.schemaFields.0.name"),
    },
    "api.endpoints.requestSchema": FIELD,
}

# Where a record's own entity is in what is made, and what is declared beside a property of it.
PLACES = {
    "database.columns": "request.columns.0",
    "dashboard.data_models.columns": "request.columns.0",
    "pipeline.tasks": "request.tasks.0",
    "pipeline.task_runs": "request.0",
    "mlmodel.models.mlFeatures": "request.mlFeatures.0",
    "mlmodel.models.mlHyperParameters": "request.mlHyperParameters.0",
    "search.fields": "request.0",
    "api.endpoints.requestSchema": "request.requestSchema.schemaFields.0",
}
GIVEN = {
    "database.columns": NAMED | {"kind": "int"},
    "pipeline.runs": {"id": "one", "started": 0.5},
    "pipeline.task_runs": {"id": "one", "tasks": "load"},
    "messaging.messages": {},
    "search.documents": {},
}

# What sources call what the models have another name for; a document has none.
ALIASES = {
    "kind": "type",
    "address": "endpointUrl",
    "display_name": "displayName",
    "settings": "settings",
    "document": "",
}
