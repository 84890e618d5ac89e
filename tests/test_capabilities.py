"""A capability that was not asked for leaves no trace; each alone, and all together, pass their own tests."""

from __future__ import annotations

import re
from functools import cache
from itertools import cycle, groupby
from pathlib import Path

import pytest

from extensions import naming
from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT, by_day
from tests.support.connector import Connector, assert_passed, contribute, run_tests
from tests.support.contrib import write_checkout
from tests.support.python import Warm
from tests.support.render import EMPTY, Answers, Renderer, alike

CATALOG = Catalog(ROOT / "catalog")
CHOICES = Choices(CATALOG)

# What only a capability has a reason to say, as a regular expression for small letters. A capability that is added to
# the catalog needs its words here.
WORDS = {
    "lineage": r"lineage",
    "usage": r"usage",
    "profiler": r"profil(er|ing)|profile_",
    "stored_procedures": r"procedure",
    "data_diff": r"data_?diff",
    "incremental": r"incremental",
    "pipeline_status": r"pipeline_?status|get_?runs|/runs|list_runs|_run\b|\brun_|class run\b|outcomes|lookback",
    "data_models": r"data_?model|data model",
    "projects": r"(?<!py)projects?(?!\.|\])",
    "message_schema": r"message_?schema|subject|avro|protobuf|getschemas|list_schemas|def schemas|/schemas",
    "sample_data": r"sample_?(data|size)|/(messages|documents)|list_(messages|documents)|get(messages|documents)",
    "fields": r"search_?index_?field|def _fields|/fields|list_fields|getfields|class field|field_types",
    "dbt": r"dbt",
    # `targetfeature` is what some sources call the column that a model tells.
    "features": r"(?<!target)feature|mlfeature",
    "hyper_parameters": r"hyper_?param|hyper-param|mlhyperparam",
    "store": r"(?<!object)(ml_?store|\bstore\b|_store\b|storage(uri)?\b|imagerepository)",
    "structured_files": r"structured|manifest|pandas|/objects|stored_?object|(list|read)_object",
    "tags": r"\btags?\b|_tags?\b|\btag_|includetags|classification",
    # `owner` alone is also what connection.py calls the connection that closes the client.
    "owners": r"owner(s|\d|_|\")|_owner|owned",
}

# Headings that the UI looks for, each for two capabilities, and what the documentation says of dbt.
DOCUMENTED = ("### Usage & Lineage", "### Profiler & Data Quality", r"\*\*Models, [\w, ]+ of dbt\*\*: .*")

# What is there in any case: abstract methods that a base class demands, with the types in their signatures, and what
# the workflow of another capability calls so.
ANYWAY = {
    "lineage": (
        "yield_dashboard_lineage_details",
        "yield_pipeline_lineage_details",
        r"metadata\.generated\.schema\.api\.lineage\.addLineage import AddLineageRequest",
        "AddLineageRequest",
        "Lineage is not read",
        # The framework keeps the dialects that it parses queries in there.
        r"metadata\.ingestion\.lineage\.models",
        *DOCUMENTED,
    ),
    # What a database is called in BigQuery.
    "projects": ('"project", "projectid"', '"projectId": "p", "datasetId"'),
    # A right in PostgreSQL.
    "usage": ("USAGE on", *DOCUMENTED),
    "profiler": DOCUMENTED,
    "pipeline_status": (
        "yield_pipeline_status",
        r"metadata\.ingestion\.models\.pipeline_status",
        "OMetaPipelineStatus",
    ),
    "features": ("_get_ml_features", "Features are not read"),
    "hyper_parameters": ("_get_hyper_params", "Hyper-parameters are not read"),
    "store": ("_get_ml_store", "Stores are not read"),
    "message_schema": ("subject-path",),
    # What dbt knows are tags and owners of its own; Git has tags, too, and so has Airflow.
    "tags": (
        r"(release\.yml|CONTRIBUTING\.md): .*",
        "of the last tag",
        r'tags=\["openmetadata"\]',
        r"(dbt\.yaml|\.mdx): (includeTags|dbtClassificationName): .*",
        *DOCUMENTED,
        r"yield_tag\b",
        r"metadata\.ingestion\.models\.ometa_classification",
        "OMetaTagAndClassification",
        "Tags are not read",
    ),
    "owners": (r"(dbt\.yaml|\.mdx): dbtUpdateOwners: .*",),
}

# The kinds of connections; databases of a dialect that is known can do more than others, and not all the same.
KINDS: dict[str, Answers] = {
    "known": {"connection_type": "sqlalchemy", "scheme": "postgresql+psycopg2", "namespace": "database.schema.table"},
    "dated": {"connection_type": "sqlalchemy", "scheme": "mysql+pymysql", "namespace": "schema.table"},
    "other": {"connection_type": "sqlalchemy", "scheme": "myolap+pyodbc", "namespace": "schema.table"},
    "rest": {"connection_type": "rest_api", "default_port": "8080", "api_prefix": "/api/v1", "pagination": "page"},
    "sdk": {"connection_type": "sdk_client", "sdk_package": "my-sdk"},
}

SERVICES = pytest.mark.parametrize("service_type", CATALOG.services)


def family(kind: str) -> str:
    return CATALOG.connections[KINDS[kind]["connection_type"]]["family"]


