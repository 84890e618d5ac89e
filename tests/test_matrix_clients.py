"""Every service type x connection type x auth type x placement: honoured, or refused with a reason.

What is honoured is rendered, validated, parsed, linted and imported by the real release.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import cycle, product
from pathlib import Path

import pytest

from extensions import naming
from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from extensions.places import places
from tests.conftest import ROOT
from tests.support.checks import PACKAGE_MODULES, check_texts, evidence, validate_files
from tests.support.contrib import lay_over, write_checkout
from tests.support.python import Warm, run_script
from tests.support.render import EMPTY, Answers, Renderer

CATALOG = Catalog(ROOT / "catalog")
CHOICES = Choices(CATALOG)
PLACEMENTS = ("package", "contrib")

SERVICES = pytest.mark.parametrize("service_type", CATALOG.services)
BOTH = pytest.mark.parametrize("placement", PLACEMENTS)

# Answers that each connection type needs, and endpoints that make some lists flat and some nested.
NEEDS: dict[str, Answers] = {
    "sqlalchemy": {"scheme": "myolap+pyodbc", "namespace": "schema.table", "docker_image": "img"},
    "rest_api": {"default_port": "8080", "api_prefix": "/api/v1", "docker_image": "img", "api_key_name": "X-API-Key"},
    "sdk_client": {"sdk_package": "my-sdk", "docker_image": "img"},
}


def reason(choices: str, wanted: str) -> str:
    """Why a choice is refused; empty where it can be had."""
    return {choice["value"]: choice["validator"] for _, choice in json.loads(choices)}[wanted]


def refusal(service_type: str, connection_type: str, auth_type: str, placement: str) -> str:
    """The first reason why these answers are refused together; empty where they are honoured."""
    scheme = NEEDS[connection_type].get("scheme", "")
    return (
        reason(CHOICES.placements("connector", service_type), placement)
        or reason(CHOICES.connection_types("connector", service_type), connection_type)
        or reason(CHOICES.auth_types(connection_type, scheme), auth_type)
    )


def capabilities(service_type: str, connection_type: str) -> list[str]:
    """All that a source of this kind can have."""
    scheme = NEEDS[connection_type].get("scheme", "")
    return accepted(CHOICES.capabilities(service_type, connection_type, scheme))


def combinations(service_type: str, placement: str) -> dict[str, Answers]:
    """The answers that are honoured, by the name of the connector; all ways to page and to list take their turn."""
    paginations = cycle(CATALOG.pagination.items())
    resources = CATALOG.services[service_type].get("resources", {})
    nouns = {name: facts["nouns"][0] for name, facts in resources.items()}
    above = {name: f"/{nouns[facts['parents'][-1]]}/{{id}}" for name, facts in resources.items() if "parents" in facts}
    flat = ", ".join(
        f"GET {above[name] if facts.get('nested') else ''}/{nouns[name]}" for name, facts in resources.items()
    )
    single = [f"GET {above[name]}/{facts['singles'][0]}" for name, facts in resources.items() if "singles" in facts]
    first = flat.partition(",")[0]
    endpoints = cycle([flat, "", ", ".join([first, f"{first}/{{id}}", *single])])
    made = {}
    for connection_type, auth_type in product(CATALOG.connections, CATALOG.auth):
        if refusal(service_type, connection_type, auth_type, placement):
            continue
        name = f"{service_type}_{connection_type.partition('_')[0]}_{auth_type}"
        answers = EMPTY | {
            "name": name,
            "type_name": naming.pascal(name),
            "service_type": service_type,
            "placement": placement,
            "connection_type": connection_type,
            "auth_types": [auth_type],
            "capabilities": capabilities(service_type, connection_type),
            **NEEDS[connection_type],
        }
        if connection_type == "rest_api":
            pagination, facts = next(paginations)
            names = {key: value for key, value in facts.items() if key != "title"}
            answers |= names | {"pagination": pagination, "api_endpoints": next(endpoints)}
        made[name] = answers
    return made


@cache
def renderer(template: Path) -> Renderer:
    return Renderer(template)


def test_each_answer_is_honoured_or_refused_with_a_reason() -> None:
    outcomes = {
        answers: refusal(*answers)
        for answers in product(CATALOG.services, CATALOG.connections, CATALOG.auth, PLACEMENTS)
    }
    refused = {answers: why for answers, why in outcomes.items() if why}
    assert len(outcomes) == 9 * 3 * 8 * 2
    # SQLAlchemy outside databases, packages of the one service type that has no Custom type, and what signs in to no
    # database.
    assert len(refused) == 8 * 8 * 2 + 2 * 8 + 2 * 2
    assert all(why.startswith(("choose ", "leave ")) for why in refused.values())
    honoured = sum(len(combinations(service, placement)) for service in CATALOG.services for placement in PLACEMENTS)
    assert honoured == len(outcomes) - len(refused)


def check(made: list[Answers], placement: str, template: Path, into: Path) -> None:
    """Render connectors of one placement: each validates, and all their texts are well formed."""
    unique: dict[str, str] = {}
    for answers in made:
        files = renderer(template).files(answers)
        unique |= {text: path for path, text in files.items()}
        assert validate_files(files, evidence(answers)) == 0, answers
        (context,) = [text for path, text in files.items() if path.endswith("CONNECTOR_CONTEXT.md")]
        assert "Not used" not in context, answers
    if unique:
        ours = {f"openmetadata_{answers['name']}" for answers in made}.union(PACKAGE_MODULES)
        check_texts(unique, into, ours if placement == "package" else {"metadata"})


@BOTH
@SERVICES
def test_what_is_honoured_validates_compiles_and_is_formatted(
    service_type: str, placement: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check(list(combinations(service_type, placement).values()), placement, template, tmp_path / "unique")


@BOTH
@SERVICES
def test_each_capability_alone_validates_compiles_and_is_formatted(
    service_type: str, placement: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = []
    for connection_type in CATALOG.connections:
        if not refusal(service_type, connection_type, "basic", placement):
            kind = {"service_type": service_type, "placement": placement, "connection_type": connection_type}
            for capability in capabilities(service_type, connection_type):
                made.append(EMPTY | NEEDS[connection_type] | kind | {"capabilities": [capability]})
    check(made, placement, template, tmp_path / "unique")


@BOTH
@SERVICES
def test_longest_and_shortest_names_are_formatted(
    service_type: str, placement: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = []
    for name, connection_type in product(("a", "a" * 30), CATALOG.connections):
        if not refusal(service_type, connection_type, "basic", placement):
            every = accepted(CHOICES.auth_types(connection_type, NEEDS[connection_type].get("scheme", "")))
            auth_types = {"auth_types": every} if name == "a" else {}
            kind = {"service_type": service_type, "placement": placement, "connection_type": connection_type}
            kind |= {"name": name, "type_name": name.title()}
            able = {"capabilities": capabilities(service_type, connection_type)}
            made.append(EMPTY | NEEDS[connection_type] | kind | auth_types | able)
    check(made, placement, template, tmp_path / "unique")


@pytest.mark.framework
@BOTH
def test_real_release_imports_what_is_honoured(
    placement: str, template: Path, framework: Path, warm: Warm, tmp_path: Path
) -> None:
    """All of a placement side by side, packages in one folder and contributions in one checkout."""
    made = [answers for service_type in CATALOG.services for answers in combinations(service_type, placement).values()]
    root = tmp_path / "out"
    if placement == "contrib":
        write_checkout(root)
    for answers in made:
        for path, text in renderer(template).files(answers).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
    modules = [places(answers, vars(naming))["import_path"] for answers in made]
    if placement == "contrib":
        types = [(answers["service_type"], answers["type_name"]) for answers in made]
        overlay = lay_over(root, framework, tmp_path / "overlay", types)
        found = run_script(framework, overlay, IMPORT, json.dumps(modules))
    else:
        found = warm.run_script(root / "src", IMPORT, json.dumps(modules))
    assert found == {
        module: [f"{answers['type_name']}Source", f"{answers['type_name']}Connection"]
        for module, answers in zip(modules, made, strict=True)
    }


# Runs in the framework's interpreter: what each connector's ServiceSpec leads to.
IMPORT = """
import importlib, json, sys
found = {}
for module in json.loads(sys.argv[1]):
    spec = importlib.import_module(module + ".service_spec").ServiceSpec
    found[module] = [path.rpartition(".")[2] for path in (spec.metadata_source_class, spec.connection_class)]
print(json.dumps(found))
"""
