"""Brings the answers and the catalog together: the `connector` of every template.

`connector` is built anew when the answers change, which is after each question; all
files have the same one. Its parts are worked out when they are asked for.
"""

from __future__ import annotations

import json
import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from copier_template_extensions import ContextHook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

    from extensions.api_map import ApiMap
    from extensions.api_samples import ApiSample
    from extensions.arrivals import Arrivals
    from extensions.catalog import Catalog
    from extensions.endpoints import Match
    from extensions.resources import Resource

Facts = dict[str, Any]

# What a workflow sets elsewhere than in the connection, by what the schema refers to: in its source configuration.
_NOT_OPTIONS = ("filterPattern", "sampleDataStorageConfig")

# Flags that the framework looks for on the connection at run time.
_FLAGS = ("supportsDatabase", "supportsQueryComment")

# What APIs call the list in an answer, in small letters.
_LIST_KEYS = (
    *("items", "data", "results", "result", "records", "values", "value", "entries", "elements", "content", "rows"),
    *("resources", "objects", "list", "hits"),
)

_JSON_OBJECTS = ("connectionOptions", "connectionArguments")

# How long the line with `Connector.naming` may be where it stands.
_NUMBERED = 104


class Connector:
    """What the templates ask about the connector being made.

    `answers` holds the answers and the names of places.py, `environment` the facts of the catalog.
    Nothing here is a choice of this class: it selects, orders and fills in.
    """

    def __init__(self, answers: Mapping[str, Any], environment: Any) -> None:
        self.answers = answers
        # Put there by extensions of this version of the template.
        self.catalog: Catalog = environment.catalog
        self._read_api: Callable[..., ApiMap] = environment.read_api_map
        self._short_map: Callable[..., ApiMap] = environment.short_map
        self._write_methods: Callable[..., Any] = environment.api_methods
        self._match_endpoints: Callable[..., list[Match]] = environment.match_endpoints
        self._endpoint_texts: Callable[[str], list[tuple[str, str]]] = environment.endpoint_texts
        self._resources: Callable[..., dict[str, Resource]] = environment.resources
        self._sample_records: Callable[..., dict[str, list[Facts]]] = environment.sample_records
        self._arrivals: Callable[..., Arrivals] = environment.arrivals
        self._api_sample: Callable[..., ApiSample] = environment.api_sample
        self._given_records: Callable[..., Facts] = environment.given_records
        self._read_options: Callable[[str], dict[str, Facts]] = environment.read_options
        self._enum_member: Callable[..., str] = environment.filters["enum_member"]
        self._java_name: Callable[..., str] = environment.filters["java_name"]
        self._plain: Callable[..., str] = environment.filters["plain"]
        self._py_line: Callable[..., str] = environment.filters["py_line"]
        self._py_value: Callable[..., str] = environment.filters["py_value"]

    @property
    def release(self) -> Facts:
        """The OpenMetadata release line that is written for."""
        return self.catalog.release

    @property
    def kind(self) -> Facts:
        """The facts of the kind."""
        return self.catalog.kinds[self.answers["kind"]]

    @property
    def noun(self) -> str:
        """What it is called in a sentence."""
        return self.kind["noun"]

    @property
    def service(self) -> Facts:
        return self.catalog.services[self.answers["service_type"]]

    @property
    def custom(self) -> dict[str, str]:
        """The Custom type that a package runs as: `type`, and the `model` of its connection in `module`."""
        custom = self.service["custom"]
        stem = f"{custom[0].lower()}{custom[1:]}Connection"
        pointer = f"entity/services/connections/{self.answers['service_type']}/{stem}.json"
        return {"type": custom, "model": f"{custom}Connection", "module": _generated_module(pointer)}

    @property
    def connection_type(self) -> Facts:
        return self.catalog.connections[self.answers["connection_type"]]

    @property
    def connection(self) -> Facts:
        """The facts of the service type for this family of connection types: base class, source, steps."""
        return self.service["connections"][self.family]

    @property
    def paging_fields(self) -> str:
        """The arguments of PagingFields in an emitted client: the fields that were declared."""
        declared = {"count": self.answers["count_field"], "more": self.answers["more_field"]}
        return ", ".join(f"{name}={self._py_line(field)}" for name, field in declared.items() if field)

    @property
    def family(self) -> str:
        """`sqlalchemy`, or `client` for what is read through an API or an SDK."""
        return self.connection_type["family"]

    @property
    def dialect(self) -> Facts:
        """The facts about the scheme's dialect; none without a scheme."""
        return self.catalog.dialect(self.answers["scheme"]) if self.answers["scheme"] else {}

    @property
    def driver(self) -> Facts:
        """The facts about the scheme's driver; none where it is not known."""
        return self.catalog.driver(self.answers["scheme"])

    @property
    def ssl(self) -> Facts:
        """The driver's TLS arguments, or a guess at them."""
        return self.driver.get("ssl") or self.catalog.dialects["generic"]["ssl"]

    @property
    def permissions(self) -> list[str]:
        """What the source has to allow the user, for the README."""
        entities = ", ".join(self.entities)
        usual = "Sign in, and read" if self.auth else "Read"
        return self.dialect.get("permissions", [f"{usual} what is to be ingested: {entities}."])

    @property
    def bearer(self) -> str | None:
        """The connect argument that takes a token by itself, where the driver has one."""
        return self.driver.get("bearer")

    @property
    def errors(self) -> list[Facts]:
        """What the driver or the client says when something is wrong, as far as this connector can come across it."""
        known = [error for error in self.dialect.get("errors", ()) if "needs" not in error or self.query_log]
        if self.family == "client":
            here, signs_in = self.answers["connection_type"], bool(self.auth)
            known += [
                error
                for error in self.catalog.errors["client"]
                if here in error.get("over", [here]) and error.get("signs_in", signs_in) == signs_in
            ]
        return known

    @property
    def network_errors(self) -> list[Facts]:
        """What the framework says of a network that is at fault, where `errors` have nothing of that title."""
        if not self.parts & {"address", "url"}:
            return []
        titles = {error["title"] for error in self.errors}
        return [error for error in self.catalog.errors["network"] if error["title"] not in titles]

    @property
    def is_known(self) -> bool:
        """Whether the driver's arguments are facts; else they are the author's to check."""
        return "ssl" in self.driver or "tls" not in self.parts

    @property
    def namespace(self) -> Facts:
        """What stands above a table; asked of SQLAlchemy only."""
        named = self.answers["namespace"]
        return self.service["namespaces"][named] if named else {"databases": False, "properties": [], "steps": []}

    @property
    def entities(self) -> list[str]:
        """What is read, in words."""
        return self.service["entities"] + [word for facts in self.capabilities for word in facts.get("entities", ())]

    @property
    def source_settings(self) -> Facts:
        """What of `sourceConfig.config` turns the capabilities on, in the metadata workflow."""
        return {name: value for facts in self.capabilities for name, value in facts.get("settings", {}).items()}

    @property
    def settings_of_catalogue(self) -> Facts:
        """Of `source_settings`, those that have a dialect's own catalogue asked, which no sample has: turned off."""
        asking = [facts for facts in self.capabilities if "needs" in facts]
        return {name: False for facts in asking for name, value in facts.get("settings", {}).items() if value is True}

    @property
    def setting_comments(self) -> dict[str, str]:
        """What a person has to know to edit some of `source_settings`, by their names."""
        return {name: text for facts in self.capabilities for name, text in facts.get("comments", {}).items()}

    @property
    def extras(self) -> dict[str, Facts]:
        """What is installed beside the framework, by the package's extra: its `requirements`, and what it `brings`."""
        sdk = self.answers["sdk_package"]
        needed = [sdk, *self.driver.get("besides", [])]
        driver = {"driver": {"requirements": needed, "brings": "the driver or SDK of the source"}} if sdk else {}
        return driver | {name: extra for facts in self.capabilities for name, extra in self._extras(facts).items()}

    @property
    def dependencies(self) -> list[str]:
        """The requirements of a package."""
        return [self.release["requirement"], *self.release["besides"]]

    @property
    def brought(self) -> dict[str, str]:
        """The files that are installed where the framework looks, by their places in the repository."""
        if not self.spec_file:
            return {}
        file = f"{self.custom['type'].lower()}/service_spec.py"
        return {file: f"metadata/ingestion/source/{self.answers['service_type']}/{file}"}

    @property
    def requirements(self) -> list[str]:
        """What a contribution's extra of `ingestion/setup.py` has: all extras but the framework's own, sorted."""
        needed = {requirement for extra in self.extras.values() for requirement in extra["requirements"]}
        return sorted(one for one in needed if not one.startswith("openmetadata-ingestion"))

    def registered(self, converted: object) -> dict[str, list[str]]:
        """What a checkout comes to know of a contribution, with or without a converter, by the file that knows it."""
        answers = self.answers
        wanted = {None, *(["converted"] if converted else [])}
        wanted |= {"named"} if answers["display_name"] != answers["type_name"] else set()
        files: dict[str, list[str]] = {}
        for place in self.catalog.registration["places"]:
            if place.get("when") in wanted:
                named = self.service["registration"]["loaders"] if place["files"] == "@loaders@" else place["files"]
                file = named[0].replace("@service_schema@", self.service["service_schema"])
                files.setdefault(file, []).append(place["what"])
        return files

    @property
    def enum_member(self) -> str:
        """The type's name in the enums of OpenMetadata's interface."""
        return self._enum_member(self.answers["type_name"], self.catalog.acronyms)

    def _extras(self, capability: Facts) -> dict[str, Facts]:
        """The extras of one capability: its own, and what it needs of the dialect requires."""
        extras = {capability["extra"]["name"]: capability["extra"]} if "extra" in capability else {}
        section = self.dialect.get(capability.get("needs", ""), {})
        if "requirement" in section:
            extra = {"requirements": [section["requirement"]], "brings": capability["brings"]}
            extras[capability["name"].replace("_", "-")] = extra
        return extras

    @property
    def step_names(self) -> Facts | None:
        """The framework's own names of the test-connection steps, where it has them: `name` in `module`."""
        return self.service.get("step_names")

    @property
    def grown(self) -> Any:
        """The resource that a large source has much of."""
        return self.asked_first

    def tests(self, test: str) -> bool:
        """Whether an emitted test, by its name, is one of this connector."""
        return not self.declares_fields or self.api_sample.applies(test)

    def is_fixed_path(self, name: str) -> bool:
        """Whether a list that a map asks for has one path, whatever it is below and whatever the page."""
        request: Any = self.api.lists[name].request
        return request is not None and not request.path.placeholders

    @property
    def reads_at_once(self) -> bool:
        """Whether the first list has the records of all that is above it, and is read once."""
        return self.declares_fields and self.api_methods.is_flat(self.api.lists[self.asked_first.name])

    @property
    def first_paging(self) -> Facts:
        """How the first list is paged, for the emitted tests: by the answers, or as the map has it."""
        answers = self.answers
        if not self.declares:
            sized = answers["pagination"] != "none" and bool(answers["size_parameter"])
            return {
                "way": answers["pagination"],
                "first": answers["first_page"],
                "sized": sized,
                "count": answers["count_field"],
                "more": answers["more_field"],
            }
        paging = self.api.lists[self.asked_first.name].paging
        if paging is None:
            raise ValueError(f"{self.asked_first.name} is not asked for")
        first = paging.first if paging.by == "page" else 0
        word = "after" if paging.by == "link_header" else paging.by
        return {
            "way": paging.by,
            "first": paging.first,
            "sized": paging.by != "none" and bool(paging.size),
            "count": paging.count,
            "more": paging.more,
            "ignores": self._py_line({word: str(first)}),
        }

    def naming(self, resource: Any) -> str:
        """Python, in lines, for a sample `record` with another `number`: the fields that tell it from others."""
        parts = {part: f"{part}_{{number}}" for part in self.made_of(resource)}
        return self._numbered({"id": f"{resource.item}-{{number}}", "name": f"{resource.item}_{{number}}"} | parts)

    def made_of(self, resource: Any) -> list[str]:
        """The fields of a sample record that its name is put together of, as a map says."""
        return self.api_sample.parts.get(resource.name, []) if self.declares_fields else []

    def _numbered(self, fields: Facts) -> str:
        line = f"record | {self._py_line(fields)} for number in range(rows)"
        if len(line) > _NUMBERED:
            line = f"record\n| {self._py_value(fields, 0)}\nfor number in range(rows)"
        return re.sub(r'"[^"]*\{number\}', r"f\g<0>", line)

    def is_below_one(self, resource: Any) -> bool:
        """Whether a list is below the records of one other list, which it knows by their ids."""
        return len(self.above(resource)) == 1 and resource.parent_name in self.resources and not resource.single

    def variables(self, resource: Any) -> list[str]:
        """The variables for what a resource is below, outermost first."""
        return list(resource.parents)

    def above(self, resource: Any) -> list[tuple[str, str, list[str]]]:
        """What is listed to ask for a resource, outermost first: item, name, and the parents that it takes itself."""
        parents = list(zip(resource.parents, resource.parent_names, strict=True))
        return [(item, name, list(resource.parents[:place])) for place, (item, name) in enumerate(parents)]

    @property
    def asked_lists(self) -> list[str]:
        """The lists that are read for a capability alone."""
        known = self.service["resources"] if self.family == "client" else {}
        return [name for name in self.resources if "capability" in known.get(name, {})]

    @property
    def filtered_parents(self) -> list[str]:
        """The lists that a run filters and whose records a check goes on from, in the order they are asked for."""
        checked = [facts["resource"] for facts in self.steps.values() if "resource" in facts]
        names = [above for name in checked for _, above, _ in self.above(self.resources[name])]
        return [name for name in dict.fromkeys(names) if self.resources[name].filter]

    @property
    def declares(self) -> bool:
        """Whether a map of the API was given."""
        return bool(self.answers.get("api"))

    @property
    def declares_fields(self) -> bool:
        """Whether a map may say of records what their fields are."""
        return self.declares

    @property
    def spells_fields(self) -> bool:
        """Whether the client spells out where records have their fields."""
        return self.declares_fields

    @cached_property
    def api(self) -> ApiMap:
        """The map of the API, where one was given."""
        answers = self.answers
        return self._read_api(
            answers["api"],
            answers["service_type"],
            tuple(self.own_options),
            tuple(answers["auth_types"]),
            answers["connection_type"],
            self._guessed_module,
        )

    @cached_property
    def asked(self) -> ApiMap:
        """All that is asked for, whether a map says so or short answers do."""
        if self.declares:
            return self.api
        return self._short_map(self.answers, self.resources, self.list_keys)

    @property
    def compares_lists(self) -> bool:
        """Whether what the source says of a list is compared with what was read of it."""
        return self.family == "client" and (self.declares or self.answers["connection_type"] == "rest_api")

    @cached_property
    def api_methods(self) -> Any:
        """Python for the lists of the map."""
        return self._write_methods(self.api, self.resources, self._option_code, self._credential_code)

    @property
    def reads_ahead(self) -> bool:
        """Whether a client asks for several things at a time: for records by themselves, or for lists below others."""
        return self.declares and self.api_methods.reads_ahead

    @cached_property
    def logged_in(self) -> list[Facts]:
        """The auth types whose credentials a login exchanges for a token: those that have all that it sends."""
        if not (self.declares and self.api.login):
            return []
        sent = {one.expression for one in self.api.login.request.placeholders if one.of == "auth"}
        return [auth for auth in self.auth if sent <= auth["options"].keys()]

    @property
    def is_paced(self) -> bool:
        """Whether how fast the source is asked is a matter of its own."""
        return self.reads_ahead or (self.declares and self.api.requests_per_minute > 0)

    @property
    def _option_code(self) -> dict[str, str]:
        """Python for what a map calls an option, by the name that the answer has for it."""
        own = {
            name: f"self._connection.{facts['property']}{facts['plain']}" for name, facts in self.own_options.items()
        }
        if self.answers["connection_type"] == "rest_api":
            return {"hostPort": "self._base_url"} | own
        parts = {f"hostPort.{part}": f'part_of(self._connection, "{part}")' for part in ("host", "port")}
        return {"hostPort": "address_of(self._connection)"} | parts | own

    @property
    def _credential_code(self) -> dict[str, str]:
        """Python for what a map calls a field of the sign-in, within the function that makes an SDK's client."""
        paths: dict[str, list[str]] = {}
        for auth in self.auth:
            for name, option in auth["options"].items():
                paths.setdefault(name, []).append(option["path"])
        return {
            name: f"signed({', '.join(['connection', *(self._py_line(path) for path in dict.fromkeys(each))])})"
            for name, each in paths.items()
        }

    @property
    def endpoints(self) -> list[str]:
        """The endpoints that were answered, with what was said of each."""
        return [whole for _, whole in self._endpoint_texts(self.answers["api_endpoints"])]

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """What a client lists, by name, parents first."""
        chosen = {None, *(facts["name"] for facts in self.capabilities)}
        listed = self.service["resources"] if self.family == "client" else {}
        known = {name: facts for name, facts in listed.items() if facts.get("capability") in chosen}
        if self.declares:
            return self._resources(known, (), self.api)
        matches = self._match_endpoints(self.answers["api_endpoints"], listed, self.answers["api_prefix"])
        return self._resources(known, matches)

    @property
    def reads_types(self) -> bool:
        """Whether the types of columns or fields are read from records, as the source writes them."""
        return any(self.service["resources"][name].get("typed", False) for name in self.resources)

    @property
    def sample_records(self) -> dict[str, list[Facts]]:
        """What the emitted tests' stand-in for a client's source holds, by resource."""
        if self.declares:
            return self.api_sample.records
        return self._sample_records(self.resources, self._sample_fields)

    @property
    def _sample_fields(self) -> Facts:
        """What the record of an entity has in the sample by capabilities."""
        return {name: value for facts in self.capabilities for name, value in facts.get("sample", {}).items()}

    @cached_property
    def api_sample(self) -> ApiSample:
        """The sample of the map of the API: records, and how the API has them."""
        held = self.catalog.held_fields(self.answers["service_type"])
        given = self._given_records(self.api, self.resources, held)
        return self._api_sample(
            self.api,
            self.resources,
            self._sample_records(self.resources, self._sample_fields, given),
            lambda name: self.catalog.fields_of(self.answers["service_type"], name),
            self.catalog.fields["nested"],
            held,
            {name: str(facts.get("default", facts.get("sample", ""))) for name, facts in self.own_options.items()},
        )

    @property
    def asked_first(self) -> Resource:
        """The first list that the source is asked for: a map may have levels that it is not asked for."""
        known = list(self.resources.values())
        asked = [one for one in known if one.name in self.api_sample.places] if self.declares_fields else []
        return (asked or known)[0]

    @property
    def asked_besides(self) -> dict[str, list[str]]:
        """Tests that gates ask for beside those of the kind, since it reads over this type of connection."""
        gates = self.connection_type.get("gates", {})
        return {name: [test for test in tests if self.tests(test.rpartition("::")[2])] for name, tests in gates.items()}

    @property
    def sections(self) -> dict[str, Facts]:
        """What has to be shown of each capability: its strategies, what the source must allow, its required tests."""
        return {capability["name"]: self._section(capability) for capability in self.capabilities}

    def _section(self, capability: Facts) -> Facts:
        facts = capability["certification"]
        tests = [f"tests/{test}" for test in facts.get("tests", ()) if self.tests(test.rpartition("::")[2])]
        strategies = facts["strategies"] + (facts.get("strategies_of_need", []) if "needs" in capability else [])
        allow = self.permissions if capability["name"] == "metadata" else [capability["asks"]]
        if "workflow" in capability:
            tests.append(f"tests/test_artifacts.py::test_workflow_is_understood_by_the_framework[{capability['name']}]")
        return {"strategies": strategies, "source_must_allow": allow, "required_tests": tests}

    @property
    def sample_entities(self) -> dict[str, list[str]]:
        """The names of what the sample becomes, by the kind of create request, sorted."""
        if self.family == "sqlalchemy":
            database = self.example("database") if self.namespace["databases"] else "default"
            known = self.connection_type["sample_arrivals"]
            below = {request: [name.rpartition(".")[2] for name in each] for request, each in known.items()}
            return {"CreateDatabaseRequest": [str(database)]} | below
        entities: dict[str, list[str]] = {}
        for name, resource in self.resources.items():
            if resource.request:
                names = [record[resource.named_by] for record in self.sample_records[name]]
                entities[resource.request] = sorted(entities.get(resource.request, []) + names)
        return entities

    @property
    def outermost(self) -> list[str]:
        """The kinds of create request of which a real source has at least one: what stands in nothing else."""
        if self.family == "sqlalchemy":
            return list(self.sample_entities)
        return [resource.request for resource in self.resources.values() if resource.request and not resource.parents]

    @property
    def sample_arrivals(self) -> dict[str, Facts]:
        """The fields of what the sample becomes, by full names below the service, by the kind of create request."""
        if self.family == "sqlalchemy":
            database = self.sample_entities["CreateDatabaseRequest"][0]
            known = self.connection_type["sample_arrivals"]
            return {
                request: {f"{database}.{name}": fields for name, fields in each.items()}
                for request, each in known.items()
            }
        arrivals = self._arrivals(self.resources, self.sample_records, self.answers["type_name"])
        found: dict[str, Facts] = {}
        for name, resource in self.resources.items():
            if resource.request:
                facts = self.service["resources"][name]
                becomes = self.catalog.certification["becomes"] | self._becomes(resource) | facts.get("becomes", {})
                if self.declares:
                    becomes = self.api_sample.becomes(name, becomes)
                known = arrivals.of(name, facts.get("full_name", ""), becomes)
                found[resource.request] = found.get(resource.request, {}) | known
        return found

    def _becomes(self, resource: Resource) -> Facts:
        """The fields that the entities of a resource have by capabilities."""
        fields: Facts = {}
        for facts in self.capabilities:
            if resource.name in facts.get("becomes_of", [resource.name]):
                fields |= facts.get("becomes", {})
        return {name: value for name, value in fields.items() if not (resource.untagged and name == "tags")}

    @property
    def list_keys(self) -> list[str]:
        """What the lists of the source may be called in answers: by usual names, and after their resources."""
        own = [word + "s" for resource in self.resources.values() for word in resource.words]
        own += [name.replace("_", "") for name in self.resources]
        return list(dict.fromkeys([*_LIST_KEYS, *own]))

    @property
    def sdk_name(self) -> str:
        """The name of the driver or SDK on PyPI, without its extras and versions."""
        return re.split(r"[^\w.-]", self.answers["sdk_package"], maxsplit=1)[0]

    @property
    def sdk_module(self) -> str:
        """The module that an SDK is imported as: by its map, else as far as its name on PyPI says."""
        if self.declares and self.answers["connection_type"] == "sdk_client" and (sdk := self.api.sdk):
            return sdk.module
        return self._guessed_module

    @property
    def _guessed_module(self) -> str:
        return re.sub(r"[-.]+", "_", self.sdk_name).lower()

    def command(self, resource: str) -> str:
        """What is asked for a resource, in the words of the connection type."""
        if self.declares:
            return self.api_methods.place(resource)
        if self.answers["connection_type"] == "sdk_client":
            return f"list_{resource}"
        return f"GET {self.answers['api_prefix']}{self.resources[resource].path}"

    def answer(self, resource: str) -> str:
        """What people read of the answer that says where a list is."""
        if self.declares:
            named = resource in self.api.lists
            return (
                f"`api`, `resources.{resource}`" if named else f"not asked for; `api` may have `resources.{resource}`"
            )
        if self.resources[resource].answered:
            return "`api_endpoints`, as answered"
        return f"the usual place: {'read if the source has it' if self.resources[resource].optional else 'check it'}"

    def reading(self, resource: str) -> str:
        """What is asked for the contents of one of a resource, in the words of the connection type."""
        facts = self.resources[resource]
        if self.answers["connection_type"] == "sdk_client":
            return facts.contents if self.declares else f"read_{facts.item}"
        return f"GET {self.answers['api_prefix']}{facts.contents}"

    @cached_property
    def auth(self) -> list[Facts]:
        """What a connection chooses from to sign in: the auth types asked for, none where nothing ever signs in."""
        return self.ways if any(auth["options"] for auth in self.ways) else []

    @cached_property
    def ways(self) -> list[Facts]:
        """The auth types asked for: their facts, `name`, `title`, `model` in `module`, `required` options.

        `loose` are those of them that the schema itself does not require. `shape` is the JSON Schema of what is
        configured, `java` the class that OpenMetadata's server makes of it.
        """
        return [self._auth(name) for name in self.answers["auth_types"]]

    def _auth(self, name: str) -> Facts:
        here = self.catalog.sign_in(name, self.answers["connection_type"])
        if "definition" in here:
            model = here["definition"]["name"]
            pointer = self.definition_place(model)
            module = self.answers["config_module"] if self.answers["is_package"] else _generated_module(pointer)
            java = f"{self.java_package}.{self._java_name(self.answers['module'])}.{model}"
        else:
            target = self._target(here["reference"])
            model, module, java = target["model"], _generated_module(target["pointer"]), target["java"]
        by_schema = here["shape"].get("required", [])
        required = [option for option, details in here["options"].items() if details.get("required")]
        return here | {
            "model": model,
            "module": module,
            "required": required,
            "loose": [option for option in required if here["options"][option]["path"] not in by_schema],
            "java": java,
        }

    @cached_property
    def capabilities(self) -> list[Facts]:
        """The capabilities asked for, `metadata` first, which every connector has; each with its `name`."""
        names = dict.fromkeys(["metadata", *self.answers["capabilities"]])
        kind = self.answers["service_type"], self.answers["connection_type"]
        found = [facts for name in names if (facts := self.catalog.capability(name, *kind))]
        return [self._without_needs(facts) if self._lacks(facts) else facts for facts in found]

    def also(self, capability: Facts) -> list[str]:
        """What else arrives by a capability: with the others that were asked for, as far as the query log knows."""
        asked, log = {facts["name"] for facts in self.capabilities}, self.query_log or {}
        given = {name: said for name, said in capability.get("with", {}).items() if name in asked}
        whole = [said if isinstance(said, dict) else {"text": said} for said in given.values()]
        return [said["text"] for said in whole if "log" not in said or said["log"] in log]

    def _lacks(self, capability: Facts) -> bool:
        """Whether the dialect has not what an optional need is for."""
        return capability.get("optional", False) and not self.catalog.has(capability["needs"], self.answers["scheme"])

    @staticmethod
    def _without_needs(capability: Facts) -> Facts:
        return {key: value for key, value in capability.items() if key not in ("needs", "parts", "steps")}

    @cached_property
    def workflows(self) -> list[Facts]:
        """The workflows that get a file: their facts, their `file`, and `name` and what else of the capability."""
        workflows = []
        # What has no workflow with the connection in it says on the service, by the first one, that it is there.
        others = [
            flag
            for facts in self.capabilities
            if "source" not in facts.get("workflow", ())
            for flag in facts.get("flags", ())
        ]
        for capability in self.capabilities:
            if "workflow" in capability:
                name = capability["name"]
                stem = name if self.answers["is_package"] else self.answers["name"]
                stem += "" if self.answers["is_package"] or name == "metadata" else f"_{name}"
                flags = others if name == "metadata" else capability["flags"]
                if self.database_beside_options:
                    flags = [*flags, "supportsDatabase"]
                facts = {"name": name, "file": f"{stem}.yaml", "flags": flags}
                workflows.append(facts | {"needs": capability.get("needs")} | capability["workflow"])
        return workflows

    def workflow(self, name: str) -> Facts | None:
        """One of `workflows`, or None where it was not asked for."""
        return next((workflow for workflow in self.workflows if workflow["name"] == name), None)

    def workflow_file(self, name: str) -> str:
        """The file name of a workflow; empty, so that the file is left out, where it was not asked for."""
        workflow = self.workflow(name)
        return workflow["file"] if workflow else ""

    def workflow_variables(self, workflow: Facts) -> list[str]:
        """The environment variables that a workflow takes secrets from; those of the source only if it is asked."""
        asks = "source" in workflow or workflow["needs"] is not None
        return [*(self.secret_variables() if asks else []), "OPENMETADATA_JWT_TOKEN"]

    def workflow_files(self, workflow: Facts) -> list[str]:
        """What a workflow reads from files as it is emitted, by paths from the folder that it is run in."""
        database = [str(self.example("databaseFile"))] if "source" in workflow and "file" in self.parts else []
        return database + ([] if workflow["needs"] else workflow.get("reads", []))

    @property
    def deletion(self) -> list[str]:
        """The settings of the metadata workflow that mark as deleted what was not read."""
        asked = {facts["name"] for facts in self.capabilities}
        return [setting for setting, capability in self.service["deletion"].items() if capability in asked]

    @property
    def files(self) -> list[str]:
        """What all workflows together read from files."""
        return list(dict.fromkeys(file for workflow in self.workflows for file in self.workflow_files(workflow)))

    @property
    def reads_queries(self) -> bool:
        """Whether workflows of their own read queries, for lineage or usage."""
        return bool(self.workflow("lineage") or self.workflow("usage"))

    @property
    def spec_file(self) -> bool:
        """Whether a package has to put a ServiceSpec where the framework looks for that of the Custom type."""
        return self.answers["is_package"] and any(facts.get("spec_file") for facts in self.capabilities)

    @property
    def database_beside_options(self) -> bool:
        """Whether the framework puts the database that it is at beside a package's options, one after the other."""
        return self.spec_file and self.namespace["databases"]

    @property
    def compares_tables(self) -> bool:
        """Whether the release knows how to compare tables of this scheme."""
        return self.answers["scheme"].partition("+")[0] in self.dialect.get("data_diff", {}).get("backends", ())

    @property
    def counts_rows(self) -> bool:
        """Whether the connector has a profiler of its own, which counts the rows that the framework's estimates."""
        return "profiler" in self.answers["capabilities"] and self.dialect.get("estimates_rows", False)

    @property
    def query_log(self) -> Facts | None:
        """The dialect's query log, where a capability reads it."""
        if any(capability.get("needs") == "query_log" for capability in self.capabilities):
            return self.dialect["query_log"]
        return None

    @property
    def procedure_log(self) -> str | None:
        """What relates queries to the procedures that ran them, where procedures are read and the log knows."""
        asked = {"lineage", "stored_procedures"} <= {capability["name"] for capability in self.capabilities}
        return self.query_log.get("procedures") if asked and self.query_log else None

    @property
    def url_options(self) -> Facts:
        """Parameters of the URL that the driver can't do without."""
        return self.driver.get("options", {})

    @cached_property
    def parts(self) -> set[str]:
        """The parts of the connection that its schema and its code have."""
        parts = set(self.connection_type["parts"]) - set(self.dialect.get("drop_parts", ()))
        parts |= set(self.dialect.get("parts", ()))
        if "tls" in parts and "mode" in self.ssl:
            parts.add("tls_mode")
        for capability in self.capabilities:
            parts |= set(capability.get("parts", ()))
        if self.reads_ahead:
            parts.add("concurrency")
        return parts if self.auth else parts - {"sign_in"}

    @cached_property
    def properties(self) -> dict[str, Facts]:
        """The connection's own properties in the catalog's order, without type, scheme and flags.

        The author's own stand between those of the connection type and those of the service type.
        """
        named = self.namespace["properties"]
        own = {facts["property"]: facts for facts in self.own_options.values()}
        known = self.connection_type["properties"] | own | self.service["properties"]
        wanted = {*own, *named}
        return {name: facts for name, facts in known.items() if facts.get("part") in self.parts or name in wanted}

    @cached_property
    def own_options(self) -> dict[str, Facts]:
        """The author's own options by their names in the answer, each as `Options.read` of options.py has it.

        `plain` is what is put behind the field in code for its value as text, number, or true or false.
        """
        enums = "" if self.answers["is_package"] else ".value"
        return {
            name: facts | {"plain": ".get_secret_value()" if facts["secret"] else enums if "enum" in facts else ""}
            for name, facts in self._read_options(self.answers["options"]).items()
        }

    @cached_property
    def steps(self) -> dict[str, Facts]:
        """The test-connection steps in the catalog's order."""
        wanted = set(self.connection["steps"]) | set(self.namespace["steps"])
        for capability in self.capabilities:
            wanted |= set(capability.get("steps", ()))
        return {name: self._step(name) for name in self.service["steps"] if name in wanted}

    def _step(self, name: str) -> Facts:
        """A step of the service type; the gate says nothing of credentials where there are none."""
        facts: Facts = self.service["steps"][name]
        is_open = facts.get("gate") and not self.auth and "login" not in self.dialect
        return facts | self.connection_type["open_gate"] if is_open else facts

    @cached_property
    def required(self) -> list[str]:
        """Names of the properties without which no connection can be made."""
        return [name for name, facts in self.properties.items() if self._is_required(name, facts)]

    @property
    def schema_place(self) -> str:
        """The connection schema's path below the root of the specification."""
        return f"entity/services/connections/{self.answers['service_type']}/{self.answers['camel']}Connection.json"

    @property
    def java_package(self) -> str:
        """The Java package of the connection's class."""
        return f"org.openmetadata.schema.services.connections.{self.answers['service_type']}"

    def definition_place(self, model: str) -> str:
        """The path of an auth type's own schema below the root of the specification, by the name of its class."""
        folder = f"entity/services/connections/{self.answers['service_type']}/{self.answers['module']}"
        return f"{folder}/{model[0].lower()}{model[1:]}.json"

    def definition_file(self, name: str) -> str:
        """The file of an auth type's own schema in a checkout; empty, so that it is left out, where it has none.

        In a checkout it has to be a file: OpenMetadata's Java model has a class for each file of the specification,
        and none for a definition that only a oneOf refers to (jsonschema2pojo passes over a oneOf).
        """
        own = [auth["definition"] for auth in self.auth if auth["name"] == name and "definition" in auth]
        if self.answers["is_package"] or not own:
            return ""
        return f"{self.answers['definitions_dir']}/{posixpath.basename(self.definition_place(own[0]['name']))}"

    def choices(self, name: str) -> list[Facts]:
        """What a property's oneOf chooses from, in the schema's order: `java` class and `shape` of each.

        Empty where neither the property itself nor what it refers to is a oneOf.
        """
        if name == "authType":
            return self.auth
        target = self._target(self.properties[name]["reference"]) if "reference" in self.properties[name] else {}
        if "oneOf" not in target.get("shape", {}):
            return []
        return [
            {"java": java, "shape": shape} for java, shape in zip(target["java"], target["shape"]["oneOf"], strict=True)
        ]

    def described(self, name: str, markdown: bool = False) -> str | None:
        """A property's description, with what the dialect adds to it; as `markdown`, the answers in it are escaped."""
        text, title = self.properties[name].get("description"), self.answers["display_name"]
        if text is None:
            return None
        if "property" in self.properties[name]:
            return f"{self._plain(text)}{'' if text[-1] in '.!?:;…' else '.'}" if markdown else text
        text = text.format(title=self._plain(title) if markdown else title)
        if name == "queryHistoryTable" and "columns" in (log := self.query_log or {}):
            text += f" It needs the columns {log['columns']}."
        if hint := self.dialect.get("hints", {}).get(name):
            text += f" {hint}"
        return text

    def default(self, name: str) -> Any:
        """A property's default, or None."""
        if name == "hostPort" and "host" in self.dialect:
            return None
        if name == "hostPort" and self.answers["default_port"]:
            return f"{self._url_scheme}localhost:{self.answers['default_port']}"
        if name == "queryHistoryTable" and self.query_log:
            return self.query_log["table"]
        if name == "schemaFilterPattern" and self.dialect.get("system_schemas"):
            return {"includes": [], "excludes": self.system_schema_patterns}
        return self.properties[name].get("default")

    def example(self, name: str) -> Any:
        """A value for a property in samples and workflows, but for secrets; None where it is left out."""
        if name == "username" and self.bearer and self.auth[0]["username"] == "optional":
            return None  # such a driver takes a token instead of a user, not beside one
        if "property" in self.properties[name]:
            return self.properties[name].get("example")
        if name not in self.required and name not in ("username", "hostPort"):
            return None
        examples = {
            "username": "openmetadata",
            "hostPort": self.dialect.get("host")
            or f"{self._url_scheme}localhost:{self.answers['default_port'] or 10000}",
            "database": self.answers["name"],
            "databaseFile": f"{self.answers['name']}.db",
        }
        return examples.get(name)

    def given(self, name: str, form: str = "{example}") -> Any:
        """What samples give a property beside the sign-in, None where they leave it out; `form` is of auth_options."""
        facts = self.properties[name]
        if "property" not in facts:
            return self.example(name)
        if not facts["required"]:
            return None
        return form.format(example="s3cret", variable=self.variable(name)) if facts["secret"] else facts["sample"]

    def _setting(self, name: str, form: str = "{example}") -> Any:
        """The same as this placement takes it: an option of a package is a string."""
        value = self.given(name, form)
        return json.dumps(value) if self.answers["is_package"] and isinstance(value, bool | int | float) else value

    @property
    def _url_scheme(self) -> str:
        return "http://" if "url" in self.parts else ""

    @cached_property
    def options(self) -> list[Facts]:
        """What a package takes from `connectionOptions`, each a string: `name`, `description`, `required`, `secret`.

        A description is Markdown.

        An object of the schema becomes options of its own: the fields of each auth type
        (with `auth`, the types that take it, and `needed_by`) and of sslConfig. Other objects
        are JSON.
        """
        result: dict[str, Facts] = {}
        for name, facts in self.properties.items():
            if facts.get("reference") in _NOT_OPTIONS or name in _FLAGS:
                continue
            if name == "authType":
                if len(self.auth) > 1:
                    kinds = ", ".join(auth["name"] for auth in self.auth)
                    result[name] = _option(f"{facts['description']} One of {kinds}.", default=self.auth[0]["name"])
                for auth in self.auth:
                    for option, details in auth["options"].items():
                        known = result.setdefault(option, _of_auth(details, len(self.auth) == 1))
                        if details["description"] not in known["description"]:
                            known["description"] += f" For {auth['name']}: {details['description']}"
                        known["auth"].append(auth["name"])
                        known["needed_by"] += [auth["name"]] if option in auth["required"] else []
            elif name == "sslConfig":
                certificates = self._target(facts["reference"])["shape"]["oneOf"][0]["properties"]
                result |= {key: _option(details["description"], secret=True) for key, details in certificates.items()}
            elif facts.get("reference") in _JSON_OBJECTS:
                result[name] = _option(f"{self.described(name, markdown=True)} A JSON object.")
            else:
                text = self.described(name, markdown=True) or facts["title"] + "."
                text += f" {facts['values']}" if facts.get("values") else ""
                default = self.default(name)
                required = name in self.required and default is None
                secret = facts.get("secret", False)
                result[name] = _option(text, required=required, secret=secret, default=default)
        return [{"name": name} | facts for name, facts in result.items()]

    @cached_property
    def settings(self) -> list[Facts]:
        """The fields of a package's settings class: `name`, `annotation`, `default` and `module` of its model."""
        fields: list[Facts] = []
        for name, facts in self.properties.items():
            if facts.get("reference") in _NOT_OPTIONS or name in _FLAGS:
                continue
            field: Facts = {"name": name, "default": self.default(name), "required": name in self.required}
            if "property" in facts:
                field |= facts["model"] | {"own": facts}
            elif name == "authType":
                field |= {"annotation": " | ".join(auth["model"] for auth in self.auth), "required": True}
            elif "reference" in facts:
                target = self._target(facts["reference"])
                field |= {"annotation": target["model"], "module": _generated_module(target["pointer"])}
            elif facts.get("format") == "uri":
                field |= {"annotation": "AnyUrl", "module": "pydantic"}
            else:
                field["annotation"] = {"string": "str", "boolean": "bool", "integer": "int"}[facts["type"]]
            fields.append(field)
        asked = {*self.properties, *(flag for capability in self.capabilities for flag in capability.get("flags", ()))}
        return fields + [{"name": flag, "annotation": "bool", "default": True} for flag in _FLAGS if flag in asked]

    def _target(self, name: str) -> Facts:
        return self.release["targets"][name]

    def auth_options(self, auth: Facts, form: str = "{example}") -> dict[str, str]:
        """Example values of an auth type's options; `form` is how a secret one is written."""
        return {
            name: form.format(example=option["example"], variable=self.variable(name))
            if option.get("secret")
            else option["example"]
            for name, option in auth["options"].items()
            if "example" in option
        }

    def auth_settings(self, auth: Facts, form: str = "{example}") -> Facts:
        """The same values where the auth type's model takes them, and what its shape alone says."""
        shape = auth["shape"]
        required = {name: shape["properties"][name] for name in shape.get("required", ())}
        result: Facts = {name: facts["default"] for name, facts in required.items() if "default" in facts}
        for name, value in self.auth_options(auth, form).items():
            *parents, last = auth["options"][name]["path"].split(".")
            place = result
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = value
        return result

    def sign_in(self, auth: Facts, form: str = "{example}") -> Facts:
        """The same values as this placement takes them: options of a package, or `authType` of the schema."""
        if not self.answers["is_package"]:
            return {"authType": self.auth_settings(auth, form)}
        return ({"authType": auth["name"]} if len(self.auth) > 1 else {}) | self.auth_options(auth, form)

    def workflow_settings(self, form: str) -> Facts:
        """Settings for workflows, with the first auth type; `form` is how a secret one is written."""
        result: Facts = {}
        for name in self.properties:
            if name == "authType":
                result |= self.sign_in(self.auth[0], form)
            elif (value := self._setting(name, form)) is not None:
                result[name] = value
        return result

    def secret_variables(self) -> list[str]:
        """The environment variables that the workflows take secrets from."""
        own = [facts["property"] for facts in self.own_options.values() if facts["secret"] and facts["required"]]
        options = self.auth[0]["options"] if self.auth else {}
        signing = self.auth_options(self.auth[0]) if self.auth else {}
        return [self.variable(name) for name in [*(name for name in signing if options[name].get("secret")), *own]]

    def test_settings(self) -> tuple[Facts, Facts]:
        """Settings for the emitted tests: what every sign-in shares, and the first auth type's sign-in."""
        common = {name: value for name in self.properties if (value := self._setting(name)) is not None}
        if self.reads_ahead:
            # Tests say what is asked for in which order.
            common["concurrency"] = "1" if self.answers["is_package"] else 1
        return common, self.sign_in(self.auth[0]) if self.auth else {}

    @property
    def integration_dir(self) -> str:
        """Where the integration test is; empty, so that it is left out, where no image was answered for one."""
        return self.answers["integration_dir"] if self.answers["docker_image"] else ""

    @property
    def system_schema_patterns(self) -> list[str]:
        """Filter patterns of the schemas that are the server's own."""
        return [f"^{name}$" for name in self.dialect.get("system_schemas", ())]

    def variable(self, option: str) -> str:
        """The environment variable for a secret option: `MY_DB_PASSWORD`."""
        words = "".join(f"_{letter}" if letter.isupper() else letter for letter in option)
        return f"{self.answers['constant']}_{words.upper()}"

    def _is_required(self, name: str, facts: Facts) -> bool:
        if name == "username":
            return all(auth["username"] == "required" for auth in self.auth)
        if name == "authType":
            return all(auth["required"] or auth["shape"].get("required") for auth in self.auth)
        return facts.get("required", False)


