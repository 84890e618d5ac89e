"""Small servers, each as a real API documents itself, with the map that a user would write from that documentation.

Each class is one API: its map, the resources to read, what to look at in each record (`show`, a JMESPath over the
record with its declared values on top), and the truth: what an honest reading has to come to, in order. The row of a
record below others begins with what was looked at first in each record above it. One server answers for all of them,
each below a path of its own. Those that contradict themselves are in mapped_faults.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from tests.support.mapped_server import HELD, NOT_FOUND, Asked, Json, Mapped, Reply, things


class Redash(Mapped):
    """Pages from 1 with a count, the widgets in each dashboard's detail, owners in an object."""

    map = """
    query: {api: v1, drafts: false, kinds: [a, true]}
    paging: {by: page, size: 25, parameter: page, size_parameter: page_size, count: count}
    resources:
      dashboards:
        request: GET /api/dashboards
        records: results
        detail: {request: "GET /api/dashboards/{dashboard.slug}"}
        fields:
          {name: slug, displayName: name, owners: "[user.name]", sourceUrl: "{options.hostPort}/{slug}", tags: tags}
      charts:
        records: widgets[?visualization].visualization
        fields: {name: to_string(id), displayName: name, chartType: {value: type, map: {CHART: Bar}, default: Other}}
    """
    show: ClassVar[dict[str, str]] = {"dashboards": "[name, display_name, owners, tags]", "charts": "[name, kind]"}

    def __init__(self) -> None:
        super().__init__()
        self.slugs = [f"board {number}/é" for number in range(HELD)]

    def truth(self) -> Json:
        boards = [[slug, f"Board {n}", [f"user{n}"], ["a", "b"]] for n, slug in enumerate(self.slugs)]
        charts = [
            [slug, [str(n * 10 + kind), {1: "Bar", 2: "Other"}[kind]]]
            for n, slug in enumerate(self.slugs)
            for kind in (1, 2)
        ]
        return {"dashboards": boards, "charts": charts}

    def answer(self, asked: Asked) -> Any:
        if (asked.query["api"], asked.query["drafts"], asked.query["kinds"]) != ("v1", "false", "true"):
            return Reply({"message": "say which api"}, 400)
        if asked.path == ("api", "dashboards"):
            page, size = asked.number("page", 1), asked.number("page_size", 20)
            if (page - 1) * size >= HELD:
                return Reply({"message": "Page is out of range."}, 400)
            found = [
                {"slug": slug, "name": f"Board {self.slugs.index(slug)}"}
                for slug in self.slugs[(page - 1) * size : page * size]
            ]
            return {"count": HELD, "page": page, "page_size": size, "results": found}
        if asked.path[:2] == ("api", "dashboards") and asked.path[2] in self.slugs:
            number = self.slugs.index(asked.path[2])
            charts: list[Json] = [
                {"visualization": {"id": number * 10 + kind, "name": f"V{kind}", "type": ["CHART", "TABLE"][kind - 1]}}
                for kind in (1, 2)
            ]
            own = {"slug": asked.path[2], "name": f"Board {number}", "user": {"name": f"user{number}"}}
            return own | {"tags": ["a", "b"], "widgets": [*charts, {"text": "a text box"}]}
        return NOT_FOUND


