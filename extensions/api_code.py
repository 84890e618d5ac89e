"""Python for an API map: the methods of an emitted client, laid out as a formatter would leave them.

Nothing of the map is interpreted when a connector runs: each request is written out here, with values of records and
options where the map has placeholders.
"""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from jinja2 import Environment

    from extensions.api_calls import Call, Step
    from extensions.api_fields import Field
    from extensions.api_map import ApiMap, Detail, MappedList
    from extensions.api_requests import Placeholder, Request, Text

LINE_LENGTH = 120
INDENT = "    "

# What the method of a list is handed by those that read pages, by how the list is paged: name and type.
_PAGED = {
    "page": ("_numbered", "number", "int"),
    "offset": ("_from_offsets", "start", "int"),
    "cursor": ("_from_cursors", "cursor", "str | None"),
    "link_header": ("_linked", "", ""),
    "none": ("_whole", "", ""),
}
# Functions of the emitted expressions.py that a client imports where its methods use them.
_EXPRESSIONS = (
    *("declared", "each", "having", "held", "joined", "known", "meant", "needed", "parsed", "part", "present"),
    "time_in",
)
_WORDS = {"page": "number", "offset": "start", "cursor": "cursor"}


@dataclass(frozen=True)
class Group:
    """Code in brackets. `head` ends with the opening one. A `literal` that does not fit has an item a line at once."""

    head: str
    items: tuple[str | Group, ...]
    tail: str
    literal: bool = False

    def prefixed(self, text: str) -> Group:
        return Group(f"{text}{self.head}", self.items, self.tail, self.literal)


def one_line(code: str | Group) -> str:
    """Code on one line."""
    if isinstance(code, str):
        return code
    return f"{code.head}{', '.join(map(one_line, code.items))}{code.tail}"


def layout(code: str | Group, indent: int, behind: int = 0) -> str:
    """Code that starts at a column, with so many characters behind it, broken where it does not fit."""
    line = one_line(code)
    if isinstance(code, str) or not code.items or indent + len(line) + behind <= LINE_LENGTH:
        return line
    inner = indent + 4
    inside = ", ".join(map(one_line, code.items))
    if not code.literal and inner + len(inside) <= LINE_LENGTH:
        return f"{code.head}\n{' ' * inner}{inside}\n{' ' * indent}{code.tail}"
    items = "".join(f"{' ' * inner}{layout(item, inner, 1)},\n" for item in code.items)
    return f"{code.head}\n{items}{' ' * indent}{code.tail}"


