"""How clients sign in: with a key in a header or a query parameter, and with nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from tests.conftest import NIGHTLY
from tests.support.connector import PYTEST, PYTEST_OPTIONS, SLOW, assert_passed, contribute, run_tests
from tests.support.contrib import write_checkout
from tests.support.key_server import KeyServer
from tests.support.python import Warm
from tests.support.render import EMPTY, Answers, Interview, Renderer

HEADER = {"api_key_in": "header", "api_key_name": "X-Redash-Key"}
QUERY = {"api_key_in": "query", "api_key_name": "apikey"}
KEY = "k3y+/ =&%?#"
AT: dict[str, dict[str, str]] = {"header": {"header": "X-Redash-Key"}, "query": {"parameter": "apikey"}}
PLACES = {"header": HEADER, "query": QUERY}
BOTH = pytest.mark.parametrize("place", PLACES)

REST: Answers = {
    "name": "probe",
    "type_name": "Probe",
    "service_type": "dashboard",
    "connection_type": "rest_api",
    "pagination": "link_header",
    "size_parameter": "per_page",
}
SDK: Answers = {"name": "probe", "type_name": "Probe", "service_type": "dashboard", "connection_type": "sdk_client"}
SDK |= {"sdk_package": "my-sdk"}

# Auth types together, and what else they are asked.
TOGETHER: dict[str, Answers] = {
    "none": {"auth_types": ["none"]},
    "header": {"auth_types": ["api_key"], **HEADER},
    "query": {"auth_types": ["api_key"], **QUERY},
    "basic none": {"auth_types": ["basic", "none"]},
    "none basic": {"auth_types": ["none", "basic"]},
    "token header": {"auth_types": ["token", "api_key"], **HEADER},
    "token query": {"auth_types": ["token", "api_key"], **QUERY},
}

# Runs in the framework's interpreter: what each of the settings reads, the error, and all that was logged.
READ = """
import io, json, logging, os, sys, traceback
from openmetadata_probe import client
from openmetadata_probe.settings import ProbeSettings
os.environ["NETRC"] = sys.argv[2]
client.RETRIES = client.RETRIES.new(backoff_factor=0)
results = []
for options in json.loads(sys.argv[1]):
    log = io.StringIO()
    logging.basicConfig(stream=log, level="DEBUG", force=True)
    result = {"ids": [], "error": ""}
    try:
        settings = ProbeSettings.from_options(options)
        log.write(repr(settings))
        reader = client.ProbeClient(settings)
        result["ids"] += [record["id"] for record in reader.dashboards()]
    except Exception as error:
        result["error"] = str(error)
        traceback.print_exc(file=log)
    results.append(result | {"log": log.getvalue()})
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def rendered(template: Path) -> Renderer:
    return Renderer(template)


@pytest.fixture(scope="module")
def package(rendered: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Answers], Path]:
    """The root of a package with some answers, rendered once."""
    made: dict[str, Path] = {}

    def get(answers: Answers) -> Path:
        name = json.dumps(answers, sort_keys=True)
        if name not in made:
            made[name] = tmp_path_factory.mktemp("probe")
            for path, text in rendered.files(EMPTY | answers).items():
                (made[name] / path).parent.mkdir(parents=True, exist_ok=True)
                (made[name] / path).write_text(text)
        return made[name]

    return get


@pytest.fixture
def read(package: Callable[[Answers], Path], warm: Warm) -> Callable[..., Any]:
    """What a package of an auth type reads with some options, of which none logs its key."""

    def get(answers: Answers, *options: dict[str, str], netrc: Path = Path("/nowhere")) -> list[dict[str, Any]]:
        results = warm.run_script(package(REST | answers) / "src", READ, json.dumps(options), str(netrc))
        for result, given in zip(results, options, strict=True):
            assert given.get("apiKey", KEY).strip() not in result["log"]
        return results

    return get


@pytest.mark.framework
@BOTH
def test_all_pages_are_read_with_a_key_that_is_sent_once(place: str, read: Callable[..., Any]) -> None:
    with KeyServer(KEY, **AT[place]) as server:
        (result,) = read({"auth_types": ["api_key"]} | PLACES[place], {"hostPort": server.url, "apiKey": KEY})
    assert (result["error"], result["ids"]) == ("", list(range(60)))
    assert server.sent() == [[KEY]] * 3