class Spring(Mapped):
    """Pages from 0 in a HAL answer, which has no `_embedded` where a list is empty; times of four kinds."""

    service_type = "pipeline"
    answers: ClassVar[Json] = {"capabilities": ["metadata", "pipeline_status"]}
    map = """
    paging: {by: page, first: 0, size: 20, parameter: page, size_parameter: size, count: page.totalElements}
    resources:
      pipelines:
        request: GET /tasks/definitions
        records: _embedded.taskDefinitionResourceList
        where: {status.phase: [Ready, null], composed: false}
        fields: {name: name, displayName: "{name} ({dslText})"}
      runs:
        request: GET /tasks/executions
        query: {name: "{pipeline.name}"}
        records: _embedded.executions || `[]`
        fields:
          status: {value: state, map: {SUCCESS: Successful, ERROR: Failed}, default: Pending}
          created: {value: created, time: seconds}
          startTime: {value: started, time: milliseconds}
          endTime: {value: ended, time: iso}
    """
    show: ClassVar[dict[str, str]] = {"pipelines": "[name, display_name]", "runs": "[id, state, started, ended]"}
    # 2024-05-01T00:00:00Z
    DAY = 1714521600

    def truth(self) -> Json:
        pipelines = [[f"t{n}", f"t{n} (a && b)"] for n in range(HELD) if n % 4]
        runs = [
            [
                f"t{n}",
                [
                    run,
                    ["Successful", "Failed", "Pending"][run % 3],
                    (self.DAY + run) * 1000,
                    (self.DAY + run + 60) * 1000,
                ],
            ]
            for n in range(HELD)
            if n % 4
            for run in range(self.runs(n))
        ]
        return {"pipelines": pipelines, "runs": runs}

    def runs(self, number: int) -> int:
        return {1: 0, 2: 45, 3: 20}.get(number, number % 3)

    def answer(self, asked: Asked) -> Any:
        page, size = asked.number("page", 0), asked.number("size", 5)
        if asked.path == ("tasks", "definitions"):
            status: list[Json] = [{"status": {"phase": "Gone"}}, {"status": {"phase": "Ready"}}, {}, {"status": None}]
            held = [{"name": f"t{n}", "dslText": "a && b", "composed": False} | status[n % 4] for n in range(HELD)]
            key = "taskDefinitionResourceList"
        elif asked.path == ("tasks", "executions"):
            key = "executions"
            held = [
                {
                    "id": run,
                    "state": ["SUCCESS", "ERROR", "ODD"][run % 3],
                    "created": self.DAY + run,
                    "started": (self.DAY + run) * 1000,
                    # two hours ahead of UTC
                    "ended": f"2024-05-01T02:{1 + run // 60:02}:{run % 60:02}+02:00",
                }
                for run in range(self.runs(int(asked.query["name"].removeprefix("t"))))
            ]
        else:
            return NOT_FOUND
        found = held[page * size : (page + 1) * size]
        counted = {"page": {"size": size, "totalElements": len(held), "number": page}}
        return ({"_embedded": {key: found}} if found else {}) | counted


class Elastic(Mapped):
    """Objects keyed by name, three levels of it, and a search whose page stands in the body."""

    service_type = "search"
    answers: ClassVar[Json] = {"capabilities": ["metadata", "fields", "sample_data"]}
    map = """
    resources:
      indexes:
        request: GET /_mapping
        records: "@"
        key_field: index
        fields: {name: index}
      fields:
        records: mappings.properties
        key_field: field
        fields: {name: field, dataType: type}
      documents:
        request: POST /{index.index}/_search
        json: {from: "{offset}", size: "{size}", query: {match_all: {}}, sort: [{_id: asc}]}
        paging: {by: offset, size: 10, count: hits.total.value}
        records: hits.hits[]._source
    """
    show: ClassVar[dict[str, str]] = {"indexes": "name", "fields": "[name, kind]", "documents": "n"}

    def truth(self) -> Json:
        indexes = [f"logs-{n}" for n in range(HELD)]
        fields = [[name, [f"f{f}", "text"]] for name in indexes for f in range(3)]
        return {
            "indexes": indexes,
            "fields": fields,
            "documents": [[f"logs-{n}", d] for n in range(HELD) for d in range(self.documents(n))],
        }

    def documents(self, number: int) -> int:
        return {0: 35, 1: 0, 2: 20}.get(number, 1)

    def answer(self, asked: Asked) -> Any:
        if asked.line == "GET /_mapping":
            properties = {f"f{f}": {"type": "text"} for f in range(3)}
            return {f"logs-{n}": {"mappings": {"properties": properties}} for n in range(HELD)}
        if asked.method == "POST" and asked.path[1:] == ("_search",) and asked.body["query"] == {"match_all": {}}:
            held = [{"_id": str(n), "_source": {"n": n}} for n in range(self.documents(int(asked.path[0][5:])))]
            start, size = asked.body["from"], asked.body["size"]
            assert isinstance(start, int) and isinstance(size, int)
            return {"hits": {"total": {"value": len(held)}, "hits": held[start : start + size]}}
        return NOT_FOUND


