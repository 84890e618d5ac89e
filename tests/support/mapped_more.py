"""More small servers like real APIs: pages in bodies and parameters, joins, bare strings, links, ways to sign in."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.support.mapped_apis import Elastic, GraphQL, Kubernetes, Redash, Spring, Unity
from tests.support.mapped_server import HELD, NOT_FOUND, Asked, Json, Mapped, Reply, things


class Mlflow(Mapped):
    """Children by POST, with the parent's id in a list in the body; the last page has no token at all."""

    service_type = "pipeline"
    answers: ClassVar[Json] = {"capabilities": ["metadata", "pipeline_status"]}
    map = """
    paging: {by: cursor, next: next_page_token, size: 8}
    resources:
      pipelines:
        request: POST /api/2.0/mlflow/experiments/search
        json: {max_results: "{size}", page_token: "{cursor}", filter: "name != '{{}}'"}
        records: experiments
        fields: {id: experiment_id}
      runs:
        request: POST /api/2.0/mlflow/runs/search
        headers: {X-Experiment: "{pipeline.experiment_id}"}
        json: {experiment_ids: ["{pipeline.experiment_id}"], max_results: "{size}", page_token: "{cursor}"}
        records: runs
        fields: {id: info.run_id, status: info.status, startTime: {value: info.start_time, time: milliseconds}}
    """
    show: ClassVar[dict[str, str]] = {"pipelines": "id", "runs": "[id, state, started]"}

    def truth(self) -> Json:
        return {
            "pipelines": list(range(HELD)),
            "runs": [[n, [f"{n}.{r}", "FINISHED", 5000 + r]] for n in range(HELD) for r in range(self.runs(n))],
        }

    def runs(self, experiment: int) -> int:
        return {3: 17, 4: 8}.get(experiment, experiment % 2)

    def answer(self, asked: Asked) -> Any:
        start, size = int(asked.body.get("page_token", 0)), asked.body["max_results"]
        if asked.line == "POST /api/2.0/mlflow/experiments/search" and asked.body["filter"] == "name != '{}'":
            held: list[Json] = [{"experiment_id": n} for n in range(HELD)]
        elif asked.line == "POST /api/2.0/mlflow/runs/search":
            (one,) = asked.body["experiment_ids"]
            assert asked.headers["X-Experiment"] == str(one)
            assert isinstance(one, int)  # an id keeps its type
            held = [
                {"info": {"run_id": f"{one}.{r}", "status": "FINISHED", "start_time": 5000 + r}}
                for r in range(self.runs(one))
            ]
        else:
            return NOT_FOUND
        following = {"next_page_token": str(start + size)} if start + size < len(held) else {}
        return {asked.path[-2]: held[start : start + size]} | following


class Notion(Mapped):
    """A search by POST whose cursor may be left out but never null, with a flag and a null cursor at the end."""

    service_type = "drive"
    map = """
    headers: {Notion-Version: "2022-06-28"}
    resources:
      directories:
        request: POST /v1/search
        json: {filter: {property: object, value: database}}
        paging:
          {by: cursor, in: json, parameter: start_cursor, size_parameter: page_size, size: 30,
           next: next_cursor, more: has_more}
        records: results
        fields: {name: "title[0].plain_text"}
      files:
        request: POST /v1/databases/{directory.id}/query
        paging:
          {by: cursor, in: json, parameter: start_cursor, size_parameter: page_size, size: 2,
           next: next_cursor, more: has_more}
        records: results
    """
    show: ClassVar[dict[str, str]] = {"directories": "name", "files": "id"}

    def truth(self) -> Json:
        return {
            "directories": [f"DB {n}" for n in range(HELD)],
            "files": [[f"DB {n}", f"{n}-{page}"] for n in range(HELD) for page in range(n % 6)],
        }

    def answer(self, asked: Asked) -> Any:
        body = asked.body or {}
        if asked.headers.get("Notion-Version") != "2022-06-28" or ("start_cursor" in body and not body["start_cursor"]):
            return Reply({"message": "body failed validation"}, 400)
        if asked.line == "POST /v1/search":
            assert body["filter"]["value"] == "database"
            held: list[Json] = [{"id": f"id{n}", "title": [{"plain_text": f"DB {n}"}]} for n in range(HELD)]
        elif asked.path[:2] == ("v1", "databases"):
            number = int(asked.path[2][2:])
            held = [{"id": f"{number}-{page}"} for page in range(number % 6)]
        else:
            return NOT_FOUND
        start, size = int(body.get("start_cursor", 0)), body["page_size"]
        more = start + size < len(held)
        following = str(start + size) if more else None
        return {"results": held[start : start + size], "has_more": more, "next_cursor": following}


