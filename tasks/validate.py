"""Checks what was rendered: schema, test-connection definition, checks and a sample agree.

Copier runs it in the destination after rendering, with paths below it as arguments:

    validate.py CERTIFICATION SCHEMA STEPS MODULE_DIR SAMPLE

CERTIFICATION is the manifest of a package, with its schema beside it, or empty. SAMPLE
is a connection as JSON, or a workflow whose `serviceConnection` holds one; what is no
connector has neither SCHEMA nor STEPS nor SAMPLE: they are empty, too. A
fault is one line on stderr, `file: JSON pointer: what is wrong`, and exit code 1. It
reads only, opens no connection, and gives the same answer each time.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parent.parent
SPEC_IN_CHECKOUT = Path("openmetadata-spec/src/main/resources/json/schema")
SCHEMA_ROOT = "https://open-metadata.org/schema/"
JAVA_ROOT = "org.openmetadata.schema."

# Names of properties that hold a secret wherever they stand.
SECRET_NAMES = ("password", "secret", "token", "jwt", "privatekey", "passphrase", "apikey", "accesskey")


class Fault(Exception):
    """One line: file, JSON pointer and what is wrong."""

    def __init__(self, file: Path, pointer: str, wrong: str) -> None:
        super().__init__(f"{file.as_posix()}: {pointer or '/'}: {' '.join(wrong.split())}")


def main(arguments: list[str]) -> int:
    schema_file, steps_file, module_dir, sample_file = map(Path, arguments[1:])
    if importlib.util.find_spec("jsonschema") is None:
        print("jsonschema is missing beside Copier: install it there, and scaffold again", file=sys.stderr)
        return 1
    try:
        if arguments[1]:
            schema = load(schema_file)
            facts = release()
            registry = check_schema(schema_file, schema, facts["targets"])
            shape = facts["test_connection"]["shape"]
            check_definition(steps_file, load(steps_file), shape, module_dir / "connection.py", schema)
            check_sample(sample_file, schema, registry)
        if arguments[0]:
            check_certification(Path(arguments[0]))
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def load(file: Path) -> Any:
    """A JSON file's data. Raises Fault where there is none, or it is no JSON."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Fault(file, "", f"can't be read: {error.strerror}") from error
    except ValueError as error:
        raise Fault(file, "", f"is not JSON: {error}") from error


def check_schema(file: Path, schema: dict[str, Any], targets: dict[str, Any]) -> Any:
    """Check the connection schema and what is its own of it; gives the registry that resolves its references."""
    from jsonschema import Draft7Validator

    for error in Draft7Validator(Draft7Validator.META_SCHEMA).iter_errors(schema):
        raise Fault(file, pointer_of(error.absolute_path), error.message)
    service_type = schema["$id"].split("/")[-2]
    title = schema["title"]
    expected = {
        "/$id": (schema["$id"], f"{SCHEMA_ROOT}entity/services/connections/{service_type}/{file.name}"),
        "/javaType": (schema["javaType"], f"{JAVA_ROOT}services.connections.{service_type}.{title}"),
        "/title": (title.removesuffix("Connection").lower(), schema["properties"]["type"]["default"].lower()),
    }
    for pointer, (given, wanted) in expected.items():
        if given != wanted:
            raise Fault(file, pointer, f"{given!r} does not fit the others: {wanted!r} does")
    for pointer, part in objects(schema):
        check_object(file, pointer, part)
    registry = check_references(file, schema, targets)
    for own in own_files(file, schema):
        for pointer, part in objects(load(own)):
            check_object(own, pointer, part)
    return registry


def own_files(file: Path, schema: dict[str, Any]) -> Iterator[Path]:
    """The files that the schema refers to in the folder named after its type: definitions of its own."""
    folder = schema["title"].removesuffix("Connection").lower()
    for _, part in objects(schema):
        if isinstance(part.get("$ref"), str) and part["$ref"].startswith(f"./{folder}/"):
            yield file.parent / part["$ref"].partition("#")[0]