class Methods:
    """Writes the methods of a client for the lists of a map.

    `options` and `credentials` are Python for what `{options.…}` and `{auth.…}` may name. `ahead` is whether lists
    below others may be asked for before they are read.
    """

    def __init__(
        self,
        api: ApiMap,
        resources: Mapping[str, Any],
        options: Mapping[str, str],
        filters: Any,
        credentials: Mapping[str, str],
        ahead: bool = True,
    ) -> None:
        self._api = api
        self._ahead = ahead
        self._resources = resources
        self._options = options
        self._credentials = credentials
        self._string: Callable[[object], str] = filters["py_string"]
        self._literal: Callable[[object], str] = filters["py_line"]

    @property
    def reads_ahead(self) -> bool:
        """Whether several things can be asked for at a time."""
        if self._api.sdk:
            # The client of an SDK need not bear several threads.
            return False
        return any(listed.details for listed in self._api.lists.values()) or any(map(self.below, self._resources))

    def below(self, name: str) -> list[str]:
        """The lists that are asked for below each record of a resource."""
        return [
            other.name
            for other in self._resources.values()
            if other.parent_name == name
            and other.name in self._api.lists
            and self._is_begun(self._api.lists[other.name])
        ]

    def _is_begun(self, listed: MappedList) -> bool:
        """Whether a list is asked for, for each parent by itself."""
        return (
            self._ahead
            and bool(listed.request)
            and not self._api.sdk
            and not self.is_flat(listed)
            and bool(self._resources[listed.name].parents)
        )

    def place(self, name: str) -> str:
        """Where the records of a list come from, in a few words."""
        listed = self._api.lists.get(name)
        if listed is None:
            return "nothing"
        if listed.request:
            return listed.request.place
        if listed.source:
            return f"{listed.key} of the {_plural(listed.source)}"
        return "always the same" if listed.constants else f"{listed.records} of the {self._resources[name].parent}"

    def all(self) -> str:
        """The methods of all lists."""
        return "\n\n".join(map(self.of, self._resources))

    @cached_property
    def names(self) -> set[str]:
        """What the methods use, and what opens an SDK: names, attributes after a dot, and keywords before `=`."""
        found = set()
        opened = self.opened() if self._api.sdk else ""
        for node in ast.walk(ast.parse(f"class Client:\n{self.all()}\n{opened}")):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(f".{node.attr}")
            elif isinstance(node, ast.keyword):
                found.add(f"{node.arg}=")
        return found

    @property
    def expressions(self) -> list[str]:
        """What is imported from expressions.py for them."""
        return [name for name in _EXPRESSIONS if name in self.names]

    # ---- Whole methods ---------------------------------------------------------------------------------------------

    def of(self, name: str) -> str:
        """The methods for a resource: its list, and where it has them, its requests for each record and its fields."""
        resource = self._resources[name]
        listed = self._api.lists.get(name)
        if listed is None:
            return self._unread(resource)
        methods = [self._list(resource, listed)]
        if self.is_flat(listed):
            methods.append(self._all(resource, listed))
        if listed.details:
            methods.append(self._in_full(resource, listed))
        if listed.fields:
            methods.append(self._fields(resource, listed))
        if listed.contents:
            methods.append(self._contents(resource, listed))
        return "\n\n".join(methods)

    def _list(self, resource: Any, listed: MappedList) -> str:
        """The method that the source calls."""
        body: list[str] = []
        if listed.constants:
            return self._method(resource, "always the same", [f"yield from {self._literal(list(listed.constants))}"])
        if listed.source:
            above = [f'{parent}["name"]' for parent in resource.parents]
            code = Group(f"yield from self._flat_{listed.source}().parents(", tuple(above), ")")
            return self._method(
                resource, f"those that {_plural(listed.source)} name in {listed.key}", [layout(code, 8)]
            )
        if self.is_flat(listed):
            keys = self._join_values(resource, listed)
            code = Group(f"yield from self._flat_{listed.name}().of(", tuple(keys), ")")
            return self._method(resource, f"of all that {self._place(listed)} lists", [layout(code, 8)])
        records = self._records(resource, listed, body)
        body.append(layout(_keyed("yield from ", records), 8))
        return self._method(resource, self._place(listed), body)

    def _all(self, resource: Any, listed: MappedList) -> str:
        """The methods for a list that has the records of all parents."""
        body: list[str] = []
        records = self._records(resource, listed, body)
        keys = list(listed.join) or [
            self._api.lists[parent].key for parent in resource.parent_names if self._has_key(parent)
        ]
        flat = Group(
            f"self._flat({self._string(listed.name)}, self._all_{listed.name}, ",
            (self._literal(keys),),
            ")",
        )
        return "\n".join(
            [
                f"{INDENT}def _flat_{listed.name}(self) -> FlatList:",
                f"{INDENT * 2}return {layout(flat, 15)}",
                "",
                f"{INDENT}def _all_{listed.name}(self) -> Iterator[Record]:",
                f'{INDENT * 2}"""All {_plural(listed.name)}: {_documented(self._place(listed))}."""',
                *_indented(body, 2),
                f"{INDENT * 2}{layout(_keyed('yield from ', records), 8)}",
            ]
        )

    def _in_full(self, resource: Any, listed: MappedList) -> str:
        """The method that asks for each record by itself."""
        item = resource.item
        parents = self._detail_parents(resource, listed)
        what = "calls" if self._api.sdk else "requests"
        lines = [
            f"{INDENT}def _{item}_in_full(self, {', '.join(f'{one}: Record' for one in (*parents, item))}) -> Record:",
            f'{INDENT * 2}"""A record of the {_plural(listed.name)}, with what {what} of its own add."""',
        ]
        for number, detail in enumerate(listed.details, 1):
            if self._api.sdk:
                of_detail = self._called_detail(item, detail, number)
            else:
                of_detail = self._detail(item, listed.name, detail)
            lines += _indented(of_detail, 2)
        lines.append(f"{INDENT * 2}return {item}")
        return "\n".join(lines)

    def _detail(self, item: str, name_of_list: str, detail: Detail) -> list[str]:
        request: Any = detail.request
        names = _Names()
        lines, checks = [], []
        for one in request.placeholders:
            if one.of in ("options", "auth"):
                continue
            name = names.of(one)
            lines.append(f"{name} = known({one.of}, {self._string(one.expression)})")
            checks.append(name)
        path = self._text(request.path, names, quoted=True)
        sent = self._sent(request, names, {}, ())
        arguments = [self._string(name_of_list), item, path, self._string(detail.record), self._string(detail.into)]
        if request.method != "GET":
            sent = [f"method={self._string(request.method)}", *sent]
        if request.graphql:
            sent.insert(1, "graphql=True")
        code = Group(f"{item} = self._with_detail(", (*arguments, *sent), ")")
        check = " and ".join(f"{name} is not None" for name in dict.fromkeys(checks))
        return [*lines, f"if {check}:", f"{INDENT}{layout(code, 12)}"]

    def _fields(self, resource: Any, listed: MappedList) -> str:
        item = resource.item
        code = Group("return {", tuple(self._entries(listed.fields, "record")), "}", literal=True)
        return "\n".join(
            [
                f"{INDENT}def _{item}_fields(self, record: Record) -> Record:",
                f'{INDENT * 2}"""What the {_plural(listed.name)} have, by the names of the models\' fields."""',
                f"{INDENT * 2}{layout(code, 8)}",
            ]
        )

    def _entries(self, fields: Mapping[str, Field], record: str) -> Iterable[str | Group]:
        for name, one in fields.items():
            yield _keyed(f"{self._string(name)}: ", self._field(one, record))

    def _field(self, one: Field, record: str) -> str | Group:
        """Python for a field of a record."""
        code: str | Group
        if isinstance(one.value, str):
            code = f"value({record}, {self._string(one.value)})"
        else:
            parts = [
                self._string(part)
                if isinstance(part, str)
                else self._option(part)
                if part.of == "options"
                else f"value({record}, {self._string(part.expression)})"
                for part in one.value.parts
            ]
            code = Group("joined(", tuple(parts), ")")
        if one.json:
            code = Group("parsed(", (code, *map(self._string, one.json)), ")")
        if one.fields:
            inner = Group("{", tuple(self._entries(one.fields, "item")), "}", literal=True)
            return Group("each(", (code, inner.prefixed("lambda item: ")), ")")
        if one.time:
            code = Group("time_in(", (code, self._string(one.time)), ")")
        if one.words:
            words = Group(
                "{", tuple(f"{self._string(key)}: {self._string(word)}" for key, word in one.words.items()), "}", True
            )
            default = (self._string(one.default),) if one.default else ()
            code = Group("meant(", (code, words, *default), ")")
        return code

    def _unread(self, resource: Any) -> str:
        """The method of a list that the map does not name."""
        level = any(resource.name in other.parent_names for other in self._resources.values())
        body = ["yield WHOLE"] if level else ["yield from ()"]
        said = "the one that stands for all" if level else "not asked for"
        return self._method(resource, said, body)

    def _method(self, resource: Any, said: str, body: Sequence[str]) -> str:
        parents = "".join(f", {parent}: Record" for parent in resource.parents)
        whose = (
            f"The {_plural(resource.name)} of a {resource.parent}"
            if resource.parent
            else f"All {_plural(resource.name)}"
        )
        below = self.below(resource.name)
        listed = self._api.lists.get(resource.name)
        return "\n".join(
            [
                *([f"{INDENT}@reads_ahead({', '.join(map(self._string, below))})"] if below else []),
                *([f"{INDENT}@read_ahead"] if listed and self._is_begun(listed) else []),
                f"{INDENT}def {resource.name}(self{parents}) -> Iterator[Record]:",
                f'{INDENT * 2}"""{whose}: {_documented(said)}."""',
                *_indented(body, 2),
            ]
        )

    # ---- What a list is made of ------------------------------------------------------------------------------------

    def _records(self, resource: Any, listed: MappedList, body: list[str]) -> str | Group:
        """Python for the records of a list; `body` gets the statements before it."""
        records: str | Group
        if not listed.request:
            arguments = [resource.parent, self._string(listed.records)]
            arguments += [self._string(listed.key_field)] if listed.key_field else []
            above = self._api.lists.get(resource.parent_name)
            arguments += [f"lacking={self._string(above.name)} in self._refused"] if above and above.details else []
            records = Group("held(", tuple(arguments), ")")
        else:
            records = self._asked(resource, listed, body)
        if listed.optional:
            records = Group("self._if_there(", (self._string(listed.name), records), ")")
        if listed.where:
            records = Group("having(", (records, self._wanted(listed.where)), ")")
        if listed.details:
            parents = self._detail_parents(resource, listed)
            function = f"self._{resource.item}_in_full"
            if parents:
                function = f"partial({function}, {', '.join(parents)})"
            records = Group("map(" if self._api.sdk else "self.workers.each(", (function, records), ")")
            if not self._api.sdk:
                records = Group("self._say_refused(", (self._string(listed.name), records), ")")
        if listed.fields:
            found = () if self._api.sdk else (f"self._found[{self._string(listed.name)}]",)
            records = Group("declared(", (records, f"self._{resource.item}_fields", *found), ")")
        return records

    def _listing(self, listed: MappedList, place: str) -> str:
        """The statement that says what a list is; `place` is Python."""
        paging: Any = listed.paging
        facts = [self._string(listed.name), place]
        facts += [f"records={self._string(listed.records)}"] if listed.records not in ("", "@") else []
        among = re.fullmatch(r"(.+\])\.[^\[\]|&?]+", listed.records)
        facts += [f"among={self._string(among[1])}"] if among and not self._api.sdk else []
        facts += [f"columns={self._literal(listed.columns)}"] if listed.columns else []
        facts += [f"key_field={self._string(listed.key_field)}"] if listed.key_field else []
        fields = [
            f"{name}={self._string(value)}" for name, value in (("count", paging.count), ("more", paging.more)) if value
        ]
        facts += [f"fields=PagingFields({', '.join(fields)})"] if fields else []
        facts += [f"size={paging.size}"] if paging.size else []
        facts += [f"first={paging.first}"] if paging.by == "page" and paging.first != 1 else []
        facts += [f"next={self._string(paging.next)}"] if paging.next else []
        facts += [f"next_header={self._string(paging.next_header)}"] if paging.next_header else []
        request: Any = listed.request
        facts += ["takes_values=True"] if not self._api.sdk and request.takes_values else []
        return layout(Group("listing = Listing(", tuple(facts), ")"), 8)

    def _asked(self, resource: Any, listed: MappedList, body: list[str]) -> str | Group:
        """Python for the records that a request lists, page by page."""
        paging: Any = listed.paging
        if self._api.sdk:
            return self._called(resource, listed, body)
        request: Any = listed.request
        names = _Names(resource.parents)
        for one in request.placeholders:
            if one.of in resource.parents:
                name = names.of(one)
                body.append(f"{name} = needed({one.of}, {self._string(one.expression)})")
        paged_path = any(one.of in _WORDS or one.of == "size" for one in request.path.placeholders)
        place = self._string(request.path.written()) if paged_path else self._text(request.path, names, quoted=True)
        body.append(self._listing(listed, place))
        reader, argument, kind = _PAGED[paging.by]
        if request.takes_values:
            kind = "Any"
        path = [f"path={self._text(request.path, names, quoted=True)}"] if paged_path else []
        method = [] if request.method == "GET" else [self._string(request.method)]
        if request.graphql:
            method.append("graphql=True")
        omitted = (argument,) if paging.by == "cursor" else ()
        sent = self._sent(request, names, {"size": str(paging.size)}, omitted)
        page = Group("self._page(", ("listing", *method, *path, *sent), ")")
        if not argument:
            records = Group(f"self.{reader}(", ("listing", page), ")")
            if not listed.optional:
                return records
            # The first page is asked for where the list is read: before that, nothing knows that it may be missing.
            read = layout(records.prefixed("yield from "), 12)
            body += ["", f"def {reader[1:]}() -> Iterator[Record]:", f"{INDENT}{read}", ""]
            return Group(f"{reader[1:]}(", (), ")")
        # The nested function stands four columns deeper than the method's body.
        read = layout(page.prefixed("return "), 12)
        body += ["", f"def page({argument}: {kind}) -> Page:", f"{INDENT}{read}", ""]
        return Group(f"self.{reader}(", ("listing", "page"), ")")

    # ---- Calls of an SDK -------------------------------------------------------------------------------------------

    def _called(self, resource: Any, listed: MappedList, body: list[str]) -> Group:
        """Python for the records that a call of an SDK gives."""
        call: Any = listed.request
        paging: Any = listed.paging
        names = _Names()
        for one in call.placeholders:
            if one.of in resource.parents:
                body.append(f"{names.of(one)} = needed({one.of}, {self._string(one.expression)})")
        body.append(self._listing(listed, self._string(call.place)))
        reader, argument, kind = _PAGED[paging.by]
        name = "page" if argument else "call"
        parameter = f"{argument}: {'Any' if paging.by == 'cursor' else kind}" if argument else ""
        body += ["", *self._function(name, parameter, call, names, 8, {"size": str(paging.size)}), ""]
        return Group(f"self.{reader}(", ("listing", name), ")")

    def _called_detail(self, item: str, detail: Detail, number: int) -> list[str]:
        """The statements that add to a record what a call for it gives."""
        call: Any = detail.request
        names = _Names()
        lines, checks = [], []
        for one in call.placeholders:
            if one.of != "options":
                checks.append(names.of(one))
                lines.append(f"{checks[-1]} = known({one.of}, {self._string(one.expression)})")
        name = call.steps[-1].name.rpartition(".")[2] + (f"_{number}" if number > 1 else "")
        arguments = (item, self._string(call.place), name, self._string(detail.record), self._string(detail.into))
        code = layout(Group(f"{item} = self._with_detail(", arguments, ")"), 12)
        function = self._function(name, "", call, names, 12)
        check = " and ".join(f"{name} is not None" for name in dict.fromkeys(checks))
        return [*lines, f"if {check}:", *_indented(["", *function, "", code])]

    def _contents(self, resource: Any, listed: MappedList) -> str:
        """The method that gives the bytes of one."""
        contents: Any = listed.contents
        call, item = contents.call, resource.item
        names = _Names()
        names.know(item, "key", "key")
        body = [
            f"{names.of(one)} = needed({one.of}, {self._string(one.expression)})"
            for one in call.placeholders
            if one.of in resource.parents
        ]
        body += [*(("",) if body else ()), *self._function("call", "", call, names, 8), ""]
        arguments = (self._string(call.place), "call", *((self._string(contents.at),) if contents.at else ()))
        read = Group("return self._contents(", ("key", "most", *arguments), ")")
        parents = "".join(f", {one}: Record" for one in resource.parents)
        return "\n".join(
            [
                f"{INDENT}def read_{item}(self{parents}, key: str, most: int) -> bytes | None:",
                f'{INDENT * 2}"""The contents of the {_plural(item)} with this key: {call.place}.',
                "",
                f"{INDENT * 2}None where there is none. Raises ValueError where they have more bytes than `most`.",
                f'{INDENT * 2}"""',
                *_indented(body, 2),
                f"{INDENT * 2}{layout(read, 8)}",
            ]
        )

    def _function(
        self, name: str, parameter: str, call: Call, names: _Names, indent: int, sizes: Mapping[str, str] | None = None
    ) -> list[str]:
        """A function within a method that makes a call; `indent` is the column that it stands at."""
        waits = self._api.sdk is not None and self._api.sdk.is_async and len(call.steps) > 1
        lines = self._steps(call, "self._sdk", names, indent + 4, waits, sizes)
        return [f"{'async ' if waits else ''}def {name}({parameter}) -> Any:", *(f"{INDENT}{line}" for line in lines)]

    def _steps(
        self,
        call: Call,
        root: str,
        names: _Names,
        indent: int,
        waits: bool = False,
        sizes: Mapping[str, str] | None = None,
    ) -> list[str]:
        """The statements of a call: each step but the last gives what the next one is called on."""
        lines, on = [], root
        for step in call.steps[:-1]:
            code = Group(f"{on}.{step.name}(", tuple(self._arguments(step, names, sizes)), ")")
            whole = Group("found = await done(", (code,), ")") if waits else code.prefixed("found = ")
            lines.append(layout(whole, indent))
            on = "found"
        arguments = tuple(self._arguments(call.steps[-1], names, sizes))
        lines.append(layout(Group(f"return {on}.{call.steps[-1].name}(", arguments, ")"), indent))
        return lines

    def _arguments(self, step: Step, names: _Names, sizes: Mapping[str, str] | None) -> list[str | Group]:
        """The arguments of a call. Those that may have no value are left out where they have none."""
        found = [self._argument(value, names, sizes) for value in step.positional]
        always = {name: value for name, value in step.named.items() if not _may_lack(value) and _is_name(name)}
        others = {name: value for name, value in step.named.items() if name not in always}
        found += [_keyed(f"{name}=", self._argument(value, names, sizes)) for name, value in always.items()]
        if others:
            items = tuple(
                _keyed(f"{self._string(name)}: ", self._argument(value, names, sizes)) for name, value in others.items()
            )
            found.append(Group("**present(", (Group("{", items, "}", literal=True),), ")"))
        return found

    def _argument(self, value: Any, names: _Names, sizes: Mapping[str, str] | None) -> str | Group:
        """Python for the value of an argument. A text with an option in it is none where the option is not set."""
        if _may_lack(value) and not value.alone:
            parts = [self._string(part) if isinstance(part, str) else self._named(part, names) for part in value.parts]
            return Group("joined(", tuple(parts), ")")
        return self._value(value, names, sizes or {}, "")

    def opened(self) -> str:
        """The statements that make the client of the SDK."""
        sdk: Any = self._api.sdk
        names = _Names()
        call = sdk.client
        lines = [line.replace("self._connection", "connection") for line in self._steps(call, "sdk", names, 4)]
        *before, last = call.steps
        positional = [self._argument(value, names, None) for value in last.positional]
        given = last.named if sdk.has_arguments else {"host": None}
        items = []
        for name, value in given.items():
            code = self._options["hostPort"] if value is None and not sdk.has_arguments else None
            items.append(_keyed(f"{self._string(name)}: ", code or self._argument(value, names, None)))
        own: str | Group = "credentials(connection)"
        if items:
            own = Group("present(", (Group("{", tuple(items), "}", literal=True),), ") | credentials(connection)")
        on = "found" if before else "sdk"
        statements = [
            *lines[:-1],
            layout(_keyed("arguments = ", own), 4),
            layout(Group(f"return {on}.{last.name}(", (*positional, "**arguments"), ")"), 4),
        ]
        return "\n".join(f"{INDENT}{line}" for line in statements).replace("self._connection", "connection")

    @property
    def given_fields(self) -> list[str]:
        """The fields of authType that arguments of the client have a place for."""
        sdk = self._api.sdk
        asked = [one.expression for one in sdk.client.placeholders if one.of == "auth"] if sdk else []
        paths = [path for name in asked for path in re.findall(r'"([^"]+)"', self._credentials[name])]
        return list(dict.fromkeys(path.partition(".")[0] for path in paths))

    # ---- What is sent ----------------------------------------------------------------------------------------------

    def _sent(
        self, request: Request, names: _Names, sizes: Mapping[str, str], omitted: Sequence[str]
    ) -> list[str | Group]:
        """The arguments that are sent beside the path."""
        sent: list[str | Group] = []
        if request.query:
            sent.append(self._value(request.query, names, sizes, "params="))
        if request.graphql:
            variables = self._value(request.variables, names, sizes, "")
            body = Group(
                "{",
                (f'"query": {self.query_names[request.graphql]}', _keyed('"variables": ', variables)),
                "}",
                literal=True,
            )
            sent.append(body.prefixed("json="))
        elif request.json is not None:
            body_code = self._value(request.json, names, sizes, "")
            if omitted and any(one.of == "cursor" for one in request.placeholders):
                sent.append(Group("json=present(", (body_code,), ")"))
            else:
                sent.append(_keyed("json=", body_code))
        elif request.form:
            sent.append(self._value(request.form, names, sizes, "data="))
        if request.headers:
            sent.append(self._value(request.headers, names, sizes, "headers=", as_text=True))
        return sent

    @property
    def query_names(self) -> dict[str, str]:
        """The constants that queries of GraphQL are kept in, by their texts."""
        found: dict[str, str] = {}
        for listed in self._api.lists.values():
            requests: list[Any] = listed.requests
            for number, request in enumerate((one for one in requests if one.graphql), 1):
                name = f"{listed.name.upper()}_QUERY" if number == 1 else f"{listed.name.upper()}_QUERY_{number}"
                found.setdefault(request.graphql, name)
        return found

    def _value(
        self, value: Any, names: _Names, sizes: Mapping[str, str], lead: str, as_text: bool = False
    ) -> str | Group:
        """Python for a value of a request; `as_text` is for headers, which take no numbers."""
        if isinstance(value, dict):
            items = tuple(
                _keyed(f"{self._string(key)}: ", self._value(item, names, sizes, "", as_text))
                for key, item in value.items()
            )
            return Group(f"{lead}{{", items, "}", literal=True)
        if isinstance(value, list):
            return Group(f"{lead}[", tuple(self._value(item, names, sizes, "") for item in value), "]", literal=True)
        if value is None or isinstance(value, bool | int | float):
            return f"{lead}{self._literal(value)}"
        return f"{lead}{self._text(value, names, sizes=sizes, as_text=as_text)}"

    def _text(
        self,
        text: Text,
        names: _Names,
        *,
        quoted: bool = False,
        sizes: Mapping[str, str] | None = None,
        as_text: bool = False,
    ) -> str:
        """Python for a text: a literal, the value that it stands for, or an f-string."""
        sizes = sizes or {}
        # A cursor that is not there leaves its header out.
        if text.alone and not quoted and (not as_text or text.alone.of == "cursor"):
            return sizes[text.alone.of] if text.alone.of in sizes else self._named(text.alone, names)
        if not text.placeholders:
            return self._string(text.literal)
        is_formatted = any(part.of not in sizes for part in text.placeholders)
        pieces = []
        for part in text.parts:
            if isinstance(part, str):
                inside = self._inside(part)
                pieces.append(inside.replace("{", "{{").replace("}", "}}") if is_formatted else inside)
            elif part.of in sizes:
                pieces.append(sizes[part.of])
            else:
                code = self._named(part, names).replace('"', "'")
                is_number = part.of in ("page", "offset")
                pieces.append(f"{{part({code})}}" if quoted and not is_number else f"{{{code}}}")
        return f'f"{"".join(pieces)}"' if is_formatted else f'"{"".join(pieces)}"'

    def _inside(self, text: str) -> str:
        """A text as it stands between double quotes."""
        literal = self._string(text)
        if literal.startswith("'"):
            return literal[1:-1].replace("\\'", "'").replace('"', '\\"')
        return literal[1:-1]

    def _named(self, one: Placeholder, names: _Names) -> str:
        if one.of in _WORDS:
            return _WORDS[one.of]
        if one.of == "auth" and self._api.sdk:
            return self._credentials[one.expression]
        return self._option(one, names) if one.of == "options" else names.of(one)

    def _option(self, one: Placeholder, names: _Names | None = None) -> str:
        code = self._options[one.expression]
        return (
            code.replace("self._base_url", "base_url").replace("self.", "") if isinstance(names, _Credentials) else code
        )

    def _wanted(self, where: Mapping[str, Any]) -> str | Group:
        items = []
        for path, values in where.items():
            listed = ", ".join(map(self._literal, values))
            items.append(f"{self._string(path)}: ({listed}{',' if len(values) == 1 else ''})")
        return Group("{", tuple(items), "}", literal=True)

    def _join_values(self, resource: Any, listed: MappedList) -> list[str]:
        if listed.join:
            return [f"value({resource.parent}, {self._string(path)})" for path in listed.join.values()]
        parents = zip(resource.parents, resource.parent_names, strict=True)
        return [f'{item}["name"]' for item, name in parents if self._has_key(name)]

    def _has_key(self, name: str) -> bool:
        return name in self._api.lists and bool(self._api.lists[name].source)

    def is_flat(self, listed: MappedList) -> bool:
        """Whether one list has the records of all parents."""
        return bool(listed.join) or any(other.source == listed.name for other in self._api.lists.values())

    @staticmethod
    def _detail_parents(resource: Any, listed: MappedList) -> list[str]:
        asked = {one.of for detail in listed.details for one in detail.request.placeholders}
        return [parent for parent in resource.parents if parent in asked]

    @staticmethod
    def _place(listed: MappedList) -> str:
        return listed.request.place if listed.request else f"what its record has in {listed.records}"

    def login(self, auth: Mapping[str, Any], config_class: str, suffix: str) -> str:
        """The function that sends the credentials of an auth type, whose facts are given."""
        login = self._api.login
        if login is None:
            raise ValueError("there is no login")
        names = _Credentials(auth["options"])
        request = login.request
        path = self._text(request.path, names, quoted=True)
        place = f'f"{{base_url}}{path.removeprefix("f")[1:-1]}"'
        fixed = ("timeout=timeout", "verify=verify", "cert=cert", "allow_redirects=False", "stream=True")
        sent = self._sent(request, names, {}, ())
        call = Group("return requests.request(", (self._string(request.method), place, *sent, *fixed), ")")
        head = Group(
            f"def log_in{suffix}(",
            (
                f"connection: {config_class}",
                f"auth: {auth['model']}",
                "verify: bool | str",
                "cert: tuple[str, str] | None",
                "timeout: int",
            ),
            ") -> requests.Response:",
        )
        return "\n".join(
            [
                layout(head, 0),
                f'{INDENT}"""Ask for a token. The credentials go nowhere else: redirects are not followed."""',
                f'{INDENT}base_url = str(connection.hostPort).rstrip("/")',
                f"{INDENT}{layout(call, 4)}",
            ]
        )

    # ---- What is the same for all lists ----------------------------------------------------------------------------

    def every_header(self, values: Mapping[str, Any]) -> str:
        """Python for headers that every request has."""
        return layout(self._value(dict(values), _Names(), {}, "", as_text=True), 8)

    def every_query(self, values: Mapping[str, Any]) -> list[str]:
        """The statements that put together a query: the options of the connection, what every request has, its own."""
        always = self._value(dict(values), _Names(), {}, "")
        whole = f"params = self._options | {one_line(always)} | (params or {{}})"
        if 8 + len(whole) <= LINE_LENGTH:
            return [whole]
        return [layout(_keyed("always = ", always), 8), "params = self._options | always | (params or {})"]


