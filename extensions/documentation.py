"""What people read about a connection: each field of the form, what a source has to allow, an icon.

The fields are those of the connection schema (`connection_schema` of schema.py), in its order; what
stands below a field, such as what a sign-in asks for, comes from the facts that the schema refers to.
All text that is given back is Markdown which MDX and the UI take as well.
"""

from __future__ import annotations

import colorsys
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.connector import Connector

Facts = dict[str, Any]

# Of the icon's colour, in HLS: dark enough that white letters on any hue have a contrast of 4.5 (WCAG 2.2, 1.4.3).
_LIGHTNESS, _SATURATION = 0.3, 0.55


class Documentation:
    """Gathers what is said of a connector; `casing` holds the functions of naming.py by name."""

    def __init__(self, casing: dict[str, Callable[..., str]]) -> None:
        self._plain, self._prose, self._code = casing["plain"], casing["prose"], casing["code_span"]

    def form_fields(self, connector: Connector, schema: Facts) -> list[Facts]:
        """The fields of the connection, those that the form does not show last.

        Each has `name`, `title`, `text`, `required`, `default` (None where there is none), `notes` (sentences),
        `hidden`, and `choices` of what is below it, one where there is nothing to choose: `title` (empty then),
        `auth` (the facts of an auth type, else None) and `fields` of the same kind, with `path` in place of `hidden`.
        """
        fields = [self._field(connector, name, schema) for name in schema["properties"]]
        return [field for field in fields if not field["hidden"]] + [field for field in fields if field["hidden"]]

    def sections(self, fields: list[Facts]) -> list[Facts]:
        """The fields and all that is below them, one for each name.

        Each has `id`, `title`, `paragraphs`, `hidden`, and `choices`, ways to sign in. The UI finds a section by the
        name of a field alone. Where several choices have a field of one name, its section says what it is for each,
        unless it is the same for all.
        """
        found: dict[str, Facts] = {}
        for field, choice in _below(fields):
            section = found.setdefault(
                field["name"],
                {
                    "id": field["name"],
                    "title": field["title"],
                    "hidden": field.get("hidden", False),
                    "choices": [f"**{choice['title']}**: {choice['auth']['title']}." for choice in _kinds(field)],
                    "said": {},
                },
            )
            section["said"].setdefault(self._body(field), []).append(choice)
        return [section | {"paragraphs": list(_paragraphs(section.pop("said")))} for section in found.values()]

    def requirements(self, connector: Connector) -> dict[str, list[str]]:
        """What the capabilities ask of the source, by the heading that the form's documentation has for them.

        What has no heading of its own is below the empty one. `metadata`, the first, asks for
        the permissions, which are said apart.
        """
        asked: dict[str, list[str]] = {"": []}
        for facts in connector.capabilities[1:]:
            heading = connector.catalog.capabilities[facts["name"]].get("heading", "")
            texts = [f"**{_capital(facts['title'])}**: {facts['asks']}"]
            if permission := connector.dialect.get(facts.get("needs", ""), {}).get("permission"):
                texts.append(f"It takes {permission}.")
            asked.setdefault(heading, []).append(" ".join(texts))
        return {heading: [self._prose(text) for text in texts] for heading, texts in asked.items()}

    def arrivals(self, connector: Connector) -> list[str]:
        """What OpenMetadata has of the source afterwards, a text for each capability and what it gives to others."""
        return [
            self._prose(f"**{_capital(facts['title'])}**: {' '.join([facts['arrives'], *connector.also(facts)])}")
            for facts in connector.capabilities
        ]

    def _field(self, connector: Connector, name: str, schema: Facts) -> Facts:
        facts = schema["properties"][name]
        known = connector.properties.get(name)
        # Flags are named as what they refer to.
        target = connector.release["targets"].get(known.get("reference") if known else name, {})
        shape = target.get("shape", {}) | schema["definitions"].get(facts.get("$ref", "").rpartition("/")[2], {})
        text = connector.described(name, markdown=True) if known else facts.get("description")
        if name == "authType":
            choices = [self._sign_in(connector, auth) for auth in connector.auth]
        else:
            below = [self._nested(choice, [name], {}) for choice in shape.get("oneOf", [shape])]
            choices = [{"title": "", "auth": None, "fields": fields} for fields in below if fields]
        return {
            "name": name,
            "title": self._plain(facts["title"]),
            "text": self._prose(text or shape["description"]),
            "required": name in schema["required"],
            **self._values(shape | facts, connector.example(name) if known else None),
            # What the UI leaves out of the form.
            "hidden": name == "type" or name.startswith("supports"),
            "choices": choices,
        }

    def _sign_in(self, connector: Connector, auth: Facts) -> Facts:
        """A choice of authType: what the form calls it, and the fields of it."""
        options = {f"authType.{details['path']}": details for details in auth["options"].values()}
        fields = self._nested(auth["shape"], ["authType"], options)
        return {"title": auth.get("label", auth["shape"]["title"]), "auth": auth, "fields": fields}

    def _nested(self, shape: Facts, above: list[str], options: dict[str, Facts]) -> list[Facts]:
        """The fields of an object, and of objects in it; `options` are what auth types know of a field, by its path.

        Lists are left out, since the UI shows the section of the property that holds them.
        """
        found = []
        for name, facts in shape.get("properties", {}).items():
            if not facts or facts.get("type") == "array":
                continue
            path = [*above, name]
            option = options.get(".".join(path), {})
            found.append(
                {
                    "name": name,
                    "path": ".".join(path),
                    "title": facts["title"],
                    "text": self._prose(facts["description"]),
                    "required": name in shape.get("required", ()) or option.get("required", False),
                    **self._values(facts, None if option.get("secret") else option.get("example")),
                    "choices": [],
                }
            )
            found += self._nested(facts, path, options)
        return found

    def _body(self, field: Facts) -> str:
        """What there is to say of a field in a paragraph."""
        default = f"Default: {self._code(field['default'])}." if field["default"] is not None else ""
        required = "Required." if field["required"] else ""
        return " ".join(filter(None, [field["text"], *field["notes"], default, required]))

    def _values(self, facts: Facts, example: Any) -> Facts:
        """The `default` of a field, as YAML has it, and the `notes` on its values."""
        values, default = facts.get("enum", ()), facts.get("default")
        notes = [f"{'One of' if len(values) > 1 else 'Always'} {', '.join(map(self._code, values))}."] if values else []
        if example not in (None, default):
            notes.append(f"Example: {self._code(_written(example))}.")
        if facts.get("format") == "password":
            notes.append("A secret, which OpenMetadata stores encrypted.")
        return {"default": None if default is None or len(values) == 1 else _written(default), "notes": notes}


