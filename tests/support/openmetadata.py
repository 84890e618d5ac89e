"""A stand-in for OpenMetadata's REST API, and the real `metadata` command run against it.

`RecordingServer` keeps what an ingestion sends, answers it back in the same run, and holds every
body against the API schema of the installed release. It judges; it does not forgive: a body that
the schema refuses is answered with 400 and a parent that was never sent with 404, as the real
server does, and both leave a line in `faults`.

`export_api_schemas` takes those schemas from the release itself, `connection_schema` that of a
contribution's connection from its own model; `workflow` and `ingest` run the release's own
command line.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from tests.support.python import Warm, environment, last_line

Json = dict[str, Any]

# Bodies that are not a collection's create request: method, path below /v1 and the model that
# describes them. `[]` in front of a model means a list of it.
BODIES: tuple[tuple[str, str, str], ...] = (
    ("DELETE", r"/.+/deleteStale", "type.bulkDeleteStaleRequest:BulkDeleteStaleRequest"),
    ("PUT", r"/lineage", "api.lineage.addLineage:AddLineageRequest"),
    ("PUT", r"/lineage/[^/]+/name/[^/]+/[^/]+/name/[^/]+", "type.entityLineage:LineageDetails"),
    ("PUT", r"/tables/[^/]+/tableProfile", "api.data.createTableProfile:CreateTableProfileRequest"),
    ("PUT", r"/tables/[^/]+/sampleData", "entity.data.table:TableData"),
    ("PUT", r"/tables/[^/]+/dataModel", "entity.data.table:DataModel"),
    ("PUT", r"/tables/[^/]+/joins", "entity.data.table:TableJoins"),
    ("PUT", r"/tables/[^/]+/tableProfilerConfig", "entity.data.table:TableProfilerConfig"),
    ("PUT", r"/tables/[^/]+/pipelineObservability", "[]type.pipelineObservability:PipelineObservability"),
    ("PUT", r"/topics/[^/]+/sampleData", "entity.data.topic:TopicSampleData"),
    ("PUT", r"/searchIndexes/[^/]+/sampleData", "entity.data.searchIndex:SearchIndexSampleData"),
    ("POST", r"/usage/[^/]+/[^/]+", "type.usageRequest:UsageRequest"),
    ("PUT", r"/usage/[^/]+/[^/]+", "type.usageRequest:UsageRequest"),
    ("PUT", r"/queries/[^/]+/usage", "[]type.entityReference:EntityReference"),
    ("PUT", r"/queries/[^/]+/users", "[]type.basic:FullyQualifiedEntityName"),
    ("PUT", r"/queries/[^/]+/usedBy", "[]type.basic:FullyQualifiedEntityName"),
    ("PUT", r"/pipelines/[^/]+/status", "entity.data.pipeline:PipelineStatus"),
    ("PUT", r"/pipelines/[^/]+/status/bulk", "[]entity.data.pipeline:PipelineStatus"),
    ("POST", r"/dataQuality/testCases/testCaseResults/[^/]+", "api.tests.createTestCaseResult:CreateTestCaseResult"),
    (
        "PUT",
        r"/services/ingestionPipelines/progress/[^/]+/[^/]+",
        "entity.services.ingestionPipelines.progressUpdate:ProgressUpdate",
    ),
    (
        "POST",
        r"/services/ingestionPipelines/metrics/[^/]+/[^/]+",
        "entity.services.ingestionPipelines.operationMetricsBatch:OperationMetricsBatch",
    ),
    (
        "PUT",
        r"/services/ingestionPipelines/[^/]+/pipelineStatus",
        "entity.services.ingestionPipelines.ingestionPipeline:PipelineStatus",
    ),
)

# RFC 6902, as far as the server takes it. No model of the release describes it.
JSON_PATCH: Json = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["op", "path"],
        "properties": {
            "op": {"enum": ["add", "replace", "remove", "test", "move", "copy"]},
            "path": {"type": "string", "pattern": "^(/.*)?$"},
            "from": {"type": "string"},
        },
    },
}

# Runs in the framework's interpreter. Everything in the result comes from the release: which
# collections there are, their create requests, what the stored entity looks like, and which
# fields name another entity by its fully qualified name and come back as a reference.
SCHEMA_FUNCTION = """
# The generator's regular expressions know no look-ahead, so the release drops this pattern of
# the specification from its models; the server keeps it. Put it back.
NAMES = ("EntityName", "ColumnName", "TestCaseEntityName")
NAME_PATTERN = "^((?!::).)*$"

def schema(model):
    found = model.model_json_schema(by_alias=True)
    for name in NAMES:
        if name in found.get("$defs", {}):
            found["$defs"][name]["pattern"] = NAME_PATTERN
    return found
"""

EXPORT_SCRIPT = (
    """
import importlib, json, sys, typing
from metadata.__version__ import get_client_version
from metadata.generated.schema.type.entityReference import EntityReference
from metadata.generated.schema.type.entityReferenceList import EntityReferenceList
from metadata.ingestion.ometa import routes
from metadata.ingestion.ometa.utils import get_entity_type
"""
    + SCHEMA_FUNCTION
    + """
def is_reference(annotation):
    if annotation in (EntityReference, EntityReferenceList):
        return True
    return any(is_reference(part) for part in typing.get_args(annotation))

bodies, target = json.loads(sys.argv[1]), sys.argv[2]
collections = {}
for name, route in routes.ROUTES.items():
    model = getattr(routes, name)
    entry = collections.setdefault(route, {"type": None, "create": None, "entity": None, "references": []})
    if name.startswith("Create"):
        entry["create"] = schema(model)
    elif name != "AddLineageRequest":
        entry["type"] = get_entity_type(model)
        entry["entity"] = schema(model)
        entry["references"] = sorted(key for key, field in model.model_fields.items() if is_reference(field.annotation))