class _Names:
    """Names of variables for what requests take from records."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._known: dict[tuple[str, str], str] = {}

    def know(self, of: str, expression: str, name: str) -> None:
        """Let a placeholder be a variable that there is already."""
        self._known[of, expression] = name
        self._taken.add(name)

    def of(self, one: Placeholder) -> str:
        """A variable for a placeholder, always the same: dashboard_id for {dashboard.id}."""
        key = (one.of, one.expression)
        if key not in self._known:
            words = "_".join([one.of, *re.findall(r"[A-Za-z][A-Za-z0-9]*", one.expression)[-2:]])
            name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words).lower()[:40].rstrip("_")
            while name in self._taken:
                name += "_2"
            self._taken.add(name)
            self._known[key] = name
        return self._known[key]


class _Credentials(_Names):
    """Python for what a login takes of the sign-in. `options` are those of an auth type."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self._options = options

    def of(self, one: Placeholder) -> str:
        facts = self._options[one.expression]
        return f"auth.{facts['path']}{'.get_secret_value()' if facts.get('secret') else ''}"


def _keyed(lead: str, code: str | Group) -> str | Group:
    return f"{lead}{code}" if isinstance(code, str) else code.prefixed(lead)


def _indented(lines: Iterable[str], levels: int = 1) -> list[str]:
    """Lines further in, without blanks on the empty ones."""
    return [f"{INDENT * levels}{line}" if line else "" for line in lines]


def _may_lack(value: Any) -> bool:
    """Whether a value of an argument may be missing: an option that is not set, or a cursor on the first page."""
    placeholders = getattr(value, "placeholders", ())
    return any(one.of in ("options", "auth", "cursor") for one in placeholders)


def _is_name(name: str) -> bool:
    """Whether an argument may be written with its name in Python."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def _documented(text: str) -> str:
    """A text of the map as it stands in a docstring, which it neither ends nor escapes from."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _plural(name: str) -> str:
    return name.replace("_", " ")


class ApiCodeExtension(Extension):
    """Adds `environment.api_methods`, which makes Methods of a map."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)

        def methods(
            api: ApiMap,
            resources: Mapping[str, Any],
            options: Mapping[str, str],
            credentials: Mapping[str, str],
            ahead: bool = True,
        ) -> Methods:
            return Methods(api, resources, options, environment.filters, credentials, ahead)

        environment.extend(api_methods=methods)