def icon_colour(name: str) -> str:
    """A colour for a name, always the same, that white letters can be read on: `#22775f`."""
    hue = hashlib.sha256(name.encode()).digest()[0] / 256
    channels = colorsys.hls_to_rgb(hue, _LIGHTNESS, _SATURATION)
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _below(fields: list[Facts]) -> Iterator[tuple[Facts, str]]:
    """Each field with the title of the choice that it belongs to, empty where there is nothing to choose."""
    for field in fields:
        yield field, ""
        for choice in field["choices"]:
            alone = len(field["choices"]) == 1
            yield from ((below, "" if alone else choice["title"]) for below in choice["fields"])


def _kinds(field: Facts) -> list[Facts]:
    """The choices of a field that are ways to sign in."""
    return [choice for choice in field["choices"] if choice["auth"]]


def _paragraphs(said: dict[str, list[str]]) -> Iterator[str]:
    """A paragraph for each of the texts, with the choices that it is for."""
    for text, choices in said.items():
        named = " and ".join(f"**{choice}**" for choice in dict.fromkeys(choices) if choice)
        yield f"{named}: {text}" if named else text


def _written(value: Any) -> str:
    """A value as YAML has it, on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class DocumentationExtension(Extension):
    """Adds the methods of `Documentation`, and `icon_colour`, as Jinja filters."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        documentation = Documentation(environment.filters)
        for function in (
            documentation.form_fields,
            documentation.sections,
            documentation.requirements,
            documentation.arrivals,
            icon_colour,
        ):
            environment.filters[function.__name__] = function