models = {}
for path in bodies:
    module, name = path.removeprefix("[]").split(":")
    model = schema(getattr(importlib.import_module("metadata.generated.schema." + module), name))
    if path.startswith("[]"):
        definitions = model.pop("$defs", {})
        model = {"type": "array", "items": model, "$defs": definitions}
    models[path] = model
with open(target, "w", encoding="utf-8") as file:
    json.dump({"version": get_client_version(), "collections": collections, "bodies": models}, file, sort_keys=True)
"""
)

# Runs in the framework's interpreter too: the schema of one connection's model, read from the file of an overlay. All
# that the model refers to is the installed release's, in the overlay as well.
CONNECTION_SCRIPT = (
    """
import importlib, importlib.util, json, os, sys
name, place, title = sys.argv[1:]
# Where it has definitions of its own, they are beside it.
importlib.import_module(name.rpartition(".")[0]).__path__.append(os.path.dirname(place))
spec = importlib.util.spec_from_file_location(name, place)
module = importlib.util.module_from_spec(spec)
sys.modules[name] = module
spec.loader.exec_module(module)
"""
    + SCHEMA_FUNCTION
    + """
print(json.dumps(schema(getattr(module, title))))
"""
)


def export_api_schemas(framework_python: Path, into: Path) -> Path:
    """Write the installed release's API schemas to a JSON file below `into` and return its path.

    The file is made once per framework environment and release, and reused afterwards. Raises
    RuntimeError with the interpreter's own words if the release cannot be read.
    """
    releases = sorted(
        path.name for path in framework_python.parent.parent.glob("lib/python*/site-packages/openmetadata_ingestion-*")
    )
    wanted = json.dumps([model for _, _, model in BODIES])
    # absolute, not resolved: an environment's python is a link to one that many environments share
    key = json.dumps([str(framework_python.absolute()), releases, EXPORT_SCRIPT, wanted])
    target = into / f"api-schemas-{hashlib.sha256(key.encode()).hexdigest()[:12]}.json"
    if target.exists():
        return target
    into.mkdir(parents=True, exist_ok=True)
    # written beside and renamed, so that a parallel test process never reads half a file
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    done = subprocess.run(
        [str(framework_python), "-c", EXPORT_SCRIPT, wanted, str(unfinished)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=environment(),
    )
    if done.returncode != 0:
        raise RuntimeError(f"cannot export the API schemas with {framework_python}:\n{done.stderr[-2000:]}")
    unfinished.replace(target)
    return target


@dataclass(frozen=True)
class Connection:
    """A connection that the release's schemas do not know: `schema` is that of its model."""

    service_type: str
    type_name: str
    schema: Json


def connection_schema(warm: Warm, overlay: Path, service_type: str, module: str, type_name: str) -> Connection:
    """The connection that an overlay has in a module (`myDbConnection`), below the service type."""
    place = f"metadata/generated/schema/entity/services/connections/{service_type}/{module}"
    file = overlay / f"{place}.py"
    arguments = (place.replace("/", "."), str(file), f"{type_name}Connection")
    found = last_line(warm.run(CONNECTION_SCRIPT, *arguments))
    return Connection(service_type, type_name, found)


def add_connection(exported: Json, connection: Connection) -> None:
    """Let the exported schemas know a connection, wherever they know those of its service type.

    This is what an export from the overlay gives: the type in the enum of types and the model in
    the union of connections. What the model defines is called `Type.Name`, so that no name is taken.
    """
    request = exported["collections"][f"/services/{connection.service_type}Services"]["create"]["properties"]
    types = request["serviceType"]["$ref"].rpartition("/")[2]
    union = request["connection"]["anyOf"][0]["$ref"].rpartition("/")[2]
    own = f"{connection.type_name}."
    text = json.dumps(connection.schema).replace('"#/$defs/', f'"#/$defs/{own}')
    model = json.loads(text)
    definitions = {f"{own}{name}": one for name, one in model.pop("$defs", {}).items()} | {f"{own}Connection": model}
    entries = exported["collections"].values()
    for schema in [*(entry[kind] for entry in entries for kind in ("create", "entity")), *exported["bodies"].values()]:
        known = (schema or {}).get("$defs", {})
        if types in known:
            if connection.type_name in known[types]["enum"]:
                raise ValueError(f"the release has a {connection.type_name} already")
            known[types]["enum"].append(connection.type_name)
        if union in known:
            known[union]["properties"]["config"]["anyOf"].insert(0, {"$ref": f"#/$defs/{own}Connection"})
            known |= definitions


