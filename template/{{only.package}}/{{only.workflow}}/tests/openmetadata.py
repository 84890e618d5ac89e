"""A stand-in for OpenMetadata: takes what an ingestion sends, refuses what is wrong, and answers it back.

What is right is known from the framework: its create requests, its paths, and what its entities refer to.
"""

from __future__ import annotations

import fnmatch
import json
import re
import typing
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

import jsonpatch
from metadata.__version__ import get_client_version
from metadata.generated.schema.api.lineage.addLineage import AddLineageRequest
from metadata.generated.schema.type.entityLineage import LineageDetails
from metadata.generated.schema.type.entityReference import EntityReference
from metadata.generated.schema.type.entityReferenceList import EntityReferenceList
from metadata.ingestion.ometa import routes
from metadata.ingestion.ometa.utils import get_entity_type
from pydantic import BaseModel, ValidationError
from typing_extensions import Self

Json = dict[str, Any]

# The field of a create request that names what the entity stands in, the innermost first.
PARENTS = (
    "databaseSchema",
    "database",
    "apiCollection",
    "spreadsheet",
    "directory",
    "parent",
    "classification",
    "service",
)

# The framework's models have no look-ahead, so they let a name pass that the server refuses.
SEPARATOR = "::"


# A search for the value of one field.
QUERY = re.compile(r"([\w.]+):(\S+)")


