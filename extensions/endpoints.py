"""What the endpoints of an answer are for: each is matched to a resource of the service type, or refused in a line.

An endpoint is matched by the last noun of its path: `GET /api/queues` lists the topics of a broker, `GET /boards/{id}`
shows one dashboard, `GET /boards/{id}/tiles` lists a dashboard's charts. A noun may be singular where the path ends
with it. What stands behind a dash or a `#` is a comment.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Collection

    from jinja2 import Environment

    from extensions.catalog import Catalog

Facts = dict[str, Any]

# Longest endpoint that leaves every emitted line within its limits.
MAX_ENDPOINT = 100

# How much of a refused endpoint its refusal shows.
SHOWN = 60

# What may stand behind a singular noun without being a thing of its own.
_LISTING = ("all", "list", "search")

_METHODS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS"
# Em dash and en dash, which no path holds.
_DASHES = "\u2014\u2013"
_BULLET = re.compile(rf"[-*\u2022{_DASHES}]\s+")
_COMMENT = re.compile(rf"\s*[{_DASHES}]|\s-+(?=\s|$)|\s#(?=\s|$)")
# Within a comment, only what begins as an endpoint does is the next one.
_NEXT = re.compile(rf"[,;](?=\s*(?:(?:[A-Za-z]+\s+)?/|[A-Za-z][\w+.-]*://|(?:{_METHODS})\b))")
_ENDPOINT = re.compile(r"(?:(?P<method>[A-Za-z]+)\s+)?(?P<path>/[\w./~:{}<>?=&%@+$!*()-]*)", re.ASCII)
_URL = re.compile(r"(?:[A-Za-z]+\s+)?[A-Za-z][\w+.-]*://[^/?#\s]*(?P<path>[^?#\s]*)", re.ASCII)
_PLACEHOLDER = re.compile(r"\{[^{}/]*\}|<[^<>/]*>|(?<=/):\w+")


@dataclass(frozen=True)
class Match:
    """An endpoint of a resource: its path, each placeholder written `{}`.

    `detail` says that it shows one of them instead of a list, `single` that it shows the one of a parent. `noun` is
    what its path calls one of them.
    """

    resource: str
    text: str
    path: str
    detail: bool
    single: bool
    noun: str


class EndpointError(ValueError):
    """An endpoint that can't be honoured: one line that says what to give instead."""


def commented(answer: str) -> list[tuple[str, str]]:
    """Each endpoint of an answer, and the same with the comment behind it; they are on lines, or between commas."""
    found = []
    for line in answer.splitlines():
        if line.lstrip().startswith("#"):
            continue
        while line := line.lstrip(",; \t"):
            line = line[bullet.end() :] if (bullet := _BULLET.match(line)) else line
            comment, separator = _COMMENT.search(line), re.search("[,;]", line)
            if comment and separator and separator.start() < comment.start():
                comment = None
            ended = _NEXT.search(line, comment.end()) if comment else separator
            whole = line[: ended.start()] if ended else line
            text = whole[: comment.start()] if comment else whole
            if text.strip():
                found.append((text.strip(), whole.strip()))
            line = line[len(whole) :]
    return found


def fault(text: str, service: Facts, family: str, connection_type: str) -> str:
    """Refuses endpoints that would be of no effect; `service` are facts of services/, `family` is of connections/."""
    if not commented(text):
        return "give endpoints, or leave api_endpoints empty: it has none" if text.strip() else ""
    if family != "client":
        return f"leave api_endpoints out: it belongs to rest_api and sdk_client, not to {connection_type}"
    try:
        matches(text, service["resources"], lists_only=connection_type == "sdk_client")
    except EndpointError as error:
        return str(error)
    return ""


def needed(answer: str, known: dict[str, Facts]) -> dict[str, Match]:
    """The capabilities without which endpoints would not be asked for, with an endpoint of each."""
    try:
        found = matches(answer, known)
    except EndpointError:
        return {}
    asking = {known[match.resource].get("capability", ""): match for match in reversed(found)}
    return {capability: match for capability, match in asking.items() if capability}


