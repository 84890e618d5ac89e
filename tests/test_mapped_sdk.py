"""Connectors over SDKs whose calls an API map says: what is emitted reads SDKs of all styles, to the end or loudly."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.support import mapped_sdk
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer
from tests.support.sample_sdk import COUNT

SDK = ROOT / "tests/support/sample_sdk.py"

Json = dict[str, Any]
Read = Callable[..., Json]

NAMES = [f"topic-{number}" for number in range(1, COUNT + 1)]

ANSWERS = EMPTY | {
    "name": "sample",
    "type_name": "Sample",
    "display_name": "Sample",
    "service_type": "messaging",
    "connection_type": "sdk_client",
    "auth_types": ["basic"],
    "sdk_package": "sample-sdk",
}
OPTIONS = {"hostPort": "http://sample.test:8080", "username": "me", "password": "s3cret"}

FIELDS = "fields: {partitions: config.partitions, cleanupPolicies: config.cleanup}"


@pytest.fixture(scope="module")
def renderer(template: Path) -> Renderer:
    return Renderer(template)


@pytest.fixture
def read(renderer: Renderer, warm: Warm, tmp_path: Path) -> Read:
    """What the client of a map gives: the records of lists, as mapped_sdk_run.py has them."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/sample_sdk.py").write_text(SDK.read_text(encoding="utf-8"), encoding="utf-8")

    def run(api: str, *lists: str, **more: Any) -> Json:
        answers = ANSWERS | {"api": api} | more.pop("answers", {})
        asked = {"options": OPTIONS, "read": lists} | more
        return mapped_sdk.read(renderer, warm.run_script, tmp_path, answers, **asked)

    return run


def names(found: Json) -> list[str]:
    assert "fault" not in found, found["fault"]
    return [record["name"] for record in found["records"]]


def listed(topics: str, sdk: str = "") -> str:
    return f"{f'sdk: {sdk}' if sdk else ''}\nresources:\n  topics: {topics}\n"


# Ways of listing the same topics.
WAYS = {
    **{
        kind: f"{{call: list_topics, arguments: {{kind: {kind}}}, {FIELDS}}}"
        for kind in ("dict", "dataclass", "pydantic")
    },
    **{kind: f"{{call: list_topics, arguments: [{kind}], {FIELDS}}}" for kind in ("tuple", "plain", "private")},
    "attribute path": f"{{call: admin.list_topics, {FIELDS}}}",
    "iterator": f"{{call: iterate, arguments: [pydantic], {FIELDS}}}",
    "iterator of objects that iterate": f"{{call: iterate, arguments: [private], {FIELDS}}}",
    "iterator of pages": f"{{call: pages, records: topics, {FIELDS}}}",
    "an empty page first": f"{{call: pages, arguments: {{empty: true}}, records: topics, {FIELDS}}}",
    "numbered pages": f'{{call: numbered, arguments: {{page: "{{page}}"}}, paging: page, records: topics, {FIELDS}}}',
    "numbered pages from 0": '{call: numbered, arguments: {page: "{page}", per_page: "{size}", first: 0}, '
    f"paging: {{by: page, first: 0, size: 2, count: total}}, records: topics, {FIELDS}}}",
    "offsets": f"{{call: sliced, paging: {{by: offset, size: 5, parameter: offset, size_parameter: limit}}, {FIELDS}}}",
    "offsets by position": '{call: sliced, arguments: ["{offset}", "{size}"], paging: {by: offset, size: 5}, '
    f"{FIELDS}}}",
    "a token beside a list": '{call: tokens, arguments: {page_token: "{cursor}", filter: "{options.hostPort}"}, '
    f"paging: {{by: cursor, next: token}}, {FIELDS}}}",
    "a token that is an object": '{call: key_pages, arguments: {ExclusiveStartKey: "{cursor}"}, '
    f"paging: {{by: cursor, next: LastEvaluatedKey}}, records: Items, {FIELDS}}}",
    "objects by name": f"{{call: by_name, records: topics, key_field: name, {FIELDS}}}",
    "names that are none in Python": f"{{call: reserved, arguments: {{from: 1, max-items: 5}}, {FIELDS}}}",
}


