"""Reads the topology that was declared in an answer, refuses what could not run, and says what templates ask of it.

A declaration is YAML: `producers` (where records come from), `nodes` (the tree of the framework's ServiceTopology, with
`root` for the service itself) and `post_process` (lineage). Nothing of it is kept as text: what is emitted is made of
the parts that were checked here, so no part of an answer reaches a file unquoted. Requests are read by
api_requests.py.
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context
from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jinja2 import Environment
    from jinja2.runtime import Context

    from extensions.api_map import ApiMap, MappedList
    from extensions.api_requests import Paging, PagingReader, Placeholder, Request
    from extensions.catalog import Catalog
    from extensions.declarations import Spot

Facts = dict[str, Any]

# Longest declaration, name, endpoint, field and text that every emitted line has room for.
MAX_TEXT = 20_000
MAX_NAME = 30
MAX_ENDPOINT = 100
MAX_FIELD = 50
MAX_RECORDS = 20

# Levels below the service: a list below as many others is asked for in as many loops.
MAX_LEVELS = 8

# How many threads a node may ask for: beyond that it is the source that gives way.
THREADS = range(2, 33)

# What the framework calls the node of the service, and the post process that needs no declaration.
ROOT = "root"
DELETION = "deletion"

# Fields that every create request has, and what they hold.
COMMON = {"name": "text", "displayName": "text", "description": "markdown", "sourceUrl": "url"}

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ENDPOINT = re.compile(r"GET (/[A-Za-z0-9_./~:?=&%@+$!*,;()-]*(\{[^{}]*\}[A-Za-z0-9_./~:?=&%@+$!*,;()-]*)*)")
# What a client writes otherwise: an escape that needs none, or in small letters, or none; a segment of dots.
_REWRITTEN = re.compile(
    r"%(?:2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])|%(?![0-9A-F]{2})|/\.{1,2}(?=[/?]|$)|(?<=GET )//"
)
# Two placeholders that no character parts which is escaped in the values of both.
_TOGETHER = re.compile(r"\}[\w.~%-]*\{")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FIELD = re.compile(r"[\w$@-]+(\.[\w$@-]+){0,4}", re.ASCII)
_LITERAL = re.compile(r"[\w ./:@#|,+-]*", re.ASCII)

# Names of pydantic's models, of the framework's context and of the emitted code, which would be hidden by these.
_TAKEN = frozenset(
    (
        *("construct", "copy", "dict", "from_orm", "json", "parse_file", "parse_obj", "parse_raw", "schema"),
        *("schema_json", "update_forward_refs", "validate"),
        *("append", "clear_stage", "create", "fqn_from_stage", "update_context_name", "update_context_value", "upsert"),
        *("and_update_context", "close", "field_of", "item", "logger", "part", "path", "quote", "record", "records"),
        *("requests", "root", "self", "service", "source", "test_access", "within"),
    )
)

# What emitted functions call by name, or keep under a name, beside variables that are called as nodes and contexts.
_USED = frozenset((*dir(builtins), "found", "having", "islice", "origin", "readable", "target"))

# The same of a client whose requests are spelt out.
_CALLED = frozenset(
    (
        "auth",
        "cursor",
        "listing",
        "needed",
        "number",
        "offset",
        "page",
        "linked",
        "part",
        "present",
        "size",
        "start",
        "whole",
    )
)

# The answers to other questions that requests depend on.
_ANSWERS = (
    *("service_type", "api", "auth_types", "api_prefix", "pagination", "page_parameter", "size_parameter", "page_size"),
    *("next_field", "first_page", "count_field", "more_field", "records_path"),
)


@dataclass(frozen=True)
class Value:
    """A value of a record: that of a field, keys joined by dots, or a text with `{field}` in it.

    `parts` are the literal texts around `fields`, one more than these; a bare field has none.
    """

    text: str
    fields: tuple[str, ...]
    parts: tuple[str, ...] = ()

    @property
    def is_field(self) -> bool:
        return not self.parts

    def of(self, record: Facts) -> str:
        """The value of a sample record."""
        values = [str(_at(record, name)) for name in self.fields]
        if self.is_field:
            return values[0]
        return "".join(part + value for part, value in zip(self.parts, [*values, ""], strict=True))


@dataclass(frozen=True)
class Producer:
    """Where records come from: a `request` with its `paging`, or `records` that are always the same.

    `placeholders` are the contexts in the request, each with what is taken of its record; empty for what names it.
    `found` is JMESPath to the records in an answer. Of these only those count that have one of the values of `where`.
    """

    name: str
    spot: Spot
    request: Request | None = None
    paging: Paging | None = None
    placeholders: tuple[tuple[str, str], ...] = ()
    found: str = ""
    key_field: str = ""
    where: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    optional: bool = False
    records: tuple[Facts, ...] = ()

    @property
    def fixed(self) -> Facts:
        """A value for each place of `where`, keys joined by dots."""
        return {place.replace('"', ""): values[0] for place, values in self.where.items()}

    @property
    def place(self) -> str:
        """The request as messages and documents name it."""
        return self.request.place if self.request else ""

    @property
    def is_one(self) -> bool:
        """Whether there is one record, always the same."""
        return len(self.records) == 1


@dataclass(frozen=True)
class Stage:
    """What each record of a node becomes: an entity of `type`, by its `fields`, or without a type only a `context`."""

    node: str
    number: int
    spot: Spot
    type: str
    context: str
    consumer: tuple[str, ...]
    nullable: bool
    fields: dict[str, Value]
    key: Value

    @property
    def name(self) -> Value:
        return self.fields["name"]


@dataclass(frozen=True)
class Node:
    """A node of the topology. `threads` is how many of its records are read at a time, 0 for one after the other."""

    name: str
    spot: Spot
    producer: str
    stages: tuple[Stage, ...]
    children: tuple[str, ...]
    post_process: tuple[str, ...]
    threads: int


@dataclass(frozen=True)
class End:
    """One end of an edge: the context that made the entity, and what of the edge's record is its key."""

    context: str
    value: Value


