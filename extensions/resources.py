"""What a client lists: the resources of a service type with the paths that were answered, and sample records."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Environment

    from extensions.api_map import ApiMap
    from extensions.api_requests import Request
    from extensions.endpoints import Match

Facts = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """Something that a client lists.

    `path` is below the API's prefix, with `{item}` for the identity of a parent; `detail`
    shows one of them, and is empty where no such endpoint was answered. `single` is a path that
    shows the one of a parent in place of a list, `contents` where the bytes of one are (empty for
    what is all said in its record). `words` are what one of them is called, by OpenMetadata and in
    the answered path: pipeline and job. `held_as` are the fields of a parent's record that may hold
    it, `of` is a resource that it refers to.
    """

    name: str
    item: str
    path: str
    detail: str
    contents: str
    parents: tuple[str, ...]
    parent_names: tuple[str, ...]
    answered: bool
    single: bool
    optional: bool
    often: bool
    held_as: tuple[str, ...]
    of: str
    request: str
    filter: str
    named_by: str
    filtered_on: str
    untagged: bool
    sample: Facts
    words: tuple[str, ...]

    @property
    def nested(self) -> bool:
        """Whether it is listed for one parent at a time; else all are listed at once."""
        return "{" in self.path

    @property
    def parent_name(self) -> str:
        """The resource right above it, or the empty string."""
        return self.parent_names[-1] if self.parent_names else ""

    @property
    def parent(self) -> str:
        """The item right above it, or the empty string."""
        return self.parents[-1] if self.parents else ""

    @property
    def placeholders(self) -> list[str]:
        """The parents whose identities the path takes, outermost first."""
        return re.findall(r"\{(\w+)\}", self.path)


def resources(known: dict[str, Facts], matches: Iterable[Match] = (), api: ApiMap | None = None) -> dict[str, Resource]:
    """What is listed, by name, parents first: resources of a service type, with what endpoints or a map say."""
    made: dict[str, Resource] = {}
    if api:
        for name in known:
            made[name] = _mapped(name, known, api, made)
        return made
    lists: dict[str, Match] = {}
    details: dict[str, Match] = {}
    for match in matches:
        (details if match.detail else lists)[match.resource] = match
    for name in known:
        made[name] = _resource(name, known, lists.get(name), details.get(name), made)
    return made


def _resource(
    name: str, known: dict[str, Facts], listed: Match | None, shown: Match | None, before: dict[str, Resource]
) -> Resource:
    """A resource; `before` holds those above it. Without an endpoint its usual path is below its parent's real one."""
    facts = known[name]
    above = facts.get("parents", [])
    parents = tuple(known[parent]["item"] for parent in above)
    usual = facts["path"]
    if above:
        usual = before[above[-1]].path.partition("?")[0] + usual.removeprefix(known[above[-1]]["path"])
    path = _filled(listed.path, parents) if listed else usual
    one = _filled(shown.path, (*parents, facts["item"])) if shown else ""
    is_read = facts.get("contents", False)
    return Resource(
        name=name,
        item=facts["item"],
        path=path,
        detail="" if is_read else one,
        contents=(one or f"{path.partition('?')[0]}/{{{facts['item']}}}") if is_read else "",
        parents=parents,
        parent_names=tuple(above),
        answered=bool(listed),
        single=bool(listed and listed.single),
        optional=facts.get("optional", False) and not listed,
        often=facts.get("often", False) and not listed,
        held_as=(name.replace("_", ""), *facts.get("held_as", ())),
        of=facts.get("of", ""),
        request=facts.get("request", ""),
        filter=facts.get("filter", ""),
        named_by=facts.get("named_by", "name"),
        filtered_on=facts.get("filtered_on", "name"),
        untagged=facts.get("untagged", False),
        sample=facts.get("sample", {}),
        words=_called(facts, listed),
    )


def _mapped(name: str, known: dict[str, Facts], api: ApiMap, before: dict[str, Resource]) -> Resource:
    """A resource as a map has it; `before` holds those above it. One that the map does not name is not asked for."""
    usual = _resource(name, known, None, None, before)
    listed = api.lists.get(name)
    request: Any = listed.request if listed else None
    if api.sdk:
        place = request.place if request else ""
        usual = replace(usual, contents=listed.contents.call.place if listed and listed.contents else "")
    else:
        place = _place(usual, request) if request else ""
    return replace(
        usual,
        path=place,
        detail="",
        answered=bool(listed),
        optional=not listed or listed.optional,
        often=False,
    )