class Refusal(Exception):
    """A request that the server would not take: the status of its answer, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Collection:
    """The entities below one path, by their fully qualified names."""

    def __init__(self, route: str) -> None:
        self.route = route
        self.type = ""
        self.request: type[BaseModel] | None = None
        self.model: type[BaseModel] | None = None
        self.references: set[str] = set()
        self.fields: set[str] = set()
        self.entities: dict[str, Json] = {}
        # The names of the entities by their ids.
        self.names: dict[str, str] = {}


class OpenMetadataServer(ThreadingHTTPServer):
    """Listens on loopback inside a `with` block. `refused` has what was sent and is wrong, a line for each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.collections = collections()
        self.edges: dict[tuple[str, str], Json] = {}
        # What was sent of an entity beside itself, such as samples and runs, by its path.
        self.beside: dict[str, Any] = {}
        self.deleted: list[str] = []
        self.refused: list[str] = []
        # Every body as it came in.
        self.bodies: list[bytes] = []
        self._lock = Lock()

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        """The `hostPort` for a workflow."""
        return f"http://127.0.0.1:{self.server_port}/api"

    def know(self, table: str) -> None:
        """Have a table, and what it is in, as if another connector had brought it: service, database, schema and name."""
        service, database, schema, name = table.split(".")
        for route, body in {
            "/services/databaseServices": {"name": service, "serviceType": "Postgres"},
            "/databases": {"name": database, "service": service},
            "/databaseSchemas": {"name": schema, "database": f"{service}.{database}"},
            "/tables": {
                "name": name,
                "databaseSchema": f"{service}.{database}.{schema}",
                "columns": [{"name": "id", "dataType": "INT"}],
            },
        }.items():
            self.put(route, body)

    def put(self, route: str, body: Json) -> None:
        """Have what a create request makes, as if another had sent it."""
        self._put(route, body)

    def sent(self, request: str) -> list[str]:
        """The names of the entities that were made by a kind of create request, sorted."""
        return sorted(
            entity["name"]
            for collection in self.collections.values()
            if collection.request and collection.request.__name__ == request
            for entity in collection.entities.values()
        )

    def arrived(self, request: str) -> dict[str, Json]:
        """The entities of a kind of create request by full names, each with what was sent beside it."""
        (collection,) = [one for one in self.collections.values() if one.request and one.request.__name__ == request]
        found = {name: dict(entity) for name, entity in collection.entities.items()}
        for path, body in self.beside.items():
            if path.startswith(f"{collection.route}/"):
                identity, _, field = path.removeprefix(f"{collection.route}/").rpartition("/")
                name = collection.names.get(identity, identity)
                if name in found:
                    found[name][field] = list(body.values()) if field == "status" else body
        return found

    def state(self) -> Json:
        """All that the server holds, by name, but for the digests by which the framework knows requests again."""
        entities = {entity["fullyQualifiedName"]: entity | {"sourceHash": None} for entity in self.all()}
        edges = {" → ".join(ends): details for ends, details in self.edges.items()}
        return json.loads(json.dumps(entities | edges | self.beside, sort_keys=True))

    def all(self) -> Iterator[Json]:
        for collection in self.collections.values():
            yield from collection.entities.values()

    def find(self, identity: str, kind: str = "") -> Json | None:
        """The entity of an id or a fully qualified name; of one kind, if one is given."""
        for collection in self.collections.values():
            name = collection.names.get(identity, identity)
            if kind in ("", collection.type) and name in collection.entities:
                return collection.entities[name]
        return None

    def answer(self, method: str, target: str, payload: bytes) -> tuple[int, Any]:
        """The status and the body of an answer."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/api/v1")
        with self._lock:
            self.bodies.append(payload)
            try:
                if method == "GET":
                    return 200, self._get(path, dict(parse_qsl(parts.query)))
                body = json.loads(payload) if payload else {}
                return 200, getattr(self, f"_{method.lower()}")(path, body)
            except (Refusal, ValidationError) as error:
                status = getattr(error, "status", 400)
                reason = " ".join(str(error).split())
                if method != "GET":
                    self.refused.append(f"{method} {path}: {reason}")
                return status, {"code": status, "message": reason}

    def _get(self, path: str, query: dict[str, str]) -> Any:
        if path == "/system/version":
            return {"version": get_client_version(), "revision": "stand-in", "timestamp": 0}
        if path == "/system/settings/profilerConfiguration":
            # As on a new server: no metric is switched off.
            return {"config_type": "profilerConfiguration", "config_value": {"metricConfiguration": []}}
        if path.startswith("/search/"):
            return self._search(query)
        collection, rest = self._collection(path)
        if "/pipelineStatus" in rest:
            # No run is known, so each is the first: neither one of them, nor a list of all.
            return {"data": []} if rest.endswith("/pipelineStatus") else {}
        if rest:
            return self._entity(collection, rest)
        scopes = [query[name] for name in PARENTS if name in query]
        found = [
            entity
            for name, entity in collection.entities.items()
            if all(name.startswith(f"{scope}.") for scope in scopes) and query.get("include") != "deleted"
        ]
        start, size = int(query.get("after") or 0), int(query.get("limit") or 10)
        paging = {"total": len(found)} | ({"after": str(start + size)} if start + size < len(found) else {})
        return {"data": found[start : start + size], "paging": paging}

    def _search(self, query: dict[str, str]) -> Json:
        """Entities by a field, with wildcards; any other search finds nothing."""
        kind = query.get("index", "").removesuffix("_search_index").replace("_", "")
        asked = QUERY.fullmatch(query.get("q", "")) or ("", query.get("fieldName", ""), query.get("fieldValue", ""))
        name, wanted = asked[1], asked[2].lower()
        found = [
            entity
            for collection in self.collections.values()
            if collection.type.lower() == kind
            for entity in collection.entities.values()
            if fnmatch.fnmatchcase(str(entity.get(name.removesuffix(".keyword"))).lower(), wanted)
        ]
        hits = [
            {"_index": kind, "_id": entity["id"], "_source": entity, "_score": 1.0, "sort": [entity["id"]]}
            for entity in found
        ]
        return {"hits": {"total": {"value": len(hits), "relation": "eq"}, "hits": hits}}

    def _put(self, path: str, body: Any) -> Any:
        if path == "/lineage":
            AddLineageRequest.model_validate(body)
            ends = [(body["edge"][side]["type"], body["edge"][side]["id"]) for side in ("fromEntity", "toEntity")]
            return self._add_edge(ends, body["edge"].get("lineageDetails") or {})
        if path.startswith("/lineage/"):
            LineageDetails.model_validate(body)
            kind, _, name, other, _, target = map(unquote, path.split("/")[2:])
            return self._add_edge([(kind, name), (other, target)], body)
        if path.startswith("/usage/"):
            self.beside[path] = body
            return self.find(path.split("/")[3]) or {}
        collection, rest = self._collection(path)
        if rest == "bulk":
            return self._add_all(collection, body)
        if not rest and collection.request:
            return self._add(collection, body)
        if collection.route == "/services/ingestionPipelines":
            # What is said of the run itself is no part of what was read.
            return {}
        if rest.endswith("/status"):
            # One of several runs, by its time.
            self.beside.setdefault(unquote(path), {})[str(body["timestamp"])] = body
        else:
            self.beside[unquote(path)] = body
        # What was sent is shown in the answer, by the last part of the path, where the entity has a field of that name.
        shown = {key: value for key, value in {rest.rpartition("/")[2]: body}.items() if key in collection.fields}
        return valid(collection, self._entity(collection, rest) | shown) if rest else {}

    _post = _put

    def _patch(self, path: str, body: Any) -> Any:
        if path.startswith("/lineage/"):
            return {}
        collection, rest = self._collection(path)
        entity = self._entity(collection, rest)
        changed = valid(collection, jsonpatch.apply_patch(entity, body))
        collection.entities[entity["fullyQualifiedName"]] = changed
        return changed

    def _delete(self, path: str, body: Any) -> Any:
        if path.startswith("/lineage/"):
            return {}
        collection, rest = self._collection(path)
        if rest == "deleteStale":
            return self._delete_stale(collection, body)
        entity = self._entity(collection, rest)
        self._remove(entity)
        return entity

    def _collection(self, path: str) -> tuple[Collection, str]:
        """The collection that a path is in, and the rest of the path."""
        parts = path.strip("/").split("/")
        for length in range(len(parts), 0, -1):
            route = "/" + "/".join(parts[:length])
            if route in self.collections:
                return self.collections[route], "/".join(parts[length:])
        raise Refusal(404, "there is no such path")

    def _entity(self, collection: Collection, rest: str) -> Json:
        """What `name/NAME` or an id below a collection means."""
        parts = [unquote(part) for part in rest.split("/")]
        identity = parts[1] if parts[0] in ("name", "async") and len(parts) > 1 else parts[0]
        entity = self.find(identity, collection.type)
        if entity is None:
            raise Refusal(404, f"{collection.type} {identity} was not sent before")
        return entity

    def _add(self, collection: Collection, body: Json) -> Json:
        assert collection.request is not None
        collection.request.model_validate(body)
        name = str(body.get("name") or uuid5(NAMESPACE_URL, json.dumps(body, sort_keys=True)))
        if SEPARATOR in name:
            raise Refusal(400, f"name: {name!r} holds {SEPARATOR}")
        parent = self._parent(body)
        above = [parent["fullyQualifiedName"]] if parent else []
        if collection.type == "dashboardDataModel":
            above.append("model")
        full = ".".join([*above, quoted(name)])
        entity = {
            key: self._referred(collection, key, value) for key, value in body.items() if key in collection.fields
        }
        # A table has the database and the service of its schema, although its request names neither.
        inherited = {"database", "service", "serviceType"} & collection.fields - entity.keys()
        entity |= {key: parent[key] for key in inherited if parent and key in parent}
        entity |= {"id": str(uuid5(NAMESPACE_URL, f"{collection.route}/{full}")), "name": name}
        entity["fullyQualifiedName"] = full
        before = collection.entities.get(full, {})
        if "columns" in entity:
            known = {column["name"]: column for column in before.get("columns", [])}
            columns = named_below(entity["columns"], full)
            entity["columns"] = [known.get(column["name"], {}) | column for column in columns]
        # What a request leaves out stays as it was.
        collection.entities[full] = entity = valid(collection, before | entity)
        collection.names[entity["id"]] = full
        return entity

    def _add_all(self, collection: Collection, bodies: list[Json]) -> Json:
        good: list[Json] = []
        bad: list[Json] = []
        for body in bodies:
            try:
                good.append({"request": self._add(collection, body)["fullyQualifiedName"], "status": 200})
            except (Refusal, ValidationError) as error:
                reason = " ".join(str(error).split())
                self.refused.append(f"PUT {collection.route}: {reason}")
                bad.append({"request": body.get("name"), "status": 400, "message": reason})
        return bulk_result(good, bad)

    def _add_edge(self, ends: list[tuple[str, str]], details: Json) -> Json:
        """Keep an edge between two entities, each given by its kind and its id or name."""
        entities = [self.find(identity, kind) for kind, identity in ends]
        origin, target = (entity["fullyQualifiedName"] if entity else "" for entity in entities)
        if not origin or not target:
            raise Refusal(404, "an edge has an end that was not sent before")
        if origin == target:
            raise Refusal(400, f"an edge leads from {origin} to itself")
        known = {name for entity in entities if entity for name in column_names(entity.get("columns", []))}
        for pair in details.get("columnsLineage") or []:
            for column in {*pair["fromColumns"], pair["toColumn"]} - known:
                raise Refusal(400, f"an edge from {origin} to {target} names {column}, which neither has")
        self.edges[origin, target] = details
        return {}

    def _delete_stale(self, collection: Collection, body: Json) -> Json:
        seen, scope = set(body["seenFqns"]), body["scopeFqn"]
        stale = [
            entity
            for name, entity in list(collection.entities.items())
            if name.startswith(f"{scope}.") and name not in seen
        ]
        for entity in stale:
            self._remove(entity)
        return bulk_result([{"request": entity["fullyQualifiedName"]} for entity in stale], [])

    def _remove(self, entity: Json) -> None:
        prefix = entity["fullyQualifiedName"]
        for collection in self.collections.values():
            for name in [name for name in collection.entities if f"{name}.".startswith(f"{prefix}.")]:
                self.deleted.append(name)
                del collection.entities[name]

    def _parent(self, body: Json) -> Json | None:
        for name in PARENTS:
            value = body.get(name)
            full = value.get("fullyQualifiedName", value.get("id")) if isinstance(value, dict) else value
            if isinstance(full, str):
                if parent := self.find(full):
                    return parent
                raise Refusal(404, f"{name}: {full} was not sent before")
        return None

    def _referred(self, collection: Collection, key: str, value: Any) -> Any:
        """A field of a request as the entity has it: names of others become references to them."""
        if key not in collection.references:
            return value
        if isinstance(value, list):
            return [found for item in value if isinstance(found := self._referred(collection, key, item), dict)]
        if not isinstance(value, str):
            return value
        for other in self.collections.values():
            fits = other.type == key or (key not in PARENTS or key == "parent")
            fits = fits or (key == "service" and other.route.startswith("/services/"))
            if fits and value in other.entities:
                kept = {name: other.entities[value][name] for name in ("id", "name", "fullyQualifiedName")}
                return {"type": other.type} | kept
        return None


class Handler(BaseHTTPRequestHandler):
    server: OpenMetadataServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for an acknowledgement

    def _serve(self) -> None:
        payload = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, body = self.server.answer(self.command, self.path, payload)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: tests read `bodies` and `refused`."""


