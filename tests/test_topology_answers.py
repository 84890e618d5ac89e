"""What a topology may be declared as: what is refused, with which line, and what follows from what is accepted."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.catalog import Catalog
from extensions.topology_samples import Samples
from tests.conftest import ROOT
from tests.support import declarations

CATALOG = Catalog(ROOT / "catalog")
DATABASE = CATALOG.services["database"]
WITH_TOPOLOGY = [name for name, facts in CATALOG.services.items() if "topology" in facts]

# A whole one, which each refusal below changes in one place.
WHOLE = """
producers:
  databases: GET /databases
  schemas: GET /databases/{database}/schemas
  tables: GET /databases/{database}/schemas/{schema_of.id}/tables
  edges: GET /lineage
nodes:
  root:
    children: [database]
    post_process: [lineage, deletion]
  database:
    producer: databases
    stages: [{type: Database}]
    children: [middle]
  middle:
    producer: schemas
    threads: 4
    stages: [{type: DatabaseSchema, context: schema_of}]
    children: [table]
  table:
    producer: tables
    stages: [{type: Table, key: id}]
post_process:
  lineage:
    producer: edges
    from: {context: table, field: source}
    to: {context: table, field: target}
"""

SCHEMA_STAGE = "[{type: DatabaseSchema, context: schema_of}]"

# What is changed into what, and the line that it gives.
REFUSED: dict[str, tuple[str, str, str]] = {
    "an escape that needs none": (
        "GET /lineage",
        "GET /line%7Eage",
        "line 6, producers.edges: %7E in 'GET /line%7Eage' would be asked for in another form: give the path "
        "as it is, and escapes in capitals for what needs them alone",
    ),
    "dots": (
        "GET /lineage",
        "GET /../lineage",
        "line 6, producers.edges: /.. in 'GET /../lineage' would be asked for in another form: give the path "
        "as it is, and escapes in capitals for what needs them alone",
    ),
    "two placeholders without a border": (
        "{database}/schemas/{schema_of.id}/tables",
        "{database}-{schema_of.id}/tables",
        "line 5, producers.tables: }-{ in 'GET /databases/{database}-{schema_of.id}/tables' leaves two "
        "placeholders without a border: put / or another character between them, such as : or ,",
    ),
    "a parameter of the pages": (
        "GET /lineage",
        "GET /lineage?deep=1&page=2",
        "line 6, producers.edges: the client sets page for each page: leave it out of GET /lineage?deep=1&page=2",
    ),
    "not YAML": (
        "producers:",
        "producers: [",
        "line 4: expected ',' or ']', but got ':'; texts with braces, colons or # need quotes",
    ),
    "a key twice": (
        "  tables: GET",
        "  schemas: GET",
        "line 5: 'schemas' is there twice",
    ),
    "an alias": (
        "[database]",
        "&a [*a]",
        "line 9: there is an alias: write out what it stands for; texts with braces, colons or # need quotes",
    ),
    "a list": (
        WHOLE,
        "[a]",
        "line 1: give keys with values, such as {producers: {…}, nodes: {…}}: ['a'] has none",
    ),
    "nothing": (
        WHOLE,
        "",
        "give the topology: there is nothing in it",
    ),
    "no nodes": (
        "nodes:",
        "node:",
        "line 7, node: 'node' is unknown; did you mean nodes?",
    ),
    "no root": (
        "  root:",
        "  service:",
        "line 7, nodes: give root, the service itself, with the names of its children",
    ),
    "unknown key": (
        "    threads: 4",
        "    thread: 4",
        "line 17, nodes.middle.thread: 'thread' is unknown; did you mean threads?",
    ),
    "no stages": (
        "    stages: [{type: Database}]\n",
        "",
        "line 11, nodes.database: give stages, which is missing",
    ),
    "unknown producer": (
        "producer: tables",
        "producer: tabels",
        "line 21, nodes.table.producer: 'tabels' is unknown; did you mean tables?",
    ),
    "producer of two": (
        "producer: schemas",
        "producer: tables",
        "line 20, nodes.table: producer tables is that of node middle: give it one of its own",
    ),
    "producer of none": (
        "  edges: GET /lineage",
        "  edges: GET /lineage\n  others: GET /others",
        "line 7, producers.others: nothing uses it: give it to a node, or leave it out",
    ),
    "no endpoint": (
        "databases: GET /databases\n",
        "databases: POST /databases\n",
        "line 3, producers.databases: give an endpoint, such as GET /databases, or a list of records: 'POST "
        "/databases' is neither",
    ),
    "unknown child": (
        "children: [middle]",
        "children: [midle]",
        "line 14, nodes.database.children: 'midle' is unknown; did you mean middle?",
    ),
    "a circle": (
        "stages: [{type: Table, key: id}]",
        "stages: [{type: Table, key: id}]\n    children: [middle]",
        "line 15, nodes.middle: middle → table → middle is a circle: take one of its children out",
    ),
    "a circle through the root": (
        "stages: [{type: Table, key: id}]",
        "stages: [{type: Table, key: id}]\n    children: [root]",
        "line 8, nodes.root: root → database → middle → table → root is a circle: take one of its children out",
    ),
    "itself below itself": (
        "children: [middle]",
        "children: [database]",
        "line 11, nodes.database: database → database is a circle: take one of its children out",
    ),
    "two parents": (
        "    children: [database]\n",
        "    children: [database, table]\n",
        "line 20, nodes.table: it is a child of root and middle: give it one place, and the other a node of its own",
    ),
    "unreached": (
        "    children: [table]\n",
        "",
        "line 19, nodes.table: nothing leads to it: name it among the children of a node, or leave it out",
    ),
    "unknown type": (
        "type: Table",
        "type: table",
        "line 22, nodes.table.stages[0].type: 'table' is unknown; did you mean Table?",
    ),
    "type of another service": (
        "type: Table",
        "type: Topic",
        "line 22, nodes.table.stages[0].type: 'Topic' is unknown; give one of Database, DatabaseSchema, Table",
    ),
    "parent is not made": (
        "[{type: DatabaseSchema, context: schema_of}]",
        "[{context: schema_of}]",
        "line 22, nodes.table.stages[0]: a Table stands in a DatabaseSchema, which no stage above makes: give"
        " a node above table one of type DatabaseSchema",
    ),
    "context twice": (
        "context: schema_of",
        "context: database",
        "line 13, nodes.database.stages[0]: context database is set in database and in middle: give each a "
        "name of its own",
    ),
    "context of the service": (
        "context: schema_of",
        "context: database_service",
        "line 18, nodes.middle.stages[0]: context database_service is that of the service: give it another name",
    ),
    "consumed context is nowhere": (
        "{type: Table, key: id}",
        "{type: Table, consumer: [database_service, database, schema_off]}",
        "line 22, nodes.table.stages[0].consumer: 'schema_off' is unknown; did you mean schema_of?",
    ),
    "consumed context is set below": (
        "[{type: Database}]",
        "[{type: Database, consumer: [database_service, table]}]",
        "line 13, nodes.database.stages[0]: consumer table is not set yet: node table sets it, so database "
        "has to stand below table",
    ),
    "consumers out of order": (
        "{type: Table, key: id}",
        "{type: Table, consumer: [database_service, schema_of, database]}",
        "line 22, nodes.table.stages[0]: give consumer [database_service, database, schema_of], what a Table "
        "stands in, outermost first, or leave it out",
    ),
    "second stage without a context": (
        "[{type: Table, key: id}]",
        "[{type: Table, key: id}, {type: Table}]",
        "line 22, nodes.table.stages[1]: give context, a name of its own; the first stage alone has that of its node",
    ),
    "threads of one": (
        "threads: 4",
        "threads: 1",
        "line 17, nodes.middle.threads: give 2 to 32, or leave it out: 1 is not",
    ),
    "threads as yes": (
        "threads: 4",
        "threads: yes",
        "line 17, nodes.middle.threads: give 2 to 32, or leave it out: True is not",
    ),
    "threads in threads": (
        "producer: tables",
        "producer: tables\n    threads: 4",
        "line 20, nodes.table: its threads would be within those of node middle: give threads to one of the two",
    ),
    "other threads": (
        "producer: tables",
        "producer: tables\n    threads: 5",
        "line 20, nodes.table: threads 5 is not the 4 of node middle: the framework has one number for all, "
        "so give the same",
    ),
    "placeholder that nothing gives": (
        "/schemas/{schema_of.id}/",
        "/schemas/{table}/",
        "line 20, nodes.table: {table} in GET /databases/{database}/schemas/{table}/tables is no context that"
        " is set by then; table is set by node table, which is not above it: give one of database, schema_of",
    ),
    "no placeholder": (
        "GET /databases/{database}/schemas\n",
        "GET /schemas\n",
        "line 15, nodes.middle: GET /schemas is the same for each database: give a context of it in the "
        "request, such as {database}",
    ),
    "placeholder that is none": (
        "{schema_of.id}",
        "{schema_of.}",
        "line 5, producers.tables: say what of the schema_of is meant, such as {schema_of.id}",
    ),
    "placeholder of another level alone": (
        "/schemas/{schema_of.id}/",
        "/",
        "line 20, nodes.table: GET /databases/{database}/tables is the same for each middle: give a context "
        "of it in the request, such as {schema_of}",
    ),
    "two things at one place": (
        "{type: Table, key: id}",
        "{type: Table, key: id, fields: {displayName: meta, description: meta.about}}",
        "node table: a record can't have both meta and meta.about: give other fields",
    ),
    "columns and a text at one place": (
        "{type: Table, key: id}",
        "{type: Table, key: columns}",
        "node table: columns can't be columns and key too: give one of them another field",
    ),
    "where that fixes the name": (
        "  tables: GET /databases/{database}/schemas/{schema_of.id}/tables\n",
        "  tables: {reads: 'GET /databases/{database}/schemas/{schema_of.id}/tables', where: {name: one}}\n",
        "producer tables: where fixes name, the name of table: give records that are always the same instead,"
        " such as [{name: default}]",
    ),
    "constant without a name": (
        "  databases: GET /databases\n",
        "  databases: [{title: a}]\n",
        "producer databases: a record has no name, the name of database: give it one",
    ),
    "constant of a reserved name": (
        "  databases: GET /databases\n",
        "  databases: [{name: 'a::b'}]\n",
        "producer databases: a::b has :: in it, which OpenMetadata changes in names: leave it out",
    ),
    "edges with both ends in one field": (
        "field: target}",
        "field: source.id}",
        "post_process lineage: a record can't have both source and source.id: give other fields",
    ),
    "unknown field": (
        "{type: Table, key: id}",
        "{type: Table, fields: {descripton: about}}",
        "line 22, nodes.table.stages[0].fields.descripton: 'descripton' is unknown; did you mean description?",
    ),
    "field that is none": (
        "{type: Table, key: id}",
        "{type: Table, fields: {description: '{a} {b'}}",
        "line 22, nodes.table.stages[0].fields.description: close each brace, and double one that stands for itself: "
        "'{a} {b' has one alone",
    ),
    "unknown post process": (
        "[lineage, deletion]",
        "[linage, deletion]",
        "line 10, nodes.root.post_process: 'linage' is unknown; did you mean lineage?",
    ),
    "post process of none": (
        "[lineage, deletion]",
        "[deletion]",
        "line 24, post_process.lineage: nothing asks for it: name it in the post_process of root, or leave it out",
    ),
    "deletion before the end": (
        "    children: [table]\n",
        "    children: [table]\n    post_process: [deletion]\n",
        "line 15, nodes.middle: give deletion to root: before all is read nothing is known to be gone",
    ),
    "lineage of nothing": (
        "to: {context: table,",
        "to: {context: tables,",
        "line 27, post_process.lineage.to.context: 'tables' is unknown; did you mean table?",
    ),
    "lineage of what is not made": (
        "    children: [middle]\n",
        "    children: [middle]\n    post_process: [lineage]\n",
        "line 11, nodes.database: post_process lineage is that of node root: give it to one of the two",
    ),
    "lineage by another key": (
        "field: target}",
        "field: '{schema}.{target}'}",
        "line 27, post_process.lineage.to: {schema}.{target} can't be the key of table, which is id: put both"
        " together in the same way",
    ),
    "a word of pydantic's": (
        "  databases: GET /databases\n",
        "  copy: GET /databases\n",
        "line 3, producers.copy: give a producer another name, such as my_copy: 'copy' is a word of Python's,"
        " pydantic's or the framework's",
    ),
    "no name": (
        "context: schema_of",
        "context: Schema",
        "line 18, nodes.middle.stages[0].context: give context a name of at most 30 small letters, digits and"
        " single underscores: 'Schema' is none",
    ),
    "nullable as a text": (
        "key: id}",
        "nullable: maybe}",
        "line 22, nodes.table.stages[0].nullable: give true or false: 'maybe' is neither",
    ),
}


def fault(text: str, facts: dict[str, Any] = DATABASE) -> str:
    """What is said of a declaration; empty where it is accepted."""
    return declarations.fault(text, facts, {"page_parameter": "page", "size_parameter": "page_size"})


def test_whole_declaration_is_accepted() -> None:
    assert fault(WHOLE) == ""


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_says_where_what_and_what_to_give(case: str) -> None:
    old, new, line = REFUSED[case]
    assert WHOLE.count(old) == 1
    assert fault(WHOLE.replace(old, new)) == line


@pytest.mark.parametrize(
    ("regions", "line"),
    [
        ("GET /regions", "node group: Directory default is the same for each region: give it a place in what region"),
        ("[{name: a}, {name: b}]", "line 2, producers: give one endpoint without a placeholder: the connection"),
    ],
)
def test_what_no_sample_fits_is_refused(regions: str, line: str) -> None:
    declared = """
