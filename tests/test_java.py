"""Class converters: written for each oneOf of a contribution, formatted, compiled, and run on what they convert.

The Java model is generated as OpenMetadata's build does, from OPENMETADATA_SPEC where it is set, else from the
shapes in the catalog. The base class is a stub (see tests/support/java.py).
"""

from __future__ import annotations

import json
import os
import posixpath
import shutil
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from itertools import combinations, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from extensions import naming
from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from extensions.java import in_trial_order
from tasks import register
from tasks.plan import places
from tests.conftest import ROOT, need
from tests.support import systems
from tests.support.checkout import FACTORY
from tests.support.java import FOLDER, Java, jars
from tests.support.registration import contribution
from tests.support.render import EMPTY, Answers, Renderer

CATALOG = Catalog(ROOT / "catalog")
CHOICES = Choices(CATALOG)

# What Java is made of, below template.
SOURCES = (
    "{{only.connector}}/{{schema_file}}.jinja",
    *(
        f"{{{{only.connector}}}}/{{{{connector.definition_file('{name}')}}}}.jinja"
        for name in ("oauth", "api_key", "none")
    ),
    "{{only.connector}}/{% if not is_package and connector | converted %}{{converter_file}}{% endif %}.jinja",
)
NEEDS: dict[str, Answers] = {
    "sqlalchemy": {"scheme": "myolap+pyodbc", "namespace": "database.schema.table"},
    "rest_api": {},
    "sdk_client": {"sdk_package": "my-sdk"},
}
EXAMPLES = {"string": "text", "boolean": True}

pytestmark = pytest.mark.xdist_group("java")


# What the model has in comments: texts that mean something to some language.
TEXTS = [
    sign for sign in json.loads((ROOT / "tests/support/hostile_answers.json").read_text())["signs"] if "\\u" not in sign
]


def contributions() -> Iterator[Answers]:
    """Answers for every service type x connection type: each auth type, all, and all the other way round.

    One has a type that is a word of Java's. The texts that get into the model as comments are of every kind.
    """
    words = iter(["Native"])
    texts = cycle(TEXTS)
    at_home = [name for name in CATALOG.services if "contrib" in accepted(CHOICES.placements("connector", name))]
    for service_type in at_home:
        for connection_type in accepted(CHOICES.connection_types("connector", service_type)):
            needs = NEEDS[connection_type]
            every = accepted(CHOICES.auth_types(connection_type, needs.get("scheme", "")))
            # Nothing alone is no choice.
            alone = [[name] for name in every if CATALOG.sign_in(name, connection_type)["options"]]
            for number, auth_types in enumerate([every, every[::-1], *alone]):
                usual = f"{service_type.title()}{connection_type.title().replace('_', '')}{number}"
                word = next(words, usual)
                yield (
                    EMPTY
                    | needs
                    | {
                        "placement": "contrib",
                        "name": naming.snake(word),
                        "type_name": word,
                        "service_type": service_type,
                        "connection_type": connection_type,
                        "auth_types": auth_types,
                        "display_name": f"{next(texts)} {next(texts)}",
                        "description": f"{next(texts)} {next(texts)}",
                    }
                )


CONTRIBUTIONS = list(contributions())


@pytest.fixture(scope="module")
def rendered(template: Path) -> list[dict[str, str]]:
    """What each of CONTRIBUTIONS has of SOURCES, by path."""
    renderer = Renderer(template)
    return [renderer.files(answers, SOURCES) for answers in CONTRIBUTIONS]


