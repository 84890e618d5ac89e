"""Fields of a topology's stages in the forms that maps have: JMESPath, texts of it, words for values, times."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.conftest import ROOT
from tests.support import declarations
from tests.support.checks import PACKAGE_MODULES, check_texts
from tests.support.connector import Deploy, assert_passed
from tests.support.mapped_server import NOT_FOUND, Apis, Asked, Mapped
from tests.support.python import Warm
from tests.support.render import Interview
from tests.test_topology_requests import PARTS, RUN, answers_of

Json = dict[str, Any]

TREE = """
producers:
  databases: GET /databases
  schemas: GET /databases/{database.meta.ids[0]}/schemas
  tables: {request: "GET /tables/{database.meta.ids[0]}/{database_schema}", where: {"tags[0].kind": kept}}
  edges: GET /lineage
nodes:
  root:
    children: [database]
    post_process: [lineage, deletion]
  database:
    producer: databases
    threads: 4
    stages: [{type: Database, fields: {name: "meta.titles[0]", description: "notes[?lang=='en'].text | [0]"}}]
    children: [database_schema]
  database_schema:
    producer: schemas
    stages: [{type: DatabaseSchema, fields: {displayName: {value: kind, map: {A: Alpha, B: Beta}, default: Other}}}]
    children: [table]
  table:
    producer: tables
    stages:
      - type: Table
        key: ids[0].value
        fields:
          name: "{meta.group[0]}.{meta.name}"
          displayName: {value: made_at, time: iso}
          description: "{meta.kind || 'table'} of {options.tenant}"
          sourceUrl: {value: extra, json: "links[0].url"}
          columns:
            value: cols[].spec
            fields: {name: field, dataType: {value: t, map: {S: varchar, N: integer}}, dataLength: size}
post_process:
  lineage:
    producer: edges
    from: {context: table, field: source}
    to: {context: table, field: target}
"""

SEVERAL = """
producers:
  boards: {request: GET /boards, paging: {by: page, size: 10, count: total}, records: items}
nodes:
  root: {children: [board]}
  board:
    producer: boards
    stages:
      - {type: Dashboard, fields: {name: "ids[0]", project: {value: space.kind, map: {"1": Sales, "true": Ops}}}}
      - {type: Chart, context: cover, nullable: true, fields: {name: "cover.ids[0]", description: length(parts)}}
"""


class Nested(Mapped):
    """Names, texts, times and columns within objects and lists."""

    service_type = "database"
    options: ClassVar[Json] = {"token": "t", "tenant": "blue"}
    show: ClassVar[Json] = {
        "databases": "name",
        "schemas": "[name, display_name]",
        "tables": "[name, key, display_name, description, source_url, columns]",
    }
    answers: ClassVar[Json] = {"options": "tenant: {required: true}"}
    map = ""
    topology = TREE

    def truth(self) -> Json:
        names, found = {1: "Alpha", 2: "Beta", 3: "Other"}, {"databases": [f"db {at}" for at in range(8)]}
        columns = [{"name": "id", "type": "integer", "length": None}, {"name": "x", "type": "blob", "length": 9}]
        rows: Json = found | {"schemas": [], "tables": []}
        for at, number in product(range(8), names):
            schema = f"s{at}-{number}"
            table = [f"sales.{schema}", f"k-{schema}", 1772600767000, "view of blue", f"https://x/{schema}", columns]
            rows["schemas"].append([f"db {at}", [schema, names[number]]])
            rows["tables"].append([f"db {at}", schema, table])
        return rows

    def answer(self, asked: Asked) -> Any:
        if asked.path == ("databases",):
            said = [{"lang": "de", "text": "Eine"}, {"lang": "en", "text": "One"}]
            return [{"meta": {"titles": [f"db {at}"], "ids": [f"i/{at}"]}, "notes": said} for at in range(8)]
        if len(asked.path) == 3 and asked.path[0] == "databases" and asked.path[1].startswith("i/"):
            at = asked.path[1][2:]
            return [{"name": f"s{at}-{number}", "kind": "?ABC"[number]} for number in (1, 2, 3)]
        if len(asked.path) == 3 and asked.path[0] == "tables":
            schema = asked.path[2]
            table: Json = {"meta": {"group": ["sales"], "name": schema, "kind": "view"}}
            table |= {"ids": [{"value": f"k-{schema}"}], "made_at": "2026-03-04T05:06:07Z"}
            table["extra"] = json.dumps({"links": [{"url": f"https://x/{schema}"}]})
            table["cols"] = [{"spec": {"field": "id", "t": "N"}}, {"spec": {"field": "x", "t": "blob", "size": 9}}]
            return [table | {"tags": [{"kind": kind}]} for kind in ("gone", "kept")]
        return NOT_FOUND


@pytest.fixture(scope="module")
def interview() -> Interview:
    return Interview(ROOT)


def client_of(topology: str, interview: Interview, service_type: str = "database") -> str:
    given = {"kind": "topology", "name": "probe", "type_name": "Probe", "service_type": service_type}
    given |= {"topology": topology, "options": "tenant: {default: blue}"}
    return interview.made(interview.answered(given))["src/openmetadata_probe/client.py"]


@pytest.mark.framework
def test_all_that_an_api_has_arrives(interview: Interview, warm: Warm, tmp_path: Path) -> None:
    api = Nested()
    with Apis({"Nested": api}) as served:
        for path, text in interview.made(interview.answered(answers_of(api))).items():
            if PARTS.fullmatch(path):
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(text, encoding="utf-8")
        options: Json = {"hostPort": served.address("Nested")} | api.options
        job = {"name": "Nested", "path": str(tmp_path / "src"), "show": api.show, "options": options}
        (tmp_path / "jobs.json").write_text(json.dumps([job]), encoding="utf-8")
        found = warm.run_script(tmp_path, RUN, str(tmp_path / "jobs.json"))["Nested"]
    assert found["errors"] == []
    assert found["rows"] == api.truth()


@pytest.mark.framework
@pytest.mark.parametrize("service_type", ["database", pytest.param("messaging", marks=pytest.mark.nightly)])
def test_emitted_tests_pass(service_type: str, deploy: Deploy, warm: Warm, tmp_path: Path) -> None:
    """They read nested keys, times and values that mean others from a stand-in that has them where the API would."""
    topology = {"database": TREE, "messaging": NUMBERS}[service_type]
    given = {"kind": "topology", "name": "probe", "service_type": service_type, "topology": topology}
    given |= {"options": "tenant: {default: blue}"}
    assert_passed(deploy(given, "package", tmp_path).run_tests(warm))


NUMBERS = """
producers:
  clusters: {request: GET /clusters, key_field: name}
  topics: GET /clusters/{cluster}/topics
