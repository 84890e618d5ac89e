"""JSON Schemas of the answers that are YAML, for editors: `api` and `options`. `reference.py` writes them.

Draft 7, which YAML language servers read best. Names of keys, limits, resources and fields are those of the readers and
the catalog; what is here is what a key means. A test holds the schemas and the readers against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from extensions import api_map, api_requests, options
from extensions.catalog import Catalog

Facts = dict[str, Any]

HEADER = f"^{api_requests._HEADER.pattern}$"
DRAFT = "http://json-schema.org/draft-07/schema#"

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


# ---- Pieces ------------------------------------------------------------------------


def text(most: int, description: str, *examples: str, least: int = 1) -> Facts:
    """A text of one line."""
    said = {"type": "string", "minLength": least, "maxLength": most, "pattern": r"^[^\u0000-\u001f\u007f]*$"}
    return {"description": description} | said | ({"examples": list(examples)} if examples else {})


def whole(least: int, most: int, description: str, *examples: int) -> Facts:
    """A whole number."""
    shown = {"examples": list(examples)} if examples else {}
    return {"description": description, "type": "integer", "minimum": least, "maximum": most} | shown


def expression(description: str, *examples: str) -> Facts:
    return text(api_requests.MAX_EXPRESSION, f"{description} JMESPath.", *examples)


def keys(description: str, *examples: str) -> Facts:
    return text(api_requests.MAX_EXPRESSION, description, *examples)


def listed(values: Facts, description: str, *examples: Facts) -> Facts:
    """An object with values of any names, one at least."""
    shown = {"examples": list(examples)} if examples else {}
    return {"description": description, "type": "object", "minProperties": 1, "additionalProperties": values} | shown


def closed(description: str, properties: Facts, needed: Iterable[str] = (), **more: Any) -> Facts:
    """An object with these keys and no others, one at least."""
    required = {"required": list(needed)} if needed else {"minProperties": 1}
    said = {"description": description, "type": "object", "additionalProperties": False}
    return said | required | {"properties": properties} | more


def flat(description: str, *examples: Facts) -> Facts:
    """What is sent as a query or a form."""
    one = {"type": ["string", "number", "boolean"]}
    return listed({"anyOf": [one, {"type": "array", "items": one}]}, description, *examples)


def refused(because: str) -> Facts:
    """What nothing is: a key that does not belong here. Editors show the reason."""
    return {"not": {}, "errorMessage": f"leave it out: {because}"}


def without(names: Iterable[str], because: str) -> Facts:
    return {"properties": {name: refused(because) for name in names}}


def ref(name: str) -> Facts:
    return {"$ref": f"#/definitions/{name}"}


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


# What belongs together in a request.
TOGETHER: Facts = {
    "if": {"properties": {"request": {"pattern": "^GET "}}, "required": ["request"]},
    "then": without(("json", "form", "graphql"), "a GET has no body"),
    "dependencies": {
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
    rules.append({"if": {"properties": {"by": {"const": "cursor"}}}, "then": {"required": ["next"]}})
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
            "description": f"{records} JMESPath. Or a list of records that are always the same.",
            "if": {"type": "string"},
            "then": expression(records, "data.items", "@"),
            "else": {"type": "array", "minItems": 1, "maxItems": api_map.MAX_ITEMS, "items": constant},
            "examples": ["data.items", [{"name": "default"}]],
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
        "optional": {"description": "True where the API may lack the list: 404 is no records then.", "type": "boolean"},
    }


def rules(has_parents: bool) -> Facts:
    """Which keys of a list belong together. `has_parents` is whether the list is below another."""
    every = list(request_keys() | list_keys())
    held = ("records", "where", "fields", "detail", "key_field")
    own = {
        "if": {"not": {"required": ["request"]}},
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
    return {"allOf": [TOGETHER, constant]}


def field(of: str = "") -> Facts:
    """Where a record has a field. `of` are the objects in it."""
    place = "Where the record has it: JMESPath, or a text with JMESPaths in braces."
    formats = {"enum": list(api_map.TIMES)}, {"type": "string", "pattern": "%", "maxLength": 60}
    parsed = expression("What is taken of what the text holds.", "signature.inputs")
    properties = {
        "value": text(200, place, "owners[].email", "{options.hostPort}{url}"),
        "json": {
            "description": "Where the value is a text of JSON: what is taken of it, JMESPath. "
            "A list where the text holds such a text again.",
            "if": {"type": "string"},
            "then": parsed,
            "else": {"type": "array", "minItems": 1, "maxItems": api_map.MAX_PARSED, "items": parsed},
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
        "keys": {"properties": request_keys() | list_keys()},
        "rules": rules(False),
        "rules_below": rules(True),
        "paging": paging(),
        "field": field(),
    }
    asked = {key: ref(f"keys/properties/{key}") for key in request_keys()}
    every = asked | {key: ref(f"keys/properties/{key}") for key in list_keys()}
    detail = asked | {
        "record": expression("What of the answer is taken. All of it if it is left out.", "result"),
        "into": text(60, "The key at which it is put. If it is left out, it is added to the record.", "run"),
    }
    definitions["detail"] = closed("A request for each record.", detail, ["request"], allOf=[TOGETHER])
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
                    every | {"fields": ref(f"fields_{name}")},
                    allOf=[ref("rules_below" if below else "rules")],
                )
                for name, (below, _) in known.items()
            },
        ),
    }
    head = {"$schema": DRAFT, "$id": address(root) + API, "title": "The map of an API"}
    return head | closed("The answer `api`.", top, ["resources"]) | {"definitions": definitions}


def where(name: str, catalog: Catalog) -> str:
    """Which service types have a list."""
    titles = [facts["title"] for facts in catalog.services.values() if name in facts["resources"]]
    return f"The {name.replace('_', ' ')} of the service type {' and '.join(titles)}."


# ---- Options -----------------------------------------------------------------------


def of_options(root: Path) -> Facts:
    """The schema of the answer `options`."""
    value = text(options.MAX_VALUE, "A value.")
    integer = whole(options.INTEGERS[0], options.INTEGERS[-1], "A whole number.")
    kinds: Facts = {
        "string": value,
        "url": value,
        "integer": integer,
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
    }
    properties = {
        "type": {"description": "What its values are. `string` if it is left out.", "enum": list(options._TYPES)},
        "title": text(
            options.MAX_TITLE, "What the form calls it. If it is left out, it follows from the name.", "Tenant"
        ),
        "description": text(options.MAX_DESCRIPTION, "A sentence or two for the form.", "The tenant to read."),
        "secret": {"description": "True for a password field.", "type": "boolean"},
        "choices": {
            "description": "The texts that can be given.",
            "type": "array",
            "minItems": 2,
            "uniqueItems": True,
            "items": value,
            "examples": [["eu", "us"]],
        },
        "required": {"description": "True where no connection can be made without it.", "type": "boolean"},
        "default": {"description": "What counts where it is not given."},
        "example": {"description": "A value for the documentation, the workflows and the tests."},
    }
    assert list(properties) == list(options.KEYS)
    rules: list[Facts] = [
        {
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"properties": {"default": shape, "example": shape}},
        }
        for kind, shape in kinds.items()
    ]
    rules.append({"if": {"not": {"required": ["type"]}}, "then": {"properties": {"default": value, "example": value}}})
    secret = {"properties": {"secret": {"const": True}}, "required": ["secret"]}
    of_text = {"type": {"const": "string"}}
    no = without(("choices", "default", "example"), "a secret has none")["properties"]
    rules.append({"if": secret, "then": {"properties": no | of_text}})
    rules.append({"if": {"required": ["choices"]}, "then": {"properties": of_text}})
    needed = {"properties": {"required": {"const": True}}, "required": ["required"]}
    rules.append({"if": needed, "then": without(["default"], "what has a default need not be given")})
    one = closed("What the option is.", properties, allOf=rules) | {"type": ["object", "null"]}
    del one["minProperties"]
    names = {"pattern": f"^(?:{options._NAME.pattern})$", "maxLength": options.MAX_NAME}
    head = {"$schema": DRAFT, "$id": address(root) + OPTIONS, "title": "Options of a connection's own"}
    return head | listed(one, "The answer `options`: the name of each, and what it is.") | {"propertyNames": names}


def both(catalog: Catalog, root: Path) -> dict[str, Facts]:
    """The schemas by the names of their files."""
    return {API: api(catalog, root), OPTIONS: of_options(root)}
