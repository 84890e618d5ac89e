"""From the endpoints that were answered to the paths of a client.

An endpoint is matched to a resource of the service type by the last noun of its path:
`GET /api/queues` lists the topics of a broker, `GET /boards/{id}` shows one dashboard,
`GET /boards/{id}/tiles` lists a dashboard's charts. What matches nothing is kept, for
CONNECTOR_CONTEXT.md to list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

Facts = dict[str, Any]

_ENDPOINT = re.compile(r"(?:(?P<method>[A-Za-z]+)\s+)?(?P<path>/[\w./~:{}<>?=&%@+$!*()-]*)", re.ASCII)
_PLACEHOLDER = re.compile(r"\{[^{}/]*\}|<[^<>/]*>|(?<=/):\w+")


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


@dataclass(frozen=True)
class Endpoints:
    """`resources` by name, parents first, the `answered` endpoints, and those of them that are no resource's."""

    resources: dict[str, Resource]
    answered: list[str]
    unmatched: list[str]


def endpoint_texts(answer: str) -> list[str]:
    """The single endpoints of an answer: separated by commas or on lines of their own."""
    return [text for text in (part.strip() for part in re.split(r"[,\n;]", answer)) if text]


def endpoints(answer: str, known: dict[str, Facts], prefix: str = "") -> Endpoints:
    """Match the answered endpoints to the resources of a service type (`resources` of its catalog file)."""
    lists: dict[str, str] = {}
    details: dict[str, str] = {}
    answered = endpoint_texts(answer)
    unmatched = []
    for text in answered:
        found = _match(text, known, prefix)
        into = details if found and found[2] else lists
        if found and found[0] not in into:
            into[found[0]] = found[1]
        else:
            unmatched.append(text)
    resources: dict[str, Resource] = {}
    for name in known:
        resources[name] = _resource(name, known, lists, details, resources)
    return Endpoints(resources, answered, unmatched)


def _match(text: str, known: dict[str, Facts], prefix: str) -> tuple[str, str, bool] | None:
    """The resource that an endpoint is for, its path, and whether it shows one instead of a list."""
    endpoint = _ENDPOINT.fullmatch(text)
    if not endpoint or (endpoint["method"] or "GET").upper() != "GET":
        return None
    path = endpoint["path"].rstrip("/")
    if prefix and path.startswith(f"{prefix}/"):
        path = path.removeprefix(prefix)
    if re.search(r"[{}<>]", _PLACEHOLDER.sub("", path)):
        return None
    segments = path.partition("?")[0].split("/")[1:]
    places = len(_PLACEHOLDER.findall(path))
    detail = bool(segments and _PLACEHOLDER.fullmatch(f"/{segments[-1]}", 1))
    named = [segment for segment in segments if not _PLACEHOLDER.search(f"/{segment}", 1)]
    reachable = {name: facts for name, facts in known.items() if places or not facts.get("nested")}
    for place, segment in reversed(list(enumerate(named))):
        name = _named(segment, named[place - 1] if place else "", reachable)
        if not name:
            continue
        # A placeholder at the end shows one, as long as the noun is right before it.
        shows_one = detail and segments[-2] == segment and not _noun(segment, known[name].get("singles", []))
        fits = places <= len(known[name].get("parents", ())) + shows_one
        return (name, path, shows_one) if fits else None
    return None


def _named(segment: str, above: str, known: dict[str, Facts]) -> str:
    """The resource that a part of a path names, as a whole rather than by its last word; empty where it names none.

    Of several with this noun it is the one whose parent is named right `above` it: a run's tasks are not a pipeline's.
    """
    for noun in _words(segment):
        named = [name for name, facts in known.items() if noun in [*facts["nouns"], *facts.get("singles", ())]]
        below = [
            name
            for name in named
            if (parents := known[name].get("parents")) and _noun(above, known[parents[-1]]["nouns"])
        ]
        if named:
            return (below or named)[0]
    return ""


