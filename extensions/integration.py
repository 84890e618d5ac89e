"""What the integration test of a contribution starts, signs in with and expects.

The image is an answer; how it is started and filled are facts of the dialect. Where the catalog knows
nothing of it, the samples of the connection stand there for the author to edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.connector import Connector

Facts = dict[str, Any]

# Properties of the connection that take the database, the first that it has.
_DATABASES = ("database", "databaseSchema")


def container_start(connector: Connector) -> Facts:
    """How the container is started and filled.

    `port` is the port inside of it, `environment` the variables for it, `settings` the connection without its
    address, `seed` what fills it: statements for what is reached over SQLAlchemy, else commands, of which none
    are known. `settled` is whether the image of the catalog's facts lets these settings in.
    """
    answers = connector.answers
    common, sign_in = connector.test_settings()
    settings: Facts = {name: value for name, value in common.items() if name != "hostPort"} | sign_in
    port = int(answers["docker_port"] or answers["default_port"] or common["hostPort"].rpartition(":")[2])
    start: Facts = {"port": port, "environment": {}, "settings": settings, "seed": [], "settled": False}
    if connector.family != "sqlalchemy":
        return start
    facts = connector.catalog.dialects["generic"]["container"] | connector.dialect.get("container", {})
    start["seed"] = facts["seed"]
    if "environment" not in facts:
        return start
    values = {
        "username": facts.get("username", settings.get("username", "")),
        "password": facts["password"],
        "database": facts["database"].format(name=answers["name"]),
    }
    return start | {
        "environment": {name: value for name, text in facts["environment"].items() if (value := text.format(**values))},
        "settings": _signed_in(settings, values, connector.properties),
        "settled": "password" in settings.get("authType", {}),
    }


def _signed_in(settings: Facts, values: dict[str, str], properties: Facts) -> Facts:
    """The settings with the user, the password and the database of the container, as far as they take them."""
    own = dict(settings)
    if "username" in own:
        own["username"] = values["username"]
    if "password" in own.get("authType", {}):
        own["authType"] = own["authType"] | {"password": values["password"]}
    place = next((name for name in _DATABASES if name in properties), None)
    return own | ({place: values["database"]} if place else {})


def arriving(connector: Connector) -> list[dict[str, str]]:
    """The entities of which at least one has to arrive: `name` and generated `module` of each, parents first.

    An optional list of an API counts where an endpoint for it was answered, or where OpenMetadata can't do without.
    """
    listed = connector.service["resources"]
    if connector.family == "client":
        wanted = [name for name, one in connector.resources.items() if one.answered or not one.optional]
        above = {parent for name in wanted for parent in connector.resources[name].parent_names}
        wanted = [name for name in connector.resources if name in wanted or name in above]
    else:
        wanted = [name for name, facts in listed.items() if "capability" not in facts]
    return [_entity(listed[name]) for name in wanted if "entity" in listed[name]]


def _entity(resource: Facts) -> dict[str, str]:
    """Name and module of the entity that a resource becomes."""
    name = resource["request"].removeprefix("Create").removesuffix("Request")
    return {"name": name, "module": _generated(resource["entity"])}


def source_config(connector: Connector) -> Facts:
    """What the workflow is told beside its type: what capabilities ask, and to leave out the server's own schemas."""
    excludes = connector.system_schema_patterns
    return connector.source_settings | ({"schemaFilterPattern": {"excludes": excludes}} if excludes else {})


def service_classes(connector: Connector) -> dict[str, dict[str, str]]:
    """Name and module of the `entity` of the service, and of the `request` that creates one."""
    entity = connector.service["service_class"]
    return {
        "entity": {"name": entity, "module": _generated(connector.service["service_schema"])},
        "request": {"name": f"Create{entity}Request", "module": _generated(f"api/services/create{entity}.json")},
    }


def _generated(pointer: str) -> str:
    """The module that OpenMetadata generates from a schema file."""
    return "metadata.generated.schema." + pointer.removesuffix(".json").replace("/", ".")


class IntegrationExtension(Extension):
    """Adds the functions of this module as Jinja filters of the same names."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        for function in (container_start, arriving, source_config, service_classes):
            environment.filters[function.__name__] = function