@dataclass(frozen=True)
class Lineage:
    """A post process that draws the edges which a producer lists."""

    name: str
    spot: Spot
    producer: str
    origin: End
    target: End


@dataclass(frozen=True)
class Listed:
    """A list of the source, as templates of clients ask for it: see Resource of resources.py."""

    name: str
    item: str
    path: str
    parents: tuple[str, ...]
    parent_names: tuple[str, ...]
    where: Facts
    request: str
    # What each placeholder of the path is called there.
    keys: tuple[str, ...] = ()
    named_by: str = "name"
    filter: str = ""
    detail: str = ""
    contents: str = ""
    of: str = ""
    answered: bool = True
    single: bool = False
    optional: bool = False
    often: bool = False
    untagged: bool = False
    held_as: tuple[str, ...] = ()

    @property
    def nested(self) -> bool:
        return True

    @property
    def words(self) -> tuple[str, ...]:
        return (self.item.replace("_", ""),)

    @property
    def parent_name(self) -> str:
        return self.parent_names[-1] if self.parent_names else ""

    @property
    def parent(self) -> str:
        return self.parents[-1] if self.parents else ""


class Topology:
    """A declaration that was read and checked. `facts` are those of the service type."""

    def __init__(
        self,
        facts: Facts,
        producers: dict[str, Producer],
        nodes: dict[str, Node],
        lineages: dict[str, Lineage],
        asking: Asking,
    ) -> None:
        self.facts = facts
        self.producers = producers
        self.nodes = nodes
        self.lineages = lineages
        self.asking = asking

    # ---- What is where ---------------------------------------------------------------------------------------------

    @property
    def service(self) -> str:
        """The context of the service itself."""
        return self.facts["topology"]["context"]

    @cached_property
    def parents(self) -> dict[str, str]:
        """The node right above each node but the root."""
        return {child: node.name for node in self.nodes.values() for child in node.children}

    def above(self, node: str) -> list[str]:
        """The nodes above a node, outermost first, without the root."""
        found = []
        while (node := self.parents.get(node, ROOT)) != ROOT:
            found.append(node)
        return found[::-1]

    def below(self, node: str) -> Iterator[str]:
        """A node and those below it, parents first."""
        yield node
        for child in self.nodes[node].children:
            yield from self.below(child)

    @cached_property
    def order(self) -> list[Node]:
        """The nodes in the order in which they are processed, without the root."""
        return [self.nodes[name] for name in self.below(ROOT)][1:]

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The stages by their contexts, in the order in which they are processed."""
        return {stage.context: stage for node in self.order for stage in node.stages}

    @cached_property
    def made(self) -> list[Stage]:
        """The stages that make an entity."""
        return [stage for stage in self.stages.values() if stage.type]

    @property
    def types(self) -> list[str]:
        """The types that are made, those that hold others first."""
        made = {stage.type for stage in self.made}
        return [name for name in self.facts["topology"]["types"] if name in made]

    @property
    def threads(self) -> int:
        """How many records are read at a time where a node says so; 0 where none does."""
        return max(node.threads for node in self.nodes.values())

    @property
    def deletes(self) -> bool:
        return DELETION in self.nodes[ROOT].post_process

    def type(self, name: str) -> Facts:
        """The facts of a type: those of the topology, its `request`, the modules of both, and its `filter`."""
        request = f"Create{name}Request"
        resource = next(one for one in self.facts["resources"].values() if one.get("request") == request)
        module = resource["entity"].removesuffix(".json")
        return (
            {"service": False}
            | self.facts["topology"]["types"][name]
            | {
                "request": request,
                "request_module": f"metadata.generated.schema.api.data.create{name}",
                "entity_module": f"metadata.generated.schema.{module.replace('/', '.')}",
                "reference": module.rpartition("/")[2],
                "filter": resource["filter"],
            }
        )

    def parent(self, stage: Stage) -> str:
        """The context of what a stage's entity stands in."""
        return stage.consumer[-1]

    def link(self, stage: Stage) -> tuple[str, str] | None:
        """The field of a stage's request that names another entity above it, and that one's context."""
        links = self.type(stage.type).get("links", {}) if stage.type else {}
        for context in self._before(stage):
            if (name := self.stages[context].type) in links:
                return links[name], context
        return None

    def _before(self, stage: Stage) -> list[str]:
        """The contexts that are set when a stage is processed, the nearest first."""
        own = [other.context for other in self.nodes[stage.node].stages if other.number < stage.number]
        return own[::-1] + [
            other.context for node in reversed(self.above(stage.node)) for other in reversed(self.nodes[node].stages)
        ]

    def needed(self, node: Node) -> list[str]:
        """The contexts without which nothing of a node can be read or placed, outermost first."""
        wanted = {context for context, _ in self.producers[node.producer].placeholders}
        own = {stage.context for stage in node.stages}
        wanted |= {context for stage in node.stages for context in stage.consumer} - own - {self.service}
        return [context for context in self.stages if context in wanted]

    def unseen(self, stage: Stage, broken: bool = False) -> list[tuple[str, str]]:
        """The types that may not have been seen where a list has a gap, or where a record of a stage is `broken`.

        Each with the nearest context that it stands in and that was made, "" for the service. A broken record that has
        a name is such a context, too.
        """
        above = {one.context for name in self.above(stage.node) for one in self.nodes[name].stages}
        made = above | ({stage.context} if broken else set())
        found = [(stage.type, stage.context)] if broken else []
        for node in self.below(stage.node):
            for one in self.nodes[node].stages:
                if one.type and not (broken and node == stage.node and stage.context not in one.consumer):
                    standing = [context for context in one.consumer if context in made]
                    found.append((one.type, standing[-1] if standing else ""))
        return list(dict.fromkeys(found))

    @property
    def outline(self) -> str:
        """The tree in lines: each node with its list, what its records become, and what is done after it."""
        lines = []
        for name in self.below(ROOT):
            node, depth = self.nodes[name], len(self.above(name)) + (name != ROOT)
            made = ", ".join(stage.type or stage.context for stage in node.stages) or self.facts["service_class"]
            producer = self.producers.get(node.producer)
            origin = (producer.place or "always the same") if producer else "itself"
            words = [f"{'  ' * depth}{name}: {origin} → {made}"]
            words += [f"{node.threads} at a time"] if node.threads else []
            words += [f"then {', '.join(node.post_process)}"] if node.post_process else []
            lines.append("; ".join(words))
        return "\n".join(lines)

    # ---- What the source is made of --------------------------------------------------------------------------------

    def fields(self, stage: Stage) -> dict[str, Facts]:
        """The fields of a stage's request that records have: their `value`, `kind`, and `default` or None."""
        facts = self.facts["topology"]["types"].get(stage.type, {})
        kinds = COMMON | facts.get("fields", {})
        defaults = facts.get("defaults", {})
        # A field without which the request can't be is there, read from one of its own name, if it was not declared.
        values = stage.fields | {name: Value(name, (name,)) for name in defaults if name not in stage.fields}
        return {
            name: {"value": value, "kind": kinds[name], "default": defaults.get(name)} for name, value in values.items()
        }

    def places(self, stage: Stage) -> dict[str, str]:
        """Where the records of a stage have the fields of its model."""
        return {self._snake(name): field["value"].text for name, field in self.fields(stage).items()}

    @staticmethod
    def _snake(name: str) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()

    def constants(self, stage: Stage) -> dict[str, str]:
        """Python for the fields of a stage's request that no record has."""
        return self.facts["topology"]["types"][stage.type].get("constants", {})

    @property
    def linked(self) -> bool:
        """Whether a stage's entity names another one that has to be sent before."""
        return any(self.link(stage) for stage in self.made)

    @staticmethod
    def methods(names: Iterable[str]) -> list[str]:
        """The methods of post processes."""
        return ["mark_as_deleted" if name == DELETION else f"yield_{name}" for name in names]

    def ends(self, lineage: Lineage) -> list[Facts]:
        """The two ends of a lineage: the `context`, the `reference` to its type, and the `place` of its key."""
        return [
            {
                "context": end.context,
                "reference": self.type(self.stages[end.context].type)["reference"],
                "place": end.value.text,
            }
            for end in (lineage.origin, lineage.target)
        ]

    # ---- What a client lists ---------------------------------------------------------------------------------------

    def arguments(self, producer: str) -> list[tuple[str, str]]:
        """What a producer's method takes, outermost first: nodes whose records are in its path, each with a context."""
        nodes = {self.stages[context].node: context for context, _ in self.producers[producer].placeholders}
        return [(node.name, nodes[node.name]) for node in self.order if node.name in nodes]

    def path(self, producer: str) -> str:
        """The path of a producer as an f-string's inside, each placeholder the quoted field of a record."""
        request = self.producers[producer].request
        return "".join(
            part
            if isinstance(part, str)
            else f"{{part({_variable(self.stages[part.of].node)}, '{self._taken(part)}')}}"
            for part in (request.path.parts if request else ())
        )

    def _taken(self, one: Placeholder) -> str:
        """What a placeholder takes of a record."""
        return one.expression or self.stages[one.of].name.text

    @cached_property
    def listed(self) -> dict[str, Listed]:
        """The lists of the source by their producers: first those that need no record, then in order."""
        found = [self._listed(node.producer, node.name) for node in self.order]
        found += [self._listed(lineage.producer, lineage.name) for lineage in self.lineages.values()]
        real = [one for one in found if self.producers[one.name].request]
        return {one.name: one for one in sorted(real, key=lambda one: bool(one.parents))}

    def _listed(self, producer: str, item: str) -> Listed:
        nodes = [node for node, _ in self.arguments(producer)]
        fields = self._fields_of(producer, item)
        keys: list[str] = []
        for context, _ in self.producers[producer].placeholders:
            # Each has a name of its own, and so has the field that sample records keep it in.
            node = self.stages[context].node
            key, number = node, 1
            while key in keys or (key in nodes and key != node) or f"{key}_id" in fields:
                number += 1
                key = f"{node}_{number}"
            keys.append(key)
        made = [stage.type for stage in self.nodes[item].stages if stage.type] if item in self.nodes else []
        request = self.producers[producer].request
        left = iter(keys)
        return Listed(
            name=producer,
            item=item,
            path="".join(
                part if isinstance(part, str) else f"{{{next(left) if part.of in self.stages else part.of}}}"
                for part in (request.path.parts if request else ())
            ),
            parents=tuple(nodes),
            parent_names=tuple(self.nodes[node].producer for node in nodes),
            where=self.producers[producer].fixed,
            request=self.type(made[0])["request"] if made else "",
            keys=tuple(keys),
        )

    def _fields_of(self, producer: str, item: str) -> set[str]:
        """The outermost fields of the records of a producer that are given, or read for entities or paths."""
        if lineage := self.lineages.get(item):
            values = [lineage.origin.value, lineage.target.value]
        else:
            stages = self.nodes[item].stages
            values = [stage.key for stage in stages]
            values += [field["value"] for stage in stages for field in self.fields(stage).values()]
        found = [name for value in values for name in value.fields]
        for other in self.producers.values():
            found += [name for context, name in other.placeholders if self.stages[context].node == item]
        return {name.partition(".")[0] for name in (*found, *self.producers[producer].where)}

    def reaching(self, producer: str) -> list[tuple[str, str, list[str]]]:
        """What has to be listed to ask a producer, outermost first: variable, producer, and what that takes itself."""
        wanted, nodes = [producer], set()
        while wanted:
            for node, _ in self.arguments(wanted.pop()):
                if node not in nodes:
                    nodes.add(node)
                    wanted.append(self.nodes[node].producer)
        return [
            (_variable(node.name), node.producer, self.takes(node.producer))
            for node in self.order
            if node.name in nodes
        ]

    def takes(self, producer: str) -> list[str]:
        """The variables for the records in a producer's path, outermost first."""
        return [_variable(node) for node, _ in self.arguments(producer)]

    # ---- What a client spells out ----------------------------------------------------------------------------------

    @property
    def is_mapped(self) -> bool:
        """Whether each request is spelt out in the client: some are no plain GET, or the answer `api` says of all."""
        return self.asking.frame is not None

    @cached_property
    def methods_of(self) -> dict[str, Listed]:
        """What the client has a method for, by producer, with the variables that the method takes."""
        users = {node.producer: node.name for node in self.order}
        users |= {lineage.producer: lineage.name for lineage in self.lineages.values()}
        found = {name: self._listed(name, users[name]) for name in self.producers}
        return {
            name: replace(one, item=_parameter(one.item), parents=tuple(map(_parameter, one.parents)))
            for name, one in found.items()
        }

    @cached_property
    def api(self) -> ApiMap:
        """The map of the API that the producers make."""
        if self.asking.frame is None:
            raise ValueError("the requests of this topology are plain")
        return replace(self.asking.frame, lists={name: self._mapped(one) for name, one in self.producers.items()})

    def _mapped(self, producer: Producer) -> MappedList:
        item = self.methods_of[producer.name].item
        if producer.request is None:
            return self.asking.list_of(producer.name, item, constants=producer.records)
        return self.asking.list_of(
            producer.name,
            item,
            request=producer.request.changed(self._resolved, self.asking.prefix),
            paging=producer.paging,
            records=producer.found,
            key_field=producer.key_field,
            where=producer.where,
            optional=producer.optional,
        )

    def _resolved(self, one: Placeholder) -> Placeholder:
        """A placeholder of a context as one of the variable that the method has its record in."""
        if one.of not in self.stages:
            return one
        return replace(
            one, of=_parameter(self.stages[one.of].node), expression=self.asking.expression(self._taken(one))
        )

    @property
    def main(self) -> Listed:
        """The list that a large source has much of: the first one that entities are made of."""
        return next(one for one in self.listed.values() if one.request)

    @property
    def main_stage(self) -> Stage:
        """What the records of that list become."""
        return next(stage for stage in self.nodes[self.main.item].stages if stage.type)