@pytest.mark.framework
@pytest.mark.parametrize("way", WAYS)
def test_every_record_is_read(way: str, read: Read) -> None:
    found = read(listed(WAYS[way]), "topics")
    assert names(found) == NAMES
    assert [record["@declared"]["partitions"] for record in found["records"]] == list(range(1, COUNT + 1))
    assert found["closed"]


# Ways of an SDK with coroutines.
ASYNC = {
    "coroutine": "{call: list_topics, arguments: [pydantic]}",
    "iterator": "{call: iterate}",
    "chain": '{call: [{get_group: [all]}, {topics: {offset: "{offset}"}}], paging: offset}',
}


@pytest.mark.framework
@pytest.mark.parametrize("client", ["Async", "connect"])
@pytest.mark.parametrize("way", ASYNC)
def test_every_record_of_coroutines_is_read(way: str, client: str, read: Read) -> None:
    found = read(listed(ASYNC[way], f"{{client: {client}, async: true}}"), "topics")
    assert names(found) == NAMES
    assert found["closed"]


ASYNC_SDK = "{client: Async, async: true}"

# What is not complete, and what is said of it.
LOUD = {
    "stuck": ('{call: stuck, arguments: ["{offset}"], paging: offset}', "IncompleteList: stuck", 3),
    "circle": (
        '{call: circle, arguments: {page_token: "{cursor}"}, records: topics, paging: {by: cursor, next: next}}',
        "leads to the same page twice",
        3,
    ),
    "page 0": (
        '{call: numbered, arguments: {page: "{page}", first: 0, counts: false}, paging: page, records: topics}',
        "has other records on page 0, which is not read",
        4,
    ),
    "more than is iterated": ("{call: pages, arguments: {more: true}, records: topics}", "more follow: has_more", 7),
    "breaks off": ("{call: breaks_off}", r"ListError: breaks_off\(\): the source is gone", 2),
    "refused": ("{call: fails, arguments: [403]}", r"ListError: fails\(403\): status 403", 0),
    "no such call": ("{call: list_subjects}", "has no attribute 'list_subjects'", 0),
    "nothing there": ("{call: pages, records: subjects}", "nothing at subjects in the result of pages", 0),
    "no list": ("{call: by_name, records: topics}", "there is no list at topics", 0),
    "endless": ("{call: endless}", "more than 50 records", 50),
}


@pytest.mark.framework
@pytest.mark.parametrize("case", LOUD)
def test_what_is_not_complete_is_said(case: str, read: Read) -> None:
    topics, said, count = LOUD[case]
    found = read(listed(topics), "topics", limits={"MAX_RECORDS": 50})
    assert re.search(said, found["fault"]), found["fault"]
    assert len(found["records"]) == count


@pytest.mark.framework
def test_details_may_be_what_coroutines_iterate_over(read: Read) -> None:
    detail = '{call: versions, arguments: ["{topic.name}"], into: versions}'
    api = listed(f'{{call: list_topics, detail: {detail}, fields: {{partitions: "length(versions)"}}}}', ASYNC_SDK)
    assert [record["@declared"]["partitions"] for record in read(api, "topics")["records"]] == [2] * COUNT


@pytest.mark.framework
@pytest.mark.parametrize("call", ["breaks_off", "never"])
def test_coroutine_that_fails_is_said(call: str, read: Read) -> None:
    found = read(listed(f"{{call: {call}}}", ASYNC_SDK), "topics", limits={"MAX_SECONDS": 0.2})
    said = "the source is gone" if call == "breaks_off" else "there is no result after 0.2 s"
    assert found["fault"] == f"ListError: {call}(): {said}"


@pytest.mark.framework
def test_details_are_added_and_what_is_gone_stays_as_it_was(read: Read) -> None:
    detail = '{call: get_topic, arguments: ["{topic.name}"], record: "{size: config.partitions, owner: owner}"}'
    found = read(listed(f"{{call: list_topics, detail: {detail}, fields: {{partitions: size}}}}"), "topics")
    assert names(found) == NAMES
    sizes = [record["@declared"]["partitions"] for record in found["records"]]
    assert sizes == [None if number == 3 else number for number in range(1, COUNT + 1)]