def matches(answer: str, known: dict[str, Facts], prefix: str = "", *, lists_only: bool = False) -> list[Match]:
    """The answered endpoints, each with the resource that it is for.

    `known` are the resources of the service type; an SDK has `lists_only`. Raises `EndpointError` for the first
    endpoint that can't be honoured.
    """
    found: dict[tuple[str, bool], Match] = {}
    for text, _ in commented(answer):
        if len(text) > MAX_ENDPOINT:
            raise EndpointError(f"give at most {MAX_ENDPOINT} characters for an endpoint: {_cut(text)} is too long")
        match = _match(text, known, prefix)
        words = _words_of(match.resource)
        if match.detail and lists_only:
            raise EndpointError(f"leave {_cut(text)} out: an SDK gives each of the {words} in full, in their list")
        if other := found.get((match.resource, match.detail)):
            does = f"shows one of the {words}" if match.detail else f"lists the {words}"
            raise EndpointError(f"leave {_cut(text)} out: {_cut(other.text)} {does} already")
        found[match.resource, match.detail] = match
    above = {parent for facts in known.values() for parent in facts.get("parents", ())}
    for (name, detail), match in found.items():
        if detail and name in above and known[name].get("optional") and (name, False) not in found:
            raise EndpointError(
                f"give the endpoint that lists the {_words_of(name)}, too: {_cut(match.text)} shows one"
            )
    return list(found.values())


def _match(text: str, known: dict[str, Facts], prefix: str) -> Match:
    path = _path(text, known)
    segments = path.partition("?")[0].split("/")[1:]
    places = len(_PLACEHOLDER.findall(path))
    # A list of all that would be too long is none.
    reachable = {name: facts for name, facts in known.items() if places or not facts.get("nested")}
    for place in reversed(range(len(segments))):
        segment = segments[place]
        if _is_placeholder(segment):
            continue
        above = next((one for one in reversed(segments[:place]) if not _is_placeholder(one)), "")
        behind = segments[place + 1 :]
        name = _named(segment, above, reachable, alone=all(_is_placeholder(one) or one in _LISTING for one in behind))
        if not name:
            continue
        facts = known[name]
        single = _noun(segment, facts.get("singles", ())) != ""
        # A placeholder at the end shows one, as long as the noun is right before it.
        detail = len(behind) == 1 and _is_placeholder(behind[0]) and not single
        _check_places(text, name, facts, places, detail, behind)
        nouns = [*facts["nouns"], *map(singular, facts["nouns"])]
        if prefix and path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix)
        return Match(name, text, _PLACEHOLDER.sub("{}", path), detail, single, singular(_noun(segment, nouns)))
    if name := next(
        (name for name in known if name not in reachable and _noun(segments[-1], known[name]["nouns"])), ""
    ):
        below, usual = _words_of(known[name]["parents"][-1]), known[name]["path"]
        raise EndpointError(f"give the path below one of the {below}, such as GET {usual}: {_cut(text)} lists all")
    there = ", ".join(f"{_words_of(name)} ({', '.join(_nouns_of(facts))})" for name, facts in known.items())
    raise EndpointError(f"give endpoints of what is read: {_cut(text)} names none of {there}")


def _path(text: str, known: dict[str, Facts]) -> str:
    """The path of an endpoint, without a slash at its end. Raises `EndpointError` where it can't be asked for."""
    usual = next(iter(known.values()))["path"]
    if url := _URL.fullmatch(text.partition("?")[0]):
        path = url["path"].rstrip("/") or usual
        raise EndpointError(
            f"give GET {_bare(path)}: of a URL only the path is an endpoint, its host belongs in hostPort"
        )
    if not (endpoint := _ENDPOINT.fullmatch(text)):
        raise EndpointError(
            f"give GET and a path, such as GET {usual}, and all else behind a dash: {_cut(text)} is no endpoint"
        )
    if (endpoint["method"] or "GET").upper() != "GET":
        raise EndpointError(f"leave {_cut(text)} out: a connector only reads, with GET")
    path = endpoint["path"].rstrip("/")
    if re.search(r"[{}<>]", _PLACEHOLDER.sub("", path)):
        raise EndpointError(f"give each placeholder as one name in braces, such as {{id}}: {_cut(text)} has another")
    return path


