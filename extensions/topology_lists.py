"""What a client lists for a declared topology: a method for each producer, which takes the records in its request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.api_fields import Field
    from extensions.api_map import ApiMap, MappedList
    from extensions.api_requests import Placeholder
    from extensions.topology import Producer, Stage, Topology, Value
    from extensions.topology_names import Names

Facts = dict[str, Any]


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


class Lists:
    """The lists of a topology."""

    def __init__(self, topology: Topology, names: Names) -> None:
        self._topology = topology
        self._names = names

    def arguments(self, producer: str) -> list[tuple[str, str]]:
        """What a producer's method takes, outermost first: nodes whose records are in its path, each with a context."""
        nodes = {
            self._topology.stages[context].node: context
            for context, _ in self._topology.producers[producer].placeholders
        }
        return [(node.name, nodes[node.name]) for node in self._topology.order if node.name in nodes]

    def path(self, producer: str) -> str:
        """The path of a producer as an f-string's inside, each placeholder the quoted field of a record."""
        request = self._topology.producers[producer].request
        return "".join(
            part
            if isinstance(part, str)
            else f"{{part({self._names.variable(self._topology.stages[part.of].node)}, '{self._taken(part)}')}}"
            for part in (request.path.parts if request else ())
        )

    def _taken(self, one: Placeholder) -> str:
        """What a placeholder takes of a record."""
        return one.expression or self._topology.stages[one.of].name.text

    @cached_property
    def listed(self) -> dict[str, Listed]:
        """The lists of the source by their producers: first those that need no record, then in order."""
        found = [self._listed(node.producer, node.name) for node in self._topology.order]
        found += [self._listed(lineage.producer, lineage.name) for lineage in self._topology.lineages.values()]
        real = [one for one in found if self._topology.producers[one.name].request]
        return {one.name: one for one in sorted(real, key=lambda one: bool(one.parents))}

    def _listed(self, producer: str, item: str) -> Listed:
        nodes = [node for node, _ in self.arguments(producer)]
        fields = self._fields_of(producer, item)
        keys: list[str] = []
        for context, _ in self._topology.producers[producer].placeholders:
            # Each has a name of its own, and so has the field that sample records keep it in.
            node = self._topology.stages[context].node
            key, number = node, 1
            while key in keys or (key in nodes and key != node) or f"{key}_id" in fields:
                number += 1
                key = f"{node}_{number}"
            keys.append(key)
        made = (
            [stage.type for stage in self._topology.nodes[item].stages if stage.type]
            if item in self._topology.nodes
            else []
        )
        request = self._topology.producers[producer].request
        left = iter(keys)
        return Listed(
            name=producer,
            item=item,
            path="".join(
                part if isinstance(part, str) else f"{{{next(left) if part.of in self._topology.stages else part.of}}}"
                for part in (request.path.parts if request else ())
            ),
            parents=tuple(nodes),
            parent_names=tuple(self._topology.nodes[node].producer for node in nodes),
            where=self._topology.producers[producer].fixed,
            request=self._topology.type(made[0])["request"] if made else "",
            keys=tuple(keys),
        )

    def _fields_of(self, producer: str, item: str) -> set[str]:
        """The outermost fields of the records of a producer that are given, or read for entities or paths."""
        if lineage := self._topology.lineages.get(item):
            values = [lineage.origin.value, lineage.target.value]
        else:
            stages = self._topology.nodes[item].stages
            values = [stage.key for stage in stages]
            values += [field["value"] for stage in stages for field in self._topology.fields(stage).values()]
        found = [name for value in values for name in value.fields]
        for other in self._topology.producers.values():
            found += [name for context, name in other.placeholders if self._topology.stages[context].node == item]
        return {name.partition(".")[0] for name in (*found, *self._topology.producers[producer].where)}

    def reaching(self, producer: str) -> list[tuple[str, str, list[str]]]:
        """What has to be listed to ask a producer, outermost first: variable, producer, and what that takes itself."""
        wanted, nodes = [producer], set()
        while wanted:
            for node, _ in self.arguments(wanted.pop()):
                if node not in nodes:
                    nodes.add(node)
                    wanted.append(self._topology.nodes[node].producer)
        return [
            (self._names.variable(node.name), node.producer, self.takes(node.producer))
            for node in self._topology.order
            if node.name in nodes
        ]

    def takes(self, producer: str) -> list[str]:
        """The variables for the records in a producer's path, outermost first."""
        return [self._names.variable(node) for node, _ in self.arguments(producer)]

    # ---- What a client spells out ----------------------------------------------------------------------------------

    @property
    def is_mapped(self) -> bool:
        """Whether each request is spelt out in the client: some are no plain GET, or the answer `api` says of all."""
        return self._topology.asking.frame is not None

    @cached_property
    def _users(self) -> dict[str, str]:
        """The node or lineage of each producer."""
        users = {node.producer: node.name for node in self._topology.order}
        return users | {lineage.producer: lineage.name for lineage in self._topology.lineages.values()}

    @cached_property
    def methods_of(self) -> dict[str, Listed]:
        """What the client has a method for, by producer, with the variables that the method takes."""
        found = {name: self._listed(name, self._users[name]) for name in self._topology.producers}
        return {
            name: replace(
                one, item=self._names.parameter(one.item), parents=tuple(map(self._names.parameter, one.parents))
            )
            for name, one in found.items()
        }

    @cached_property
    def api(self) -> ApiMap:
        """The map of the API that the producers make."""
        if self._topology.asking.frame is None:
            raise ValueError("the requests of this topology are plain")
        return replace(
            self._topology.asking.frame,
            lists={name: self._mapped(one) for name, one in self._topology.producers.items()},
        )

    def _mapped(self, producer: Producer) -> MappedList:
        item, nodes = self.methods_of[producer.name].item, self._topology.nodes
        if producer.request is None:
            return self._topology.asking.list_of(producer.name, item, constants=producer.records)
        return self._topology.asking.list_of(
            producer.name,
            item,
            request=producer.request.changed(self._resolved, self._topology.asking.prefix),
            paging=producer.paging,
            records=producer.found,
            key_field=producer.key_field,
            where=producer.where,
            optional=producer.optional,
            fields=self.spelt(self._users[producer.name]) if self._users[producer.name] in nodes else {},
        )

    def _resolved(self, one: Placeholder) -> Placeholder:
        """A placeholder of a context as one of the variable that the method has its record in."""
        if one.of not in self._topology.stages:
            return one
        return replace(
            one,
            of=self._names.parameter(self._topology.stages[one.of].node),
            expression=self._topology.asking.expression(self._taken(one)),
        )

    def spelt(self, node: str) -> dict[str, Field]:
        """What the client finds in the records of a node, by the names that it has there."""
        return {
            self.spelt_name(stage, name): value.spelt
            for stage in self._topology.nodes[node].stages
            for name, value in self._values(stage).items()
            if value.spelt and not (name == "key" and value is stage.name)
        }

    @property
    def spells(self) -> bool:
        """Whether the client finds something in records."""
        return bool(self.first_spelt)

    @property
    def first_spelt(self) -> str:
        """What the client calls a record of the first node that it finds something in; empty where there is none."""
        found = (node.producer for node in self._topology.order if self.spelt(node.name))
        return next((self.methods_of[producer].item for producer in found), "")

    @staticmethod
    def _values(stage: Stage) -> dict[str, Value]:
        return {**stage.fields, "key": stage.key}

    def spelt_name(self, stage: Stage, name: str) -> str:
        """What the client calls a field of a stage: by its context, too, where several stages read one record."""
        stages = self._topology.nodes[stage.node].stages
        several = sum(any(value.spelt for value in self._values(one).values()) for one in stages) > 1
        return f"{stage.context}_{self._topology.snake(name)}" if several else self._topology.snake(name)

    @property
    def main(self) -> Listed:
        """The list that a large source has much of: the first one that entities are made of."""
        return next(one for one in self.listed.values() if one.request)

    @property
    def main_stage(self) -> Stage:
        """What the records of that list become."""
        return next(stage for stage in self._topology.nodes[self.main.item].stages if stage.type)


class TopologyListsExtension(Extension):
    """Adds `environment.topology_lists`, which makes Lists of a topology."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        names: Names = environment.topology_names  # type: ignore[attr-defined]  # TopologyNamesExtension adds it
        environment.extend(topology_lists=lambda topology: Lists(topology, names))
