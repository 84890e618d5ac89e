"""Service type `api` where nothing lists collections and endpoints: the connector reads the document itself."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scaffold_connector.inspecting import Inspection, writing
from scaffold_connector.inspecting.operations import Api

# The methods of an endpoint that OpenMetadata knows.
METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def complete(api: Api, found: Inspection, shown: str) -> None:
    """Add a map that asks for the document: a collection for each path, and an endpoint for each of its methods."""
    path, doubt = _place(api, shown)
    methods = ", ".join(f"{method}: {method}" for method in METHODS)
    lines = [
        writing.SCHEMA,
        "resources:",
        "  collections:",
        "    # from the document itself: each of its paths is a collection",
        *([f"    # CHECK: {doubt}"] if doubt else []),
        f"    request: {writing.scalar(f'GET {path}')}",
        "    paging: none",
        "    records: paths",
        "    key_field: name",
        "    fields: {name: name, displayName: name, description: summary}",
        "  endpoints:",
        "    # from the methods of a path",
        f"    records: {writing.scalar('{' + methods + '}')}",
        "    key_field: requestMethod",
        '    where: {"type(responses)": object}',
        "    fields:",
        "      name: requestMethod",
        "      displayName: summary",
        "      description: description",
        "      requestMethod: requestMethod",
        "      requestSchema:",
        "        value: parameters",
        "        fields: {name: name, dataType: schema.type, description: description}",
    ]
    found.answers["api"] = "\n".join(lines) + "\n"
    found.lists |= {"collections": f"GET {path}, each path", "endpoints": "the methods of each path"}
    if doubt:
        found.doubtful["api"] = [doubt]
    found.unmapped.append("schemas of bodies and answers: the connector does not follow their references")


def _place(api: Api, shown: str) -> tuple[str, str]:
    """The path of the document on the server, and what is doubtful of it."""
    if re.match(r"https?://", shown):
        path = urlsplit(shown).path
        if re.fullmatch(r"/[A-Za-z0-9._~/-]{1,100}", path):
            return path, ""
    path = "/swagger.json" if api.version == "2" else "/openapi.json"
    return path, f"the document is a file here: say where the server has it, if not at {path}"
