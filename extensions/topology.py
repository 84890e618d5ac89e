"""Reads the topology that was declared in an answer, refuses what could not run, and says what templates ask of it.

A declaration is YAML: `producers` (where records come from), `nodes` (the tree of the framework's ServiceTopology, with
`root` for the service itself) and `post_process` (lineage). Nothing of it is kept as text: what is emitted is made of
the parts that were checked here, so no part of an answer reaches a file unquoted.
"""

from __future__ import annotations

import builtins
import difflib
import keyword
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml
from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jinja2 import Environment

    from extensions.catalog import Catalog

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


class TopologyError(ValueError):
    """A topology can't be made. The message is one line, whatever it quotes: where, what is wrong, and what to give."""

    def __init__(self, said: str) -> None:
        super().__init__(" ".join(said.split()))


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
    """Where records come from: an endpoint, or `records` that are always the same.

    `path` has `{context}` or `{context.field}` in it. Of the records only those count whose fields have the values of
    `where`.
    """

    name: str
    path: str = ""
    where: Facts = field(default_factory=dict)
    records: tuple[Facts, ...] = ()

    @property
    def placeholders(self) -> list[tuple[str, str]]:
        """The contexts in the path, each with the field of its record; empty for the one that names it."""
        found = (text.partition(".") for text in _PLACEHOLDER.findall(self.path))
        return [(context, name) for context, _, name in found]

    @property
    def is_one(self) -> bool:
        """Whether there is one record, always the same."""
        return len(self.records) == 1