nodes:
  root: {children: [cluster]}
  cluster: {producer: clusters, stages: [{context: cluster}], children: [topic]}
  topic:
    producer: topics
    stages:
      - type: Topic
        fields:
          name: names[0]
          partitions: {value: size, map: {small: "1", big: "12"}, default: "3"}
          retentionTime: {value: kept, json: days}
          replicationFactor: length(replicas)
          retentionSize: limits.size
"""


@pytest.mark.parametrize(
    ("service_type", "topology"), [("database", TREE), ("dashboard", SEVERAL), ("messaging", NUMBERS)], ids=range(3)
)
def test_what_is_emitted_is_formatted(service_type: str, topology: str, interview: Interview, tmp_path: Path) -> None:
    given = {"kind": "topology", "name": "probe", "service_type": service_type, "topology": topology}
    made = interview.made(interview.answered(given | {"options": "tenant: {default: blue}"}))
    modules = {"openmetadata_probe", *PACKAGE_MODULES}
    check_texts({text: path for path, text in made.items()}, tmp_path / service_type, modules)


# What a client has of each form of a field, as a careful person would write it.
WRITTEN = [
    """
        return {"name": value(record, "meta.titles[0]"), "description": value(record, "notes[?lang=='en'].text | [0]")}
""",
    """
        database_meta_ids = needed(database, "meta.ids[0]")
        listing = Listing("schemas", f"/databases/{part(database_meta_ids)}/schemas")
        yield from declared(
            self._whole(listing, self._page(listing)), self._database_schema_fields, self._found["schemas"]
        )
""",
    """
        return {"display_name": meant(value(record, "kind"), {"A": "Alpha", "B": "Beta"}, "Other")}
""",
    """
        return {
            "name": joined(value(record, "meta.group[0]"), ".", value(record, "meta.name")),
            "description": joined(value(record, "meta.kind || 'table'"), " of ", self._connection.tenant),
            "columns": each(
                value(record, "cols[].spec"),
                lambda item: {
                    "name": value(item, "field"),
                    "type": meant(value(item, "t"), {"S": "varchar", "N": "integer"}),
                    "length": value(item, "size"),
                },
            ),
            "display_name": time_in(value(record, "made_at"), "iso"),
            "source_url": parsed(value(record, "extra"), "links[0].url"),
            "key": value(record, "ids[0].value"),
        }
""",
]


def test_client_spells_out_where_records_have_their_fields(interview: Interview) -> None:
    client = client_of(TREE, interview)
    assert [text for text in WRITTEN if text not in client] == []


PLAIN = """
producers:
  databases: GET /databases
  schemas: GET /databases/{database.id}/schemas
nodes:
  root: {children: [database]}
  database: {producer: databases, stages: [{type: Database, fields: {description: about}}], children: [database_schema]}
  database_schema: {producer: schemas, stages: [{type: DatabaseSchema}]}
