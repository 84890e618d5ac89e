"""Servers that contradict themselves, or maps that are wrong by a little: reading each has to say so."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.mapped_apis import GraphQL
from tests.support.mapped_more import Paged
from tests.support.mapped_server import HELD, Asked, Json, Mapped, Reply, things

OFFSET = """
    paging: {by: offset, size: 25, parameter: offset, size_parameter: size}
    resources:
      dashboards: {request: GET /boards, records: items}
"""
CURSOR = """
    paging: {by: cursor, size: 25, parameter: cursor, size_parameter: size, next: next}
    resources:
      dashboards: {request: GET /boards, records: items}
"""


class SizeIgnored(Paged):
    """Pages of 10, whatever size is asked for, and no count: all arrives if paging goes on until nothing comes."""

    map = Paged.map.replace(", count: total", "")

    def answer(self, asked: Asked) -> Any:
        page = asked.number("page", 1)
        return {"items": things("d")[(page - 1) * 10 : page * 10]}


class OffsetSizeIgnored(Paged):
    """The same by offset: who adds the size and not what came loses records."""

    map = OFFSET

    def answer(self, asked: Asked) -> Any:
        start = asked.number("offset", 0)
        return {"items": things("d")[start : start + 10]}


class CountTooHigh(Paged):
    says = ("68", "67")

    def answer(self, asked: Asked) -> Any:
        return super().answer(asked) | {"total": HELD + 1}


class CountTooLow(Paged):
    """A count of what is on the page: all arrives, since reading goes on until nothing comes."""

    def answer(self, asked: Asked) -> Any:
        return super().answer(asked) | {"total": 25}


class CountMissing(Paged):
    says = ("total",)

    def answer(self, asked: Asked) -> Any:
        return {"items": super().answer(asked)["items"]}


class OtherHost(Paged):
    says = ("another",)
    map = """
    paging: {by: cursor, next: next}
    resources:
      dashboards: {request: GET /boards, records: items}
    """

    def answer(self, asked: Asked) -> Any:
        return {"items": things("d", 3), "next": "http://127.0.0.2:9/boards?page=2"}


class OtherHostLink(OtherHost):
    map = """
    paging: link_header
    resources:
      dashboards: {request: GET /boards, records: items}
    """

    def answer(self, asked: Asked) -> Any:
        return Reply({"items": things("d", 3)}, headers={"Link": '<http://127.0.0.2:9/boards?page=2>; rel="next"'})


class PageIgnored(Paged):
    """The first page for ever."""

    says = ("the same ones",)
    map = Paged.map.replace(", count: total", "")

    def answer(self, asked: Asked) -> Any:
        return {"items": things("d", 25)}


class CursorRepeats(Paged):
    says = ("twice",)
    map = CURSOR

    def answer(self, asked: Asked) -> Any:
        start = {"": 0, "a": 25}[asked.query.get("cursor", "")]
        return {"items": things("d")[start : start + 25], "next": "a"}


class EmptyInTheMiddle(Paged):
    """A page without records whose cursor leads on, as in DynamoDB: all arrives."""

    map = CURSOR

    def answer(self, asked: Asked) -> Any:
        page = asked.number("cursor", 0)
        found = [[*things("d")[:25]], [], [*things("d")[25:50]], [], [*things("d")[50:]]][page]
        return {"items": found, "next": page + 1 if page < 4 else None}


class EmptyPageThenMore(Paged):
    """A page without records in the middle of a list whose count says that more follows."""

    says = ("67",)

    def answer(self, asked: Asked) -> Any:
        page = asked.number("page", 1)
        return {"total": HELD, "items": [] if page == 2 else things("d")[(page - 1) * 25 : page * 25]}


class TokenEchoed(Paged):
    """An error that has the token in its body and in its reason."""

    says = ("400",)

    def answer(self, asked: Asked) -> Any:
        return Reply({"message": f"bad token {self.options['token']}", "sent": dict(asked.headers)}, 400)


class Busy(Paged):
    """Each page is refused once with 429: all arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[int] = set()

    def answer(self, asked: Asked) -> Any:
        page = asked.number("page", 1)
        if page not in self.refused:
            self.refused.add(page)
            return Reply({"message": "slow down"}, 429, {"Retry-After": "0"})
        return super().answer(asked)


class GraphErrors(GraphQL):
    says = ("no such field",)

    def answer(self, asked: Asked) -> Any:
        return {"errors": [{"message": "no such field"}], "data": None}


class GraphPartial(GraphQL):
    """Data and errors in one answer: some records are missing."""

    says = ("timeout",)

    def answer(self, asked: Asked) -> Any:
        return super().answer(asked) | {"errors": [{"message": "timeout", "path": ["jobs", "edges", 3]}]}


