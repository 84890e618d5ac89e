"""The reference of API maps: `api-map.md.in`, with what its examples emit, and tables of keys and fields.

An example is a fenced map, with its service type as the title, or a fenced file of answers. Lines of the source that
are comments of HTML say what is put in: `emits NAME, …` the methods, functions and constants of the client of the
example before it, `keys NAME` a table of the keys that the schema has there, `fields` what each list may have.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from docs import schemas
from extensions.catalog import Catalog
from tests.support.render import Interview

Facts = dict[str, Any]

SOURCE = "docs/api-map.md.in"

_FENCE = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"]*)")?\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE
)
_DIRECTIVE = re.compile(r"^<!-- (emits|keys|fields)(?: (.+))? -->$", re.MULTILINE)

# Where the schema has the keys of each table.
KEYS = {
    "map": "properties",
    "list": "definitions/keys/properties",
    "paging": "definitions/paging/else/properties",
    "detail": "definitions/detail/properties",
    "field": "definitions/field/else/properties",
    "sdk": "properties/sdk/properties",
    "login": "properties/login/properties",
    "authorization": "properties/authorization/properties",
}


def answers_of(text: str, title: str | None) -> Facts | None:
    """The answers of an example: a map for the service type in its title, or a file of answers. None for others."""
    loaded = yaml.safe_load(text)
    if not isinstance(loaded, dict) or not {"api", "resources", "options"} & loaded.keys():
        return None
    usual = {"name": "my_source", "service_type": title, "connection_type": "rest_api", "auth_types": ["token"]}
    return usual | (loaded if "resources" not in loaded else {"api": text})


def client_of(answers: Facts, interview: Interview) -> str:
    """The client that is emitted for answers. Raises ValueError or CopierError where they are refused."""
    context = interview.answered(answers)
    (source,) = [name for name in interview.names() if name.endswith("client.py{% endif %}.jinja")]
    return interview.text(source, context)


def named(client: str, name: str) -> str:
    """A method, function or constant of a client, as its lines are there, without the indentation of its class."""
    tree = ast.parse(client)
    lines = client.splitlines()
    for node in ast.walk(tree):
        names = [getattr(node, "name", "")] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        names += [getattr(target, "id", "") for target in node.targets] if isinstance(node, ast.Assign) else []
        if name in names and isinstance(node, ast.stmt):
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(one.lineno for one in decorators)])
            found = lines[first - 1 : node.end_lineno]
            return "\n".join(line[node.col_offset :] for line in found)
    raise SystemExit(f"docs/maps.py: the client has no {name}")


def page(catalog: Catalog, template: Path, root: Path) -> Iterator[str]:
    """The lines of the page. `template` is what Copier renders from, away from Git."""
    interview = Interview(template)
    source = (root / SOURCE).read_text(encoding="utf-8").replace("<!-- modeline -->", schemas.modeline(root))
    schema = schemas.api(catalog, root)
    position, client = 0, ""
    pieces = sorted([*_FENCE.finditer(source), *_DIRECTIVE.finditer(source)], key=lambda found: found.start())
    for piece in pieces:
        yield from source[position : piece.start()].splitlines()
        position = piece.end() + 1
        if piece.re is _FENCE:
            yield from piece[0].splitlines()
            answers = answers_of(piece["text"], piece["title"]) if piece["language"] == "yaml" else None
            client = client_of(answers, interview) if answers and "service_type" in answers else ""
        elif piece[1] == "emits":
            yield "```python"
            yield from "\n\n\n".join(named(client, name) for name in piece[2].split(", ")).splitlines()
            yield "```"
        elif piece[1] == "keys":
            yield from keys_table(schema, KEYS[piece[2]])
        else:
            yield from fields_tables(catalog)
    yield from source[position:].splitlines()


def keys_table(schema: Facts, where: str) -> Iterator[str]:
    found: Any = schema
    for part in where.split("/"):
        found = found[part]
    yield "| Key | Is | Such as |"
    yield "|---|---|---|"
    for key, facts in found.items():
        if "errorMessage" in facts:
            continue
        if "$ref" in facts and "description" not in facts:
            held: Any = schema
            for part in facts["$ref"].removeprefix("#/").split("/"):
                held = held[part]
            facts = held
        shown = facts.get("examples") or facts.get("then", {}).get("examples") or facts.get("enum", [])
        examples = ", ".join(f"`{_written(one)}`" for one in shown)
        yield f"| `{key}` | {facts['description']} | {examples} |".replace(" |  |", " | |")


def _written(value: Any) -> str:
    """An example as YAML on one line."""
    if isinstance(value, str):
        return value if not re.search(r"[{}]", value) else json.dumps(value, ensure_ascii=False)
    dumped = yaml.safe_dump(value, default_flow_style=True, width=1000)
    return dumped.removesuffix("...\n").strip().replace("'", '"')


def fields_tables(catalog: Catalog) -> Iterator[str]:
    """For each service type what records of each list may have, and below them what objects in these may have."""
    nested: dict[str, Facts] = {}
    for service, facts in catalog.services.items():
        yield f"### {facts['title']}"
        yield ""
        yield "| List | Its records have |"
        yield "|---|---|"
        for name in facts["resources"]:
            fields = catalog.fields_of(service, name)
            nested |= {one["of"]: catalog.fields["nested"][one["of"]] for one in fields.values() if "of" in one}
            yield f"| `{name}` | {_fields(fields)} |"
        yield ""
    yield "### Objects in lists"
    yield ""
    yield "| Kind | Have |"
    yield "|---|---|"
    for kind, fields in catalog.fields["nested"].items():
        if kind in nested or any(kind == one.get("of") for other in nested.values() for one in other.values()):
            yield f"| {kind.replace('_', ' ')} | {_fields(fields)} |"


def _fields(fields: Facts) -> str:
    shown = []
    for name, facts in fields.items():
        notes = [f"objects: {facts['of'].replace('_', ' ')}"] if "of" in facts else []
        notes += [f"with `{facts['capability']}`"] if "capability" in facts else []
        shown.append(f"`{name}`" + (f" ({', '.join(notes)})" if notes else ""))
    return ", ".join(shown)