"""


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        ("{database.id}", "{database.ids[0]}", 'needed(database, "ids[0]")'),
        ("about", '"abouts[0]"', 'value(record, "abouts[0]")'),
        ("about", "{value: about, map: {a: b}}", 'meant(value(record, "about"), {"a": "b"})'),
    ],
)
def test_one_expression_alone_is_spelt_out(old: str, new: str, written: str, interview: Interview) -> None:
    assert "jmespath" not in client_of(PLAIN, interview)
    assert written in client_of(PLAIN.replace(old, new), interview)


def test_stages_of_one_record_have_fields_of_their_own(interview: Interview) -> None:
    client = client_of(SEVERAL, interview, "dashboard")
    assert '"board_name": value(record, "ids[0]"),' in client
    assert '"cover_name": value(record, "cover.ids[0]"),' in client


def test_what_is_declared_as_keys_alone_stays_as_it_is(interview: Interview) -> None:
    """A field of keys joined by dots needs no expression: nothing of these is emitted for it."""
    topology = declarations.CATALOG.services["database"]["topology"]["usual"]
    client = client_of(topology.replace("{type: Table", "{type: Table, fields: {description: a.b}"), interview)
    assert "jmespath" not in client
    assert "declared(" not in client


# What is changed in TREE into what, and the line that it gives.
FIELD = "line 27, nodes.table.stages[0].fields"
REFUSED: list[tuple[str, str, str]] = [
    (
        '"meta.titles[0]"',
        '"meta.titles["',
        "line 14, nodes.database.stages[0].fields.name: give JMESPath, such as data",
    ),
    ('"meta.titles[0]"', "{value: a, map: {b: c}}", "line 14, nodes.database.stages[0].fields.name.map: leave map out"),
    ('"meta.titles[0]"', "{value: a, time: iso}", "line 14, nodes.database.stages[0].fields.name.time: leave time out"),
    (
        '"meta.titles[0]"',
        '"{options.tenant}"',
        "line 14, nodes.database.stages[0].fields.name: leave options out of name",
    ),
    ('"meta.titles[0]"', '"length(meta)"', "line 11, nodes.database: no sample record can have something at length"),
    ("meta.ids[0]", "meta.ids[", "line 4, producers.schemas: give JMESPath, such as data.items: 'meta.ids['"),
    ("key: ids[0].value", "key: {value: a, json: b}", "line 24, nodes.table.stages[0].key.json: leave json out: key"),
    (
        "map: {A: Alpha, B: Beta},",
        "map: {},",
        "line 18, nodes.database_schema.stages[0].fields.displayName.map: give keys",
    ),
    ("map: {A: Alpha, B: Beta},", "", "line 18, nodes.database_schema.stages[0].fields.displayName.default: leave"),
    ("time: iso", "time: hours", "line 27, nodes.table.stages[0].fields.displayName.time: 'hours' is unknown"),
    ("json: ", "time: iso, json: ", "line 29, nodes.table.stages[0].fields.sourceUrl.time: leave time out: an"),
    (
        "value: cols",
        "time: iso\n            value: cols",
        "line 31, nodes.table.stages[0].fields.columns.time: leave",
    ),
    (
        "value: cols[].spec",
        'value: "{cols} x"',
        "line 30, nodes.table.stages[0].fields.columns: give JMESPath to a list",
    ),
    ("name: field, ", "", "line 32, nodes.table.stages[0].fields.columns.fields: give name, too: nothing can be"),
    ("dataType:", "datatype:", "line 32, nodes.table.stages[0].fields.columns.fields.datatype: 'datatype' is unknown"),
    (
        "value: made_at, time: iso",
        "value: a, fields: {b: c}",
        f"{FIELD}.displayName.fields: leave fields out: it holds",
    ),
    ("value: made_at", "vlaue: made_at", f"{FIELD}.displayName.vlaue: 'vlaue' is unknown; did you mean value?"),
    ("{options.tenant}", "{options.tennant}", "line 28, nodes.table.stages[0].fields.description: placeholder"),
    ("GET /databases\n", "[{name: a}]\n", "line 14, nodes.database.stages[0]: give a field in place of meta.titles[0]"),
]


@pytest.mark.parametrize(("old", "new", "line"), REFUSED, ids=range(len(REFUSED)))
def test_refusal_says_the_line(old: str, new: str, line: str) -> None:
    beside = {"option_names": ("hostPort", "tenant"), "service_type": "database", "auth_types": ["token"]}
    facts = declarations.CATALOG.services["database"]
    assert TREE.count(old) >= 1
    assert declarations.fault(TREE, facts, beside) == ""
    found = declarations.fault(TREE.replace(old, new, 1), facts, beside)
    assert found.startswith(line)
    assert found.isprintable()


def test_words_for_numbers_are_numbers() -> None:
    found = declarations.fault(NUMBERS.replace('"12"', "many"), declarations.CATALOG.services["messaging"])
    assert found == (
        "line 14, nodes.topic.stages[0].fields.partitions: give numbers in map and default: partitions is one, and "
        "'many' is none"
    )
