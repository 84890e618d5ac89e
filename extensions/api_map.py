"""The API map: what a client asks for each list of a service type, and where answers have what entities are made of.

It is read from the answer `api`, and checked as a whole: what could not be asked for, or would be asked for in vain, is
refused in a line. Requests, paging and expressions are those of api_requests.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from jinja2 import Environment

    from extensions.api_calls import Call, Calls, Contents, Sdk
    from extensions.api_fields import Field, Fields
    from extensions.api_requests import Paging, PagingReader, Request, Requests
    from extensions.catalog import Catalog
    from extensions.declarations import Spot

Facts = dict[str, Any]

# Longest lists in a map, and how many requests a minute may be asked for.
MAX_ITEMS = 50
MAX_PER_MINUTE = 100_000
MAX_LIFETIME = 31_536_000

# What a declared request is made of.
REQUEST = ("request", "query", "headers", "json", "form", "graphql", "variables")
LIST = ("paging", "records", "key_field", "where", "detail", "join", "from", "key", "fields", "optional")
LIST_KEYS = (*REQUEST, "paging", "records", "key_field", "where", "optional")
TOP = ("headers", "query", "login", "authorization", "requests_per_minute", "paging", "resources")

# What a map of an SDK may say.
SDK_TOP = ("sdk", "paging", "resources")


# What `{options.…}` may name in every map, by the type of connection.
OPTIONS = {"rest_api": ("hostPort",), "sdk_client": ("hostPort", "hostPort.host", "hostPort.port")}


@dataclass(frozen=True)
class Detail:
    """What is asked for each record. What `record` finds in the answer is added to it, or put at the key `into`."""

    request: Request | Call
    record: str = "@"
    into: str = ""


@dataclass(frozen=True)
class MappedList:
    """What a client asks for the records of one resource, in one of five ways.

    A `request`, or a call of an SDK; only `records`, a JMESPath over the record of its parent; `constants`; or
    `source`, the flat list whose records say by `key`, a JMESPath, which of these there are. `columns` has the
    values of records in lists that belong together, by the keys that they get. `join` are pairs of JMESPaths over a
    record of a flat list and over that of its parent, which have to be equal. `fields` are by the names of the models.
    `contents` is the call that gives the bytes of one.

    What short answers leave open is found by usual names: the list in an answer by `list_keys`, the records in that of
    their parent by `held_as`. A placeholder of an item without an expression is its identity there.
    """

    name: str
    item: str
    request: Request | Call | None = None
    paging: Paging | None = None
    records: str = "@"
    columns: dict[str, str] = field(default_factory=dict)
    key_field: str = ""
    where: Facts = field(default_factory=dict)
    details: tuple[Detail, ...] = ()
    join: dict[str, str] = field(default_factory=dict)
    source: str = ""
    key: str = ""
    constants: tuple[Facts, ...] = ()
    fields: dict[str, Field] = field(default_factory=dict)
    optional: bool = False
    contents: Contents | None = None
    list_keys: tuple[str, ...] = ()
    held_as: tuple[str, ...] = ()

    @property
    def requests(self) -> list[Request | Call]:
        """All that is asked for it."""
        return [*([self.request] if self.request else []), *(detail.request for detail in self.details)]

    @property
    def methods(self) -> list[str]:
        """The HTTP methods of its requests."""
        return [request.method for request in self.requests]


@dataclass(frozen=True)
class Login:
    """A request that exchanges the credentials for a token. `lifetime` is in seconds, or JMESPath; 0 if not known."""

    request: Request
    token: str
    lifetime: int | str = 0


@dataclass(frozen=True)
class ApiMap:
    """A map that was read and checked. `authorization` are the header of a token and what stands before it there.

    `sdk` is None for an API over HTTP.
    """

    lists: dict[str, MappedList]
    headers: dict[str, Any]
    query: dict[str, Any]
    login: Login | None
    authorization: tuple[str, str]
    requests_per_minute: int
    sdk: Sdk | None = None


# Nothing that every request has.
NO_API = ApiMap({}, {}, {}, None, ("Authorization", "Bearer"), 0)


class Reader:
    """Reads a map for a service type.

    `known` are its resources as the catalog has them, `properties` gives what `fields` of a resource may say, by its
    name, and `nested` what those of the objects in a list may. `options` and `credentials` are what `{options.…}` and
    `{auth.…}` may name. `module` is what an SDK is imported as by its package; None for an API over HTTP.
    """

    def __init__(
        self,
        environment: Any,
        known: Mapping[str, Facts],
        properties: Callable[[str], Facts],
        nested: Mapping[str, Facts],
        options: Collection[str],
        credentials: Collection[str],
        module: str | None = None,
    ) -> None:
        self._load: Callable[[str, str], Spot] = environment.load_declaration
        self._requests = environment.api_requests
        self._paging: type[PagingReader] = environment.api_paging
        self._expression: Callable[..., str] = environment.api_expression
        self._is_header: Callable[[str], bool] = environment.is_header
        self._known = known
        self._properties = properties
        self._words: dict[str, Collection[str] | None] = {"options": options}
        self._fields: Fields = environment.api_fields(environment, self._words, nested)
        self._page_words: dict[str, Collection[str] | None] = dict.fromkeys(environment.api_page_words, ())
        self._credentials = credentials
        self._calls: Callable[[Requests], Calls] = environment.api_calls
        self._module = module
        # What asks for something, and what belongs to the other way of asking.
        self._asks: tuple[str, ...] = REQUEST if module is None else environment.api_call_keys
        others = environment.api_call_keys if module is None else REQUEST
        self._ask = self._asks[0]
        says = "an API over HTTP has request" if module is None else "an SDK has call and arguments"
        self._others = {
            **dict.fromkeys(others, f"leave {{}} out: {says}"),
            **({"contents": "leave {} out: it belongs to SDKs"} if module is None else {}),
        }
        self._other_tops = () if module is None else tuple(key for key in TOP if key not in SDK_TOP)

    def read(self, text: str) -> ApiMap:
        """The map in a text. Raises DeclarationError."""
        top = self._load(text, "the map of the API")
        entries = top.entries(dict.fromkeys((*TOP, *SDK_TOP)), needed=("resources",), example="{resources: {…}}")
        if self._module is None and "sdk" in entries:
            entries["sdk"].fail("leave sdk out: this connector asks an API over HTTP")
        for key in self._other_tops:
            if key in entries:
                entries[key].fail(f"leave {key} out: it belongs to APIs over HTTP, and this connector calls an SDK")
        usual = self._usual_paging(entries)
        lists = {
            name: self._list(name, entries["resources"].below(name), usual)
            for name in entries["resources"].entries(self._known, example=self._example)
        }
        self._check(entries["resources"], lists)
        return self._map(entries, {name: lists[name] for name in self._known if name in lists})

    def read_frame(self, text: str) -> tuple[ApiMap, PagingReader | None]:
        """A map without lists, which others declare, and how these are paged. Raises DeclarationError."""
        top = self._load(text, "what its API asks of every request")
        if isinstance(top.value, dict) and "resources" in top.value:
            top.below("resources").fail("leave resources out: the producers of the topology are the lists")
        entries = top.entries(TOP[:-1], example="{headers: {X-Tenant: shop}}")
        return self._map(entries, {}), self._usual_paging(entries)

    def _usual_paging(self, entries: dict[str, Spot]) -> PagingReader | None:
        """How lists are paged that have no paging of their own."""
        return self._paging.read(entries["paging"]) if "paging" in entries else None

    def _map(self, entries: dict[str, Spot], lists: dict[str, MappedList]) -> ApiMap:
        requests = self._requests(self._words)
        authorization = self._authorization(entries.get("authorization"))
        return ApiMap(
            lists=lists,
            headers=requests.headers(entries.get("headers")),
            query=requests.flat(entries.get("query")),
            login=self._login(entries["login"]) if "login" in entries else None,
            authorization=authorization,
            requests_per_minute=entries["requests_per_minute"].number(1, MAX_PER_MINUTE)
            if "requests_per_minute" in entries
            else 0,
            sdk=self._sdk(entries.get("sdk")),
        )

    def _sdk(self, spot: Spot | None) -> Sdk | None:
        if self._module is None:
            return None
        return self._calls(self._requests(self._words | {"auth": self._credentials})).sdk(spot, self._module)

    @property
    def _example(self) -> str:
        name = next(iter(self._known))
        return f"{{{name}: {{{self._usual(name)}}}}}"

    def _usual(self, name: str) -> str:
        """What asks for a list, as an example."""
        return f"request: GET /{name}" if self._module is None else f"call: list_{name}"

    # ---- One list --------------------------------------------------------------------------------------------------

    def _list(self, name: str, spot: Spot, usual: PagingReader | None) -> MappedList:
        item = self._known[name]["item"]
        if isinstance(spot.value, str):
            spot.fail(f"give {self._ask}, such as {{{self._ask}: {spot.value}}}")
        entries = self._entries(spot, (*LIST, "contents"), example=f"{{{self._usual(name)}}}")
        ways = [key for key in (self._ask, "from") if key in entries]
        constant = "records" in entries and isinstance(entries["records"].value, list)
        if len(ways) + constant > 1:
            entries[ways[0]].fail(f"leave {ways[0]} out, or what else says where the {_words(name)} come from")
        if constant:
            return self._constants(name, item, entries)
        if "from" in entries:
            return self._grouped(name, item, entries)
        if "key" in entries:
            entries["key"].fail("leave key out: it belongs to from")
        request: Request | Call | None
        if self._ask not in entries:
            if "records" not in entries or not self._known[name].get("parents"):
                spot.fail(f"give {self._usual(name)}")
            known = ("records", "where", "fields", "detail", "key_field", "contents")
            self._leave_out(entries, known, f"there is no {self._ask}")
            request = paging = None
        else:
            own = self._paging.read(entries["paging"]) if "paging" in entries else None
            reader = own or usual or self._paging.none(spot)
            request, paging = self._paged(name, entries, reader), reader.paging
        columns = self._columns(entries) if isinstance(spot.value.get("records"), dict) else {}
        return MappedList(
            name=name,
            item=item,
            request=request,
            paging=paging,
            records=read_records(entries["records"], paging, self._expression)
            if "records" in entries and not columns
            else "",
            columns=columns,
            key_field=entries["key_field"].text(60, "name") if "key_field" in entries else "",
            where=read_where(entries["where"], self._expression) if "where" in entries else {},
            details=self._details(name, entries["detail"]) if "detail" in entries else (),
            join=self._join(name, entries["join"]) if "join" in entries else {},
            fields=self._fields.fields(entries["fields"], self._properties(name)) if "fields" in entries else {},
            optional=entries["optional"].flag() if "optional" in entries else False,
            contents=self._contents(name, entries["contents"]) if "contents" in entries else None,
        )

    def _columns(self, entries: dict[str, Spot]) -> dict[str, str]:
        """Where the values of records are, in lists that belong together, by the keys that the records get."""
        if "request" not in entries or "key_field" in entries:
            entries["records"].fail("give one JMESPath: an object of them is for lists in the answer to a request")
        spots = {key: entries["records"].below(key) for key in entries["records"].keys("{id: ids, name: names}")}
        return {key: self._expression(spot) for key, spot in spots.items()}

    def _entries(
        self, spot: Spot, known: Collection[str], needed: Collection[str] = (), example: str = ""
    ) -> dict[str, Spot]:
        """The entries of an object that asks for something; those of the other way of asking are refused as such."""
        for key in spot.value if isinstance(spot.value, dict) else ():
            if key in self._others:
                spot.below(key).fail(self._others[key].format(key))
        return spot.entries((*self._asks, *known), needed=needed, example=example)

    def _asked(self, entries: dict[str, Spot], words: dict[str, Collection[str] | None]) -> Request | Call:
        """A request, or a call of an SDK."""
        requests = self._requests(words)
        return requests.request(entries) if self._module is None else self._calls(requests).call(entries)

    def _paged(self, name: str, entries: dict[str, Spot], reader: PagingReader) -> Any:
        """What asks for a list, with what asks for a page of it."""
        asked: Any = self._asked(entries, self._words | self._page_words | self._parents(name))
        if self._module is None:
            return reader.completed(entries["request"], asked)
        return self._calls(self._requests(self._words)).paged(entries["call"], asked, reader)

    def _contents(self, name: str, spot: Spot) -> Contents:
        if not self._known[name].get("contents"):
            spot.fail(f"leave contents out: nothing reads those of {_words(name)}")
        words = self._words | self._parents(name) | {self._known[name]["item"]: ("key",)}
        found = self._calls(self._requests(words)).contents(spot)
        if self._known[name]["item"] not in [one.of for one in found.call.placeholders]:
            spot.fail(f"say which {_words(self._known[name]['item'])} is meant by {{{self._known[name]['item']}.key}}")
        return found

    def _parents(self, name: str, *own: str) -> dict[str, Collection[str] | None]:
        """What placeholders may name beside what is the same for all lists: the records above, and its `own`."""
        above = [self._known[parent]["item"] for parent in self._known[name].get("parents", ())]
        return dict.fromkeys((*above, *own), None)

    def _constants(self, name: str, item: str, entries: dict[str, Spot]) -> MappedList:
        self._leave_out(entries, ("records",), "its records are always the same")
        records = entries["records"].items()
        if not 1 <= len(records) <= MAX_ITEMS:
            entries["records"].fail(f"give from 1 to {MAX_ITEMS} records, such as [{{name: default}}]")
        for record in records:
            for key in record.keys("{name: default}"):
                record.below(key).text(100, "default")
            if "name" not in record.value:
                record.fail("give name, which is missing")
        return MappedList(name, item, constants=tuple(record.value for record in records))

    def _grouped(self, name: str, item: str, entries: dict[str, Spot]) -> MappedList:
        self._leave_out(entries, ("from", "key"), "its records are made of those of another list")
        below = [other for other, facts in self._known.items() if name in facts.get("parents", ())]
        if not below:
            entries["from"].fail(f"give {self._ask}: nothing is below the {_words(name)} that could name them")
        source = entries["from"].word(below)
        if "key" not in entries:
            entries["from"].fail("give key, too: the JMESPath to the name in a record, such as key: spec.path[0]")
        return MappedList(name, item, source=source, key=self._expression(entries["key"]))

    @staticmethod
    def _leave_out(entries: dict[str, Spot], known: Collection[str], because: str) -> None:
        for key, spot in entries.items():
            if key not in known:
                spot.fail(f"leave {key} out: {because}")

    def _details(self, name: str, spot: Spot) -> tuple[Detail, ...]:
        spots = spot.items() if isinstance(spot.value, list) else [spot]
        if not 1 <= len(spots) <= MAX_ITEMS:
            spot.fail(f"give from 1 to {MAX_ITEMS} requests, each with a request of its own")
        found: list[Detail] = []
        for one in spots:
            example = "{request: GET /items/{id}}" if self._module is None else "{call: get_item}"
            entries = self._entries(one, ("record", "into"), needed=(self._ask,), example=example)
            item = self._known[name]["item"]
            request = self._asked(entries, self._words | self._parents(name, item))
            if item not in [placeholder.of for placeholder in request.placeholders]:
                place = "in the path" if self._module is None else "among the arguments"
                one.fail(f"say which {_words(item)} is asked for, such as {{{item}.id}} {place}")
            found.append(
                Detail(
                    request=request,
                    record=self._expression(entries["record"]) if "record" in entries else "@",
                    into=entries["into"].text(60, "run") if "into" in entries else "",
                )
            )
        return tuple(found)

    def _join(self, name: str, spot: Spot) -> dict[str, str]:
        if not self._known[name].get("parents"):
            spot.fail(f"leave join out: {_words(name)} are below nothing")
        pairs = {}
        for key in spot.keys("{dashboard_id: id}"):
            self._expression(spot.below(key), key)
            pairs[key] = self._expression(spot.below(key))
        return pairs

    # ---- The rest --------------------------------------------------------------------------------------------------

    def _login(self, spot: Spot) -> Login:
        entries = spot.entries((*REQUEST, "token", "lifetime"), needed=("request", "token"))
        for key in ("graphql", "variables"):
            if key in entries:
                entries[key].fail(f"leave {key} out: a login has json or form")
        lifetime: int | str = 0
        if "lifetime" in entries:
            is_number = not isinstance(entries["lifetime"].value, str)
            lifetime = (
                entries["lifetime"].number(1, MAX_LIFETIME) if is_number else self._expression(entries["lifetime"])
            )
        request = self._requests(self._words | {"auth": self._credentials}).request(entries)
        if "auth" not in [one.of for one in request.placeholders]:
            spot.fail(f"say where the credentials go, such as {{auth.{next(iter(self._credentials), 'username')}}}")
        return Login(request, self._expression(entries["token"]), lifetime)

    def _authorization(self, spot: Spot | None) -> tuple[str, str]:
        if spot is None:
            return ("Authorization", "Bearer")
        entries = spot.entries(("header", "prefix"), example="{header: X-Auth-Token, prefix: ''}")
        header = entries["header"].text(60, "X-Auth-Token") if "header" in entries else "Authorization"
        if not self._is_header(header):
            entries["header"].fail(f"give the name of a header, such as X-Auth-Token: {header!r} is none")
        prefix = entries["prefix"].value if "prefix" in entries else "Bearer"
        if not isinstance(prefix, str) or len(prefix) > 30 or not prefix.isprintable() or not prefix.isascii():
            entries["prefix"].fail("give what stands before the token, such as Token, or '' for nothing")
        return (header, prefix.strip())

    def _check(self, spot: Spot, lists: dict[str, MappedList]) -> None:
        """What the lists need of each other."""
        for name, facts in self._known.items():
            if name not in lists and not facts.get("optional") and "capability" not in facts:
                spot.fail(f"give {name}, without which nothing can be read")
        for name, one in lists.items():
            self._check_source(spot.below(name), one, lists)
            self._check_below(spot.below(name), one, lists)

    def _check_source(self, spot: Spot, one: MappedList, lists: dict[str, MappedList]) -> None:
        if one.source and one.source not in lists:
            spot.fail(f"give {one.source}, too, whose records say which {_words(one.name)} there are")
        if one.source and not lists[one.source].request:
            spot.fail(f"give {one.source} a {self._ask}: its records say which {_words(one.name)} there are")

    def _check_below(self, spot: Spot, one: MappedList, lists: dict[str, MappedList]) -> None:
        """A list below many records has to say to which of them its records belong."""
        parents = self._known[one.name].get("parents", ())
        if not parents or not one.request:
            return
        named = {placeholder.of for placeholder in one.request.placeholders}
        flat = [parent for parent in parents if parent in lists and lists[parent].source == one.name]
        above = [self._known[parent]["item"] for parent in parents]
        if flat and (named & set(above) or one.join):
            spot.fail(f"ask for all {_words(one.name)} at once: {_words(flat[0])} are made of them")
        if one.join and named & set(above):
            spot.below("join").fail("leave join out, or the placeholder of the parent: both say what belongs to it")
        several = [
            parent for parent in parents if parent in lists and not lists[parent].constants and parent not in flat
        ]
        if several and not one.join and self._known[several[-1]]["item"] not in named:
            item = self._known[several[-1]]["item"]
            spot.fail(
                f"say what belongs to which {_words(item)}: {{{item}.id}} in the {self._ask}, "
                f"or join: {{{item}_id: id}} where one list has those of all"
            )


def read_records(spot: Spot, paging: Paging | None, expression: Callable[..., str]) -> str:
    """Where the records are. On a page none may be filtered out: it would look as if it were short."""
    found = expression(spot)
    if paging and paging.by != "none" and "[?" in found:
        spot.fail("leave the filter out, and give where in its place: a page with fewer records looks like the last")
    return found


def read_where(spot: Spot, expression: Callable[..., str]) -> Facts:
    """The values that a list's records are to have, one of several at each JMESPath."""
    found: Facts = {}
    for key in spot.keys("{published: true}"):
        below = spot.below(key)
        expression(below, key)
        wanted = below.value if isinstance(below.value, list) else [below.value]
        for value in wanted:
            if value is not None and not isinstance(value, str | int | float | bool):
                below.fail("give a text, a number, true, false, null, or a list of them")
        if not 1 <= len(wanted) <= MAX_ITEMS:
            below.fail(f"give from 1 to {MAX_ITEMS} values")
        found[key] = tuple(wanted)
    return found


