"""A small API for probes: boards with tiles, in pages of many kinds, and with the faults that answers and servers have.

`MAP` is right for the server as it is. A case changes the server, the map, or both, and says what a probe has to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from scaffold_connector.arguments import Wrong
from scaffold_connector.probing import probe_source
from scaffold_connector.probing.report import Report
from scaffold_connector.probing.source import Source, source_of
from tests.support.mapped_server import NOT_FOUND, Apis, Asked, Json, Mapped, Reply
from tests.support.render import EMPTY, Renderer

TOKEN = "planted-token-5up3r"

MAP = """\
# How the boards are read.
paging: {by: page, size: 10, parameter: page, size_parameter: page_size, count: count}  # as documented
resources:
  dashboards:
    request: GET /boards
    records: results
    where: {state: live}   # drafts are left out
    detail: {request: "GET /boards/{dashboard.id}", record: board}
    fields:
      name: id
      displayName: title   # what people see
      description: about
      sourceUrl: link
      owners: owners[].email
  charts:
    # one list of all
    request: GET /tiles
    records: results
    join: {board_id: id}
    fields:
      name: id
      displayName: label
      chartType: {value: kind, map: {bar: Bar, pie: Pie}}
"""

RUNS = """\
resources:
  pipelines: {request: GET /jobs, records: results, fields: {name: id, displayName: title}}
  runs:
    request: GET /jobs/{pipeline.id}/runs
    records: results
    fields:
      status: {value: state, map: {ok: Successful, bad: Failed}}
      startTime: {value: started, time: iso}
