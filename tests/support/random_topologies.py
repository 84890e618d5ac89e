"""Random topologies over the whole language of declarations: the same answers for the same seed.

Each is the whole of `answers` that a package is made of. `Drawn.covers` says which constructs of the language it has,
so that a few can be chosen that have all of them: `chosen`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import yaml

from extensions.catalog import Catalog
from extensions.topology_names import MAX_NAME
from extensions.topology_producers import MAX_ENDPOINT
from extensions.topology_samples import Samples
from tests.support import declarations

Json = dict[str, Any]

# Most levels below the service, and nodes in all.
MAX_DEPTH = 5
MAX_NODES = 7

# Words for nodes, contexts and producers, which say nothing about their place.
WORDS = (
    "alpha",
    "bravo_two",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel_3",
    "india",
    "juliet",
    "kilo",
    "lima",
)


# Words that emitted code calls something by itself, and the longest ones that there may be.
CLASHING = (
    *("map", "list", "filter", "found", "having", "reader", "client", "timeout", "retries", "page", "target", "origin"),
    *("metadata", "status", "context", "config", "islice", "iter", "next", "property", "page_size", "parent", "there"),
    *("a" * 30, "b_" + "c" * 28, "d" * 28 + "_2"),
)


@dataclass
class Drawn:
    """Answers, and the constructs that they have."""

    seed: int
    answers: Json = field(default_factory=dict)
    covers: set[str] = field(default_factory=set)

    @property
    def declared(self) -> Json:
        """The declaration, read again from the text."""
        read: Json = yaml.safe_load(self.answers["topology"])
        return read


class Drawing:
    """One declaration while it is drawn."""

    def __init__(self, seed: int, catalog: Catalog) -> None:
        self.random = Random(seed)
        self.drawn = Drawn(seed)
        services = [name for name, facts in catalog.services.items() if "topology" in facts]
        # In turn, so that any few seeds have each of them.
        self.service_type = services[seed % len(services)]
        self.service = catalog.services[self.service_type]
        self.facts = self.service["topology"]
        self.types: Json = self.facts["types"]
        self.producers: Json = {}
        self.nodes: Json = {}
        self.lineages: Json = {}
        self.above: dict[str, list[str]] = {"root": []}
        self.words = list(WORDS)
        if self.has("names that clash", 0.3):
            self.words = list(CLASHING)
        self.random.shuffle(self.words)

    def has(self, construct: str, chance: float = 0.5) -> bool:
        """Whether a construct is drawn, and noted."""
        drawn = self.random.random() < chance
        if drawn:
            self.note(construct)
        return drawn

    def note(self, construct: str) -> None:
        self.drawn.covers.add(construct)

    # ---- The tree --------------------------------------------------------------------------------------------------

    def tree(self) -> None:
        root: Json = {"children": []}
        self.nodes["root"] = root
        self._node("root")
        for _ in range(self.random.randint(0, MAX_NODES - 1)):
            # Trees that are deep are drawn more often than by chance: what types stand in has to be above them.
            places = [name for name in self.above if len(self.above[name]) < MAX_DEPTH]
            self._node(self.random.choice(places + [places[-1]] * 3))
        becoming = [
            stage
            for node in self.nodes.values()
            if _path(self.producers.get(node.get("producer", ""), []))
            for stage in node.get("stages", ())
            if stage.get("type")
        ]
        if not becoming or not self._free():
            self._node("root", listed=True)

    def _node(self, parent: str, listed: bool = False) -> None:
        name = self.words.pop()
        ways = [*self.above[parent], *([parent] if parent != "root" else [])]
        self.above[name] = ways
        self.nodes[parent].setdefault("children", []).append(name)
        plain = len(name) > MAX_NAME - 5 or name in CLASHING
        node: Json = {"producer": name if plain else f"{name}_list"}
        self.nodes[name] = node
        node["stages"] = []
        for number in range(1, 2 + self.has("two stages", 0.25)):
            node["stages"].append(self._stage(name, number, ways, typed=listed))
        self.producers[node["producer"]] = self._producer(name, ways, listed)
        if len(self.nodes["root"]["children"]) > 1:
            self.note("several nodes at the top")
        if len(self.nodes[parent]["children"]) > 1 and parent != "root":
            self.note("several children")
        if len(ways) >= 3:
            self.note("four levels")

    def _free(self) -> list[str]:
        """The lists that need no record."""
        texts = {name: _path(value) for name, value in self.producers.items()}
        return [name for name, text in texts.items() if text and "{" not in text]

    def _known(self, ways: Iterable[str]) -> dict[str, str]:
        """The contexts of nodes with the type each has, the nearest last."""
        return {
            stage.get("context", way): stage.get("type", "")
            for way in ways
            for stage in self.nodes[way].get("stages", ())
        }

    # ---- Stages ----------------------------------------------------------------------------------------------------

    def _stage(self, name: str, number: int, ways: list[str], typed: bool) -> Json:
        known = self._known([*ways, name]) if number > 1 else self._known(ways)
        fitting = [type_ for type_, facts in self.types.items() if not facts.get("in") or facts["in"] in known.values()]
        # What stands in something is drawn more often: there are fewer places where it fits.
        inner = [type_ for type_ in fitting if self.types[type_].get("in") or self.types[type_].get("links")]
        untyped = not typed and self.has("a stage without a type", 0.25)
        type_ = "" if untyped else self.random.choice(fitting + inner * 5)
        stage: Json = {"type": type_} if type_ else {}
        if type_:
            self.note(f"type {type_}")
        if number > 1 or self.has("a context of its own", 0.3):
            stage["context"] = f"{name[: MAX_NAME - 4]}_{'in' if number == 1 else 'too'}"
        if type_ and self.has("consumers", 0.25):
            stage["consumer"] = [self.facts["context"], *self._consumed(type_, known)]
        if self.has("nullable", 0.25):
            stage["nullable"] = True
        if fields := self._fields(type_, ways, number):
            stage["fields"] = fields
        if type_ and self.has("a key", 0.4):
            stage["key"] = self.random.choice(["id", "meta.uid", "{kind}/{id}"])
        return stage

    def _consumed(self, type_: str, known: dict[str, str]) -> list[str]:
        """The contexts that a type stands in: the nearest of each type."""
        chain: list[str] = []
        while above := self.types[type_].get("in", ""):
            chain.insert(0, above)
            type_ = above
        return [[context for context, one in known.items() if one == wanted][-1] for wanted in chain]

    def _fields(self, type_: str, ways: list[str], number: int) -> Json:
        fields: Json = {}
        # Two entities of one type and one record in one place would be one: the second has a name of its own.
        if number > 1:
            fields["name"] = "{name}-too"
            self.note("a name that is put together")
        elif self.has("a name elsewhere", 0.3):
            fields["name"] = self.random.choice(["title", "meta.name", "{kind}.{name}"])
        if not type_:
            return fields
        places = {"displayName": "label", "description": "meta.about", "sourceUrl": "links.web"}
        places |= {name: f"facts.{name}" for name in self.types[type_].get("fields", {})}
        for lacking in self.types[type_].get("lacks", ()):
            places.pop(lacking, None)
        for name, place in places.items():
            if self.has(f"field {name}", 0.3):
                fields[name] = place
        return fields

    # ---- Producers -------------------------------------------------------------------------------------------------

    def _producer(self, name: str, ways: list[str], listed: bool) -> Any:
        several = [way for way in ways if not self._is_one(way)]
        if not listed and self._may_be_constant(name, several) and self.has("a constant level", 0.4):
            count = 1 if self.has("a constant level of one", 0.7) else self.random.randint(2, 3)
            if count > 1:
                self.note("a constant level of several")
            self.note(f"a constant level {'below a list' if several else 'at the top'}")
            return [self._constant(name, number) for number in range(1, count + 1)]
        needed = [several[-1]] if several else []
        others = [way for way in ways if way not in needed and self.has("another parent in the path", 0.3)]
        taken = [*needed, *others[:2]]
        path = "".join(f"/{way}/{{{self._place(way)}}}" for way in ways if way in taken) + f"/{name}"
        if len(path) > MAX_ENDPOINT - 10:
            taken = needed
            path = "".join(f"/{{{self._place(way)}}}" for way in needed) + f"/{name}"
        if len(taken) > 1:
            self.note("a path with several parents")
        elif taken:
            self.note("a path with one parent")
        elif ways:
            self.note("a flat list below constant levels")
        if ways and self._is_one(ways[-1]) and several:
            self.note("a list below a constant level below a list")
        if self.has("a query in the path", 0.15):
            path += "?deep=1"
        elif taken and self.has("a parent in the query", 0.15):
            path = f"/{name}?of={{{self._place(taken[-1])}}}"
            for way in taken[:-1]:
                path += f"&within={{{self._place(way)}}}"
        if self.has("where", 0.2):
            return {
                "reads": f"GET {path}",
                "where": self.random.choice([{"kind": "one"}, {"active": True, "level": 3}]),
            }
        return f"GET {path}"

    def _may_be_constant(self, name: str, several: list[str]) -> bool:
        """Whether what a node makes is another thing for each record above it, though its own are always the same."""
        near = list(self._known(self._from(name, several[-1]))) if several else []
        types = [stage for stage in self.nodes[name]["stages"] if stage.get("type")]
        known = self._known([*self.above[name], name])
        return not several or all(
            set(near) & set(self._consumed(stage["type"], known)) and self.types[stage["type"]].get("in")
            for stage in types
        )

    def _from(self, name: str, way: str) -> list[str]:
        """The nodes above another, from one of them on."""
        return self.above[name][self.above[name].index(way) :]

    def _place(self, way: str) -> str:
        """What stands in a path for the record of a node: a context, or a field of it."""
        stage = self.random.choice(self.nodes[way]["stages"])
        context = stage.get("context", way)
        constant = isinstance(self.producers[self.nodes[way]["producer"]], list)
        if "{" in stage.get("fields", {}).get("name", "") or self.has("a field in the path", 0.5):
            self.note("a field in the path")
            return f"{context}.{'id' if constant else self.random.choice(['id', 'meta.uid'])}"
        return str(context)

    def _is_one(self, way: str) -> bool:
        value = self.producers[self.nodes[way]["producer"]]
        return isinstance(value, list) and len(value) == 1

    def _constant(self, name: str, number: int) -> Json:
        """A record that is always the same, with all that the stages of its node read."""
        record: Json = {"name": f"{name}-{number}", "id": number, "kind": "fixed"}
        for stage in self.nodes[name]["stages"]:
            named = stage.get("fields", {}).get("name", "name")
            # A record in a declaration is flat.
            if named not in record and "{" not in named:
                if "." in named:
                    stage["fields"]["name"] = "title"
                record["title"] = f"{name} of number {number}"
            if stage.get("key") == "meta.uid":
                stage["key"] = "id"
        return record

    # ---- What is done after -----------------------------------------------------------------------------------------

    def after(self) -> None:
        post: list[str] = []
        for number in range(1, 3):
            if self._lineage_fits() and self.has("lineage", 0.4):
                if number > 1 and self.lineages:
                    self.note("several lineages")
                self._lineage(f"lineage_{number}")
        if self.has("deletion", 0.8):
            post.append("deletion")
        if post or self.random.random() < 0.5:
            self.nodes["root"]["post_process"] = [*self.nodes["root"].get("post_process", []), *post]
        if self.has("threads", 0.5):
            holder = self.random.choice([name for name in self.nodes if name != "root"])
            number = self.random.randint(2, 4)
            self.nodes[holder]["threads"] = number
            others = [
                name
                for name in self.nodes
                if name not in ("root", holder) and holder not in self.above[name] and name not in self.above[holder]
            ]
            if others and self.has("threads of several nodes", 0.5):
                self.nodes[self.random.choice(others)]["threads"] = number

    def _lineage_fits(self) -> list[str]:
        return [
            context for context, type_ in self._known(name for name in self.nodes if name != "root").items() if type_
        ]

    def _lineage(self, name: str) -> None:
        made = self._lineage_fits()
        asking, ways = "root", []
        if self.has("lineage of a node", 0.3):
            asking = self.random.choice([name for name in self.nodes if name != "root"])
            ways = self.above[asking]
            below = [asking, *ways, *(one for one in self.nodes if one != "root" and asking in self.above[one])]
            made = [context for context, type_ in self._known(below).items() if type_]
            if not made:
                self.drawn.covers.discard("lineage of a node")
                asking, ways, made = "root", [], self._lineage_fits()
        origin, target = self.random.choice(made), self.random.choice(made)
        if origin != target:
            self.note("lineage between two contexts")
        several = [way for way in ways if not self._is_one(way)]
        taken = several[-1:]
        path = "".join(f"/{way}/{{{self._place(way)}}}" for way in taken) + f"/{name}"
        if taken:
            self.note("lineage with a parent in the path")
        reads: Any = f"GET {path}"
        if self.has("lineage with where", 0.25):
            reads = {"reads": reads, "where": {"sort": "edge"}}
        self.producers[f"{name}_edges"] = reads
        ends = {"from": self._end(origin, "source"), "to": self._end(target, "target")}
        self.lineages[name] = {"producer": f"{name}_edges", **ends}
        self.nodes[asking].setdefault("post_process", []).append(name)

    def _end(self, context: str, word: str) -> Json:
        (stage,) = [
            stage
            for way, node in self.nodes.items()
            for stage in node.get("stages", ())
            if stage.get("context", way) == context
        ]
        key = stage.get("key", stage.get("fields", {}).get("name", "name"))
        if "{" not in key:
            return {"context": context, "field": self.random.choice([word, f"{word}.id"])}
        self.note("a key that is put together")
        shared = {"{kind}/{id}": f"{{kind}}/{{{word}}}", "{kind}.{name}": f"{{kind}}.{{{word}}}"}
        return {"context": context, "field": shared.get(key, f"{{{word}}}-too")}

    def _without_unfit(self, declared: Json) -> Json:
        """A declaration without the lineages that no edge fits: their ends were drawn at random."""
        if not self.lineages:
            return declared
        read = declarations.read(yaml.safe_dump(declared), self.service)
        fault = Samples(read).fault
        unfit = next((name for name in self.lineages if fault.startswith(f"post_process {name}: no edge")), "")
        if not unfit:
            return declared
        self.producers.pop(self.lineages.pop(unfit)["producer"])
        for node in self.nodes.values():
            if unfit in node.get("post_process", ()):
                node["post_process"].remove(unfit)
        if not self.lineages:
            declared.pop("post_process")
            self.drawn.covers -= {one for one in self.drawn.covers if "lineage" in one}
        return self._without_unfit(declared)

    # ---- The answers beside it --------------------------------------------------------------------------------------

    def answered(self) -> Drawn:
        self.tree()
        self.after()
        declared: Json = {"producers": self.producers, "nodes": self.nodes}
        if self.lineages:
            declared["post_process"] = self.lineages
        declared = self._without_unfit(declared)
        kinds = ("none", "page", "offset", "cursor", "link_header")
        # In turn as well, and not in step with the service types.
        pagination = kinds[(self.drawn.seed + self.drawn.seed // 8) % len(kinds)]
        self.note(f"pagination {pagination}")
        self.note(f"service type {self.service_type}")
        answers: Json = {
            "kind": "topology",
            "name": f"drawn_{self.drawn.seed}",
            "service_type": self.service_type,
            "pagination": pagination,
            "auth_types": [["token"], ["basic"]][self.drawn.seed % 2],
            "topology": yaml.safe_dump(declared, sort_keys=False, width=200),
        }
        if self.has("a prefix", 0.4):
            answers["api_prefix"] = "/api/v1"
        if self.has("a path of records", 0.4):
            answers["records_path"] = self.random.choice(["records", "data.items"])
        if pagination != "none" and self.has("no parameter of the size", 0.25):
            answers["size_parameter"] = ""
        if pagination == "cursor" and self.random.random() < 0.5:
            answers["next_field"] = "meta.next"
        self.drawn.answers = answers
        return self.drawn


def _path(producer: Any) -> str:
    """The endpoint of a producer; empty for records that are always the same."""
    return "" if isinstance(producer, list) else producer["reads"] if isinstance(producer, dict) else producer


def drawn(seed: int, catalog: Catalog) -> Drawn:
    """The topology of a seed."""
    return Drawing(seed, catalog).answered()


def chosen(catalog: Catalog, among: int = 300) -> list[Drawn]:
    """As few of the first seeds as it takes to have each construct that any of them has."""
    left = [drawn(seed, catalog) for seed in range(among)]
    wanted = set().union(*(one.covers for one in left))
    found: list[Drawn] = []
    while wanted:
        best = max(left, key=lambda one: len(one.covers & wanted))
        found.append(best)
        wanted -= best.covers
    return found