class Kubernetes(Mapped):
    """A flat list, its databases and schemas in a field, with a continue token and columns of its own."""

    service_type = "database"
    map = """
    resources:
      databases: {from: tables, key: "spec.path[0]"}
      schemas: {from: tables, key: "spec.path[1]"}
      tables:
        request: GET /apis/data/v1/tables
        query: {limit: "{size}", continue: "{cursor}"}
        paging: {by: cursor, size: 9, next: metadata.continue}
        records: items
        where: {status.phase: Ready}
        fields:
          name: metadata.name
          description: metadata.annotations."data/description"
          tableType: {value: spec.kind, map: {view: View}, default: Regular}
          columns: {value: spec.columns, fields: {name: col, dataType: of.type, nullable: "!required"}}
      columns: {records: spec.columns, fields: {name: col, dataType: of.type}}
    """
    show: ClassVar[dict[str, str]] = {
        "databases": "name",
        "schemas": "name",
        "tables": "[name, description, kind]",
        "columns": "[name, kind]",
    }

    def tables(self) -> list[Json]:
        return [
            {
                "metadata": {"name": f"table {n}", "annotations": {"data/description": f"About {n}"}},
                "spec": {
                    "path": [f"db{n % 3}", f"schema{n % 2}"],
                    "kind": "view" if n % 5 == 0 else "odd",
                    "columns": [{"col": f"c{n}", "of": {"type": "int"}, "required": True}],
                },
                "status": {"phase": "Failed" if n % 7 == 6 else "Ready"},
            }
            for n in range(HELD)
        ]

    def truth(self) -> Json:
        ready = [table for table in self.tables() if table["status"]["phase"] == "Ready"]
        databases = list(dict.fromkeys(table["spec"]["path"][0] for table in ready))
        rows: Json = {"databases": databases, "schemas": [], "tables": [], "columns": []}
        for database in databases:
            inside = [table for table in ready if table["spec"]["path"][0] == database]
            for schema in dict.fromkeys(table["spec"]["path"][1] for table in inside):
                rows["schemas"].append([database, schema])
                for table in [table for table in inside if table["spec"]["path"][1] == schema]:
                    name = table["metadata"]["name"]
                    about, view = f"About {name[6:]}", table["spec"]["kind"] == "view"
                    rows["tables"].append([database, schema, [name, about, "View" if view else "Regular"]])
                    rows["columns"].append([database, schema, name, [f"c{name[6:]}", "int"]])
        return rows

    def answer(self, asked: Asked) -> Any:
        start, size = asked.number("continue", 0), asked.number("limit", 500)
        if asked.line != "GET /apis/data/v1/tables" or asked.query.get("continue") == "":
            return NOT_FOUND
        found = self.tables()[start : start + size]
        following = {"continue": str(start + size)} if start + size < HELD else {}
        return {"kind": "TableList", "metadata": following, "items": found}