"""

HELD = 37


@dataclass(frozen=True)
class Case:
    """What is wrong, and what is said of it.

    `server` are settings of the server, `edits` texts of the map that are replaced. `what` are the list, the line and
    its verdict, `says` words of it. With `mends`, words of the map after `--write`, which is right then.
    """

    name: str
    what: tuple[str, str, str]
    says: tuple[str, ...]
    server: Mapping[str, Any] = field(default_factory=dict)
    edits: Mapping[str, str] = field(default_factory=dict)
    mends: tuple[str, ...] = ()
    runs: bool = False


class Boards(Mapped):
    """The API. Settings: `by`, and the `names` of parameters and of fields of the answer."""

    auth = ("token",)
    options: ClassVar[Json] = {"token": TOKEN}

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = settings
        self.methods: list[str] = []

    def set(self, name: str, default: Any = None) -> Any:
        return self.settings.get(name, default)

    def reply(self, asked: Asked) -> Reply:
        self.methods.append(asked.method)
        return super().reply(asked)

    def answer(self, asked: Asked) -> Any:
        if special := self.set("answers", {}).get(asked.line):
            return special(asked) if callable(special) else special
        kind, rest = asked.path[0], asked.path[1:]
        if kind == "boards" and not rest:
            return self._listed(asked, [self._board(n) for n in range(self.set("held", HELD))])
        if kind == "boards":
            return {"board": {"about": f"About {rest[0]}", "owners": [{"email": "ann@example.com"}]}}
        if kind == "tiles":
            return self._listed(asked, [self._tile(n) for n in range(HELD)])
        if kind == "jobs" and not rest:
            return {"results": [{"id": n, "title": f"Job {n}"} for n in range(4)]}
        if kind == "jobs":
            started = self.set("started", lambda n: f"2026-01-{n + 1:02}T10:00:00Z")
            return {"results": [{"id": f"{rest[0]}-{n}", "state": "ok", "started": started(n)} for n in range(3)]}
        return NOT_FOUND

    @staticmethod
    def _board(number: int) -> Json:
        link = f"https://u:pw@boards.example.com/{number}?sig=planted-signature-{number}"
        own = {"id": number, "title": f"Board {number}", "state": "live" if number % 3 else "draft", "link": link}
        return own | {"secret_key": f"planted-key-{number}", "summary": f"A note on {number}"}

    @staticmethod
    def _tile(number: int) -> Json:
        own = {"id": f"t{number}", "label": f"Tile {number}", "kind": ["bar", "pie"][number % 2]}
        return own | {"board_id": number % HELD, "dashboard": "x"}

    def _listed(self, asked: Asked, held: list[Json]) -> Any:
        by, names = self.set("by", "page"), {"records": "results", "count": "count"} | self.set("names", {})
        size = min(asked.number(self.set("size", "page_size"), 5), self.set("most", 100))
        first = self.set("first", 1)
        starts: dict[str, Callable[[], int]] = {
            "page": lambda: (max(asked.number(self.set("parameter", "page"), first), first) - first) * size,
            "offset": lambda: asked.number(self.set("parameter", "offset"), 0),
            "cursor": lambda: int(asked.query.get(self.set("parameter", "cursor"), "c0")[1:]),
            "link": lambda: asked.number("after", 0),
            "none": lambda: 0,
        }
        start = starts[by]()
        if self.set("endless"):
            start %= len(held)
        found = held if by == "none" else held[start : start + size]
        more = start + size < len(held) and by != "none"
        answer: Json = {names["records"]: found}
        if by != "none" and names["count"]:
            answer |= _at(names["count"], len(held))
        if by == "cursor" and more:
            answer |= _at(self.set("next", "next"), f"c{start + size}")
        if self.set("links") and more:
            answer |= {"next": f"{asked.base}/{asked.path[0]}?page_size={size}&{self.set('links')}={start + size}"}
        if self.set("bare"):
            return found
        link = f'<{asked.base}/{asked.path[0]}?page_size={size}&after={start + size}>; rel="next"'
        return Reply(answer, headers={"Link": link} if by == "link" and more else {})


def _at(place: str, value: Any) -> Json:
    for key in reversed(place.split(".")):
        value = {key: value}
    return dict(value)


class Probes:
    """Probes of maps without Copier: the template's own environment reads each of them."""

    def __init__(self, template: Path) -> None:
        self._renderer = Renderer(template)

    def source(self, answers: Json) -> Source:
        """What answers say. Raises `Wrong` where a map is refused."""
        found: list[Any] = []
        environment = self._renderer.environment
        context = self._renderer.context(EMPTY | {"connection_type": "rest_api", "auth_types": ["token"]} | answers)
        environment.from_string("{{ keep(connector) }}").render(context, keep=found.append)
        try:
            return source_of(found[0], environment)
        except ValueError as error:
            raise Wrong(str(error)) from None

    def answers(self, text: str) -> Json:
        return dict(yaml.safe_load(text))

    def probe(self, file: Path, address: str, write: bool = False, **options: Any) -> Report:
        """Probe the answers in a file."""
        source = self.source(self.answers(file.read_text(encoding="utf-8")))

        def check(text: str) -> None:
            self.source(self.answers(text))

        given = {"hostPort": address, "token": TOKEN} | options.pop("given", {})
        return probe_source(source, file, given, check=check if write else None, **options)


def written(map_: str, service_type: str = "dashboard", **more: Any) -> str:
    """A file of answers with a map."""
    head = {"name": "boards", "service_type": service_type, "connection_type": "rest_api", "auth_types": ["token"]}
    lines = "".join(f"  {line}".rstrip() + "\n" for line in map_.splitlines())
    extra = {"capabilities": ["owners"] if service_type == "dashboard" else ["pipeline_status"]} | more
    top = yaml.safe_dump(head | extra, sort_keys=False)
    return f"# Boards, by hand.\n{top}api: |\n{lines}docs_notes: kept  # to the end\n"


def slow(seconds: float, body: Any) -> Callable[[Asked], Any]:
    def answer(asked: Asked) -> Any:
        time.sleep(seconds)
        return body

    return answer


def playing(boards: Boards) -> Apis:
    return Apis({"api": boards})