@dataclass(frozen=True)
class Stage:
    """What each record of a node becomes: an entity of `type`, by its `fields`, or without a type only a `context`."""

    node: str
    number: int
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
    ) -> None:
        self.facts = facts
        self.producers = producers
        self.nodes = nodes
        self.lineages = lineages

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
            origin = "itself" if not producer else f"GET {producer.path}" if producer.path else "always the same"
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
        text = self.producers[producer].path
        for context, name in self.producers[producer].placeholders:
            stage = self.stages[context]
            of = name or stage.name.text
            text = text.replace(
                f"{{{context}.{name}}}" if name else f"{{{context}}}", f"{{part({_variable(stage.node)}, '{of}')}}"
            )
        return text

    @cached_property
    def listed(self) -> dict[str, Listed]:
        """The lists of the source by their producers: first those that need no record, then in order."""
        found = [self._listed(node.producer, node.name) for node in self.order]
        found += [self._listed(lineage.producer, lineage.name) for lineage in self.lineages.values()]
        real = [one for one in found if self.producers[one.name].path]
        return {one.name: one for one in sorted(real, key=lambda one: bool(one.parents))}

    def _listed(self, producer: str, item: str) -> Listed:
        nodes = [node for node, _ in self.arguments(producer)]
        path, fields = self.producers[producer].path, self._fields_of(producer, item)
        keys: list[str] = []
        for context, name in self.producers[producer].placeholders:
            # Each has a name of its own, and so has the field that sample records keep it in.
            node = self.stages[context].node
            key, number = node, 1
            while key in keys or (key in nodes and key != node) or f"{key}_id" in fields:
                number += 1
                key = f"{node}_{number}"
            path = path.replace(f"{{{context}.{name}}}" if name else f"{{{context}}}", f"{{{key}}}", 1)
            keys.append(key)
        made = [stage.type for stage in self.nodes[item].stages if stage.type] if item in self.nodes else []
        return Listed(
            name=producer,
            item=item,
            path=path,
            parents=tuple(nodes),
            parent_names=tuple(self.nodes[node].producer for node in nodes),
            where=self.producers[producer].where,
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

    @property
    def main(self) -> Listed:
        """The list that a large source has much of: the first one that entities are made of."""
        return next(one for one in self.listed.values() if one.request)

    @property
    def main_stage(self) -> Stage:
        """What the records of that list become."""
        return next(stage for stage in self.nodes[self.main.item].stages if stage.type)


# ---- Reading ---------------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Plain YAML: a key that is there twice is refused, and so is an alias, which may hold itself."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "there is an alias: write out what it stands for", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name is None or key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "a key is no plain name", key.start_mark)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} is there twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def read(text: str, facts: Facts, paging: Sequence[str] = ()) -> Topology:
    """The topology that a text declares for a service type. Raises TopologyError.

    `paging` has the parameters with which the client asks for a page.
    """
    if "custom" not in facts or "topology" not in facts:
        raise TopologyError(f"{facts['title']} services have no Custom type that a topology could run as")
    whole = _loaded(text)
    top = _mapping(whole, "the topology", ("producers", "nodes", "post_process"), needed=("producers", "nodes"))
    producers = {
        name: _producer(name, value) for name, value in _named(top["producers"], "producers", "a producer").items()
    }
    nodes = _nodes(top["nodes"], facts, producers)
    lineages = {
        name: _lineage(name, value)
        for name, value in _named(top.get("post_process", {}), "post_process", "a post process").items()
    }
    topology = Topology(facts, producers, nodes, lineages)
    for check in (_check_tree, _check_producers, _check_stages, _check_threads, _check_post_processes, _check_paths):
        check(topology)
    _check_query(topology, paging)
    return _settled(topology)


def _loaded(text: str) -> Any:
    if len(text) > MAX_TEXT:
        raise TopologyError(f"the topology has {len(text)} characters: give at most {MAX_TEXT}")
    try:
        return _Loader(text).get_single_data()
    except RecursionError:
        raise TopologyError("the topology is nested too deeply: give nodes by their names, beside each other") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise TopologyError(f"{place}{' '.join(str(getattr(error, 'problem', None) or error).split())}") from None


def _producer(name: str, value: Any) -> Producer:
    where = f"producer {name}"
    if isinstance(value, list):
        if not 1 <= len(value) <= MAX_RECORDS:
            raise TopologyError(f"{where}: give from 1 to {MAX_RECORDS} records, or an endpoint, such as GET /{name}")
        records = tuple(_scalars(record, where) for record in value)
        return Producer(name, records=records)
    given = (
        _mapping(value, where, ("reads", "where"), needed=("reads",)) if isinstance(value, dict) else {"reads": value}
    )
    endpoint = given["reads"]
    found = _ENDPOINT.fullmatch(endpoint) if isinstance(endpoint, str) else None
    if not found:
        raise TopologyError(
            f"{where}: give an endpoint, such as GET /{name}, or a list of records: {_cut(endpoint)} is neither"
        )
    if len(endpoint) > MAX_ENDPOINT:
        raise TopologyError(f"{where}: give at most {MAX_ENDPOINT} characters: {_cut(endpoint)} is too long")
    if rewritten := _REWRITTEN.search(endpoint):
        raise TopologyError(
            f"{where}: {rewritten[0]} in {_cut(endpoint)} would be asked for in another form: give the path as it is, "
            "and escapes in capitals for what needs them alone"
        )
    if together := _TOGETHER.search(endpoint):
        raise TopologyError(
            f"{where}: {together[0]} in {_cut(endpoint)} leaves two placeholders without a border: put / or another "
            "character between them, such as : or ,"
        )
    for inside in _PLACEHOLDER.findall(endpoint):
        context, _, of = inside.partition(".")
        if not _NAME.fullmatch(context) or ("." in inside and not _is_field(of)):
            raise TopologyError(f"{where}: {{{inside}}} is no placeholder: give {{context}} or {{context.field}}")
    return Producer(name, path=found[1], where=_scalars(given["where"], f"{where}, where") if "where" in given else {})


def _scalars(value: Any, where: str) -> Facts:
    """An object of plain values: texts, numbers, and yes or no."""
    if not isinstance(value, dict) or not value:
        raise TopologyError(
            f"{where}: give fields with their values, such as {{name: default}}: {_cut(value)} has none"
        )
    for name, one in value.items():
        if not isinstance(name, str) or not _is_field(name) or "." in name:
            raise TopologyError(f"{where}: {_cut(name)} is no field: give letters, digits and underscores")
        if not isinstance(one, str | int | float | bool) or (isinstance(one, str) and not _is_line(one)):
            raise TopologyError(f"{where}: give {name} a text of one line, a number, or yes or no: {_cut(one)} is none")
    return dict(value)


def _nodes(value: Any, facts: Facts, producers: dict[str, Producer]) -> dict[str, Node]:
    given = _object(value, "nodes")
    if ROOT not in given:
        raise TopologyError("nodes: give root, the service itself, with the names of its children")
    root = _mapping(given[ROOT], "node root", ("children", "post_process"), needed=("children",))
    nodes = {
        ROOT: Node(ROOT, "", (), _names(root, "children", "node root"), _names(root, "post_process", "node root"), 0)
    }
    rest = {name: one for name, one in given.items() if name != ROOT}
    for name, one in _named(rest, "nodes", "a node").items():
        where = f"node {name}"
        known = _mapping(
            one, where, ("producer", "stages", "children", "post_process", "threads"), needed=("producer", "stages")
        )
        if not (isinstance(known["producer"], str) and known["producer"] in producers):
            raise TopologyError(_unknown(f"{where}: producer", known["producer"], producers))
        if not isinstance(known["stages"], list) or not known["stages"]:
            raise TopologyError(
                f"{where}: give stages as a list, such as [{{type: {next(iter(facts['topology']['types']))}}}]"
            )
        stages = tuple(_stage(name, number, stage, facts) for number, stage in enumerate(known["stages"], 1))
        threads = known.get("threads", 0)
        if "threads" in known and (type(threads) is not int or threads not in THREADS):
            raise TopologyError(
                f"{where}: give threads from {THREADS[0]} to {THREADS[-1]}, or leave it out: {_cut(threads)} is not"
            )
        nodes[name] = Node(
            name,
            known["producer"],
            stages,
            _names(known, "children", where),
            _names(known, "post_process", where),
            threads,
        )
    return nodes


def _stage(node: str, number: int, value: Any, facts: Facts) -> Stage:
    where = f"node {node}, stage {number}"
    known = _mapping(value, where, ("type", "context", "consumer", "nullable", "fields", "key"))
    types = facts["topology"]["types"]
    if "type" in known and not (isinstance(known["type"], str) and known["type"] in types):
        raise TopologyError(_unknown(f"{where}: type", known["type"], types, f"a {facts['title']} service has"))
    type_ = known.get("type", "")
    if number > 1 and "context" not in known:
        raise TopologyError(f"{where}: give context, a name of its own; the first stage alone has that of its node")
    context = known.get("context", node)
    _check_name(context, f"{where}: context")
    nullable = known.get("nullable", False)
    if type(nullable) is not bool:
        raise TopologyError(f"{where}: give nullable true or false: {_cut(nullable)} is neither")
    kinds = COMMON | types[type_].get("fields", {}) if type_ else {"name": "text"}
    kinds = {name: kind for name, kind in kinds.items() if not type_ or name not in types[type_].get("lacks", ())}
    fields = {"name": _value("name", where), **_usual(kinds)}
    for name, one in _object(known.get("fields", {}), f"{where}, fields").items():
        if name not in kinds:
            raise TopologyError(_unknown(f"{where}: field", name, kinds, f"{type_ or 'a context'} has"))
        fields[name] = _value(one, f"{where}, field {name}")
        if name != "name" and not fields[name].is_field:
            raise TopologyError(
                f"{where}, field {name}: give one field, such as meta.{name}: only name may be put together"
            )
    key = _value(known["key"], f"{where}, key") if "key" in known else fields["name"]
    return Stage(node, number, type_, context, _names(known, "consumer", where), nullable, fields, key)


def _usual(kinds: Facts) -> dict[str, Value]:
    """The fields that are read without being declared, where a type has them."""
    return {name: Value(name, (name,)) for name in ("description", "columns") if name in kinds}


def _lineage(name: str, value: Any) -> Lineage:
    where = f"post_process {name}"
    if name == DELETION:
        raise TopologyError(f"{where}: give it another name: {DELETION} is there already, for root")
    known = _mapping(value, where, ("producer", "from", "to"), needed=("producer", "from", "to"))
    ends = []
    for side in ("from", "to"):
        end = _mapping(known[side], f"{where}, {side}", ("context", "field"), needed=("context", "field"))
        if not isinstance(end["context"], str):
            raise TopologyError(f"{where}, {side}: give context the name of one: {_cut(end['context'])} is none")
        ends.append(End(end["context"], _value(end["field"], f"{where}, {side}")))
    if not isinstance(known["producer"], str):
        raise TopologyError(f"{where}: give producer the name of one: {_cut(known['producer'])} is none")
    return Lineage(name, known["producer"], *ends)


def _value(value: Any, where: str) -> Value:
    """A field of a record, or a text with fields in braces."""
    text = value if isinstance(value, str) else ""
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
        raise TopologyError(
            f"{where}: give a field of the record, keys joined by dots, or a text with such fields in braces, "
            f"such as {{group}}.{{name}}: {_cut(value)} is neither"
        )
    return Value(text, fields, literals)


# ---- Checks of the whole ---------------------------------------------------------------------------------------------


def _check_query(topology: Topology, paging: Sequence[str]) -> None:
    """No path sets what the client sets for each page."""
    for producer in topology.producers.values():
        for pair in producer.path.partition("?")[2].split("&"):
            if (name := pair.partition("=")[0]) and name in paging:
                raise TopologyError(
                    f"producer {producer.name}: the client sets {name} for each page: leave it out of GET "
                    f"{producer.path}"
                )


def _check_tree(topology: Topology) -> None:
    """Every child is there, none is below itself or below two others, and every node is reached."""
    nodes = topology.nodes
    for node in nodes.values():
        for child in node.children:
            if child not in nodes:
                raise TopologyError(
                    _unknown(f"node {node.name}: child", child, [name for name in nodes if name != ROOT])
                )
    for start in nodes:
        if circle := _circle(nodes, start):
            raise TopologyError(f"node {start}: {' → '.join(circle)} is a circle: take one of its children out")
    holders: dict[str, list[str]] = {}
    for node in nodes.values():
        for child in node.children:
            holders.setdefault(child, []).append(node.name)
    for child, above in holders.items():
        if len(above) > 1:
            raise TopologyError(
                f"node {child}: is a child of {' and '.join(above)}: give it one place, and the other a node of its own"
            )
    for name in nodes:
        level = len(topology.above(name)) + 1 if name in holders else 0
        if level > MAX_LEVELS:
            raise TopologyError(f"node {name}: stands {level} levels below the service: give at most {MAX_LEVELS}")
        if name != ROOT and name not in holders:
            raise TopologyError(
                f"node {name}: nothing leads to it: name it among the children of a node, or leave it out"
            )


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
            raise TopologyError(
                _unknown(f"post_process {lineage.name}: producer", lineage.producer, topology.producers)
            )
    users = [(node.producer, f"node {node.name}") for node in topology.order]
    users += [(lineage.producer, f"post_process {lineage.name}") for lineage in topology.lineages.values()]
    seen: dict[str, str] = {}
    for producer, user in users:
        if producer in seen:
            raise TopologyError(f"{user}: producer {producer} is that of {seen[producer]}: give it one of its own")
        seen[producer] = user
    for producer in topology.producers:
        if producer not in seen:
            raise TopologyError(f"producer {producer}: nothing uses it: give it to a node, or leave it out")


def _check_stages(topology: Topology) -> None:
    """Contexts are set once, and before they are consumed; what a type stands in is made above it."""
    contexts = Counter(stage.context for node in topology.order for stage in node.stages)
    for node in topology.order:
        for stage in node.stages:
            where = f"node {node.name}, stage {stage.number}"
            if contexts[stage.context] > 1:
                others = [
                    other.name for other in topology.order for one in other.stages if one.context == stage.context
                ]
                places = f"{others[0]} twice" if len(set(others)) == 1 else " and in ".join(dict.fromkeys(others))
                raise TopologyError(f"{where}: context {stage.context} is set in {places}: give each a name of its own")
            if stage.context == topology.service:
                raise TopologyError(f"{where}: context {stage.context} is that of the service: give it another name")
    _check_apart([stage.context for stage in topology.stages.values()], "context")
    if not topology.made:
        raise TopologyError("nodes: no stage makes anything: give one a type")


def _settled(topology: Topology) -> Topology:
    """The same with the consumers of each stage, those that were left to be found too."""

    def settle(node: Node) -> Node:
        return replace(node, stages=tuple(replace(stage, consumer=_consumer(topology, stage)) for stage in node.stages))

    nodes = {name: settle(node) for name, node in topology.nodes.items()}
    return Topology(topology.facts, topology.producers, nodes, topology.lineages)


def _consumer(topology: Topology, stage: Stage) -> tuple[str, ...]:
    """The contexts that a stage consumes: those of what its type stands in, the service first."""
    where, service = f"node {stage.node}, stage {stage.number}", topology.service
    before = topology._before(stage)
    for context in stage.consumer:
        if context == service:
            continue
        if context not in topology.stages:
            raise TopologyError(_unknown(f"{where}: consumer", context, [service, *topology.stages]))
        if context not in before:
            setter = topology.stages[context].node
            raise TopologyError(
                f"{where}: consumer {context} is not set yet: node {setter} sets it, so {stage.node} has to "
                f"stand below {setter}"
                if setter != stage.node
                else f"{where}: consumer {context} is not set yet: its own stage has to come before this one"
            )
    if not stage.type:
        wrong = stage.consumer and stage.consumer[0] != service
        if wrong:
            raise TopologyError(
                f"{where}: give {service} as the first consumer: the framework takes a node without it for a root"
            )
        return stage.consumer or (service,)
    wanted = [(service, "")]
    chosen = [context for context in stage.consumer if context != service]
    chain = _chain(stage.type, topology.facts["topology"]["types"])
    for type_ in chain:
        fitting = [context for context in before if topology.stages[context].type == type_]
        if not fitting:
            raise TopologyError(
                f"{where}: {_a(stage.type)} stands in {_a(type_)}, which no stage above makes: give a node "
                f"above {stage.node} one of type {type_}"
            )
        wanted.append((next((context for context in chosen if context in fitting), fitting[0]), type_))
    contexts = tuple(context for context, _ in wanted)
    if stage.consumer and stage.consumer != contexts:
        raise TopologyError(
            f"{where}: give consumer [{', '.join(contexts)}], what {_a(stage.type)} stands in, outermost "
            "first, or leave it out"
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
            raise TopologyError(
                f"node {node.name}: threads {node.threads} is not the {asking[0].threads} of node {asking[0].name}: "
                "the framework has one number for all, so give the same"
            )
        for above in topology.above(node.name):
            if topology.nodes[above].threads:
                raise TopologyError(
                    f"node {node.name}: its threads would be within those of node {above}: give threads to "
                    "one of the two"
                )


def _check_post_processes(topology: Topology) -> None:
    """Each post process is there, is asked for once, and is about what was made by then."""
    used: dict[str, str] = {}
    for node in topology.nodes.values():
        for name in node.post_process:
            if name == DELETION and node.name != ROOT:
                raise TopologyError(
                    f"node {node.name}: give {DELETION} to root: before all is read nothing is known to be gone"
                )
            if name != DELETION and name not in topology.lineages:
                raise TopologyError(_unknown(f"node {node.name}: post_process", name, [*topology.lineages, DELETION]))
            if name in used:
                raise TopologyError(
                    f"node {node.name}: post_process {name} is that of node {used[name]}: give it to one of the two"
                )
            used[name] = node.name
    _check_apart([*topology.stages, *topology.lineages], "name")
    for lineage in topology.lineages.values():
        where = f"post_process {lineage.name}"
        if lineage.name not in used:
            raise TopologyError(f"{where}: nothing asks for it: name it in the post_process of root, or leave it out")
        asking = used[lineage.name]
        for side, end in (("from", lineage.origin), ("to", lineage.target)):
            makes = [stage.context for stage in topology.made]
            if end.context not in topology.stages:
                raise TopologyError(_unknown(f"{where}, {side}: context", end.context, makes))
            if end.context not in makes:
                raise TopologyError(
                    f"{where}, {side}: context {end.context} makes nothing that lineage could lead {side}: "
                    f"give one of {', '.join(makes)}"
                )
            maker = topology.stages[end.context].node
            if maker not in topology.above(asking) and maker not in topology.below(asking):
                raise TopologyError(
                    f"{where}, {side}: {end.context} is not made yet when node {asking} is done: give "
                    f"{lineage.name} to root"
                )
            key = topology.stages[end.context].key
            if not end.value.is_field and end.value.parts != key.parts:
                raise TopologyError(
                    f"{where}, {side}: {end.value.text} can't be the key of {end.context}, which is "
                    f"{key.text}: put both together in the same way"
                )


def _check_paths(topology: Topology) -> None:
    """A path names contexts that are set when it is asked, and what is below many records names one of them."""
    post = {name: node.name for node in topology.nodes.values() for name in node.post_process}
    users = [(node.producer, node.name, f"node {node.name}") for node in topology.order]
    users += [(one.producer, post[one.name], f"post_process {one.name}") for one in topology.lineages.values()]
    for producer, node, where in users:
        above = topology.above(node)
        known = [stage.context for name in above for stage in topology.nodes[name].stages]
        path, given = topology.producers[producer].path, topology.producers[producer].placeholders
        for context, of in given:
            if context not in known:
                there = (
                    f"; {context} is set by node {topology.stages[context].node}, which is not above it"
                    if context in topology.stages
                    else ""
                )
                said = f"give one of {', '.join(known)}" if known else "leave it out"
                raise TopologyError(
                    f"{where}: {{{context}}} in GET {path} is no context that is set by then{there}: {said}"
                )
            if not of and not topology.stages[context].name.is_field:
                raise TopologyError(
                    f"{where}: the name of {context} is put together: give the field that stands in GET "
                    f"{path}, such as {{{context}.id}}"
                )
        several = [name for name in above if not topology.producers[topology.nodes[name].producer].is_one]
        # What differs for each record of the nearest list: the record, and those of constant levels below it.
        near = above[above.index(several[-1]) :] if several else []
        if path and near and not any(topology.stages[context].node in near for context, _ in given):
            first = topology.nodes[near[0]].stages[0].context
            raise TopologyError(
                f"{where}: GET {path} is the same for each {near[0]}: give a context of it in the path, such as "
                f"{{{first}}}"
            )
    if not any(one.path and not one.placeholders for one in topology.producers.values()):
        raise TopologyError("producers: give one endpoint without a placeholder: the connection is tested with it")


# ---- Parts -----------------------------------------------------------------------------------------------------------


def _object(value: Any, where: str) -> Facts:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise TopologyError(f"{where}: give names with what each is, as in YAML's name: value; {_cut(value)} is not")
    return value


def _mapping(value: Any, where: str, known: Sequence[str], needed: Sequence[str] = ()) -> Facts:
    found = _object(value, where)
    for name in found:
        if name not in known:
            raise TopologyError(_unknown(f"{where}: key", name, known))
    for name in needed:
        if name not in found:
            raise TopologyError(f"{where}: give {name}, which is missing")
    return found


def _named(value: Any, where: str, what: str) -> Facts:
    found = _object(value, where)
    for name in found:
        _check_name(name, f"{where}: {what}")
    _check_apart(list(found), what)
    return found


def _names(known: Facts, key: str, where: str) -> tuple[str, ...]:
    found = known.get(key, [])
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise TopologyError(f"{where}: give {key} as a list of names, such as [name]: {_cut(found)} is none")
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        raise TopologyError(f"{where}: {key} has {twice[0]} twice: leave one out")
    return tuple(found)


def _check_name(name: Any, where: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise TopologyError(
            f"{where}: give a name of at most {MAX_NAME} small letters, digits and single underscores: "
            f"{_cut(name)} is none"
        )
    if keyword.iskeyword(name) or name in _TAKEN or name.startswith("model_"):
        raise TopologyError(
            f"{where}: give another name, such as my_{name}: {name!r} is a word of Python's, pydantic's or "
            "the framework's"
        )


def _check_apart(names: Iterable[str], what: str) -> None:
    """Refuses two names that would be one class."""
    seen: dict[str, str] = {}
    for name in names:
        plain = name.replace("_", "")
        if plain in seen:
            raise TopologyError(f"{what} {name}: is too much like {seen[plain]}: give one of them another name")
        seen[plain] = name


def _unknown(what: str, name: Any, known: Iterable[str], has: str = "there is") -> str:
    names = list(known)
    near = difflib.get_close_matches(str(name).lower(), [one.lower() for one in names], n=1)
    meant = next((one for one in names if near and one.lower() == near[0]), "")
    listed = f"{has} {', '.join(names)}" if names else "there is none"
    return f"{what} {_cut(name)} is unknown; " + (f"did you mean {meant}?" if meant else listed)


def _is_field(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= MAX_FIELD and bool(_FIELD.fullmatch(text))


def _is_line(text: str) -> bool:
    return len(text) <= MAX_ENDPOINT and text.isprintable()


def _a(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


def _variable(name: str) -> str:
    """What a variable for a node or a context is called, which hides nothing: no name ends in an underscore."""
    return f"{name}_" if name in _USED else name


def _cut(value: Any) -> str:
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

        def topology_fault(text: str, service_type: str, paging: Sequence[str]) -> str:
            """Refuses a declaration that could not run, by its first fault. `paging` is as in `read`."""
            try:
                topology = read(text, catalog.services[service_type], paging)
            except TopologyError as error:
                return str(error)
            return str(environment.sample_topology(topology).fault)  # type: ignore[attr-defined]

        def usual_topology(service_type: str) -> str:
            """What is declared where nothing else was answered."""
            return catalog.services[service_type].get("topology", {}).get("usual", "")

        environment.filters["an"] = _a
        environment.filters["topology_fault"] = topology_fault
        environment.filters["variable"] = _variable
        environment.filters["usual_topology"] = usual_topology
        environment.extend(read_topology=read)
