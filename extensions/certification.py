"""The certification of a package: what has to be shown of it, from the facts of its capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.connector import Connector

Facts = dict[str, Any]

# What the sample of a database holds, which emitted tests make: the schema of SQLite, its tables and its view.
_SAMPLE = {
    "CreateDatabaseSchemaRequest": ["main"],
    "CreateTableRequest": ["customers", "large_orders", "orders"],
}


def certification(connector: Connector) -> Facts:
    """The manifest of a package, as certification/certification.schema.json in it says."""
    answers, facts = connector.answers, connector.catalog.certification
    return {
        "contract_version": facts["contract_version"],
        "connector": {
            "name": answers["name"],
            "type": answers["type_name"],
            "distribution": answers["distribution"],
            "package": answers["package"],
            "settings": answers["config_class"],
        },
        "service_type": answers["service_type"],
        "status": "candidate",
        "framework": connector.release["requirement"],
        "capabilities": {capability["name"]: _section(capability, connector) for capability in connector.capabilities},
        "gates": {name: _gate(gate) for name, gate in facts["gates"].items()},
        "entities": _entities(connector),
        "performance": facts["performance"],
        "evidence": {
            "report": "certification/certification_report.json",
            "summary": "certification/certification_report.md",
        },
    }


def _section(capability: Facts, connector: Connector) -> Facts:
    """The section of a capability: how it reads, what the source must allow, and the tests that have to pass."""
    facts = capability["certification"]
    tests = [f"tests/{test}" for test in facts.get("tests", ())]
    strategies = facts["strategies"] + (facts.get("strategies_of_need", []) if "needs" in capability else [])
    allow = connector.permissions if capability["name"] == "metadata" else [capability["asks"]]
    if "workflow" in capability:
        tests.append(f"tests/test_package.py::test_workflow_is_understood_by_the_framework[{capability['name']}]")
    return {"strategies": strategies, "source_must_allow": allow, "required_tests": tests}


def _gate(gate: Facts) -> Facts:
    tests = [f"tests/{test}" for test in gate.get("tests", ())]
    return {"title": gate["title"], "required_tests": tests, "of_real_source": gate.get("source", False)}


def _entities(connector: Connector) -> dict[str, list[str]]:
    """The names of what the sample becomes, by the kind of create request, sorted."""
    if connector.family == "sqlalchemy":
        database = connector.example("database") if connector.namespace["databases"] else "default"
        return {"CreateDatabaseRequest": [database]} | _SAMPLE
    entities: dict[str, list[str]] = {}
    for name, resource in connector.resources.items():
        if resource.request:
            names = [record[resource.named_by] for record in connector.sample_records[name]]
            entities[resource.request] = sorted(entities.get(resource.request, []) + names)
    return entities


class CertificationExtension(Extension):
    """Adds the filter `certification`, of the connector."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["certification"] = certification
