"""Loads the facts of `catalog/` and checks each file against its JSON Schema.

Loading a validator takes longer than all else here, so a catalog that `make catalog` has
checked is known by its digest and not checked again; any edit makes it unknown.

The catalog is read lazily, a folder at a time, and kept on the Jinja environment:
during an update two environments live side by side, each with the catalog of its
own template version, so nothing is kept in this module.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from copier.errors import UserMessageError
from jinja2.ext import Extension

if TYPE_CHECKING:
    from jinja2 import Environment

Facts = dict[str, Any]

# libyaml's loader where PyYAML was built with it: the catalog is read at every scaffold.
SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The catalog of this very version of the template.
FOLDER = Path(__file__).resolve().parent.parent / "catalog"

# File in the catalog that holds the digest of what was checked.
DIGEST = "checked.sha256"

MISSING = (
    "jsonschema is missing beside Copier: install it there, "
    "as in `uv tool install copier --with copier-template-extensions --with jsonschema --with jmespath`"
)


class CatalogError(UserMessageError):
    """A catalog file is wrong. The message is one line: file, key and fault; Copier prints only that."""


class Catalog:
    """The facts about OpenMetadata, by kind.

    Each folder's property maps a file's stem to its facts, in the order of the choices.
    Every access raises `CatalogError` where a file does not fit its schema.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sign_ins: dict[tuple[str, str], Facts] = {}

    @cached_property
    def kinds(self) -> dict[str, Facts]:
        """What can be made: a connector, and what stands beside it."""
        return self._folder("kinds")

    @cached_property
    def services(self) -> dict[str, Facts]:
        return self._folder("services")

    @cached_property
    def connections(self) -> dict[str, Facts]:
        return self._folder("connections")

    @cached_property
    def auth(self) -> dict[str, Facts]:
        return self._folder("auth")

    @cached_property
    def capabilities(self) -> dict[str, Facts]:
        return self._folder("capabilities")

    @cached_property
    def dialects(self) -> dict[str, Facts]:
        return self._folder("dialects")

    @cached_property
    def releases(self) -> dict[str, Facts]:
        """OpenMetadata release lines, oldest first."""
        return self._file("references")

    @cached_property
    def pagination(self) -> Facts:
        """How lists are handed out, by name."""
        return self._file("pagination")

    @cached_property
    def registration(self) -> Facts:
        """Where a checkout has to know a contribution: its `places`."""
        return self._file("registration")

    @cached_property
    def actions(self) -> Facts:
        """What workflows are made of: the `actions` with the commits that they are pinned to, and requirements."""
        return self._file("actions")

    @cached_property
    def certification(self) -> Facts:
        """What a package of any kind has to show: its `gates` and `documents`."""
        return self._file("certification")

    @cached_property
    def errors(self) -> Facts:
        """What goes wrong, and what to do: of a `client`, of the `network`, and of the `server`."""
        return self._file("errors")

    @cached_property
    def fields(self) -> Facts:
        """What a map may say of any record: the `common` fields, and those of `nested` records."""
        return self._file("fields")

    @cached_property
    def words(self) -> Facts:
        """What APIs call things, which the command's `inspect` and `probe` read."""
        return self._file("words")

    def fields_of(self, service_type: str, resource: str) -> Facts:
        """What a map may say of a resource, by OpenMetadata's names: the `model`'s name for it, its `kind`, and more.

        Left out is what belongs to a capability that clients of the service type can't have.
        """
        facts = self.services[service_type]["resources"][resource]
        own = facts.get("fields", {})
        if isinstance(own, str):
            return self.fields["nested"][own]
        common = {name: self.fields["common"][name] for name in facts.get("common", self.fields["common"])}
        return {
            name: field
            for name, field in (common | own).items()
            if "capability" not in field or self.capability(field["capability"], service_type, "rest_api")
        }

    def held_fields(self, service_type: str) -> dict[str, dict[str, str]]:
        """The fields of records that hold what may be a list of its own, too: that list by the name of the field."""
        known = self.services[service_type].get("resources", {})
        found: dict[str, dict[str, str]] = {}
        for name, facts in known.items():
            for parent in facts.get("parents", ())[-1:]:
                field = self.fields_of(service_type, parent).get(name, {})
                if field.get("of") == facts.get("fields") and "of" in field:
                    found.setdefault(parent, {})[name] = name
        return found

    @cached_property
    def acronyms(self) -> frozenset[str]:
        """The words that quicktype writes in capitals, in small letters; lines that begin with # are comments."""
        lines = (self.root / "acronyms.txt").read_text(encoding="utf-8").splitlines()
        return frozenset(word for line in lines if not line.startswith("#") for word in line.split())

    @property
    def release(self) -> Facts:
        """The newest release line: its `requirement` and its `targets`."""
        return list(self.releases.values())[-1]

    def pinned(self, action: str) -> str:
        """What a step `uses`: an action by its commit, and the release that this is. KeyError if it is not known."""
        facts = self.actions["actions"][action]
        return f"{action}@{facts['commit']} # {facts['version']}"

    def dialect(self, scheme: str) -> Facts:
        """The facts about a SQLAlchemy scheme, `generic` ones where it is not known."""
        backend = scheme.partition("+")[0]
        for facts in self.dialects.values():
            if backend in facts["backends"]:
                return facts
        return self.dialects["generic"]

    def driver(self, scheme: str) -> Facts:
        """The facts about a scheme's driver, empty where it is not known."""
        dialect = self.dialect(scheme)
        name = scheme.partition("+")[2] or dialect.get("default_driver", "")
        return dialect.get("drivers", {}).get(name, {})

    def has(self, needs: str, scheme: str) -> bool:
        """Whether a scheme's dialect has a section or a statement, which may be for some of its schemes only."""
        dialect = self.dialect(scheme)
        if needs not in dialect:
            return needs in dialect["statements"]
        backend, section = scheme.partition("+")[0], dialect[needs]
        return section.get("others", False) or backend in section.get("backends", [backend])

    def capability(self, name: str, service_type: str, connection_type: str) -> Facts | None:
        """What a capability is for a service type over a connection type, None where they can't have it."""
        facts = self.capabilities[name]
        family = self.connections[connection_type]["family"]
        for entry in facts["entries"]:
            if service_type in entry.get("services", [service_type]) and family == entry.get("family", family):
                return {"name": name, "title": facts["title"]} | entry
        return None

    def sign_in(self, name: str, connection_type: str) -> Facts:
        """How an auth type signs in over a connection type: its `name`, `title`, and no more where it can't.

        `shape` is the JSON Schema of what is configured: each of the `options` has the `description` that its
        field has there.
        """
        # Kept, since each rendered file asks anew.
        known = name, connection_type
        if known not in self._sign_ins:
            self._sign_ins[known] = self._sign_in(*known)
        return self._sign_ins[known]

    def _sign_in(self, name: str, connection_type: str) -> Facts:
        facts = self.auth[name]
        named = {"name": name, "title": facts["title"]}
        if not (here := facts["connections"].get(connection_type)):
            return named
        shape = here["definition"] if "definition" in here else self.release["targets"][here["reference"]]["shape"]
        options = {
            option: details | {"description": _field(shape, details["path"])["description"]}
            for option, details in here["options"].items()
        }
        return named | here | {"shape": shape, "options": options}

    def dialect_named(self, name: str) -> Facts | None:
        """The dialect that a connector of this name is most likely for."""
        for facts in self.dialects.values():
            if name in facts.get("names", ()):
                return facts
        return None

    @cached_property
    def is_checked(self) -> bool:
        """Whether these are the very files that were checked when the digest was written."""
        recorded = self.root / DIGEST
        return recorded.is_file() and recorded.read_text(encoding="utf-8").strip() == self.digest()

    def digest(self) -> str:
        """SHA-256 over the names and contents of all files, schemas included."""
        total = hashlib.sha256()
        for path in sorted([*self.root.rglob("*.yml"), *self.root.rglob("*.json")]):
            total.update(f"{path.relative_to(self.root).as_posix()}\0".encode() + path.read_bytes() + b"\0")
        return total.hexdigest()

    def check(self) -> None:
        """Check every file, known or not. Raises `CatalogError`."""
        self.is_checked = False
        for kind in (
            "kinds",
            "services",
            "connections",
            "auth",
            "capabilities",
            "dialects",
            "releases",
            "pagination",
            "registration",
            "actions",
            "certification",
            "errors",
            "fields",
            "words",
        ):
            getattr(self, kind)

    def _file(self, kind: str) -> Facts:
        path = self.root / f"{kind}.yml"
        return self._read(kind, [path])[path]

    def _folder(self, kind: str) -> dict[str, Facts]:
        files = self._read(kind, sorted((self.root / kind).glob("*.yml")))
        facts = {path.stem: contents for path, contents in files.items()}
        return dict(sorted(facts.items(), key=lambda item: item[1].get("order", 0)))

    def _read(self, kind: str, paths: list[Path]) -> dict[Path, Facts]:
        """The contents of files of one kind, checked unless they are known to be."""
        files = {path: self._load(path) for path in paths}
        if not self.is_checked:
            self._validate(kind, files)
        return files

    def _load(self, path: Path) -> Facts:
        try:
            return yaml.load(path.read_text(encoding="utf-8"), Loader=SafeLoader)
        except yaml.YAMLError as error:
            raise CatalogError(f"{self._name(path)}: not YAML: {' '.join(str(error).split())}") from error

    def _validate(self, kind: str, files: dict[Path, Facts]) -> None:
        try:
            from jsonschema import Draft7Validator
            from referencing import Registry, Resource
        except ImportError as error:
            raise UserMessageError(MISSING) from error
        paths = (self.root / "schema").glob("*.json")
        schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}
        # Schemas refer to each other by the names of their files.
        known = Registry().with_resources((name, Resource.from_contents(each)) for name, each in schemas.items())
        validator = Draft7Validator(schemas[f"{kind}.json"], registry=known)
        for path, facts in files.items():
            for fault in validator.iter_errors(facts):
                key = ".".join(str(part) for part in fault.absolute_path) or "(the whole file)"
                raise CatalogError(f"{self._name(path)}: {key}: {fault.message}")

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root.parent).as_posix()


def _field(shape: Facts, path: str) -> Facts:
    """The field of an object's JSON Schema, by its name and those of the objects that hold it, joined by dots."""
    for name in path.split("."):
        shape = shape["properties"][name]
    return shape


class CatalogExtension(Extension):
    """Puts the template's own catalog on the environment, as `environment.catalog`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(catalog=Catalog(FOLDER))


def main() -> None:
    """Check the catalog and record that it was: `python -m extensions.catalog`."""
    catalog = Catalog(FOLDER)
    catalog.check()
    (catalog.root / DIGEST).write_text(f"{catalog.digest()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