# ---- Reading ---------------------------------------------------------------------------------------------------------


class Asking:
    """What other answers say of requests, by which producers are read.

    `frame` has what every request has, None where clients find lists by themselves. `usual` is the paging, and `found`
    the JMESPath to the records, of producers without their own. `prefix` is what their paths are below.
    """

    def __init__(self, environment: Any, answers: Mapping[str, Any], has_requests: bool) -> None:
        self._environment = environment
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
        return str(self._environment.keys_as_expression(text)) if _is_field(text) else text

    def producer(self, spot: Spot, contexts: Iterable[str]) -> Producer:
        """What was declared of a producer."""
        if isinstance(spot.value, list):
            return _constants(spot)
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
        for one in inside:
            if one.expression and not _is_field(one.expression):
                _sampled(spot, one.expression, self.frame is not None)
        return replace(made, placeholders=tuple((one.of, one.expression) for one in inside))

    def _short(self, spot: Spot, requests: Any) -> Producer:
        """A producer by its endpoint alone."""
        where = {}
        endpoint = spot
        if isinstance(spot.value, dict):
            entries = spot.entries(("reads", "where"), needed=("reads",), example=f"{{reads: GET /{spot.name}}}")
            endpoint = entries["reads"]
            if "where" in entries:
                where = {name: (value,) for name, value in _scalars(entries["where"]).items()}
        request = requests.endpoint(endpoint, _endpoint(spot, endpoint), apart=self.frame is not None)
        if self.frame is None:
            return Producer(spot.name, spot, request=request, where=where)
        where = {self.expression(name): values for name, values in where.items()}
        return self._paged(Producer(spot.name, spot, request=request, where=where, found=self.found), self.usual)

    def _spelt(self, spot: Spot, requests: Any) -> Producer:
        """A producer with a request of its own."""
        environment = self._environment
        entries = spot.entries(environment.api_list_keys, example=f"{{request: GET /{spot.name}}}")
        made = Producer(
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


def read(text: str, facts: Facts, environment: Any, answers: Mapping[str, Any] | None = None) -> Topology:
    """The topology that a text declares for a service type. Raises DeclarationError.

    `answers` are those to other questions about requests; `option_names` of them are what `{options.…}` may name.
    """
    error = environment.declaration_error
    if "custom" not in facts or "topology" not in facts:
        raise error(f"{facts['title']} services have no Custom type that a topology could run as")
    if len(text) > MAX_TEXT:
        raise error(f"the topology has {len(text)} characters: give at most {MAX_TEXT}")
    whole: Spot = environment.load_declaration(text, "the topology")
    top = whole.entries(
        ("producers", "nodes", "post_process"), needed=("producers", "nodes"), example="{producers: {…}, nodes: {…}}"
    )
    names = _names_of(top["producers"], "a producer")
    nodes = _nodes(top["nodes"], facts, names)
    lineages = {
        name: _lineage(spot)
        for name, spot in (_names_of(top["post_process"], "a post process") if "post_process" in top else {}).items()
    }
    has_requests = any(isinstance(spot.value, dict) and "request" in spot.value for spot in names.values())
    asking = Asking(environment, answers or {}, has_requests)
    contexts = [stage.context for node in nodes.values() for stage in node.stages]
    if asking.frame:
        for stage in (stage for node in nodes.values() for stage in node.stages):
            if stage.context in (*environment.api_page_words, "options"):
                stage.spot.fail(f"give context another name: {{{stage.context}}} is a word of requests")
    tree = Topology(facts, {}, nodes, lineages, asking)
    _check_tree(tree)
    _check_stages(whole, tree)
    producers = {name: asking.producer(spot, contexts) for name, spot in names.items()}
    topology = Topology(facts, producers, nodes, lineages, asking)
    _check_producers(topology)
    for check in (_check_threads, _check_post_processes, _check_query):
        check(topology)
    _check_paths(whole, topology)
    return _settled(topology)


def _endpoint(producer: Spot, spot: Spot) -> str:
    """The text of an endpoint that is asked for just as it is written."""
    endpoint = spot.value
    if not isinstance(endpoint, str) or not _ENDPOINT.fullmatch(endpoint):
        spot.fail(f"give an endpoint, such as GET /{producer.name}, or a list of records: {_cut(endpoint)} is neither")
    if len(endpoint) > MAX_ENDPOINT:
        spot.fail(f"give at most {MAX_ENDPOINT} characters: {_cut(endpoint)} is too long")
    if rewritten := _REWRITTEN.search(endpoint):
        spot.fail(
            f"{rewritten[0]} in {_cut(endpoint)} would be asked for in another form: give the path as it is, "
            "and escapes in capitals for what needs them alone"
        )
    if together := _TOGETHER.search(endpoint):
        spot.fail(
            f"{together[0]} in {_cut(endpoint)} leaves two placeholders without a border: put / or another "
            "character between them, such as : or ,"
        )
    return endpoint


def _constants(spot: Spot) -> Producer:
    if not 1 <= len(spot.value) <= MAX_RECORDS:
        spot.fail(f"give from 1 to {MAX_RECORDS} records, or an endpoint, such as GET /{spot.name}")
    return Producer(spot.name, spot, records=tuple(map(_scalars, spot.items())))


def _sampled(spot: Spot, text: str, is_mapped: bool) -> None:
    """Refuses JMESPath over a record that is not honoured."""
    said = "keys joined by dots" if is_mapped else "keys joined by dots, or a producer with a request"
    spot.fail(f"give {said}: {_cut(text)} is more")


def _scalars(spot: Spot) -> Facts:
    """An object of plain values: texts, numbers, and yes or no."""
    for name in spot.keys("{name: default}"):
        below = spot.below(name)
        if not _is_field(name) or "." in name:
            below.fail(f"{_cut(name)} is no field: give letters, digits and underscores")
        one = below.value
        if not isinstance(one, str | int | float | bool) or (isinstance(one, str) and not _is_line(one)):
            below.fail(f"give a text of one line, a number, or yes or no: {_cut(one)} is none")
    return dict(spot.value)


def _nodes(spot: Spot, facts: Facts, producers: Iterable[str]) -> dict[str, Node]:
    given = _entries(spot)
    if ROOT not in given:
        spot.fail("give root, the service itself, with the names of its children")
    top = given[ROOT]
    root = top.entries(("children", "post_process"), needed=("children",), example="{children: [database]}")
    nodes = {ROOT: Node(ROOT, top, "", (), _names(root, "children"), _names(root, "post_process"), 0)}
    for name, one in given.items():
        if name != ROOT:
            _check_name(one, name, "a node")
            nodes[name] = _node(one, facts, producers)
    _check_apart({name: one for name, one in given.items() if name != ROOT}, "a node")
    return nodes


def _node(spot: Spot, facts: Facts, producers: Iterable[str]) -> Node:
    known = spot.entries(
        ("producer", "stages", "children", "post_process", "threads"), needed=("producer", "stages"), example="{…}"
    )
    producer = known["producer"]
    if not (isinstance(producer.value, str) and producer.value in producers):
        producer.unknown(producer.value, producers)
    if not isinstance(known["stages"].value, list) or not known["stages"].value:
        known["stages"].fail(f"give a list, such as [{{type: {next(iter(facts['topology']['types']))}}}]")
    threads = known["threads"].value if "threads" in known else 0
    if "threads" in known and (type(threads) is not int or threads not in THREADS):
        known["threads"].fail(f"give {THREADS[0]} to {THREADS[-1]}, or leave it out: {_cut(threads)} is not")
    return Node(
        spot.name,
        spot,
        producer.value,
        tuple(_stage(spot.name, number, one, facts) for number, one in enumerate(known["stages"].items(), 1)),
        _names(known, "children"),
        _names(known, "post_process"),
        threads,
    )


def _stage(node: str, number: int, spot: Spot, facts: Facts) -> Stage:
    keys = ("type", "context", "consumer", "nullable", "fields", "key")
    known = spot.entries(keys, example="{context: name}") if spot.value != {} else {}
    types = facts["topology"]["types"]
    type_ = known["type"].word(types) if "type" in known else ""
    if number > 1 and "context" not in known:
        spot.fail("give context, a name of its own; the first stage alone has that of its node")
    context = known["context"].value if "context" in known else node
    _check_name(known.get("context", spot), context, "context")
    kinds = COMMON | types[type_].get("fields", {}) if type_ else {"name": "text"}
    kinds = {name: kind for name, kind in kinds.items() if not type_ or name not in types[type_].get("lacks", ())}
    fields = {"name": Value("name", ("name",)), **_usual(kinds)}
    for name, one in (_entries(known["fields"]) if "fields" in known else {}).items():
        if name not in kinds:
            one.unknown(name, kinds)
        fields[name] = _value(one)
        if name != "name" and not fields[name].is_field:
            one.fail(f"give one field, such as meta.{name}: only name may be put together")
    return Stage(
        node,
        number,
        spot,
        type_,
        context,
        _names(known, "consumer"),
        known["nullable"].flag() if "nullable" in known else False,
        fields,
        _value(known["key"]) if "key" in known else fields["name"],
    )


def _usual(kinds: Facts) -> dict[str, Value]:
    """The fields that are read without being declared, where a type has them."""
    return {name: Value(name, (name,)) for name in ("description", "columns") if name in kinds}


def _lineage(spot: Spot) -> Lineage:
    if spot.name == DELETION:
        spot.fail(f"give it another name: {DELETION} is there already, for root")
    known = spot.entries(("producer", "from", "to"), needed=("producer", "from", "to"), example="{producer: edges}")
    ends = []
    for side in ("from", "to"):
        end = known[side].entries(("context", "field"), needed=("context", "field"), example="{context: table}")
        ends.append(End(end["context"].text(MAX_NAME, "table"), _value(end["field"])))
    return Lineage(spot.name, spot, known["producer"].text(MAX_NAME, "edges"), *ends)


def _value(spot: Spot) -> Value:
    """A field of a record, or a text with fields in braces."""
    text = spot.value if isinstance(spot.value, str) else ""
    if _is_field(text):
        return Value(text, (text,))
    pieces = _PLACEHOLDER.split(text)
    fields, literals = tuple(pieces[1::2]), tuple(pieces[::2])
    if (
        len(text) > MAX_FIELD
        or not fields
        or not all(map(_is_field, fields))
        or not all(map(_LITERAL.fullmatch, literals))
    ):
        spot.fail(
            "give a field of the record, keys joined by dots, or a text with such fields in braces, "
            f"such as {{group}}.{{name}}: {_cut(spot.value)} is neither"
        )
    return Value(text, fields, literals)


# ---- Checks of the whole ---------------------------------------------------------------------------------------------


def _check_query(topology: Topology) -> None:
    """No path sets what the client sets for each page."""
    for producer in topology.producers.values():
        for pair in producer.place.partition("?")[2].split("&"):
            if (name := pair.partition("=")[0]) and name in topology.asking.parameters:
                producer.spot.fail(f"the client sets {name} for each page: leave it out of {producer.place}")


def _check_tree(topology: Topology) -> None:
    """Every child is there, none is below itself or below two others, and every node is reached."""
    nodes = topology.nodes
    for node in nodes.values():
        for child in node.children:
            if child not in nodes:
                node.spot.below("children").unknown(child, [name for name in nodes if name != ROOT])
    for start in nodes:
        if circle := _circle(nodes, start):
            nodes[start].spot.fail(f"{' → '.join(circle)} is a circle: take one of its children out")
    holders: dict[str, list[str]] = {}
    for node in nodes.values():
        for child in node.children:
            holders.setdefault(child, []).append(node.name)
    for child, above in holders.items():
        if len(above) > 1:
            nodes[child].spot.fail(
                f"it is a child of {' and '.join(above)}: give it one place, and the other a node of its own"
            )
    for name in nodes:
        level = len(topology.above(name)) + 1 if name in holders else 0
        if level > MAX_LEVELS:
            nodes[name].spot.fail(f"it stands {level} levels below the service: give at most {MAX_LEVELS}")
        if name != ROOT and name not in holders:
            nodes[name].spot.fail("nothing leads to it: name it among the children of a node, or leave it out")


def _circle(nodes: dict[str, Node], start: str) -> list[str]:
    """The way from a node back to itself, both ends named; empty where there is none."""
    ways, seen = [[start]], set()
    while ways:
        way = ways.pop()
        for child in nodes[way[-1]].children:
            if child == start:
                return [*way, start]
            if child not in seen:
                seen.add(child)
                ways.append([*way, child])
    return []


def _check_producers(topology: Topology) -> None:
    """Each producer is used once: a method that nothing calls, or two nodes on one list, is a mistake."""
    for lineage in topology.lineages.values():
        if lineage.producer not in topology.producers:
            lineage.spot.below("producer").unknown(lineage.producer, topology.producers)
    users = [(node.producer, node.spot, f"node {node.name}") for node in topology.order]
    users += [(one.producer, one.spot, f"post_process {one.name}") for one in topology.lineages.values()]
    seen: dict[str, str] = {}
    for producer, spot, user in users:
        if producer in seen:
            spot.fail(f"producer {producer} is that of {seen[producer]}: give it one of its own")
        seen[producer] = user
    for name, one in topology.producers.items():
        if name not in seen:
            one.spot.fail("nothing uses it: give it to a node, or leave it out")


def _check_stages(whole: Spot, topology: Topology) -> None:
    """Contexts are set once, and before they are consumed; what a type stands in is made above it."""
    contexts = Counter(stage.context for node in topology.order for stage in node.stages)
    for node in topology.order:
        for stage in node.stages:
            if contexts[stage.context] > 1:
                others = [
                    other.name for other in topology.order for one in other.stages if one.context == stage.context
                ]
                places = f"{others[0]} twice" if len(set(others)) == 1 else " and in ".join(dict.fromkeys(others))
                stage.spot.fail(f"context {stage.context} is set in {places}: give each a name of its own")
            if stage.context == topology.service:
                stage.spot.fail(f"context {stage.context} is that of the service: give it another name")
    _check_apart({stage.context: stage.spot for stage in topology.stages.values()}, "context")
    if not topology.made:
        whole.below("nodes").fail("no stage makes anything: give one a type")


def _settled(topology: Topology) -> Topology:
    """The same with the consumers of each stage, those that were left to be found too."""

    def settle(node: Node) -> Node:
        return replace(node, stages=tuple(replace(stage, consumer=_consumer(topology, stage)) for stage in node.stages))

    nodes = {name: settle(node) for name, node in topology.nodes.items()}
    return Topology(topology.facts, topology.producers, nodes, topology.lineages, topology.asking)


def _consumer(topology: Topology, stage: Stage) -> tuple[str, ...]:
    """The contexts that a stage consumes: those of what its type stands in, the service first."""
    service = topology.service
    before = topology._before(stage)
    for context in stage.consumer:
        if context == service:
            continue
        if context not in topology.stages:
            stage.spot.below("consumer").unknown(context, [service, *topology.stages])
        if context not in before:
            setter = topology.stages[context].node
            stage.spot.fail(
                f"consumer {context} is not set yet: node {setter} sets it, so {stage.node} has to stand below {setter}"
                if setter != stage.node
                else f"consumer {context} is not set yet: its own stage has to come before this one"
            )
    if not stage.type:
        wrong = stage.consumer and stage.consumer[0] != service
        if wrong:
            stage.spot.fail(f"give {service} as the first consumer: the framework takes a node without it for a root")
        return stage.consumer or (service,)
    wanted = [(service, "")]
    chosen = [context for context in stage.consumer if context != service]
    chain = _chain(stage.type, topology.facts["topology"]["types"])
    for type_ in chain:
        fitting = [context for context in before if topology.stages[context].type == type_]
        if not fitting:
            stage.spot.fail(
                f"{_a(stage.type)} stands in {_a(type_)}, which no stage above makes: give a node "
                f"above {stage.node} one of type {type_}"
            )
        wanted.append((next((context for context in chosen if context in fitting), fitting[0]), type_))
    contexts = tuple(context for context, _ in wanted)
    if stage.consumer and stage.consumer != contexts:
        stage.spot.fail(
            f"give consumer [{', '.join(contexts)}], what {_a(stage.type)} stands in, outermost first, or leave it out"
        )
    return contexts


def _chain(type_: str, types: Facts) -> list[str]:
    """The types that a type stands in, outermost first."""
    found: list[str] = []
    while above := types[type_].get("in", ""):
        found.insert(0, above)
        type_ = above
    return found


def _check_threads(topology: Topology) -> None:
    """One number for all, as the framework has it, and no threads within threads."""
    asking = [node for node in topology.order if node.threads]
    for node in asking:
        if node.threads != asking[0].threads:
            node.spot.fail(
                f"threads {node.threads} is not the {asking[0].threads} of node {asking[0].name}: "
                "the framework has one number for all, so give the same"
            )
        for above in topology.above(node.name):
            if topology.nodes[above].threads:
                node.spot.fail(f"its threads would be within those of node {above}: give threads to one of the two")


def _check_post_processes(topology: Topology) -> None:
    """Each post process is there, is asked for once, and is about what was made by then."""
    used: dict[str, str] = {}
    for node in topology.nodes.values():
        for name in node.post_process:
            if name == DELETION and node.name != ROOT:
                node.spot.fail(f"give {DELETION} to root: before all is read nothing is known to be gone")
            if name != DELETION and name not in topology.lineages:
                node.spot.below("post_process").unknown(name, [*topology.lineages, DELETION])
            if name in used:
                node.spot.fail(f"post_process {name} is that of node {used[name]}: give it to one of the two")
            used[name] = node.name
    spots = {name: one.spot for known in (topology.stages, topology.lineages) for name, one in known.items()}
    for name in sorted(topology.lineages.keys() & topology.stages.keys()):
        spots[name].fail(f"name {name}: a context has it, too: give one of them another name")
    _check_apart(spots, "name")
    for lineage in topology.lineages.values():
        if lineage.name not in used:
            lineage.spot.fail("nothing asks for it: name it in the post_process of root, or leave it out")
        asking = used[lineage.name]
        for side, end in (("from", lineage.origin), ("to", lineage.target)):
            makes, spot = [stage.context for stage in topology.made], lineage.spot.below(side)
            if end.context not in topology.stages:
                spot.below("context").unknown(end.context, makes)
            if end.context not in makes:
                spot.fail(
                    f"context {end.context} makes nothing that lineage could lead {side}: "
                    f"give one of {', '.join(makes)}"
                )
            maker = topology.stages[end.context].node
            if maker not in topology.above(asking) and maker not in topology.below(asking):
                spot.fail(f"{end.context} is not made yet when node {asking} is done: give {lineage.name} to root")
            key = topology.stages[end.context].key
            if not end.value.is_field and end.value.parts != key.parts:
                spot.fail(
                    f"{end.value.text} can't be the key of {end.context}, which is "
                    f"{key.text}: put both together in the same way"
                )


def _check_paths(whole: Spot, topology: Topology) -> None:
    """A request names contexts that are set when it is asked, and what is below many records names one of them."""
    post = {name: node.name for node in topology.nodes.values() for name in node.post_process}
    users = [(topology.producers[node.producer], node.name, node.spot) for node in topology.order]
    users += [(topology.producers[one.producer], post[one.name], one.spot) for one in topology.lineages.values()]
    for producer, node, spot in users:
        above = topology.above(node)
        known = [stage.context for name in above for stage in topology.nodes[name].stages]
        for context, of in producer.placeholders:
            if context not in known:
                there = (
                    f"; {context} is set by node {topology.stages[context].node}, which is not above it"
                    if context in topology.stages
                    else ""
                )
                said = f"give one of {', '.join(known)}" if known else "leave it out"
                spot.fail(f"{{{context}}} in {producer.place} is no context that is set by then{there}: {said}")
            if not of and not topology.stages[context].name.is_field:
                spot.fail(
                    f"the name of {context} is put together: give the field that stands in {producer.place}, "
                    f"such as {{{context}.id}}"
                )
        several = [name for name in above if not topology.producers[topology.nodes[name].producer].is_one]
        # What differs for each record of the nearest list: the record, and those of constant levels below it.
        near = above[above.index(several[-1]) :] if several else []
        is_same = not any(topology.stages[context].node in near for context, _ in producer.placeholders)
        if producer.request and near and is_same:
            first = topology.nodes[near[0]].stages[0].context
            spot.fail(
                f"{producer.place} is the same for each {near[0]}: give a context of it in the request, such as "
                f"{{{first}}}"
            )
    if not any(one.request and not one.placeholders for one in topology.producers.values()):
        whole.below("producers").fail("give one endpoint without a placeholder: the connection is tested with it")


# ---- Parts -----------------------------------------------------------------------------------------------------------


def _entries(spot: Spot) -> dict[str, Spot]:
    """What an object has by its keys, which may be none."""
    return {} if spot.value == {} else {key: spot.below(key) for key in spot.keys("name: value")}


def _names_of(spot: Spot, what: str) -> dict[str, Spot]:
    """What an object has by names that code may have."""
    found = _entries(spot)
    for name, one in found.items():
        _check_name(one, name, what)
    _check_apart(found, what)
    return found


def _names(known: Mapping[str, Spot], key: str) -> tuple[str, ...]:
    """A list of names, empty where it is left out."""
    if key not in known:
        return ()
    found = known[key].value
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        known[key].fail(f"give a list of names, such as [name]: {_cut(found)} is none")
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        known[key].fail(f"it has {twice[0]} twice: leave one out")
    return tuple(found)


def _check_name(spot: Spot, name: Any, what: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        spot.fail(
            f"give {what} a name of at most {MAX_NAME} small letters, digits and single underscores: "
            f"{_cut(name)} is none"
        )
    if is_taken(name):
        spot.fail(
            f"give {what} another name, such as my_{name}: {name!r} is a word of Python's, pydantic's or the "
            "framework's"
        )


def is_taken(name: str) -> bool:
    """Whether a name would hide what emitted code needs."""
    return keyword.iskeyword(name) or name in _TAKEN or name.startswith("model_")


def _check_apart(named: Mapping[str, Spot], what: str) -> None:
    """Refuses two names that would be one class."""
    seen: dict[str, str] = {}
    for name, spot in named.items():
        plain = name.replace("_", "")
        if plain in seen:
            spot.fail(f"{what} {name}: is too much like {seen[plain]}: give one of them another name")
        seen[plain] = name


def _is_field(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= MAX_FIELD and bool(_FIELD.fullmatch(text))


def _is_line(text: str) -> bool:
    return len(text) <= MAX_ENDPOINT and text.isprintable()


def _a(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


def _parameter(name: str) -> str:
    """What a method of a client whose requests are spelt out calls the record of a node."""
    return f"{name}_" if name in _CALLED else _variable(name)


def _variable(name: str) -> str:
    """What a variable for a node or a context is called, which hides nothing: no name ends in an underscore."""
    return f"{name}_" if name in _USED else name


def _cut(value: Any) -> str:
    """A value as a message shows it: on one line, and of a long one its beginning."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _at(record: Facts, path: str) -> Any:
    for key in path.split("."):
        record = record[key]
    return record


class TopologyExtension(Extension):
    """Adds `an`, `variable`, `usual_topology` and `topology_fault` as filters, and `environment.read_topology`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        catalog: Catalog = environment.catalog  # type: ignore[attr-defined]  # CatalogExtension adds it

        def read_topology(text: str, answers: Mapping[str, Any]) -> Topology:
            """The topology that a text declares, among other answers. Raises DeclarationError."""
            try:
                own = environment.read_options(answers.get("options") or "")  # type: ignore[attr-defined]
            except ValueError:
                own = {}
            known = {name: answers.get(name) for name in _ANSWERS} | {"option_names": ("hostPort", *own)}
            given = {name: one for name, one in known.items() if one is not None}
            return read(text, catalog.services[answers["service_type"]], environment, given)

        @pass_context
        def topology_fault(context: Context, text: str) -> str:
            """Refuses a declaration that could not run, by its first fault."""
            try:
                topology = read_topology(text, context.get_all())
            except environment.declaration_error as error:  # type: ignore[attr-defined]
                return str(error)
            return str(environment.sample_topology(topology).fault)  # type: ignore[attr-defined]

        def usual_topology(service_type: str) -> str:
            """What is declared where nothing else was answered."""
            return catalog.services[service_type].get("topology", {}).get("usual", "")

        environment.filters["an"] = _a
        environment.filters["topology_fault"] = topology_fault
        environment.filters["variable"] = _variable
        environment.filters["usual_topology"] = usual_topology
        environment.extend(read_topology=read_topology)