producers: {regions: REGIONS, groups: [{name: default}], files: "GET /regions/{region}/files"}
nodes:
  root: {children: [region]}
  region: {producer: regions, stages: [{context: region}], children: [group]}
  group: {producer: groups, stages: [{type: Directory}], children: [file]}
  file: {producer: files, stages: [{type: File}]}
"""
    assert fault(declared.replace("REGIONS", regions), DRIVE).startswith(line)


def test_list_that_becomes_nothing_and_a_tree_that_is_too_deep_are_refused() -> None:
    nothing = "producers: {a: GET /a, b: [{name: x}]}\nnodes:\n  root: {children: [one, two]}\n"
    nothing += "  one: {producer: a, stages: [{context: one}]}\n  two: {producer: b, stages: [{type: Directory}]}\n"
    assert fault(nothing, DRIVE).startswith("nodes: no list of the source becomes anything")
    deep: dict[str, Any] = {"root": {"children": ["node0"]}}
    for number in range(9):
        deep[f"node{number}"] = {"producer": f"list{number}", "stages": [{"type": "Directory"}]}
        deep[f"node{number}"] |= {"children": [f"node{number + 1}"]} if number < 8 else {}
    lists = {f"list{number}": f"GET /{number}" + (f"/{{node{number - 1}}}" if number else "") for number in range(9)}
    line = fault(yaml.safe_dump({"producers": lists, "nodes": deep}), DRIVE)
    assert line == "line 50, nodes.node8: it stands 9 levels below the service: give at most 8"


def test_alias_that_would_be_large_is_refused_before_it_is() -> None:
    laughs = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in pairwise("abcdefgh"))
    assert (
        fault(laughs)
        == "line 2: there is an alias: write out what it stands for; texts with braces, colons or # need quotes"
    )


def test_deep_and_long_texts_are_refused() -> None:
    assert fault("[" * 15_000).startswith("the topology is nested too deeply")
    assert fault("a" * 20_001) == "the topology has 20001 characters: give at most 20000"


@pytest.mark.parametrize("service_type", WITH_TOPOLOGY)
def test_usual_topology_is_accepted_and_makes_every_type(service_type: str) -> None:
    facts = CATALOG.services[service_type]
    usual = declarations.read(facts["topology"]["usual"], facts)
    assert usual.types == list(facts["topology"]["types"])
    assert usual.deletes


def test_every_service_type_with_a_custom_type_has_a_topology() -> None:
    assert [name for name, facts in CATALOG.services.items() if "custom" in facts] == WITH_TOPOLOGY


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"topology": WHOLE.replace("producer: tables", "producer: tabels")}, "producer: 'tabels' is unknown"),
        ({"topology": WHOLE.replace("[table]", "[table, middle]")}, "middle → middle is a circle"),
        ({"topology": WHOLE, "service_type": "messaging"}, "give one of Topic"),
        ({"service_type": "api"}, "choose another: OpenMetadata has no Custom type"),
        ({"capabilities": ["lineage"]}, "leave capabilities out: it belongs to connector, not to topology"),
        ({"api_endpoints": "GET /tables"}, "leave api_endpoints out: the producers of the topology have them"),
        ({"kind": "connector", "topology": WHOLE}, "leave topology out: it belongs to topology, not to connector"),
        ({"placement": "contrib"}, "contrib"),
        ({"connection_type": "sqlalchemy"}, "sqlalchemy"),
        ({"topology": WHOLE + "\u202e"}, "leave out U+202E"),
    ],
)
def test_wrong_answer_writes_nothing(answers: dict[str, Any], line: str, template: Path, tmp_path: Path) -> None:
    data = {"kind": "topology", "name": "shop", "service_type": "database"} | answers
    out = tmp_path / "out"
    with pytest.raises(Exception) as refusal:
        copier.run_copy(str(template), out, data=data, defaults=True, unsafe=True, quiet=True)
    assert line in str(refusal.value)
    assert not out.exists() or list(out.iterdir()) == []


# ---- What holds of any declaration -------------------------------------------------------------------------------


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """Declarations that are right: trees of nodes that make Directories and Files, each with a list of its own."""
    nodes: dict[str, Any] = {"root": {"children": []}}
    producers: dict[str, Any] = {}
    makes = {"root": ""}
    for number in range(draw(st.integers(1, 8))):
        name = f"node{number}"
        parent = draw(st.sampled_from(list(nodes)))
        holds = makes[parent] == "Directory" and parent != "root"
        type_ = draw(st.sampled_from(["Directory", "", *(["File"] if holds else [])])) if number else "Directory"
        stage: dict[str, Any] = {"type": type_} if type_ else {"context": name}
        if type_ == "File":
            stage |= draw(st.sampled_from([{}, {"consumer": ["drive_service", parent]}, {"nullable": True}]))
        producers[f"list{number}"] = f"GET /{name}" + ("" if parent == "root" else f"/{{{parent}}}/all")
        nodes[parent].setdefault("children", []).append(name)
        nodes[name] = {"producer": f"list{number}", "stages": [stage]}
        makes[name] = type_
    return {"producers": producers, "nodes": nodes}


DRIVE = CATALOG.services["drive"]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(trees())
def test_right_tree_is_accepted_and_consumes_only_what_is_above(declared: dict[str, Any]) -> None:
    # A root without top-level nodes that read without a placeholder can't be drawn: the first node stands there.
    found = declarations.read(yaml.safe_dump(declared), DRIVE)
    assert ["root", *(node.name for node in found.order)] == list(found.below("root"))
    assert {node.name for node in found.order} == declared["nodes"].keys() - {"root"}
    for stage in found.stages.values():
        above = {one.context for name in found.above(stage.node) for one in found.nodes[name].stages}
        assert stage.consumer[0] == "drive_service"
        assert set(stage.consumer[1:]) <= above
    samples = Samples(found)
    assert len(samples.full_names) == sum(map(len, samples.entities.values()))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(trees(), st.data())
def test_child_that_leads_back_is_a_circle_that_names_its_way(declared: dict[str, Any], data: st.DataObject) -> None:
    found = declarations.read(yaml.safe_dump(declared), DRIVE)
    below = data.draw(st.sampled_from([node.name for node in found.order]))
    above = data.draw(st.sampled_from([*found.above(below), below]))
    declared["nodes"][below].setdefault("children", []).append(above)
    line = fault(yaml.safe_dump(declared), DRIVE)
    way = line.partition(": ")[2].removesuffix(" is a circle: take one of its children out").split(" → ")
    assert way[0] == way[-1]
    assert {above, below} <= set(way)
    assert all(there in declared["nodes"][here]["children"] for here, there in pairwise(way))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(trees(), st.data())
def test_anything_put_anywhere_is_accepted_or_refused_in_one_line(
    declared: dict[str, Any], data: st.DataObject
) -> None:
    places = list(walk(declared))
    holder, key = data.draw(st.sampled_from(range(len(places))).map(places.__getitem__))
    words = st.sampled_from(
        ["root", "node0", "node1", "list0", "Directory", "File", "", "{node0}", "GET /", "é\n", "*", "<<"]
    )
    junk = st.recursive(
        words | st.none() | st.booleans() | st.integers(-1, 40) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=4,
    )
    if data.draw(st.booleans()):
        holder[key] = data.draw(junk)
    elif isinstance(holder, dict):
        holder[data.draw(words)] = holder.pop(key)
    else:
        holder.pop(key)
    line = fault(yaml.safe_dump(declared, allow_unicode=True), DRIVE)
    assert len(line.splitlines()) <= 1
    assert len(line) < 500


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_in_one_line(text: str) -> None:
    line = fault(text)
    assert line
    assert len(line.splitlines()) == 1


def walk(value: Any) -> Any:
    """Each place in objects and lists within each other: what holds it, and its key."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from walk(value[key])


def test_name_with_an_end_of_line_is_quoted_in_one_line() -> None:
    declared = {
        "producers": {"list0": "GET /node0"},
        "nodes": {
            "root": {"children": ["é\n", "é\n"]},
            "node0": {"producer": "list0", "stages": [{"type": "Directory"}]},
        },
    }
    assert len(fault(yaml.safe_dump(declared, allow_unicode=True), DRIVE).splitlines()) == 1
