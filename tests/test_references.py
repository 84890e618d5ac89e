"""The catalog's facts about OpenMetadata, held against the installed release (and a specification, where given)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import ROOT, Scaffold
from tests.support.contrib import write_checkout
from tests.support.python import Warm

pytestmark = pytest.mark.framework

CATALOG = Catalog(ROOT / "catalog")
TARGETS = CATALOG.release["targets"] | {"test_connection": CATALOG.release["test_connection"]}

# Runs in the framework's interpreter: the JSON Schema of each model, and which names a module
# has. Modules are read, not imported: many want the driver of their own source.
PROBE = """
import ast, importlib, importlib.util, json, sys
asked = json.load(sys.stdin)
answer = {"schemas": {}, "missing": []}
from pydantic import TypeAdapter
for name, (module, model) in asked["models"].items():
    answer["schemas"][name] = TypeAdapter(getattr(importlib.import_module(module), model)).json_schema()
for path in asked["imports"]:
    module, _, name = path.rpartition(".")
    found = importlib.util.find_spec(module)
    body = ast.parse(open(found.origin).read()).body if found else []
    names = {node.name for node in body if isinstance(node, ast.ClassDef)}
    names |= {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets}
    if name not in names:
        answer["missing"].append(path)
from importlib.metadata import requires, version
answer["version"] = version("openmetadata-ingestion")
answer["requirements"] = [text.partition(";")[0].strip() for text in requires("openmetadata-ingestion")]
from metadata.core.connections.test_connection.checks.database import DatabaseStep
answer["steps"] = [step.value for step in DatabaseStep]
print("\\n" + json.dumps(answer))
"""


def module_of(pointer: str) -> str:
    return "metadata.generated.schema." + pointer.partition(".json")[0].replace("/", ".")


@pytest.fixture(scope="module")
def release(framework: Path) -> dict[str, Any]:
    imports = []
    for service_type, service in CATALOG.services.items():
        for connection in service["connections"].values():
            imports += [
                f"{connection['base_module']}.{connection['base_class']}",
                f"metadata.ingestion.source.{service_type}.{connection['reference_connector']}.service_spec.ServiceSpec",
            ]
        if custom := service.get("custom"):
            package = f"metadata.generated.schema.entity.services.connections.{service_type}"
            imports.append(f"{package}.{custom[0].lower()}{custom[1:]}Connection.{custom}Connection")
        entity = service["service_class"]
        imports += [
            f"{module_of(service['service_schema'])}.{entity}",
            f"{module_of(f'api/services/create{entity}.json')}.Create{entity}Request",
        ]
        for resource in service["resources"].values():
            if "request" in resource:
                name = resource["request"].removeprefix("Create").removesuffix("Request")
                imports.append(f"{module_of(resource['entity'])}.{name}")
    asked = {
        "models": {name: (module_of(target["pointer"]), target["model"]) for name, target in TARGETS.items()},
        "imports": imports,
    }
    done = subprocess.run(
        [framework, "-c", PROBE], input=json.dumps(asked), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_release_line_is_the_installed_one(release: dict[str, Any]) -> None:
    line = list(CATALOG.releases)[-1]
    assert release["version"].startswith(f"{line}.")
    assert CATALOG.release["requirement"] == "openmetadata-ingestion~=2.0.7"


def test_classes_exist(release: dict[str, Any]) -> None:
    assert release["missing"] == []


def test_steps_are_the_frameworks_own(release: dict[str, Any]) -> None:
    assert [step for step in CATALOG.services["database"]["steps"] if step not in release["steps"]] == []


def test_extras_ask_for_what_the_frameworks_own_ask_for(release: dict[str, Any]) -> None:
    known = {requirement.name: requirement.specifier for requirement in map(Requirement, release["requirements"])}
    entries = [entry for capability in CATALOG.capabilities.values() for entry in capability["entries"]]
    asked = [Requirement(text) for entry in entries if "extra" in entry for text in entry["extra"]["requirements"]]
    # An extra of the framework itself asks for what it asks for.
    others = [requirement for requirement in asked if requirement.name != "openmetadata-ingestion"]
    assert {requirement.name: known.get(requirement.name) for requirement in others} == {
        requirement.name: requirement.specifier for requirement in others
    }


@pytest.mark.parametrize("name", TARGETS)
def test_shape_of_a_target_is_the_releases(name: str, release: dict[str, Any]) -> None:
    schema = release["schemas"][name]
    assert_same_shape(TARGETS[name]["shape"], schema, schema.get("$defs", {}), name)


def assert_same_shape(fact: Any, model: dict[str, Any], definitions: dict[str, Any], where: str) -> None:
    """Compare what the fact says (names, titles, types, what is required, enum, default) with a model's schema."""
    # A model by itself is titled after its class.
    if "title" in fact and "." in where:
        assert fact["title"] == model["title"], where
    model = resolved(model, definitions)
    if "oneOf" in fact:
        assert_same_shape(fact["oneOf"][0], model, definitions, where)
        return
    if "enum" in fact:
        assert fact["enum"] == model["enum"], where
    if "type" in fact:
        assert fact["type"] == model["type"], where
    if "format" in fact:
        assert fact["format"] == model.get("format"), where
    if "properties" in fact and fact.get("additionalProperties") is False:
        # A definition file leaves out what the server adds, and says more of what people read.
        if not where.startswith("test_connection"):
            assert list(fact["properties"]) == list(model["properties"]), where
            assert fact.get("required", []) == model.get("required", []), where
        assert set(fact["properties"]) <= set(model["properties"]), where
        assert set(model.get("required", [])) <= set(fact.get("required", [])), where
        assert model["additionalProperties"] is False, where
    if "items" in fact and fact["type"] == "array":
        assert_same_shape(fact["items"], model["items"], definitions, f"{where}.items")
    for key, value in fact.get("properties", {}).items():
        if value:
            assert_same_shape(value, model["properties"][key], definitions, f"{where}.{key}")