class NodeMissing(GraphQL):
    """One edge has no node: a projection of JMESPath leaves it out."""

    says = ("node",)
    show: ClassVar[dict[str, str]] = {"pipelines": "[id, display_name]"}

    def connection(self, held: list[Json], first: int, after: str | None) -> Json:
        found = super().connection(held, first, after)
        found["edges"][0] = {"node": None}
        return found


class NodesNull(GraphQL):
    """The node below a null: `data.jobs` is null, as GraphQL has it where the field itself failed."""

    says = ("data.jobs",)

    def answer(self, asked: Asked) -> Any:
        return {"data": {"jobs": None}}


class WrongRecords(Paged):
    says = ("no list at",)
    map = Paged.map.replace("records: items", "records: results")


class WrongProjection(Paged):
    """A projection under a wrong key gives an empty list in JMESPath, or nothing."""

    says = ("no list at",)
    map = Paged.map.replace("records: items", 'records: "results[].node"').replace(", count: total", "")


class WrongInside(Paged):
    """The list is there, what is projected of each is not: an empty list, as JMESPath has it."""

    says = ("items[].node",)
    map = Paged.map.replace("records: items", 'records: "items[].node"').replace(", count: total", "")


class WrongWhere(Paged):
    """No record has what `where` looks at."""

    says = ("state.phase",)
    map = Paged.map.replace("records: items", "records: items, where: {state.phase: Ready}")


class WrongTime(Mapped):
    """A time that is none, in a kind that the map gives."""

    service_type = "pipeline"
    answers: ClassVar[Json] = {"capabilities": ["metadata", "pipeline_status"]}
    says = ("2024-13-01",)
    map = """
    resources:
      pipelines: {request: GET /jobs, records: "@"}
      runs: {records: runs, fields: {status: state, startTime: {value: at, time: "%Y-%m-%d"}}}
    """

    show: ClassVar[dict[str, str]] = {"pipelines": "id", "runs": "state"}

    def truth(self) -> Json:
        return {}

    def answer(self, asked: Asked) -> Any:
        return [one | {"runs": [{"id": 1, "state": "OK", "at": "2024-13-01"}]} for one in things("j")]


class Details(Paged):
    """A detail for each record; one is gone since (404): the others arrive, and it is said."""

    map = Paged.map.replace("records: items", 'records: items, detail: {request: "GET /boards/{dashboard.id}"}')
    says: ClassVar[tuple[str, ...]] = ("d7",)
    status: ClassVar[int] = 404

    def answer(self, asked: Asked) -> Any:
        if asked.path[1:] == ("d7",):
            return Reply({"message": "no"}, self.status)
        return {"about": asked.path[1]} if len(asked.path) == 2 else super().answer(asked)


class DetailsForbidden(Details):
    status: ClassVar[int] = 403


class DetailsBelow(Details):
    """What is below a record stands in its detail, which is forbidden for one: its charts may be there."""

    says = ("some of the dashboards", "nothing at charts")
    arrives = True
    status: ClassVar[int] = 403
    map = Details.map.rstrip() + "\n      charts: {records: charts}\n    "
    show: ClassVar[dict[str, str]] = {"dashboards": "id", "charts": "id"}

    def truth(self) -> Json:
        ids = [one["id"] for one in things("d")]
        return {"dashboards": ids, "charts": [[one, f"{one}.1"] for one in ids if one != "d7"]}

    def answer(self, asked: Asked) -> Any:
        found = super().answer(asked)
        return {"charts": [{"id": f"{asked.path[1]}.1"}]} if isinstance(found, dict) and "about" in found else found


class DetailErrors(Details):
    """A detail by GraphQL that has errors beside its data."""

    says = ("too deep",)
    map = Details.map.replace(
        'request: "GET /boards/{dashboard.id}"',
        'request: POST /graphql, graphql: "query Q($id: ID!) { a }", variables: {id: "{dashboard.id}"}, record: data.a',
    )

    def answer(self, asked: Asked) -> Any:
        if asked.path == ("graphql",):
            return {"data": {"a": {"id": asked.body["variables"]["id"]}}, "errors": [{"message": "too deep"}]}
        return super().answer(asked)


class Joined(Mapped):
    """Charts in one flat list; one of them has a board that is not there."""

    says: ClassVar[tuple[str, ...]] = ("b99",)
    arrives = True
    map = """
    resources:
      dashboards: {request: GET /boards, records: "@"}
      charts: {request: GET /charts, records: "@", join: {board.id: id}}
    """
    show: ClassVar[dict[str, str]] = {"dashboards": "id", "charts": "id"}
    stray: ClassVar[Any] = "b99"

    def truth(self) -> Json:
        return {"dashboards": [f"b{n}" for n in range(HELD)], "charts": [[f"b{n}", f"c{n}"] for n in range(HELD)]}

    def boards(self) -> list[Any]:
        return [f"b{n}" for n in range(HELD)]

    def answer(self, asked: Asked) -> Any:
        if asked.path == ("boards",):
            return [{"id": one} for one in self.boards()]
        held = [{"id": f"c{n}", "board": {"id": one}} for n, one in enumerate(self.boards())]
        return [*held, {"id": "stray", "board": {"id": self.stray}}]