class Unity(Mapped):
    """Four levels, names with slashes, dots and braces in paths and queries, and an empty page token at the end."""

    service_type = "database"
    map = """
    paging: {by: cursor, size: 7, parameter: page_token, size_parameter: max_results, next: next_page_token}
    resources:
      databases: {request: GET /catalogs, records: catalogs}
      schemas: {request: GET /schemas, query: {catalog_name: "{database.name}"}, records: schemas}
      tables:
        request: GET /tables
        query: {full: "{database.name}.{schema.name}"}
        records: tables
      columns: {request: "GET /tables/{database.name}/{schema.name}/{table.name}/columns", records: "@", paging: none}
    """
    show: ClassVar[dict[str, str]] = {"databases": "name", "schemas": "name", "tables": "name", "columns": "name"}
    ODD: ClassVar[tuple[str, ...]] = ("a/b", "c d", "{page}", "é?#&=+%", "50%2F")

    def truth(self) -> Json:
        rows: Json = {"databases": list(self.ODD), "schemas": [], "tables": [], "columns": []}
        for catalog in self.ODD:
            for schema in self.ODD:
                rows["schemas"].append([catalog, schema])
                for table in self.tables(catalog, schema):
                    rows["tables"].append([catalog, schema, table])
                    rows["columns"] += [[catalog, schema, table, f"{table}.{n}"] for n in range(2)]
        return rows

    def tables(self, catalog: str, schema: str) -> list[str]:
        return [f"{catalog}|{schema}|{n}" for n in range(16 if catalog == schema else 1)]

    def answer(self, asked: Asked) -> Any:
        names: Sequence[str]
        if asked.path[-1] == "columns" and len(asked.path) == 5:
            if asked.path[3] not in self.tables(asked.path[1], asked.path[2]):
                return NOT_FOUND
            return [{"name": f"{asked.path[3]}.{n}"} for n in range(2)]
        if asked.line == "GET /catalogs" or (asked.line == "GET /schemas" and asked.query["catalog_name"] in self.ODD):
            names = self.ODD
        elif asked.line == "GET /tables":
            pairs = {f"{one}.{two}": self.tables(one, two) for one in self.ODD for two in self.ODD}
            names = pairs[asked.query["full"]]
        else:
            return NOT_FOUND
        start, size = asked.number("page_token", 0), asked.number("max_results", 1)
        found = [{"name": name} for name in names[start : start + size]]
        return {asked.path[-1]: found, "next_page_token": str(start + size) if start + size < len(names) else ""}


class GraphQL(Mapped):
    """A Relay connection: the last page has a cursor too, and only hasNextPage says that it is the last."""

    service_type = "pipeline"
    answers: ClassVar[Json] = {"capabilities": ["metadata", "pipeline_status"]}
    map = """
    resources:
      pipelines:
        request: POST /graphql
        graphql: |
          query Jobs($first: Int!, $after: String, $kind: String) {
            jobs(first: $first, after: $after, kind: $kind) {
              edges { node { id name } } pageInfo { endCursor hasNextPage }
            }
          }
        variables: {first: "{size}", after: "{cursor}", kind: "a \\"kind\\""}
        paging: {by: cursor, size: 10, next: data.jobs.pageInfo.endCursor, more: data.jobs.pageInfo.hasNextPage}
        records: data.jobs.edges[].node
        fields: {displayName: name}
      runs:
        request: POST /graphql
        graphql: 'query Runs($job: ID!) { runs(job: $job) { id state } }'
        variables: {job: "{pipeline.id}"}
        records: data.runs
        fields: {status: state}
    """
    show: ClassVar[dict[str, str]] = {"pipelines": "[id, display_name]", "runs": "[id, state]"}

    def truth(self) -> Json:
        jobs = [[one["id"], one["name"]] for one in things("job")]
        return {"pipelines": jobs, "runs": [[one, [f"{one}-{n}", "SUCCESS"]] for one, _ in jobs for n in (1, 2)]}

    def answer(self, asked: Asked) -> Any:
        if (
            asked.line != "POST /graphql"
            or not isinstance(asked.body, dict)
            or set(asked.body) - {"query", "variables"}
        ):
            return NOT_FOUND
        variables = asked.body["variables"]
        if "runs(job: $job) {" in asked.body["query"]:
            return {"data": {"runs": [{"id": f"{variables['job']}-{n}", "state": "SUCCESS"} for n in (1, 2)]}}
        if variables["kind"] != 'a "kind"' or "\n" not in asked.body["query"]:
            return {"errors": [{"message": "no such kind"}]}
        return {"data": {"jobs": self.connection(things("job"), variables["first"], variables.get("after"))}}

    def connection(self, held: list[Json], first: int, after: str | None) -> Json:
        start = int(after.removeprefix("after:")) if after is not None else 0
        edges = [{"node": node} for node in held[start : start + first]]
        more = start + first < len(held)
        return {"edges": edges, "pageInfo": {"endCursor": f"after:{start + len(edges)}", "hasNextPage": more}}