@pytest.mark.framework
@BOTH
def test_key_is_never_sent_to_another_server(place: str, read: Callable[..., Any]) -> None:
    """Another name or another port is another server, also where its address repeats the query, or leads on."""
    repeated = f"?{urlencode({'apikey': KEY, 'page': 1})}" if place == "query" else ""
    leads = ((301, "a"), (302, "dashboards"), (307, "c"), (308, "d"))
    with ExitStack() as stack:
        other = stack.enter_context(KeyServer("", **AT[place]))
        other.moved = 302, f"{other.url}/second{repeated}"
        servers = []
        for host, (status, path) in product(("127.0.0.1", "localhost"), leads):
            servers.append(stack.enter_context(KeyServer(KEY, **AT[place])))
            servers[-1].moved = status, f"http://{host}:{other.port}/{path}{repeated}"
        options = ({"hostPort": server.url, "apiKey": KEY} for server in servers)
        read({"auth_types": ["api_key"]} | PLACES[place], *options)
    assert all(key == [KEY] for server in servers for key in server.sent())
    assert len(other.asked) == len(servers) + 2
    assert not [asked for asked in other.asked if "k3y" in asked.whole]


@pytest.mark.framework
@BOTH
def test_key_goes_along_where_the_server_leads_to_itself(place: str, read: Callable[..., Any]) -> None:
    repeated = "?apikey=old" if place == "query" else ""
    with KeyServer(KEY, **AT[place]) as server:
        for start, end in (("", ""), (server.url, repeated), (server.url.removeprefix("http:"), "")):
            server.moved = 308, f"{start}/api/dashboards{end}"
            (result,) = read({"auth_types": ["api_key"]} | PLACES[place], {"hostPort": server.url, "apiKey": KEY})
            assert (result["error"], result["ids"]) == ("", list(range(60)))
    assert {asked.path for asked in server.asked} == {"/dashboards", "/api/dashboards"}
    assert server.sent() == [[KEY]] * len(server.asked)


FAULTS: list[tuple[int, dict[str, str], bytes]] = [
    (401, {}, b"{}"),
    (403, {}, b"{}"),
    (429, {"Retry-After": "0"}, b"{}"),
    (503, {}, b"{}"),
    (0, {}, b""),
    (200, {"Content-Type": "text/html"}, b"<html>"),
    (200, {}, b'{"items": ['),
    (200, {"Content-Encoding": "gzip"}, b"no gzip"),
    (302, {"Location": "/dashboards"}, b"{}"),
    (302, {"Location": f"ftp://127.0.0.1/?{urlencode({'apikey': KEY})}"}, b"{}"),
    (302, {"Location": "http://127.0.0.1:k3y+/?apikey=x"}, b"{}"),
]


@pytest.mark.framework
@BOTH
def test_key_is_in_no_log_and_no_error(place: str, read: Callable[..., Any]) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(KeyServer(KEY, **AT[place])) for _ in FAULTS]
        for server, fault in zip(servers, FAULTS, strict=True):
            server.faults = [fault] * 70
        options = [{"hostPort": url, "apiKey": KEY} for url in (*(one.url for one in servers), "http://127.0.0.1:9")]
        results = read({"auth_types": ["api_key"]} | PLACES[place], *options)
    assert [result for result in results if not result["error"] or "k3y" in result["log"]] == []


@pytest.mark.framework
def test_secret_that_no_header_carries_is_refused_and_not_shown(read: Callable[..., Any]) -> None:
    with KeyServer(KEY, **AT["header"]) as server:
        ways = [
            {"hostPort": server.url, "authType": name, option: secret}
            for secret in ("k3y\nX-Other: 1", "k3y\r", "k3y ключ")
            for name, option in (("api_key", "apiKey"), ("token", "token"))
        ]
        results = read(TOGETHER["token header"], *ways)
    assert server.asked == []
    for result in results:
        assert "the secret of authType has a line break" in result["error"]
        assert "k3y" not in result["log"]