def _check_places(text: str, name: str, facts: Facts, places: int, detail: bool, behind: list[str]) -> None:
    """Raises `EndpointError` where the placeholders are not those of the parents."""
    words, parents = _words_of(name), [_words_of(parent) for parent in facts.get("parents", ())]
    if any(map(_is_placeholder, behind)) and not _is_placeholder(behind[-1]):
        raise EndpointError(f"leave {_cut(text)} out: it is about one of the {words}, and lists nothing that is read")
    if places > len(parents) + detail:
        below = f"only below {' and '.join(parents)}" if parents else "all at once"
        raise EndpointError(f"leave {_cut(text)} out: {words} are listed {below}, and its path has more placeholders")


def _named(segment: str, above: str, known: dict[str, Facts], *, alone: bool) -> str:
    """The resource that a part of a path names, as a whole rather than by its last word; empty where it names none.

    A singular noun has to stand `alone`, with nothing behind it. Of several with this noun it is the one whose parent
    is named right `above` it: a run's tasks are not a pipeline's.
    """
    for noun in _words(segment):
        named = [name for name, facts in known.items() if noun in [*facts["nouns"], *facts.get("singles", ())]]
        if not named and alone:
            named = [name for name, facts in known.items() if noun in _singulars(facts)]
        below = [
            name
            for name in named
            if (parents := known[name].get("parents"))
            and _noun(above, [*known[parents[-1]]["nouns"], *_singulars(known[parents[-1]])])
        ]
        if named:
            return (below or named)[0]
    return ""


def singular(noun: str) -> str:
    """One of what a plural noun is, by the endings that the nouns of the catalog have."""
    for plural, one in (("indices", "index"), ("ata", "a"), ("ies", "y"), ("xes", "x"), ("s", "")):
        if noun.endswith(plural):
            return noun.removesuffix(plural) + one
    return noun


def _singulars(facts: Facts) -> list[str]:
    return [singular(noun) for noun in facts["nouns"]]


def _nouns_of(facts: Facts) -> list[str]:
    return [*facts["nouns"], *facts.get("singles", ())]


def _words(segment: str) -> list[str]:
    """A part of a path as one word, and its last word."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", segment)]
    return ["".join(words), *words[-1:]]


def _noun(segment: str, nouns: Collection[str]) -> str:
    """The noun that a part of a path is, as a whole or by its last word; empty where it is none."""
    return next((noun for noun in _words(segment) if noun in nouns), "")


def _is_placeholder(segment: str) -> bool:
    return bool(_PLACEHOLDER.search(f"/{segment}", 1))


def _words_of(name: str) -> str:
    return name.replace("_", " ")


def _bare(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _cut(text: str) -> str:
    """A text in quotes, on one line, and of a long one its beginning."""
    return repr(_bare(text))


class EndpointsExtension(Extension):
    """Adds `match_endpoints` and `endpoint_texts` to the environment, and what questions ask as filters."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(match_endpoints=matches, endpoint_texts=commented)
        for function in (self.endpoints_fault, self.with_endpoints, self.unread_fault):
            environment.filters[function.__name__] = function

    @property
    def _catalog(self) -> Catalog:
        # CatalogExtension has put it there.
        return self.environment.catalog  # type: ignore[attr-defined]

    def endpoints_fault(self, text: str, service_type: str, connection_type: str) -> str:
        """Refuses the endpoints that a connector of these answers could not honour."""
        family = self._catalog.connections[connection_type]["family"]
        return fault(text, self._catalog.services[service_type], family, connection_type)

    def with_endpoints(self, usual: str, text: str, service_type: str) -> str:
        """The `usual` capabilities, a list as JSON, and those that the endpoints need."""
        listed = json.loads(usual)
        return json.dumps([*listed, *(one for one in self._needed(text, service_type) if one not in listed)])

    def unread_fault(self, capabilities: Collection[str], text: str, service_type: str) -> str:
        """Refuses capabilities without one that an endpoint needs, which would not be asked for."""
        for capability, match in self._needed(text, service_type).items():
            if capability not in capabilities:
                return (
                    f"choose {capability}, too, or leave {_cut(match.text)} out of api_endpoints: without it no "
                    f"{_words_of(match.resource)} are read"
                )
        return ""

    def _needed(self, text: str, service_type: str) -> dict[str, Match]:
        return needed(text, self._catalog.services[service_type].get("resources", {})) if text else {}
