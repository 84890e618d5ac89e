"""Emitted clients against a server that misbehaves: what was readable arrives, the rest is reported, with its place.

Bounded in time and memory, and never a secret in what is said.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from extensions.catalog import Catalog
from tests.conftest import ROOT
from tests.support.connector import Connector
from tests.support.hostile import (
    CLIENT_SECRET,
    GRANTED,
    MIB,
    QUERY_SECRET,
    RESET,
    SIGNATURE,
    TOKEN,
    Asked,
    HostileServer,
    Pieces,
    Where,
    answer,
    at,
    charts_of_the_second,
    dripping,
    large,
    second_page,
    token_endpoint,
)
from tests.support.misbehaviours import ALL, BUT_SECOND, FIRST_PAGE, OF_SDKS, TABLE, Misbehaviour, moved
from tests.support.openmetadata import IngestRun, RecordingServer
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

pytestmark = pytest.mark.framework

CATALOG = Catalog(ROOT / "catalog")
SECRETS = (TOKEN, CLIENT_SECRET, QUERY_SECRET, SIGNATURE, GRANTED)

# Runs in the framework's interpreter: the real source, on a stand-in for the client of OpenMetadata.
RUN = (Path(__file__).parent / "support/misbehaviour_run.py").read_text(encoding="utf-8")

SDK = Path(__file__).parent / "support/misbehaving_sdk.py"

ANSWERS = {
    "name": "probe",
    "type_name": "Probe",
    "service_type": "dashboard",
    "api_endpoints": "GET /dashboards, GET /dashboards/{id}/charts",
}

SECONDS = 8
MEMORY = 100 * MIB


@dataclass(frozen=True)
class Outcome:
    """What came of a run: what was made, by the kind of request, what was said, and what it took.

    `peak` is in bytes above the start. There is nothing but the `log` and the requests `asked` where it did not end.
    """

    log: str
    asked: int
    made: dict[str, list[str]] | None = None
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    seconds: float = 0
    peak: int = 0


@pytest.fixture(scope="module")
def package(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The sources of a package for an auth type and a pagination, or `sdk`, rendered once."""
    renderer = Renderer(template)
    packages: dict[tuple[str, str], Path] = {}

    def get(auth: str, pagination: str) -> Path:
        if (auth, pagination) not in packages:
            facts = CATALOG.pagination.get(pagination, {})
            pages = {name: fact for name, fact in facts.items() if name != "title"}
            over = {"connection_type": "rest_api", "pagination": pagination, "page_size": 2, **pages}
            if pagination == "sdk":
                over = {"connection_type": "sdk_client", "sdk_package": "my-sdk"}
            root = tmp_path_factory.mktemp("probe")
            for path, text in renderer.files(EMPTY | ANSWERS | over | {"auth_types": [auth]}).items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            packages[auth, pagination] = root / "src"
            shutil.copy(SDK, root / "src/my_sdk.py")
        return packages[auth, pagination]

    return get


def settings_of(url: str, auth: str) -> dict[str, str]:
    sign_in = {
        "token": {"token": TOKEN},
        "oauth": {"tokenEndpoint": f"{url}/token", "clientId": "me", "clientSecret": CLIENT_SECRET},
    }[auth]
    return {"hostPort": url, "connectionOptions": json.dumps({"api_key": QUERY_SECRET}), **sign_in}


@pytest.fixture(scope="module")
def outcomes(package: Callable[[str, str], Path], warm: Warm) -> Callable[[str, str], dict[str, Outcome]]:
    """What came of each misbehaviour for an auth type and a pagination, all played in one process of the framework."""
    played: dict[tuple[str, str], dict[str, Outcome]] = {}

    def get(auth: str, pagination: str) -> dict[str, Outcome]:
        if (auth, pagination) not in played:
            rows = [one for one in [*TABLE, *OF_SDKS] if one.auth == auth and pagination in one.paginations]
            with ExitStack() as stack:
                servers = [stack.enter_context(HostileServer(one.play, pagination)) for one in rows]
                settings = [settings_of(server.url, auth) for server in servers]
                if pagination == "sdk":
                    settings = [{"token": TOKEN, "connectionArguments": json.dumps({"play": one.name})} for one in rows]
                results = warm.run_script(package(auth, pagination), RUN, json.dumps(settings))
            played[auth, pagination] = {
                one.name: Outcome(log, len(server.asked), **(result or {}))
                for one, server, (result, log) in zip(rows, servers, results, strict=True)
            }
        return played[auth, pagination]

    return get


def check(one: Misbehaviour, outcome: Outcome) -> None:
    assert outcome.made is not None, outcome.log[-3000:]
    said = "\n".join(outcome.failures + outcome.warnings)
    dashboards = outcome.made.get("CreateDashboardRequest", [])
    assert [name for name in dashboards if name.startswith("d")] == list(one.arrives), said
    for words in one.says:
        assert words in said
    assert bool(said) == bool(one.says)
    # After a gap not all is deleted that is gone; test_gaps.py says what still is.
    assert (outcome.deletes == ["charts", "dashboards"]) == (not one.says or not one.gap), said
    assert outcome.asked <= one.asks
    assert outcome.seconds < SECONDS
    assert outcome.peak < MEMORY
    for secret in SECRETS:
        assert secret not in outcome.log