def _place(resource: Resource, request: Request) -> str:
    """A declared path with the items that it is below; those that stand elsewhere are behind a question mark."""
    path = "".join(
        part
        if isinstance(part, str)
        else f"{{{part.of}}}"
        if part.of in resource.parents
        else f":{part.of}.{part.expression}".rstrip(".")
        for part in request.path.parts
    )
    named = {one.of for one in request.placeholders}
    beside = [one for one in resource.parents if one in named and f"{{{one}}}" not in path]
    return path + ("?" + "&".join(f"{one}={{{one}}}" for one in beside) if beside else "")


def _called(facts: Facts, listed: Match | None) -> tuple[str, ...]:
    """What one of a resource is called: by its catalog file, and in the answered path."""
    nouns = [listed.noun] if listed and listed.noun else []
    return tuple(dict.fromkeys([facts["item"].replace("_", ""), *nouns, *facts.get("words", ())]))


def _filled(path: str, items: tuple[str, ...]) -> str:
    """A path with its placeholders named after the items they stand for: the last one for the last item."""
    for item in reversed(items):
        before, place, behind = path.rpartition("{}")
        if not place:
            break
        path = f"{before}{{{item}}}{behind}"
    return path


def sample_records(
    resources: dict[str, Resource], fields: Facts, given: Mapping[str, list[Facts] | None] | None = None
) -> dict[str, list[Facts]]:
    """Records for the emitted tests: five of each outermost resource, two below each parent, five below an only one.

    `fields` are what the record of an entity has beside the usual ones; {n} in them is its number. `given` are
    the records of some resources, which each parent has, or None for those that have nothing but a name.
    """
    given = given or {}
    records: dict[str, list[Facts]] = {}
    for resource in resources.values():
        lineages: list[Facts] = [{}]
        if resource.parents:
            lineages = [
                {key: value for key, value in parent.items() if key.endswith("_id")}
                | {f"{resource.parent}_id": parent["id"]}
                for parent in records[resource.parent_name]
            ]
        count = 5 if len(lineages) == 1 else 2
        records[resource.name] = [
            _sample(resource, lineage, number, fields)
            for number, lineage in enumerate((lineage for lineage in lineages for _ in range(count)), start=1)
        ]
        if resource.name in given:
            fixed = given[resource.name]
            if fixed is None:
                for record in records[resource.name]:
                    for key in [key for key in record if not key.endswith("_id")]:
                        record.pop(key)
                for number, record in enumerate(records[resource.name], 1):
                    record |= dict.fromkeys(("id", "name"), f"{resource.item}_{number}")
            else:
                records[resource.name] = [record | lineage for lineage in lineages for record in fixed]
        if resource.of and records[resource.name]:
            _refer(records[resource.name], resources[resource.of], records[resource.of])
    return records


def _refer(records: list[Facts], to: Resource, others: list[Facts]) -> None:
    """Let each record refer to one of the others that are below its own outermost parent, all in turn."""
    above = f"{to.parents[0]}_id"
    for number, record in enumerate(records):
        siblings = [other["id"] for other in others if other[above] == record[above]]
        if siblings:
            record[f"{to.item}_id"] = siblings[number % len(siblings)]


def _sample(resource: Resource, lineage: Facts, number: int, fields: Facts) -> Facts:
    words = resource.item.replace("_", " ")
    record: Facts = {"id": f"{resource.item}-{number}", "name": f"{resource.item}_{number}"}
    if resource.request:
        record |= {
            "description": f"The {words} of number {number}.",
            "url": f"/{resource.name}/{number}",
            **_filled_in(fields, number),
        }
    return record | _filled_in(resource.sample, number) | lineage


def _filled_in(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", str(number)).replace("{nn}", f"{number:02}")
    if isinstance(value, dict):
        return {key: _filled_in(item, number) for key, item in value.items()}
    return [_filled_in(item, number) for item in value] if isinstance(value, list) else value


class ResourcesExtension(Extension):
    """Puts the functions on the environment, as `environment.resources` and `environment.sample_records`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(resources=resources, sample_records=sample_records)
