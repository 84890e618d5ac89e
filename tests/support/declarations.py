"""Reads topologies as the template does, without rendering anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from extensions.catalog import Catalog
from extensions.declarations import DeclarationError
from extensions.topology import Topology
from extensions.topology_reading import Reader
from extensions.topology_samples import Samples

ENVIRONMENT: Any = Environment(
    extensions=[
        "extensions.catalog.CatalogExtension",
        "extensions.declarations.DeclarationsExtension",
        "extensions.api_requests.ApiRequestsExtension",
        "extensions.api_fields.ApiFieldsExtension",
        "extensions.api_calls.ApiCallsExtension",
        "extensions.api_map.ApiMapExtension",
        "extensions.api_samples.ApiSamplesExtension",
        "extensions.topology_names.TopologyNamesExtension",
        "extensions.topology.TopologyExtension",
        "extensions.topology_lists.TopologyListsExtension",
        "extensions.topology_producers.TopologyProducersExtension",
        "extensions.topology_checks.TopologyChecksExtension",
        "extensions.topology_shapes.TopologyShapesExtension",
    ]
)
CATALOG: Catalog = ENVIRONMENT.catalog


def read(text: str, facts: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> Topology:
    """The topology that a text declares, as far as it may be sampled or not. Raises DeclarationError."""
    return Reader(ENVIRONMENT, dict(facts), answers or {}).read(text)


def fault(text: str, facts: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> str:
    """What is said of a declaration; empty where it is accepted."""
    try:
        return Samples(read(text, facts, answers)).fault
    except DeclarationError as error:
        return str(error)
