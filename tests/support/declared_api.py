"""An API with what a declared topology lists, made from the YAML alone, and what is to arrive of it.

It shares nothing with what the template makes of the declaration: paths, names and parents are worked out anew.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tests.support.loopback import Request, Server

Json = dict[str, Any]

# Records a page, whatever is asked for, and names that are not plain.
PAGE = 2
NAMES = ("plain", "with space", "a.b", "naïve größe", "50%", "x/y", "q?a=1&b")

# What a field holds by the kind that the catalog gives it.
VALUES: Json = {"text": "text", "url": "https://example.com/x", "int": 7, "number": 1.5, "markdown": "**text**"}


class DeclaredApi(Server):
    """Serves the lists of a declaration on loopback. `types` are the facts of what entities may be of.

    `answers` are those of the package, complete: they say how lists come in pages. `arriving` has the type and the
    names from the top down of each entity that a complete reading makes.
    """

    def __init__(self, declared: Json, types: Json, answers: Json) -> None:
        self.declared, self.types, self.answers = declared, types, answers
        # The records of each list by its path and its query, both decoded.
        self.lists: dict[tuple[str, tuple[tuple[str, str], ...]], list[Json]] = {}
        self.arriving: set[tuple[str, tuple[str, ...]]] = set()
        self.unknown: list[str] = []
        self._number = 0
        self._below("root", {}, {})

    # ---- What there is ---------------------------------------------------------------------------------------------

    def _below(
        self, node: str, behind: dict[str, tuple[Json, str]], placed: dict[str, tuple[str, tuple[str, ...]]]
    ) -> None:
        """Make what is below a record. `behind` has records and names by context, `placed` types and full names."""
        for child in self.declared["nodes"][node].get("children", ()):
            about = self.declared["nodes"][child]
            for record in self._records(child, self.declared["producers"][about["producer"]], behind):
                inner, here = dict(behind), dict(placed)
                for stage in about["stages"]:
                    context = stage.get("context", child)
                    name = filled(stage.get("fields", {}).get("name", "name"), record)
                    inner[context] = record, name
                    here[context] = stage.get("type", ""), ()
                    if type_ := stage.get("type"):
                        above = self.types[type_].get("in")
                        parent = [names for kind, names in here.values() if kind == above and names] if above else [()]
                        here[context] = type_, (*parent[-1], name)
                        self.arriving.add(here[context])
                self._below(child, inner, here)

    def _records(self, node: str, producer: Any, behind: dict[str, tuple[Json, str]]) -> list[Json]:
        if isinstance(producer, list):
            return producer
        reads, where = (producer["reads"], producer["where"]) if isinstance(producer, dict) else (producer, {})

        def value(match: re.Match[str]) -> str:
            context, _, field = match[1].partition(".")
            record, name = behind[context]
            return quote(str(at(record, field)) if field else name, safe="")

        place = key_of(re.sub(r"\{([^}]*)\}", value, reads.removeprefix("GET ")))
        if place not in self.lists:
            self.lists[place] = [where | self._record(node) | where for _ in range(len(behind) % 2 + 3)]
            if where:
                self.lists[place].insert(1, self._record(node) | dict.fromkeys(where, "another"))
        return [record for record in self.lists[place] if where.items() <= record.items()]

    def _record(self, node: str) -> Json:
        """A record with all that a stage may read."""
        self._number += 1
        name = f"{NAMES[self._number % len(NAMES)]} {self._number}"
        facts = {
            field: [{"name": "id", "type": "integer"}] if kind == "columns" else VALUES[kind]
            for about in self.types.values()
            for field, kind in about.get("fields", {}).items()
        }
        return {
            "id": self._number,
            "name": name,
            "title": f"Title of {name}",
            "kind": "one",
            "label": node,
            "meta": {"uid": f"u/{self._number}", "name": f"Meta {name}", "about": "**About**"},
            "links": {"web": "https://example.com/x"},
            "facts": facts,
        }

    # ---- How it is asked for ---------------------------------------------------------------------------------------

    def answer(self, target: str) -> tuple[int, Json, dict[str, str]]:
        parts = urlsplit(target)
        prefix = self.answers.get("api_prefix", "")
        asked = parse_qsl(parts.query, keep_blank_values=True)
        paging = {self.answers.get(name) for name in ("page_parameter", "size_parameter")} | {"after"}
        path, query = (
            key_of(f"{parts.path.removeprefix(prefix)}")[0],
            tuple((k, v) for k, v in asked if k not in paging),
        )
        records = self.lists.get((path, query))
        if records is None:
            if any(path.endswith(f"/lineage_{number}") for number in (1, 2)):
                records = []
            else:
                self.unknown.append(target)
                return 404, {"message": "no such list"}, {}
        return 200, *self._page(records, dict(asked), target)

    def _page(self, records: list[Json], asked: dict[str, str], target: str) -> tuple[Json, dict[str, str]]:
        way = self.answers["pagination"]
        at = int(asked.get(self.answers.get("page_parameter") or "after", 0 if way != "page" else 1))
        start = (at - 1) * PAGE if way == "page" else at
        shown = records if way == "none" else records[start : start + PAGE]
        body: Json = {}
        put(body, self.answers.get("records_path") or "items", shown)
        more = way != "none" and start + PAGE < len(records)
        if way == "cursor" and more:
            put(body, self.answers["next_field"], str(start + PAGE))
        headers = {}
        if way == "link_header" and more:
            after = re.sub(r"[?&]after=\d+", "", target)
            headers["Link"] = f'<{after}{"&" if "?" in after else "?"}after={start + PAGE}>; rel="next"'
        return body, headers

    def handle(self, request: Request) -> None:
        request.send(*self.answer(request.path))


def key_of(target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A path and the pairs of its query. Escapes in the path stay, so that a slash in a name is none of the path."""
    parts = urlsplit(target)
    path = "/".join(quote(unquote(part), safe="") for part in parts.path.split("/"))
    return path, tuple(parse_qsl(parts.query, keep_blank_values=True))


def at(record: Json, place: str) -> Any:
    value: Any = record
    for key in place.split("."):
        value = value[key]
    return value


def put(body: Json, place: str, value: Any) -> None:
    *above, last = place.split(".")
    for key in above:
        body = body.setdefault(key, {})
    body[last] = value


def filled(text: str, record: Json) -> str:
    """A field of a record, or a text with fields in braces."""
    if "{" not in text:
        return str(at(record, text))
    return re.sub(r"\{([^}]*)\}", lambda match: str(at(record, match[1])), text)