@dataclass(frozen=True)
class Request:
    """One request as it came in. `path` starts with /v1 and is unquoted, without its query."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int


@dataclass(frozen=True)
class _Answer:
    status: int
    body: Any


def _no(status: int, message: str) -> _Answer:
    # The client reads `code` and `message` out of an error; without them it answers None.
    return _Answer(status, {"code": status, "message": message})


def quoted(name: str) -> str:
    """One part of a fully qualified name, quoted as OpenMetadata does: only around a dot."""
    bare = name[1:-1] if len(name) > 2 and name[0] == name[-1] == '"' else name
    return f'"{bare}"' if "." in bare else bare


def split_fqn(fqn: str) -> list[str]:
    """The parts of a fully qualified name, without their quotes."""
    return [part.strip('"') for part in re.findall(r'"[^"]*"|[^."]+', fqn)]


# The field of a create request that names the entity's parent, most specific first. All other
# collections stand at the top and are called by their own name.
PARENT_FIELDS = (
    "databaseSchema",
    "database",
    "apiCollection",
    "spreadsheet",
    "directory",
    "parent",
    "classification",
    "glossary",
    "service",
)


class Store:
    """The entities that the server holds, by collection and fully qualified name."""

    def __init__(self, collections: Mapping[str, Json]) -> None:
        self.collections = collections
        self.entities: dict[str, dict[str, Json]] = {route: {} for route in collections}
        # longest first, so that /services/databaseServices is not taken for a child of /services
        self.routes = sorted(collections, key=len, reverse=True)

    def route_of(self, path: str) -> tuple[str, str] | None:
        """(collection, rest) of a path below /v1, or None where no collection answers."""
        for route in self.routes:
            if path == route or path.startswith(route + "/"):
                return route, path[len(route) + 1 :]
        return None

    def all(self) -> Iterator[tuple[str, Json]]:
        for route, found in self.entities.items():
            for entity in found.values():
                yield route, entity

    def find(self, identity: str, entity_type: str | None = None) -> Json | None:
        """The entity of that id or fully qualified name, of any collection or of one type."""
        for route, entity in self.all():
            right_type = entity_type in (None, self.collections[route]["type"])
            if right_type and identity in (entity["id"], entity["fullyQualifiedName"]):
                return entity
        return None

    def reference(self, entity: Json) -> Json:
        """What another entity shows of this one."""
        route = next(route for route, other in self.all() if other["id"] == entity["id"])
        kept = ("id", "name", "fullyQualifiedName", "displayName", "description")
        return {"type": self.collections[route]["type"], **{key: entity[key] for key in kept if key in entity}}

    def named(self, field_name: str, fqn: str) -> Json | None:
        """The entity that a create request's field means: `service` a service, `database` a database."""
        for route, entity in self.all():
            entity_type = self.collections[route]["type"] or ""
            fits = entity_type == field_name or field_name not in PARENT_FIELDS
            if field_name == "service":
                fits = route.startswith("/services/")
            if field_name == "parent":
                fits = True
            if fits and entity["fullyQualifiedName"] == fqn:
                return entity
        return None

    def add(self, route: str, body: Json) -> Json | str:
        """Store what a create request describes. Returns the entity, or the field whose parent is unknown."""
        about = self.collections[route]
        parent: Json | None = None
        prefix: list[str] = []
        for name in PARENT_FIELDS:
            value = body.get(name)
            fqn = value.get("fullyQualifiedName") if isinstance(value, dict) else value
            if isinstance(value, dict) and fqn is None and (named := self.find(value["id"])):
                fqn = named["fullyQualifiedName"]
            if isinstance(fqn, str):
                parent = self.named(name, fqn)
                if parent is None:
                    return name
                prefix = [fqn]
                break
        link = re.fullmatch(r"<#E::table::(.+?)(?:::columns::(.+))?>", body.get("entityLink") or "")
        if link:
            # A test case stands below what it is a test of.
            prefix = [link[1], quoted(link[2])] if link[2] else [link[1]]
        # A query may come without a name; the server calls it by the checksum of its text.
        name = body.get("name") or hashlib.md5(str(body.get("query", "")).encode(), usedforsecurity=False).hexdigest()
        fqn = ".".join([*prefix, *(["model"] if route == "/dashboard/datamodels" else []), quoted(str(name))])
        entity: Json = {key: value for key, value in body.items() if key in about["entity"]["properties"]}
        for key in about["references"]:
            if key in entity:
                entity[key] = self._references(key, entity[key])
        for key in ("database", "service", "serviceType"):
            # A table knows its schema's database and service although its request does not name them.
            if parent is not None and key in about["entity"]["properties"] and key not in entity and key in parent:
                entity[key] = parent[key]
        entity |= {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{route}/{fqn}")), "name": name, "fullyQualifiedName": fqn}
        if link and "testSuite" in about["entity"]["properties"]:
            # The suite of its table, which the server makes where there is none.
            suite = f"{link[1]}.testSuite"
            identity = str(uuid.uuid5(uuid.NAMESPACE_URL, f"/dataQuality/testSuites/{quoted(suite)}"))
            entity |= {"testSuite": {"id": identity, "type": "testSuite", "name": suite}, "entityFQN": ".".join(prefix)}
        if "columns" in entity:
            entity["columns"] = _with_names(entity["columns"], fqn)
        if "version" in about["entity"]["properties"]:
            entity["version"] = 0.1
        self.entities[route][fqn] = entity
        return entity

    def _references(self, field_name: str, value: Any) -> Any:
        if isinstance(value, list):
            found = [self._references(field_name, item) for item in value]
            return [item for item in found if isinstance(item, dict)]
        if not isinstance(value, str):
            return value
        entity = self.named(field_name, value)
        return self.reference(entity) if entity else None

    def remove(self, entity: Json) -> list[str]:
        """Take an entity and all below it out of the store; returns their fully qualified names."""
        gone = []
        prefix = entity["fullyQualifiedName"]
        for found in self.entities.values():
            for fqn in [fqn for fqn in found if fqn == prefix or fqn.startswith(prefix + ".")]:
                gone.append(fqn)
                del found[fqn]
        return gone


def _with_names(columns: Iterable[Json], parent: str) -> list[Json]:
    named = []
    for column in columns:
        fqn = f"{parent}.{quoted(column['name'])}"
        named.append({**column, "fullyQualifiedName": fqn})
        if column.get("children"):
            named[-1]["children"] = _with_names(column["children"], fqn)
    return named


def _patched(document: Any, operations: Iterable[Json]) -> Any:
    """The document with a JSON Patch applied; raises KeyError, IndexError or ValueError where it does not fit."""
    document = json.loads(json.dumps(document))
    for operation in operations:
        keys = [key.replace("~1", "/").replace("~0", "~") for key in operation["path"].split("/")[1:]]
        place = document
        for key in keys[:-1]:
            place = place[int(key)] if isinstance(place, list) else place[key]
        last: Any = keys[-1]
        if isinstance(place, list):
            last = len(place) if last == "-" else int(last)
            if operation["op"] == "add":
                place.insert(last, operation["value"])
                continue
        if operation["op"] in ("add", "replace"):
            place[last] = operation["value"]
        elif operation["op"] == "remove":
            del place[last]
        else:
            raise ValueError(f"operation {operation['op']!r} is not played")
    return document


def _matches(query: Json, document: Json) -> bool:
    """Whether a search document answers to the few clauses of the search language that the framework uses."""
    ((clause, about),) = query.items()
    if clause == "bool":
        return (
            all(_matches(part, document) for part in about.get("must", []) + about.get("filter", []))
            and (not about.get("should") or any(_matches(part, document) for part in about["should"]))
            and not any(_matches(part, document) for part in _as_list(about.get("must_not")))
        )
    if clause == "exists":
        return _inside(document, about["field"]) is not None
    if clause == "ids":
        return document["id"] in about["values"]
    if clause in ("term", "terms"):
        ((path, wanted),) = about.items()
        wanted = wanted.get("value") if isinstance(wanted, dict) else wanted
        # An index knows whether an entity was deleted; what is deleted here is gone.
        found = False if path == "deleted" else _inside(document, path)
        return found in _as_list(wanted)
    return False


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _inside(document: Any, path: str) -> Any:
    for key in path.removesuffix(".keyword").split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _fault(error: ValidationError, at: str) -> str:
    """`pointer: message` of the deepest cause, since an optional field is always a choice with null."""
    cause = best_match([error]) or error
    pointer = "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in cause.absolute_path)
    return f"{at + pointer or '/'}: {' '.join(cause.message.split())[:400]}"


@dataclass
class RecordingServer:
    """A small OpenMetadata on 127.0.0.1, alive inside a `with` block.

    `schemas` is the file that `export_api_schemas` wrote; `definitions` maps a service type
    (`MyDb`) to its test-connection definition; `connections` are what a contribution adds to the
    schemas. Both `requests` and `faults` grow in the order of arrival and can be read while and
    after the block.
    """

    schemas: Path
    definitions: Mapping[str, Json] = field(default_factory=dict)
    connections: Sequence[Connection] = ()
    requests: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        exported = json.loads(self.schemas.read_text(encoding="utf-8"))
        for connection in self.connections:
            add_connection(exported, connection)
        self.version: str = exported["version"]
        self.store = Store(exported["collections"])
        self._created: dict[str, dict[str, Json]] = {}
        self._edges: dict[tuple[str, str], Json] = {}
        # by the full name of the pipeline and the time of its run
        self._statuses: dict[str, dict[int, Json]] = {}
        # by the id of the entity, the counts of its days
        self._usage: dict[str, dict[str, int]] = {}
        # of ingestion pipelines, by their full names and the ids of the runs
        self._runs: dict[str, dict[str, Json]] = {}
        self._schemas: dict[str, Json] = {
            **{f"{route} create": entry["create"] for route, entry in exported["collections"].items()},
            **{f"{route} entity": entry["entity"] for route, entry in exported["collections"].items()},
            **exported["bodies"],
            "patch": JSON_PATCH,
        }
        self._validators: dict[str, Draft202012Validator] = {}
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        for name, definition in self.definitions.items():
            route = "/services/testConnectionDefinitions"
            fqn = f"{name}.testConnectionDefinition"
            # The server names a definition by its service type, whatever the file calls it.
            self.store.entities[route][fqn] = {
                **definition,
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{route}/{fqn}")),
                "name": name,
                "fullyQualifiedName": fqn,
            }

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self) -> str:
        """The `hostPort` of the workflow's server configuration. RuntimeError outside of the `with` block."""
        if self._server is None:
            raise RuntimeError("the server runs only inside its `with` block")
        return f"http://127.0.0.1:{self._server.server_address[1]}/api"

    def forget(self) -> None:
        """Start the record anew: no requests, no faults. The entities stay."""
        self.requests.clear()
        self.faults.clear()

    @property
    def writes(self) -> list[str]:
        """The paths of the requests that would have changed something, in order of arrival."""
        return [request.path for request in self.requests if request.method in ("PUT", "POST", "PATCH")]

    def created(self, collection: str) -> list[Json]:
        """The accepted create requests of a collection (`tables`, `services/databaseServices`) as they were
        sent, bulk ones singly, in order of first arrival; a later one of the same entity replaces the earlier."""
        return list(self._created.get("/" + collection.strip("/"), {}).values())

    def entities(self, collection: str) -> list[Json]:
        """A collection as it stands now, patches applied and deletions gone, in order of first arrival.

        Foreign keys to tables of the same run show only here: the framework adds them by PATCH.
        """
        return list(self.store.entities["/" + collection.strip("/")].values())

    def edges(self) -> list[tuple[str, str, Json]]:
        """The lineage that was sent: (fully qualified name from, to, lineage details)."""
        return [(upstream, downstream, details) for (upstream, downstream), details in self._edges.items()]

    def column_edges(self) -> dict[tuple[str, str], set[tuple[str, str]]]:
        """The same lineage by its two ends, with the pairs of columns, each named below its table."""
        return {
            (upstream, downstream): {
                (origin.removeprefix(f"{upstream}."), pair["toColumn"].removeprefix(f"{downstream}."))
                for pair in details.get("columnsLineage") or []
                for origin in pair["fromColumns"]
            }
            for upstream, downstream, details in self.edges()
        }

    def put(self, path: str, **body: Any) -> None:
        """Bring something in as another connector would, at a path below /v1. AssertionError where it is refused."""
        assert self.handle("PUT", f"/api/v1/{path}", json.dumps(body).encode()).status == 200

    def know_tables(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Bring tables in, and what they are in: by full name of four parts, the types of their columns by name."""
        for name, columns in tables.items():
            service, database, schema, table = name.split(".")
            self.put("services/databaseServices", name=service, serviceType="Postgres")
            self.put("databases", name=database, service=service)
            self.put("databaseSchemas", name=schema, database=f"{service}.{database}")
            typed = [{"name": column, "dataType": kind, "dataLength": 1} for column, kind in columns.items()]
            self.put("tables", name=table, databaseSchema=f"{service}.{database}.{schema}", columns=typed)

    def statuses(self, pipeline: str) -> list[Json]:
        """The runs that were sent of a pipeline, by its full name; a later one of the same time replaces it."""
        return list(self._statuses.get(pipeline, {}).values())

    def usage(self) -> dict[str, dict[str, int]]:
        """What was counted, by fully qualified name and day."""
        return {str((self.store.find(key) or {}).get("fullyQualifiedName")): days for key, days in self._usage.items()}

    def handle(self, method: str, target: str, payload: bytes) -> _Answer:
        """Answer one request and record it. Never raises: a defect in here is a fault and a 500."""
        parts = urlsplit(target)
        # Paths keep their quoting until they are split: a name may hold a slash.
        path = parts.path.removeprefix("/api")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._lock:
            body: Any = None
            try:
                body = json.loads(payload) if payload else None
                answer = self._route(method, path.removeprefix("/v1"), query, body)
            except json.JSONDecodeError as error:
                answer = self._refuse(method, path, 400, [f"/: not JSON: {error}"])
            # what the client did must show as a fault, not as a dropped connection
            except Exception as error:
                answer = self._refuse(method, path, 500, [f"/: the stand-in failed: {error!r}"])
            self.requests.append(Request(method, unquote(path), query, body, answer.status))
        return answer

    def _refuse(self, method: str, path: str, status: int, faults: Iterable[str]) -> _Answer:
        lines = [f"{method} {unquote(path)}: {fault}" for fault in faults]
        self.faults.extend(lines)
        return _no(status, "; ".join(lines))

    def _errors(self, schema: str, body: Any, at: str = "") -> list[str]:
        """What the schema has against a body that stands at the pointer `at` of what was sent."""
        if schema not in self._validators:
            checker = Draft202012Validator.FORMAT_CHECKER
            self._validators[schema] = Draft202012Validator(self._schemas[schema], format_checker=checker)
        return [_fault(error, at) for error in self._validators[schema].iter_errors(body)]

    def _route(self, method: str, path: str, query: dict[str, str], body: Any) -> _Answer:
        if method == "GET":
            return self._get(path, query)
        for wanted, pattern, model in BODIES:
            if method == wanted and re.fullmatch(pattern, path):
                if errors := self._errors(model, body):
                    return self._refuse(method, f"/v1{path}", 400, errors)
                return self._accept(method, path, body)
        if path.startswith("/lineage/") and method == "PATCH":
            return self._patch_lineage(path, body)
        if path.startswith("/lineage/") and method == "DELETE":
            return self._delete_lineage(path)
        found = self.store.route_of(path)
        if found and method == "PATCH":
            return self._patch(path, found, body)
        if found and method == "DELETE":
            entity = self._entity(*found)
            if entity is None:
                return _no(404, f"{found[1]} not found")
            self.deleted += self.store.remove(entity)
            return _Answer(200, entity)
        if path.startswith("/usage/compute.percentile/") and method == "POST":
            # Asks for a computation, and sends nothing.
            return _Answer(200, {})
        if found and method in ("PUT", "POST"):
            route, rest = found
            if self._schemas[f"{route} create"] and rest in ("", "bulk", "executable"):
                return self._bulk(route, body) if rest == "bulk" else self._create(method, route, body)
            if rest == "restore" and (entity := self.store.find(str((body or {}).get("id")))):
                return _Answer(200, entity)
        return self._refuse(method, f"/v1{path}", 404, [f"no API schema known for {method} /v1{unquote(path)}"])

    def _entity(self, route: str, rest: str) -> Json | None:
        """What `name/{fqn}...` or `{id}...` below a collection means."""
        kept = [unquote(part) for part in rest.split("/")]
        identity = kept[1] if kept[0] in ("name", "async") and len(kept) > 1 else kept[0]
        # A result is of a test case, and no entity itself.
        about = self.store.collections[route.removesuffix("/testCaseResults")]
        return self.store.find(identity, about["type"])

    def _create(self, method: str, route: str, body: Any, item: int | None = None) -> _Answer:
        """Take one create request; `item` is its place in a bulk body."""
        path, pointer = (f"/v1{route}", "") if item is None else (f"/v1{route}/bulk", f"/{item}")
        if errors := self._errors(f"{route} create", body, pointer):
            return self._refuse(method, path, 400, errors)
        entity = self.store.add(route, body)
        if isinstance(entity, str):
            fault = f"{pointer}/{entity}: nothing named {body[entity]!r} was sent before"
            return self._refuse(method, path, 404, [fault])
        self._created.setdefault(route, {})[entity["fullyQualifiedName"]] = body
        return _Answer(200, entity)

    def _bulk(self, route: str, body: Any) -> _Answer:
        if not isinstance(body, list):
            return self._refuse("PUT", f"/v1{route}/bulk", 400, ["/: a list is expected"])
        answers = [(item, self._create("PUT", route, item, place)) for place, item in enumerate(body)]
        good = [
            {"request": answer.body["fullyQualifiedName"], "status": 200}
            for _, answer in answers
            if answer.status == 200
        ]
        bad = [
            {"request": str(item.get("name")) if isinstance(item, dict) else None, "status": answer.status}
            | {"message": answer.body["message"]}
            for item, answer in answers
            if answer.status != 200
        ]
        status = "success" if not bad else "partialSuccess" if good else "failure"
        return _Answer(200, _bulk_result(status, good, bad))

    def _patch(self, path: str, found: tuple[str, str], body: Any) -> _Answer:
        if errors := self._errors("patch", body):
            return self._refuse("PATCH", f"/v1{path}", 400, errors)
        entity = self._entity(*found)
        if entity is None:
            return _no(404, f"{found[1]} not found")
        try:
            changed = _patched(entity, body)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            return self._refuse("PATCH", f"/v1{path}", 400, [f"/: the patch does not fit: {error!r}"])
        if errors := self._errors(f"{found[0]} entity", changed):
            return self._refuse("PATCH", f"/v1{path}", 400, errors)
        self.store.entities[found[0]][entity["fullyQualifiedName"]] = changed
        return _Answer(200, changed)

    def _accept(self, method: str, path: str, body: Any) -> _Answer:
        """Answer a valid body that creates no entity."""
        found = self.store.route_of(path)
        if found and found[1] == "deleteStale":
            return self._delete_stale(found[0], body)
        if path.startswith("/lineage"):
            return self._lineage(method, path, body)
        if path.startswith("/usage"):
            return self._count(method, path, body)
        if path.endswith("/pipelineStatus"):
            # of a run, which is told again when it ends
            runs = self._runs.setdefault(unquote(path.split("/")[-2]), {})
            runs[body.get("runId", "")] = body
        entity = self._entity(*found) if found else None
        if found and found[0] != "/services/ingestionPipelines" and entity is None:
            return self._refuse(method, f"/v1{path}", 404, ["/: no such entity was sent before"])
        if entity and path.endswith("/sampleData"):
            # Shown in the answer, and by no other look-up.
            return _Answer(200, entity | {"sampleData": body})
        if found and entity and found[0] == "/pipelines" and found[1].rpartition("/")[2] in ("status", "bulk"):
            return self._status(method, path, entity, body if isinstance(body, list) else [body])
        return _Answer(200, entity or {})

    def _status(self, method: str, path: str, pipeline: Json, statuses: list[Json]) -> _Answer:
        """Keep the runs of a pipeline. The server looks up each task that a run names."""
        tasks = {task["name"] for task in pipeline.get("tasks") or []}
        named = [(place, task["name"]) for place, one in enumerate(statuses) for task in one.get("taskStatus") or []]
        if strange := [f"/{place}: the pipeline has no task {name!r}" for place, name in named if name not in tasks]:
            return self._refuse(method, f"/v1{path}", 400, strange)
        kept = self._statuses.setdefault(pipeline["fullyQualifiedName"], {})
        kept |= {one["timestamp"]: one for one in statuses}
        return _Answer(200, pipeline)

    def _delete_stale(self, route: str, body: Json) -> _Answer:
        seen = set(body["seenFqns"])
        stale = [
            entity
            for fqn, entity in list(self.store.entities[route].items())
            if fqn.startswith(body["scopeFqn"] + ".") and fqn not in seen
        ]
        for entity in stale:
            self.deleted += self.store.remove(entity)
        return _Answer(200, _bulk_result("success", [{"request": one["fullyQualifiedName"]} for one in stale], []))

    def _count(self, method: str, path: str, body: Json) -> _Answer:
        """Add to the usage of a day; POST replaces it."""
        entity_type, identity = [unquote(part) for part in path.split("/")[2:]]
        entity = self.store.find(identity, entity_type)
        if entity is None:
            return self._refuse(method, f"/v1{path}", 404, ["/: no such entity was sent before"])
        days = self._usage.setdefault(entity["id"], {})
        days[body["date"]] = body["count"] + (days.get(body["date"], 0) if method == "PUT" else 0)
        return _Answer(200, self._shown(entity, {"fields": "usageSummary"}))

    def _shown(self, entity: Json, query: dict[str, str]) -> Json:
        """An entity with what is shown only when it is asked for: the usage up to its last day."""
        days = self._usage.get(entity["id"])
        if not days or "usageSummary" not in query.get("fields", "").split(","):
            return entity
        last = date.fromisoformat(max(days))
        summary: Json = {"date": last.isoformat()}
        for name, length in (("dailyStats", 1), ("weeklyStats", 7), ("monthlyStats", 30)):
            counted = [count for day, count in days.items() if (last - date.fromisoformat(day)).days < length]
            summary[name] = {"count": sum(counted), "percentileRank": 0.0}
        return entity | {"usageSummary": summary}

    def _ends(self, parts: list[str]) -> list[tuple[str, str]]:
        """The types and names of entities in a path, as in `table/name/{fqn}/chart/{id}`."""
        rest = [part for part in parts if part != "name"]
        return list(zip(rest[::2], rest[1::2], strict=True))

    def _patch_lineage(self, path: str, body: Any) -> _Answer:
        entities = [self.store.find(name, kind) for kind, name in self._ends([*map(unquote, path.split("/")[2:])])]
        key = tuple(entity["fullyQualifiedName"] for entity in entities if entity)
        if len(key) != 2 or key not in self._edges:
            return _no(404, f"no edge at {path}")
        errors = self._errors("patch", body)
        if not errors:
            try:
                # The client takes an edge without columns for one with an empty list of them.
                changed = _patched({"columnsLineage": [], **self._edges[key]}, body)
            except (KeyError, IndexError, ValueError, TypeError) as error:
                errors = [f"/: the patch does not fit: {error!r}"]
            else:
                errors = self._errors("type.entityLineage:LineageDetails", changed)
        if errors:
            return self._refuse("PATCH", f"/v1{path}", 400, errors)
        self._edges[key] = changed
        return _Answer(200, changed)

    def _delete_lineage(self, path: str) -> _Answer:
        """Forget the edges of one source into an entity, and of a pipeline those that it is said to have made."""
        # Entities have another path by their names than by their ids.
        *target, word, source = map(unquote, path.replace("/lineage/source/", "/lineage/", 1).split("/")[2:])
        ends = [self.store.find(name, kind) for kind, name in self._ends(target)]
        if word != "type" or len(ends) != 1 or ends[0] is None:
            return self._refuse("DELETE", f"/v1{path}", 404, ["/: no such entity was sent before"])
        name, identity = ends[0]["fullyQualifiedName"], ends[0]["id"]
        gone = [
            key
            for key, details in self._edges.items()
            if details.get("source") == source
            and (key[1] == name or (details.get("pipeline") or {}).get("id") == identity)
        ]
        for key in gone:
            del self._edges[key]
        return _Answer(200, {})

    def _lineage(self, method: str, path: str, body: Json) -> _Answer:
        if path == "/lineage":
            ends = [body["edge"][side] for side in ("fromEntity", "toEntity")]
            details = body["edge"].get("lineageDetails") or {}
        else:
            parts = [unquote(part) for part in path.split("/")[2:]]
            ends = [{"type": parts[0], "id": parts[2]}, {"type": parts[3], "id": parts[5]}]
            details = body
        entities = [self.store.find(end["id"], end["type"]) for end in ends]
        for side, entity in zip(("fromEntity", "toEntity"), entities, strict=True):
            if entity is None:
                return self._refuse(method, f"/v1{path}", 404, [f"/edge/{side}: no such entity was sent before"])
        upstream, downstream = (entity["fullyQualifiedName"] for entity in entities if entity)
        self._edges[upstream, downstream] = details
        return _Answer(200, {})

    def _get(self, path: str, query: dict[str, str]) -> _Answer:
        if path == "/system/version":
            return _Answer(200, {"version": self.version, "revision": "stand-in", "timestamp": 0})
        if path == "/system/settings/profilerConfiguration":
            # as on a new server: no metric is switched off
            return _Answer(200, {"config_type": "profilerConfiguration", "config_value": {"metricConfiguration": []}})
        if path.startswith("/search/"):
            return self._search(path, query)
        if path.startswith("/lineage/"):
            return self._get_lineage(path)
        if told := re.fullmatch(r"/services/ingestionPipelines/([^/]+)/pipelineStatus(?:/([^/]+))?", path):
            runs = self._runs.get(unquote(told[1]), {})
            if told[2]:
                return _Answer(200, runs.get(told[2], {}))
            first, last = int(query["startTs"]), int(query["endTs"])
            return _Answer(200, {"data": [run for run in runs.values() if first <= run.get("startDate", 0) <= last]})
        found = self.store.route_of(path)
        if found is None:
            return _no(404, f"nothing at {path}")
        if found[1] == "":
            return self._list(found[0], query)
        entity = self._entity(*found)
        if entity is None:
            return _no(404, f"{self.store.collections[found[0]]['type']} instance for {unquote(found[1])} not found")
        return _Answer(200, self._shown(entity, query))

    def _list(self, route: str, query: dict[str, str]) -> _Answer:
        """One page of a collection. `after` is the position that the page before ended at."""
        scopes = [query[key] for key in PARENT_FIELDS if key in query]
        entities = [
            entity
            for fqn, entity in sorted(self.store.entities[route].items())
            if all(fqn.startswith(scope + ".") for scope in scopes) and query.get("include") != "deleted"
        ]
        if route == "/tables" and (pattern := query.get("tableRegex")):
            wanted = query.get("regexMode") == "include"
            entities = [entity for entity in entities if bool(re.search(pattern, entity["name"])) == wanted]
        start, size = int(query.get("after") or 0), int(query.get("limit") or 10)
        paging: Json = {"total": len(entities)}
        if start + size < len(entities):
            paging["after"] = str(start + size)
        shown = [self._shown(entity, query) for entity in entities[start : start + size]]
        return _Answer(200, {"data": shown, "paging": paging})

    def _search(self, path: str, query: dict[str, str]) -> _Answer:
        """Search by a field with wildcards, or by a filter of the few clauses that the framework sends."""
        index = query.get("index", "").removesuffix("_search_index").replace("_", "")
        documents = [
            entity
            for route, entity in self.store.all()
            if (self.store.collections[route]["type"] or "").lower() == index
        ]
        if path == "/search/fieldQuery":
            wanted = query.get("fieldValue", "").lower()
            name = query.get("fieldName", "")
            documents = [one for one in documents if fnmatch.fnmatchcase(str(_inside(one, name)).lower(), wanted)]
        elif ".keyword:" in query.get("q", ""):  # as a whole
            name, _, value = query["q"].partition(":")
            documents = [one for one in documents if _inside(one, name) == value]
        elif filtered := query.get("query_filter"):
            documents = [one for one in documents if _matches(json.loads(filtered)["query"], one)]
        documents.sort(key=lambda one: one["fullyQualifiedName"])
        if after := query.get("search_after"):
            documents = [one for one in documents if one["fullyQualifiedName"] > after]
        hits = [
            {"_index": index, "_id": one["id"], "_source": one, "_score": 1.0, "sort": [one["fullyQualifiedName"]]}
            for one in documents[: int(query.get("size") or 10)]
        ]
        return _Answer(200, {"hits": {"total": {"relation": "eq", "value": len(documents)}, "hits": hits}})

    def _get_lineage(self, path: str) -> _Answer:
        parts = [unquote(part) for part in path.split("/")[2:]]
        edge = parts[0] == "getLineageEdge"
        # `table/name/fqn`, `table/id` and, of an edge, two of them or two bare ids
        names = [part for part in parts[edge:] if part != "name" and part not in self._types()]
        entities = [self.store.find(name) for name in names]
        if not entities or None in entities:
            return _no(404, "lineage of an unknown entity")
        fqns = [entity["fullyQualifiedName"] for entity in entities if entity]
        if edge:
            details = self._edges.get((fqns[0], fqns[-1]))
            return _Answer(200, {"edge": details}) if details is not None else _no(404, "no such edge")
        entity = self.store.reference(entities[0] or {})
        upstream = [one for one in self._edges if one[1] == fqns[0]]
        downstream = [one for one in self._edges if one[0] == fqns[0]]
        return _Answer(
            200,
            {
                "entity": entity,
                "nodes": [
                    self.store.reference(self.store.find(name) or {})
                    for name in [one[0] for one in upstream] + [one[1] for one in downstream]
                ],
                "upstreamEdges": [self._edge(*one) for one in upstream],
                "downstreamEdges": [self._edge(*one) for one in downstream],
            },
        )

    def _edge(self, upstream: str, downstream: str) -> Json:
        ends = [self.store.find(upstream) or {}, self.store.find(downstream) or {}]
        return {
            "fromEntity": ends[0].get("id"),
            "toEntity": ends[1].get("id"),
            "lineageDetails": self._edges[upstream, downstream],
        }

    def _types(self) -> set[str]:
        return {entry["type"] for entry in self.store.collections.values() if entry["type"]}


def _bulk_result(status: str, good: list[Json], bad: list[Json]) -> Json:
    return {
        "status": status,
        "numberOfRowsProcessed": len(good) + len(bad),
        "numberOfRowsPassed": len(good),
        "numberOfRowsFailed": len(bad),
        "successRequest": good,
        "failedRequest": bad,
    }


class _Handler(BaseHTTPRequestHandler):
    owner: RecordingServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

    def _serve(self) -> None:
        payload = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.owner.handle(self.command, self.path, payload)
        content = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are in the record."""


@dataclass(frozen=True)
class IngestRun:
    """What a run of the `metadata` command left: its exit code, both output streams as text, seconds."""

    returncode: int
    output: str
    seconds: float


def workflow(server: RecordingServer, source: Json, *, level: str = "INFO", **more: Any) -> Json:
    """The whole workflow around a `source`, sent to `server`. `more` adds or replaces top-level parts."""
    return {
        "source": source,
        "sink": {"type": "metadata-rest", "config": {}},
        "workflowConfig": {
            "loggerLevel": level,
            "openMetadataServerConfig": {
                "hostPort": server.url,
                "authProvider": "openmetadata",
                "securityConfig": {"jwtToken": "not-a-token"},
            },
        },
        **more,
    }


# What the console script `metadata` does.
COMMAND = "import sys; from metadata.cmd import metadata; sys.exit(metadata(sys.argv[1:]))"


def ingest(
    framework_python: Path,
    config: Json | Path,
    *,
    command: str = "ingest",
    env: Mapping[str, str] | None = None,
    pythonpath: Sequence[Path] = (),
    timeout: int = 180,
    warm: Warm | None = None,
) -> IngestRun:
    """Run `metadata {command} -c config` of the framework's environment and return what came of it.

    A `warm` interpreter of that environment saves the seconds of its imports. `env` is added to this process's
    environment, `pythonpath` put in front of PYTHONPATH. Raises TimeoutError, with the end of the output, if the run
    takes more than `timeout` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="ingest-") as home:
        path = config if isinstance(config, Path) else Path(home, "workflow.yaml")
        if isinstance(config, dict):
            # JSON is YAML, and needs no library here.
            path.write_text(json.dumps(config, indent=2, ensure_ascii=False), encoding="utf-8")
        started = time.monotonic()
        if warm:
            done = warm.run(
                *(COMMAND, command, "-c", str(path)),
                pythonpath=pythonpath,
                cwd=Path(home),
                timeout=timeout,
                env=env,
                together=True,
            )
            if done.returncode == -signal.SIGALRM:
                raise TimeoutError(f"metadata {command} took more than {timeout} s:\n{done.stdout[-4000:]}")
            return IngestRun(done.returncode, done.stdout, time.monotonic() - started)
        process = subprocess.Popen(
            [str(framework_python.parent / "metadata"), command, "-c", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=home,
            env=environment(pythonpath, **(env or {})),
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            # the command may have children of its own
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            raise TimeoutError(f"metadata {command} took more than {timeout} s:\n{output[-4000:]}") from None
        return IngestRun(process.returncode, output, time.monotonic() - started)
