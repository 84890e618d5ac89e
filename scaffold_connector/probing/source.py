"""What answers say of a source: read by the template itself, so that they are refused as when a connector is made."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold_connector import answers, template, words
from scaffold_connector.arguments import Wrong
from scaffold_connector.worker import Failed, fetch, give, worker

if TYPE_CHECKING:
    from extensions.api_map import ApiMap
    from extensions.api_requests import Placeholder

Facts = dict[str, Any]

# What a connector's place has to do with, which a probe has none of.
_PLACED = ("placement", "registers")


@dataclass(frozen=True)
class Source:
    """What is asked of a source.

    `api` is what the map says, or what short answers mean; `short` says which of the two. `parents` are the lists that
    each list is below, outermost first, `properties` what `fields` of a list may say, by OpenMetadata's names, `items`
    what sources call one of each. `ways` are the auth types, `own` the author's own options. `placeholder` makes one.
    """

    title: str
    short: bool
    api: ApiMap
    parents: Mapping[str, tuple[str, ...]]
    properties: Mapping[str, Facts]
    nested: Mapping[str, Facts]
    items: Mapping[str, tuple[str, ...]]
    capabilities: frozenset[str]
    ways: tuple[Facts, ...]
    own: Mapping[str, Facts]
    answers: Mapping[str, Any]
    words: Facts
    placeholder: Callable[[str], Placeholder]


def read(file: Path, shown: str, url: str | None = None, ref: str | None = None) -> Source:
    """The source that a file of answers is for. Raises `Wrong` with every fault of the answers, or `Failed`."""
    from copier import Phase

    given = answers.read(file, shown)
    for name in _PLACED:
        given.values.pop(name, None)
        given.places.pop(name, None)
    origin = template.given(url, ref) if url else template.origin()
    found: list[Any] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        worker({}, dst_path=Path(folder), src_path=origin.url, vcs_ref=ref or origin.ref, defaults=True) as asker,
    ):
        fetch(asker, origin.url)
        give(asker, given)
        with Phase.use(Phase.PROMPT):
            asker._ask()
        kind = asker.answers.combined.get("kind", "connector")
        if kind != "connector":
            raise Wrong(f"{shown}: a probe asks the source of a connector: a {kind} has no lists that a map declares")
        if (connection := asker.answers.combined.get("connection_type")) != "rest_api":
            raise Wrong(f"{shown}: a probe asks an API over HTTP: it can't call what {connection} needs")
        with Phase.use(Phase.RENDER):
            source = asker.jinja_env.from_string("{{ keep(connector) }}")
            source.render(**asker._render_context(), keep=found.append)
        (connector,) = found
        if not hasattr(connector, "asked"):
            raise Failed(
                f"{template.shown(origin.url)}: this version of the template can't be probed: give a newer --ref"
            )
        return source_of(connector, asker.jinja_env)


def source_of(connector: Any, environment: Any) -> Source:
    """The source of a connector, as the template has it in a Jinja environment."""
    asked, answered = connector.asked, connector.answers
    service_type = answered["service_type"]
    known = connector.service["resources"]
    catalog = connector.catalog
    return Source(
        title=answered["display_name"] or answered["type_name"],
        short=not connector.declares,
        api=asked,
        parents={name: tuple(known[name].get("parents", ())) for name in known},
        properties={name: catalog.fields_of(service_type, name) for name in known},
        nested=catalog.fields["nested"],
        items={name: one.words for name, one in connector.resources.items()},
        capabilities=frozenset(facts["name"] for facts in connector.capabilities),
        ways=tuple(connector.ways),
        own=dict(connector.own_options),
        answers=answered,
        words=words.read(),
        placeholder=environment.api_placeholder,
    )