def kinds(service_type: str) -> list[str]:
    return [kind for kind in KINDS if family(kind) in CATALOG.services[service_type]["connections"]]


def placements(service_type: str) -> list[str]:
    return ["package", "contrib"] if "custom" in CATALOG.services[service_type] else ["contrib"]


def capabilities(service_type: str, kind: str) -> list[str]:
    """All that a source of this kind can have beside its metadata."""
    chosen = CHOICES.capabilities(service_type, KINDS[kind]["connection_type"], KINDS[kind].get("scheme", ""))
    return [name for name in accepted(chosen) if name != "metadata"]


def answers(service_type: str, kind: str, placement: str, name: str, chosen: list[str]) -> Answers:
    own: Answers = {
        "name": name,
        "type_name": naming.pascal(name),
        "service_type": service_type,
        "placement": placement,
        "capabilities": ["metadata", *chosen],
    }
    return EMPTY | KINDS[kind] | own


@cache
def renderer(template: Path) -> Renderer:
    return Renderer(template)


def said(capability: str, service_type: str, kind: str) -> set[str]:
    """The names of OpenMetadata that the catalog has for a capability: flags, steps, settings, and what it installs."""
    facts = CATALOG.capability(capability, service_type, KINDS[kind]["connection_type"]) or {}
    installed = facts.get("extra", {}).get("requirements", ())
    return {*facts.get("flags", ()), *facts.get("steps", ()), *facts.get("settings", {}), *installed}


def traces(files: dict[str, str], capability: str, names: set[str]) -> list[str]:
    """The lines that say something of a capability, themselves or by the path of their file: its words or names."""
    demanded = "|".join(ANYWAY.get(capability, ())) or r"\b\B"
    found = []
    for path, text in files.items():
        for line in [] if path in alike() else text.splitlines() or [""]:
            place = f"{path}: {line.strip()}"
            rest = re.sub(demanded, "", place)
            if re.search(WORDS[capability], rest.lower()) or any(name in rest for name in names):
                found.append(place)
    return found


def test_every_capability_has_its_words() -> None:
    assert set(WORDS) == set(CATALOG.capabilities) - {"metadata"}
    assert set(ANYWAY) <= set(WORDS)


@SERVICES
def test_connector_without_a_capability_has_no_trace_of_it(service_type: str, template: Path) -> None:
    for kind in kinds(service_type):
        every = capabilities(service_type, kind)
        for placement in placements(service_type):
            for missing in every:
                others = [name for name in every if name != missing]
                names = said(missing, service_type, kind)
                names -= {name for other in others for name in said(other, service_type, kind)}
                made = service_type, kind, placement, "my_thing"
                assert traces(renderer(template).files(answers(*made, others)), missing, names) == []
                assert traces(renderer(template).files(answers(*made, every)), missing, names) != []


def alone(service_type: str) -> list[tuple[str, str, str]]:
    """Each capability of a service type by itself: name, kind and capability; the kinds of a family take turns."""
    cases = []
    for _, group in groupby(kinds(service_type), family):
        of_family = list(group)
        turns = cycle(of_family)
        for capability in dict.fromkeys(name for kind in of_family for name in capabilities(service_type, kind)):
            kind = next(kind for kind in turns if capability in capabilities(service_type, kind))
            cases.append((f"{service_type}_{kind}_{capability}", kind, capability))
    return cases


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.mark.framework
@pytest.mark.parametrize(
    "service_type",
    by_day([name for name in CATALOG.services if "package" in placements(name)], ["dashboard", "messaging"]),
)
def test_package_with_one_capability_passes_its_tests(
    service_type: str, template: Path, framework: Path, warm: Warm, tmp_path: Path
) -> None:
    failed = {}
    for name, kind, capability in alone(service_type):
        root = tmp_path / name
        write(root, renderer(template).files(answers(service_type, kind, "package", name, [capability])))
        done = Connector(root, name, "package", root / "src", framework, service_type).run_tests(warm)
        if done.returncode != 0 or " skipped" in done.stdout or " passed" not in done.stdout:
            failed[name] = done.stdout[-3000:] + done.stderr[-1000:]
    assert not failed, "\n\n".join(f"{name}:\n{output}" for name, output in failed.items())


@pytest.mark.framework
@pytest.mark.parametrize(
    "service_types",
    [
        # Those whose sources do most by themselves; a service type that can be no package.
        pytest.param(["dashboard", "messaging", "pipeline", "api"], id="some"),
        pytest.param([*CATALOG.services], id="all", marks=NIGHTLY),
    ],
)
def test_contributions_with_all_capabilities_pass_their_tests(
    service_types: list[str], template: Path, framework: Path, tmp_path: Path
) -> None:
    """A service type without packages has its capabilities one by one as well."""
    root = write_checkout(tmp_path / "checkout")
    added = []
    for service_type in service_types:
        cases = [(f"{service_type}_{kind}", kind, capabilities(service_type, kind)) for kind in kinds(service_type)]
        if "package" not in placements(service_type):
            cases += [(name, kind, [one]) for name, kind, one in alone(service_type)]
        for name, kind, chosen in cases:
            write(root, renderer(template).files(answers(service_type, kind, "contrib", name, chosen)))
            added.append((service_type, name))
    assert_passed(run_tests(contribute(root, added, framework, tmp_path)))