def valid(collection: Collection, answer: Json) -> Json:
    """An answer as it is. Raises ValidationError where the framework's own model of the entity would refuse it.

    What a server fills in by itself may be missing.
    """
    try:
        if collection.model:
            collection.model.model_validate(answer)
    except ValidationError as error:
        if any(fault["type"] != "missing" for fault in error.errors()):
            raise
    return answer


def collections() -> dict[str, Collection]:
    """The collections of OpenMetadata, by their paths below /api/v1."""
    found: dict[str, Collection] = {}
    for name, route in routes.ROUTES.items():
        model = getattr(routes, name)
        collection = found.setdefault(route, Collection(route))
        if name.startswith("Create"):
            collection.request = model
        elif name != "AddLineageRequest":
            collection.type = get_entity_type(model)
            collection.model = model
            collection.fields = set(model.model_fields)
            collection.references = {key for key, field in model.model_fields.items() if refers(field.annotation)}
    return found


def refers(annotation: Any) -> bool:
    """Whether a field holds references to other entities."""
    if annotation in (EntityReference, EntityReferenceList):
        return True
    return any(refers(part) for part in typing.get_args(annotation))


def quoted(name: str) -> str:
    """A part of a fully qualified name: in quotes where it holds a dot."""
    return f'"{name}"' if "." in name and not re.fullmatch('".*"', name) else name


def named_below(columns: list[Json], parent: str) -> list[Json]:
    """Columns and those in them, with their fully qualified names."""
    named = []
    for column in columns:
        full = f"{parent}.{quoted(column['name'])}"
        children = {"children": named_below(column["children"], full)} if column.get("children") else {}
        named.append(column | {"fullyQualifiedName": full} | children)
    return named


def column_names(columns: list[Json]) -> Iterator[str]:
    for column in columns:
        yield column["fullyQualifiedName"]
        yield from column_names(column.get("children") or [])


def bulk_result(good: list[Json], bad: list[Json]) -> Json:
    return {
        "status": "success" if not bad else "partialSuccess" if good else "failure",
        "numberOfRowsProcessed": len(good) + len(bad),
        "numberOfRowsPassed": len(good),
        "numberOfRowsFailed": len(bad),
        "successRequest": good,
        "failedRequest": bad,
    }
