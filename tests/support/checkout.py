"""The files of an OpenMetadata checkout that have to know a connector, as tests need them.

The schemas of the services are the specification's own where there is one. The rest is rebuilt to the shape that the
2.0 line has, of the types that the services' schemas list: what the files say is ours, how they say it is theirs.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from extensions.catalog import FOLDER, Catalog
from extensions.naming import enum_member

SPECIFICATION = Path("openmetadata-spec/src/main/resources/json/schema")
INTERFACE = Path("openmetadata-ui/src/main/resources/ui/src")
FACTORY = Path(
    "openmetadata-service/src/main/java/org/openmetadata/service/secrets/converter/ClassConverterFactory.java"
)
CATALOG = Catalog(FOLDER)

# How the interface loads the form of a connection: as the 2.0 line began, as it is now, and as it was before.
LOADERS = ("import", "load", "switch")


def write_registry(root: Path, specification: Path | None = None, loaders: str = "import") -> Path:
    """Write the files that know the connectors of a checkout below `root`; gives `root`.

    Without a specification, the schemas of the services are rebuilt too, as they begin in the 2.0 line.
    """
    (root / SPECIFICATION / "type").mkdir(parents=True, exist_ok=True)
    services = {}
    for service_type, service in CATALOG.services.items():
        file = root / SPECIFICATION / service["service_schema"]
        file.parent.mkdir(parents=True, exist_ok=True)
        if specification and (specification / service["service_schema"]).is_file():
            shutil.copy(specification / service["service_schema"], file)
        else:
            put(file, service_file(service["registration"]))
        services[service_type] = read_service(file)
        put(root / service["registration"]["loaders"][0], loader_file(service_type, services[service_type], loaders))
    put(root / INTERFACE / "utils/ServiceIconUtils.ts", icon_file(services))
    put(root / INTERFACE / "constants/ServiceType.constant.ts", constants_file())
    put(root / FACTORY, factory_file())
    put(root / "ingestion/setup.py", SETUP)
    return root


def service_file(names: dict[str, Any]) -> str:
    """The schema of a service: the types that other files here name, its first type ahead."""
    line = names.get("enum_line", "")
    kinds = json.loads(line[line.index("[") : -1]) if line else [names["first"], *NAMED.get(names["definitions"], ())]
    stems = dict.fromkeys([names["first_schema"], *(f"{kind[0].lower()}{kind[1:]}Connection" for kind in kinds)])
    definitions = {
        f"{names['definitions']}ServiceType": {
            "type": "string",
            "enum": kinds,
            "javaEnums": [{"name": kind} for kind in kinds],
        },
        f"{names['definitions']}Connection": {
            "type": "object",
            "properties": {
                "config": {"mask": True, "oneOf": [{"$ref": f"{names['schema_folder']}{stem}.json"} for stem in stems]}
            },
        },
    }
    text = json.dumps({"type": "object", "definitions": definitions}, indent=2) + "\n"
    in_lines = ",\n".join(f'        "{kind}"' for kind in kinds)
    return text.replace(f'      "enum": [\n{in_lines}\n      ],', line) if line else text


# Types that the lists of single types have, and those that the loaders begin with.
NAMED = {
    "database": ["SSAS", "SapErp", "Athena"],
    "dashboard": ["Hex", "Looker"],
    "pipeline": ["GluePipeline", "SSIS", "Airbyte"],
    "drive": ["CustomDrive"],
    "api": ["WEBHOOK"],
    "search": ["OpenSearch"],
    "storage": ["GCS"],
}


def read_service(file: Path) -> list[tuple[str, str]]:
    """The types of a service's schema that have a connection, each with its schema's stem."""
    data: Any = json.loads(file.read_text(encoding="utf-8"))
    kinds: list[str] = next(facts["enum"] for facts in data["definitions"].values() if "enum" in facts)
    by_name = {stem.removesuffix("Connection").lower(): stem for stem in connections(data)}
    return [(kind, by_name[kind.lower()]) for kind in kinds if kind.lower() in by_name]


def connections(service: Any) -> list[str]:
    """The stems of the connections' schemas that a service's schema refers to."""
    (config,) = [
        facts["properties"]["config"]
        for facts in service["definitions"].values()
        if "config" in facts.get("properties", {})
    ]
    return [Path(choice["$ref"]).stem for choice in config["oneOf"]]


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())


def member(type_name: str) -> str:
    return enum_member(type_name, CATALOG.acronyms)


def generated(service_type: str) -> str:
    """The module of the interface that has the types of a service, as its other modules import it."""
    return f"../generated/entity/services/{service_type}Service"


def loader_file(service_type: str, types: list[tuple[str, str]], shape: str) -> str:
    """What gives the interface the schema of a connection's form, in one of the shapes of `LOADERS`."""
    names = CATALOG.services[service_type]["registration"]
    enum = names["enum"]
    head = f"import {{ {enum} }} from '{generated(service_type)}';\n"
    named = [(f"{enum}.{member(kind)}", f"connections/{service_type}/{stem}.json", stem) for kind, stem in types]
    if shape == "switch":
        for _, place, stem in sorted(named, key=lambda entry: entry[1]):
            head += f"import {stem} from '../jsons/connectionSchemas/{place}';\n"
        cases = "".join(
            f"    case {kind}: {{\n      schema = {stem};\n\n      break;\n    }}\n" for kind, _, stem in named
        )
        return (
            f"{head}\nexport const getConfig = (type: {enum}) => {{\n  let schema = {{}};\n\n"
            f"  switch (type) {{\n{cases}    default:\n      break;\n  }}\n\n  return {{ schema }};\n}};\n"
        )
    if shape == "load":
        head += "import { loadConnectionSchema } from './loadConnectionSchema';\n"
    first = names["loaders_first"]
    indent = first[: len(first) - len(first.lstrip())]
    # What a file begins with in the release is not always the first type.
    named.sort(key=lambda entry: f"[{entry[0]}]" not in first)
    entries = ""
    for kind, place, _ in named:
        load = [f"  loadConnectionSchema('{place}'),"]
        if shape == "import":
            load = ["  import(", f"    '../jsons/connectionSchemas/{place}'", "  ),"]
        entries += "".join(f"{indent}{line}\n" for line in [f"[{kind}]: () =>", *load])
    get = f"\nexport const getConfig = async (type: {enum}) =>\n  {service_type}SchemaLoaders[type]?.();\n"
    ends = f"{indent[2:]}}};\n"
    return f"{head}\ntype SchemaLoader = () => Promise<object>;\n\n{_declared(names, service_type)}{entries}{ends}{get}"