class Superset(Mapped):
    """The page inside a parameter, from 0, with a text of the parent in the same parameter."""

    map = """
    paging: {by: page, first: 0, size: 25, count: count}
    resources:
      dashboards:
        request: GET /api/v1/dashboard/
        query: {q: "(page:{page},page_size:{size})"}
        records: result
        where: {published: true}
        fields: {name: dashboard_title, sourceUrl: "{options.hostPort}{url}"}
      charts:
        request: GET /api/v1/chart/
        query: {q: "(filters:!((col:title,value:'{dashboard.dashboard_title}')),page:{page},page_size:{size})"}
        records: result
        fields: {name: slice_name}
    """
    show: ClassVar[dict[str, str]] = {"dashboards": "name", "charts": "name"}

    def truth(self) -> Json:
        boards = [f"Board {{{n}}} {{page}}" for n in range(HELD) if n % 3]
        return {
            "dashboards": boards,
            "charts": [[b, f"{b} {c}"] for b in boards for c in range(30 if " {1}" in b else 1)],
        }

    def answer(self, asked: Asked) -> Any:
        q = asked.query["q"]
        start, _, size = q.rpartition("page:")[2].rstrip(")").partition(",page_size:")
        if asked.path[-1] == "dashboard":
            held = [
                {"dashboard_title": f"Board {{{n}}} {{page}}", "url": f"/{n}", "published": n % 3 > 0}
                for n in range(HELD)
            ]
        else:
            title = q.removeprefix("(filters:!((col:title,value:'").rpartition("'))")[0]
            held = [{"slice_name": f"{title} {c}"} for c in range(30 if " {1}" in title else 1)]
        first = int(start) * int(size)
        return {"count": len(held), "result": held[first : first + int(size)]}


class Github(Mapped):
    """Bare lists with a Link header, and the records below by the same."""

    service_type = "storage"
    answers: ClassVar[Json] = {"capabilities": ["metadata", "structured_files"]}
    map = """
    headers: {Accept: application/vnd.github+json}
    paging: link_header
    resources:
      containers: {request: GET /orgs, query: {per_page: "30"}, records: "@", fields: {name: login}}
      objects: {request: "GET /orgs/{container.login}/repos", query: {per_page: "2"}, records: "@"}
    """
    show: ClassVar[dict[str, str]] = {"containers": "name", "objects": "name"}

    def truth(self) -> Json:
        orgs = [f"org{n}" for n in range(HELD)]
        return {"containers": orgs, "objects": [[f"org{n}", f"r{r}"] for n in range(HELD) for r in range(n % 5)]}

    def answer(self, asked: Asked) -> Any:
        page, size = asked.number("page", 1), asked.number("per_page", 30)
        held = [{"login": f"org{n}"} for n in range(HELD)]
        if len(asked.path) > 1:
            held = [{"name": f"r{r}"} for r in range(int(asked.path[1][3:]) % 5)]
        links = f'<{asked.base}/{"/".join(asked.path)}?per_page={size}&page={page + 1}>; rel="next", <x>; rel="last"'
        return Reply(held[(page - 1) * size : page * size], headers={"Link": links} if page * size < len(held) else {})


