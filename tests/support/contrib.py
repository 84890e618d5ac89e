"""An OpenMetadata checkout to scaffold into, and the installed framework with a contribution laid over it.

The checkout is a skeleton: the schemas that a connection refers to, with the shapes of
catalog/references.yml. The overlay stands in for `make generate` and a build: links to the
installed `metadata` package, with the contribution's files, the model that
datamodel-code-generator makes of its schema, and its type in the generated service model.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from extensions.catalog import Catalog

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = Path("openmetadata-spec/src/main/resources/json/schema")

# Where the framework is installed; importing it to ask would take seconds.
_WHERE = "import importlib.util as u; print(u.find_spec('metadata').submodule_search_locations[0])"

# The options with which OpenMetadata's build makes the models of `metadata.generated`.
CODEGEN = (
    "--input-file-type=jsonschema",
    "--output-model-type=pydantic_v2.BaseModel",
    "--use-annotated",
    "--base-class=metadata.ingestion.models.custom_pydantic.BaseModel",
    "--set-default-enum-member",
    "--target-python-version=3.10",
    "--disable-timestamp",
    "--formatters=builtin",  # black, the default, takes most of the time, and nobody reads these models
)


def write_checkout(root: Path, specification: Path | None = None) -> Path:
    """Make a skeleton checkout below `root`, around a specification where there is one; gives `root`."""
    if specification:
        shutil.copytree(specification, root / SPEC)
    else:
        write_schemas(root / SPEC)
    for folder in ("openmetadata-service", "openmetadata-ui", "ingestion/src/metadata"):
        (root / folder).mkdir(parents=True)
    return root


def write_schemas(root: Path) -> None:
    """Write the targets of references.yml as schema files below `root`."""
    for place, contents in reference_files().items():
        file = root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(contents), encoding="utf-8")


def reference_files() -> dict[str, dict[str, Any]]:
    """The targets of references.yml as schemas, by path; titled so that the generator names their classes."""
    files: dict[str, dict[str, Any]] = {}
    for target in Catalog(ROOT / "catalog").release["targets"].values():
        place, _, fragment = target["pointer"].partition("#/definitions/")
        if fragment:
            file = files.setdefault(place, {"title": f"{Path(place).stem}Model", "type": "object", "definitions": {}})
            file["definitions"][fragment] = target["shape"]
        else:
            files[place] = {"title": target["model"], **target["shape"]}
    return files


def generate_models(schemas: Path, into: Path) -> None:
    """Run datamodel-code-generator over a directory of schemas. Raises CalledProcessError with its output."""
    subprocess.run(
        [sys.executable, "-m", "datamodel_code_generator", f"--input={schemas}", f"--output={into}", *CODEGEN],
        check=True,
        capture_output=True,
        text=True,
    )


def installed_package(framework_python: Path) -> Path:
    """Where an interpreter has the framework's `metadata` package."""
    command = [str(framework_python), "-c", _WHERE]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


def lay_over(checkout: Path, framework_python: Path, into: Path, types: Iterable[tuple[str, str]]) -> Path:
    """Copy the installed `metadata` package below `into` with the contributions in it; gives the import path.

    `types` are the contributions: service type and the type of the service.
    """
    package = into / "metadata"
    into.mkdir(parents=True, exist_ok=True)
    package.symlink_to(installed_package(framework_python))
    for source in (checkout / "ingestion/src/metadata").rglob("*"):
        if source.is_file():
            put_module(
                package, source.relative_to(checkout / "ingestion/src/metadata"), source.read_text(encoding="utf-8")
            )
    schemas = {}
    for service_type, type_name in types:
        (schemas[service_type, type_name],) = [
            file
            for file in (checkout / SPEC / "entity/services/connections" / service_type).glob("*Connection.json")
            if json.loads(file.read_text(encoding="utf-8"))["title"] == f"{type_name}Connection"
        ]
    _generate_connections(schemas, package, into / "models")
    for (service_type, type_name), schema in schemas.items():
        _register(package, Path(f"generated/schema/entity/services/{service_type}Service.py"), schema.stem, type_name)
    return into


def join(installed: Path, framework_python: Path) -> None:
    """Make what a distribution installed below `metadata` one package with the framework's, as one site has it."""
    files = {path.relative_to(installed): path.read_text(encoding="utf-8") for path in installed.rglob("*.py")}
    shutil.rmtree(installed)
    installed.symlink_to(installed_package(framework_python))
    for place, text in files.items():
        put_module(installed, place, text)


def put_module(package: Path, place: Path, text: str) -> None:
    """Write a file into a package of links: the folders on its way become folders of links."""
    for folder in [package, *(package / parent for parent in reversed(place.parents[:-1]))]:
        if folder.is_symlink():
            target = folder.resolve()
            folder.unlink()
            folder.mkdir()
            for child in target.iterdir():
                if child.name != "__pycache__":
                    (folder / child.name).symlink_to(child)
        folder.mkdir(exist_ok=True)
    (package / place).unlink(missing_ok=True)
    (package / place).write_text(text, encoding="utf-8")


def _generate_connections(schemas: dict[tuple[str, str], Path], package: Path, scratch: Path) -> None:
    """Put the models of connection schemas, by service type and type, into the copied package."""
    source = scratch / "schema"
    write_schemas(source)
    places = []
    for (_, type_name), schema in schemas.items():
        place = Path("entity/services/connections", schema.parent.name)
        (source / place).mkdir(parents=True, exist_ok=True)
        shutil.copy(schema, source / place)
        places.append(place / f"{schema.stem}.py")
        # Definitions in files of their own.
        for own in sorted((schema.parent / type_name.lower()).glob("*.json")):
            (source / place / own.parent.name).mkdir(exist_ok=True)
            shutil.copy(own, source / place / own.parent.name)
            places.append(place / own.parent.name / f"{own.stem}.py")
    generate_models(source, scratch / "out")
    for place in places:
        text = (scratch / "out" / place).read_text(encoding="utf-8")
        put_module(package, Path("generated/schema") / place, with_secrets(text))


def with_secrets(module: str) -> str:
    """A generated module with the framework's own secret type, which OpenMetadata's build puts in as well."""
    if "SecretStr" not in module:
        return module
    module = re.sub(r"\bSecretStr\b", "CustomSecretStr", module)
    module = re.sub(r"(from pydantic import .*?)(, CustomSecretStr|CustomSecretStr, )", r"\1", module)
    return module.replace(
        "from metadata.ingestion.models.custom_pydantic import BaseModel",
        "from metadata.ingestion.models.custom_pydantic import BaseModel, CustomSecretStr",
    )


def _register(package: Path, place: Path, module: str, type_name: str) -> None:
    """Make the generated service model know the type, as generation from a registered schema would."""
    text = (package / place).read_text(encoding="utf-8")
    if not re.search(rf"^    {type_name} = '{type_name}'$", text, re.MULTILINE):
        kind = re.search(r"class \w+ServiceType\(Enum\):\n", text)
        # Of a service type with one connector, neither the union nor the import is in parentheses.
        union = re.search(r"    config: (?:\(\n        )?", text)
        imports = re.search(r"^(?=(from \.connections\.\w+ import ))", text, re.MULTILINE)
        assert kind and union and imports, f"{place} is not generated as expected"
        for match, line in sorted(
            [
                (kind, f"    {type_name} = '{type_name}'\n"),
                (union, f"{module}.{type_name}Connection | "),
                (imports, f"{imports[1]}{module}\n"),
            ],
            key=lambda edit: -edit[0].end(),
        ):
            text = text[: match.end()] + line + text[match.end() :]
    put_module(package, place, text)
