"""What short answers mean: the same requests, paging and lists that a map of the API spells out.

`api_endpoints`, `api_prefix`, `pagination` and the answers beside them say of all lists at once what a map says of
each. Here they become lists of api_map.py, so that whoever asks an API need not know which of the two was answered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment

    from extensions.api_map import ApiMap, MappedList
    from extensions.api_requests import Paging, Request, Text
    from extensions.resources import Resource

_PLACE = re.compile(r"\{(\w+)\}")


class ShortMap:
    """Turns answers into a map. `list_keys` are what answers may call their lists, in small letters."""

    def __init__(self, environment: Any, answers: Mapping[str, Any], list_keys: Sequence[str]) -> None:
        self._list: type[MappedList] = environment.api_list
        self._detail = environment.api_detail
        self._map: type[ApiMap] = environment.api_map
        self._request: type[Request] = environment.api_request
        self._paging: type[Paging] = environment.api_paged
        self._text: type[Text] = environment.api_text
        self._placeholder = environment.api_placeholder
        self._by_keys = environment.keys_as_expression
        self._answers = answers
        self._list_keys = tuple(list_keys)

    def read(self, resources: Mapping[str, Resource]) -> ApiMap:
        """The map of these resources, of which the short answers say everything else."""
        return self._map({name: self._one(one) for name, one in resources.items()}, {}, {}, None, self._usual, 0)

    # How a token is sent, of which short answers say nothing.
    _usual = ("Authorization", "Bearer")

    def _one(self, resource: Resource) -> MappedList:
        answers = self._answers
        records = answers["records_path"]
        return self._list(
            name=resource.name,
            item=resource.item,
            request=self._asked(resource.path, {} if resource.single else self._pages()),
            paging=self._paging() if resource.single else self._paged(),
            records=self._expression(records) if records and not resource.single else "",
            details=(self._detail(self._asked(resource.detail, {}), ""),) if resource.detail else (),
            optional=resource.optional,
            list_keys=self._list_keys,
            held_as=resource.held_as if resource.parents else (),
        )

    def _expression(self, keys: str) -> str:
        """Keys joined by dots as JMESPath; those of OData have a dot in them."""
        return f'"{keys}"' if keys.startswith("@") else str(self._by_keys(keys))

    def _paged(self) -> Paging:
        answers = self._answers
        by = answers["pagination"]
        return self._paging(
            by=by,
            first=answers["first_page"] if by == "page" else 1,
            size=answers["page_size"] if by != "none" and answers["size_parameter"] else 0,
            next=self._expression(answers["next_field"]) if by == "cursor" else "",
            count=answers["count_field"],
            more=answers["more_field"],
        )

    def _pages(self) -> dict[str, Text]:
        """The query parameters that ask for a page."""
        answers = self._answers
        by = answers["pagination"]
        if by == "none":
            return {}
        asked = {answers["page_parameter"]: by} if by in ("page", "offset", "cursor") else {}
        asked |= {answers["size_parameter"]: "size"} if answers["size_parameter"] else {}
        return {name: self._text((self._placeholder(word),)) for name, word in asked.items()}

    def _asked(self, path: str, query: Mapping[str, Text]) -> Request:
        """The request of a path, whose own query goes with what asks for a page."""
        path, _, given = path.partition("?")
        own = {name: self._filled(value) for name, value in parse_qsl(given, keep_blank_values=True)}
        return self._request("GET", self._filled(f"{self._answers['api_prefix']}{path}"), own | dict(query))

    def _filled(self, text: str) -> Text:
        """A text in which an item in braces stands for its identity."""
        parts = _PLACE.split(text)
        found = [self._placeholder(part) if place % 2 else part for place, part in enumerate(parts)]
        return self._text(tuple(part for part in found if part != ""))


class ShortMapExtension(Extension):
    """Adds `environment.short_map`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)

        def short_map(
            answers: Mapping[str, Any], resources: Mapping[str, Resource], list_keys: Sequence[str]
        ) -> ApiMap:
            """The map that short answers mean, for the resources that are made of their endpoints."""
            return ShortMap(environment, answers, list_keys).read(resources)

        environment.extend(short_map=short_map)