class JoinedNull(Joined):
    """A chart whose board is null, and a board without an id: they do not belong together."""

    says = ("board.id",)
    stray = None


class JoinedTypes(Joined):
    """Ids as numbers in one list and as texts in the other: they are the same."""

    says = ()

    def truth(self) -> Json:
        return {"dashboards": list(range(HELD)), "charts": [[n, f"c{n}"] for n in range(HELD)]}

    def answer(self, asked: Asked) -> Any:
        if asked.path == ("boards",):
            return [{"id": n} for n in range(HELD)]
        return [{"id": f"c{n}", "board": {"id": str(n)}} for n in range(HELD)]


class ParentNull(Mapped):
    """A parent whose id is null: `None` in a path asks for something else."""

    says = ("at id",)
    map = """
    resources:
      dashboards: {request: GET /boards, records: "@"}
      charts: {request: "GET /boards/{dashboard.id}/charts", records: "@"}
    """
    show: ClassVar[dict[str, str]] = {"dashboards": "name", "charts": "id"}
    odd: ClassVar[Any] = None

    def truth(self) -> Json:
        return {}

    def answer(self, asked: Asked) -> Any:
        if asked.path == ("boards",):
            return [*things("b"), {"id": self.odd, "name": "odd"}]
        return [{"id": f"{asked.path[1]}.1"}] if len(asked.path) == 3 else [{"id": "of something else"}]


class ParentEmpty(ParentNull):
    """A parent whose id is an empty text: the path is that of another list."""

    odd = ""


class ParentDots(ParentNull):
    """A parent whose id is two dots: the path would be that of another list."""

    says = ("the name ..",)
    odd = ".."


class ParentObject(ParentNull):
    """A parent whose id is an object."""

    odd: ClassVar[Any] = {"id": 1}


class QueryNull(ParentNull):
    """A parent's null in a query, where it would be left out: all charts of all boards."""

    map = """
    resources:
      dashboards: {request: GET /boards, records: "@"}
      charts: {request: GET /charts, query: {board: "{dashboard.id}"}, records: "@"}
    """

    def answer(self, asked: Asked) -> Any:
        return super().answer(asked) if asked.path == ("boards",) else [{"id": asked.query.get("board", "all")}]


class FromNull(Mapped):
    """A table of a flat list that says no schema."""

    service_type = "database"
    says = ("path",)
    map = """
    resources:
      databases: {from: tables, key: "path[0]"}
      schemas: {from: tables, key: "path[1]"}
      tables: {request: GET /tables, records: "@"}
    """
    show: ClassVar[dict[str, str]] = {"databases": "name", "schemas": "name", "tables": "id"}
    odd: ClassVar[Json] = {"path": ["db"]}

    def truth(self) -> Json:
        return {}

    def answer(self, asked: Asked) -> Any:
        return [*[one | {"path": ["db", "s"]} for one in things("t")], {"id": "odd", **self.odd}]


class FromNothing(FromNull):
    odd: ClassVar[Json] = {"path": [None, "s"]}


class KeyedClash(Mapped):
    """Objects keyed by name that have a field of the same name as the key is put at."""

    service_type = "search"
    says = ("name",)
    map = """
    resources:
      indexes: {request: GET /all, records: "@", key_field: name}
    """
    show: ClassVar[dict[str, str]] = {"indexes": "name"}

    def truth(self) -> Json:
        return {}

    def answer(self, asked: Asked) -> Any:
        return {one["id"]: {"name": "something else"} for one in things("i")}


class KeyedList(KeyedClash):
    """A list where objects keyed by name were said to be."""

    says = ("no object at @",)

    def answer(self, asked: Asked) -> Any:
        return things("i")


class RecordsObject(Paged):
    """An object where the list was said to be: one record, or all of an answer's keys."""

    says = ("no list at",)
    map = Paged.map.replace("records: items", "records: '@'").replace(", count: total", "")


class SignedOut(Paged):
    """A page of HTML for signing in, with 200, in place of the second page."""

    says = ("JSON",)

    def reply(self, asked: Asked) -> Reply:
        if asked.query.get("page") == "2":
            return Reply(b"<html>sign in</html>", headers={"Content-Type": "text/html"})
        return super().reply(asked)


FAULTS: list[type[Mapped]] = [
    one for one in [*globals().values()] if isinstance(one, type) and issubclass(one, Mapped) and one.says
]
UNEVEN: list[type[Mapped]] = [SizeIgnored, OffsetSizeIgnored, EmptyInTheMiddle, Busy, CountTooLow, JoinedTypes]
