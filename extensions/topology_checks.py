"""Checks a declared topology as a whole: what could not run is refused, by its first fault, in a line."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.declarations import Spot
    from extensions.topology import Node, Stage, Topology
    from extensions.topology_names import Names

Facts = dict[str, Any]

# Levels below the service: a list below as many others is asked for in as many loops.
MAX_LEVELS = 8


class Checks:
    """Checks topologies. Each check raises DeclarationError."""

    def __init__(self, environment: Any) -> None:
        self._names: Names = environment.topology_names
        self._parts: Any = environment.topology_parts

    def tree(self, whole: Spot, topology: Topology) -> None:
        """What can be said before its producers are read."""
        self._check_tree(topology)
        self._check_stages(whole, topology)

    def settled(self, whole: Spot, topology: Topology) -> Topology:
        """The same, checked as a whole, with the consumers of each stage, those that were left to be found too."""
        self._check_producers(topology)
        for check in (self._check_threads, self._check_post_processes, self._check_query):
            check(topology)
        self._check_paths(whole, topology)
        return self._settled(topology)

    def _check_query(self, topology: Topology) -> None:
        """No path sets what the client sets for each page."""
        for producer in topology.producers.values():
            for pair in producer.place.partition("?")[2].split("&"):
                if (name := pair.partition("=")[0]) and name in topology.asking.parameters:
                    producer.spot.fail(f"the client sets {name} for each page: leave it out of {producer.place}")

    def _check_tree(self, topology: Topology) -> None:
        """Every child is there, none is below itself or below two others, and every node is reached."""
        nodes = topology.nodes
        for node in nodes.values():
            for child in node.children:
                if child not in nodes:
                    node.spot.below("children").unknown(child, [name for name in nodes if name != self._parts.ROOT])
        for start in nodes:
            if circle := self._circle(nodes, start):
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
            if name != self._parts.ROOT and name not in holders:
                nodes[name].spot.fail("nothing leads to it: name it among the children of a node, or leave it out")

    def _circle(self, nodes: dict[str, Node], start: str) -> list[str]:
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

    def _check_producers(self, topology: Topology) -> None:
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

    def _check_stages(self, whole: Spot, topology: Topology) -> None:
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
        self._names.check_apart({stage.context: stage.spot for stage in topology.stages.values()}, "context")
        if not topology.made:
            whole.below("nodes").fail("no stage makes anything: give one a type")

    def _settled(self, topology: Topology) -> Topology:
        """The same with the consumers of each stage, those that were left to be found too."""

        def settle(node: Node) -> Node:
            return replace(
                node, stages=tuple(replace(stage, consumer=self._consumer(topology, stage)) for stage in node.stages)
            )

        nodes = {name: settle(node) for name, node in topology.nodes.items()}
        found: Topology = self._parts.Topology(
            topology.facts, topology.producers, nodes, topology.lineages, topology.asking
        )
        return found

    def _consumer(self, topology: Topology, stage: Stage) -> tuple[str, ...]:
        """The contexts that a stage consumes: those of what its type stands in, the service first."""
        service = topology.service
        before = topology.before(stage)
        for context in stage.consumer:
            if context == service:
                continue
            if context not in topology.stages:
                stage.spot.below("consumer").unknown(context, [service, *topology.stages])
            if context not in before:
                setter = topology.stages[context].node
                stage.spot.fail(
                    f"consumer {context} is not set yet: node {setter} sets it, so {stage.node} has to stand below "
                    f"{setter}"
                    if setter != stage.node
                    else f"consumer {context} is not set yet: its own stage has to come before this one"
                )
        if not stage.type:
            wrong = stage.consumer and stage.consumer[0] != service
            if wrong:
                stage.spot.fail(
                    f"give {service} as the first consumer: the framework takes a node without it for a root"
                )
            return stage.consumer or (service,)
        wanted = [(service, "")]
        chosen = [context for context in stage.consumer if context != service]
        chain = self._chain(stage.type, topology.facts["topology"]["types"])
        for type_ in chain:
            fitting = [context for context in before if topology.stages[context].type == type_]
            if not fitting:
                stage.spot.fail(
                    f"{self._names.an(stage.type)} stands in {self._names.an(type_)}, which no stage above makes: give "
                    f"a node above {stage.node} one of type {type_}"
                )
            wanted.append((next((context for context in chosen if context in fitting), fitting[0]), type_))
        contexts = tuple(context for context, _ in wanted)
        if stage.consumer and stage.consumer != contexts:
            stage.spot.fail(
                f"give consumer [{', '.join(contexts)}], what {self._names.an(stage.type)} stands in, "
                "outermost first, or leave it out"
            )
        return contexts

    def _chain(self, type_: str, types: Facts) -> list[str]:
        """The types that a type stands in, outermost first."""
        found: list[str] = []
        while above := types[type_].get("in", ""):
            found.insert(0, above)
            type_ = above
        return found

    def _check_threads(self, topology: Topology) -> None:
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

    def _check_post_processes(self, topology: Topology) -> None:
        """Each post process is there, is asked for once, and is about what was made by then."""
        used: dict[str, str] = {}
        for node in topology.nodes.values():
            for name in node.post_process:
                if name == self._parts.DELETION and node.name != self._parts.ROOT:
                    node.spot.fail(
                        f"give {self._parts.DELETION} to root: before all is read nothing is known to be gone"
                    )
                if name != self._parts.DELETION and name not in topology.lineages:
                    node.spot.below("post_process").unknown(name, [*topology.lineages, self._parts.DELETION])
                if name in used:
                    node.spot.fail(f"post_process {name} is that of node {used[name]}: give it to one of the two")
                used[name] = node.name
        spots = {name: one.spot for known in (topology.stages, topology.lineages) for name, one in known.items()}
        for name in sorted(topology.lineages.keys() & topology.stages.keys()):
            spots[name].fail(f"name {name}: a context has it, too: give one of them another name")
        self._names.check_apart(spots, "name")
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

    def _check_paths(self, whole: Spot, topology: Topology) -> None:
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


class TopologyChecksExtension(Extension):
    """Adds `environment.topology_checks`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(topology_checks=Checks(environment))
