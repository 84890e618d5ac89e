"""JSON Schemas of the answers that are YAML, for editors: `api` and `options`. `reference.py` writes them.

Names of keys, limits, resources and fields are those of the readers and the catalog; what is here is what a key means.
A test holds the schemas and the readers against each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docs.options_schema import of_options
from docs.schema_pieces import DRAFT, Facts, closed, expression, flat, keys, listed, ref, refused, text, whole, without
from extensions import api_calls, api_fields, api_map, api_requests
from extensions.catalog import Catalog

HEADER = f"^{api_requests._HEADER.pattern}$"

# What is published beside the pages.
API, OPTIONS = "api.schema.json", "options.schema.json"

# What each kind of field holds, as the catalog calls the kinds.
KINDS = {
    "text": "A text.",
    "texts": "A list of texts, or a single one.",
    "number": "A number.",
    "flag": "True or false.",
    "time": "A time: ISO 8601, or milliseconds since 1970. `time` says it where the API has another form.",
    "record": "An object.",
    "records": "A list of objects; `fields` says what these have.",
    "any": "In whatever form the API has it.",
}


def address(root: Path) -> str:
    """Where the documentation is published, with a slash at its end: mkdocs.yml keeps that."""
    found = re.search(r"^site_url: (\S+)$", (root / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return f"{found[1].rstrip('/')}/"


def modeline(root: Path, name: str = API) -> str:
    """The line that tells an editor which schema a YAML file is of."""
    return f"# yaml-language-server: $schema={address(root)}{name}"


# ---- The map of an API -------------------------------------------------------------


def request_keys() -> Facts:
    """What a request is made of."""
    anything = "Texts may have placeholders."
    return {
        "request": {
            **text(
                api_requests.MAX_TEXT,
                "Method and path. Placeholders stand in braces; values are quoted in a path.",
                "GET /dashboards",
                "GET /dashboards/{dashboard.id}/charts",
                "POST /runs/filter",
            ),
            "pattern": r"^(GET|POST) /[^\s?#]*$",
        },
        "query": flat(f"Query parameters by their names. {anything}", {"kind": "table"}),
        "headers": listed({"type": "string"}, f"Headers by their names. {anything}", {"X-Tenant": "{options.tenant}"})
        | {"propertyNames": {"pattern": HEADER}},
        "json": {"description": f"The JSON body of a POST. {anything}", "examples": [{"pipeline_id": "{pipeline.id}"}]},
        "form": flat(f"The form that a POST sends. {anything}", {"grant_type": "password"}),
        "graphql": {
            "description": "The query of a GraphQL request, without placeholders: values go into `variables`.",
            "type": "string",
            "pattern": r"\S",
            "maxLength": api_requests.MAX_GRAPHQL,
        },
        "variables": listed({}, f"Variables of the GraphQL query. {anything}", {"after": "{cursor}"}),
    }


def name(description: str, *examples: str) -> Facts:
    """What is called or read of an object, also below others."""
    return text(100, description, *examples) | {"pattern": f"^{api_calls._ATTRIBUTES.pattern}$"}


def arguments(description: str, *examples: Any) -> Facts:
    """Arguments of a call: values, by position or by name."""
    return {
        "description": description,
        "type": ["array", "object", "null"],
        "maxItems": api_calls.MAX_ARGUMENTS,
        "maxProperties": api_calls.MAX_ARGUMENTS,
    } | ({"examples": list(examples)} if examples else {})


def called(description: str, *examples: Any) -> Facts:
    """A call of an SDK, or several in a row."""
    step = {
        "if": {"type": "string"},
        "then": name("A call without arguments."),
        "else": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": name("What is called."),
            "additionalProperties": arguments("Its arguments."),
        },
    }
    return {
        "description": description,
        "if": {"type": "string"},
        "then": name(description),
        "else": {"type": "array", "minItems": 1, "maxItems": api_calls.MAX_STEPS, "items": step},
        "examples": list(examples),
    }


def call_keys() -> Facts:
    """What a call of an SDK is made of."""
    said = "Of an SDK: what is called, or a list of calls, each on what the one before it gave."
    steps = [{"get_collection": ["{index.name}"]}, "peek"]
    given = "Arguments of the call, by name or in a list. Texts may have placeholders."
    return {
        "call": called(said, "list_topics", steps),
        "arguments": arguments(given, {"limit": 100}) | {"type": ["array", "object"]},
    }


def several(key: str) -> Facts:
    """Arguments stand in the steps where there are several calls."""
    steps = {"properties": {key: {"type": "array"}}, "required": [key]}
    return {"if": steps, "then": without(["arguments"], "the steps have arguments")}


def sdk() -> Facts:
    """How the client of an SDK is made."""
    properties = {
        "module": text(100, "What is imported. If it is left out, what the package is called.", "nats")
        | {"pattern": f"^{api_calls._MODULE.pattern}$"},
        "client": called("What is called on the module to make the client. `Client` if it is left out.", "connect"),
        "arguments": arguments("Its arguments.", {"url": "{options.hostPort}"}) | {"type": ["array", "object"]},
        "async": {"description": "True where calls may be coroutines, or give async iterators.", "type": "boolean"},
    }
    return closed("Of an SDK: how its client is made.", properties, allOf=[several("client")])


# What belongs together in a request.
TOGETHER: Facts = {
    "if": {"properties": {"request": {"pattern": "^GET "}}, "required": ["request"]},
    "then": without(("json", "form", "graphql"), "a GET has no body"),
    "dependencies": {
        "call": without(api_map.REQUEST, "a call is no request"),
        "arguments": ["call"],
        "variables": ["graphql"],
        "form": without(("json", "graphql"), "a form is the body already"),
        "graphql": without(("json",), "graphql is the body already"),
    },
}


def paging() -> Facts:
    """How a list is paged."""
    properties = {
        "by": {"description": "How pages follow each other.", "enum": list(api_requests.PAGING)},
        "first": whole(0, 1, "Number of the first page. 1 if it is left out."),
        "size": whole(1, api_requests.MAX_SIZE, "Records a page that are asked for.", 100),
        "parameter": text(
            60, "What asks for the next page. `page`, `offset` or `cursor` if it is left out.", "pageToken"
        ),
        "size_parameter": text(60, "What asks for so many records a page. Nothing does if it is left out.", "limit"),
        "in": {
            "description": "Where these two go. In the query if it is left out, of GraphQL in the variables.",
            "enum": ["query", "json", "variables"],
        },
        "next": expression("Where an answer has the cursor or the URL of the next page.", "meta.next_cursor"),
        "next_header": text(60, "The header of an answer that has the cursor, in place of `next`.", "X-Next-Cursor"),
        "count": keys("Where an answer says how many records the list has. `none`: believe no count.", "meta.total"),
        "more": keys("Where an answer says whether another page follows. `none`: believe no flag.", "has_more"),
    }
    rules = [
        {
            "if": {"properties": {"by": {"enum": [way for way in api_requests.PAGING if way not in ways]}}},
            "then": without([key], f"it belongs to {' and '.join(ways)}"),
        }
        for key, ways in api_requests._BELONGS.items()
    ]
    leads_on = [{"required": [key]} for key in ("next", "next_header")]
    rules.append({"if": {"properties": {"by": {"const": "cursor"}}}, "then": {"oneOf": leads_on}})
    about = "How a list comes in pages: a word, or an object."
    ways = closed(about, properties, ["by"], allOf=rules, dependencies={"size_parameter": ["size"]})
    return {"description": about, "if": {"type": "string"}, "then": {"enum": list(api_requests.PAGING)}, "else": ways}


def list_keys() -> Facts:
    """What a list is made of beside its request."""
    scalar = {"type": ["string", "number", "boolean", "null"]}
    constant = closed("A record that is always the same.", {"name": text(100, "Its name.")}, ["name"]) | {
        "additionalProperties": text(100, "What it has.")
    }
    records = "Where an answer has the records; of a list without a request, where the parent's record has them."
    return {
        "paging": ref("paging"),
        "records": {
            "description": f"{records} JMESPath. Or an object of JMESPaths, for lists that belong together. "
            "Or a list of records that are always the same.",
            "if": {"type": "string"},
            "then": expression(records, "data.items", "@"),
            "else": {
                "type": ["array", "object"],
                "minItems": 1,
                "maxItems": api_map.MAX_ITEMS,
                "items": constant,
                "minProperties": 1,
                "additionalProperties": expression("Where the list of these values is."),
            },
            "examples": ["data.items", {"id": "ids", "title": "titles"}, [{"name": "default"}]],
        },
        "key_field": text(
            60, "Where records are an object by their names: the key at which each gets its name.", "name"
        ),
        "where": listed(
            {"anyOf": [scalar, {"type": "array", "minItems": 1, "maxItems": api_map.MAX_ITEMS, "items": scalar}]},
            "Which records are read: for each JMESPath its value, or a list of values.",
            {"published": True},
            {"owner.active": [True, None]},
        ),
        "detail": {
            "description": "A request for each record, or a list of them.",
            "if": {"type": "array"},
            "then": {"minItems": 1, "maxItems": api_map.MAX_ITEMS, "items": ref("detail")},
            "else": ref("detail"),
        },
        "join": listed(
            text(api_requests.MAX_EXPRESSION, "JMESPath in the record of the parent."),
            "For one list with the records of all parents: JMESPath in a record = JMESPath in that of its parent.",
            {"dashboard_id": "id"},
        ),
        "from": text(60, "The list below, whose records say which of these there are.", "tables"),
        "key": expression("With `from`: where a record below has the name.", "spec.path[0]"),
        "fields": {"description": "Where records have what OpenMetadata knows.", "type": "object"},
        "contents": closed(
            "Of an SDK: the call that gives the bytes of a record.",
            call_keys() | {"bytes": name("Where what it gives has the bytes. It itself if it is left out.", "Body")},
            ["call"],
            allOf=[several("call")],
        ),
        "optional": {"description": "True where the API may lack the list: 404 is no records then.", "type": "boolean"},
    }


def rules(has_parents: bool) -> Facts:
    """Which keys of a list belong together. `has_parents` is whether the list is below another."""
    every = list(request_keys() | call_keys() | list_keys())
    held = ("records", "where", "fields", "detail", "key_field", "contents")
    own = {
        "if": {"not": {"anyOf": [{"required": ["request"]}, {"required": ["call"]}]}},
        "then": {
            "required": ["records"] if has_parents else ["request"],
            **without([key for key in every if key not in held], "there is no request"),
        },
    }
    grouped = {
        "if": {"required": ["from"]},
        "then": {
            "required": ["key"],
            **without([key for key in every if key not in ("from", "key")], "the records are those of another list"),
        },
        "else": without(["key"], "it belongs to from") | {"allOf": [own]},
    }
    constant = {
        "if": {"properties": {"records": {"type": "array"}}, "required": ["records"]},
        "then": without([key for key in every if key != "records"], "the records are always the same"),
        "else": grouped,
    }
    columns = {
        "if": {"properties": {"records": {"type": "object"}}, "required": ["records"]},
        "then": {"required": ["request"], **without(["key_field"], "records say at which keys values are put")},
    }
    return {"allOf": [TOGETHER, several("call"), columns, constant]}


def field(of: str = "") -> Facts:
    """Where a record has a field. `of` are the objects in it."""
    place = "Where the record has it: JMESPath, or a text with JMESPaths in braces."
    formats = {"enum": list(api_fields.TIMES)}, {"type": "string", "pattern": "%", "maxLength": 60}
    parsed = expression("What is taken of what the text holds.", "signature.inputs")
    properties = {
        "value": text(200, place, "owners[].email", "{options.hostPort}{url}"),
        "json": {
            "description": "Where the value is a text of JSON: what is taken of it, JMESPath. "
            "A list where the text holds such a text again.",
            "if": {"type": "string"},
            "then": parsed,
            "else": {"type": "array", "minItems": 1, "maxItems": api_fields.MAX_PARSED, "items": parsed},
            "examples": ["signature.inputs"],
        },
        "map": {
            "description": "What values of the API mean.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": text(100, "What it is in OpenMetadata."),
            "examples": [{"SUCCESS": "Successful"}],
        },
        "default": text(100, "What any value means that `map` does not have.", "Pending"),
        "time": {"description": "How a time is written: a unit, iso, or a format of strptime.", "anyOf": list(formats)},
        "fields": ref(of) if of else refused("it holds no objects with fields of their own"),
    }
    each = closed("Where it is, and what its values mean.", properties, ["value"], dependencies={"default": ["map"]})
    return {"if": {"type": "string"}, "then": text(200, place), "else": each}


def fields_of(known: Mapping[str, Facts], description: str) -> Facts:
    """What records have, by OpenMetadata's names."""
    return closed(
        description,
        {
            name: {"description": about(facts), "allOf": [ref(f"field_{facts['of']}" if "of" in facts else "field")]}
            for name, facts in known.items()
        },
    )


