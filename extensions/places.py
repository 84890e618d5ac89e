"""Names and places that follow from the answers, added to every template's context.

Nothing of this is asked, and nothing is kept in the answers file. `PLACEMENTS` holds
what differs between an OpenMetadata checkout and a distribution of its own, `PACKAGES`
what a distribution of another kind than a connector has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from copier_template_extensions import ContextHook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

# Patterns of `str.format`, filled with the answers and the cased names.
PLACEMENTS: dict[str, dict[str, str]] = {
    "package": {
        "import_path": "{package}",
        "module_dir": "src/{package}",
        "context_file": "CONNECTOR_CONTEXT.md",
        "schema_file": "src/{package}/schema/{camel}Connection.json",
        "steps_file": "src/{package}/schema/{camel}TestConnection.json",
        # A package's connection is one file, and no Java knows it.
        "definitions_dir": "",
        "converter_file": "",
        "workflow_dir": "workflows",
        "tests_dir": "tests",
        "integration_dir": "",
        "sample_file": "tests/fixtures/connection.json",
        "records_file": "tests/fixtures/records.json",
        "certification_file": "certification/certification.yaml",
        # What the connection is made from: settings read from connectionOptions.
        "first_party": "{package}",
        "config_class": "{type_name}Settings",
        "config_module": "{package}.settings",
        "config_import": "from {package}.settings import {type_name}Settings",
    },
    "contrib": {
        "import_path": "metadata.ingestion.source.{service_type}.{module}",
        "module_dir": "ingestion/src/metadata/ingestion/source/{service_type}/{module}",
        "context_file": "ingestion/src/metadata/ingestion/source/{service_type}/{module}/CONNECTOR_CONTEXT.md",
        "schema_file": (
            "openmetadata-spec/src/main/resources/json/schema/"
            "entity/services/connections/{service_type}/{camel}Connection.json"
        ),
        "steps_file": "openmetadata-service/src/main/resources/json/data/testConnections/{service_type}/{camel}.json",
        "definitions_dir": (
            "openmetadata-spec/src/main/resources/json/schema/entity/services/connections/{service_type}/{module}"
        ),
        "converter_file": (
            "openmetadata-service/src/main/java/org/openmetadata/service/secrets/converter/"
            "{type_name}ConnectionClassConverter.java"
        ),
        "workflow_dir": "ingestion/src/metadata/examples/workflows",
        "tests_dir": "ingestion/tests/unit/topology/{service_type}",
        "integration_dir": "ingestion/tests/integration/{module}",
        "sample_file": "ingestion/src/metadata/examples/workflows/{name}.yaml",
        "records_file": "ingestion/tests/unit/resources/datasets/{name}_records.json",
        "certification_file": "",
        # The text beside the form is in a folder for each service type below this one.
        "form_docs_dir": "openmetadata-ui/src/main/resources/ui/public/locales/en-US",
        "icon_file": "openmetadata-ui/src/main/resources/ui/src/assets/img/service-icon-{module}.svg",
        "page_file": "ingestion/src/metadata/ingestion/source/{service_type}/{module}/{name}.mdx",
        # What the connection is made from: the model generated from its schema.
        "first_party": "metadata",
        "config_class": "{type_name}ConnectionConfig",
        "config_module": "metadata.generated.schema.entity.services.connections.{service_type}.{camel}Connection",
        "config_import": (
            "from metadata.generated.schema.entity.services.connections.{service_type}.{camel}Connection "
            "import {type_name}Connection as {type_name}ConnectionConfig"
        ),
    },
}

# Where those of every kind are, and the class that reads what is configured.
PACKAGES: dict[str, str] = {
    "import_path": "{package}",
    "module_dir": "src/{package}",
    "context_file": "CONTEXT.md",
    "workflow_dir": "workflows",
    "certification_file": "certification/certification.yaml",
    "first_party": "{package}",
    "config_class": "{type_name}Settings",
}

# The kinds that read a service of OpenMetadata's: a topology is a connector that brings its own.
SOURCES = ("connector", "topology")

# The kinds that a workflow of the framework runs.
STEPS = (*SOURCES, "processor", "sink")

# The folders of `template/`: each is rendered as the destination itself, or with all below it left out.
# `plugin` is what the kinds beside sources share, `workflow` what those share that a workflow runs.
FOLDERS = ("connector", "plugin", "workflow", "processor", "sink", "topology", "events", "package", "contrib")


def places(answers: Mapping[str, Any], casing: Mapping[str, Any]) -> dict[str, Any]:
    """The derived names of a plugin; `casing` holds the functions of naming.py by name."""
    kind, placement, name = answers["kind"], answers["placement"], answers["name"]
    names = {"name": name, "distribution": casing["distribution"](name, kind)}
    names |= {case: casing[case](name) for case in ("camel", "constant", "package")}
    is_source = kind in SOURCES
    if is_source:
        names |= {key: answers[key] for key in ("type_name", "service_type")}
        names["module"] = casing["module"](answers["type_name"])
        patterns = PLACEMENTS[placement] | ({"context_file": PACKAGES["context_file"]} if kind != "connector" else {})
    else:
        names["type_name"] = casing["pascal"](name)
        patterns = PACKAGES
    derived = {key: pattern.format(**names) for key, pattern in patterns.items()}
    here = {kind, placement, "connector" if is_source else "plugin", *(["workflow"] if kind in STEPS else [])}
    only = {folder: "." if folder in here else "" for folder in FOLDERS}
    return names | derived | {"is_package": placement == "package", "only": only}


class PlacesExtension(ContextHook):
    """Adds `places` to each context once the answers are complete and valid."""

    def __init__(extension, environment: Environment) -> None:
        super().__init__(environment)
        extension.environment = environment

    def hook(self, context: dict[str, Any]) -> None:
        if context["_copier_phase"] in ("render", "tasks"):
            context.update(places(context, self.environment.filters))
