"""OpenAPI documents for tests: small ones, large ones, and one of Kubernetes as its documentation has its API."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

# The kinds of Kubernetes by their API groups, as its API reference lists them: True for those in a namespace.
KUBERNETES = {
    "/api/v1": {
        **dict.fromkeys(("namespaces", "nodes", "persistentvolumes"), False),
        **dict.fromkeys(("configmaps", "endpoints", "events", "pods", "secrets", "services", "serviceaccounts"), True),
        **dict.fromkeys(("persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "limitranges"), True),
    },
    "/apis/apps/v1": dict.fromkeys(("deployments", "daemonsets", "statefulsets", "replicasets"), True),
    "/apis/batch/v1": dict.fromkeys(("jobs", "cronjobs"), True),
    "/apis/networking.k8s.io/v1": {"ingresses": True, "networkpolicies": True, "ingressclasses": False},
    "/apis/storage.k8s.io/v1": dict.fromkeys(("storageclasses", "volumeattachments", "csidrivers", "csinodes"), False),
    "/apis/rbac.authorization.k8s.io/v1": {"roles": True, "rolebindings": True, "clusterroles": False},
    "/apis/autoscaling/v2": {"horizontalpodautoscalers": True},
}


def operation(schema: Any, *parameters: Json, **more: Any) -> Json:
    """An operation that answers with JSON of a schema."""
    content = {"application/json": {"schema": schema}}
    return {"parameters": list(parameters), "responses": {"200": {"description": "OK", "content": content}}, **more}


def query(name: str, **schema: Any) -> Json:
    return {"name": name, "in": "query", "schema": {"type": "integer", **schema}}


def several(items: Any, name: str = "data", **beside: Any) -> Json:
    """An object with a list of these."""
    return {"type": "object", "properties": {name: {"type": "array", "items": items}, **beside}}


def record(*texts: str, **more: Any) -> Json:
    return {"type": "object", "properties": {**{text: {"type": "string"} for text in texts}, **more}}


def document(paths: Json, **more: Any) -> Json:
    return {"openapi": "3.0.3", "info": {"title": "Example API", "version": "1"}, "paths": paths, **more}


def dashboards(*parameters: Json, **beside: Any) -> Json:
    """A list of dashboards alone."""
    schema = several(record("id", "name"), **beside)
    return document({"/dashboards": {"get": operation(schema, *parameters)}})


def large(operations: int, size: int) -> Json:
    """A document with so many operations, among them dashboards and charts, of about so many bytes as JSON."""
    paths: Json = {
        "/dashboards": {"get": operation(several({"$ref": "#/components/schemas/Dashboard"}))},
        "/dashboards/{id}/charts": {"get": operation(several(record("id", "name")))},
    }
    schemas: Json = {"Dashboard": record("id", "name")}
    padding = "x" * max(0, size // operations - 450)
    for number in range(operations):
        schemas[f"Thing{number}"] = {
            **record("id", "name", padding=padding and {"type": "string", "description": padding}),
            "allOf": [{"$ref": f"#/components/schemas/Thing{max(0, number - 1)}"}],
        }
        paths[f"/things{number}/charts"] = {"get": operation(several({"$ref": f"#/components/schemas/Thing{number}"}))}
    return document(paths, components={"schemas": schemas})


def kubernetes() -> Json:
    """Swagger 2 of an API that is no data system."""
    definitions: Json = {
        "Meta": record("name", "namespace", "uid"),
        "ListMeta": record("continue", remainingItemCount={"type": "integer"}),
    }
    paths: Json = {}
    asked = [{"name": name, "in": "query", "type": "string"} for name in ("limit", "continue", "labelSelector")]
    for base, kinds in KUBERNETES.items():
        for kind, is_below in kinds.items():
            definitions[kind] = record("kind", metadata={"$ref": "#/definitions/Meta"}, spec={"type": "object"})
            listed = several({"$ref": f"#/definitions/{kind}"}, "items", metadata={"$ref": "#/definitions/ListMeta"})
            one = {"responses": {"200": {"schema": {"$ref": f"#/definitions/{kind}"}}}}
            path = f"{base}/namespaces/{{namespace}}/{kind}" if is_below else f"{base}/{kind}"
            paths[path] = {"get": {"responses": {"200": {"schema": listed}}}, "post": one, "parameters": asked}
            paths[f"{path}/{{name}}"] = {"get": one, "put": one, "delete": one}
            if is_below:
                paths[f"{base}/{kind}"] = {"get": {"responses": {"200": {"schema": listed}}}, "parameters": asked}
    info = {"title": "Kubernetes", "version": "v1.36"}
    key = {"BearerToken": {"type": "apiKey", "in": "header", "name": "authorization"}}
    return {"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions, "securityDefinitions": key}