class KafkaRest(Mapped):
    """Topics as bare strings, and one flat list of schemas that says to which topic each belongs."""

    service_type = "messaging"
    answers: ClassVar[Json] = {"capabilities": ["metadata", "message_schema"]}
    map = """
    resources:
      topics: {request: GET /topics, records: "@"}
      schemas:
        request: GET /schemas
        paging: {by: offset, parameter: offset, size_parameter: limit, size: 10}
        records: "@"
        join: {topic: name}
        fields: {schemaText: schema}
    """
    show: ClassVar[dict[str, str]] = {"topics": "name", "schemas": "schema_text"}

    def truth(self) -> Json:
        topics = [f"topic-{n}" for n in range(HELD)]
        return {"topics": topics, "schemas": [[one, f"{one}.{v}"] for one in topics for v in (1, 2)]}

    def answer(self, asked: Asked) -> Any:
        if asked.line == "GET /topics":
            return [f"topic-{n}" for n in range(HELD)]
        start, size = asked.number("offset", 0), asked.number("limit", -1)
        held = [{"topic": f"topic-{n}", "schema": f"topic-{n}.{v}"} for v in (1, 2) for n in range(HELD)]
        return held[start : start + size]


class Paged(Mapped):
    """One list in pages of 25 with a count, for what the list itself is not tested for."""

    map = """
    paging: {by: page, size: 25, parameter: page, size_parameter: size, count: total}
    resources:
      dashboards: {request: GET /boards, records: items}
    """
    show: ClassVar[dict[str, str]] = {"dashboards": "id"}

    def truth(self) -> Json:
        return {"dashboards": [one["id"] for one in things("d")]}

    def answer(self, asked: Asked) -> Any:
        page, size = asked.number("page", 1), asked.number("size", 10)
        return (
            {"total": HELD, "items": things("d")[(page - 1) * size : page * size]}
            if asked.path == ("boards",)
            else NOT_FOUND
        )


