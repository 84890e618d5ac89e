"""A declared topology: where its records come from, its tree of nodes, and what each record becomes.

What is declared is read by topology_reading.py and checked by topology_checks.py. Nothing of it is kept as text: what
is emitted is made of the parts that were checked, so no part of an answer reaches a file unquoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment

    from extensions.api_fields import Field
    from extensions.api_requests import Paging, Request
    from extensions.declarations import Spot
    from extensions.topology_lists import Lists
    from extensions.topology_producers import Asking

Facts = dict[str, Any]

# What the framework calls the node of the service, and the post process that needs no declaration.
ROOT = "root"

DELETION = "deletion"

# Where a record has what the client finds in it: DECLARED in the emitted models.
SPELT = "@declared"

# Fields that every create request has, and what they hold.
COMMON = {"name": "text", "displayName": "text", "description": "markdown", "sourceUrl": "url"}


@dataclass(frozen=True)
class Value:
    """A value of a record: that of a field, keys joined by dots, or a text with `{field}` in it.

    `parts` are the literal texts around `fields`, one more than these; a bare field has none. Where it is `spelt`, as
    fields of maps are, each of `fields` is JMESPath, and the client puts what it finds beside the record.
    """

    text: str
    fields: tuple[str, ...]
    parts: tuple[str, ...] = ()
    spelt: Field | None = None

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

    @cached_property
    def lists(self) -> Lists:
        """What a client lists."""
        return self.asking.lists_of(self)

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
        for context in self.before(stage):
            if (name := self.stages[context].type) in links:
                return links[name], context
        return None

    def before(self, stage: Stage) -> list[str]:
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
        return {
            self.snake(name): self._place(stage, name, field["value"]) for name, field in self.fields(stage).items()
        }

    def key_place(self, stage: Stage) -> str:
        """Where the records of a stage have what edges know them by."""
        return self._place(stage, "name" if stage.key is stage.name else "key", stage.key)

    def _place(self, stage: Stage, name: str, value: Value) -> str:
        return f"{SPELT}.{self.lists.spelt_name(stage, name)}" if value.spelt else value.text

    @staticmethod
    def snake(name: str) -> str:
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


def _at(record: Facts, path: str) -> Any:
    for key in path.split("."):
        record = record[key]
    return record


class TopologyExtension(Extension):
    """Adds the parts of a topology: `environment.topology_parts`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(
            topology_parts=SimpleNamespace(
                Value=Value,
                Producer=Producer,
                Stage=Stage,
                Node=Node,
                End=End,
                Lineage=Lineage,
                Topology=Topology,
                ROOT=ROOT,
                DELETION=DELETION,
                COMMON=COMMON,
            )
        )