def objects(part: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the schema with its pointer, outermost first."""
    if isinstance(part, dict):
        yield pointer, part
        for key, value in part.items():
            yield from objects(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from objects(value, f"{pointer}/{index}")


def check_object(file: Path, pointer: str, part: dict[str, Any]) -> None:
    """What holds of each object: required names exist, secrets are marked, defaults are allowed."""
    properties = part.get("properties")
    if isinstance(properties, dict) and part.get("type") == "object":
        for index, name in enumerate(part.get("required", ())):
            if name not in properties:
                raise Fault(file, f"{pointer}/required/{index}", f"{name!r} is not one of the properties")
        for name, facts in properties.items():
            secret = name.lower().endswith(SECRET_NAMES)
            if secret and facts.get("type") == "string" and facts.get("format") != "password":
                raise Fault(file, f"{pointer}/properties/{name}", "is a secret: it needs the format password")
    if isinstance(part.get("enum"), list) and "default" in part and part["default"] not in part["enum"]:
        raise Fault(file, f"{pointer}/default", f"{part['default']!r} is not in the enum")


def check_references(file: Path, schema: dict[str, Any], targets: dict[str, Any]) -> Any:
    """Resolve every `$ref`: in the checkout where there is one, else among the known targets."""
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT7

    # Outside a checkout the same folders hold only what this template writes.
    checkout = (SPEC_IN_CHECKOUT / "type").is_dir()
    known = {} if checkout else stand_ins(targets)

    def retrieve(uri: str) -> Resource[Any]:
        place = uri.removeprefix(SCHEMA_ROOT)
        if checkout:
            contents = load(SPEC_IN_CHECKOUT / place)
        elif place in known:
            contents = known[place]
        elif (SPEC_IN_CHECKOUT / place).is_file():
            contents = load(SPEC_IN_CHECKOUT / place)
        else:
            raise LookupError(place)
        return DRAFT7.create_resource(contents)

    registry: Any = Registry(retrieve=retrieve)  # type: ignore[call-arg]  # attrs makes the argument
    resolver = registry.resolver_with_root(DRAFT7.create_resource(schema))
    for pointer, part in objects(schema):
        if isinstance(part.get("$ref"), str):
            try:
                target = resolver.lookup(part["$ref"]).contents
            except (Unresolvable, Fault):
                place = "the checkout" if checkout else "catalog/references.yml"
                raise Fault(file, f"{pointer}/$ref", f"{part['$ref']} leads to nothing in {place}") from None
            if "default" in part and "enum" in target and part["default"] not in target["enum"]:
                raise Fault(file, f"{pointer}/default", f"{part['default']!r} is not in the enum of {part['$ref']}")
    return registry


def release() -> dict[str, Any]:
    """The facts about the newest release line; rendering has checked the file."""
    return list(load_yaml(TEMPLATE / "catalog" / "references.yml").values())[-1]


def load_yaml(file: Path) -> Any:
    """A YAML file's data. Raises Fault where there is none, or it is no YAML."""
    import yaml

    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=SafeLoader)
    except OSError as error:
        raise Fault(file, "", f"can't be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise Fault(file, "", f"is not YAML: {error}") from error


def stand_ins(targets: dict[str, Any]) -> dict[str, Any]:
    """The targets of catalog/references.yml as schema files, by their path below the schema root."""
    files: dict[str, Any] = {}
    for target in targets.values():
        place, _, fragment = target["pointer"].partition("#/definitions/")
        if fragment:
            files.setdefault(place, {"definitions": {}})["definitions"][fragment] = target["shape"]
        else:
            files[place] = target["shape"]
    return files


def check_definition(file: Path, definition: Any, shape: dict[str, Any], code: Path, schema: dict[str, Any]) -> None:
    """Check the test-connection definition by itself and against the checks in the code."""
    from jsonschema import Draft7Validator

    for error in Draft7Validator(shape).iter_errors(definition):
        raise Fault(file, pointer_of(error.absolute_path), error.message)
    if definition["name"] != (service_type := schema["properties"]["type"]["default"]):
        raise Fault(file, "/name", f"{definition['name']!r} is not the service type {service_type!r}")
    names = [step["name"] for step in definition["steps"]]
    for name, count in Counter(names).items():
        if count > 1:
            raise Fault(file, f"/steps/{names.index(name)}/name", f"{name!r} is there {count} times")
    gates = [index for index, step in enumerate(definition["steps"]) if step.get("category") == "ConnectionGate"]
    if gates != [0]:
        raise Fault(file, "/steps", "the first step has to be the gate, and the only one")
    checks = checks_in(code)
    for index, name in enumerate(names):
        if name not in checks:
            raise Fault(file, f"/steps/{index}/name", f"{code.as_posix()} has no check {name!r}")
    for name in checks:
        if name not in names:
            raise Fault(code, "", f"the check {name!r} is no step of {file.as_posix()}")


def checks_in(code: Path) -> list[str]:
    """The step names that `@check(Enumeration.Name)` marks in a module."""
    try:
        tree = ast.parse(code.read_text(encoding="utf-8"))
    except (OSError, SyntaxError) as error:
        raise Fault(code, "", f"can't be read as Python: {error}") from error
    return [
        decorator.args[0].attr
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == "check"
        and decorator.args
        and isinstance(decorator.args[0], ast.Attribute)
    ]


def check_sample(file: Path, schema: dict[str, Any], registry: Any) -> None:
    """Validate the sample connection against the schema, references and all."""
    from jsonschema import Draft7Validator

    if file.suffix == ".json":
        sample, place = load(file), ""
    else:
        try:
            sample = load_yaml(file)["source"]["serviceConnection"]["config"]
        except (KeyError, TypeError) as error:
            raise Fault(file, "", f"has no connection at source.serviceConnection.config: {error}") from error
        place = "/source/serviceConnection/config"
    for fault in Draft7Validator(schema, registry=registry).iter_errors(sample):
        raise Fault(file, place + pointer_of(fault.absolute_path), fault.message)


def check_certification(file: Path) -> None:
    """Validate the manifest of a package against the schema that the package has of it."""
    from jsonschema import Draft7Validator

    for fault in Draft7Validator(load(file.with_suffix(".schema.json"))).iter_errors(load_yaml(file)):
        raise Fault(file, pointer_of(fault.absolute_path), fault.message)


def pointer_of(path: Any) -> str:
    return "".join(f"/{part}" for part in path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