def _words(name: str) -> str:
    return name.replace("_", " ")


class ApiMapExtension(Extension):
    """Adds `environment.read_api_map`, and what questions ask of a map as filters."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._catalog: Catalog = environment.catalog  # type: ignore[attr-defined]  # CatalogExtension adds it
        self._read: dict[tuple[Any, ...], ApiMap] = {}
        environment.extend(
            read_api_map=self.read,
            read_api_frame=self.read_frame,
            api_list=MappedList,
            api_detail=Detail,
            api_map=ApiMap,
            api_where=read_where,
            api_records=read_records,
            api_list_keys=LIST_KEYS,
            no_api=NO_API,
        )
        environment.filters |= {
            "api_fault": self.fault,
            "beside_api_fault": self.beside_fault,
            "with_api": self.with_api,
            "unasked_fault": self.unasked_fault,
        }

    def read(
        self,
        text: str,
        service_type: str,
        options: tuple[str, ...],
        auth_types: tuple[str, ...],
        connection_type: str,
        module: str = "sdk",
    ) -> ApiMap:
        """The map in a text, for a service type. Raises DeclarationError.

        `options` are those of the author's own, `module` is what an SDK is imported as by the name of its package.
        """
        key = (text, service_type, options, auth_types, connection_type, module)
        if key not in self._read:
            self._read[key] = self._reader(service_type, options, auth_types, connection_type, module).read(text)
        return self._read[key]

    def read_frame(
        self, text: str, service_type: str, options: tuple[str, ...], auth_types: tuple[str, ...]
    ) -> tuple[ApiMap, PagingReader | None]:
        """What a text says of all requests, without lists, and how these are paged. Raises DeclarationError."""
        return self._reader(service_type, options, auth_types, "rest_api", "").read_frame(text)

    def _reader(
        self,
        service_type: str,
        options: tuple[str, ...],
        auth_types: tuple[str, ...],
        connection_type: str,
        module: str,
    ) -> Reader:
        signs_in = [self._catalog.sign_in(one, connection_type).get("options", {}) for one in auth_types]
        return Reader(
            self.environment,
            self._catalog.services[service_type].get("resources", {}),
            lambda name: self._catalog.fields_of(service_type, name),
            self._catalog.fields["nested"],
            (*OPTIONS[connection_type], *options),
            list(dict.fromkeys(name for names in signs_in for name in names)),
            module if connection_type == "sdk_client" else None,
        )

    def fault(
        self, text: str, service_type: str, connection_type: str, kind: str, auth_types: Collection[str], options: str
    ) -> str:
        """Refuses a map that can't be honoured, by its first fault."""
        over = connection_type
        if kind not in ("connector", "topology") or over not in OPTIONS:
            return f"leave api out: it belongs to connectors over rest_api or sdk_client, not to {over or kind}"
        try:
            if kind == "topology":
                self.read_frame(text, service_type, self._options(options), tuple(auth_types))
            else:
                self.read(text, service_type, self._options(options), tuple(auth_types), connection_type)
        except self.environment.declaration_error as error:  # type: ignore[attr-defined]
            return str(error)
        return ""

    def _options(self, answer: str) -> tuple[str, ...]:
        """What a map may call options of the author's own: those of the answer `options` where that can be read."""
        try:
            return tuple(self.environment.read_options(answer))  # type: ignore[attr-defined]
        except ValueError:
            return ()

    @staticmethod
    def beside_fault(answer: str, api: str) -> str:
        """Refuses an answer that says of lists what a map says, too."""
        return "leave this out: the answer api says how lists are read" if answer and api else ""

    def with_api(
        self,
        usual: str,
        text: str,
        service_type: str,
        auth_types: Collection[str],
        options: str,
        connection_type: str,
    ) -> str:
        """The `usual` capabilities, a list as JSON, and those that a map has something for."""
        listed = json.loads(usual)
        needed = self._needed(text, service_type, auth_types, options, connection_type)
        return json.dumps([*listed, *(one for one in needed if one not in listed)])

    def unasked_fault(
        self,
        chosen: Collection[str],
        text: str,
        service_type: str,
        auth_types: Collection[str],
        options: str,
        connection_type: str,
    ) -> str:
        """Refuses capabilities without one that a part of a map is for, which would not be read."""
        for capability, part in self._needed(text, service_type, auth_types, options, connection_type).items():
            if capability not in chosen:
                return f"choose {capability}, too, or leave {part} out of api: without it that is not read"
        return ""

    def _needed(
        self, text: str, service_type: str, auth_types: Collection[str], options: str, connection_type: str
    ) -> dict[str, str]:
        """The capabilities that parts of a map are for, each with the first of these parts."""
        if not text or connection_type not in OPTIONS:
            return {}
        try:
            api = self.read(text, service_type, self._options(options), tuple(auth_types), connection_type)
        except self.environment.declaration_error:  # type: ignore[attr-defined]
            return {}
        found: dict[str, str] = {}
        for name, listed in api.lists.items():
            facts = self._catalog.services[service_type]["resources"][name]
            if "capability" in facts:
                found.setdefault(facts["capability"], name)
            for field_name, field_facts in self._catalog.fields_of(service_type, name).items():
                if field_facts["model"] in listed.fields and "capability" in field_facts:
                    found.setdefault(field_facts["capability"], f"{name}.fields.{field_name}")
        return found
