"""What the catalog knows of service types, and what APIs call things: read from its files, without the template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scaffold_connector import questions
from scaffold_connector.words import plain, read

Facts = dict[str, Any]


def words(segment: str) -> list[str]:
    """A part of a path as one word, and its last word: [taskinstances, instances] of taskInstances."""
    found = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", segment[:80])]
    return list(dict.fromkeys(["".join(found), *found[-1:]])) if found else []


def singular(noun: str) -> str:
    """One of what a plural noun is, by the endings that the nouns of the catalog have."""
    for plural, one in (("indices", "index"), ("ata", "a"), ("ies", "y"), ("xes", "x"), ("s", "")):
        if noun.endswith(plural):
            return noun.removesuffix(plural) + one
    return noun


@dataclass(frozen=True)
class Resource:
    """A list that a service type reads, by the facts of services/."""

    name: str
    facts: Facts
    fields: Facts

    @property
    def item(self) -> str:
        return str(self.facts["item"])

    @property
    def parents(self) -> list[str]:
        return list(self.facts.get("parents", ()))

    @property
    def capability(self) -> str:
        return str(self.facts.get("capability", ""))

    @cached_property
    def nouns(self) -> dict[str, float]:
        """What paths call the list, plural and singular, with how well it fits: the first noun of the catalog best."""
        found: dict[str, float] = {}
        for place, noun in enumerate(self.facts["nouns"]):
            found.setdefault(noun, 1 - 0.08 * place)
            found.setdefault(singular(noun), 0.9 - 0.08 * place)
        return found

    @cached_property
    def called(self) -> list[str]:
        """What one of the records may be called in the names of its properties: dag, as in dag_id."""
        nouns = (singular(noun) for noun in self.facts["nouns"])
        return list(dict.fromkeys([plain(self.item), *self.facts.get("words", ()), *nouns]))


class Vocabulary:
    """The facts that inspecting needs."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or questions.root()) / "catalog"

    def _read(self, name: str) -> Facts:
        import yaml

        found: Facts = yaml.load((self._folder / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return found

    @cached_property
    def services(self) -> dict[str, Facts]:
        """The service types, in the order of the choices."""
        found = {path.stem: self._read(f"services/{path.name}") for path in (self._folder / "services").glob("*.yml")}
        return dict(sorted(found.items(), key=lambda item: item[1]["order"]))

    @cached_property
    def fields(self) -> Facts:
        return self._read("fields.yml")

    @cached_property
    def capabilities(self) -> dict[str, Facts]:
        return {
            path.stem: self._read(f"capabilities/{path.name}") for path in (self._folder / "capabilities").glob("*.yml")
        }

    @cached_property
    def words(self) -> Facts:
        return read(self._folder / "words.yml")

    def resources(self, service_type: str) -> dict[str, Resource]:
        """The lists that a service type reads, parents before what is below them."""
        found = {}
        for name, facts in self.services[service_type].get("resources", {}).items():
            common = {key: self.fields["common"][key] for key in facts.get("common", self.fields["common"])}
            own = facts.get("fields", {})
            own = self.fields["nested"][own] if isinstance(own, str) else own
            found[name] = Resource(name, facts, common | own)
        return found

    def usual(self, service_type: str) -> set[str]:
        """The capabilities that a client of a service type has without being asked for."""
        return {
            name
            for name, facts in self.capabilities.items()
            for entry in facts["entries"]
            if entry.get("default")
            and entry.get("family") != "sqlalchemy"
            and service_type in entry.get("services", ())
        }

    def options(self, auth_type: str) -> dict[str, Facts]:
        """What a package over an API takes to sign in, by the names of its options."""
        return dict(self._read(f"auth/{auth_type}.yml")["connections"]["rest_api"].get("options", {}))

    def names(self, field: str) -> list[str]:
        """What APIs call a property that OpenMetadata has."""
        return [*self.words["properties"].get(field, ()), *self.words["described"].get(field, ())]