def about(facts: Facts) -> str:
    """What a field holds, and which capability it takes."""
    needs = f" Needs the capability {facts['capability']}." if "capability" in facts else ""
    return f"{KINDS[facts['kind']]}{needs}"


def resources(catalog: Catalog) -> dict[str, tuple[bool, Facts]]:
    """The lists of all service types by their names: whether one is below others, and the fields that it may have."""
    found: dict[str, tuple[bool, Facts]] = {}
    for service, facts in catalog.services.items():
        for name, details in facts["resources"].items():
            below, fields = found.get(name, (False, {}))
            found[name] = (below or bool(details.get("parents")), fields | catalog.fields_of(service, name))
    return found


def api(catalog: Catalog, root: Path) -> Facts:
    """The schema of a map. A map does not say of which service type it is: lists of all of them are in it."""
    known = resources(catalog)
    definitions: Facts = {
        # Keys are kept once, since each list has them.
        "keys": {"properties": request_keys() | call_keys() | list_keys()},
        "rules": rules(False),
        "rules_below": rules(True),
        "paging": paging(),
        "field": field(),
    }
    asked = {key: ref(f"keys/properties/{key}") for key in request_keys()}
    calls = {key: ref(f"keys/properties/{key}") for key in call_keys()}
    every = asked | calls | {key: ref(f"keys/properties/{key}") for key in list_keys()}
    detail = (
        asked
        | calls
        | {
            "record": expression("What of the answer is taken. All of it if it is left out.", "result"),
            "into": text(60, "The key at which it is put. If it is left out, it is added to the record.", "run"),
        }
    )
    ways = {"anyOf": [{"required": ["request"]}, {"required": ["call"]}]}
    one = closed("A request or a call for each record.", detail, allOf=[TOGETHER, several("call"), ways])
    definitions["detail"] = one
    for name, facts in catalog.fields["nested"].items():
        definitions[f"objects_{name}"] = fields_of(facts, "What the objects in the list have.")
        definitions[f"field_{name}"] = field(f"objects_{name}")
    for name, (_, fields) in known.items():
        definitions[f"fields_{name}"] = fields_of(fields, "What the records have, by OpenMetadata's names.")
    login = asked | without(("graphql", "variables"), "a login has json or form")["properties"]
    login |= {
        "token": expression("Where the answer has the token.", "access_token"),
        "lifetime": {
            "description": "How long the token lives: seconds, or where the answer says it. "
            "If it is left out, a token is used until it is refused.",
            "if": {"type": "string"},
            "then": expression("Where the answer has the seconds.", "expires_in"),
            "else": whole(1, api_map.MAX_LIFETIME, "Seconds.", 900),
            "examples": [900, "expires_in"],
        },
    }
    signs_in = closed("A request that exchanges the credentials for a token.", login, ["request", "token"])
    header = text(60, "The header. `Authorization` if it is left out.", "X-Auth-Token") | {"pattern": HEADER}
    prefix = text(30, "What stands before the token. `Bearer` if it is left out, '' for nothing.", "Token", least=0)
    top = {
        "sdk": sdk(),
        "headers": request_keys()["headers"] | {"description": "Headers of every request."},
        "query": request_keys()["query"] | {"description": "Query parameters of every request."},
        "login": signs_in | {"allOf": [TOGETHER]},
        "authorization": closed("How a token is sent.", {"header": header, "prefix": prefix}),
        "requests_per_minute": whole(1, api_map.MAX_PER_MINUTE, "No more requests are sent in a minute.", 600),
        "paging": {"description": "How lists are paged that say nothing of it.", "allOf": [ref("paging")]},
        "resources": closed(
            "What is asked for each list. A list that is left out is not asked for.",
            {
                name: closed(
                    where(name, catalog),
                    every | {"fields": ref(f"fields_{name}")} | no_contents(name, catalog),
                    allOf=[ref("rules_below" if below else "rules")],
                )
                for name, (below, _) in known.items()
            },
        ),
    }
    http = [key for key in api_map.TOP if key not in api_map.SDK_TOP]
    apart = {"dependencies": {"sdk": without(http, "it belongs to APIs over HTTP")}}
    head = {"$schema": DRAFT, "$id": address(root) + API, "title": "The map of an API"}
    return head | closed("The answer `api`.", top, ["resources"], **apart) | {"definitions": definitions}


def no_contents(name: str, catalog: Catalog) -> Facts:
    """What refuses `contents` of a list whose records have none that are read."""
    having = [facts for service in catalog.services.values() if (facts := service["resources"].get(name))]
    is_read = any(facts.get("contents") for facts in having)
    return {} if is_read else {"contents": refused("nothing reads it of these")}


def where(name: str, catalog: Catalog) -> str:
    """Which service types have a list."""
    titles = [facts["title"] for facts in catalog.services.values() if name in facts["resources"]]
    return f"The {name.replace('_', ' ')} of the service type {' and '.join(titles)}."


def both(catalog: Catalog, root: Path) -> dict[str, Facts]:
    """The schemas by the names of their files."""
    return {API: api(catalog, root), OPTIONS: of_options(address(root) + OPTIONS)}