class LoginForm(Paged):
    """Signs in by a form, as OAuth's password grant, and wants the token in another header with another prefix."""

    auth = ("basic",)
    options: ClassVar[Json] = {"username": "me", "password": 'p&=ä+%"{}'}
    map = """
    login:
      request: POST /realms/x/token
      form: {grant_type: password, username: "{auth.username}", password: "{auth.password}", scope: "{{a}}"}
      token: data.access_token
    authorization: {header: X-Auth, prefix: Token}
    """ + Paged.map.lstrip()
    uses: ClassVar[int | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.logins = 0
        self.used = 0

    def allows(self, asked: Asked) -> bool:
        if asked.path[-1] in ("token", "login"):
            return True
        self.used += 1
        good = asked.headers.get("X-Auth") == f"Token t{self.logins}" and "Authorization" not in asked.headers
        return good and (self.uses is None or self.used <= self.uses)

    def granted(self, asked: Asked) -> bool:
        wanted = {"grant_type": "password", "username": "me", "password": self.options["password"], "scope": "{a}"}
        return asked.line == "POST /realms/x/token" and asked.form == wanted

    def answer(self, asked: Asked) -> Any:
        if asked.path[-1] in ("token", "login"):
            if not self.granted(asked):
                return Reply({"error": "invalid_grant"}, 401)
            self.logins, self.used = self.logins + 1, 0
            return {"data": {"access_token": f"t{self.logins}", "expires_in": self.lifetime()}}
        return super().answer(asked)

    def lifetime(self) -> int:
        return 3600


class LoginExpires(LoginForm):
    """A token that is refused after two requests, without a word of it before."""

    options: ClassVar[Json] = {"username": "me", "password": "p"}
    map = """
    login:
      request: POST /api/login
      json: {username: "{auth.username}", password: "{auth.password}", provider: db}
      token: data.access_token
    authorization: {header: X-Auth, prefix: Token}
    """ + Paged.map.lstrip()
    uses: ClassVar[int | None] = 2

    def granted(self, asked: Asked) -> bool:
        return asked.line == "POST /api/login" and asked.body == {"username": "me", "password": "p", "provider": "db"}


class KeyInHeader(Paged):
    """An API key in a header of its own."""

    auth = ("api_key",)
    answers: ClassVar[Json] = {"api_key_in": "header", "api_key_name": "X-API-KEY"}
    options: ClassVar[Json] = {"apiKey": "k3y&="}

    def allows(self, asked: Asked) -> bool:
        return asked.headers.get("X-API-KEY") == self.options["apiKey"] and "Authorization" not in asked.headers


class KeyInQuery(KeyInHeader):
    """An API key in the query of each request."""

    answers: ClassVar[Json] = {"api_key_in": "query", "api_key_name": "api_key"}

    def allows(self, asked: Asked) -> bool:
        return asked.query.get("api_key") == self.options["apiKey"] and "Authorization" not in asked.headers


class Open(Paged):
    """No sign-in: whoever sends credentials is sent away."""

    auth = ("none",)
    options: ClassVar[Json] = {}

    def allows(self, asked: Asked) -> bool:
        return "Authorization" not in asked.headers


class SearchAfter(Mapped):
    """Elasticsearch's pages: the sort values of the last hit, a number and a text, go into the next search as they are.

    https://www.elastic.co/guide/en/elasticsearch/reference/current/paginate-search-results.html
    """

    service_type = "search"
    map = """
    resources:
      indexes:
        request: POST /catalog/_search
        json: {size: "{size}", sort: [{docs: asc}, {name: asc}], search_after: "{cursor}"}
        paging: {by: cursor, size: 10, next: "hits.hits[-1].sort"}
        records: hits.hits[]._source
    """
    show: ClassVar[dict[str, str]] = {"indexes": "name"}

    def truth(self) -> Json:
        return {"indexes": [f"index {n:02}" for n in range(HELD)]}

    def answer(self, asked: Asked) -> Any:
        if asked.line != "POST /catalog/_search":
            return NOT_FOUND
        hits: list[Json] = [
            {"_source": {"name": f"index {n:02}"}, "sort": [n // 5, f"index {n:02}"]} for n in range(HELD)
        ]
        start, after = 0, asked.body.get("search_after")
        if "search_after" in asked.body:
            if not isinstance(after, list) or list(map(type, after)) != [int, str]:
                return Reply({"error": "Failed to parse search_after"}, 400)
            start = sum(hit["sort"] <= after for hit in hits)
        return {"hits": {"total": {"value": HELD, "relation": "eq"}, "hits": hits[start : start + asked.body["size"]]}}


class Continued(Mapped):
    """Cosmos DB's pages: a token in a header of the answer, sent back in a header of the next request.

    https://learn.microsoft.com/en-us/rest/api/cosmos-db/list-collections
    """

    service_type = "storage"
    map = """
    resources:
      containers:
        request: GET /dbs/shop/colls
        headers: {x-ms-max-item-count: "{size}", x-ms-continuation: "{cursor}"}
        paging: {by: cursor, size: 20, next_header: x-ms-continuation}
        records: DocumentCollections
    """
    show: ClassVar[dict[str, str]] = {"containers": "id"}

    def truth(self) -> Json:
        return {"containers": [f"coll{n}" for n in range(HELD)]}

    def answer(self, asked: Asked) -> Any:
        if asked.line != "GET /dbs/shop/colls":
            return NOT_FOUND
        start, size = int(asked.headers.get("x-ms-continuation", 0)), int(asked.headers["x-ms-max-item-count"])
        page = [{"id": f"coll{n}"} for n in range(HELD)][start : start + size]
        following = {"x-ms-continuation": str(start + size)} if start + size < HELD else {}
        return Reply({"_rid": "PaYSAA==", "DocumentCollections": page, "_count": len(page)}, headers=following)


HONEST: list[type[Mapped]] = [
    *(Redash, Spring, Elastic, Kubernetes, Unity, GraphQL),
    *(Mlflow, Notion, Superset, Github, KafkaRest, Paged, SearchAfter, Continued),
    *(KeyInHeader, KeyInQuery, Open, LoginForm, LoginExpires),
]
