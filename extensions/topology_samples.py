"""Sample records of a declared topology, and what a source makes of them: what the tests of its package expect.

`Samples` holds the records of each list and reads them as the emitted source does. What a sample can't be given, no
source has either: `fault` says so of a declaration, before anything is written.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment

    from extensions.topology import Lineage, Node, Stage, Topology, Value
    from extensions.topology_shapes import Shapes

Facts = dict[str, Any]

# Records of a list that needs no other one, and of one for each record that it is below.
FREE, BELOW = 5, 2

# For so many records those of the lists below are sampled, so that a deep tree has no more than a flat one.
PARENTS = 10

# So many records a declaration may come to with its constant levels: beyond that they are a list of the source.
MOST = 1000

# Characters of a name that OpenMetadata writes otherwise, or refuses.
RESERVED = ('"', "::", ">")

# Names of this length are refused by OpenMetadata, and so broken.
TOO_LONG = 300

# What a field of a record has to be for several uses of it: the first that is asked for counts.
STRICTEST = ("columns", "int", "number", "url", "markdown", "text")

# JMESPath to records: keys to a list, and behind brackets those in each of its objects.
_LIST = re.compile(r"(?P<list>[^\[\]|&?*(){}`]*)(\[\*?\](\.(?P<inner>[^\[\]|&?*(){}`]+))?)?")

Made = dict[tuple[str, str], list[tuple[str, Facts, dict[str, Facts]]]]
Records = dict[str, list[tuple[tuple[str, ...], Facts]]]


class Unfit(ValueError):
    """Nothing could be read as declared: the message is a line that says where, why, and what to give."""


class Samples:
    """The sample records of a topology. Raises Unfit as soon as it is asked for what can't be sampled."""

    def __init__(self, topology: Topology) -> None:
        self._declared = topology
        self._turned: Any = topology.asking.turned

    @cached_property
    def _shapes(self) -> Shapes:
        return self._declared.asking.shapes_of(self._declared)

    @property
    def topology(self) -> Topology:
        """The topology with plain keys in place of expressions, which the shapes put where these look."""
        return self._shapes.plain

    @property
    def fault(self) -> str:
        """Why a declaration can't be sampled; empty where it can."""
        try:
            for node in self.topology.order:
                self._check_fields(node)
            if not any(one.request for one in self.topology.lists.listed.values()):
                raise Unfit("nodes: no list of the source becomes anything: give a type to a stage of one")
            self._check_apart()
            for lineage in self.topology.lineages.values():
                self._check_lineage(lineage)
            if self.topology.lists.is_mapped:
                self._check_requests()
        except (Unfit, self._turned.Unfit) as unfit:
            return str(unfit)
        return ""

    # ---- Records ---------------------------------------------------------------------------------------------------

    def kinds(self, node: Node) -> dict[str, str]:
        """What the fields of a node's records hold, those that are read, by where they are."""
        found: dict[str, set[str]] = {}
        for stage in node.stages:
            for value in (stage.name, stage.key):
                for place in value.fields:
                    found.setdefault(place, set()).add("text")
            for field in self.topology.fields(stage).values() if stage.type else ():
                for place in field["value"].fields:
                    found.setdefault(place, set()).add(field["kind"])
        for place in self._asked(node):
            found.setdefault(place, set()).add("text")
        return {place: next(kind for kind in STRICTEST if kind in kinds) for place, kinds in found.items()}

    def _asked(self, node: Node) -> list[str]:
        """The fields of a node's records that stand in paths."""
        return [
            name
            for producer in self.topology.producers.values()
            for context, name in producer.placeholders
            if name and self.topology.stages[context].node == node.name
        ]

    def _own(self, value: Value, fixed: Iterable[str]) -> str:
        """The field of a value that tells a record from others: what comes before it is what it is in."""
        return next((name for name in reversed(value.fields) if name not in fixed), "")

    def naming(self, item: str, number: str) -> dict[str, str]:
        """The fields that tell a sample record from others, with a value for each; `number` is what tells them."""
        node = self.topology.nodes.get(item)
        if node is None or not node.stages:
            return dict.fromkeys(("id", "name"), f"{item}_{number}")
        kinds, fixed = self.kinds(node), self.topology.producers[node.producer].fixed
        places = [self._own(value, fixed) for stage in node.stages for value in (stage.name, stage.key)]
        places += self._asked(node)
        # Where it is a number to OpenMetadata, it is one of no other list.
        counted = any(kinds[place] in ("int", "number") for place in places)
        offset = list(self.topology.nodes).index(item)
        unique = f"{offset}{number:0>4}" if counted else f"{item}_{number}"
        usual = [name for name in ("id", "name") if not any(place.startswith(f"{name}.") for place in kinds)]
        return dict.fromkeys([*usual, *places], unique)

    def named(self, item: str, number: str) -> Facts:
        """A record of nothing but the fields that tell it from others."""
        return filled(self.naming(item, number))

    @cached_property
    def records(self) -> Records:
        """The records of each node, each behind what the path of its list has for it."""
        found: Records = {}
        # The ways to the records of each node: records by nodes, outermost first.
        ways: dict[str, list[dict[str, Facts]]] = {}
        for node in self.topology.order:
            producer, parent = self.topology.producers[node.producer], self.topology.parents[node.name]
            above = ways.get(parent, [{}])
            if producer.records:
                if len(above) * len(producer.records) > MOST:
                    raise Unfit(
                        f"node {node.name}: with the levels above, its constant records are "
                        f"{len(above) * len(producer.records)}: give at most {MOST}"
                    )
                found[node.name] = [((), dict(record)) for record in producer.records]
            else:
                found[node.name] = self._listed(node, above)
            ways[node.name] = [way | {node.name: record} for way in above for record in self._read(found, node, way)]
        return found

    def _listed(self, node: Node, above: list[dict[str, Facts]]) -> list[tuple[tuple[str, ...], Facts]]:
        producer = self.topology.producers[node.producer]
        count = BELOW if producer.placeholders else FREE
        keys: dict[tuple[str, ...], dict[str, Facts]] = {}
        for way in above:
            keys.setdefault(self._key(node.producer, way), way)
        places = [(key, way) for key, way in list(keys.items())[:PARENTS] for _ in range(count)]
        return [(key, self._record(node, number, way)) for number, (key, way) in enumerate(places, 1)]

    def _key(self, producer: str, way: dict[str, Facts]) -> tuple[str, ...]:
        """What the path of a producer has for the records above."""
        stages = self.topology.stages
        return tuple(
            str(at(way[stages[context].node], name) if name else stages[context].name.of(way[stages[context].node]))
            for context, name in self.topology.producers[producer].placeholders
        )

    def _read(self, records: Records, node: Node, way: dict[str, Facts]) -> Iterator[Facts]:
        """The records of a node that are read where others are above."""
        wanted = () if self.topology.producers[node.producer].records else self._key(node.producer, way)
        return (record for key, record in records[node.name] if key == wanted)

    def _record(self, node: Node, number: int, above: dict[str, Facts]) -> Facts:
        kinds, where = self.kinds(node), self.topology.producers[node.producer].fixed
        record = filled(
            where | {name: one for name, one in self.naming(node.name, str(number)).items() if name not in where}
        )
        for stage in node.stages:
            for value in (stage.name, stage.key):
                for name in value.fields:
                    counted = kinds[name] in ("int", "number")
                    usual = above[name].get("name") if name in above else f"{name}_1"
                    put(record, name, 1 if counted else usual if isinstance(usual, str) else f"{name}_1")
            fields = self.topology.fields(stage) if stage.type else {}
            # What has to be in a form of its own comes before what reads the same place as it is.
            for name, field in sorted(fields.items(), key=lambda one: not self._has_form(one[1]["value"])):
                for place in field["value"].fields if name != "name" else ():
                    example = _example(kinds[place], name, node.name, number)
                    if self._has_form(field["value"]):
                        example = self._shapes.sampled(field["value"].spelt, example, number)
                    put(record, place, example)
        return record | self._belonging(node.producer, above)

    @staticmethod
    def _has_form(value: Value) -> bool:
        """Whether the API has a field in another form than what becomes of it."""
        spelt = value.spelt
        return bool(spelt and (spelt.words or spelt.time or spelt.json or spelt.fields))

    def _belonging(self, producer: str, above: dict[str, Facts]) -> dict[str, str]:
        """What the path of a producer has for a record below others, by the name of a field that keeps it."""
        names = self.topology.lists.listed[producer].keys
        return {f"{name}_id": value for name, value in zip(names, self._key(producer, above), strict=True)}

    @cached_property
    def served(self) -> dict[str, list[Facts]]:
        """What the source of the emitted tests holds, by producer."""
        records = {node.producer: [record for _, record in self.records[node.name]] for node in self.topology.order}
        records |= {
            lineage.producer: [record for record, _ in self.edges(lineage)]
            for lineage in self.topology.lineages.values()
        }
        first = next(iter(self.topology.lists.listed))
        held = records[first]
        # The first list has several pages: of edges, some come again.
        records[first] = [held[number % len(held)] for number in range(max(FREE, len(held)))]
        return {name: records[name] for name in self.topology.lists.listed}

    # ---- Requests --------------------------------------------------------------------------------------------------

    @property
    def routes(self) -> dict[str, Facts]:
        """What is asked for each list, as the stand-in of the emitted tests matches it, by producer."""
        lists = self.topology.lists.api.lists
        api = self.topology.lists.api
        fixed_first = sorted(self.topology.lists.listed.values(), key=lambda one: "{" in one.path)
        return {
            one.name: _route(self._renamed(one.name), api.query, api.headers)
            | {"keys": list(one.keys)}
            | self._answer(lists[one.name], f"producer {one.name}")
            | self._shapes.served(one.name)
            for one in fixed_first
        }

    @property
    def is_shaped(self) -> bool:
        """Whether the API has records otherwise than the samples."""
        return bool(self._shapes.shapes)

    @property
    def has_lists(self) -> bool:
        """Whether an answer has what leads on in a list."""
        return "[" in "".join(f"{one['body']}{one['record']}" for one in self.routes.values())

    def _renamed(self, name: str) -> Any:
        """The request of a producer, its placeholders called as the fields of sample records are."""
        producer = self.topology.producers[name]
        keys = dict(zip(producer.placeholders, self.topology.lists.listed[name].keys, strict=True))
        request: Any = producer.request

        def renamed(one: Any) -> Any:
            return replace(one, of=keys.get((one.of, one.expression), one.of), expression=_rest(one, keys))

        return request.changed(renamed, self.topology.asking.prefix)

    @property
    def login(self) -> Facts:
        """The request of a login, as the stand-in matches it."""
        login: Any = self.topology.lists.api.login
        body = self._shape(login.token, "token", "login")
        if isinstance(login.lifetime, str):
            body = self._turned.merged(body, self._shape(login.lifetime, "lifetime", "login"))
        return _route(login.request, {}, {}) | {"keys": [], "body": self._turned.written(body)}

    def _answer(self, listed: Any, where: str) -> Facts:
        """How a list comes: its way of paging, and where an answer has the records and what leads to the next page."""
        found, paging = _LIST.fullmatch(listed.records or "@"), listed.paging
        if not found:
            raise Unfit(f"{where}: give records keys joined by dots, such as data.items or data.edges[].node")
        body = self._shape(found["list"] or "@", "records", where)
        for place, word in ((paging.count, "count"), (paging.more, "more"), (paging.next, "next")):
            if place and place != "none":
                if not isinstance(body, dict):
                    raise Unfit(f"{where}: an answer that is a list has no {place}: give records, such as data.items")
                try:
                    body = self._turned.merged(body, self._shape(place, word, where))
                except self._turned.Unfit:
                    raise Unfit(f"{where}: an answer can't have two things at {place}: give other keys") from None
        by = "" if paging.by == "none" else paging.by
        record = self._turned.written(self._shape(found["inner"] or "@", "record", where))
        route = {"by": by, "first": paging.first, "body": self._turned.written(body), "record": record}
        return route | ({"key_field": listed.key_field} if listed.key_field else {})

    def _shape(self, place: str, word: str, where: str) -> Any:
        """What has a value at a place: keys joined by dots, or JMESPath."""
        try:
            said = place if place == "@" else self.topology.asking.expression(place)
            return self._turned.inverse(said, self._turned.Leaf(word))
        except self._turned.Unfit:
            raise Unfit(
                f"{where}: give keys joined by dots in place of {place}, of which no sample can be made"
            ) from None

    # ---- What is made of them --------------------------------------------------------------------------------------

    def made(self, records: Records, left_out: tuple[str, str] = ("", "")) -> Made:
        """What is read of records, by type and full name below the service: the context, record, and those above.

        `left_out` is a type and the name of that type which a filter leaves out.
        """
        found: Made = {}
        self._descend("root", records, left_out, {}, {}, found)
        return found

    def _descend(
        self,
        parent: str,
        records: Records,
        left_out: tuple[str, str],
        above: dict[str, Facts],
        placed: dict[str, str],
        found: Made,
    ) -> None:
        for name in self.topology.nodes[parent].children:
            node = self.topology.nodes[name]
            if any(context not in placed for context in self.topology.needed(node)):
                continue
            for record in self._read(records, node, above):
                way, here = above | {name: record}, dict(placed)
                for stage in node.stages:
                    full_name = self._full_name(stage, record, here, left_out)
                    if full_name is not None:
                        here[stage.context] = full_name
                        if stage.type:
                            found.setdefault((stage.type, full_name), []).append((stage.context, record, way))
                self._descend(name, records, left_out, way, here, found)

    def _full_name(self, stage: Stage, record: Facts, placed: dict[str, str], left_out: tuple[str, str]) -> str | None:
        """The full name of what a record becomes, empty where it makes nothing itself; None where it is not read."""
        holders = [context for context in stage.consumer if context != self.topology.service]
        name = stage.name.of(record)
        if not stage.type:
            return ""
        if any(context not in placed for context in holders) or len(name) >= TOO_LONG or left_out == (stage.type, name):
            return None
        return ".".join([*(placed[context] for context in holders[-1:]), _quoted(name)])

    @cached_property
    def whole(self) -> Made:
        return self.made(self.records)

    @property
    def full_names(self) -> list[str]:
        """The full names below the service of what the sample becomes, sorted."""
        return sorted(name for _, name in self.whole)

    @property
    def entities(self) -> dict[str, list[str]]:
        """The names of what the sample becomes, by the kind of create request, sorted."""
        names: dict[str, list[str]] = {self.topology.type(stage.type)["request"]: [] for stage in self.topology.made}
        for (type_, _), ((context, record, _), *_) in self.whole.items():
            names[self.topology.type(type_)["request"]].append(self.topology.stages[context].name.of(record))
        return {request: sorted(known) for request, known in names.items()}

    @property
    def arrivals(self) -> dict[str, Facts]:
        """The declared fields of what the sample becomes, by full names below the service, by create request."""
        found: dict[str, Facts] = {}
        for (type_, full_name), makers in self.whole.items():
            # What several records make has the fields of either.
            ((context, record, _), *others) = makers
            fields = {} if others else self.topology.fields(self.topology.stages[context])
            found.setdefault(self.topology.type(type_)["request"], {})[full_name] = {
                name: self._arriving(field["kind"], field["value"], record)
                for name, field in fields.items()
                if field["default"] is None and name != "name" and has(record, field["value"])
            }
        return found

    def _arriving(self, kind: str, value: Value, record: Facts) -> Any:
        """What a field of a record becomes."""
        if kind == "columns":
            return self._shapes.columns(value.spelt)
        found = at(record, value.fields[0]) if value.is_field else value.of(record)
        if value.spelt:
            found = self._shapes.arriving(value.spelt, found)
        if kind in ("int", "number"):
            return float(found) if isinstance(found, str) else found
        return str(found)

    def _missing(self, made: Made) -> list[str]:
        return sorted(name for type_, name in self.whole if (type_, name) not in made)

    @property
    def name_field(self) -> str:
        """Where records of the main list have what names them."""
        fixed = self.topology.producers[self.topology.lists.main.name].fixed
        return self._own(self.topology.lists.main_stage.name, fixed)

    @property
    def gone(self) -> list[str]:
        """The full names that are gone with the last record of the main list, sorted."""
        item = self.topology.lists.main.item
        return self._missing(self.made(self.records | {item: self.records[item][:-1]}))

    @property
    def broken(self) -> list[str]:
        """Those that are not made where the name of its second record is too long."""
        records = deepcopy(self.records)
        _, record = records[self.topology.lists.main.item][1]
        *above, last = self.name_field.split(".")
        (at(record, ".".join(above)) if above else record)[last] = "x" * TOO_LONG
        return self._missing(self.made(records))

    @property
    def filtered(self) -> list[str]:
        """Those that are not made where the first name of what the main list makes is left out."""
        type_ = self.topology.lists.main_stage.type
        return self._missing(self.made(self.records, (type_, self.entities[self.topology.lists.main.request][0])))

    @property
    def described(self) -> str:
        """Where records of the main list have a description that nothing else is read from; empty where nowhere."""
        node = self.topology.nodes[self.topology.lists.main.item]
        value = self.topology.lists.main_stage.fields.get("description")
        named = {name for stage in node.stages for one in (stage.name, stage.key) for name in one.fields}
        used = named | {*self._asked(node), *self.topology.producers[node.producer].fixed}
        return value.text if value and value.text not in used else ""

    def is_identified(self, listed: Any) -> bool:
        """Whether the records of a list have what their parents are called by `id`."""
        if listed.keys != (listed.parent,) or listed.parent_name not in self.topology.lists.listed:
            return False
        known = {record.get("id") for _, record in self.records[listed.parent] if isinstance(record.get("id"), str)}
        return all(record[f"{listed.keys[0]}_id"] in known for record in self.served[listed.name])

    # ---- Edges -----------------------------------------------------------------------------------------------------

    @property
    def drawn(self) -> list[tuple[str, str]]:
        """The edges that the sample's lineage has, by full names below the service."""
        lineages = self.topology.lineages.values()
        return sorted({edge for lineage in lineages for _, edge in self.edges(lineage)})

    def edges(self, lineage: Lineage) -> list[tuple[Facts, tuple[str, str]]]:
        """Sample records of a lineage, each with the full names of its ends: up to three for each place of its list."""
        asking = next(node for node in self.topology.nodes.values() if lineage.name in node.post_process)
        keys: dict[tuple[str, ...], dict[str, Facts]] = {}
        for way in self._ways(asking):
            keys.setdefault(self._key(lineage.producer, way), way)
        found: list[tuple[Facts, tuple[str, str]]] = []
        for way in list(keys.values())[:PARENTS]:
            drawn: list[tuple[str, str]] = []
            for start, end in self._pairs(lineage, way):
                record = self._edge(lineage, f"{lineage.name}_{len(found) + 1}", start[1], end[1])
                if record and (start[0], end[0]) not in drawn and len(drawn) < 3:
                    drawn.append((start[0], end[0]))
                    found.append((record | self._belonging(lineage.producer, way), drawn[-1]))
        return found

    def _ways(self, node: Node) -> list[dict[str, Facts]]:
        """The records above each place where a node is read."""
        ways: list[dict[str, Facts]] = [{}]
        for name in self.topology.above(node.name) if node.name != "root" else ():
            one = self.topology.nodes[name]
            ways = [way | {name: record} for way in ways for record in self._read(self.records, one, way)]
        return ways

    def _pairs(self, lineage: Lineage, way: dict[str, Facts]) -> Iterator[tuple[tuple[str, Facts], tuple[str, Facts]]]:
        """What an edge could lead between where it is read: full names and records, other ends for each start first."""
        origins, targets = (self._ends(end.context, way) for end in (lineage.origin, lineage.target))
        for start in origins:
            for end in reversed(targets):
                if start[0] != end[0]:
                    yield start, end

    def _ends(self, context: str, way: dict[str, Facts]) -> list[tuple[str, Facts]]:
        """What a context made of the records above and below a place, those whose key no other one has."""
        key = self.topology.stages[context].key
        found = [
            (full_name, record, above)
            for (_, full_name), makers in self.whole.items()
            for maker, record, above in makers
            if maker == context and has(record, key)
        ]
        keys = [key.of(record) for _, record, _ in found]
        return [
            (full_name, record)
            for full_name, record, above in found
            if keys.count(key.of(record)) == 1 and all(above.get(name, one) is one for name, one in way.items())
        ]

    def _edge(self, lineage: Lineage, name: str, start: Facts, end: Facts) -> Facts | None:
        """The record of an edge; None where none can have both ends."""
        record = filled(self.topology.producers[lineage.producer].fixed)
        ends = [(lineage.origin, start), (lineage.target, end)]
        for side, holder in ends:
            key = self.topology.stages[side.context].key
            values = [key.of(holder)] if side.value.is_field else [str(at(holder, field)) for field in key.fields]
            for place, value in zip(side.value.fields, values, strict=True):
                put(record, place, value)
        if not any(place.startswith("name.") for side, _ in ends for place in side.value.fields):
            record.setdefault("name", name)
        fits = (
            has(record, side.value) and side.value.of(record) == self.topology.stages[side.context].key.of(holder)
            for side, holder in ends
        )
        return record if all(fits) else None

    # ---- What can't be ---------------------------------------------------------------------------------------------

    def _check_fields(self, node: Node) -> None:
        """A field is one thing, what tells records apart is not fixed, and constants are what they have to be."""
        producer, kinds = self.topology.producers[node.producer], self.kinds(node)
        where = f"node {node.name}"
        places = sorted({*kinds, *producer.fixed})
        for place in places:
            within = next((other for other in places if other.startswith(f"{place}.")), "")
            if within:
                raise Unfit(f"{where}: a record can't have both {place} and {within}: give other fields")
        for place, kind in kinds.items():
            others = [
                name
                for stage in node.stages
                for name, value in {**stage.fields, "key": stage.key}.items()
                if place in value.fields and name != "columns"
            ]
            if kind == "columns" and others:
                raise Unfit(f"{where}: {place} can't be columns and {others[0]} too: give one of them another field")
        for stage in node.stages:
            for word, value in (("name", stage.name), ("key", stage.key)):
                if not self._own(value, producer.fixed):
                    raise Unfit(
                        f"producer {producer.name}: where fixes {value.fields[-1]}, the {word} of {stage.context}: "
                        f"give records that are always the same instead, such as [{{name: default}}]"
                    )
        fixed = [field for name in self._asked(node) if (field := name) in producer.fixed]
        if fixed:
            raise Unfit(f"producer {producer.name}: where fixes {fixed[0]}, which stands in a path: give another field")
        for record in producer.records:
            for stage in node.stages:
                self._check_constant(f"producer {producer.name}", stage, record)
            for name in (name for name in self._asked(node) if not _is_text(record.get(name))):
                raise Unfit(f"producer {producer.name}: a record has no {name}, which stands in a path: give it one")
        for name, value in [*producer.fixed.items(), *(pair for record in producer.records for pair in record.items())]:
            if not _fits(value, kinds.get(name, "")):
                raise Unfit(f"producer {producer.name}: {name} is to be {kinds[name]} in {where}: {value!r} is not")

    def _check_constant(self, where: str, stage: Stage, record: Facts) -> None:
        for name in stage.name.fields:
            if not _is_text(record.get(name)):
                raise Unfit(f"{where}: a record has no {name}, the name of {stage.context}: give it one")
        name = stage.name.of(record)
        for reserved in RESERVED:
            if reserved in name:
                raise Unfit(f"{where}: {name} has {reserved} in it, which OpenMetadata changes in names: leave it out")

    def _check_apart(self) -> None:
        """Nothing is made twice: the second one would always be left out."""
        for (type_, full_name), ((context, record, _), *others) in self.whole.items():
            for other, again, way in others:
                node = self.topology.nodes[self.topology.stages[other].node]
                if (context, record) == (other, again) and not self.topology.producers[node.producer].records:
                    continue  # a list that several places have in common
                said = f"node {node.name}: {type_} {full_name.rpartition('.')[2]} "
                if context != other:
                    raise Unfit(f"{said}is what {context} makes as well: give it another name")
                near = next((name for name in reversed(list(way)[:-1]) if name != node.name), node.name)
                raise Unfit(f"{said}is the same for each {near}: give it a place in what {near} makes, or at the top")

    def _check_requests(self) -> None:
        """Answers to all requests can be made."""
        for producer in self.topology.producers.values():
            for place in producer.where:
                self._shape(place, "", f"producer {producer.name}, where")
            if producer.key_field and any(place == producer.key_field for place in producer.where):
                raise Unfit(f"producer {producer.name}: where fixes {producer.key_field}, the key of its records")
        self.routes  # noqa: B018
        if self.topology.lists.api.login:
            self.login  # noqa: B018

    def _check_lineage(self, lineage: Lineage) -> None:
        where = f"post_process {lineage.name}"
        places = sorted({*lineage.origin.value.fields, *lineage.target.value.fields})
        fixed = self.topology.producers[lineage.producer].fixed
        for place in places:
            if place in fixed:
                raise Unfit(
                    f"{where}: where of {lineage.producer} fixes {place}, an end of the edges: give another field"
                )
            for other in (*places, *fixed):
                if other.startswith(f"{place}.") or place.startswith(f"{other}."):
                    raise Unfit(f"{where}: a record can't have both {place} and {other}: give other fields")
        if not self.edges(lineage):
            origin, target = lineage.origin.context, lineage.target.context
            asking = next(node.name for node in self.topology.nodes.values() if lineage.name in node.post_process)
            raise Unfit(
                f"{where}: no edge can lead from {origin} to {target} when node {asking} is done: give stages keys "
                f"that only one record has, edges a field for each end, or {lineage.name} to root"
            )