CASES = [(one, pagination) for one in [*TABLE, *OF_SDKS] for pagination in one.paginations]


# One process for all: what is played for a package is played together.
@pytest.mark.xdist_group("misbehaviour")
@pytest.mark.parametrize(("one", "pagination"), CASES, ids=[f"{one.name}-{pagination}" for one, pagination in CASES])
def test_what_is_readable_arrives_and_the_rest_is_reported(
    one: Misbehaviour,
    pagination: str,
    outcomes: Callable[[str, str], dict[str, Outcome]],
    record_property: Callable[[str, object], None],
) -> None:
    outcome = outcomes(one.auth, pagination)[one.name]
    record_property("misbehaviour", [one.name, pagination, outcome.seconds, outcome.peak])
    check(one, outcome)


@pytest.mark.xdist_group("misbehaviour")
@pytest.mark.parametrize("status", [301, 307])
def test_credentials_stay_with_their_server(status: int, package: Callable[[str, str], Path], warm: Warm) -> None:
    with HostileServer(lambda _: None) as other:
        elsewhere = f"http://localhost:{other.port}/dashboards?page=2"
        leads = at(lambda asked: second_page(asked) or token_endpoint(asked), moved(elsewhere, status))
        for auth in ("token", "oauth"):
            with HostileServer(leads) as server:
                warm.run_script(package(auth, "page"), RUN, json.dumps([settings_of(server.url, auth)]))
    assert [asked.path for asked in other.asked] == ["/dashboards"]  # of the token: the endpoint's redirect is refused
    assert not any(secret in str(asked) for asked in other.asked for secret in SECRETS)


@pytest.fixture
def connector(package: Callable[[str, str], Path], framework: Path, tmp_path: Path) -> Connector:
    """The package for a token and pages, with small limits, as its author could set them."""
    root = tmp_path / "probe"
    shutil.copytree(package("token", "page").parent, root)
    client = root / "src/openmetadata_probe/client.py"
    text = client.read_text()
    for old, new in {"MAX_SECONDS = 900": "MAX_SECONDS = 2", "backoff_factor=1,": "backoff_factor=0.01,"}.items():
        assert old in text
        text = text.replace(old, new)
    client.write_text(text)
    return Connector(root, "probe", "package", root / "src", framework, "dashboard")


def ingest(connector: Connector, source: HostileServer, server: RecordingServer) -> IngestRun:
    """Run the real `metadata ingest`; it takes no secret to the log, whatever comes."""
    settings = settings_of(source.url, "token")
    workflow = connector.pointed(server, hostPort=settings["hostPort"], connectionOptions=settings["connectionOptions"])
    workflow["workflowConfig"]["loggerLevel"] = "DEBUG"
    run = connector.ingest(workflow, token=TOKEN)
    assert not any(secret in run.output for secret in SECRETS)
    return run


def second_page_after(times: int) -> Where:
    """The second page, once it was asked for so often: the checks before a run do that too, and have to pass."""
    return lambda asked: second_page(asked) and asked.number > times


def identities(server: RecordingServer) -> list[str]:
    return sorted(body["name"] for body in server.entities("/dashboards"))


def test_ingestion_keeps_what_it_could_not_read_again(connector: Connector, schemas: Path) -> None:
    with HostileServer(lambda _: None) as source, RecordingServer(schemas) as server:
        assert ingest(connector, source, server).returncode == 0
        assert identities(server) == list(ALL)
        source.play = at(second_page_after(3), large(200, 50))
        run = ingest(connector, source, server)
        assert run.returncode == 1
        assert "broke off after 2" in run.output
        assert "/dashboards answers more than 32 MiB" in run.output
        assert identities(server) == list(ALL)
        assert server.faults == []


def test_ingestion_says_that_its_token_expired(connector: Connector, schemas: Path) -> None:
    with (
        HostileServer(at(second_page_after(1), answer(401, b"{}"))) as source,
        RecordingServer(schemas) as server,
    ):
        run = ingest(connector, source, server)
        assert run.returncode == 1
        assert "/dashboards. Sign-in refused: Check the credentials in authType" in run.output
        assert identities(server) == list(FIRST_PAGE)


def test_ingestion_from_a_server_that_drips_and_resets_ends(connector: Connector, schemas: Path) -> None:
    def slow(asked: Asked) -> Pieces | None:
        if charts_of_the_second(asked):
            return dripping(answer(200, content_length=1000))
        return [RESET] if second_page(asked) and asked.number % 2 else None

    with HostileServer(slow) as source, RecordingServer(schemas) as server:
        run = ingest(connector, source, server)
        assert run.returncode == 1
        assert "/dashboards/d2/charts: timed out" in run.output
        assert identities(server) == list(BUT_SECOND)