def _declared(names: dict[str, Any], service_type: str) -> str:
    """The head of a map of loaders, on as many lines as the name of its types takes."""
    opens, name = names["loaders_open"], f"const {service_type}SchemaLoaders: Partial"
    if opens == "> = {":
        return f"{name}<\n  Record<{names['enum']}, SchemaLoader>\n{opens}\n"
    if opens == "  {":
        return f"{name}<Record<{names['enum']}, SchemaLoader>> =\n{opens}\n"
    return f"{opens}\n"


def icon_file(services: dict[str, list[tuple[str, str]]]) -> str:
    """The icons of the services: imports and entries below a comment for each kind of service."""
    imports, entries = "", ""
    for service_type, types in services.items():
        heading = CATALOG.services[service_type]["registration"]["icons"]
        icons = [kind.lower() for kind, _ in types]
        # The imports of databases, which come first, have no comment.
        imports += f"\n// {heading}\n" if imports else ""
        imports += "".join(f"import {icon} from '../assets/img/service-icon-{icon}.png';\n" for icon in sorted(icons))
        entries += f"\n  // {heading}\n" if entries else f"  // {heading}\n"
        entries += "".join(f"  {icon}: {icon},\n" for icon in icons)
    return (
        f"{imports}\n// Default icons\nimport logo from '../assets/svg/logo.svg';\n"
        "import topicdefault from '../assets/svg/topic.svg';\n\n"
        f"const SERVICE_ICON_LOADERS: Record<string, string> = {{\n{entries}\n  // Default icons\n  logo: logo,\n"
        "  topicservice: topicdefault,\n};\n\n"
        "export const getServiceIcon = (key: string): string =>\n"
        "  SERVICE_ICON_LOADERS[key.toLowerCase().replaceAll(/[_-]/g, '')];\n"
    )


def constants_file() -> str:
    """What the interface lists of single types: new ones, and names that are not the type's."""
    imports = "".join(
        f"import {{ {service['registration']['enum']} }} from '{generated(service_type)}';\n"
        for service_type, service in sorted(CATALOG.services.items())
    )
    return (
        f"{imports}\nexport const BETA_SERVICES = [\n  PipelineServiceType.Ssis,\n  DatabaseServiceType.Ssas,\n"
        "  DashboardServiceType.Hex,\n];\n\n"
        "export const SERVICE_TYPE_WITH_DISPLAY_NAME = new Map<string, string>([\n"
        "  [PipelineServiceType.GluePipeline, 'Glue Pipeline'],\n  [DatabaseServiceType.SapERP, 'SAP ERP'],\n]);\n"
    )


def factory_file() -> str:
    """The Java factory that knows the converters."""
    known = [("dashboard", "Looker"), ("dashboard", "Superset"), ("database", "BigQuery"), ("pipeline", "Airbyte")]
    imports = "".join(
        f"import org.openmetadata.schema.services.connections.{service_type}.{kind}Connection;\n"
        for service_type, kind in known
    )
    entries = ",\n".join(
        f"            Map.entry({kind}Connection.class, new {kind}ConnectionClassConverter())"
        for _, kind in sorted(known, key=lambda pair: pair[1])
    )
    return (
        "package org.openmetadata.service.secrets.converter;\n\nimport java.util.Map;\n"
        "import org.openmetadata.schema.security.credentials.GCPCredentials;\n"
        f"{imports}\n/** Knows the converter of each connection. */\npublic final class ClassConverterFactory {{\n"
        "  private static final Map<Class<?>, ClassConverter> CONVERTERS;\n\n  static {\n    CONVERTERS =\n"
        f"        Map.ofEntries(\n{entries},\n"
        "            Map.entry(GCPCredentials.class, new GcpCredentialsClassConverter()));\n  }\n\n"
        "  private ClassConverterFactory() {}\n\n  public static ClassConverter getConverter(Class<?> kind) {\n"
        "    return CONVERTERS.getOrDefault(kind, new DefaultConnectionClassConverter(kind));\n  }\n}\n"
    )


SETUP = """\
from typing import Dict, Set

from setuptools import setup

VERSIONS = {"boto3": "boto3>=1.20"}

plugins: Dict[str, Set[str]] = {  # noqa: UP006
    "airflow": {
        "attrs",
        "tornado>=6",  # what it's for: {"airflow"
    },  # also in the container
    "atlas": {},
    "bigquery": {"google-cloud-logging", "sqlalchemy-bigquery>=1.2.2"},
    "mysql": {VERSIONS["boto3"]},
    "nifi": {},  # uses requests
    "vertica": {"vertica-python"},
    "pii-processor": {"spacy"},
}

setup(extras_require={name: list(needs) for name, needs in plugins.items()})
"""