def _rest(one: Any, keys: Any) -> str:
    """What a placeholder has behind its name, where it is none of a record."""
    return "" if (one.of, one.expression) in keys else str(one.expression)


def _route(request: Any, query: Facts, headers: Facts) -> Facts:
    """What is sent, with placeholders in braces."""
    sent = {"query": query | request.query, "headers": headers | request.headers, "form": request.form}
    if request.graphql:
        sent["json"] = {"variables": request.variables}
    elif request.json is not None:
        sent["json"] = request.json
    path = request.path.written()
    return {"method": request.method, "path": path} | {name: _written(one) for name, one in sent.items() if one}


def _written(value: Any) -> Any:
    """A value of a request with each text as it was declared; of lists in a query, which say a name again, nothing."""
    if isinstance(value, dict):
        return {key: _written(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_written(one) for one in value]
    return value.written() if hasattr(value, "written") else value


def filled(values: Facts) -> Facts:
    """A record with values at keys that are joined by dots."""
    record: Facts = {}
    for place, value in values.items():
        put(record, place, value)
    return record


def put(record: Facts, path: str, value: Any) -> None:
    """Put a value at keys that are joined by dots, unless one is there."""
    *above, last = path.split(".")
    for key in above:
        inner = record.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        record = inner
    record.setdefault(last, value)


def at(record: Facts, path: str) -> Any:
    """The value at keys that are joined by dots. Raises KeyError."""
    for key in path.split("."):
        record = record[key]
    return record


def has(record: Facts, value: Value) -> bool:
    """Whether a record has all fields of a value."""
    try:
        return all(at(record, name) is not None for name in value.fields)
    except (KeyError, TypeError):
        return False


def _quoted(name: str) -> str:
    return f'"{name}"' if "." in name else name


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _fits(value: Any, kind: str) -> bool:
    """Whether a value that was declared is of a kind."""
    if kind in ("int", "number"):
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and (kind == "number" or value == int(value))
        )
    return kind != "columns" and (not kind or _is_text(value))


def _example(kind: str, name: str, item: str, number: int) -> Any:
    if kind == "columns":
        return [{"name": "id", "type": "integer"}, {"name": "label", "type": "varchar"}]
    if kind == "url":
        return f"https://example.com/{item}/{number}"
    if kind in ("int", "number"):
        return number
    return f"The {item.replace('_', ' ')} of number {number}." if kind == "markdown" else f"{name} {number}"


class TopologySamplesExtension(Extension):
    """Adds `environment.sample_topology`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(sample_topology=Samples)