@pytest.mark.framework
@pytest.mark.parametrize("together", ["none", "none basic", "basic none"])
def test_nothing_is_sent_where_nothing_signs_in(together: str, read: Callable[..., Any], tmp_path: Path) -> None:
    """Not even what a .netrc file has for the server."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hidden\n")
    chosen = {"authType": "none"} if together == "basic none" else {}
    with KeyServer("") as server:
        (result,) = read(TOGETHER[together], {"hostPort": server.url} | chosen, netrc=tmp_path / "netrc")
    assert (result["error"], result["ids"]) == ("", list(range(60)))
    assert not [asked for asked in server.asked if {"authorization", "x-api-key"} & asked.headers.keys()]


@pytest.mark.parametrize("placement", ["package", "contrib"])
@pytest.mark.parametrize("base", [REST, SDK], ids=["rest", "sdk"])
def test_nothing_alone_is_nowhere_in_the_connection(base: Answers, placement: str, rendered: Renderer) -> None:
    words = (
        "authType",
        "NoAuthentication",
        "sign_in(",
        "sign_in:",
        "SIGN_IN",
        "igning in",
        "Sign-in",
        "credentials given",
    )
    files = rendered.files(EMPTY | base | TOGETHER["none"] | {"placement": placement, "docker_image": "some"})
    assert [(path, word) for path, text in files.items() for word in words if word in text] == []


def auth_schema(files: dict[str, str]) -> dict[str, Any]:
    (schema,) = [json.loads(text) for path, text in files.items() if path.endswith("probeConnection.json")]
    return schema


@pytest.mark.parametrize("together", ["basic none", "none basic"])
def test_no_sign_in_is_a_choice_that_no_other_could_be_taken_for(together: str, rendered: Renderer) -> None:
    answers = EMPTY | REST | TOGETHER[together]
    schema = auth_schema(rendered.files(answers))
    assert "authType" in schema["required"]
    assert {"$ref": "#/definitions/NoAuthentication"} in schema["properties"]["authType"]["oneOf"]
    own = schema["definitions"]["NoAuthentication"]
    assert (own["required"], own["additionalProperties"]) == (["authentication"], False)
    files = rendered.files(answers | {"placement": "contrib"})
    assert any(path.endswith("/probe/noAuthentication.json") for path in files)
    (example,) = [yaml.safe_load(text) for path, text in files.items() if "examples/workflows" in path]
    config = example["source"]["serviceConnection"]["config"]
    if together.startswith("none"):
        assert config["authType"] == {"authentication": "none"}


REFUSED: list[tuple[Answers, str]] = [
    (REST | {"auth_types": ["token"], "api_key_name": "X-Key"}, "leave api_key_name out: it belongs to api_key among"),
    (REST | {"auth_types": ["token"], "api_key_in": "query"}, "leave api_key_in out: it belongs to api_key among"),
    (SDK | {"auth_types": ["api_key"], "api_key_name": "X-Key"}, "leave api_key_name out: it belongs to api_key among"),
    (
        REST | {"auth_types": ["api_key"], "api_key_name": "X Key"},
        "give the name of a header, such as X-API-Key: 'X Key'",
    ),
    (
        REST | {"auth_types": ["api_key"], "api_key_name": ""},
        "give the name of a header, such as X-API-Key: '' is none",
    ),
    (REST | {"auth_types": ["api_key"], "api_key_name": "Host"}, "such as X-API-Key: Host is HTTP's own"),
    (
        REST | {"auth_types": ["api_key"], "api_key_in": "query", "api_key_name": "a&b"},
        "give the name of a query parameter, such as api_key: 'a&b' is none",
    ),
    (
        {"auth_types": ["api_key"], "scheme": "postgresql+psycopg2"},
        "leave api_key out: sqlalchemy can't sign in with it",
    ),
    ({"auth_types": ["none"], "scheme": "postgresql+psycopg2"}, "leave none out: sqlalchemy can't sign in with it"),
]


@pytest.mark.parametrize(("answers", "fault"), REFUSED, ids=[fault for _, fault in REFUSED])
def test_answer_that_says_nothing_of_a_key_is_refused(answers: Answers, fault: str, template: Path) -> None:
    with pytest.raises(ValueError) as refusal:
        Interview(template).answered({"name": "probe", "service_type": "database"} | answers)
    assert fault in str(refusal.value)


def test_key_is_in_the_usual_header_or_parameter_unless_it_is_said(template: Path) -> None:
    asked = Interview(template)
    names = [
        asked.answered(REST | {"auth_types": ["api_key"], "api_key_in": place})["api_key_name"] for place in PLACES
    ]
    assert names == ["X-API-Key", "api_key"]
    assert asked.answered(REST | {"auth_types": ["token"]})["api_key_name"] == ""


BY_DAY = ("none", "token query")
CASES = [
    pytest.param(name, base, marks=[] if base is REST and name in BY_DAY else [NIGHTLY], id=f"{name} {kind}")
    for kind, base in {"rest": REST, "sdk": SDK}.items()
    for name in TOGETHER
    if base is REST or "query" not in name
]


@pytest.mark.framework
@pytest.mark.parametrize(("name", "base"), CASES)
def test_tests_of_a_package_pass(name: str, base: Answers, package: Callable[[Answers], Path], warm: Warm) -> None:
    root = package(base | TOGETHER[name])
    options = (*PYTEST_OPTIONS, *SLOW, str(root / "tests"))
    assert_passed(warm.run(PYTEST, *options, pythonpath=[root / "src"], cwd=root))


@pytest.mark.framework
@NIGHTLY
def test_tests_of_contributions_pass_in_one_checkout(rendered: Renderer, framework: Path, tmp_path: Path) -> None:
    root = write_checkout(tmp_path / "out")
    names = []
    for kind, base in {"rest": REST, "sdk": SDK}.items():
        for number, together in enumerate(TOGETHER.values()):
            name = f"probe_{kind}_{number}"
            names.append(name)
            own = {"name": name, "type_name": name.title().replace("_", ""), "placement": "contrib"}
            for path, text in rendered.files(EMPTY | base | together | own).items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
    assert_passed(run_tests(contribute(root, [("dashboard", name) for name in names], framework, tmp_path)))