@pytest.fixture(scope="module")
def java(rendered: list[dict[str, str]], cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Java:
    """All of them in one checkout."""
    need(systems.install("java"))
    checkout = Java(tmp_path_factory.mktemp("java"), jars(cache))
    for files in rendered:
        checkout.write(files)
    with chdir(checkout.root):
        shutil.copy(FOLDER / FACTORY.name, FACTORY)
        for answers in CONTRIBUTIONS:
            register_converter(answers)
    return checkout


def register_converter(answers: Answers) -> None:
    """Make the factory know a converter, as the task does that registers a contribution."""
    connector = contribution(answers["name"], answers["service_type"], type_name=answers["type_name"])
    (place,) = [place for place in places(connector, ROOT / "catalog") if place.get("when") == "converted"]
    register.register(place)


@dataclass(frozen=True)
class Branch:
    """A choice of a oneOf: its Java class, and the JSON Schema of its settings."""

    java: str
    shape: dict[str, Any]

    def settings(self) -> Iterator[dict[str, Any]]:
        """All properties, and what is required with up to two others."""
        properties, required = self.shape["properties"], self.shape.get("required", [])
        yield example(self.shape)
        for others in (chosen for size in range(3) for chosen in combinations(set(properties) - set(required), size)):
            yield {name: example(properties[name]) for name in (*required, *others)}

    def takes(self, settings: dict[str, Any]) -> bool:
        return set(self.shape.get("required", ())) <= set(settings) <= set(self.shape["properties"])


def example(shape: dict[str, Any]) -> Any:
    if "default" in shape:
        return shape["default"]
    if shape["type"] == "object":
        return {name: example(facts) for name, facts in shape["properties"].items()}
    return "https://example.com" if shape.get("format") == "uri" else EXAMPLES[shape["type"]]


def fields(files: dict[str, str]) -> dict[str, list[Branch]]:
    """The properties of a rendered schema that hold a oneOf, themselves or behind their `$ref`: its branches."""
    contents = [json.loads(text) for path, text in files.items() if path.endswith(".json") and '"$id"' in text]
    schemas = {urlsplit(schema["$id"]).path.removeprefix("/schema/"): schema for schema in contents}
    ((place, connection),) = [item for item in schemas.items() if item[1]["title"].endswith("Connection")]
    targets = {target["pointer"]: target for target in CATALOG.release["targets"].values()}

    def branches(part: dict[str, Any]) -> list[Branch]:
        if "oneOf" in part:
            return [branch for choice in part["oneOf"] for branch in branches(choice)]
        pointer = posixpath.normpath(posixpath.join(posixpath.dirname(place), part["$ref"]))
        if pointer in schemas:
            return [Branch(schemas[pointer]["javaType"], schemas[pointer])]
        target = targets[pointer]
        if "oneOf" in target["shape"]:
            return [Branch(*pair) for pair in zip(target["java"], target["shape"]["oneOf"], strict=True)]
        return [Branch(target["java"], target["shape"])]

    def holds(part: dict[str, Any]) -> bool:
        pointer = posixpath.normpath(posixpath.join(posixpath.dirname(place), part.get("$ref", "")))
        return "oneOf" in part or "oneOf" in targets.get(pointer, {"shape": ()})["shape"]

    return {name: branches(part) for name, part in connection["properties"].items() if holds(part)}


def test_factory_gives_a_converter_that_makes_every_branch_its_class_and_back_with_a_stub_of_the_base_class(
    java: Java, rendered: list[dict[str, str]]
) -> None:
    """Registered one after the other, with the classes that the generator of OpenMetadata's build makes.

    ClassConverter, JsonUtils and what the factory begins with are stubs, in tests/support/java: Maven Central has no
    openmetadata-service, and openmetadata-spec only up to 1.4.0.
    """
    specification = os.environ.get("OPENMETADATA_SPEC")
    java.compile(Path(specification) if specification else None)
    cases, expected = [], []
    for answers, files in zip(CONTRIBUTIONS, rendered, strict=True):
        package = f"org.openmetadata.schema.services.connections.{answers['service_type']}"
        for name, branches in fields(files).items():
            for branch in branches:
                others = [other for other in branches if other is not branch]
                for settings in branch.settings():
                    # What fits several branches may become any of them.
                    if settings and not any(other.takes(settings) for other in others):
                        connection = {"type": answers["type_name"], name: settings}
                        cases.append(
                            {"type": f"{package}.{answers['type_name']}Connection", "field": name}
                            | {"connection": connection}
                        )
                        expected.append(branch.java)
    made = java.convert(cases)
    assert [answer["class"] for answer in made] == expected
    assert {case["field"] for case in cases} == {"authType", "sslConfig"}
    for case, answer in zip(cases, made, strict=True):
        given, back = (part["connection"][case["field"]] for part in (case, answer))
        # Defaults come with it.
        assert {key: back.get(key) for key in given} == given, case


def test_converters_and_their_factory_are_formatted_as_the_build_wants_it(java: Java) -> None:
    assert java.unformatted() == []


def test_converter_is_there_for_exactly_the_schemas_with_a_oneof(
    rendered: list[dict[str, str]], template: Path
) -> None:
    sqlite = EMPTY | {"placement": "contrib", "scheme": "sqlite", "namespace": "schema.table", "auth_types": []}
    without = Renderer(template).files(sqlite)
    assert (fields(without), [path for path in without if path.endswith(".java")]) == ({}, [])
    assert "ClassConverter" not in "".join(without.values())
    assert all(fields(files) and any(path.endswith(".java") for path in files) for files in rendered)


def test_package_has_no_trace_of_java(template: Path) -> None:
    answers = EMPTY | NEEDS["sqlalchemy"] | {"auth_types": ["basic", "oauth"]}
    files = Renderer(template).files(answers)
    assert [path for path in files if path.endswith(".java") or "oAuthClientCredentials" in path] == []
    assert "ClassConverter" not in "".join(files.values())


def branch(name: str, properties: str, required: str = "") -> dict[str, Any]:
    return {"name": name, "shape": {"properties": dict.fromkeys(properties), "required": list(required)}}


@pytest.mark.parametrize(
    ("branches", "order"),
    [
        ([branch("first", "ab"), branch("second", "cd", "c")], ["first", "second"]),
        ([branch("strict", "abc", "abc"), branch("loose", "abd")], ["loose", "strict"]),
        ([branch("loose", "abd"), branch("strict", "abc", "abc")], ["loose", "strict"]),
        ([branch("more", "ab"), branch("less", "a")], ["less", "more"]),
        ([branch("one", "ab"), branch("other", "bc")], ["one", "other"]),
        ([branch("more", "abc"), branch("apart", "z"), branch("less", "a")], ["apart", "less", "more"]),
    ],
    ids=["nothing in common", "strict first", "strict last", "part of another", "either would do", "least moved"],
)
def test_branch_is_tried_before_one_that_would_take_its_settings(
    branches: list[dict[str, Any]], order: list[str]
) -> None:
    assert [branch["name"] for branch in in_trial_order(branches)] == order


def test_every_sign_in_names_its_class() -> None:
    named = {
        here["reference"]
        for facts in CATALOG.auth.values()
        for here in facts["connections"].values()
        if "reference" in here
    }
    assert [name for name in named if "java" not in CATALOG.release["targets"][name]] == []