def resolved(model: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The model's schema behind references, optional unions and unions of one."""
    while True:
        if "$ref" in model:
            model = definitions[model["$ref"].rpartition("/")[2]]
        elif "anyOf" in model:
            model = next(choice for choice in model["anyOf"] if choice.get("type") != "null")
        elif "allOf" in model:
            model = model["allOf"][0]
        else:
            return model


# Prints the types of each service, in the release's order, and the first connection that it may have.
SERVICES = """
import importlib, json, re, inspect, sys
found = {}
for service_type, enum in json.loads(sys.argv[1]).items():
    module = importlib.import_module(f"metadata.generated.schema.entity.services.{service_type}Service")
    first = re.search(r"config: \\(?\\s*(\\w+)\\.", inspect.getsource(module))[1]
    found[service_type] = [[kind.value for kind in getattr(module, enum)], first]
print(json.dumps(found))
"""


@pytest.mark.framework
def test_services_begin_in_the_release_as_the_patch_has_them(warm: Warm) -> None:
    enums = {
        service_type: service["registration"]["enum"].replace("API", "Api")
        for service_type, service in CATALOG.services.items()
    }
    found = warm.run_script(ROOT, SERVICES, json.dumps(enums))
    for service_type, (kinds, first) in found.items():
        names = CATALOG.services[service_type]["registration"]
        assert (names["first"], names["first_schema"]) == (kinds[0], first)
        if "enum_line" in names:
            assert names["enum_line"] == f'      "enum": {json.dumps(kinds)},'


if specification := os.environ.get("OPENMETADATA_SPEC"):

    @pytest.mark.parametrize("name", TARGETS)
    def test_target_exists_in_the_specification(name: str) -> None:
        path, _, fragment = TARGETS[name]["pointer"].partition("#/definitions/")
        contents = json.loads((Path(specification) / path).read_text())
        shape = contents["definitions"][fragment] if fragment else contents
        fact = TARGETS[name]["shape"]
        assert set(fact.get("properties", {})) <= set(shape.get("properties", {}))
        assert fact.get("title", shape.get("title")) == shape.get("title")

    @pytest.mark.parametrize("name", [name for name in TARGETS if "java" in TARGETS[name]])
    def test_java_class_of_a_target_is_the_specifications(name: str) -> None:
        path, _, fragment = TARGETS[name]["pointer"].partition("#/definitions/")
        file = Path(specification) / path
        contents = json.loads(file.read_text())
        target = contents["definitions"][fragment] if fragment else contents
        if "oneOf" in target:
            branches = [json.loads((file.parent / choice["$ref"]).read_text()) for choice in target["oneOf"]]
            assert [branch["javaType"] for branch in branches] == TARGETS[name]["java"]
        else:
            assert target["javaType"] == TARGETS[name]["java"]

    def test_a_target_says_whether_it_is_a_oneof() -> None:
        is_one_of = {}
        for name, target in TARGETS.items():
            path, _, fragment = target["pointer"].partition("#/definitions/")
            contents = json.loads((Path(specification) / path).read_text())
            is_one_of[name] = "oneOf" in (contents["definitions"][fragment] if fragment else contents)
        assert is_one_of == {name: "oneOf" in target["shape"] for name, target in TARGETS.items()}

    CAPABILITIES = accepted(Choices(CATALOG).capabilities("database", "sqlalchemy", "not_in_there"))

    def test_scaffold_validates_in_a_checkout_with_the_specification(scaffold: Scaffold, tmp_path: Path) -> None:
        checkout = write_checkout(tmp_path / "checkout", Path(specification))
        auth_types = accepted(Choices(CATALOG).auth_types("sqlalchemy", "not_in_there"))
        answers = {"auth_types": auth_types, "capabilities": CAPABILITIES}
        scaffold(checkout, name="not_in_there", **answers)
