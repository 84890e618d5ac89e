"""Producers of a declared topology: requests, with what other answers say of them, or records always the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jinja2 import Environment

    from extensions.api_map import ApiMap, MappedList
    from extensions.api_requests import PagingReader
    from extensions.declarations import Spot
    from extensions.topology import Producer, Topology
    from extensions.topology_lists import Lists
    from extensions.topology_shapes import Shapes

Facts = dict[str, Any]

MAX_ENDPOINT = 100

MAX_FIELD = 50
MAX_RECORDS = 20

_ENDPOINT = re.compile(r"GET (/[A-Za-z0-9_./~:?=&%@+$!*,;()-]*(\{[^{}]*\}[A-Za-z0-9_./~:?=&%@+$!*,;()-]*)*)")

# What a client writes otherwise: an escape that needs none, or in small letters, or none; a segment of dots.
_REWRITTEN = re.compile(
    r"%(?:2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])|%(?![0-9A-F]{2})|/\.{1,2}(?=[/?]|$)|(?<=GET )//"
)

# Two placeholders that no character parts which is escaped in the values of both.
_TOGETHER = re.compile(r"\}[\w.~%-]*\{")


class Asking:
    """What other answers say of requests, by which producers are read.

    `frame` has what every request has, None where clients find lists by themselves. `usual` is the paging, and `found`
    the JMESPath to the records, of producers without their own. `prefix` is what their paths are below.
    """

    def __init__(self, environment: Any, answers: Mapping[str, Any], has_requests: bool) -> None:
        self._environment = environment
        self._parts: Any = environment.topology_parts
        self._shown: Callable[[Any], str] = environment.shown_value
        self.lists_of: Callable[[Topology], Lists] = environment.topology_lists
        self.shapes_of: Callable[[Topology], Shapes] = environment.topology_shapes
        self.turned: Any = environment.api_shapes
        self.list_of: Callable[..., MappedList] = environment.api_list
        self.options: tuple[str, ...] = answers.get("option_names") or ("hostPort",)
        self.frame: ApiMap | None = environment.no_api if has_requests else None
        self.usual: PagingReader | None = None
        self.found, self.prefix = "", answers.get("api_prefix", "")
        self.parameters = [answers.get(name, "") for name in ("page_parameter", "size_parameter")]
        if answers.get("api"):
            auth_types = tuple(answers.get("auth_types", ()))
            self.frame, self.usual = environment.read_api_frame(
                answers["api"], answers["service_type"], self.options[1:], auth_types
            )
        elif has_requests:
            self.found = self.expression(answers.get("records_path", ""))
            self.usual = self._usual(answers)

    def _usual(self, answers: Mapping[str, Any]) -> PagingReader:
        """The paging that the short answers say."""
        by = answers.get("pagination") or "none"
        said = {"by": by, "count": answers.get("count_field"), "more": answers.get("more_field")}
        if by == "page":
            said["first"] = answers.get("first_page", 1)
        if by in ("page", "offset", "cursor"):
            said["parameter"] = answers.get("page_parameter")
        if by == "cursor":
            said["next"] = self.expression(answers.get("next_field", ""))
        if by != "none" and answers.get("size_parameter"):
            said |= {"size_parameter": answers["size_parameter"], "size": answers["page_size"]}
        text = json.dumps({name: value for name, value in said.items() if value not in (None, "")})
        reader: PagingReader = self._environment.api_paging.read(self._environment.load_declaration(text, "the paging"))
        return reader

    def expression(self, text: str) -> str:
        """JMESPath for a field: keys joined by dots may be others than JMESPath takes."""
        return str(self._environment.keys_as_expression(text)) if self.is_field(text) else text

    def producer(self, spot: Spot, contexts: Iterable[str]) -> Producer:
        """What was declared of a producer."""
        if isinstance(spot.value, list):
            return self._constants(spot)
        words: dict[str, Any] = dict.fromkeys(contexts)
        if self.frame:
            words |= dict.fromkeys(self._environment.api_page_words, ()) | {"options": self.options}
        requests = self._environment.api_requests(words, named=True)
        if isinstance(spot.value, dict) and "request" in spot.value:
            made = self._spelt(spot, requests)
        else:
            made = self._short(spot, requests)
        if made.request is None:
            raise ValueError(f"{made.name} has no request")
        inside = [one for one in made.request.path.placeholders if one.of in contexts]
        inside += [one for one in made.request.placeholders if one.of in contexts and one not in inside]
        return replace(made, placeholders=tuple((one.of, one.expression) for one in inside))

    def _short(self, spot: Spot, requests: Any) -> Producer:
        """A producer by its endpoint alone."""
        where = {}
        endpoint = spot
        if isinstance(spot.value, dict):
            entries = spot.entries(("reads", "where"), needed=("reads",), example=f"{{reads: GET /{spot.name}}}")
            endpoint = entries["reads"]
            if "where" in entries:
                where = {name: (value,) for name, value in self._scalars(entries["where"]).items()}
        request = requests.endpoint(endpoint, self._endpoint(spot, endpoint), apart=self.frame is not None)
        if self.frame is None:
            return self._parts.Producer(spot.name, spot, request=request, where=where)
        where = {self.expression(name): values for name, values in where.items()}
        return self._paged(
            self._parts.Producer(spot.name, spot, request=request, where=where, found=self.found), self.usual
        )

    def _spelt(self, spot: Spot, requests: Any) -> Producer:
        """A producer with a request of its own."""
        environment = self._environment
        entries = spot.entries(environment.api_list_keys, example=f"{{request: GET /{spot.name}}}")
        made = self._parts.Producer(
            spot.name,
            spot,
            request=requests.request(entries),
            key_field=entries["key_field"].text(60, "name") if "key_field" in entries else "",
            where=environment.api_where(entries["where"], environment.api_expression) if "where" in entries else {},
            optional=entries["optional"].flag() if "optional" in entries else False,
        )
        own = environment.api_paging.read(entries["paging"]) if "paging" in entries else None
        made = self._paged(made, own or self.usual)
        if "records" not in entries:
            return replace(made, found=self.found)
        found = environment.api_records(entries["records"], made.paging, environment.api_expression)
        return replace(made, found=found)

    def _paged(self, made: Producer, reader: PagingReader | None) -> Producer:
        reader = reader or self._environment.api_paging.none(made.spot)
        if made.request is None or reader is None:
            raise ValueError(f"{made.name} has no request")
        return replace(made, request=reader.completed(made.spot, made.request), paging=reader.paging)

    def _endpoint(self, producer: Spot, spot: Spot) -> str:
        """The text of an endpoint that is asked for just as it is written."""
        endpoint = spot.value
        if not isinstance(endpoint, str) or not _ENDPOINT.fullmatch(endpoint):
            spot.fail(
                f"give an endpoint, such as GET /{producer.name}, or a list of records: "
                f"{self._shown(endpoint)} is neither"
            )
        if len(endpoint) > MAX_ENDPOINT:
            spot.fail(f"give at most {MAX_ENDPOINT} characters: {self._shown(endpoint)} is too long")
        if rewritten := _REWRITTEN.search(endpoint):
            spot.fail(
                f"{rewritten[0]} in {self._shown(endpoint)} would be asked for in another form: give the path as it "
                "is, and escapes in capitals for what needs them alone"
            )
        if together := _TOGETHER.search(endpoint):
            spot.fail(
                f"{together[0]} in {self._shown(endpoint)} leaves two placeholders without a border: put / or another "
                "character between them, such as : or ,"
            )
        return endpoint

    def _constants(self, spot: Spot) -> Producer:
        if not 1 <= len(spot.value) <= MAX_RECORDS:
            spot.fail(f"give from 1 to {MAX_RECORDS} records, or an endpoint, such as GET /{spot.name}")
        return self._parts.Producer(spot.name, spot, records=tuple(map(self._scalars, spot.items())))

    def _scalars(self, spot: Spot) -> Facts:
        """An object of plain values: texts, numbers, and yes or no."""
        for name in spot.keys("{name: default}"):
            below = spot.below(name)
            if not self.is_field(name) or "." in name:
                below.fail(f"{self._shown(name)} is no field: give letters, digits and underscores")
            one = below.value
            if not isinstance(one, str | int | float | bool) or (isinstance(one, str) and not self._is_line(one)):
                below.fail(f"give a text of one line, a number, or yes or no: {self._shown(one)} is none")
        return dict(spot.value)

    @staticmethod
    def _is_line(text: str) -> bool:
        return len(text) <= MAX_ENDPOINT and text.isprintable()

    def is_field(self, text: Any) -> bool:
        """Whether something is a field of a record: keys joined by dots."""
        return isinstance(text, str) and len(text) <= MAX_FIELD and bool(self._environment.is_keys(text))


class TopologyProducersExtension(Extension):
    """Adds `environment.topology_asking`, which makes Asking of what is answered beside a topology."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(topology_asking=Asking)
