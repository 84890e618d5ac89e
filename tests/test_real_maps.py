"""The real `metadata ingest` on real systems by maps of their APIs: what arrives is what each system itself has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold_connector.inspecting import inspect
from scaffold_connector.probing import probe
from scaffold_connector.probing.report import OK, WRONG
from tests.conftest import NIGHTLY, ROOT, need
from tests.support import airflow, chroma, dagster, documents, superset
from tests.support.connector import Deploy
from tests.support.openmetadata import RecordingServer
from tests.support.python import Warm

pytestmark = [pytest.mark.framework, pytest.mark.real]


@dataclass(frozen=True)
class System:
    """A system whose example is run: `wanted` is what it has, and `found` is what OpenMetadata has.

    `options` of the connector lead to what was put into the system, and `settings` are those of its workflow.
    `users` are in OpenMetadata.
    """

    module: Any
    wanted: Callable[[Any], Any]
    found: Callable[[RecordingServer], Any]
    options: Callable[[Any], dict[str, Any]] = lambda _: {}
    settings: dict[str, Any] = field(default_factory=dict)
    users: tuple[str, ...] = ()


SYSTEMS = {
    "superset": System(
        superset,
        lambda system: superset.expected(system, "superset", {"user0"}),
        superset.arrived,
        # Of the owners, OpenMetadata knows one.
        users=("user0",),
    ),
    "dagster": System(
        dagster,
        lambda system: (dagster.expected(system), dagster.expected_runs(system)),
        lambda server: (dagster.arrived(server), dagster.arrived_runs(server)),
    ),
    "airflow": System(
        airflow,
        lambda system: (airflow.expected(system, {airflow.OWNER}), airflow.expected_runs(system)),
        lambda server: (airflow.arrived(server), airflow.arrived_runs(server)),
        # Of the owners, OpenMetadata knows one.
        users=(airflow.OWNER,),
    ),
    "chroma": System(
        chroma,
        lambda system: (chroma.expected(system), chroma.expected_samples(system)),
        lambda server: (chroma.arrived(server), chroma.arrived_samples(server)),
        lambda system: {"tenant": system.tenant, "database": system.database},
        {"includeSampleData": True, "sampleSize": chroma.SAMPLES},
    ),
}


@pytest.fixture(scope="module")
def running(cache: Path) -> Iterator[Callable[[str], Any]]:
    """Starts a system, or gives the one that runs already."""
    started: dict[str, Any] = {}
    opened = []

    def start(name: str) -> Any:
        if name not in started:
            need(SYSTEMS[name].module.install(cache))
            context = SYSTEMS[name].module.server(cache)
            started[name] = context.__enter__()
            opened.append(context)
        return started[name]

    yield start
    for context in opened:
        context.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("name", "placement"),
    [
        pytest.param(
            name, placement, marks=[pytest.mark.xdist_group(name), *([NIGHTLY] if placement == "contrib" else [])]
        )
        for name in SYSTEMS
        for placement in ("package", "contrib")
    ],
)
def test_all_that_a_system_has_arrives(
    name: str,
    placement: str,
    running: Callable[[str], Any],
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path: Path,
) -> None:
    system, case = running(name), SYSTEMS[name]
    connector = deploy(yaml.safe_load((ROOT / f"examples/{name}.yml").read_text()), placement, tmp_path / "out")
    with connector.server(schemas, warm) as server:
        for user in case.users:
            server.store.add("/users", {"name": user, "email": f"{user}@example.com"})
        workflow = connector.pointed(server, hostPort=system.url, **case.options(system))
        workflow["source"]["sourceConfig"]["config"].update(case.settings)
        run = connector.ingest(workflow, password=getattr(system, "password", ""))
        assert run.returncode == 0, run.output[-5000:]
        assert server.faults == []
        wanted, found = case.wanted(system), case.found(server)
    assert len(str(wanted)) > 1000
    assert found == wanted


@NIGHTLY
@pytest.mark.xdist_group("airflow")
def test_answers_without_pages_fail_where_a_system_has_some(
    running: Callable[[str], Any], deploy: Deploy, schemas: Path, warm: Warm, tmp_path: Path
) -> None:
    """Airflow says beside a list how many records it has, and gives some of them."""
    system = running("airflow")
    answers = {"name": "probe", "service_type": "pipeline", "connection_type": "rest_api", "auth_types": ["token"]}
    answers |= {"api_endpoints": "GET /api/v2/dags, GET /api/v2/dags/{dag_id}/tasks", "pagination": "none"}
    connector = deploy(answers, "package", tmp_path / "out")
    with connector.server(schemas, warm) as server:
        run = connector.ingest(connector.pointed(server, hostPort=system.url), token=system.sign_in())
    assert run.returncode != 0, run.output[-5000:]
    assert f"/api/v2/dags gave {airflow.PAGE} records, but total_entries is {len(system.dags())}" in run.output


# What is doubtful where nothing is wrong. This Airflow gives 25 records a page where 100 are asked for, and the first
# DAGs may have no runs. Chroma lists collections in any order, and the first one may have no records.
DOUBTFUL = {
    "airflow": {("pipelines", "paging"), ("task_runs", "answers")},
    "chroma": {("fields", "records"), ("documents", "records")},
}

# What a person may get wrong in Superset's answers: a page, places of records, fields and details.
DAMAGED = {
    "first: 0, size: 25, count: count": "size: 25, count: total",
    "records: result\n      # Drafts": "records: data\n      # Drafts",
    "displayName: dashboard_title": "displayName: title",
    "displayName: table_name": "displayName: tableName",
    "record: result, into": "record: data, into",
}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SYSTEMS])
def test_probe_finds_nothing_wrong_in_examples(
    name: str, running: Callable[[str], Any], template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = running(name)
    report = probe(ROOT / f"examples/{name}.yml", probed(name, system, monkeypatch), template=str(template))
    lines = {(one.name, line.what): line.verdict for one in report.lists for line in one.lines if line.verdict != OK}
    assert WRONG not in lines.values()
    assert lines.keys() <= DOUBTFUL.get(name, set())
    assert all(one.lines for one in report.lists)


@pytest.mark.xdist_group("superset")
def test_probe_mends_what_is_wrong(
    running: Callable[[str], Any], template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = probed("superset", running("superset"), monkeypatch)
    right = (ROOT / "examples/superset.yml").read_text(encoding="utf-8")
    text = right
    for good, bad in DAMAGED.items():
        assert text.count(good) == 1
        text = text.replace(good, bad)
    (file := tmp_path / "superset.yml").write_text(text, encoding="utf-8")
    report = probe(file, options, template=str(template), write=True)
    assert report.verdict == WRONG
    assert file.read_text(encoding="utf-8") == right


# What a person answers by hand, by its place in the map or as an answer.
# Neither the document nor what the system answers says it.
HAND: dict[str, dict[str, Any]] = {
    "superset": {
        # Drafts are shown to their owners only.
        "resources.dashboards.where": {"published": True},
        # What OpenMetadata calls the kinds of charts.
        "resources.charts.fields.chartType": {"value": "viz_type", "map": superset.CHART_TYPES, "default": "Other"},
        # The list has e-mail addresses, by which OpenMetadata knows people. The document has names only.
        "resources.dashboards.fields.owners": "owners[].email",
    },
    "airflow": {
        # A DAG without a description has its documentation, which only the request for one DAG gives.
        "resources.pipelines.detail": {"request": "GET /api/v2/dags/{pipeline.dag_id}/details"},
        "resources.pipelines.fields.description": "description || doc_md",
        # The pages that people see are no part of the API.
        "resources.pipelines.fields.sourceUrl": "{options.hostPort}/dags/{dag_id}",
        "resources.task_runs.fields.logLink": (
            "{options.hostPort}/dags/{dag_id}/runs/{dag_run_id}/tasks/{map_index < `0` && task_id"
            " || join('/mapped/', [task_id, to_string(map_index)])}?try_number={try_number}"
        ),
        # OpenMetadata has a connector airflow.
        "name": "apache_airflow",
    },
}
MOST_BY_HAND = 5


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in HAND])
def test_inspected_and_probed_answers_give_all_that_a_system_has(
    name: str,
    cache: Path,
    running: Callable[[str], Any],
    template: Path,
    deploy: Deploy,
    schemas: Path,
    warm: Warm,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the document that the server has of itself, of what it answers, and of a few answers by hand."""
    system, case, hand = running(name), SYSTEMS[name], HAND[name]
    assert len(hand) <= MOST_BY_HAND
    (document := tmp_path / "openapi.json").write_text(documents.of(name, cache, system, tmp_path), encoding="utf-8")
    (file := tmp_path / "answers.yml").write_text(inspect(document, name=hand.get("name")).text(), encoding="utf-8")
    report = probe(file, probed(name, system, monkeypatch), template=str(template), write=True)
    assert report.verdict != WRONG, report
    answers = yaml.safe_load(file.read_text(encoding="utf-8"))
    answers["api"] = by_hand(answers["api"], hand)
    connector = deploy(answers, "package", tmp_path / "out")
    with connector.server(schemas, warm) as server:
        for user in case.users:
            server.store.add("/users", {"name": user, "email": f"{user}@example.com"})
        run = connector.ingest(connector.pointed(server, hostPort=system.url), password=system.password)
        assert run.returncode == 0, run.output[-5000:]
        assert server.faults == []
        wanted, found = case.wanted(system), case.found(server)
    assert len(str(wanted)) > 1000
    assert found == wanted


def by_hand(api: str, hand: dict[str, Any]) -> str:
    """A map with answers put in at their places."""
    top = yaml.safe_load(api)
    for place, value in ((place, value) for place, value in hand.items() if place != "name"):
        *above, last = place.split(".")
        holder = top
        for key in above:
            holder = holder[key]
        holder[last] = value
    return yaml.safe_dump(top, sort_keys=False)


def probed(name: str, system: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The options of a probe."""
    options = {"hostPort": system.url, **SYSTEMS[name].options(system)}
    if hasattr(system, "password"):
        monkeypatch.setenv("PROBED_PASSWORD", system.password)
        options |= {"username": system.user, "password": "env:PROBED_PASSWORD"}
    return options
