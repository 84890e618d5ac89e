"""Which lists of an API are the resources of a service type: by the nouns of their paths, and by what is below what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scaffold_connector.inspecting.fields import Fields, Found
from scaffold_connector.inspecting.operations import Api, Operation
from scaffold_connector.inspecting.paging import Listing, fits, jmespath, listing, paging
from scaffold_connector.inspecting.plans import Candidate, Chosen, Plan, bare, root_of
from scaffold_connector.inspecting.vocabulary import Resource, Vocabulary, singular, words
from scaffold_connector.words import plain

# What may stand behind the noun of a list. The catalog has the same for lists by POST.
_LISTING = ("all", "list")

# How many lists of the same kind are tried, how many are told of, and how many placeholders may be options.
MOST_TRIED = 12
MOST_OPTIONS = 3

# How many lists of an API have to be those of a service type, unless there is more than one kind: one in so many.
SHARE = 12


class Planner:
    """Plans for one API."""

    def __init__(self, api: Api, vocabulary: Vocabulary) -> None:
        self.api = api
        self.vocabulary = vocabulary
        self.fields = Fields(vocabulary, api.schemas)
        self._facts = vocabulary.words
        self._usual: set[str] = set()
        self._candidates: dict[tuple[str, ...], list[Candidate]] = {}
        self._listings: dict[tuple[str, str], Listing | None] = {}
        self._at = {(one.method, bare(one.path)): one for one in reversed(api.operations) if not one.fault}
        self._named: dict[str, list[Operation]] = {}
        for one in api.operations:
            if not one.fault and (noun := self._noun(one)):
                for word in words(noun):
                    self._named.setdefault(word, []).append(one)
        self.lists = sum(1 for one in api.operations if one.method == "GET" and self._noun(one))

    def _noun(self, one: Operation) -> str:
        """The part of a path that says what it lists; empty where the operation lists nothing."""
        if one.method not in ("GET", "POST"):
            return ""
        parts = [part for part in one.path.split("/") if part]
        ends = (*_LISTING, *self._facts["searches"])
        if one.method == "POST" and not (parts and parts[-1].lower() in self._facts["searches"]):
            return ""
        if len(parts) > 1 and parts[-1].lower() in ends and not parts[-2].startswith("{"):
            parts.pop()
        return parts[-1] if parts and "{" not in parts[-1] else ""

    def candidates(self, resource: Resource) -> list[Candidate]:
        """The operations that list a resource, those that fit best first."""
        key = (resource.name, *resource.nouns)
        if key in self._candidates:
            return self._candidates[key]
        found: dict[str, Candidate] = {}
        for noun, weight in resource.nouns.items():
            for one in self._named.get(noun, ()):
                whole = words(self._noun(one))[0] == noun
                fit = weight * (1 if whole else 0.6) - (0.3 if one.method == "POST" else 0)
                known = found.get(one.place)
                if known and known.weight >= fit:
                    continue
                if listed := self._listing(one, set(resource.nouns)):
                    found[one.place] = Candidate(one, listed, fit)
        self._candidates[key] = sorted(
            found.values(), key=lambda one: (-one.weight, len(one.operation.places), len(one.operation.path))
        )
        return self._candidates[key]

    def _listing(self, one: Operation, nouns: set[str]) -> Listing | None:
        if (one.method, one.path) not in self._listings:
            self._listings[one.method, one.path] = listing(self.api.schemas, self._facts["answers"], one, nouns)
        return self._listings[one.method, one.path]

    def plan(self, service_type: str) -> Plan:
        """The best plan for a service type; its `lists` are empty where the API has no list for it."""
        self._usual = self.vocabulary.usual(service_type)
        known = self.vocabulary.resources(service_type)
        first = next((one for one in known.values() if not one.facts.get("optional") and not one.capability), None)
        best = Plan(service_type, {})
        if first is None:
            return best
        for candidate in self.candidates(first)[:MOST_TRIED]:
            lists = self._lists(known, first, candidate)
            if not lists:
                continue
            score = sum((10 if one.resource is first else 4) * one.weight for one in lists.values())
            score -= 3 * len({name for one in lists.values() for name in one.options}) + 0.01 * len(
                candidate.operation.path
            )
            if not best.lists or score > best.score:
                best = Plan(service_type, lists, score)
        if best.lists:
            self._complete(best, known)
            several = [one for one in best.lists.values() if one.operation or one.records]
            could = [one for one in known.values() if one is not first and "name" in one.fields]
            # One list among many may be called the same by chance, unless by the word that fits best.
            sure = not could and best.lists[first.name].weight >= 0.95
            best.enough = len(several) > 1 or self.lists <= SHARE or sure
            # What is below the records is missing: much where it needs no capability, as the endpoints of an API.
            if len(several) == 1 and could:
                best.score *= 0.5 if any(not one.capability for one in could) else 0.8
        return best

    def _lists(self, known: dict[str, Resource], first: Resource, candidate: Candidate) -> dict[str, Chosen]:
        lists: dict[str, Chosen] = {}
        for name in first.parents:
            for above in self.candidates(known[name]):
                if candidate.operation.path != above.operation.path and bare(candidate.operation.path).startswith(
                    above.root + "/{}"
                ):
                    if placed := self._placed(known[name], above, lists, known, may_ask=True):
                        lists[name] = placed
                    break
        main = self._placed(first, candidate, lists, known, may_ask=True)
        if main is None:
            return {}
        lists[first.name] = main
        for name, resource in known.items():
            if name in lists or name in first.parents or not {"name", "id"} & resource.fields.keys():
                continue
            options = [word for one in lists.values() for word in one.options]
            tried = [
                self._placed(resource, one, lists, known, options=options) for one in self._nearest(resource, lists)
            ]
            fitting = [one for one in tried if one]
            if fitting:
                lists[name] = max(fitting, key=lambda one: (one.weight, -len(one.path)))
            elif held := self._held(resource, lists):
                lists[name] = held
        if not lists.keys() & set(first.parents) and first.parents:
            self._add_named_parents(first, main, known, lists)
        return {name: lists[name] for name in known if name in lists}

    def _nearest(self, resource: Resource, lists: dict[str, Chosen]) -> list[Candidate]:
        """The operations to try for a list below others: those whose paths are below theirs first."""
        roots = tuple(f"{root_of(one.operation.path)}/{{}}/" for one in lists.values() if one.operation)
        return sorted(self.candidates(resource), key=lambda one: not one.root.startswith(roots))[:MOST_TRIED]

    # ---- One list --------------------------------------------------------------------------------------------------

    def _placed(
        self,
        resource: Resource,
        candidate: Candidate,
        lists: dict[str, Chosen],
        known: dict[str, Resource],
        may_ask: bool = False,
        options: list[str] | None = None,
    ) -> Chosen | None:
        """The list with its placeholders filled from the lists above it; None where one is left."""
        operation, listed = candidate.operation, candidate.listed
        one = Chosen(resource, operation, listed.item, listed.records, listed.keyed, weight=candidate.weight)
        above = [lists[name] for name in resource.parents if name in lists]
        used: set[str] = set()
        path = operation.path
        for match in re.finditer(r"\{([^{}/]+)\}", operation.path):
            name = match[1]
            parent = next((p for p in reversed(above) if self._is_of(p, name, operation.path[: match.start()])), None)
            if parent is not None:
                expression, doubt = self._identity(parent, name)
                path = path.replace(match[0], f"{{{parent.resource.item}.{expression}}}", 1)
                used.add(parent.resource.name)
                # A path below that of the parent is surer than a name.
                one.weight += 0.2 if self._is_below(parent, operation.path[: match.start()]) else -0.4
                one.doubts.setdefault("request", []).extend([doubt] if doubt else [])
            elif re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", name) and (may_ask or name in (options or ())):
                word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
                path = path.replace(match[0], f"{{options.{word}}}", 1)
                one.options.append(word)
            else:
                return None
        if len(one.options) > MOST_OPTIONS:
            return None
        one.path = path
        if not self._asked(one, operation, above, used):
            return None
        if above and above[-1].resource.name not in used and not self._joined(one, above[-1]):
            return None
        # Of several the one whose records have most, and whose pages are known.
        fields = self.fields.of(resource, one.item, {"", *self._usual})
        one.weight += 0.05 * len(fields) + (0.1 if one.paging.values else 0.0)
        return one

    @staticmethod
    def _is_below(parent: Chosen, before: str) -> bool:
        """Whether the path before a placeholder is that of the parent's list."""
        return parent.operation is not None and root_of(parent.operation.path) == bare(before)

    def _is_of(self, parent: Chosen, name: str, before: str) -> bool:
        """Whether a placeholder stands for a record of a list: by its name, or by the path before it."""
        if self._is_below(parent, before):
            return True
        ends = ("", "id", "uid", "uuid", "key", "name", "slug")
        return plain(name) in {word + end for word in parent.resource.called for end in ends}

    def _identity(self, parent: Chosen, name: str) -> tuple[str, str]:
        """The JMESPath in a record of the parent for a placeholder, and what is doubtful of it."""
        held = {plain(one): one for one in reversed(self.api.schemas.shape(parent.item).properties) if fits(one)}
        word = plain(name)
        for noun in ("", *parent.resource.called):
            if word.startswith(noun) and (key := held.get(word[len(noun) :])):
                return jmespath(key), ""
        # `pk` and `id_or_slug` are ids, too.
        is_id = bool(re.search(r"(?i)(^|_)(id|pk)(_|$)|Id$", name))
        fields = self.fields.of(parent.resource, parent.item, {""})
        for key in ("id", "name"):
            if key in fields and isinstance(fields[key].value, str):
                return fields[key].value, "" if is_id else f"{{{name}}} is taken for {fields[key].value}"
        return "id", "" if is_id else f"nothing in the records is called {name}"

    def _asked(self, one: Chosen, operation: Operation, above: list[Chosen], used: set[str]) -> bool:
        """Fill query parameters: those that name a parent, and those that are required. False where one can't be."""
        one.paging = paging(
            self.api.schemas, self._facts, operation, Listing(one.records, one.item, self._beside(operation, one))
        )
        own = {one.paging.values.get("parameter"), one.paging.values.get("size_parameter"), *one.paging.query}
        for parameter in operation.query():
            parent = next((p for p in reversed(above) if self._names(p, parameter.name)), None)
            if parent is not None and parent.resource.name not in used and fits(parameter.name):
                expression, doubt = self._identity(parent, parameter.name)
                one.query[parameter.name] = f"{{{parent.resource.item}.{expression}}}"
                used.add(parent.resource.name)
                one.doubts.setdefault("query", []).extend([doubt] if doubt else [])
            elif parameter.required and parameter.name not in own:
                shape = self.api.schemas.shape(parameter.schema)
                value = shape.default if shape.default is not None else next(iter(shape.enum), None)
                if not isinstance(value, str | int | float | bool) or not fits(parameter.name) or len(str(value)) > 60:
                    return False
                one.query[parameter.name] = value if not isinstance(value, str) else re.sub(r"([{}])", r"\1\1", value)
                one.doubt("query", f"{parameter.name} is required: {str(value)[:40]!r} is its default or first value")
        return True

    def _beside(self, operation: Operation, one: Chosen) -> dict[str, Any]:
        listed = self._listings.get((operation.method, operation.path))
        return listed.beside if listed else {}

    @staticmethod
    def _names(parent: Chosen, name: str) -> bool:
        """Whether a query parameter names one record of a list."""
        return plain(name) in {word + end for word in parent.resource.called for end in ("id", "uid", "uuid", "key")}

    def _joined(self, one: Chosen, parent: Chosen) -> bool:
        """Join one list of all by the property that names the parents."""
        held = {plain(name): name for name in reversed(self.api.schemas.shape(one.item).properties) if fits(name)}
        identity = self._identity(parent, "id")[0]
        # What the parent's own path calls one goes first: a list of dashboards is no parent by the name of reports.
        own = words(self._noun(parent.operation))[0] if parent.operation else ""
        called = [singular(own), *(word for word in parent.resource.called if word != singular(own))]
        for word in called:
            for end in ("id", "uid", "uuid", "key", "s", "", "ids"):
                if (name := held.get(word + end)) is None:
                    continue
                shape = self.api.schemas.shape(self.api.schemas.shape(one.item).properties[name])
                items = self.api.schemas.shape(shape.items) if shape.is_list else shape
                if not items.is_object:
                    if end in ("s", "ids") and not shape.is_list:
                        continue
                    one.join[jmespath(name)] = identity
                else:
                    inner = next((key for key in items.properties if plain(key) in ("id", "uid", "uuid", "key")), "")
                    if not inner:
                        continue
                    several = shape.is_list or end == "s"
                    one.join[f"{jmespath(name)}{'[]' if several else ''}.{jmespath(inner)}"] = identity
                    if several and not shape.is_list:
                        one.doubt("join", "the document has one object here, and its name is a plural")
                one.weight += 0.2 if word == called[0] else -0.4
                return True
        return False

    def _held(self, resource: Resource, lists: dict[str, Chosen]) -> Chosen | None:
        """A list in the record of the parent."""
        parent = next((lists[name] for name in reversed(resource.parents) if name in lists), None)
        if parent is None or any(
            facts.get("kind") == "records" and name in resource.name for name, facts in parent.resource.fields.items()
        ):
            return None
        for name, schema in self.api.schemas.shape(parent.item).properties.items():
            shape = self.api.schemas.shape(schema)
            nouns = resource.facts.get("held_as") or resource.facts["nouns"]
            if fits(name) and plain(name) in nouns and shape.is_list and self.api.schemas.shape(shape.items).properties:
                one = Chosen(resource, None, shape.items, jmespath(name), weight=0.7)
                one.sources["records"] = f"records of {parent.resource.name}, property {name}"
                return one
        return None

    def _add_named_parents(
        self, first: Resource, main: Chosen, known: dict[str, Resource], lists: dict[str, Chosen]
    ) -> None:
        """Levels that only the records of a flat list name."""
        if main.options or main.query:
            return
        shape = self.api.schemas.shape(main.item)
        held = {plain(name): name for name in reversed(shape.properties) if fits(name)}
        for name in first.parents:
            for noun in known[name].called:
                key = next((held[noun + end] for end in ("name", "", "id") if noun + end in held), "")
                if key and self.api.schemas.shape(shape.properties[key]).types <= {"string"}:
                    lists[name] = Chosen(known[name], None, None, source=first.name, key=jmespath(key), weight=0.3)
                    lists[name].sources["from"] = f"records of {first.name}, property {key}"
                    break

    # ---- What the chosen lists have --------------------------------------------------------------------------------

    def _complete(self, plan: Plan, known: dict[str, Resource]) -> None:
        capabilities = {"", *self.vocabulary.usual(plan.service_type)}
        capabilities |= {one.resource.capability for one in plan.lists.values()}
        for resource in known.values():
            records = [
                facts for facts in resource.fields.values() if facts["kind"] == "records" and facts["of"] != "table"
            ]
            capabilities |= {facts.get("capability", "") for facts in records}
        for one in plan.lists.values():
            if one.source:
                continue
            one.fields = self.fields.of(one.resource, one.item, capabilities)
            where = one.operation.place if one.operation else one.sources.get("records", "")
            one.sources["fields"] = f"{where}, properties of a record"
            if one.operation:
                self._add_detail(one, capabilities)
            if plan.service_type and not one.fields:
                one.doubt("fields", "the document says nothing of the records: the usual names are tried")

    def _add_detail(self, one: Chosen, capabilities: set[str]) -> None:
        """The request for one record, where it has what the list lacks."""
        listing: Any = one.operation
        operation = self._at.get(("GET", f"{root_of(listing.path)}/{{}}"))
        if operation is None or operation.answer is None or any(p.required for p in operation.query()):
            return
        best: tuple[int, str, dict[str, Found], Any] = (0, "", {}, None)
        for record, schema in self._records_in(operation):
            found = self.fields.of(one.resource, schema, capabilities)
            if len(found) > best[0]:
                best = (len(found), record, found, schema)
        _, record, found, schema = best
        if not self.api.schemas.shape(one.item).properties and found:
            one.item, one.fields = schema, found
            one.sources["fields"] = f"{operation.place}, properties of a record"
            one.doubt(
                "fields",
                f"the document says nothing of the records in the list: they are taken to be as in {operation.place}",
            )
            return
        more = {
            name: value for name, value in found.items() if name not in one.fields and name not in ("id", "displayName")
        }
        if not more:
            return
        place = operation.places[-1]
        expression, doubt = self._identity(one, place)
        start = operation.path.rfind("{")
        above = one.path.rstrip("/")
        one.detail = {
            "request": f"GET {above}/{{{one.resource.item}.{expression}}}{operation.path[start:].partition('}')[2]}"
        }
        if record:
            one.detail["record"] = record
        one.sources["detail"] = f"{operation.place}, which has {', '.join(more)}"
        one.doubts.setdefault("detail", []).extend([doubt] if doubt else [])
        one.fields |= more

    def _records_in(self, operation: Operation) -> Iterator[tuple[str, Any]]:
        """Where the answer may have the one record: the whole, or one of its objects."""
        yield "", operation.answer
        for name, schema in list(self.api.schemas.shape(operation.answer).properties.items())[:20]:
            if fits(name) and self.api.schemas.shape(schema).properties:
                yield jmespath(name), schema