def _words(segment: str) -> list[str]:
    """A part of a path as one word, and its last word."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", segment)]
    return ["".join(words), *words[-1:]]


def _noun(segment: str, nouns: list[str]) -> str:
    """The noun that a part of a path is, as a whole or by its last word; empty where it is none."""
    return next((noun for noun in _words(segment) if noun in nouns), "")


def _nouns(path: str, nouns: list[str]) -> list[str]:
    """The last noun in a path, for one of what it names: job for /jobs; none where the path has none."""
    found = [noun for segment in reversed(path.partition("?")[0].split("/")) if (noun := _noun(segment, nouns))]
    return [_singular(noun) for noun in found[:1]]


def _is_single(path: str, facts: Facts) -> bool:
    """Whether a path shows the one of a parent: its last noun is none for lists."""
    singles = facts.get("singles", [])
    nouns = [_noun(segment, facts["nouns"] + singles) for segment in path.partition("?")[0].split("/")]
    return next(filter(None, reversed(nouns)), "") in singles


def _singular(noun: str) -> str:
    for plural, one in (("indices", "index"), ("ies", "y"), ("xes", "x"), ("s", "")):
        if noun.endswith(plural):
            return noun.removesuffix(plural) + one
    return noun


def _resource(
    name: str, known: dict[str, Facts], lists: dict[str, str], details: dict[str, str], before: dict[str, Resource]
) -> Resource:
    """A resource; `before` holds those above it. Without an endpoint its usual path is below its parent's real one."""
    facts = known[name]
    above = facts.get("parents", [])
    parents = tuple(known[parent]["item"] for parent in above)
    usual = facts["path"]
    if above:
        usual = before[above[-1]].path.partition("?")[0] + usual.removeprefix(known[above[-1]]["path"])
    path = _filled(lists[name], parents) if name in lists else usual
    one = _filled(details[name], (*parents, facts["item"])) if name in details else ""
    is_read = facts.get("contents", False)
    return Resource(
        name=name,
        item=facts["item"],
        path=path,
        detail="" if is_read else one,
        contents=(one or f"{path.partition('?')[0]}/{{{facts['item']}}}") if is_read else "",
        parents=parents,
        parent_names=tuple(above),
        answered=name in lists,
        single=_is_single(lists.get(name, ""), facts),
        optional=facts.get("optional", False) and name not in lists,
        often=facts.get("often", False) and name not in lists,
        held_as=(name.replace("_", ""), *facts.get("held_as", ())),
        of=facts.get("of", ""),
        request=facts.get("request", ""),
        filter=facts.get("filter", ""),
        named_by=facts.get("named_by", "name"),
        untagged=facts.get("untagged", False),
        sample=facts.get("sample", {}),
        words=_called(facts, lists.get(name, "")),
    )


def _called(facts: Facts, path: str) -> tuple[str, ...]:
    """What one of a resource is called: by its catalog file, and in the answered path."""
    words = [facts["item"].replace("_", ""), *_nouns(path, facts["nouns"]), *facts.get("words", ())]
    return tuple(dict.fromkeys(words))


def _filled(path: str, items: tuple[str, ...]) -> str:
    """A path with its placeholders named after the items they stand for: the last one for the last item."""
    places = list(_PLACEHOLDER.finditer(path))
    for place, item in zip(reversed(places), reversed(items), strict=False):
        path = f"{path[: place.start()]}{{{item}}}{path[place.end() :]}"
    return path


def sample_records(resources: dict[str, Resource], fields: Facts) -> dict[str, list[Facts]]:
    """Records for the emitted tests: five of each outermost resource, two below each parent.

    `fields` are what the record of an entity has beside the usual ones; {n} in them is its number.
    """
    records: dict[str, list[Facts]] = {}
    for resource in resources.values():
        lineages: list[Facts] = [{}]
        if resource.parents:
            lineages = [
                {key: value for key, value in parent.items() if key.endswith("_id")}
                | {f"{resource.parent}_id": parent["id"]}
                for parent in records[resource.parent_name]
            ]
        count = 2 if resource.parents else 5
        records[resource.name] = [
            _sample(resource, lineage, number, fields)
            for number, lineage in enumerate((lineage for lineage in lineages for _ in range(count)), start=1)
        ]
        if resource.of:
            _refer(records[resource.name], resources[resource.of], records[resource.of])
    return records


def _refer(records: list[Facts], to: Resource, others: list[Facts]) -> None:
    """Let each record refer to one of the others that are below its own outermost parent, all in turn."""
    above = f"{to.parents[0]}_id"
    for number, record in enumerate(records):
        siblings = [other["id"] for other in others if other[above] == record[above]]
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
    """Puts the functions on the environment, as `environment.match_endpoints` and `environment.sample_records`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(match_endpoints=endpoints, sample_records=sample_records)
