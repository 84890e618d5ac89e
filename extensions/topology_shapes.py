"""How an API has the records of a topology whose fields are JMESPath: the shapes that its stand-in serves them in.

Sample records keep each value at a plain key. Where a node says by expressions where its records have something, the
API has it there: such a place is found by turning the expression round, as api_samples.py does for maps.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

    from extensions.api_fields import Field
    from extensions.topology import Node, Producer, Stage, Topology, Value

Facts = dict[str, Any]

# The time that samples have where a field is one.
TIME = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

# How many of each are in a second.
UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}

# Columns in the words that fields of columns have for them.
COLUMNS = ({"name": "id", "type": "integer"}, {"name": "label", "type": "varchar"})


@dataclass(frozen=True)
class Shape:
    """How the API has the records of a node: `served` with names of keys in braces, in place of these `keys`."""

    served: Any
    keys: tuple[str, ...]


class Shapes:
    """The shapes of a topology's records, by producers, and the topology `plain`: with keys in place of expressions.

    Raises Unfit, with a message for people, where a record can't be made in which an expression finds something that
    has to be there. A field for which none can be made is left out of the sample.
    """

    def __init__(self, environment: Any, topology: Topology) -> None:
        self._turned: Any = environment.api_shapes
        self.plain = topology
        self.shapes: dict[str, Shape] = {}
        keys = {node.name: self._keys(topology, node) for node in topology.order if self._is_shaped(topology, node)}
        if keys:
            self.plain = self._plain(topology, keys)

    # ---- Which nodes, and their keys ---------------------------------------------------------------------------------

    @staticmethod
    def _asked(topology: Topology, node: Node) -> list[str]:
        """What requests take of the records of a node."""
        return [
            expression
            for producer in topology.producers.values()
            for context, expression in producer.placeholders
            if expression and topology.stages[context].node == node.name
        ]

    def _is_shaped(self, topology: Topology, node: Node) -> bool:
        """Whether anything of the records of a node is said by an expression that is more than keys."""
        said = [*self._asked(topology, node), *topology.producers[node.producer].fixed]
        return bool(topology.lists.spelt(node.name)) or not all(map(topology.asking.is_field, said))

    def _keys(self, topology: Topology, node: Node) -> dict[str, str]:
        """A plain key for each expression over the records of a node."""
        named = [
            (name, expression)
            for stage in node.stages
            for name, value in {**stage.fields, "key": stage.key}.items()
            for expression in value.fields
        ]
        named += [(f"{node.name}_key", one) for one in self._asked(topology, node)]
        named += [(f"{node.name}_kind", one) for one in topology.producers[node.producer].where]
        found = {expression: expression for _, expression in named if re.fullmatch(r"[a-z_]+", expression)}
        for name, expression in named:
            key, number = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(), 1
            stem = key
            while expression not in found and key in (*found.values(), "id"):
                number += 1
                key = f"{stem}_{number}"
            found.setdefault(expression, key)
        return found

    # ---- With plain keys ---------------------------------------------------------------------------------------------

    def _plain(self, topology: Topology, keys: dict[str, dict[str, str]]) -> Topology:
        nodes = dict(topology.nodes)
        for name, own in keys.items():
            node = topology.nodes[name]
            shaped, left_out = self._shaped(topology, node, own)
            self.shapes[node.producer] = shaped
            nodes[name] = replace(node, stages=tuple(self._stage(one, own, left_out) for one in node.stages))
        producers = {name: self._producer(topology, one, keys) for name, one in topology.producers.items()}
        made: Topology = type(topology)(topology.facts, producers, nodes, topology.lineages, topology.asking)
        return made

    def _stage(self, stage: Stage, keys: dict[str, str], left_out: set[str]) -> Stage:
        def plain(value: Value) -> Value:
            fields = tuple(keys[one] for one in value.fields)
            text = fields[0] if value.is_field else value.text
            return replace(value, text=text, fields=fields)

        fields = {name: plain(value) for name, value in stage.fields.items() if not left_out & {*value.fields}}
        fields = {name: value for name, value in fields.items() if value.fields and self._is_sampled(value)}
        key = fields["name"] if stage.key is stage.name else plain(stage.key)
        return replace(stage, fields=fields, key=key)

    def _is_sampled(self, value: Value) -> bool:
        """Whether a sample of a field can be made: not of what has options in it, or can't be turned round."""
        field = value.spelt
        if field is None:
            return True
        try:
            self.sampled(field, "a text", 1)
        except self._turned.Unfit:
            return False
        return isinstance(field.value, str) or all(one.of == "record" for one in field.value.placeholders)

    @staticmethod
    def _producer(topology: Topology, producer: Producer, keys: dict[str, dict[str, str]]) -> Producer:
        def known(context: str, expression: str) -> str:
            return keys.get(topology.stages[context].node, {}).get(expression, expression) if expression else ""

        def changed(one: Any) -> Any:
            return replace(one, expression=known(one.of, one.expression)) if one.of in topology.stages else one

        node = next((node.name for node in topology.order if node.producer == producer.name), "")
        own = keys.get(node, {})
        return replace(
            producer,
            request=producer.request.changed(changed) if producer.request else None,
            placeholders=tuple((context, known(context, one)) for context, one in producer.placeholders),
            where={own.get(place, place): values for place, values in producer.where.items()},
        )

    # ---- Shapes ------------------------------------------------------------------------------------------------------

    def _shaped(self, topology: Topology, node: Node, keys: dict[str, str]) -> tuple[Shape, set[str]]:
        """How the API has the records of a node, and the expressions of fields that are left out of the sample."""
        needed = {one for stage in node.stages for value in (stage.name, stage.key) for one in value.fields}
        needed |= {*self._asked(topology, node), *topology.producers[node.producer].where}
        usual = {
            one
            for stage in node.stages
            for value in stage.fields.values()
            for one in value.fields
            if value.spelt is None
        }
        shape: Any = None
        served, left_out = [], set()
        # What has to be there comes first, and what is a matter of course last.
        for expression in sorted(keys, key=lambda one: (one not in needed, one in usual)):
            leaf = self._turned.Leaf(keys[expression])
            said = topology.asking.expression(expression)
            try:
                merged = self._turned.merged(shape, self._turned.inverse(said, leaf))
                self._check(said, merged, keys[expression], expression in needed)
            except self._turned.Unfit as unfit:
                if expression in needed:
                    raise self._turned.Unfit(
                        f"line {node.spot.line}, nodes.{node.name}: no sample record can have something at "
                        f"{expression}, which is needed ({unfit}): give keys, indexes or filters that lead there"
                    ) from None
                left_out.add(expression)
                shape = self._with_taken(shape, said)
                continue
            shape = merged
            served.append(keys[expression])
        return Shape(self._turned.written(shape), tuple(served)), left_out

    def _with_taken(self, shape: Any, expression: str) -> Any:
        """A shape with what the functions of an expression take: without it, they would fail."""
        try:
            for one in self._turned.taken(expression):
                shape = self._turned.merged(shape, one)
        except self._turned.Unfit:
            pass
        return shape

    def _check(self, expression: str, shape: Any, key: str, is_text: bool) -> None:
        """Whether the expression finds in a record of a shape what was put there. Raises Unfit."""
        import jmespath

        for sample in ("a text",) if is_text else ("a text", 3, list(COLUMNS)):
            values = dict.fromkeys(self._turned.leaves(shape), "other") | {key: sample}
            try:
                if jmespath.search(expression, self._turned.filled(shape, values, {})) == sample:
                    return
            except jmespath.exceptions.JMESPathError:
                continue
        raise self._turned.Unfit("it finds something else there")

    # ---- Values ------------------------------------------------------------------------------------------------------

    def sampled(self, field: Field, example: Any, number: int) -> Any:
        """What the API has for a field whose usual sample is given."""
        value = example
        if field.words:
            value = list(field.words)[number % len(field.words)]
        elif field.time:
            value = TIME.isoformat().replace("+00:00", "Z") if field.time == "iso" else TIME.strftime(field.time)
            value = int(TIME.timestamp()) * UNITS[field.time] if field.time in UNITS else value
        elif field.fields:
            value = [self._object(field, column) for column in COLUMNS]
        for expression in reversed(field.json):
            value = json.dumps(self._turned.filled(self._turned.inverse(expression, value), {}, {}))
        return value

    def _object(self, field: Field, column: Facts) -> Any:
        """One of the objects in a list, from what its own fields are. Raises Unfit."""
        shape: Any = {}
        for name in column:
            one = field.fields.get(name)
            if one is None:
                continue
            if not isinstance(one.value, str) or one.json or one.time or one.fields:
                raise self._turned.Unfit("its fields are put together")
            said = next((key for key, word in one.words.items() if word == column[name]), column[name])
            shape = self._turned.merged(shape, self._turned.inverse(one.value, said))
        return shape

    def columns(self, field: Field | None) -> list[Facts]:
        """What becomes of COLUMNS."""
        types = [{"name": "id", "dataType": "INT"}, {"name": "label", "dataType": "VARCHAR"}]
        if field is None or not field.fields or "type" in field.fields:
            return types
        return [one | {"dataType": "UNKNOWN"} for one in types]

    def served(self, producer: str) -> Facts:
        """What the stand-in of the emitted tests has of the shape of a list."""
        shape = self.shapes.get(producer)
        return {"shape": shape.served, "shaped": list(shape.keys)} if shape else {}

    @staticmethod
    def arriving(field: Field, found: Any) -> Any:
        """What a field becomes of what the API has for it."""
        import jmespath

        for expression in field.json:
            found = jmespath.search(expression, json.loads(found))
        if field.time:
            whole = field.time in (*UNITS, "iso") or "%z" in field.time
            time = TIME if whole else datetime.strptime(found, field.time).replace(tzinfo=UTC)
            found = int(time.timestamp() * 1000)
        return field.words.get(str(found), field.default or found) if field.words else found


class TopologyShapesExtension(Extension):
    """Adds `environment.topology_shapes`, which makes Shapes of a topology."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(topology_shapes=lambda topology: Shapes(environment, topology))
