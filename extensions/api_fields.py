"""The fields of records as answers declare them: where a record has each, and how its value is read.

The same for the map of a connector (api_map.py) and for the stages of a topology.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from jinja2 import Environment

    from extensions.api_requests import Requests, Text
    from extensions.declarations import Spot

Facts = dict[str, Any]

# The units of times that are numbers, and the standard form of those that are texts.
TIMES = ("seconds", "milliseconds", "microseconds", "nanoseconds", "iso")

# How often a text of JSON may hold another one.
MAX_PARSED = 3


@dataclass(frozen=True)
class Field:
    """Where a record has a field: `value` is JMESPath or a Text.

    Where that is a text of JSON, `json` is JMESPath over what it holds, and so on where that is such a text again.
    `words` are what values of the source mean, `default` is for all others. `time` is a unit of TIMES or a format of
    strptime. `fields` are those of the objects in a list.
    """

    value: str | Text
    json: tuple[str, ...] = ()
    words: Facts = field(default_factory=dict)
    default: str = ""
    time: str = ""
    fields: dict[str, Field] = field(default_factory=dict)


class Fields:
    """Reads fields. `words` are what placeholders may begin with that are none of the record.

    `nested` is what those of the objects in a list may say, by the word that the facts of such a list have as `of`.
    """

    def __init__(
        self, environment: Any, words: Mapping[str, Collection[str] | None], nested: Mapping[str, Facts]
    ) -> None:
        self._requests: Requests = environment.api_requests(words, over="record")
        self._expression: Callable[..., str] = environment.api_expression
        self._is_expression: Callable[[str], bool] = environment.is_jmespath
        self._nested = nested

    def fields(self, spot: Spot, properties: Facts) -> dict[str, Field]:
        """The fields of a record by the names that models have for them."""
        found = {}
        for name, one in spot.entries(properties, example="{name: title}").items():
            facts = properties[name]
            found[facts["model"]] = self.field(one, facts)
        return found

    def field(self, spot: Spot, facts: Facts) -> Field:
        if not isinstance(spot.value, dict):
            return Field(self.place(spot))
        entries = spot.entries(
            ("value", "json", "map", "default", "time", "fields"), needed=("value",), example="{value: name}"
        )
        if "fields" in entries and "of" not in facts:
            entries["fields"].fail("leave fields out: it holds no objects with fields of their own")
        words = {}
        if "map" in entries:
            meanings = entries["map"]
            is_empty = not isinstance(meanings.value, dict) or not meanings.value
            for key in meanings.keys("{SUCCESS: Successful}") if is_empty else meanings.value:
                words[str(key)] = entries["map"].below(key).text(100, "Successful")
        if "default" in entries and not words:
            entries["default"].fail("leave default out: it is for values that map does not have")
        return Field(
            value=self.place(entries["value"]),
            json=self._parsed(entries["json"]) if "json" in entries else (),
            words=words,
            default=entries["default"].text(100, "Pending") if "default" in entries else "",
            time=self._time(entries["time"]) if "time" in entries else "",
            fields=self.fields(entries["fields"], self._nested[facts["of"]]) if "fields" in entries else {},
        )

    def place(self, spot: Spot) -> str | Text:
        """JMESPath, or where it is none, a text with JMESPaths in braces."""
        text = spot.text(200, "data.name")
        if "{" in text and not self._is_expression(text):
            return self._requests.text(spot, text)
        return self._expression(spot)

    def _parsed(self, spot: Spot) -> tuple[str, ...]:
        """One JMESPath or several: each is for what the text before it holds as JSON."""
        spots = spot.items() if isinstance(spot.value, list) else [spot]
        if not 1 <= len(spots) <= MAX_PARSED:
            spot.fail(f"give from 1 to {MAX_PARSED} expressions, such as json: columns")
        return tuple(map(self._expression, spots))

    @staticmethod
    def _time(spot: Spot) -> str:
        text = spot.text(60, "seconds")
        if text not in TIMES and "%" not in text:
            spot.unknown(text, TIMES)
        return text


class ApiFieldsExtension(Extension):
    """Adds what reads fields to the environment, as `environment.api_fields`."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(api_fields=Fields)
