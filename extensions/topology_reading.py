"""Reads the topology that was declared in an answer: its nodes, what their records become, and its lineage."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context
from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment
    from jinja2.runtime import Context

    from extensions.api_fields import Field, Fields
    from extensions.catalog import Catalog
    from extensions.declarations import Spot
    from extensions.topology import Lineage, Node, Producer, Stage, Topology, Value
    from extensions.topology_checks import Checks
    from extensions.topology_names import Names
    from extensions.topology_producers import Asking

Facts = dict[str, Any]

# Longest declaration, name, endpoint, field and text that every emitted line has room for.
# Longest declaration, and longest place of a field in a record.
MAX_TEXT = 20_000
MAX_FIELD = 50

# What tells records apart.
OWN = ("name", "key")

# The forms that a field can't have, by what it holds, and why.
UNFIT = {"columns": (("map", "time"), "columns are objects"), "url": (("time",), "an address is no time")}

# How many threads a node may ask for: beyond that it is the source that gives way.
THREADS = range(2, 33)

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_LITERAL = re.compile(r"[\w ./:@#|,+-]*", re.ASCII)

# The answers to other questions that requests depend on.
_ANSWERS = (
    *("service_type", "api", "auth_types", "api_prefix", "pagination", "page_parameter", "size_parameter", "page_size"),
    *("next_field", "first_page", "count_field", "more_field", "records_path"),
)


class Reader:
    """Reads a topology for a service type, whose `facts` are given.

    `answers` are those to other questions about requests; `option_names` of them are what `{options.…}` may name.
    """

    def __init__(self, environment: Any, facts: Facts, answers: Mapping[str, Any]) -> None:
        self._environment = environment
        self._facts = facts
        self._answers = answers
        self._parts: Any = environment.topology_parts
        self._names: Names = environment.topology_names
        self._checks: Checks = environment.topology_checks
        self._shown: Callable[[Any], str] = environment.shown_value
        words = {"options": answers.get("option_names") or ("hostPort",)}
        self._options = {f"options.{name}" for name in words["options"]}
        self._fields: Fields = environment.api_fields(environment, words, {"column": self._column})

    def read(self, text: str) -> Topology:
        """The topology that a text declares. Raises DeclarationError."""
        error, facts = self._environment.declaration_error, self._facts
        if "custom" not in facts or "topology" not in facts:
            raise error(f"{facts['title']} services have no Custom type that a topology could run as")
        if len(text) > MAX_TEXT:
            raise error(f"the topology has {len(text)} characters: give at most {MAX_TEXT}")
        whole: Spot = self._environment.load_declaration(text, "the topology")
        top = whole.entries(
            ("producers", "nodes", "post_process"),
            needed=("producers", "nodes"),
            example="{producers: {…}, nodes: {…}}",
        )
        spots = self._names.of(self._entries(top["producers"]), "a producer")
        nodes = self._nodes(top["nodes"], spots)
        edges = self._names.of(self._entries(top["post_process"]), "a post process") if "post_process" in top else {}
        lineages = {name: self._lineage(spot) for name, spot in edges.items()}
        asking = self._asking(spots, nodes)

        def made(producers: dict[str, Producer]) -> Topology:
            found: Topology = self._parts.Topology(facts, producers, nodes, lineages, asking)
            return found

        self._checks.tree(whole, made({}))
        contexts = [stage.context for node in nodes.values() for stage in node.stages]
        producers = {name: asking.producer(spot, contexts) for name, spot in spots.items()}
        return self._checks.settled(whole, made(producers))

    @property
    def _column(self) -> Facts:
        """What the objects in a list of columns may say, by names that the model of a column reads."""
        known = self._environment.catalog.fields["nested"]["column"]
        own = {name: facts | {"model": facts.get("sample", facts["model"])} for name, facts in known.items()}
        return {name: facts for name, facts in own.items() if name != "id"}

    def _asking(self, producers: Mapping[str, Spot], nodes: Mapping[str, Node]) -> Asking:
        """What is answered beside the topology, for requests that are spelt out where one of the producers says so."""
        environment = self._environment
        stages = [stage for node in nodes.values() for stage in node.stages]
        has_requests = any(map(self._is_more, producers.values())) or any(
            value.spelt for stage in stages for value in (*stage.fields.values(), stage.key)
        )
        asking: Asking = environment.topology_asking(environment, self._answers, has_requests)
        for stage in stages if asking.frame else ():
            if stage.context in (*environment.api_page_words, "options"):
                stage.spot.fail(f"give context another name: {{{stage.context}}} is a word of requests")
        return asking

    def _is_more(self, producer: Spot) -> bool:
        """Whether a producer says more than an endpoint with fields of records, keys joined by dots."""
        said = producer.value.get("reads") if isinstance(producer.value, dict) else producer.value
        if isinstance(producer.value, dict) and "request" in producer.value:
            return True
        places = [inside.partition(".")[2] for inside in _PLACEHOLDER.findall(said)] if isinstance(said, str) else []
        return any(place and not self._is_field(place) for place in places)

    def _nodes(self, spot: Spot, producers: Mapping[str, Spot]) -> dict[str, Node]:
        given = self._entries(spot)
        if self._parts.ROOT not in given:
            spot.fail("give root, the service itself, with the names of its children")
        top = given[self._parts.ROOT]
        root = top.entries(("children", "post_process"), needed=("children",), example="{children: [database]}")
        nodes = {
            self._parts.ROOT: self._parts.Node(
                self._parts.ROOT, top, "", (), self._list(root, "children"), self._list(root, "post_process"), 0
            )
        }
        for name, one in given.items():
            if name != self._parts.ROOT:
                self._names.check(one, name, "a node")
                nodes[name] = self._node(one, producers)
        self._names.check_apart({name: one for name, one in given.items() if name != self._parts.ROOT}, "a node")
        return nodes

    def _node(self, spot: Spot, producers: Mapping[str, Spot]) -> Node:
        known = spot.entries(
            ("producer", "stages", "children", "post_process", "threads"), needed=("producer", "stages"), example="{…}"
        )
        producer = known["producer"]
        if not (isinstance(producer.value, str) and producer.value in producers):
            producer.unknown(producer.value, producers)
        if not isinstance(known["stages"].value, list) or not known["stages"].value:
            known["stages"].fail(f"give a list, such as [{{type: {next(iter(self._facts['topology']['types']))}}}]")
        threads = known["threads"].value if "threads" in known else 0
        if "threads" in known and (type(threads) is not int or threads not in THREADS):
            known["threads"].fail(f"give {THREADS[0]} to {THREADS[-1]}, or leave it out: {self._shown(threads)} is not")
        stages = tuple(self._stage(spot.name, number, one) for number, one in enumerate(known["stages"].items(), 1))
        if isinstance(producers[producer.value].value, list):
            for stage in stages:
                for value in (*stage.fields.values(), stage.key):
                    if value.spelt:
                        stage.spot.fail(f"give a field in place of {value.text}: the records are always the same")
        return self._parts.Node(
            spot.name,
            spot,
            producer.value,
            stages,
            self._list(known, "children"),
            self._list(known, "post_process"),
            threads,
        )

    def _stage(self, node: str, number: int, spot: Spot) -> Stage:
        keys = ("type", "context", "consumer", "nullable", "fields", "key")
        known = spot.entries(keys, example="{context: name}") if spot.value != {} else {}
        types = self._facts["topology"]["types"]
        type_ = known["type"].word(types) if "type" in known else ""
        if number > 1 and "context" not in known:
            spot.fail("give context, a name of its own; the first stage alone has that of its node")
        context = known["context"].value if "context" in known else node
        self._names.check(known.get("context", spot), context, "context")
        kinds = self._parts.COMMON | types[type_].get("fields", {}) if type_ else {"name": "text"}
        kinds = {name: kind for name, kind in kinds.items() if not type_ or name not in types[type_].get("lacks", ())}
        fields = {"name": self._parts.Value("name", ("name",)), **self._usual(kinds)}
        for name, one in (self._entries(known["fields"]) if "fields" in known else {}).items():
            if name not in kinds:
                one.unknown(name, kinds)
            fields[name] = self._field(one, name, kinds[name])
        return self._parts.Stage(
            node,
            number,
            spot,
            type_,
            context,
            self._list(known, "consumer"),
            known["nullable"].flag() if "nullable" in known else False,
            fields,
            self._field(known["key"], "key", "text") if "key" in known else fields["name"],
        )

    def _usual(self, kinds: Facts) -> dict[str, Value]:
        """The fields that are read without being declared, where a type has them."""
        return {name: self._parts.Value(name, (name,)) for name in ("description", "columns") if name in kinds}

    def _lineage(self, spot: Spot) -> Lineage:
        if spot.name == self._parts.DELETION:
            spot.fail(f"give it another name: {self._parts.DELETION} is there already, for root")
        known = spot.entries(("producer", "from", "to"), needed=("producer", "from", "to"), example="{producer: edges}")
        ends = []
        for side in ("from", "to"):
            end = known[side].entries(("context", "field"), needed=("context", "field"), example="{context: table}")
            ends.append(self._parts.End(end["context"].text(self._names.MOST, "table"), self._value(end["field"])))
        return self._parts.Lineage(spot.name, spot, known["producer"].text(self._names.MOST, "edges"), *ends)

    def _field(self, spot: Spot, name: str, kind: str) -> Value:
        """Where a record has a field of a stage: as keys joined by dots, or in any other form that maps have for it."""
        text = spot.value if isinstance(spot.value, str) else ""
        joined = self._joined(text) if name in OWN else None
        if self._is_field(text) or (joined and not self._options & {*joined.fields}):
            return self._value(spot)
        found = self._fields.field(spot, {"of": "column"} if kind == "columns" else {})
        self._check_field(spot, name, kind, found)
        whole: Any = found.value
        if isinstance(whole, str):
            value: Value = self._parts.Value(whole, (whole,), (), found)
            return value
        expressions, literals = [], [""]
        for part in whole.parts:
            if isinstance(part, str):
                literals[-1] += part
            elif part.of == "record":
                expressions.append(part.expression)
                literals.append("")
        said = whole.written().replace("{record.", "{")
        value = self._parts.Value(said, tuple(expressions), tuple(literals), found)
        return value

    def _check_field(self, spot: Spot, name: str, kind: str, found: Field) -> None:
        """Refuses what a field can't be. `kind` is what it holds."""
        given = {"json": found.json, "map": found.words, "time": found.time, "fields": found.fields}
        unfit, because = UNFIT.get(kind, ((), ""))
        if name in OWN:
            unfit, because = tuple(given), f"{name} tells records apart, as the API has it"
        for form in unfit:
            if given[form]:
                spot.below(form).fail(f"leave {form} out: {because}")
        placeholders = found.value.placeholders if not isinstance(found.value, str) else []
        if name in OWN and any(one.of == "options" for one in placeholders):
            spot.fail(f"leave options out of {name}: it tells records apart, and an option is the same for all")
        if kind == "columns" and not isinstance(found.value, str):
            spot.fail("give JMESPath to a list of objects: columns are no text")
        if found.fields and "name" not in found.fields:
            spot.below("fields").fail("give name, too: nothing can be a column without one")
        for word in (*found.words.values(), *([found.default] if found.default else [])):
            if kind in ("int", "number") and not _NUMBER.fullmatch(word):
                spot.fail(f"give numbers in map and default: {name} is one, and {self._shown(word)} is none")

    def _value(self, spot: Spot) -> Value:
        """A field of a record, or a text with fields in braces."""
        text = spot.value if isinstance(spot.value, str) else ""
        if self._is_field(text):
            return self._parts.Value(text, (text,))
        if (joined := self._joined(text)) is not None:
            return joined
        spot.fail(
            "give a field of the record, keys joined by dots, or a text with such fields in braces, "
            f"such as {{group}}.{{name}}: {self._shown(spot.value)} is neither"
        )

    def _joined(self, text: str) -> Value | None:
        """A text with fields in braces, each keys joined by dots."""
        pieces = _PLACEHOLDER.split(text)
        fields, literals = tuple(pieces[1::2]), tuple(pieces[::2])
        is_joined = len(text) <= MAX_FIELD and bool(fields) and all(map(_LITERAL.fullmatch, literals))
        if not is_joined or not all(map(self._is_field, fields)):
            return None
        found: Value = self._parts.Value(text, fields, literals)
        return found

    def _entries(self, spot: Spot) -> dict[str, Spot]:
        """What an object has by its keys, which may be none."""
        return {} if spot.value == {} else {key: spot.below(key) for key in spot.keys("name: value")}

    def _list(self, known: Mapping[str, Spot], key: str) -> tuple[str, ...]:
        """A list of names, empty where it is left out."""
        if key not in known:
            return ()
        found = known[key].value
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
            known[key].fail(f"give a list of names, such as [name]: {self._shown(found)} is none")
        twice = [name for name, count in Counter(found).items() if count > 1]
        if twice:
            known[key].fail(f"it has {twice[0]} twice: leave one out")
        return tuple(found)

    def _is_field(self, text: Any) -> bool:
        return isinstance(text, str) and len(text) <= MAX_FIELD and bool(self._environment.is_keys(text))


class TopologyReadingExtension(Extension):
    """Adds `usual_topology` and `topology_fault` as filters, and `environment.read_topology`."""

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
            return Reader(environment, catalog.services[answers["service_type"]], given).read(text)

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

        environment.filters["topology_fault"] = topology_fault
        environment.filters["usual_topology"] = usual_topology
        environment.extend(read_topology=read_topology)