@pytest.mark.framework
def test_lists_are_below_their_parents(read: Read) -> None:
    api = listed("{call: list_topics}") + '  schemas: {call: get_schema, arguments: {topic: "{topic.name}"}}\n'
    answers = {"capabilities": ["metadata", "message_schema"]}
    found = read(api, "topics", "schemas", answers=answers)
    assert found["records"][0]["schema"] == '{"title": "topic-1"}'


@pytest.mark.framework
def test_field_may_be_in_a_text_of_json(read: Read) -> None:
    schemas = 'call: get_schema, arguments: {topic: "{topic.name}"}, fields: {subject: {value: schema, json: title}}'
    answers = {"capabilities": ["metadata", "message_schema"]}
    found = read(listed("{call: list_topics}") + f"  schemas: {{{schemas}}}\n", "topics", "schemas", answers=answers)
    assert found["records"][0]["@declared"] == {"subject": "topic-1"}


def test_client_imports_nothing_for_the_words_of_arguments(renderer: Renderer) -> None:
    """The texts are in the code, too, where they call nothing."""
    words = "held(x) parsed(x) partial(x) part_of(x) self._flat(x)"
    api = listed(f'{{call: list_topics, arguments: ["{words}"], fields: {{partitions: size}}}}')
    files = renderer.files(ANSWERS | {"api": api})
    client = next(text for path, text in files.items() if path.endswith("/client.py"))
    ruff = [str(shutil.which("ruff")), "check", "--isolated", "--select", "F", "--stdin-filename", "client.py", "-"]
    done = subprocess.run(ruff, input=client, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.framework
@pytest.mark.parametrize(
    ("call", "is_read"), [("list_schemas", True), ("{fails: [404]}", True), ("{fails: [500]}", False)]
)
def test_optional_list_may_be_missing(call: str, is_read: bool, read: Read) -> None:
    api = listed("{call: list_topics}") + f"  schemas: {{call: [{call}, clear], optional: true, join: {{a: name}}}}\n"
    found = read(api, "topics", "schemas", answers={"capabilities": ["metadata", "message_schema"]}, lacks="schemas")
    assert found["records"] == []
    assert ("fault" not in found) is is_read
    assert found.get("lacks", False) is is_read


# How a client is made, and what it is made with.
MADE: dict[str, tuple[str, list[Any]]] = {
    "": ("", [[], {"host": "http://sample.test:8080", "username": "me", "password": "s3cret", "timeout": 5}]),
    "named": (
        '{arguments: {region: eu, url: "{options.hostPort}"}}',
        [[], {"region": "eu", "url": "http://sample.test:8080", "username": "me", "password": "s3cret", "timeout": 5}],
    ),
    "with credentials": (
        '{arguments: {at: "{options.hostPort.host}", port: "{options.hostPort.port}", '
        'auth: ["{auth.username}", "{auth.password}"]}}',
        [[], {"at": "sample.test", "port": 8080, "auth": ["me", "s3cret"], "timeout": 5}],
    ),
    "by position": (
        '{arguments: ["{options.hostPort.host}:9", "{auth.username}:{auth.password}"]}',
        [["sample.test:9", "me:s3cret"], {"timeout": 5}],
    ),
}


@pytest.mark.framework
@pytest.mark.parametrize("case", MADE)
def test_client_is_made_as_the_map_says(case: str, read: Read) -> None:
    sdk, given = MADE[case]
    options = OPTIONS | {"connectionArguments": '{"timeout": 5}'}
    found = read(listed("{call: list_topics}", sdk), "topics", options=options)
    assert names(found) == NAMES
    assert found["given"] == given


@pytest.mark.framework
def test_argument_of_an_option_that_is_not_set_is_left_out(read: Read) -> None:
    sdk = '{arguments: {url: "{options.hostPort}", full: "kafka://{options.hostPort.host}", auth: "{auth.username}"%s}}'
    options = {"username": "me", "password": "s3cret"}
    found = read(listed("{call: list_topics}", sdk % ', key: "{auth.password}"'), "topics", options=options)
    assert found["given"] == [[], {"auth": "me", "key": "s3cret"}]
    found = read(listed("{call: list_topics}", sdk % ""), "topics", options=options)
    assert found["fault"] == "ValueError: authType.password is not given to the SDK: leave it out"


# Maps that can't be honoured, and what is said of them.
REFUSED = {
    "{request: GET /topics}": "line 2, resources.topics.request: leave request out: an SDK has call and arguments",
    "{call: list_topics, json: {a: 1}}": "line 2, resources.topics.json: leave json out: an SDK has call and arguments",
    "list_topics": "line 2, resources.topics: give call, such as {call: list_topics}",
    "{}": "line 2, resources.topics: give keys with values, such as {call: list_topics}: {} has none",
    "{paging: none}": "line 2, resources.topics: give call: list_topics",
    "{call: list-topics}": "give a name, such as list_topics, or several joined by dots: 'list-topics' is none",
    "{call: _list}": "'_list' is none",
    "{call: topics.import}": "'topics.import' is none",
    "{call: [{a: [], b: []}]}": "give one call, such as {get_collection",
    "{call: [a], arguments: {b: 1}}": "put the arguments into the steps of call: it has several",
    "{call: a, arguments: b}": "give a list of arguments, or an object with their names",
    '{call: a, arguments: ["{cursor}"], paging: {by: cursor, next: n}}': "give arguments by name",
    "{call: a, paging: page}": 'say which argument asks for a page, such as arguments: {page: "{page}"}',
    "{call: a, paging: link_header}": "a call of an SDK has no headers",
    "{call: a, paging: {by: page, parameter: p, in: query}}": "leave in out: a call of an SDK has only arguments",
    "{call: a, arguments: [1], paging: {by: page, parameter: p}}": "paging adds one to them",
    "{call: a, arguments: {p: 1}, paging: {by: page, parameter: p}}": "arguments have p already",
    '{call: a, arguments: {p: "{options.tenant}"}}': "placeholder 'options.tenant' is unknown",
    '{call: a, arguments: {p: "{auth.password}"}}': "placeholder 'auth.password' is unknown",
    "{call: a, contents: {call: b}}": "leave contents out: nothing reads those of topics",
    "{call: a, detail: {call: b}}": "say which topic is asked for, such as {topic.id} among the arguments",
    "{call: a, detail: {request: GET /a}}": "leave request out: an SDK has call and arguments",
}


def fault(renderer: Renderer, api: str, over: str = "sdk_client") -> str:
    said: str = renderer._environment.filters["api_fault"](api, "messaging", over, "connector", ["basic"], "")
    return said


@pytest.mark.parametrize("topics", REFUSED)
def test_map_that_can_not_be_honoured_is_refused(topics: str, renderer: Renderer) -> None:
    assert REFUSED[topics] in fault(renderer, f"resources:\n  topics: {topics}\n")


@pytest.mark.parametrize(
    ("sdk", "said"),
    [
        ("{module: 'os; x'}", "give what is imported, such as nats: 'os; x' is no module's name"),
        ("{modul: nats}", "'modul' is unknown; did you mean module?"),
        ("{client: 'Client()'}", "'Client()' is none"),
        ("{async: 1}", "give true or false: 1 is neither"),
        ('{arguments: {a: "{auth.token}"}}', "placeholder 'auth.token' is unknown"),
    ],
)
def test_client_that_can_not_be_made_is_refused(sdk: str, said: str, renderer: Renderer) -> None:
    assert said in fault(renderer, f"sdk: {sdk}\nresources: {{topics: {{call: a}}}}\n")


def test_what_belongs_to_the_other_way_of_asking_is_refused(renderer: Renderer) -> None:
    assert "leave headers out: it belongs to APIs over HTTP" in fault(renderer, "headers: {a: b}\nresources: {}\n")
    http = "resources: {topics: {call: list_topics}}"
    assert "leave call out: an API over HTTP has request" in fault(renderer, http, "rest_api")
    assert "leave sdk out: this connector asks an API over HTTP" in fault(renderer, f"sdk: {{}}\n{http}", "rest_api")
