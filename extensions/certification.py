"""The certification of a package: what has to be shown of it, from the facts of its kind and of what it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.connector import Connector
    from extensions.plugin import Plugin

Facts = dict[str, Any]


def certification(plugin: Connector | Plugin) -> Facts:
    """The manifest of a package, as certification/certification.schema.json in it says."""
    answers, facts = plugin.answers, plugin.catalog.certification
    return {
        "contract_version": facts["contract_version"],
        "plugin": {
            "name": answers["name"],
            "type": answers["type_name"],
            "distribution": answers["distribution"],
            "package": answers["package"],
            "settings": answers["config_class"],
        },
        "kind": answers["kind"],
        **({"service_type": answers["service_type"]} if answers["service_type"] else {}),
        "status": "candidate",
        "framework": plugin.release["requirement"],
        "capabilities": plugin.sections,
        "gates": {
            name: _gate(gate, plugin.asked_besides.get(name, []))
            for name, gate in (facts["gates"] | plugin.kind["gates"]).items()
        },
        "documents": facts["documents"] | plugin.kind["documents"],
        **({"entities": plugin.sample_entities} if plugin.sample_entities else {}),
        **({"outermost": plugin.outermost} if plugin.outermost else {}),
        "performance": plugin.kind["performance"],
        "evidence": {
            "report": "certification/certification_report.json",
            "summary": "certification/certification_report.md",
        },
    }


def _gate(gate: Facts, besides: list[str]) -> Facts:
    tests = [f"tests/{test}" for test in (*gate.get("tests", ()), *besides)]
    return {"title": gate["title"], "required_tests": tests, "of_real_source": gate.get("source", False)}


class CertificationExtension(Extension):
    """Adds the filter `certification`, of the plugin."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.filters["certification"] = certification