def _option(
    description: str, *, required: bool = False, secret: bool = False, default: Any = None, **facts: Any
) -> Facts:
    return {"description": description, "required": required, "secret": secret, "default": default, **facts}


def _of_auth(details: Facts, alone: bool) -> Facts:
    """An auth type's option; one that it requires is required outright where it is the only type."""
    return _option(
        details["description"],
        secret=details.get("secret", False),
        required=alone and details.get("required", False),
        auth=[],
        needed_by=[],
    )


def _generated_module(pointer: str) -> str:
    """The module that OpenMetadata generates from a schema file."""
    return "metadata.generated.schema." + pointer.partition(".json")[0].replace("/", ".")


class Declared(Connector):
    """A connector whose topology was declared in an answer: what it lists and what becomes of it is said there.

    `topology` is the declaration, of topology.py; what templates ask of the resources of a service type is its lists.
    """

    def __init__(self, answers: Mapping[str, Any], environment: Any) -> None:
        super().__init__(answers, environment)
        self._read_topology: Callable[..., Any] = environment.read_topology
        self._sample_topology: Callable[..., Any] = environment.sample_topology

    @cached_property
    def topology(self) -> Any:
        return self._read_topology(self.answers["topology"], self.answers)

    @property
    def declares(self) -> bool:
        """Whether the client spells out each request."""
        return bool(self.topology.lists.is_mapped)

    @property
    def declares_fields(self) -> bool:
        """Nodes say where records have their fields, whatever is asked for."""
        return False

    @property
    def spells_fields(self) -> bool:
        return bool(self.topology.lists.spells)

    @cached_property
    def api(self) -> ApiMap:
        """The map of the API that the producers make."""
        made: ApiMap = self.topology.lists.api
        return made

    @cached_property
    def api_methods(self) -> Any:
        """Python for the lists of the producers. Threads of their own read several records at a time."""
        return self._write_methods(
            self.api, self.topology.lists.methods_of, self._option_code, self._credential_code, ahead=False
        )

    @property
    def reads_ahead(self) -> bool:
        return False

    @property
    def first_paging(self) -> Facts:
        """Of requests that are declared, how the client reads their pages is tested by what arrives."""
        known = super().first_paging if not self.declares else {}
        return known or {"way": "none", "first": 1, "sized": False, "count": "none", "more": "none"}

    @cached_property
    def samples(self) -> Any:
        """The sample of the topology: records, and what is made of them."""
        return self._sample_topology(self.topology)

    @property
    def connection(self) -> Facts:
        own = {"base_class": "Source", "base_module": "metadata.ingestion.api.steps", "source": "topology"}
        return super().connection | own

    @property
    def entities(self) -> list[str]:
        words = (re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower() for name in self.topology.types)
        return [f"{word}es" if word.endswith("x") else re.sub("y$", "ie", word) + "s" for word in words]

    @property
    def resources(self) -> dict[str, Any]:
        return self.topology.lists.listed

    @property
    def reads_types(self) -> bool:
        return any("columns" in stage.fields for stage in self.topology.made)

    @property
    def sample_records(self) -> dict[str, list[Facts]]:
        return self.samples.served

    @property
    def sample_entities(self) -> dict[str, list[str]]:
        return self.samples.entities

    @property
    def sample_arrivals(self) -> dict[str, Facts]:
        return self.samples.arrivals

    @property
    def outermost(self) -> list[str]:
        return list(self.sample_entities)[:1]

    @property
    def grown(self) -> Any:
        return self.topology.lists.main

    def naming(self, resource: Any) -> str:
        return self._numbered(self.samples.named(resource.item, "{number}"))

    def above(self, resource: Any) -> list[tuple[str, str, list[str]]]:
        return self.topology.lists.reaching(resource.name)

    def variables(self, resource: Any) -> list[str]:
        return self.topology.lists.takes(resource.name)

    def is_below_one(self, resource: Any) -> bool:
        return super().is_below_one(resource) and bool(self.samples.is_identified(resource))

    @property
    def step_names(self) -> None:
        return None

    @property
    def filtered_parents(self) -> list[str]:
        """Its checks ask for the first of each list, whatever the filters say."""
        return []

    @cached_property
    def steps(self) -> dict[str, Facts]:
        """The gate, and a step for each list; without those that need no record nothing at all can be read."""
        steps = {"CheckAccess": self._step("CheckAccess")}
        for name, listed in self.resources.items():
            words = name.replace("_", " ")
            steps[f"Get{name.title().replace('_', '')}"] = {
                "description": f"List the {words} that the user can see.",
                "error": f"The {words} could not be listed.",
                "mandatory": not listed.parents,
                "resource": name,
            }
        return steps

    @cached_property
    def properties(self) -> dict[str, Facts]:
        if not self.topology.threads:
            return super().properties
        threads = {
            "title": "Threads",
            "description": "How many records of a list are read at a time, each with all that is below it; "
            "1 for one after the other.",
            "type": "integer",
            "default": self.topology.threads,
        }
        return super().properties | {"threads": threads}

    @property
    def deletion(self) -> list[str]:
        return [self.topology.type(name)["deletion"] for name in self.topology.types] if self.topology.deletes else []

    @property
    def sections(self) -> dict[str, Facts]:
        """Beside the metadata, what the declaration asks for: threads, lineage, deletion."""
        wanted = {
            "threads": bool(self.topology.threads),
            "lineage": bool(self.topology.lineages),
            "deletion": self.topology.deletes,
        }
        own = {name: facts for name, facts in self.kind["variants"].items() if wanted.get(name, True)}
        return super().sections | {
            name: {
                "strategies": facts["certification"]["strategies"],
                "source_must_allow": facts["certification"]["allow"],
                "required_tests": [f"tests/{test}" for test in facts["certification"]["tests"]],
            }
            for name, facts in own.items()
        }


# What stands for the answers of a kind of template.
KINDS = {"connector": Connector, "topology": Declared}


class ConnectorExtension(ContextHook):
    """Adds `connector`, which is also the `plugin`, to every context of one, or of a topology."""

    def __init__(extension, environment: Environment) -> None:
        super().__init__(environment)
        extension.environment = environment
        extension.connector: Connector | None = None

    def hook(self, context: dict[str, Any]) -> None:
        # A template that another one includes gets all that the other one has.
        kind = None if "connector" in context else KINDS.get(context.get("kind", "connector"))
        if not kind:
            return
        # What Copier adds itself is made anew for each file, and no connector asks for it. Copier's UNSET, which it
        # adds for the default of a question, can't even be compared.
        answers = {name: value for name, value in context.items() if not name.startswith("_copier") and name != "UNSET"}
        if self.connector is None or answers != self.connector.answers:
            self.connector = kind(answers, self.environment)
        context["connector"] = context["plugin"] = self.connector
